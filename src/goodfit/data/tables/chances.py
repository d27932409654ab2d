"""How probable a relation with the target is for a column that is independent of it."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from goodfit.data.tables.raw import Numbers

Codes = NDArray[np.int64]
CORRELATION = 0.999  # of a column with a numeric target, or of their ranks, from which on it is a suspect
FEWEST_ROWS = 10  # with values, below which a correlation says nothing
CHANCE = (
    1e-6  # a perfect prediction that is less probable than this, for a column independent of the target, is no accident
)


def chance_of_pure(codes: NDArray[np.integer[Any]], y: NDArray[np.int64]) -> float:
    """Log of the probability that each value of a column goes with one target, were they independent; 0 if it does not.

    For groups of m rows: the product of sum_c p_c^m, with p_c the targets' shares.
    """
    groups = np.unique(codes, return_inverse=True)[1]
    pairs = np.unique(groups * (y.max() + 1) + y)
    sizes = np.bincount(groups)
    if len(pairs) > len(sizes):
        return 0.0
    shares = np.bincount(y) / len(y)
    different, times = np.unique(sizes, return_counts=True)
    with np.errstate(divide="ignore"):
        chances = [np.log((shares**size).sum()) for size in different]
    return float(np.dot(chances, times))


def correlated(x: Numbers, y: Numbers) -> str:
    """That two columns of numbers, or their ranks, are perfectly correlated; "" if not."""
    if len(x) < FEWEST_ROWS:
        return ""
    for what, a, b in (("", x, y), ("rank ", ranks(x), ranks(y))):
        r = correlation(a, b)
        if abs(r) >= CORRELATION:
            return f"is perfectly correlated with the target ({what}correlation {r:.4f})"
    return ""


def correlation(x: Numbers, y: Numbers) -> float:
    """Pearson's; 0 where one of them does not vary."""
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        x, y = x / np.abs(x).max(initial=1e-300), y / np.abs(y).max(initial=1e-300)
        x, y = x - x.mean(), y - y.mean()
        r = (x @ y) / np.sqrt((x @ x) * (y @ y))
    return float(r) if np.isfinite(r) else 0.0


def ranks(values: Numbers) -> Numbers:
    """Ranks, equal values sharing the mean of theirs."""
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[places]


def separated(values: Numbers, y: NDArray[np.int64]) -> str:
    """That thresholds on the column tell the classes apart, and chance would hardly do it; "" if not."""
    if np.isnan(values).any():
        return ""
    order = np.argsort(values, kind="stable")
    changes = np.flatnonzero(np.diff(y[order]))
    classes = int(y.max()) + 1
    if len(changes) != classes - 1 or (values[order][changes] == values[order][changes + 1]).any():
        return ""
    arrangements = math.lgamma(len(y) + 1) - sum(math.lgamma(size + 1) for size in np.bincount(y))
    if math.lgamma(classes + 1) - arrangements > np.log(CHANCE):
        return ""
    return "separates the classes with " + ("one threshold" if classes == 2 else "thresholds") + ", without error"


def right_by_value(codes: Codes, y: Codes) -> float:
    """The share of rows whose class is the most frequent one of the other rows with the same value."""
    classes = int(y.max()) + 1
    if (int(codes.max()) + 1) * classes > 5_000_000:
        return 0.0
    table = np.bincount(codes * classes + y, minlength=(int(codes.max()) + 1) * classes).reshape(-1, classes)
    first, winner = table.max(axis=1), table.argmax(axis=1)
    second = np.partition(table, -2, axis=1)[:, -2] if classes > 1 else np.zeros(len(table))
    own = table[codes, y]
    rivals = np.where(winner[codes] == y, second[codes], first[codes])
    return float((own - 1 > rivals).mean() + 0.5 * ((own - 1 == rivals) & (own > 1)).mean())
