"""Rows that are equal to others though nobody copied them: by chance, as in a table of few categories, or since one
subject was measured again.
"""

import numpy as np

from goodfit.data.agreement import equal_pairs, twins_by_agreement
from goodfit.leaks.duplicates import Rows, TwinRows, target_groups

SAMPLE = 2000  # rows that the columns' values are counted in
CHANCE_SHARE = 0.1  # of the twins that are there: if chance would make as many, copies cannot be told from it
MANY = 5  # equal rows with different targets, from which on they were measured again, and not copied
COMMON, FEW_PATTERNS = 10, 3  # equal rows, of so few kinds: each a common answer
REPEATS, OTHER_TARGETS = 0.25, 0.1  # of the rows repeat others, and of the twins have another target: as panels have


def twins_expected(x: np.ndarray, groups: Rows, rows: Rows, others: Rows, count: int) -> float:
    """How many of the `rows` chance would give a twin among the others, where `count` have one.

    groups: of `exact_groups`. The larger of two estimates: of columns that are independent of one another, and of
    columns that depend on one another as far as pairs of different rows show (`twins_by_agreement`); the first alone
    where there are too few pairs.
    """
    independent = twins_by_chance(x, rows, others, groups)
    if independent >= CHANCE_SHARE * count or _one_varies(x[np.concatenate([rows, others])[:SAMPLE]]):
        return independent
    a, b = (np.unique(groups[each]).astype(np.int32) for each in (rows, others))
    shared = len(np.intersect1d(a, b))
    return max(independent, count * min(1.0, twins_by_agreement(x, a, b, shared) / shared))


def measured_again(groups: Rows, y: np.ndarray, twins: TwinRows, others: Rows, changed: int) -> bool:
    """Whether equal rows are rather repeated measurements, or common answers, than copies.

    changed: how many of the twins have another target than their twin. So it is where at least half of the twins stand
    in groups of MANY equal rows with different targets; where many of the others are equal, too, and the targets
    differ; or where few kinds of rows are common.
    """
    both = np.concatenate([twins.rows, others])
    targets = target_groups(y)[both]
    kinds, codes = np.unique(groups[both], return_inverse=True)
    sizes = np.bincount(codes)
    first = np.full(len(kinds), -1, targets.dtype)
    first[codes] = targets
    mixed = np.bincount(codes, weights=targets != first[codes]) > 0
    of_twins = codes[: len(twins)]
    if (mixed & (sizes >= MANY))[of_twins].mean() >= 0.5:
        return True
    if 1 - len(np.unique(groups[others])) / len(others) >= REPEATS and changed >= OTHER_TARGETS * len(twins):
        return True
    return bool(len(np.unique(of_twins)) <= FEW_PATTERNS and (sizes[of_twins] >= COMMON).all())


def twins_by_chance(x: np.ndarray, rows: Rows, others: Rows, groups: Rows | None = None) -> float:
    """The number of `rows` that would have a twin among the others, were the columns independent of one another.

    Two rows agree in a column with probability sum p^2, with p the shares of its values; in all columns, with the
    product of these. Columns that depend on one another agree more often: this is a lower limit. groups: of
    `exact_groups`; with them, p is counted over pairs of different rows, so that copies do not explain themselves.
    """
    rows_of_both = np.sort(np.concatenate([rows, others]))
    some = rows_of_both[:: max(1, len(rows_of_both) // SAMPLE)]
    alike = 0.0 if groups is None else equal_pairs(groups[some])
    if groups is not None and _one_varies(x[some]):
        # Different rows never agree in the only column that varies: there, one pair of each value may be a copy.
        _, codes = np.unique(groups[some], return_inverse=True)
        alike = 2.0 * np.count_nonzero(np.bincount(codes) > 1)
    different = len(some) * (len(some) - 1) - alike
    if different <= 0:
        return float(len(rows)) if alike else 0.0
    log = 0.0
    for column in x[some].T:
        agree = (equal_pairs(column) - alike) / different
        if agree <= 0:
            return 0.0
        log += float(np.log(agree))
    with np.errstate(under="ignore"):
        return float(len(rows) * -np.expm1(len(others) * np.log1p(-min(np.exp(log), 1 - 1e-12))))


def _one_varies(x: np.ndarray) -> bool:
    return bool(np.count_nonzero((x != x[:1]).any(axis=0)) < 2)
