"""Two columns that give the target away together: their sum, difference, product or ratio, or their combination."""

import math

import numpy as np
from numpy.typing import NDArray

from goodfit.data.tables.chances import CHANCE, chance_of_pure, right_by_value
from goodfit.data.tables.raw import Numbers

MOST_COLUMNS = 60  # beyond which pairs are not looked at
MOST_VALUES = 50  # different values of a column whose combinations are looked at
MOST_CLASSES = 40  # of the target
EXACT = 1e-6  # of the target's variance that two columns may leave
FEWEST = 30  # rows
SHOWN = 5  # pairs
REPEATED = 0.95  # of the rows, at least, have the class that the other rows of their combination have
ALONE = 0.6  # of what the most frequent class leaves, at most, is told by one of the columns alone: 0.8 of the rows of
# two equally frequent classes have the class that the other rows with their value mostly have


def pairs_of_numbers(columns: dict[str, Numbers], y: Numbers) -> list[tuple[str, str, str]]:
    """(column, another, how) for two columns without gaps whose sum with some factors, or product with some powers, is
    the target up to EXACT of its variance, where none of them is it alone. how: with a place for the other's name.
    """
    names = [name for name, values in columns.items() if np.isfinite(values).all() and np.ptp(values) > 0]
    if not 1 < len(names) <= MOST_COLUMNS or len(y) < FEWEST:
        return []
    found = _sums(names, columns, y, "a sum of it and {!r} with constant factors")
    positive = [name for name in names if (columns[name] > 0).all()]
    if not found and len(positive) > 1 and (y > 0).all():
        logs = {name: np.log(columns[name]) for name in positive}
        found = _sums(positive, logs, np.log(y), "a product or ratio of it and {!r}")
    return found[:SHOWN]


def _sums(names: list[str], columns: dict[str, Numbers], y: Numbers, how: str) -> list[tuple[str, str, str]]:
    with np.errstate(
        over="ignore", invalid="ignore", divide="ignore"
    ):  # of huge numbers, and of columns that are constant
        r = np.nan_to_num(np.corrcoef(np.stack([*(columns[name] for name in names), y])))
    own, between = r[-1, :-1], r[:-1, :-1]
    first, second = np.triu_indices(len(names), 1)
    a, b, both = own[first], own[second], between[first, second]
    rest = 1 - both**2
    told = np.where(rest > 1e-9, (a**2 + b**2 - 2 * a * b * both) / np.maximum(rest, 1e-9), 0)
    close = (told >= 1 - 2 * EXACT) & (np.maximum(a**2, b**2) < 1 - 1000 * EXACT)
    return [
        (names[i], names[j], how)
        for i, j in zip(first[close], second[close], strict=True)
        if _left(columns[names[i]], columns[names[j]], y) <= EXACT
    ]


def _left(a: Numbers, b: Numbers, y: Numbers) -> float:
    """The share of the target's variance that a sum of both with the best factors leaves."""
    x = np.stack([(each - each.mean()) / (each.std() or 1.0) for each in (a, b)], axis=1)
    wanted = (y - y.mean()) / (y.std() or 1.0)
    factors = np.linalg.lstsq(x, wanted, rcond=None)[0]
    return float(((wanted - x @ factors) ** 2).mean())


def pairs_of_values(columns: dict[str, NDArray[np.int32]], y: NDArray[np.int64]) -> list[tuple[str, str, str]]:
    """(column, another, how) for two columns of few values whose combinations each go with one class, where that is
    less probable than CHANCE for all pairs together, combinations repeat, and no column tells the class alone.

    columns: codes [N], -1 where missing. how: with a place for the other's name.
    """
    coded = {name: np.unique(codes, return_inverse=True)[1] for name, codes in columns.items()}
    coded = {name: codes for name, codes in coded.items() if 0 < codes.max() < MOST_VALUES}
    if not 1 < len(coded) <= MOST_COLUMNS or len(y) < FEWEST or int(y.max()) >= MOST_CLASSES:
        return []
    names, classes = list(coded), int(y.max()) + 1
    base = float(np.bincount(y).max() / len(y))
    most = base + (1 - base) * ALONE
    limit = math.log(CHANCE) - math.log(len(names) ** 2 / 2)
    found = []
    for i, first in enumerate(names):
        scaled = coded[first] * classes * MOST_VALUES + y
        for second in names[i + 1 :]:
            cells = np.bincount(scaled + coded[second] * classes, minlength=1)
            cells = np.append(cells, np.zeros(-len(cells) % classes, cells.dtype)).reshape(-1, classes)
            if (np.count_nonzero(cells, axis=1) > 1).any():
                continue
            joint = coded[first] * MOST_VALUES + coded[second]
            alone = max(right_by_value(coded[name], y) for name in (first, second))
            repeated = right_by_value(joint, y) >= REPEATED
            if repeated and alone <= most and chance_of_pure(joint, y) < limit:
                found.append((first, second, "its combination with {!r}"))
    return found[:SHOWN]
