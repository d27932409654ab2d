"""What is simulated of accuracies, seeds, folds, winners, openings and gains, for `benchmarks.intervals`."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from goodfit.intervals import NOT_NEGATIVE, SHARE, level_of_openings
from goodfit.models.scores import score_classification
from goodfit.selection.comparing import interval
from goodfit.selection.optimism import bootstrap_bias_corrected
from goodfit.studies.estimates import correlation_of, mean_gap, mean_of, mean_share, median_of, ratio_of, share_of

DRAWS = 2000
HARDNESS = (0.0, 1.5, 6.0)  # standard deviation of the rows' log odds: by how much nets err on the same rows


@dataclass(frozen=True)
class Drawn:
    """What came of one sample: whether an interval was given, whether it held the truth, and its width."""

    made: bool
    held: bool
    width: float


Draw = Callable[[np.random.Generator], Drawn]
Sample = Callable[[int], list[Drawn]]


@dataclass(frozen=True)
class Cell:
    """One line of the table. sample: so many samples, and what came of each."""

    kind: str
    about: str
    sample: Sample
    draws: int = DRAWS


def each(draw: Draw) -> Sample:
    """So many draws, one after another, always the same ones."""

    def sample(draws: int) -> list[Drawn]:
        rng = np.random.default_rng(0)
        return [draw(rng) for _ in range(draws)]

    return sample


def drawn(low: float, high: float, truth: float) -> Drawn:
    """An interval and the truth that it should hold; one without a width claims nothing."""
    made = low < high and math.isfinite(low) and math.isfinite(high)
    return Drawn(made, low <= truth <= high, high - low)


def cells() -> Iterator[Cell]:
    """All that is simulated here."""
    for rows in (20, 50, 200, 1000):
        for nets in (1, 3, 30):
            for hardness in HARDNESS:
                for bias in (0.8, 2.5, 4.0):
                    told = f"{rows} rows, {nets} net{'s' * (nets > 1)}, log odds {bias:g} +- {hardness:g}"
                    yield Cell(
                        "accuracy", told, each(_accuracy(rows, nets, bias, hardness)), DRAWS if rows < 1000 else 500
                    )
    for seeds in (3, 5, 10, 30):
        for rows in (20, 1000):
            for share in (0.5, 0.8, 0.95, 0.99):
                for spread in (0.0, 0.5):
                    told = f"{seeds} seeds, {rows} rows, {share:g}, log odds +- {spread:g}"
                    yield Cell("mean of shares", told, each(_mean_share(seeds, rows, share, spread)))
        for gap in (0.0, 0.5, 0.95):
            yield Cell("difference", f"{seeds} seeds, 50 rows, a difference of {gap:g}", each(_difference(seeds, gap)))
        for law in ("normal", "exponential"):
            yield Cell("mean of losses", f"{seeds} seeds, {law}", each(_mean(seeds, law)))
            yield Cell("ratio", f"{seeds} seeds, {law}", each(_ratio(seeds, law)))
    for openings in (2, 10):
        for rows in (20, 200):
            told = f"{openings} models that err on some of the same rows, {rows} rows"
            yield Cell("openings", told, each(_openings(openings, rows)), 1000)
    for folds in (3, 5, 10):
        for rows in (4, 10, 40, 200):
            for share in (0.8, 0.95, 0.99):
                yield Cell("folds", f"{folds} folds of {rows} rows, {share:g}", each(_folds(folds, rows, share)))
    for settings in (1, 10):
        for rows in (50, 200):
            yield Cell("winner", f"{_equal(settings)}, {rows} rows", each(_winner(settings, rows)), 400)
    for seeds in (5, 20, 100):
        for share in (0.5, 0.9):
            yield Cell("share of seeds", f"{seeds} seeds, {share:g}", each(_share(seeds, share)))
        for law in ("normal", "lognormal"):
            yield Cell("median", f"{seeds} seeds, {law}", each(_median(seeds, law)))
        for rho in (0.0, 0.8):
            yield Cell("correlation", f"{seeds} seeds, {rho:g}", each(_correlation(seeds, rho)))


@cache
def _odds(bias: float, spread: float) -> float:
    """The mean of 1 / (1 + exp(-z)) for normal z."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(200)
    return float((weights / weights.sum()) @ (1 / (1 + np.exp(-(bias + spread * nodes)))))


def _chances(rng: np.random.Generator, bias: float, spread: float, count: int) -> NDArray[np.float64]:
    found: NDArray[np.float64] = 1 / (1 + np.exp(-(bias + spread * rng.normal(size=count))))
    return found


def _equal(settings: int) -> str:
    return "1 setting" if settings == 1 else f"{settings} equal settings"


def _accuracy(rows: int, nets: int, bias: float, hardness: float) -> Draw:
    truth = _odds(bias, hardness)

    def draw(rng: np.random.Generator) -> Drawn:
        score = score_classification(rng.random((nets, rows)) < _chances(rng, bias, hardness, rows))
        return drawn(score.low, score.high, truth)

    return draw


def _mean_share(seeds: int, rows: int, share: float, spread: float) -> Draw:
    bias = math.log(share / (1 - share))
    truth = _odds(bias, spread)

    def draw(rng: np.random.Generator) -> Drawn:
        found = mean_share(rng.binomial(rows, _chances(rng, bias, spread, seeds)) / rows)
        return drawn(found.low, found.high, truth)

    return draw


def _difference(seeds: int, gap: float) -> Draw:
    def draw(rng: np.random.Generator) -> Drawn:
        high, low = (rng.binomial(50, share, seeds) / 50 for share in ((1 + gap) / 2, (1 - gap) / 2))
        found = mean_gap(high - low)
        return drawn(found.low, found.high, gap)

    return draw


def _folds(folds: int, rows: int, share: float) -> Draw:
    def draw(rng: np.random.Generator) -> Drawn:
        found = interval(rng.binomial(rows, share, folds) / rows, 1 / folds, bounds=SHARE)
        return drawn(found.low, found.high, share)

    return draw


def _winner(settings: int, rows: int) -> Draw:
    def draw(rng: np.random.Generator) -> Drawn:
        found = bootstrap_bias_corrected(rng.random((settings, rows)) < 0.8, 300, int(rng.integers(2**31)))
        return drawn(found.low, found.high, 0.8)

    return draw


def _share(seeds: int, share: float) -> Draw:
    def draw(rng: np.random.Generator) -> Drawn:
        found = share_of(rng.random(seeds) < share)
        return drawn(found.low, found.high, share)

    return draw


def _median(seeds: int, law: str) -> Draw:
    def draw(rng: np.random.Generator) -> Drawn:
        values = rng.normal(size=seeds)
        found = median_of(values if law == "normal" else np.exp(2 * values))
        return drawn(found.low, found.high, 0.0 if law == "normal" else 1.0)

    return draw


def _correlation(seeds: int, rho: float) -> Draw:
    def draw(rng: np.random.Generator) -> Drawn:
        x, noise = rng.normal(size=(2, seeds))
        found = correlation_of(x, rho * x + math.sqrt(1 - rho**2) * noise)
        return drawn(found.low, found.high, rho)

    return draw


def _mean(seeds: int, law: str) -> Draw:
    """Losses of mean 1: normal, 0.2 about it, or exponential."""

    def draw(rng: np.random.Generator) -> Drawn:
        values = 1 + 0.2 * rng.normal(size=seeds) if law == "normal" else rng.exponential(size=seeds)
        found = mean_of(values, NOT_NEGATIVE)
        return drawn(found.low, found.high, 1.0)

    return draw


def _ratio(seeds: int, law: str) -> Draw:
    """Two losses whose logarithms differ by 1 on average, with normal differences or one-sided ones."""

    def draw(rng: np.random.Generator) -> Drawn:
        values = 1 + rng.normal(size=seeds) if law == "normal" else rng.exponential(size=seeds)
        found = ratio_of(np.exp(values))
        return drawn(found.low, found.high, math.e)

    return draw


def _openings(openings: int, rows: int) -> Draw:
    """Whether the widened intervals of all models hold together."""
    truth = _odds(2.5, 1.5)

    def draw(rng: np.random.Generator) -> Drawn:
        right = rng.random((openings, rows)) < _chances(rng, 2.5, 1.5, rows)
        scores = [score_classification(each[None]).at_level(level_of_openings(openings)) for each in right]
        return Drawn(True, all(each.low <= truth <= each.high for each in scores), scores[0].width)

    return draw
