"""One step of one net in slow motion (4.6): forward, loss, backward by the chain rule, update; all from the engine.

What comes back is plain JSON: the computation graph as `inspection.trace` has it, every gradient beside its finite
difference, and the weights before and after the step that the training engine itself takes from these rows.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from goodfit.arguments import public
from goodfit.data import Dataset
from goodfit.errors import InputError, problem
from goodfit.inspection.gradient_check import ALLOWED, difference_gradient
from goodfit.inspection.passes import run_passes
from goodfit.inspection.steps import trace
from goodfit.inspection.subject import Subject, subject_of
from goodfit.inspection.symmetry import find_twins
from goodfit.inspection.variances import predicted_of
from goodfit.inspection.watching import summary
from goodfit.models.trained_net import TrainedNet
from goodfit.plain_json import plain
from goodfit.training import Examples, Job, Recipe, fit_jobs
from goodfit.training.embeddings import blocks_of, categories_of
from goodfit.training.examples import Scaling
from goodfit.training.population import NetArrays
from goodfit.training.schedules import Schedule

LEFT_OUT = {  # field of a recipe -> what a training does that the step shown does not
    "dropout": "Dropout is off: the step is that of the whole net.",
    "input_dropout": "Dropout of the inputs is off: the step is that of the whole net.",
    "label_smoothing": "Label smoothing is off: the targets are the classes as they are.",
    "class_weight": "Class weights are off: every row counts alike.",
    "train_scaling": "The factors of the inputs stand in the first layer's weights, and are not trained apart.",
}
MOST_STRIP_ROWS = 256
KINKS = ("relu", "leaky-relu", "prelu", "selu")  # activations whose slope jumps at 0
AT_A_KINK = (
    "A unit stands at the kink of its activation, where z is 0: there JAX gives the slope of one side, and the "
    "difference that of both."
)
STEPPED = (  # fields of a recipe that decide a step of the whole net
    *("hidden", "activation", "bias", "parametrization", "loss", "huber_delta", "l1", "l2", "penalize_biases"),
    *("weight_decay", "optimizer", "learning_rate", "bias_rate", "momentum", "nesterov", "beta1", "beta2", "epsilon"),
    *("clip_norm", "seed"),
)


@public
def explain(
    net: TrainedNet,
    recipe: Recipe,
    x: Any,
    y: Any,
    *,
    rate: float | None = None,
    optimizer: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """One step of a net with some rows as its batch, as JSON has it.

    net: as it is before the step
    recipe: that it is trained with
    x, y: the rows, at most 64, raw, as a data set has them
    rate: the learning rate of this step; None for the recipe's, before its schedule
    optimizer: the state of the net's optimiser by name, as in `Job`; None for the one before the first step

    nodes, edges, rows, l2, by_hand: as `inspection.Graph.to_json` has them; "l2" is the penalty of the recipe.
    differences: tensor -> at (places, row by row), gradient and difference of J at each of them, error (norm of the
    difference relative to the sum of both norms) and right (whether that is at most 1e-6; it is not where a unit stands
    at the kink of its activation).
    update: optimizer, rate, loss before and after of the same rows, tensors: name -> before and after.
    left_out: sentences on what a training does that is not shown here, and on kinks.
    InputError where rows and net do not fit.
    """
    _refuse_hidden_parts(recipe, net)
    subject = subject_of(net, x, y, loss=recipe.loss, huber_delta=recipe.huber_delta)
    graph = trace(subject, recipe.l2)
    after = _stepped(net, recipe, x, y, rate, optimizer)
    moved = trace(replace(subject, net=after), recipe.l2)
    differences = _differences(subject, recipe.l2)
    wrong = any(not each["right"] for each in differences.values())
    found = {
        **graph.to_json(),
        "differences": differences,
        "update": {
            "optimizer": recipe.optimizer,
            "rate": recipe.learning_rate if rate is None else rate,
            "before": float(graph.node("J").value),
            "after": float(moved.node("J").value),
            "tensors": _tensors(net, after),
        },
        "left_out": [
            *(text for field, text in LEFT_OUT.items() if _is_on(recipe, field)),
            *["The weight decay is that of the first step, before its schedule."]
            * (recipe.decay_schedule != "constant"),
            *[AT_A_KINK] * (wrong and any(name in KINKS for name in net.activations)),
        ],
    }
    result: dict[str, Any] = plain(found)
    return result


def _refuse_hidden_parts(recipe: Recipe, net: TrainedNet) -> None:
    """InputError where the graph would show a part of the step alone."""
    if recipe.loss == "quantile":
        rule = "nets of quantiles have steps between levels in the place of outputs, which the graph does not show"
        raise InputError(problem("Step", rule, got=recipe.loss, fix="Use another loss."))
    if recipe.train_mixture:
        rule = "a trained mixture is a parameter more in every unit, which the graph does not show"
        raise InputError(problem("Step", rule, got="train_mixture", fix="Leave train_mixture out."))
    if net.encoding is not None and net.encoding.trained:  # whatever recipe comes with the net
        rule = "trained frequencies are parameters before the first layer, which the graph does not show"
        raise InputError(problem("Step", rule, got="encoding pbld", fix="Use a net with encoding none."))
    if blocks_of(recipe, categories_of(net.preprocessing)):
        rule = "vectors of categories are parameters before the first layer, which the graph does not show"
        raise InputError(problem("Step", rule, fix="Leave train_embedding out."))


@public
def strip(net: TrainedNet, recipe: Recipe, x: Any, y: Any) -> list[dict[str, Any]]:
    """How signals and gradients change from layer to layer (4.7, 4.8), as JSON has it: one dict a layer, outputs last.

    net: as it is now
    recipe: whose initialiser is compared with it
    x, y: rows, raw; at most 256 of them are measured

    name, units, activation; variance: of its activations; signal: mean square of z = W a + b; expected: what the theory
    of the initialiser says of the signal before training; gradient: norm of the mean loss's gradient by its weights;
    row_gradient: root mean square over rows of the norm of dl/dz; saturated, dead, twins: shares of its values or
    units. None where there is no theory, or a layer has none such.
    """
    rows = subject_of(net, x, y, loss=recipe.loss, huber_delta=recipe.huber_delta, rows=MOST_STRIP_ROWS)
    passes, theory = run_passes(rows), [math.nan] * len(net.weights)
    if recipe.hidden == net.sizes[1:-1]:
        theory = [each.signal for each in predicted_of(recipe, net, rows.x)]
    found = []
    for layer, each in enumerate(summary(rows)):
        last = layer == len(net.activations)
        twins = find_twins(net.weights[layer], net.biases[layer])
        found.append(
            {
                "name": each["layer"],
                "units": len(net.biases[layer]),
                "activation": None if last else net.activations[layer],
                "variance": each["variance"],
                "signal": float((passes.z[layer] ** 2).mean()),
                "expected": theory[layer],
                "gradient": each["weight_gradient"],
                "row_gradient": each["z_gradient"],
                "saturated": each["saturated"],
                "dead": each["dead"],
                "twins": None if last else float(twins.exact.mean()),
            }
        )
    result: list[dict[str, Any]] = plain(found)
    return result


def _is_on(recipe: Recipe, field: str) -> bool:
    value = getattr(recipe, field)
    return any(value) if isinstance(value, tuple) else bool(value)


def _differences(subject: Subject, l2: float) -> dict[str, Any]:
    """Of the objective J: a square's central difference is its slope exactly, so that the penalty adds l2 w to both."""
    found = {}
    weights = {f"W{layer + 1}": weight.ravel().astype(float) for layer, weight in enumerate(subject.net.weights)}
    for each in difference_gradient(subject):
        penalty = l2 * weights[each.name][each.at] if each.name in weights else 0.0
        found[each.name] = {
            "at": each.at.tolist(),
            "gradient": (each.gradient + penalty).tolist(),
            "difference": (each.differences + penalty).tolist(),
            "error": each.error,
            "right": each.error <= ALLOWED,
        }
    return found


def _stepped(
    net: TrainedNet, recipe: Recipe, x: Any, y: Any, rate: float | None, optimizer: dict[str, Any] | None
) -> TrainedNet:
    """The net after one epoch of one batch, which is all of the rows: the engine's own step."""
    data = Dataset("rows", x, y, net.task, net.classes)
    rows = np.arange(len(data), dtype=np.int32)
    bend, encoding = net.bend if net.bend.any() else None, None if net.encoding is None else net.encoding.bare
    scaling = Scaling(net.shift, net.scale, net.target_shift, net.target_scale, bend, net.transform, encoding)
    fields = {name: value for name, value in recipe.given.items() if name in STEPPED}
    fields |= {"dropout": 0.0, "epochs": 1} | ({} if rate is None else {"learning_rate": rate})
    once = Recipe(**fields, batch_size=len(data))
    examples = Examples(data.x, data.y, data.task, data.n_outputs, rows, scaling)
    given = NetArrays(net.weights, net.biases, net.slopes)
    begun = Job(once, initial=given, optimizer=optimizer, schedule=Schedule())
    arrays = fit_jobs([begun], examples).net(0)
    return replace(net, weights=arrays.weights, biases=arrays.biases, slopes=arrays.slopes)


def _tensors(before: TrainedNet, after: TrainedNet) -> dict[str, Any]:
    """Name -> its numbers before and after."""

    def named(net: TrainedNet) -> dict[str, Any]:
        pairs: list[tuple[str, Sequence[Any]]] = [("W", net.weights), ("b", net.biases)]
        return {f"{letter}{layer + 1}": each.tolist() for letter, own in pairs for layer, each in enumerate(own)}

    new = named(after)
    return {name: {"before": old, "after": new[name]} for name, old in named(before).items()}
