"""Measures vanishing gradients (4.7.1): slopes, gradients by layer, what front layers learn."""

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from goodfit.inspection.precision import exact
from goodfit.inspection.variances import predicted
from goodfit.nets.activations import ACTIVATIONS as KNOWN
from goodfit.studies.common.deep_nets import SGD, Flow, digits, doublings, flow_of, initial_nets
from goodfit.studies.declaring import Columns, Measured, Tell
from goodfit.studies.estimates import Estimate, exactly, mean_gap, mean_of, mean_share, ratio_of
from goodfit.studies.parameters import Given
from goodfit.studies.populations import train
from goodfit.studies.tabulating import QUANTILES, columns
from goodfit.training import Recipe

ACTIVATIONS = ("sigmoid", "tanh", "relu")
STARTS: dict[str, tuple[Any, float | None]] = {  # name -> initialiser and its scale
    "N(0, 0.01²)": ("normal", 0.01),
    "Xavier": ("xavier-normal", None),
    "He": ("he-normal", None),
    "N(0, 1)": ("normal", 1.0),
}
SMALL = "N(0, 0.01²)"
USUAL = {"sigmoid": "Xavier", "tanh": "Xavier", "relu": "He"}
TRAINED = (("sigmoid", "Xavier"), ("tanh", "Xavier"), ("relu", "He"), ("relu", SMALL))
FORWARD = 64  # rows that gradients are of
ROWS = 1000  # that train
TINY = 1e-300  # what stands for gradients that underflow even float64
Flows = dict[tuple[str, str, int], "Flow"]


def measure(given: Given, tell: Tell) -> Measured:
    """Slopes, then gradients at the start, then trainings."""
    tell("Slopes of the activations")
    slopes = _slopes(given)
    tell(f"Gradients by layer of {given.seeds} nets each, up to {given.depth} layers deep")
    flows = _flows(given)
    tell("Trainings with sigmoid, tanh and ReLU")
    changes, scores, after = _trainings(given)
    return Measured(
        tables={
            "starts": _starts(given, flows),
            "accuracy": _accuracy(scores),
            "layers": _layers(given, flows, after),
            "updates": _updates(changes),
            "slopes": slopes,
        },
        claims={**_of_slopes(slopes), **_of_flows(given, flows), **_of_trainings(given, changes, scores)},
    )


def _slopes(given: Given) -> Columns:
    """The notes' picture, -8 to 8 in steps of 0.1: values and gradients, by JAX in float64."""
    x = np.arange(round(-10 * given.reach), round(10 * given.reach) + 1) / 10
    table = {"x": x.tolist()}
    with exact():
        for name in ACTIVATIONS:
            function = KNOWN[name].function
            table[name] = np.asarray(function(jnp.asarray(x))).tolist()
            table[f"{name}_gradient"] = np.asarray(jax.vmap(jax.grad(function))(jnp.asarray(x))).tolist()
    return table


def _recipe(given: Given, activation: Any, start: str, depth: int) -> Recipe:
    init, scale = STARTS[start]
    how: dict[str, Any] = {"init_scale": scale, "learning_rate": given.learning_rate, "epochs": given.epochs}
    return SGD.replace(hidden=(given.width,) * depth, activation=activation, init=init, **how)


def _flows(given: Given) -> Flows:
    """(activation, start, depth) -> gradients before training."""
    examples, found = digits(given.all_seeds, FORWARD), {}
    for activation in ACTIVATIONS:
        for start in STARTS:
            for depth in doublings(2, given.depth):
                nets = initial_nets(_recipe(given, activation, start, depth), examples, given.all_seeds)
                found[activation, start, depth] = flow_of(nets, examples, activation, FORWARD)
    return found


def _reach(flow: Flow) -> np.ndarray:
    """The gradient at the first hidden layer by that at the last hidden one, [S]."""
    return np.maximum(flow.back[:, 0], TINY) / np.maximum(flow.back[:, -2], TINY)


def _starts(given: Given, flows: Flows) -> Columns:
    rows = []
    for (activation, start, depth), flow in flows.items():
        gains = [each.gradient_gain for each in predicted(_recipe(given, activation, start, depth), 64, 10, 1.0)]
        theory = math.exp(sum(math.log(max(gain, TINY)) for gain in gains[1:-1]) / 2)
        quantiles = np.quantile(_reach(flow), QUANTILES).tolist()
        rows.append(
            (activation, start, depth, theory, *quantiles, float(flow.slope.mean()), float(flow.saturated.mean()))
        )
    return columns(("activation", "start", "depth", "theory", "low", "median", "high", "slope", "saturated"), rows)


def _layers(given: Given, flows: Flows, after: dict[tuple[str, str], Flow]) -> Columns:
    """The gradient by every hidden layer of the deepest nets, by that of the last, before and after training."""
    deep = {(activation, start, "before"): flows[activation, start, given.depth] for activation, start, _ in flows}
    deep |= {(activation, start, "after"): flow for (activation, start), flow in after.items()}
    rows = []
    for key, flow in deep.items():
        hidden = np.maximum(flow.back[:, :-1], TINY) / np.maximum(flow.back[:, -2:-1], TINY)
        for layer, values in enumerate(hidden.T):
            rows.append((*key, layer + 1, *np.quantile(values, QUANTILES).tolist()))
    return columns(("activation", "start", "when", "layer", "low", "median", "high"), rows)


Changes = dict[tuple[str, str], np.ndarray]
Scores = dict[tuple[str, str, int], np.ndarray]


def _trainings(given: Given) -> tuple[Changes, Scores, dict[tuple[str, str], Flow]]:
    """Relative changes of the deepest nets' weights [S, L], test accuracies [S], gradients after training."""
    examples = digits(given.all_seeds, ROWS)
    places = [(*each, depth) for each in TRAINED for depth in doublings(2, given.depth)]
    recipes = [_recipe(given, *place) for place in places]
    found = train(recipes, examples, given.all_seeds, score_every=given.epochs)
    score = np.where(np.isfinite(found["train_loss"][..., -1]), found["test_score"][..., -1], 0.0)
    changes: Changes = {}
    after: dict[tuple[str, str], Flow] = {}
    for (activation, start, depth), recipe, nets in zip(places, recipes, found.nets, strict=True):
        if depth == given.depth:
            before = initial_nets(recipe, examples, given.all_seeds)
            pairs = [zip(new.weights, old.weights, strict=True) for new, old in zip(nets, before, strict=True)]
            changes[activation, start] = np.array(
                [[np.linalg.norm(new - old) / np.linalg.norm(old) for new, old in pair] for pair in pairs]
            )
            after[activation, start] = flow_of(nets, examples, activation, FORWARD)
    return changes, dict(zip(places, score, strict=True)), after


def _accuracy(scores: Scores) -> Columns:
    rows = [(*place, *np.quantile(values, QUANTILES).tolist()) for place, values in scores.items()]
    return columns(("activation", "start", "depth", "low", "median", "high"), rows)


def _updates(changes: Changes) -> Columns:
    rows = [
        (*place, layer + 1, *np.quantile(values, QUANTILES).tolist())
        for place, change in changes.items()
        for layer, values in enumerate(change[:, :-1].T)
    ]
    return columns(("activation", "start", "layer", "low", "median", "high"), rows)


def _of_slopes(slopes: Columns) -> dict[str, Estimate]:
    gradient = np.array(slopes["sigmoid_gradient"])
    return {"ends": exactly(max(gradient[0], gradient[-1]) / gradient.max()), "maximum": exactly(gradient.max())}


def _of_flows(given: Given, flows: Flows) -> dict[str, Estimate]:
    def reach(activation: str, start: str) -> Estimate:
        return ratio_of(_reach(flows[activation, start, given.depth]))

    sigmoid = flows["sigmoid", "Xavier", given.depth]
    return {
        "vanishes": reach("sigmoid", "Xavier"),
        "tanh": reach("tanh", "Xavier"),
        "relu": reach("relu", "He"),
        "extremes": mean_share(sigmoid.saturated.mean(1)),
        "tanh-small": reach("tanh", SMALL),
        "relu-small": reach("relu", SMALL),
        "bound": exactly(float((sigmoid.slope / 0.25).prod(1).max())),
    }


def _of_trainings(given: Given, changes: Changes, scores: Scores) -> dict[str, Estimate]:
    change = changes["sigmoid", "Xavier"]
    deep = {activation: scores[activation, start, given.depth] for activation, start in USUAL.items()}
    return {
        "front": mean_of(change[:, 0] / np.maximum(change[:, -1], TINY)),
        "hard": mean_gap(deep["sigmoid"] - scores["sigmoid", "Xavier", 2]),
        "default": mean_gap(deep["relu"] - deep["sigmoid"]),
        "relu-tanh": mean_gap(deep["relu"] - deep["tanh"]),
    }
