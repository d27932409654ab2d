"""The gradient of a step, penalties and all, against finite differences of an objective written in NumPy, in float64.

A step of plain gradient descent with learning rate 1 moves the parameters by minus the gradient.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from engine_reference import PLAIN, Numbers, class_weight, fit64, log_sum, make_examples, scaled

from goodfit.nets.activations import PRELU_SLOPE
from goodfit.nets.numpy_activations import FUNCTIONS
from goodfit.training.examples import Examples
from goodfit.training.initialise import initial_layers
from goodfit.training.population import Job, NetArrays
from goodfit.training.recipe import Recipe

STEP = PLAIN.replace(
    learning_rate=1.0, epochs=1, batch_size=23, keep_best=False, l2=0.3, penalize_biases=True, init_bias="torch"
)
WIDTH = 1e-5  # of a finite difference, whose error is then near 1e-10

CASES = {
    "cross-entropy": (
        "classification",
        {
            "hidden": (4, 3),
            "activation": ("gelu", "prelu"),
            "label_smoothing": 0.2,
            "class_weight": (0.5, 2.0, 1.0),
        },
    ),
    "several labels": ("multilabel", {"hidden": (4, 3), "activation": ("prelu", "silu"), "label_smoothing": 0.1}),
    "huber": ("regression", {"hidden": (3, 3, 2), "activation": ("mish", "elu", "softplus"), "loss": "huber"}),
    "squared": ("regression", {"hidden": (4,), "activation": "selu"}),
}

Arrays = list[Numbers]  # weights, biases and prelu slopes of one net


def objective(recipe: Recipe, examples: Examples, weight: Numbers) -> Callable[[Arrays], float]:
    """Of flat parameters: the weighted mean of the trained loss over the training rows, plus the L2 penalty."""
    inputs, targets = (values[examples.train] for values in scaled(examples))
    depth = len(recipe.hidden)

    def value(arrays: Arrays) -> float:
        weights, biases, slopes = arrays[: depth + 1], arrays[depth + 1 : 2 * depth + 2], arrays[2 * depth + 2 :]
        h = inputs
        for w, b, name, slope in zip(weights, biases, recipe.activations, slopes, strict=False):
            h = FUNCTIONS[name](h @ w.T + b, *([slope] if name == "prelu" else []))
        rows, counts = of_rows(recipe, examples, h @ weights[-1].T + biases[-1], targets, weight)
        squares = sum((w**2).sum() for w in [*weights, *biases])
        return float((rows * counts).sum() / counts.sum() + recipe.l2 / 2 * squares)

    return value


def of_rows(
    recipe: Recipe, examples: Examples, z: Numbers, target: Numbers, weight: Numbers
) -> tuple[Numbers, Numbers]:
    """The trained loss of every row, and how much it counts."""
    s = recipe.label_smoothing
    if examples.task == "classification":
        logs = z - log_sum(z)[:, None]
        own = logs[np.arange(len(z)), target]
        return -(1 - s) * own - s * logs.mean(1), weight * class_weight(recipe, examples, weight)[target]
    if examples.task == "multilabel":
        goal = target * (1 - s) + s / 2
        return -(goal * -np.log1p(np.exp(-z)) + (1 - goal) * -np.log1p(np.exp(z))).sum(1), weight
    r = np.abs(z - target)
    squares = r**2 / 2
    return np.where((r > 1) & (recipe.loss == "huber"), r - 0.5, squares).sum(1), weight


def gradient(function: Callable[[Arrays], float], arrays: Arrays) -> Arrays:
    """Central differences."""
    found = [np.zeros_like(array) for array in arrays]
    for array, slopes in zip(arrays, found, strict=True):
        for index in np.ndindex(array.shape):
            kept = array[index]
            array[index] = kept + WIDTH
            above = function(arrays)
            array[index] = kept - WIDTH
            slopes[index] = (above - function(arrays)) / (2 * WIDTH)
            array[index] = kept
    return found


def arrays_of(net: NetArrays) -> list[Any]:
    return [*net.weights, *net.biases, *(s for s in net.slopes if s is not None)]


@pytest.mark.parametrize("case", CASES)
def test_gradient_of_the_whole_objective(case: str) -> None:
    task, changes = CASES[case]
    recipe = STEP.replace(**changes)
    weights = np.random.default_rng(1).uniform(0, 2, (1, 32))
    weights[0, ::5] = 0.0
    examples = make_examples(task, parts={}, weights=weights)
    layers = initial_layers(recipe, 3, 3)
    before = [w.astype(float) for w, _ in layers] + [b.astype(float) for _, b in layers]
    slopes = [np.full((), PRELU_SLOPE) for _ in recipe.activations]  # only prelu reads its own
    expected = gradient(objective(recipe, examples, weights[0][examples.train]), before + slopes)
    trained = [*(True for _ in before), *(name == "prelu" for name in recipe.activations)]
    after = iter(arrays_of(fit64([Job(recipe)], examples).nets[0]))
    for old, slope, own in zip(before + slopes, expected, trained, strict=True):
        if own:
            np.testing.assert_allclose(old - next(after), slope, rtol=1e-7, atol=1e-9)
    assert next(after, None) is None
