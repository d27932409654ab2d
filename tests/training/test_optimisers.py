"""`optimisers.step` against the papers' formulas in NumPy, gradient after gradient; every net has rates of its own."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from goodfit.nets.forward import Architecture, Parameters
from goodfit.training import optimisers
from goodfit.training.devices import doubles
from goodfit.training.state import Program, Rates

S, M = 2, 2
STEPS = 4
SHAPES = {"weights": (3, 2), "biases": (3,), "slopes": ()}

PROGRAM = Program(
    architecture=Architecture(2, (3,), 1, ("prelu",)),
    loss="squared-error",
    task="regression",
    optimizer="sgd",
    nesterov=False,
    uses_momentum=False,
    uses_l1=False,
    uses_clipping=False,
    uses_class_weights=False,
    uses_row_weights=False,
    may_be_weightless=False,
    parts=(),
    weighted_parts=(),
    monitor="train",
    keep_best=False,
    batch=1,
    steps=1,
    chunk=1,
)

RANGES = {
    "learning_rate": (0.01, 0.1),
    "momentum": (0.1, 0.9),
    "beta1": (0.5, 0.9),
    "beta2": (0.5, 0.99),
    "epsilon": (1e-8, 0.1),
    "weight_decay": (0.1, 0.5),
    "l1": (1.0, 5.0),
    "l2": (0.0, 0.0),
    "clip_norm": (0.5, 3.0),
}


def drawn(seed: int) -> tuple[dict[str, np.ndarray], list[dict[str, np.ndarray]], np.ndarray]:
    """Rates [S, M], the parameters and then one gradient a step, and the schedule's factors [STEPS, S, M]."""
    rng = np.random.default_rng(seed)
    rates = {name: rng.uniform(low, high, (S, M)) for name, (low, high) in RANGES.items()}
    rates["penalize_biases"] = np.array([[0.0, 1.0], [0.0, 1.0]])
    arrays = [{name: rng.normal(size=(S, M, *shape)) for name, shape in SHAPES.items()} for _ in range(STEPS + 1)]
    arrays[0]["slopes"][:] = 0.25
    return rates, arrays, rng.uniform(0.5, 1.0, (STEPS, S, M))


def tree(arrays: dict[str, Any]) -> Parameters:
    return Parameters((arrays["weights"],), (arrays["biases"],), (arrays["slopes"],))


def engine(program: Program, rates: dict[str, np.ndarray], arrays: list[Any], factors: np.ndarray) -> Parameters:
    with doubles(True):
        traced = Rates(**{name: jnp.asarray(value) for name, value in rates.items()})
        parameters = jax.tree.map(jnp.asarray, tree(arrays[0]))
        state = optimisers.initial_state(program, traced, parameters)
        step = jax.jit(functools.partial(optimisers.step, program))
        for gradient, factor in zip(arrays[1:], factors, strict=True):
            parameters, state = step(traced, parameters, jax.tree.map(jnp.asarray, tree(gradient)), state, factor)
        return jax.tree.map(np.asarray, parameters)


Direction = Callable[[dict[str, Any], list[np.ndarray], np.ndarray], np.ndarray]  # rates, memory, gradient


def plain(r: dict[str, Any], memory: list[Any], g: np.ndarray) -> np.ndarray:
    return g


def heavy_ball(r: dict[str, Any], memory: list[Any], g: np.ndarray) -> np.ndarray:
    memory[0] = r["momentum"] * memory[0] + g
    return memory[0]


def nesterov(r: dict[str, Any], memory: list[Any], g: np.ndarray) -> np.ndarray:
    memory[0] = r["momentum"] * memory[0] + g
    return g + r["momentum"] * memory[0]


def adam(r: dict[str, Any], memory: list[Any], g: np.ndarray) -> np.ndarray:
    """Kingma & Ba (2015), algorithm 1."""
    memory[2] += 1
    memory[0] = r["beta1"] * memory[0] + (1 - r["beta1"]) * g
    memory[1] = r["beta2"] * memory[1] + (1 - r["beta2"]) * g * g
    mean, square = memory[0] / (1 - r["beta1"] ** memory[2]), memory[1] / (1 - r["beta2"] ** memory[2])
    return mean / (np.sqrt(square) + r["epsilon"])


def rmsprop(r: dict[str, Any], memory: list[Any], g: np.ndarray) -> np.ndarray:
    """As torch has it: epsilon outside the root, and the mean starts at zero."""
    memory[1] = r["beta2"] * memory[1] + (1 - r["beta2"]) * g * g
    return g / (np.sqrt(memory[1]) + r["epsilon"])


def lion(r: dict[str, Any], memory: list[Any], g: np.ndarray) -> np.ndarray:
    """Chen et al. (2023), algorithm 2."""
    update = np.sign(r["beta1"] * memory[0] + (1 - r["beta1"]) * g)
    memory[0] = r["beta2"] * memory[0] + (1 - r["beta2"]) * g
    return update


def reference(
    program: Program,
    rates: dict[str, np.ndarray],
    arrays: list[Any],
    factors: np.ndarray,
    direction: Direction,
    at: Any,
) -> dict[str, np.ndarray]:
    """The net at `at`, trained alone."""
    r = {name: value[at] for name, value in rates.items()}
    net = {name: value[at].copy() for name, value in arrays[0].items()}
    memory: dict[str, list[Any]] = {name: [0.0, 0.0, 0] for name in net}
    for gradients, factor in zip(arrays[1:], factors, strict=True):
        gradient = {name: value[at] for name, value in gradients.items()}
        if program.uses_clipping:
            norm = np.sqrt(sum((g**2).sum() for g in gradient.values()))
            gradient = {name: g * min(1.0, r["clip_norm"] / norm) for name, g in gradient.items()}
        rate = step = r["learning_rate"] * factor[at]
        if program.conventions == "scikit-learn" and program.optimizer == "sgd":  # the velocity has the rate in it
            step, gradient = r["learning_rate"], {name: g * factor[at] for name, g in gradient.items()}
        for name, old in net.items():
            counted = {"weights": 1.0, "biases": r["penalize_biases"], "slopes": 0.0}[name]
            new = old - step * direction(r, memory[name], gradient[name])
            if program.optimizer in ("adamw", "lion"):
                new = new - rate * r["weight_decay"] * counted * old
            if program.uses_l1:
                new = np.sign(new) * np.maximum(abs(new) - rate * r["l1"] * counted, 0.0)
            net[name] = new
    return net


OPTIMIZERS: dict[str, tuple[dict[str, Any], Direction]] = {
    "sgd": ({}, plain),
    "momentum": ({"uses_momentum": True}, heavy_ball),
    "nesterov": ({"uses_momentum": True, "nesterov": True}, nesterov),
    "adam": ({"optimizer": "adam"}, adam),
    "adamw": ({"optimizer": "adamw"}, adam),
    "rmsprop": ({"optimizer": "rmsprop"}, rmsprop),
    "lion": ({"optimizer": "lion"}, lion),
}


@pytest.mark.parametrize("conventions", ["goodfit", "scikit-learn"])
@pytest.mark.parametrize("l1", [False, True], ids=["no l1", "l1"])
@pytest.mark.parametrize("clipping", [False, True], ids=["no clipping", "clipping"])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_formulas(name: str, clipping: bool, l1: bool, conventions: str) -> None:
    """Under a schedule in every case, so that the order of clipping, schedule, momentum and penalties shows."""
    changes, direction = OPTIMIZERS[name]
    program = replace(PROGRAM, **changes, uses_clipping=clipping, uses_l1=l1, conventions=conventions)
    rates, arrays, factors = drawn(seed=len(name))
    if conventions == "scikit-learn":  # whose Adam does not correct epsilon: where it is 0 the two are one
        rates["epsilon"] = np.zeros_like(rates["epsilon"])
    got = engine(program, rates, arrays, factors)
    for at in np.ndindex(S, M):
        net = reference(program, rates, arrays, factors, direction, at)
        for name in SHAPES:
            np.testing.assert_allclose(
                getattr(got, name)[0][at], net[name], rtol=1e-9, atol=1e-12, err_msg=f"{name} {at}"
            )
    if l1:  # the proximal step stops at zero; biases only of the nets that penalise theirs
        assert (got.weights[0] == 0).any()
        assert (got.biases[0][:, 0] != 0).all()


def test_finite_looks_at_every_floating_value_of_a_net() -> None:
    tree = {"a": np.ones((2, 3, 4)), "count": np.zeros((2, 3), np.int32), "b": np.ones((2, 3))}
    assert optimisers.finite(tree).all()
    tree["a"][0, 1, 2], tree["b"][1, 2], tree["a"][1, 0, 0] = np.nan, np.inf, -np.inf
    expected = np.ones((2, 3), bool)
    expected[0, 1] = expected[1, 2] = expected[1, 0] = False
    np.testing.assert_array_equal(optimisers.finite(tree), expected)
