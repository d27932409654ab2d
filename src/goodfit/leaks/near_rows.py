"""Rows of a table that are equal up to rounding."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from goodfit.data.agreement import blocks
from goodfit.data.streams import generator
from goodfit.leaks.duplicates import Matches, Rows

Numbers = NDArray[np.float64]
ROUNDING = 1e-4
"""Share of a column's spread by which two values may differ and still be one value, rounded: four digits."""
FINEST = 1e-6
"""The least limit: float32 itself rounds by 6e-8 of a value, and by more of a spread that is small against it."""
CHANCE_PAIRS = 0.01
"""Pairs that may be expected within the limit by chance, in the whole search."""
SAMPLE = 20_000  # pairs that the expectation rests on
MOST_CANDIDATES = 20_000_000  # pairs to compare; more would take minutes


def spread_of(x: np.ndarray, rows: Rows) -> Numbers:
    """A spread for each column [D], over the rows: the interquartile range, or the standard deviation where that is 0.

    Columns that do not vary have the spread 0: there, twins must agree exactly.
    """
    spread = np.empty(x.shape[1])
    step = max(1, 4_000_000 // max(1, len(rows)))
    for start in range(0, x.shape[1], step):
        columns = x[rows, start : start + step].astype(np.float64)
        low, high = np.quantile(columns, (0.25, 0.75), axis=0)
        spread[start : start + step] = np.where(high > low, high - low, columns.std(axis=0))
        spread[start : start + step][np.ptp(columns, axis=0) == 0] = 0
    return spread


def limit_of(x: np.ndarray, spread: Numbers, rows: Rows, others: Rows) -> float:
    """The largest difference, as a share of the columns' spreads, at which twins are unambiguous: at most ROUNDING.

    It is smaller where rows come close by chance, as in tables with few columns and many rows: there it is the distance
    below which CHANCE_PAIRS pairs would be expected. The expectation comes from a sample of pairs: the share of pairs
    within a distance falls as a power of the distance, and that power is measured between the closest tenth and the
    closest thousandth of the sample. 0.0 if it would be less than FINEST: near twins then cannot be told from chance.
    """
    rng = generator(0, "near rows")
    i, j = rows[rng.integers(0, len(rows), SAMPLE)], others[rng.integers(0, len(others), SAMPLE)]
    distance = np.concatenate([_distances(x, spread, i[part], j[part]) for part in blocks(SAMPLE, 2 * x.shape[1])])
    distance = distance[distance > ROUNDING]  # without twins, which are many among the pairs of few rows
    if not len(distance):
        return ROUNDING
    wide, close = np.quantile(distance, (1e-1, 1e-3))
    if close <= FINEST:
        return 0.0
    if wide <= close * (1 + 1e-9):
        return ROUNDING
    power = np.log(100) / np.log(wide / close)
    expected_within_close = 1e-3 * len(rows) * len(others)
    limit = close * (CHANCE_PAIRS / expected_within_close) ** (1 / power)
    return 0.0 if limit < FINEST else float(min(limit, ROUNDING))


def near_rows(x: np.ndarray, spread: Numbers, limit: float, rows: Rows, others: Rows) -> tuple[int, Matches | None]:
    """How many pairs are candidates, and, when asked for, those of them whose values differ by at most `limit` times
    the spread in every column; None for these if there are too many candidates.

    The distance is the largest difference in units of the spread. Candidates are neighbours along a random direction:
    twins cannot lie further apart on it than the limit allows, so none is lost. A second direction sifts them.
    """
    rng = generator(0, "near rows, directions")
    weights = rng.standard_normal((x.shape[1], 2)) / np.where(spread > 0, spread, 1)[:, None]
    places = [_projected(x, weights, each) for each in (rows, others)]
    reach = limit * (np.abs(weights) * spread[:, None]).sum(axis=0)
    reach += 1e-12 * max(float(np.abs(place).max(initial=0)) for place in places)  # rounding of the projections
    order = places[1][:, 0].argsort(kind="stable").astype(np.int32)
    line = places[1][order]
    low, high = (
        np.searchsorted(line[:, 0], places[0][:, 0] + sign * reach[0], side)  # type: ignore[call-overload]
        for sign, side in ((-1, "left"), (1, "right"))
    )
    candidates = int((high - low).sum())
    if candidates > MOST_CANDIDATES:
        return candidates, None
    return candidates, _matches(
        x, spread, limit, (rows, others), _neighbours(places[0], line, order, low, high, reach[1])
    )


def _projected(x: np.ndarray, weights: Numbers, rows: Rows) -> Numbers:
    return np.concatenate([x[rows[part]].astype(np.float64) @ weights for part in blocks(len(rows), x.shape[1])])


def _neighbours(
    places: Numbers, line: Numbers, order: Rows, low: Rows, high: Rows, reach: float
) -> Iterator[tuple[Rows, Rows]]:
    """Pairs (i, j) with j between low[i] and high[i] along the line, and within reach in the second direction."""
    counts = high - low
    ends = np.cumsum(counts)
    start = 0
    while start < len(counts):
        before = ends[start] - counts[start]
        stop = max(start + 1, int(np.searchsorted(ends, before + 1_000_000)))
        some = counts[start:stop]
        i = np.repeat(np.arange(start, stop), some)
        j = np.arange(some.sum()) - np.repeat(np.cumsum(some) - some, some) + low[i]
        close = np.abs(places[i, 1] - line[j, 1]) <= reach
        yield i[close].astype(np.int32), order[j[close]].astype(np.int32)
        start = stop


def _matches(
    x: np.ndarray, spread: Numbers, limit: float, of: tuple[Rows, Rows], pairs: Iterator[tuple[Rows, Rows]]
) -> Matches:
    for i, j in pairs:
        for part in blocks(len(i), 2 * x.shape[1]):
            distance = _distances(x, spread, of[0][i[part]], of[1][j[part]])
            near = distance <= limit
            yield i[part][near], j[part][near], distance[near].astype(np.float32)


def _distances(x: np.ndarray, spread: Numbers, i: Rows, j: Rows) -> Numbers:
    """Largest difference of each pair of rows, in units of the spread; infinite where a constant column differs."""
    difference = np.abs(x[i].astype(np.float64) - x[j])
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = np.where(difference == 0, 0, difference / spread)
    largest: Numbers = shares.max(axis=1)
    return largest
