"""Rows of one part of a data set that stand in another part too: exactly, or nearly."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from goodfit.data.agreement import blocks, row_hashes
from goodfit.data.streams import generator

Rows = NDArray[np.int32]
Matches = Iterator[tuple[Rows, Rows, NDArray[np.float32]]]
"""Batches of (positions among the queries, positions among the others, distances)."""


@dataclass(frozen=True, eq=False)
class TwinRows:
    """The rows of one part that have a twin in another part; a twin is a row with the same, or nearly the same, inputs.

    rows: row numbers in the part, sorted; partners: for each, its nearest twin in the other part; distances: float32,
    for each, how far that one is (0 where exact; the unit is that of the search); others: the other part's rows that
    have a twin here, sorted.
    """

    rows: Rows
    partners: Rows
    distances: NDArray[np.float32]
    others: Rows

    def __len__(self) -> int:
        """How many rows of the part have a twin."""
        return len(self.rows)


def exact_groups(x: np.ndarray) -> Rows:
    """For each row of a table [N, D], the number of the first row with the same values: int32 [N].

    Rows are found by a 64-bit hash of their values and then compared with their first row, so that rows with one hash
    but other values are never taken for equal. 0.0 and -0.0 are equal. Takes time in proportion to N * D.
    """
    _, first, of_rows = np.unique(_hashes(x), return_index=True, return_inverse=True)
    groups = first[of_rows].astype(np.int32)
    for part in blocks(len(x), x.shape[1]):
        numbers = np.arange(part.start, part.stop, dtype=np.int32)
        later = np.flatnonzero(groups[part] != numbers) + part.start
        other = (x[later] != x[groups[later]]).any(axis=1)
        groups[later[other]] = later[other]
    return groups


def _hashes(x: np.ndarray) -> NDArray[np.uint64]:
    keys = generator(0, "hashes of rows").integers(0, 2**63, (x.shape[1], 1), np.uint64) * 2 + 1
    return row_hashes(x, keys)[:, 0]


def target_groups(y: np.ndarray) -> Rows:
    """The same of targets [N] or [N, C]: equal numbers where these are equal."""
    if y.ndim == 2 and y.shape[1] > 1:
        return exact_groups(y)
    return np.unique(y, return_inverse=True)[1].ravel().astype(np.int32)


def exact_twins(groups: Rows, rows: Rows, others: Rows) -> TwinRows:
    """The rows that have an exact twin among the others, by the groups of `exact_groups`; the partner is the lowest."""
    partners = lowest_rows(groups, others)[groups[rows]]
    kept = np.flatnonzero(partners >= 0)
    kept = kept[np.argsort(rows[kept])]
    shared = np.isin(groups[others], groups[rows[kept]])
    return TwinRows(rows[kept], partners[kept], np.zeros(len(kept), np.float32), np.sort(others[shared]))


def relabelled(groups: Rows, y: np.ndarray, rows: Rows, others: Rows) -> tuple[Rows, Rows]:
    """(rows, partners): the rows with an exact twin among the others whose target differs, and one such twin of each.

    y: targets of all rows, [N] or [N, C]. Two different targets among the others suffice, for a row has one target.
    """
    targets = target_groups(y)
    first = lowest_rows(groups, others)
    second = lowest_rows(groups, others[targets[others] != targets[first[groups[others]]]])
    rows = np.sort(rows[first[groups[rows]] >= 0])
    of_rows = groups[rows]
    partners = np.where(targets[rows] != targets[first[of_rows]], first[of_rows], second[of_rows])
    return rows[partners >= 0], partners[partners >= 0]


def lowest_rows(groups: Rows, rows: Rows) -> Rows:
    """For each group, the lowest of the rows that is in it, or -1: int32, as long as `groups`."""
    lowest = np.full(len(groups), -1, np.int32)
    backwards = np.sort(rows)[::-1]
    lowest[groups[backwards]] = backwards  # the last one written stays
    return lowest


def nearest_twins(matches: Matches, rows: Rows, others: Rows) -> TwinRows:
    """What a search for near twins found, gathered: each row with its nearest partner.

    matches: positions in `rows` and in `others`, and their distances; a pair may come more than once.
    """
    best = np.full(len(rows), np.inf, np.float32)
    partner = np.full(len(rows), -1, np.int32)
    hit = np.zeros(len(others), bool)
    for i, j, distance in matches:
        hit[j] = True
        order = np.lexsort((others[j], distance, i))
        row, at = np.unique(i[order], return_index=True)
        other, near = others[j[order][at]], distance[order][at]
        better = (near < best[row]) | ((near == best[row]) & (other < partner[row]))
        best[row[better]], partner[row[better]] = near[better], other[better]
    found = np.flatnonzero(partner >= 0)
    found = found[np.argsort(rows[found])]
    return TwinRows(rows[found], partner[found], best[found], np.sort(others[hit]))
