"""Nets under dropout after training (4.5): one pass that drops nothing, beside many that drop at random."""

import functools
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from goodfit.nets.dropout import keep_mask, stream_key
from goodfit.training.population import NetArrays

Numbers = NDArray[np.floating]
STEP = 0x7E57  # of the random streams here: no training has as many steps an epoch with these layers' keys
PLACES = ("first", "into", "second", "outputs", "probabilities")
"""What is passed on: the first layer's units, the second's inputs and units, outputs before and after the softmax."""


@dataclass(frozen=True)
class Averaged:
    """A quantity of every row: passed: of the pass that drops nothing; mean: over masks; error: its standard error."""

    passed: Numbers
    mean: Numbers
    error: Numbers

    @property
    def noise_ratio(self) -> float:
        """Root mean square of mean − passed over that of the standard error: 1 where both are equal in expectation."""
        noise = float(np.square(self.error, dtype=float).mean())
        off = float(np.square(self.mean - self.passed, dtype=float).mean())
        return float(np.sqrt(off / noise)) if noise > 0 else np.nan

    @property
    def growth(self) -> float:
        """The slope of the mean over what was passed, less 1: 0 where both are equal in expectation."""
        passed = self.passed.astype(float)
        return float(((self.mean - passed) * passed).sum() / np.square(passed).sum())


@dataclass(frozen=True)
class Thinned:
    """A net over masks. at: place -> its averages; kept: share of units kept, a layer; spread: [R] standard deviation
    over masks of the probability of the class that the one pass predicts; votes: [C, R] share of masks for each class.
    """

    at: dict[str, Averaged]
    kept: tuple[float, ...]
    spread: Numbers
    votes: Numbers

    @property
    def predicted(self) -> NDArray[np.int64]:
        """Classes by the one pass, [R]."""
        classes: NDArray[np.int64] = self.at["outputs"].passed.argmax(0)
        return classes

    @property
    def voted(self) -> NDArray[np.int64]:
        """Classes by the mean of the probabilities over masks, [R]."""
        classes: NDArray[np.int64] = self.at["probabilities"].mean.argmax(0)
        return classes

    @property
    def doubt(self) -> Numbers:
        """What the one pass itself leaves to the other classes, [R]."""
        return np.asarray(1 - self.at["probabilities"].passed.max(0))


def thinned(net: NetArrays, x: Numbers, rates: Sequence[float], seed: int, masks: int) -> Thinned:
    """Pass rows [R, D], scaled, through a net with two hidden ReLU layers: once whole, and with so many masks.

    rates: of dropout after each hidden layer; masks: the engine's own, fresh for every row and unit; at least 2.
    """
    first = np.maximum(net.weights[0] @ x.T + net.biases[0][:, None], 0)
    whole = _pass(net, first, lambda _, units: units)
    sums = [np.zeros_like(each) for each in whole]
    squares = [np.zeros_like(each) for each in whole]
    kept, votes = np.zeros(len(rates)), np.zeros(whole[3].shape)
    for draw in range(masks):
        keep = [_keep(seed, draw, layer, len(net.weights[layer]), len(x), rate) for layer, rate in enumerate(rates)]
        dropped = functools.partial(_dropped, keep, rates)
        thin = _pass(net, first, dropped)
        votes[thin[3].argmax(0), np.arange(len(x))] += 1 / masks
        for each, passed, total, square in zip(thin, whole, sums, squares, strict=True):
            off = each - passed  # summed as differences, so that float32 loses nothing
            total += off
            square += off * off
        kept += [mask.mean() / masks for mask in keep]
    found = {}
    for name, passed, total, square in zip(PLACES, whole, sums, squares, strict=True):
        variance = np.maximum(square - total * total / masks, 0) / (masks - 1)
        found[name] = Averaged(passed, passed + total / masks, np.sqrt(variance / masks))
    chosen = whole[3].argmax(0)
    error = np.take_along_axis(found["probabilities"].error, chosen[None], 0)[0]
    return Thinned(found, tuple(kept.tolist()), error * np.sqrt(masks), votes)


def mean_over_all_masks(values: NDArray[np.float64], rate: float) -> NDArray[np.float64]:
    """The expectation of a dropout layer's output for a few units, [n]: all 2^n masks with their probabilities."""
    keep = np.array([*itertools.product((0.0, 1.0), repeat=len(values))])  # [2^n, n]
    chance = np.prod(np.where(keep == 1, 1 - rate, rate), axis=1)
    mean: NDArray[np.float64] = chance @ (keep * values / (1 - rate))
    return mean


def rank_share(score: Numbers, wrong: NDArray[np.bool_]) -> float:
    """The chance that a wrong row has a higher score than a right one (equal ones count half); nan without both."""
    some, others = int(wrong.sum()), int((~wrong).sum())
    if not some or not others:
        return np.nan
    return float((rankdata(score)[wrong].sum() - some * (some + 1) / 2) / (some * others))


def _pass(net: NetArrays, first: Numbers, after: Callable[[int, Numbers], Numbers]) -> tuple[Numbers, ...]:
    """What is at PLACES, [units, R]. first: the first layer's activations; after: (layer, its activations) -> what the
    next layer gets.
    """
    first = after(0, first)
    into = net.weights[1] @ first + net.biases[1][:, None]
    second = after(1, np.maximum(into, 0))
    outputs = net.weights[2] @ second + net.biases[2][:, None]
    powers = np.exp(outputs - outputs.max(0))
    return first, into, second, outputs, powers / powers.sum(0)


def _dropped(keep: Sequence[NDArray[np.bool_]], rates: Sequence[float], layer: int, units: Numbers) -> Numbers:
    dropped: Numbers = np.where(keep[layer], units / np.float32(1 - rates[layer]), np.float32(0))
    return dropped


def _keep(seed: int, draw: int, layer: int, units: int, rows: int, rate: float) -> NDArray[np.bool_]:
    """The mask of a layer, [units, R], drawn as in training."""
    return np.asarray(_mask()(stream_key(seed, draw, STEP, layer + 1), units, rows, np.float32(rate)))


@functools.cache
def _mask() -> Any:
    return jax.jit(keep_mask, static_argnums=(1, 2))
