"""What the nets of a state come to, one number a net: what claims compare and lessons ask for."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from goodfit.data import Split
from goodfit.errors import InputError, nearest, problem
from goodfit.intervals import SHARE, UNBOUNDED, Bounds
from goodfit.models.trained_net import TrainedNet
from goodfit.studies.words import Words
from goodfit.training.recipe import Recipe

Watch = Callable[[float], None]
"""Called with the share of a training that is done, from 0 to 1."""
Values = NDArray[np.float64]
MOST_ROWS = 256  # that the passes at the start are run with


@dataclass(frozen=True)
class Nets:
    """Trained nets of one recipe, S seeds.

    recipe: as it was trained; parts: the rows; seeds: [S]; metrics: name -> [S, E], nan where a net had stopped;
    nets: [S]; frozen: [S] whether a net's loss was no longer finite.
    """

    recipe: Recipe
    parts: Split
    seeds: tuple[int, ...]
    metrics: Mapping[str, Values]
    nets: tuple[TrainedNet, ...]
    frozen: NDArray[np.bool_]

    def last(self, metric: str) -> Values:
        """A metric after each net's last epoch, [S]; infinite of nets that diverged."""
        table = self.metrics[metric]
        there = np.isfinite(table)
        place = table.shape[1] - 1 - there[:, ::-1].argmax(1)
        found = np.take_along_axis(table, place[:, None], 1)[:, 0]
        worst = -math.inf if metric.endswith("score") else math.inf
        return np.where(self.frozen | ~there.any(1), worst, found)

    def mean(self, metric: str) -> Values:
        """The mean of a metric over the epochs, [S]; infinite of nets that diverged."""
        table = self.metrics[metric]
        with np.errstate(invalid="ignore"):
            found = np.nansum(table, axis=1) / np.maximum(np.isfinite(table).sum(1), 1)
        return np.where(self.frozen, math.inf, found)


@dataclass(frozen=True)
class Outcome:
    """One number a net.

    words: what it is; bounds: between which it lies; hit: whether it is only ever 0 or 1; held_out: whether it is
    measured on validation rows; before: whether it is of the nets before training, which then need not be trained.
    """

    name: str
    words: Words
    of: Callable[[Nets], Values]
    bounds: Bounds = UNBOUNDED
    hit: bool = False
    held_out: bool = False
    before: bool = False

    def check(self, parts: Split) -> None:
        """InputError where there are no rows to measure it on."""
        if self.held_out and not len(parts.valid):
            fix = "Hold rows out: set 'valid' of the recipe to 0.3, for example."
            raise InputError(problem("Lab", f"{self.words.en} needs a validation set", fix=fix))


def _at_start(nets: Nets, measure: Callable[[Any], float]) -> Values:
    """What a measure makes of the passes of every initial net with its training rows."""
    from goodfit.inspection.passes import run_passes  # here: JAX is for those who train
    from goodfit.inspection.subject import subject_of

    rows = nets.parts.train[:MOST_ROWS]
    x, y, found = nets.parts.data.x[rows], nets.parts.data.y[rows], []
    for net in nets.nets:
        subject = subject_of(net, x, y, loss=nets.recipe.loss, huber_delta=nets.recipe.huber_delta)
        found.append(measure(run_passes(subject)))
    return np.array(found)


def _first_to_last(passes: Any) -> float:
    """How many powers of ten the gradient of the first weights is above that of the last, by their norms."""
    first, last = (float(np.linalg.norm(passes.weight_gradients[layer])) for layer in (0, -1))
    return math.log10(first / last) if first > 0 and last > 0 else math.nan


def _alike(nets: Nets) -> Values:
    """1 where every unit of the first hidden layer has the same incoming weights as another, else 0."""
    from goodfit.inspection.symmetry import find_twins

    twins = [find_twins(net.weights[0].astype(float), net.biases[0].astype(float)) for net in nets.nets]
    return np.array(
        [float(len(net.weights) > 1 and each.exact.all()) for net, each in zip(nets.nets, twins, strict=True)]
    )


_ALL = (
    Outcome(
        "valid-loss",
        Words("validation loss after the last epoch", "最后一轮之后的验证损失"),
        lambda nets: nets.last("valid_loss"),
        held_out=True,
    ),
    Outcome(
        "train-loss",
        Words("training loss of the last epoch", "最后一轮的训练损失"),
        lambda nets: nets.last("train_loss"),
    ),
    Outcome(
        "mean-train-loss",
        Words("training loss, averaged over the epochs", "各轮次训练损失的平均值"),
        lambda nets: nets.mean("train_loss"),
    ),
    Outcome(
        "valid-score",
        Words("validation score (accuracy or R²) after the last epoch", "最后一轮之后的验证得分（精度或 R²）"),
        lambda nets: nets.last("valid_score"),
        held_out=True,
    ),
    Outcome(
        "gap",
        Words("validation loss minus training loss, after the last epoch", "最后一轮之后验证损失减去训练损失"),
        lambda nets: nets.last("valid_loss") - nets.last("train_loss"),
        held_out=True,
    ),
    Outcome(
        "zero-weights",
        Words("share of the first layer's weights that are exactly zero", "第一层权重中恰好为零的比例"),
        lambda nets: np.array([float((net.weights[0] == 0).mean()) for net in nets.nets]),
        SHARE,
    ),
    Outcome(
        "units-alike",
        Words(
            "share of nets whose first hidden units all have a twin",
            "第一个隐藏层的单元个个都有与之相同的单元，这样的网络所占的比例",
        ),
        _alike,
        SHARE,
        hit=True,
    ),
    Outcome(
        "first-gradient",
        Words(
            "powers of ten by which the first layer's gradient exceeds the last layer's, before training",
            "训练之前，第一层梯度与最后一层梯度之比的常用对数",
        ),
        lambda nets: _at_start(nets, _first_to_last),
        before=True,
    ),
    Outcome(
        "output-bias-gradient",
        Words(
            "derivative of the loss by the first output's bias, before training",
            "训练之前，损失对第一个输出的偏置的导数",
        ),
        lambda nets: _at_start(nets, lambda passes: float(passes.bias_gradients[-1][0])),
        before=True,
    ),
)
OUTCOMES = {each.name: each for each in _ALL}


def outcome(name: str) -> Outcome:
    """The outcome of that name; InputError for an unknown one."""
    if name not in OUTCOMES:
        raise InputError(problem("Lab", "unknown outcome", got=name, fix=nearest(name, OUTCOMES)))
    return OUTCOMES[name]
