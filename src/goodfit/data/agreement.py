"""How much two rows of a table agree, and how many pairs of different rows agree that much by chance.

A column in which two rows have the same value speaks for their being copies, the more the rarer such pairs are: its
weight is -log(share of pairs of different rows that agree in it), in nats, and less where another column implies it.
The evidence of a pair is the sum over the columns in which it agrees. Columns that depend on one another in other ways
are allowed for by the tail of that sum: how fast the number of pairs falls as the evidence rises is measured on pairs
of different rows, and continued.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from goodfit.data.streams import generator

Rows = NDArray[np.int32]
BLOCK_VALUES = 4_000_000  # numbers that a block of rows holds at most, so that memory stays bounded
SAMPLED_VALUES = 8_000_000  # cells that are compared to measure a tail
MOST_COLUMNS = 800  # drawn to measure a tail, so that memory stays within some 10,000 pairs of so many
TAIL = 10  # the slope of the tail is measured between two levels of evidence of which one has TAIL times the pairs
FEWEST_IN_TAIL = 30  # pairs of the sample above the upper level
FEWEST_TOGETHER = 10  # pairs that agree in two columns, below which nothing is said of how these depend
HEAVY = 0.8  # of the slope that was measured: where rows are of several kinds, the tail falls ever more slowly
PARTS = 4  # parts of the columns: rows that differ in fewer columns than that agree in one part entirely
MOST_ALIKE = 32  # rows that agree in a part; more are alike by chance, or copies of one row
MOST_VALUES = 8_000_000  # cells of the candidates; where there are more, rows agree too often to be copies
GAP = 0.5  # pairs that fall short of it by one factor TAIL, for each that is told: a tail has TAIL - 1
SURE = 0.01  # pairs so alike that may be expected by chance in the whole table


@dataclass(frozen=True, eq=False)
class Tail:
    """How many pairs of different rows agree at least so much.

    columns: those that evidence is summed over [K]: all, or MOST_COLUMNS drawn where there are more; weights: theirs,
    in nats [K]; level: an evidence in nats; pairs: how many pairs reach it; slope: by how much the logarithm of their
    number falls for each nat beyond it.
    """

    columns: NDArray[np.intp]
    weights: NDArray[np.float64]
    level: float
    pairs: float
    slope: float

    def expected(self, evidence: float) -> float:
        """Pairs with at least this evidence, at or beyond `level`, by chance."""
        return self.pairs * math.exp(-self.slope * max(0.0, evidence - self.level))

    def reached_by(self, pairs: float) -> float:
        """The evidence that so many pairs have by chance."""
        return self.level + max(0.0, math.log(self.pairs / pairs)) / self.slope


def tail_of(x: np.ndarray, rows: Rows, others: Rows, above: float, without: float | None = None) -> Tail | None:
    """The tail of the evidence between different rows of a table [N, D], or None where there are too few pairs to
    measure it on.

    rows, others: two sets of rows without repeats of a row in them; where both are the same set, each pair counts
    twice. above: how many pairs the upper level must have at least; without: where some of the pairs are themselves to
    be explained, how many of those that agree most are left out; columns are then weighed each alone, since those pairs
    would make them seem to depend on one another.
    """
    rng, columns = generator(0, "agreement"), np.arange(x.shape[1])
    if len(columns) > MOST_COLUMNS:
        columns = np.sort(generator(0, "columns").choice(columns, MOST_COLUMNS, replace=False))
    most = max(10_000, SAMPLED_VALUES // max(1, len(columns)))
    first = min(len(rows), max(math.isqrt(most), most // max(1, len(others))))
    second = min(len(others), max(1, most // max(1, first)))
    a, b = rng.choice(rows, first, replace=False), rng.choice(others, second, replace=False)
    differ = a[:, None] != b[None, :]
    count = int(differ.sum())
    if not count:
        return None
    one, two, off = x[np.ix_(a, columns)].T, x[np.ix_(b, columns)].T, differ.ravel()
    agree = np.stack([(one[i][:, None] == two[i][None, :]).ravel()[off] for i in range(len(columns))])  # [K, pairs]
    weights = _weights(agree, alone=without is not None)
    evidence = weights.astype(np.float32) @ agree.astype(np.float32)
    return _tail(evidence, (columns, weights), len(rows) * len(others) / differ.size, above, without or 0.0)


def _weights(agree: NDArray[np.bool_], *, alone: bool) -> NDArray[np.float64]:
    """Nats [D] of each column: -log(share of the pairs that agree in it), or of those that agree in another column that
    more pairs agree in, where that share is larger and `alone` is false: columns that follow from another one then add
    nothing to it.
    """
    columns, pairs = agree.shape
    share = np.maximum(np.count_nonzero(agree, axis=1), 0.5) / pairs
    if alone:
        return _nats(share)
    step = max(1, pairs * columns**2 // 300_000_000)
    some = agree[:, ::step].astype(np.float32)
    both = some @ some.T
    order = np.argsort(-share, kind="stable")
    for place, column in enumerate(order):
        before = order[:place]
        before = before[both[before, column] >= FEWEST_TOGETHER]
        given = both[before, column] / both[before, before]
        share[column] = max(share[column], given.max(initial=0.0))
    return _nats(share)


def _nats(share: NDArray[np.float64]) -> NDArray[np.float64]:
    found: NDArray[np.float64] = -np.log(np.minimum(share, 1.0))
    return found


def _tail(
    evidence: NDArray[np.float32],
    weighed: tuple[NDArray[np.intp], NDArray[np.float64]],
    scale: float,
    above: float,
    without: float,
) -> Tail | None:
    out = math.ceil(without / scale)
    wanted = math.ceil(max(FEWEST_IN_TAIL, above / scale))
    if out + wanted > len(evidence) / 2:
        return None
    upper, many = _level(evidence, out + wanted)
    lower, more = _level(evidence, min(len(evidence), out + TAIL * (many - out)))
    slope = 1.0 if lower >= upper else math.log((more - out) / (many - out)) / (upper - lower)
    return Tail(*weighed, upper, (many - out) * scale, max(HEAVY * min(slope, 1.0), 1e-9))


def _level(evidence: NDArray[np.float32], count: int) -> tuple[float, int]:
    """The highest level that at least `count` pairs reach, and how many do."""
    level = float(np.partition(evidence, len(evidence) - count)[len(evidence) - count])
    return level, int(np.count_nonzero(evidence >= level - 1e-3))


def twins_by_agreement(x: np.ndarray, rows: Rows, others: Rows, twins: int) -> float:
    """How many different rows would stand both in `rows` and in `others` by chance, with the columns as they depend.

    rows, others: without repeats in themselves; twins: how many are there. 0.0 where there are too few pairs to say.
    """
    tail = tail_of(x, rows, others, 3.0 * twins)
    return 0.0 if tail is None else tail.expected(float(tail.weights.sum()))


@dataclass(frozen=True, eq=False)
class PartialTwins:
    """Pairs of rows that agree in nearly all columns, though chance would make no such pair.

    rows, partners: int32; differing: how many columns differ.
    """

    rows: Rows
    partners: Rows
    differing: NDArray[np.int32]


def partial_twins(x: np.ndarray, rows: Rows) -> PartialTwins:
    """Pairs among these rows, no two of which are equal, that differ in at most half of the columns that vary.

    Columns are dealt into PARTS by their weights; pairs that agree in a part are candidates. Of pairs that differ in
    PARTS or more columns, some are missed. Those are told whose evidence chance would reach in SURE pairs of the table;
    and none where others fall just short of it, as in any tail, for copies stand apart.
    """
    nothing = PartialTwins(*(np.empty(0, np.int32) for _ in range(3)))
    if len(rows) < FEWEST_IN_TAIL:
        return nothing
    some = generator(0, "weights").choice(rows, min(len(rows), 300), replace=False)
    rarity = np.array([equal_pairs(column) for column in x[some].T]) / (len(some) * (len(some) - 1))
    varying = np.flatnonzero(rarity < 1)
    evidence = -np.log(np.maximum(rarity[varying], 1 / len(some) ** 2)).sum()  # of independent columns: at most so much
    if len(varying) < PARTS or evidence < math.log(len(rows) ** 2 / 2 / SURE):
        return nothing
    i, j = _candidates(x, rows, varying[np.argsort(rarity[varying], kind="stable")])
    if not len(i):
        return nothing
    differ = np.concatenate([x[rows[i[part]]] != x[rows[j[part]]] for part in blocks(len(i), x.shape[1])])
    differing = np.count_nonzero(differ, axis=1).astype(np.int32)
    near = differing <= len(varying) // 2
    count = 2.0 * np.count_nonzero(near)  # both orders of a pair count
    tail = tail_of(x, rows, rows, count, count) if count else None
    if tail is None:
        return nothing
    least = tail.reached_by(2 * SURE)
    evidence = tail.weights.sum() - differ[:, tail.columns].astype(np.float32) @ tail.weights
    kept = near & (evidence >= least)
    short = (evidence < least) & (evidence >= least - math.log(TAIL) / tail.slope)
    if np.count_nonzero(short) > GAP * np.count_nonzero(kept):
        return nothing
    return PartialTwins(rows[i[kept]], rows[j[kept]], differing[kept])


def equal_pairs(column: np.ndarray) -> float:
    """Ordered pairs of rows that have the same value in a column."""
    counts = np.unique(column, return_counts=True)[1].astype(float)
    return float((counts * (counts - 1)).sum())


def _candidates(x: np.ndarray, rows: Rows, columns: NDArray[np.intp]) -> tuple[Rows, Rows]:
    """Places in `rows` of the pairs that agree in one of the parts of the columns; none where these are too many to be
    copies, and to be compared.
    """
    keys = np.zeros((x.shape[1], PARTS), np.uint64)
    for part in range(PARTS):
        some = columns[part::PARTS]
        keys[some, part] = generator(part, "hashes").integers(1, 2**63, len(some), np.uint64) * 2 + 1
    hashes = row_hashes(x, keys)[rows]
    pairs = [np.empty(0, np.int64)]
    left = MOST_VALUES // x.shape[1]
    for part in range(PARTS):
        order = np.argsort(hashes[:, part])
        ordered = hashes[order, part]
        starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
        sizes = np.diff(np.append(starts, len(ordered)))
        few = np.repeat((sizes > 1) & (sizes <= MOST_ALIKE), sizes)
        for step in range(1, MOST_ALIKE):
            found = np.flatnonzero((ordered[step:] == ordered[:-step]) & few[step:])
            if not len(found):
                break
            left -= len(found)
            if left < 0:
                return np.empty(0, np.int32), np.empty(0, np.int32)
            low, high = order[found], order[found + step]
            pairs.append(np.minimum(low, high) * len(rows) + np.maximum(low, high))
    both = np.unique(np.concatenate(pairs))
    return (both // max(1, len(rows))).astype(np.int32), (both % max(1, len(rows))).astype(np.int32)


def row_hashes(x: np.ndarray, keys: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Sums of the bits of each row's values times odd random numbers, modulo 2^64: [N, K] for keys [D, K].

    Equal rows have equal sums, 0.0 and -0.0 being equal; others hardly ever.
    """
    found = np.empty((len(x), keys.shape[1]), np.uint64)
    for part in blocks(len(x), x.shape[1]):
        np.matmul(_bits(x[part]), keys, out=found[part])
    return found


def _bits(rows: np.ndarray) -> NDArray[np.uint64]:
    if rows.dtype == np.float32:
        return (rows + np.float32(0)).view(np.uint32).astype(np.uint64)
    if rows.dtype.kind == "f":
        return (rows.astype(np.float64) + 0.0).view(np.uint64)
    return rows.astype(np.int64).view(np.uint64)


def blocks(n_rows: int, width: int) -> Iterator[slice]:
    """Slices over rows of `width` values, each within BLOCK_VALUES."""
    step = max(1, BLOCK_VALUES // max(1, width))
    return (slice(start, min(start + step, n_rows)) for start in range(0, n_rows, step))


def merged(groups: Rows, rows: Rows, partners: Rows) -> Rows:
    """Groups of rows [N] with those of each pair made one, each named by its lowest row: int32 [N].

    groups: for each row the number of the first row of its group; rows, partners: pairs of such first rows.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    if not len(rows):
        return groups
    links = coo_array((np.ones(len(rows)), (rows, partners)), shape=(len(groups), len(groups)))
    parts = connected_components(links, directed=False)[1][groups]
    _, first, of_rows = np.unique(parts, return_index=True, return_inverse=True)
    return first[of_rows].astype(np.int32)
