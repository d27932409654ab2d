"""Measures forward and backward passes (4.6): whether they are right, what they cost, and how much memory they need."""

import itertools
import time
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from goodfit.data import load
from goodfit.inspection import check_gradient, describe_net, subject_of, trace
from goodfit.inspection.passes import mean_loss
from goodfit.nets.forward import Parameters
from goodfit.studies.backprop.graph import text_of
from goodfit.studies.backprop.study import DIFFERENCED, NO_MEMORY, RATE, UNTIMED
from goodfit.studies.common.deep_nets import doublings
from goodfit.studies.declaring import Columns, Measured, Tell
from goodfit.studies.estimates import Estimate, exactly, median_of, share_of, unmeasured
from goodfit.studies.parameters import Given
from goodfit.studies.tabulating import columns
from goodfit.training import Recipe
from goodfit.training.initialise import initial_layers

ROWS, HIDDEN = 16, 16  # of the nets whose gradients are checked
TURN = 0.002  # seconds that one turn of a timing lasts at least
UNITS = 64  # of every layer of the nets whose memory is measured


def measure(given: Given, tell: Tell) -> Measured:
    """Draw one graph, check many gradients, then time and weigh both passes."""
    graph = _graph(given)
    tell(f"Gradients of {given.seeds} nets by hand, by JAX and by finite differences")
    checks = _checks(given)
    tell("Seconds of both passes, in turns")
    times, ratios = _times(given)
    tell("Memory of both passes")
    memory = _memory(given)
    by_hand = {name: max(found[name] for found in checks) for name in ("forward", "float64", "float32")}
    return Measured(
        tables={
            "nodes": _node_table(graph),
            "edges": columns(
                ("back", "rule", "gradient"),
                [(f"{edge.end} -> {edge.start}", edge.rule, _brief(edge.gradient)) for edge in graph.edges],
            ),
            "times": times,
            "memory": memory,
        },
        claims={
            "forward": exactly(by_hand["forward"]),
            "chain": exactly(by_hand["float64"]),
            "step": share_of([found["after"] < found["before"] for found in checks]),
            "differences": exactly(max(found["differences"] for found in checks[:DIFFERENCED])),
            "single": exactly(by_hand["float32"]),
            "cost": ratios,
            **_of_memory(memory),
        },
        arrays={"graph": graph},
    )


def _graph(given: Given) -> Any:
    """The passes of one row through a net of 2, `hidden` and 1 units without biases, step by step."""
    rng = np.random.default_rng([given.seed, 0x6A4F])
    weights = (rng.standard_normal((given.hidden, 2)), rng.standard_normal((1, given.hidden)))
    net = describe_net(weights, (np.zeros(given.hidden), np.zeros(1)), given.activation, task="regression")
    return trace(subject_of(net, rng.standard_normal((1, 2)), rng.standard_normal((1, 1))), given.l2)


def _node_table(graph: Any) -> Columns:
    shown = [node for node in graph.nodes if not node.name.startswith("b")]
    return columns(
        ("node", "formula", "shape", "value", "gradient"),
        [
            (
                node.name,
                node.formula or node.kind,
                " x ".join(map(str, node.value.shape)) or "1",
                _brief(node.value),
                "" if node.gradient is None else _brief(node.gradient),
            )
            for node in shown
        ],
    )


def _brief(values: Any) -> str:
    return text_of(values).replace("\n", "; ")


def _checks(given: Given) -> list[dict[str, float]]:
    """Of every seed: relative differences of forward and backward passes, and the objective before and after a step."""
    data, found = load("digits"), []
    for place, seed in enumerate(given.all_seeds):
        recipe = Recipe(hidden=(HIDDEN,), activation=given.activation, init_bias="torch", dropout=0.0, seed=seed)
        layers = initial_layers(recipe, data.n_inputs, data.n_outputs)
        net = describe_net([w for w, _ in layers], [b for _, b in layers], given.activation)
        rows = np.random.default_rng([seed, 0xBAC4]).choice(len(data), ROWS, replace=False)
        subject = subject_of(net, data.x[rows] / 16, data.y[rows])
        graph = trace(subject, given.l2)
        by_hand = {name: _relative(graph.node(name).value, value) for name, value in _forward(subject).items()}
        moved = describe_net(
            [w - RATE * _gradient(graph, f"W{at + 1}") for at, (w, _) in enumerate(layers)],
            [b - RATE * _gradient(graph, f"b{at + 1}") for at, (_, b) in enumerate(layers)],
            given.activation,
        )
        found.append(
            {
                "forward": max(by_hand.values()),
                "float64": max(graph.by_hand.values()),
                "float32": _single(subject, graph, given.l2),
                "before": float(graph.node("J").value),
                "after": float(trace(subject.with_net(moved), given.l2).node("J").value),
                "differences": max(t.error for t in check_gradient(subject, seed)) if place < DIFFERENCED else 0.0,
            }
        )
    return found


def _forward(subject: Any) -> dict[str, np.ndarray]:
    """The forward pass by NumPy alone, and the mean cross-entropy."""
    activations: dict[str, Callable[[Any], Any]] = {
        "relu": lambda z: np.maximum(z, 0.0),
        "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
        "tanh": np.tanh,
    }
    (w1, w2), (b1, b2) = ([each.astype(float) for each in group] for group in (subject.net.weights, subject.net.biases))
    z1 = w1 @ subject.x.T + b1[:, None]
    a1 = activations[subject.net.activations[0]](z1)
    z2 = w2 @ a1 + b2[:, None]
    top = z2.max(0)
    own = z2[subject.target, np.arange(z2.shape[1])]
    return {"z1": z1, "a1": a1, "z2": z2, "L": np.asarray((np.log(np.exp(z2 - top).sum(0)) + top - own).mean())}


def _single(subject: Any, graph: Any, l2: float) -> float:
    """The gradient in float32, as trainings have it, beside that in float64."""
    parameters, x, y = _float32(subject.net.weights, subject.net.biases, subject.x, subject.target)

    def objective(p: Any) -> Any:
        return _loss(subject.net.activations)(p, x, y) + l2 / 2 * sum(jnp.sum(w * w) for w in p.weights)

    found = jax.grad(objective)(parameters)
    pairs = [(_gradient(graph, f"W{at + 1}"), each) for at, each in enumerate(found.weights)]
    pairs += [(_gradient(graph, f"b{at + 1}"), each) for at, each in enumerate(found.biases)]
    return max(_relative(exact, np.asarray(each)[0, 0]) for exact, each in pairs)


def _gradient(graph: Any, name: str) -> np.ndarray:
    return np.asarray(graph.node(name).gradient)


def _relative(one: Any, other: Any) -> float:
    return float(np.abs(np.asarray(one) - np.asarray(other)).max() / max(np.abs(one).max(), 1e-300))


def _float32(weights: Any, biases: Any, x: Any, y: Any) -> tuple[Any, Any, Any]:
    """A net as a population of one, its inputs [1, B, D] and targets [B]."""
    parameters = Parameters(
        tuple(jnp.asarray(w, jnp.float32)[None, None] for w in weights),
        tuple(jnp.asarray(b, jnp.float32)[None, None] for b in biases),
        (None,) * (len(weights) - 1),
    )
    return parameters, jnp.asarray(x, jnp.float32)[None], jnp.asarray(y, jnp.int32)


def _loss(activations: tuple[str, ...]) -> Callable[[Any, Any, Any], Any]:
    return lambda p, x, y: mean_loss(p, x, y, activations, "cross-entropy", 1.0)


def _random(sizes: list[int], batch: int) -> tuple[Any, Any, Any]:
    """A net of these sizes and a batch of rows, drawn."""
    rng = np.random.default_rng(0)
    weights = [rng.standard_normal((o, i)) / np.sqrt(i) for i, o in itertools.pairwise(sizes)]
    biases = [np.zeros(o) for o in sizes[1:]]
    return _float32(weights, biases, rng.standard_normal((batch, sizes[0])), rng.integers(0, sizes[-1], batch))


def _compiled(activations: tuple[str, ...], net: Any) -> tuple[Any, Any]:
    """The loss alone, and the loss with its gradient."""
    loss = _loss(activations)
    return jax.jit(loss).lower(*net).compile(), jax.jit(jax.value_and_grad(loss)).lower(*net).compile()


def _times(given: Given) -> tuple[Columns, Estimate]:
    """Both passes by the forward one, in turns that take the lead in turns; the estimate is the costliest net's."""
    rows, last = [], None
    for width in sorted(given.widths):
        for batch in sorted(given.batches):
            sizes = [64, width, width, 10]
            net = _random(sizes, batch)
            programs = _compiled((given.activation,) * 2, net)
            turns = [max(1, int(TURN / _seconds(each, net, 3))) for each in programs]
            seconds = np.empty((given.rounds, 2))
            for turn in range(given.rounds):
                for which in (0, 1) if turn % 2 else (1, 0):
                    seconds[turn, which] = _seconds(programs[which], net, turns[which])
            last = median_of(seconds[:, 1] / seconds[:, 0])
            rows.append(
                (width, batch, *(1e6 * np.median(seconds, axis=0)), last.value, last.low, last.high, counted(sizes))
            )
    names = ("width", "batch", "forward", "both", "ratio", "low", "high", "counted")
    return columns(names, rows), last or unmeasured(UNTIMED)


def _seconds(program: Any, net: Any, times: int) -> float:
    """Of one call, over so many."""
    jax.block_until_ready(program(*net))
    began = time.perf_counter()
    for _ in range(times):
        jax.block_until_ready(program(*net))
    return (time.perf_counter() - began) / times


def counted(sizes: list[int]) -> float:
    """Multiplications of both passes by those of the forward one: the gradient by the inputs is not needed."""
    each = [i * o for i, o in itertools.pairwise(sizes)]
    return (3 * sum(each) - each[0]) / sum(each)


def _memory(given: Given) -> Columns:
    """Bytes that the compiled programs hold beside parameters, rows and results, by depth and by batch."""
    places = [(depth, given.batch) for depth in doublings(1, given.depth)]
    places += [(given.depth, given.batch * by) for by in (2, 4)]
    rows = []
    for depth, batch in sorted(places):
        programs = _compiled((given.activation,) * depth, _random([64, *[UNITS] * depth, 10], batch))
        sizes = [each.memory_analysis() for each in programs]
        held = [float("nan") if size is None else float(size.temp_size_in_bytes) for size in sizes]
        formula = 4 * batch * UNITS * depth
        rows.append((depth, batch, *held, formula, held[1] / formula, held[1] / held[0] if held[0] else float("nan")))
    return columns(("depth", "batch", "forward", "both", "formula", "share", "ratio"), rows)


def _of_memory(memory: Columns) -> dict[str, Estimate]:
    deepest = int(np.argmax(memory["depth"]))  # with the batch that was asked for, the first of its depth
    share, ratio = memory["share"][deepest], memory["ratio"][deepest]
    if np.isnan(share) or np.isnan(ratio):
        why = unmeasured(NO_MEMORY)
        return {"memory": why, "formula": why}
    return {"memory": exactly(ratio), "formula": exactly(share)}
