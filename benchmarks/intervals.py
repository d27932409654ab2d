"""How often every kind of 95 % interval holds the truth, by simulation: `python -m benchmarks.intervals` has the table.

Each kind is drawn as it is used, over rows, nets and what ties them together, with a truth that is known. Samples whose
values do not differ, of which no interval is claimed, are left out.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.bars import Bar, Measurement
from goodfit.intervals import SHARE
from goodfit.models.scores import score_classification, score_regression
from goodfit.selection.comparing import interval
from goodfit.selection.optimism import bootstrap_bias_corrected
from goodfit.studies.estimates import correlation_of, mean_gap, mean_share, median_of, share_of

DRAWS, QUICK = 2000, 100
LEAST = 0.92
HARDNESS = (0.0, 1.5, 6.0)  # standard deviation of the rows' log odds: by how much nets err on the same rows

Limits = tuple[float, float]
Draw = Callable[[np.random.Generator], tuple[Limits, float]]


@dataclass(frozen=True)
class Cell:
    """One line of the table. draw: an interval and the truth that it should hold."""

    kind: str
    about: str
    draw: Draw
    draws: int = DRAWS


KINDS = {
    "accuracy": "an accuracy, over rows x nets x how much they err on the same rows",
    "R²": "an R² with normal noise, over rows x nets x how much of the noise nets share",
    "mean of shares": "the mean of accuracies over seeds (claims of studies)",
    "difference": "the mean difference of accuracies over seeds (claims of studies, tried advice)",
    "folds": "the mean accuracy over folds (searches and curves)",
    "winner": "the corrected score of a search's winner",
    "share of seeds": "a share of seeds",
    "median": "a median over seeds",
    "correlation": "a correlation over seeds",
}


def cells() -> Iterator[Cell]:
    """All that is simulated."""
    for rows in (20, 50, 200, 1000):
        for nets in (1, 3, 30):
            for hardness in HARDNESS:
                for bias in (0.8, 2.5, 4.0):
                    told = f"{rows} rows, {nets} nets, log odds {bias:g} +- {hardness:g}"
                    yield Cell("accuracy", told, _accuracy(rows, nets, bias, hardness), DRAWS if rows < 1000 else 500)
            for shared in (0.0, 0.5, 1.0):
                for noise in (0.3, 1.0):
                    told = f"{rows} rows, {nets} nets, noise {noise:g}, {shared:g} of the nets' errors shared"
                    yield Cell("R²", told, _r2(rows, nets, noise, shared), DRAWS if rows * nets < 5000 else 500)
    for seeds in (3, 5, 10, 30):
        for rows in (20, 1000):
            for share in (0.5, 0.8, 0.95, 0.99):
                for spread in (0.0, 0.5):
                    told = f"{seeds} seeds, {rows} rows, {share:g}, log odds +- {spread:g}"
                    yield Cell("mean of shares", told, _mean_share(seeds, rows, share, spread))
        for gap in (0.0, 0.5, 0.95):
            yield Cell("difference", f"{seeds} seeds, 50 rows, a difference of {gap:g}", _difference(seeds, gap))
    for folds in (3, 5, 10):
        for rows in (4, 10, 40, 200):
            for share in (0.8, 0.95, 0.99):
                yield Cell("folds", f"{folds} folds of {rows} rows, {share:g}", _folds(folds, rows, share))
    for settings in (1, 10):
        for rows in (50, 200):
            yield Cell("winner", f"{settings} equal settings, {rows} rows", _winner(settings, rows), 400)
    for seeds in (5, 20, 100):
        for share in (0.5, 0.9):
            yield Cell("share of seeds", f"{seeds} seeds, {share:g}", _share(seeds, share))
        for law in ("normal", "lognormal"):
            yield Cell("median", f"{seeds} seeds, {law}", _median(seeds, law))
        for rho in (0.0, 0.8):
            yield Cell("correlation", f"{seeds} seeds, {rho:g}", _correlation(seeds, rho))


def _odds(bias: float, spread: float) -> float:
    """The mean of 1 / (1 + exp(-z)) for normal z."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(200)
    return float((weights / weights.sum()) @ (1 / (1 + np.exp(-(bias + spread * nodes)))))


def _chances(rng: np.random.Generator, bias: float, spread: float, count: int) -> NDArray[np.float64]:
    found: NDArray[np.float64] = 1 / (1 + np.exp(-(bias + spread * rng.normal(size=count))))
    return found


def _accuracy(rows: int, nets: int, bias: float, hardness: float) -> Draw:
    truth = _odds(bias, hardness)

    def draw(rng: np.random.Generator) -> tuple[Limits, float]:
        score = score_classification(rng.random((nets, rows)) < _chances(rng, bias, hardness, rows))
        return (score.low, score.high), truth

    return draw


def _r2(rows: int, nets: int, noise: float, shared: float) -> Draw:
    """Nets that are off by half a standard deviation of the signal, partly by the same amount."""
    off = 0.5
    truth = 1 - (noise**2 + off**2) / (1 + noise**2)

    def draw(rng: np.random.Generator) -> tuple[Limits, float]:
        signal, common = rng.normal(size=(2, rows, 1))
        own = math.sqrt(shared) * common + math.sqrt(1 - shared) * rng.normal(size=(nets, rows, 1))
        score = score_regression(signal + off * own, signal + noise * rng.normal(size=(rows, 1)))
        return (score.low, score.high), truth

    return draw


def _mean_share(seeds: int, rows: int, share: float, spread: float) -> Draw:
    bias = math.log(share / (1 - share))
    truth = _odds(bias, spread)

    def draw(rng: np.random.Generator) -> tuple[Limits, float]:
        found = mean_share(rng.binomial(rows, _chances(rng, bias, spread, seeds)) / rows)
        return (found.low, found.high), truth

    return draw


def _difference(seeds: int, gap: float) -> Draw:
    def draw(rng: np.random.Generator) -> tuple[Limits, float]:
        high, low = (rng.binomial(50, share, seeds) / 50 for share in ((1 + gap) / 2, (1 - gap) / 2))
        found = mean_gap(high - low)
        return (found.low, found.high), gap

    return draw


def _folds(folds: int, rows: int, share: float) -> Draw:
    def draw(rng: np.random.Generator) -> tuple[Limits, float]:
        found = interval(rng.binomial(rows, share, folds) / rows, 1 / folds, bounds=SHARE)
        return (found.low, found.high), share

    return draw


def _winner(settings: int, rows: int) -> Draw:
    def draw(rng: np.random.Generator) -> tuple[Limits, float]:
        found = bootstrap_bias_corrected(rng.random((settings, rows)) < 0.8, 300, int(rng.integers(2**31)))
        return (found.low, found.high), 0.8

    return draw


def _share(seeds: int, share: float) -> Draw:
    def draw(rng: np.random.Generator) -> tuple[Limits, float]:
        found = share_of(rng.random(seeds) < share)
        return (found.low, found.high), share

    return draw


def _median(seeds: int, law: str) -> Draw:
    def draw(rng: np.random.Generator) -> tuple[Limits, float]:
        values = rng.normal(size=seeds)
        found = median_of(values if law == "normal" else np.exp(2 * values))
        return (found.low, found.high), 0.0 if law == "normal" else 1.0

    return draw


def _correlation(seeds: int, rho: float) -> Draw:
    def draw(rng: np.random.Generator) -> tuple[Limits, float]:
        x, noise = rng.normal(size=(2, seeds))
        found = correlation_of(x, rho * x + math.sqrt(1 - rho**2) * noise)
        return (found.low, found.high), rho

    return draw


def covered(cell: Cell, draws: int) -> tuple[float, float, float]:
    """(share of intervals that hold the truth, their median width, share of samples that have none)."""
    rng = np.random.default_rng(0)
    ends, truths = zip(*(cell.draw(rng) for _ in range(draws)), strict=True)
    low, high = np.array(ends).T
    made = (high > low) & np.isfinite(low) & np.isfinite(high)
    if not made.any():
        return math.nan, math.nan, 1.0
    held = (low <= np.array(truths)) & (np.array(truths) <= high)
    return float(held[made].mean()), float(np.median((high - low)[made])), float(1 - made.mean())


def measure(quick: bool) -> list[Measurement]:
    """The worst cell of every kind."""
    found: dict[str, list[tuple[float, str]]] = {}
    for cell in cells():
        share, _, _ = covered(cell, QUICK if quick else cell.draws)
        if not math.isnan(share):
            found.setdefault(cell.kind, []).append((share, cell.about))
    return [
        Measurement(
            Bar(f"95 % intervals of {KINDS[kind]}: coverage, worst cell", LEAST, HOW, at_least=True, unit="of cases"),
            min(each)[0],
            f"{len(each)} cells, worst: {min(each)[1]}; best {max(each)[0]:.3f}",
        )
        for kind, each in found.items()
    ]


HOW = (
    f"{DRAWS} samples a cell (500 of large ones, 400 of searches), each from a law whose truth is known. "
    "A cell's standard error is 0.005 (0.011)."
)


def main(arguments: list[str]) -> int:
    """Print the whole table."""
    draws = QUICK if "--quick" in arguments else 0
    print(f"{'kind':16} {'coverage':>8} {'width':>8} {'none':>6}  cell")
    for cell in cells():
        share, width, none = covered(cell, draws or cell.draws)
        print(f"{cell.kind:16} {share:8.3f} {width:8.3f} {none:6.3f}  {cell.about}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
