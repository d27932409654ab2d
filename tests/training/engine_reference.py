"""What the engine must reproduce: training in plain NumPy, one row order and one net at a time, gradients by hand.

Nothing here comes from goodfit but the recipe, the drawn order of rows, initial weights and dropout bits, which have
tests of their own.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import jax
import numpy as np
from sklearn.metrics import r2_score

from goodfit.nets.dropout import keep_mask, stream_key
from goodfit.training.batches import RowOrder
from goodfit.training.cohort import cohort_of
from goodfit.training.devices import doubles
from goodfit.training.examples import Examples, Scaling
from goodfit.training.fitting import Fitted, fit
from goodfit.training.initialise import initial_layers
from goodfit.training.population import Job, NetArrays
from goodfit.training.recipe import Recipe

Numbers = np.ndarray[Any, Any]

PLAIN = Recipe(
    hidden=(4,),
    activation="tanh",
    init="xavier-normal",
    init_bias="torch",
    dropout=0.0,
    optimizer="sgd",
    learning_rate=0.1,
    schedule="constant",
    batch_size=5,
    epochs=3,
    valid=0.0,
)

ACTIVATIONS = {  # name -> (value, derivative)
    "identity": (lambda z: z, lambda z: np.ones_like(z)),
    "relu": (lambda z: np.maximum(z, 0.0), lambda z: (z > 0).astype(z.dtype)),
    "tanh": (np.tanh, lambda z: 1 - np.tanh(z) ** 2),
    "sigmoid": (lambda z: 1 / (1 + np.exp(-z)), lambda z: np.exp(-z) / (1 + np.exp(-z)) ** 2),
}


def make_examples(task: str = "classification", **changes: Any) -> Examples:
    """23 training and 9 validation rows of 3 inputs and 3 outputs, scaled on the way in."""
    rng = np.random.default_rng(5)
    x = rng.normal(1.0, 2.0, (32, 3)).astype(np.float32)
    signal = (x - 1) @ rng.normal(size=(3, 3)) + rng.normal(size=(32, 3))
    y = {
        "classification": signal.argmax(1).astype(np.int32),
        "multilabel": (signal > 0).astype(np.float32),
        "regression": signal.astype(np.float32),
    }[task]
    own = {"target_shift": np.full(3, 0.25), "target_scale": np.full(3, 0.5)} if task == "regression" else {}
    scaling = Scaling(
        **{"target_shift": np.zeros(3), "target_scale": np.ones(3)} | own, shift=np.ones(3), scale=np.full(3, 0.5)
    )
    rows = rng.permutation(32).astype(np.int32)
    given: dict[str, Any] = {"train": rows[:23], "parts": {"valid": rows[23:]}}
    return Examples(**{"x": x, "y": y, "task": task, "outputs": 3, "scaling": scaling, **given, **changes})


def fit64(jobs: Sequence[Job], examples: Examples, devices: int = 1, **options: Any) -> Fitted:
    """`fit` in float64."""
    with doubles(True):
        return fit(cohort_of(jobs, examples, devices, np.float64), **options)


def fit32(jobs: Sequence[Job], examples: Examples, devices: int = 1, **options: Any) -> Fitted:
    """`fit` as users have it."""
    return fit(cohort_of(jobs, examples, devices), **options)


@dataclass
class Trained:
    """A net trained here. train, valid: (loss, score) of every epoch."""

    weights: list[Numbers]
    biases: list[Numbers]
    train: list[tuple[float, float]] = field(default_factory=list)
    valid: list[tuple[float, float]] = field(default_factory=list)


def train(recipe: Recipe, examples: Examples, rows: int = 0, order: Any = None) -> Trained:
    """Train one net for all its epochs.

    rows: which set of row weights it learns with; order: the batches [epochs, steps, width], the engine's if None.
    """
    inputs, targets = scaled(examples)
    layers = initial_layers(recipe, examples.x.shape[1], examples.outputs)
    net = Trained([w.astype(float) for w, _ in layers], [b.astype(float) for _, b in layers])
    weight = np.ones(len(inputs)) if examples.weights is None else examples.weights[rows].astype(float)
    if order is None:
        folds = None if examples.folds is None else examples.folds[examples.train]
        order = RowOrder(examples.train, recipe.batch_size, recipe.seed, folds).epochs(0, recipe.epochs)
    optimizer = Optimizer(recipe)
    of_classes = class_weight(recipe, examples, weight) if examples.task == "classification" else None
    for epoch, batches in enumerate(order):
        sums, seen = np.zeros(3), list[tuple[Numbers, Numbers, Numbers]]()
        for step, batch in enumerate(batches):
            at = np.flatnonzero(batch >= 0)
            picked = batch[at]
            if not weight[picked].any():
                continue  # no row of weight: no step
            place = recipe, epoch, step, len(batches)
            masks = dropout_masks(*place, inputs.shape[1], len(batch), at)
            z, memory = forward(recipe, net, inputs[picked], masks)
            loss, score = values(recipe, examples.task, z, targets[picked])
            sums += [weight[picked] @ loss, weight[picked] @ score, weight[picked].sum()]
            seen.append((targets[picked], z, weight[picked]))
            counts = weight[picked] * of_classes[targets[picked]] if of_classes is not None else weight[picked]
            gradient = backward(recipe, examples.task, net, z, targets[picked], counts, memory, masks)
            optimizer.step(net, gradient, share(*place), part_share(recipe.decay_schedule, *place))
        score = (
            r2(*map(np.concatenate, zip(*seen, strict=True))) if examples.task == "regression" else sums[1] / sums[2]
        )
        net.train.append((sums[0] / sums[2], score))
        if "valid" in examples.parts:
            own = examples.part_weights.get("valid")
            net.valid.append(evaluate(recipe, examples, net, None if own is None else own[rows]))
    return net


def evaluate(
    recipe: Recipe, examples: Examples, net: Trained | NetArrays, weight: Numbers | None = None, part: str = "valid"
) -> tuple[float, float]:
    """Mean loss and score of a part."""
    inputs, targets = scaled(examples)
    rows = examples.parts[part]
    z, _ = forward(recipe, net, inputs[rows])
    counts = np.ones(len(rows)) if weight is None else weight[rows]
    loss, score = values(recipe, examples.task, z, targets[rows])
    if examples.task == "regression":
        return counts @ loss / counts.sum(), r2(targets[rows], z, counts)
    return counts @ loss / counts.sum(), counts @ score / counts.sum()


def r2(targets: Numbers, predicted: Numbers, counts: Numbers) -> float:
    """R² of rows that count so much, by scikit-learn."""
    return float(r2_score(targets, predicted, sample_weight=counts))


def scaled(examples: Examples) -> tuple[Numbers, Numbers]:
    """Inputs and targets as nets see them."""
    s = examples.scaling
    inputs = (examples.x.astype(float) - s.shift) * s.scale
    return inputs, examples.y if examples.task == "classification" else (examples.y - s.target_shift) * s.target_scale


def forward(recipe: Recipe, net: Any, x: Numbers, masks: list[Numbers] | None = None) -> tuple[Numbers, list[Any]]:
    """Outputs, rows first, and (input, z) of every layer."""
    memory = []
    h = x if masks is None else x * masks[0]
    for layer, (w, b) in enumerate(zip(net.weights, net.biases, strict=True)):
        z = h @ w.T + b
        memory.append((h, z))
        if layer == len(recipe.hidden):
            return z, memory
        h = ACTIVATIONS[recipe.activations[layer]][0](z)
        if masks is not None:
            h = h * masks[layer + 1]
    raise AssertionError("a net has an output layer")


def values(recipe: Recipe, task: str, z: Numbers, target: Numbers) -> tuple[Numbers, Numbers]:
    """Plain loss and score of every row; of numbers, whose R² is of all rows together, no score."""
    if task == "classification":
        return log_sum(z) - z[np.arange(len(z)), target], (z.argmax(1) == target).astype(float)
    if task == "multilabel":
        p = 1 / (1 + np.exp(-z))
        return -(target * np.log(p) + (1 - target) * np.log(1 - p)).sum(1), ((z > 0) == (target > 0.5)).all(1) * 1.0
    r = np.abs(z - target)
    loss = {
        "auto": r**2 / 2,
        "squared-error": r**2 / 2,
        "absolute-error": r,
        "huber": np.where(r <= recipe.huber_delta, r**2 / 2, recipe.huber_delta * (r - recipe.huber_delta / 2)),
    }[recipe.loss]
    return loss.sum(1), np.zeros(len(r))


def log_sum(z: Numbers) -> Numbers:
    return np.log(np.exp(z - z.max(1, keepdims=True)).sum(1)) + z.max(1)


def backward(
    recipe: Recipe,
    task: str,
    net: Trained,
    z: Numbers,
    target: Numbers,
    weight: Numbers,
    memory: list[Any],
    masks: list[Numbers] | None,
) -> tuple[list[Numbers], list[Numbers]]:
    """Gradients of the weighted mean of the trained loss plus the L2 penalty."""
    smoothing, outputs = recipe.label_smoothing, z.shape[1]
    if task == "classification":
        goal = (1 - smoothing) * np.eye(outputs)[target] + smoothing / outputs
        delta = np.exp(z - log_sum(z)[:, None]) - goal
    elif task == "multilabel":
        delta = 1 / (1 + np.exp(-z)) - (target * (1 - smoothing) + smoothing / 2)
    else:
        limit = {"absolute-error": 0.0, "huber": recipe.huber_delta}.get(recipe.loss, math.inf)
        delta = np.sign(z - target) if limit == 0 else np.clip(z - target, -limit, limit)
    delta = delta * (weight / max(weight.sum(), 1e-300))[:, None]
    weights, biases = [], []
    for layer in reversed(range(len(net.weights))):
        h, _ = memory[layer]
        weights.insert(0, delta.T @ h + recipe.l2 * net.weights[layer])
        biases.insert(0, delta.sum(0) + recipe.penalize_biases * recipe.l2 * net.biases[layer])
        if layer:
            delta = delta @ net.weights[layer]
            if masks is not None:
                delta = delta * masks[layer]
            delta = delta * ACTIVATIONS[recipe.activations[layer - 1]][1](memory[layer - 1][1])
    return weights, biases


def class_weight(recipe: Recipe, examples: Examples, weight: Numbers) -> Numbers:
    """The weight of every class; weight: of every row, which balanced counts by."""
    given, rows = recipe.class_weight, examples.train
    if given == "balanced":
        counts = np.array([weight[rows][examples.y[rows] == code].sum() for code in range(examples.outputs)])
        return counts.sum() / (examples.outputs * counts)
    return np.ones(examples.outputs) if given is None else np.asarray(given)


def dropout_masks(
    recipe: Recipe, epoch: int, step: int, steps: int, inputs: int, width: int, at: Numbers
) -> list[Numbers] | None:
    """Factors of the inputs and of every hidden layer, for the rows at these places of the batch."""
    if not any(recipe.dropouts) and not recipe.input_dropout:
        return None
    part = part_share(recipe.dropout_schedule, recipe, epoch, step, steps)
    units, rates = [inputs, *recipe.hidden], [rate * part for rate in (recipe.input_dropout, *recipe.dropouts)]
    with doubles(True):  # what is kept does not depend on the number of units: 8 compile once for all
        kept = [
            np.asarray(_keep(recipe.seed, epoch, step, layer, np.float64(rate), width))
            for layer, rate in enumerate(rates)
        ]
    return [keep[:count].T[at] / (1 - rate) for keep, count, rate in zip(kept, units, rates, strict=True)]


@functools.partial(jax.jit, static_argnums=5)
def _keep(seed: int, epoch: int, step: int, layer: int, rate: float, width: int) -> Any:
    return keep_mask(stream_key(seed, epoch, step, layer), 8, width, rate)


class Optimizer:
    """One net's optimiser, with L1 and decoupled decay."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe, self.t = recipe, 0
        self.first: dict[int, Any] = {}
        self.second: dict[int, Any] = {}

    def step(self, net: Trained, gradient: tuple[list[Numbers], list[Numbers]], share: float, decayed: float) -> None:
        r = self.recipe
        self.t += 1
        leaves = [*gradient[0], *gradient[1]]
        if r.clip_norm is not None:
            norm = math.sqrt(sum((g**2).sum() for g in leaves))
            leaves = [g * min(1.0, r.clip_norm / norm) for g in leaves]
        rate, count = r.learning_rate * share, len(net.weights)
        for number, (old, g) in enumerate(zip([*net.weights, *net.biases], leaves, strict=True)):
            counted = number < count or r.penalize_biases
            new = old - rate * self.direction(number, g)
            if counted:
                new = new - rate * r.weight_decay * decayed * old
                new = np.sign(new) * np.maximum(np.abs(new) - rate * r.l1, 0.0)
            (net.weights if number < count else net.biases)[number % count] = new

    def direction(self, number: int, g: Numbers) -> Numbers:
        r = self.recipe
        m, v = self.first.get(number, 0.0), self.second.get(number, 0.0)
        beta1, beta2 = r.betas
        if r.optimizer == "sgd":
            self.first[number] = m = r.momentum * m + g
            return g + r.momentum * m if r.nesterov else m
        if r.optimizer == "lion":
            self.first[number] = beta2 * m + (1 - beta2) * g
            return np.sign(beta1 * m + (1 - beta1) * g)
        self.second[number] = v = beta2 * v + (1 - beta2) * g**2
        if r.optimizer == "rmsprop":
            return g / (np.sqrt(v) + r.epsilon)
        self.first[number] = m = beta1 * m + (1 - beta1) * g
        return m / (1 - beta1**self.t) / (np.sqrt(v / (1 - beta2**self.t)) + r.epsilon)


def share(recipe: Recipe, epoch: int, step: int, steps: int) -> float:
    """The schedule's share of the learning rate."""
    now = epoch + step / steps
    if now < recipe.warmup:
        return min((now + 1 / steps) / recipe.warmup, 1.0)
    t = now - recipe.warmup
    done = t / (recipe.epochs - recipe.warmup)
    if recipe.schedule == "step":
        return recipe.schedule_rate ** math.floor(t / recipe.schedule_epochs + 1e-9)
    if recipe.schedule == "exponential":
        return recipe.schedule_rate ** (t / recipe.schedule_epochs)
    if recipe.schedule == "cosine":
        return recipe.final_rate + (1 - recipe.final_rate) * (1 + math.cos(math.pi * done)) / 2
    if recipe.schedule == "flat-cosine":
        return recipe.final_rate + (1 - recipe.final_rate) * flat_cosine(done)
    if recipe.schedule == "coslog4":
        return (1 - math.cos(2 * math.pi * math.log2(1 + 15 * done))) / 2
    if recipe.schedule == "one-cycle":
        if done < 0.3:
            return 1 + (1 / 25 - 1) * (1 + math.cos(math.pi * done / 0.3)) / 2
        return recipe.final_rate + (1 - recipe.final_rate) * (1 + math.cos(math.pi * (done - 0.3) / 0.7)) / 2
    return 1.0


def flat_cosine(done: float) -> float:
    return 1.0 if done < 0.5 else (1 + math.cos(math.pi * (2 * done - 1))) / 2


def part_share(kind: str, recipe: Recipe, epoch: int, step: int, steps: int) -> float:
    """The share of the dropout rates, or of the weight decay."""
    return 1.0 if kind == "constant" else flat_cosine((epoch + step / steps) / recipe.epochs)


def check_same(fitted: Fitted, net: int, expected: Trained, tolerance: float = 1e-9, valid: bool = True) -> None:
    """A fitted net and its metrics are those of the reference, to `tolerance`."""
    near = {"rtol": tolerance, "atol": tolerance}
    got = fitted.nets[net]
    for ours, theirs in zip([*got.weights, *got.biases], [*expected.weights, *expected.biases], strict=True):
        np.testing.assert_allclose(ours, theirs, **near)
    epochs = len(expected.train)
    np.testing.assert_allclose(fitted.metrics[:epochs, :2, net], expected.train, **near)
    if valid:
        np.testing.assert_allclose(fitted.metrics[:epochs, 2:4, net], expected.valid, **near)
