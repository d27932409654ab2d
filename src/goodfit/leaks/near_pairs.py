"""All pairs of rows of a data set that are nearly equal. They do not depend on how its rows are divided, so that they
are searched once; a search that took long is kept in the user's cache.
"""

import hashlib
import math
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from goodfit.data.cache import keep, user_cache
from goodfit.data.dataset import Dataset
from goodfit.data.npz import read_npz
from goodfit.errors import GoodfitError
from goodfit.leaks import near_rows
from goodfit.leaks.duplicates import Matches, Rows
from goodfit.leaks.near_images import DETAIL, LIKENESS, TooManyCandidates, can_compare, near_images
from goodfit.reading import read_bytes

KEPT_SECONDS = 0.3  # a search that takes longer is kept
FORMAT = f"1 {LIKENESS} {DETAIL} {near_rows.ROUNDING} {near_rows.FINEST}"  # what else a kept search depends on
# Seconds on one core, measured on Fashion-MNIST and parts of it, and on tables of 8 to 784 columns:
IMAGES, IMAGE_VALUE, IMAGE_PAIR = 0.2, 4e-8, 2e-9  # in any case, for each grey level, and for each pair of images
ROW_VALUE, ROW_PAIR = 1.5e-8, 1e-8  # for each value of the table and of the pairs sampled of it; of each candidate


class TooLong(Exception):
    """The search would take longer than it may. seconds: predicted."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"{seconds:.3g} s")
        self.seconds = seconds


@dataclass(frozen=True, eq=False)
class NearPairs:
    """Pairs of rows that are nearly equal, of rows with the same inputs only the first.

    rows, partners: row numbers, the pair in any order; distances: float32, in the unit of the search; trouble: why near
    twins cannot be told; then there are no pairs.
    """

    rows: Rows
    partners: Rows
    distances: NDArray[np.float32]
    trouble: str = ""

    def __len__(self) -> int:
        """How many pairs."""
        return len(self.rows)

    def between(self, some: Rows, others: Rows) -> Matches:
        """The pairs of one of these rows and one of the others, by their positions in both."""
        at = np.full((2, 1 + max(part.max(initial=-1) for part in (self.rows, self.partners, some, others))), -1)
        at[0, some], at[1, others] = np.arange(len(some)), np.arange(len(others))
        for i, j in ((self.rows, self.partners), (self.partners, self.rows)):
            hit = (at[0, i] >= 0) & (at[1, j] >= 0)
            yield at[0, i[hit]].astype(np.int32), at[1, j[hit]].astype(np.int32), self.distances[hit]


def near_pairs(data: Dataset, groups: Rows, most_seconds: float = math.inf) -> NearPairs:
    """All near pairs among the rows of a data set.

    groups: of its rows, by `exact_groups`. most_seconds: that the search may take, as predicted; TooLong if it would
    take longer, unless its result was kept.
    """
    rows = np.unique(groups).astype(np.int32)
    images = can_compare(data.image_shape)
    predicted = _seconds(data, len(rows), images=images)
    path = _path(data) if predicted > KEPT_SECONDS else None
    if path is not None and (kept := _read(path, len(data))) is not None:
        return kept
    if predicted > most_seconds:
        raise TooLong(predicted)
    began = time.perf_counter()
    found = _of_images(data, rows) if images else _of_rows(data, rows, most_seconds)
    if path is not None and time.perf_counter() - began > KEPT_SECONDS:
        _keep(path, found)
    return found


def _seconds(data: Dataset, rows: int, *, images: bool) -> float:
    """Predicted, without what depends on how many rows are alike."""
    if images:
        return IMAGES + IMAGE_VALUE * data.x.size + IMAGE_PAIR * rows**2
    return ROW_VALUE * (data.x.size + near_rows.SAMPLE * data.n_inputs)


def _of_images(data: Dataset, rows: Rows) -> NearPairs:
    if data.image_shape is None:
        return _told("")
    try:
        return _gathered(near_images(data.x, data.image_shape, rows, rows), rows)
    except TooManyCandidates:
        return _told("too many images are similar to compare them all")


def _of_rows(data: Dataset, rows: Rows, most_seconds: float) -> NearPairs:
    spread = near_rows.spread_of(data.x, rows)
    limit = near_rows.limit_of(data.x, spread, rows, rows)
    if not limit:
        return _told("rows are that close by chance")
    candidates, matches = near_rows.near_rows(data.x, spread, limit, rows, rows)
    if ROW_PAIR * data.n_inputs * candidates > most_seconds:
        raise TooLong(ROW_PAIR * data.n_inputs * candidates)
    return _told("too many rows are similar to compare them all") if matches is None else _gathered(matches, rows)


def _gathered(matches: Matches, rows: Rows) -> NearPairs:
    found = [(rows[i[i != j]], rows[j[i != j]], distance[i != j]) for i, j, distance in matches]
    found.insert(0, (rows[:0], rows[:0], np.empty(0, np.float32)))
    first, second, distances = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return NearPairs(first, second, distances)


def _told(trouble: str) -> NearPairs:
    return NearPairs(np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0, np.float32), trouble)


def _path(data: Dataset) -> Path:
    """Where the search of this data set is kept."""
    digest = hashlib.blake2b(f"{FORMAT} {data.image_shape} {data.x.shape} {data.x.dtype}".encode(), digest_size=16)
    digest.update(np.ascontiguousarray(data.x).data)
    return user_cache() / "near-twins" / f"{digest.hexdigest()}.npz"


def _read(path: Path, rows: int) -> NearPairs | None:
    """A search that was kept; None where there is none, or it is damaged."""
    try:
        kept = read_npz(read_bytes(path))
        found = NearPairs(kept["rows"], kept["partners"], kept["distances"], str(kept["trouble"]))
    except (OSError, ValueError, KeyError):
        return None
    ends = (found.rows, found.partners)
    sound = all(end.dtype == np.int32 and end.shape == found.distances.shape for end in ends)
    sound = sound and found.distances.dtype == np.float32
    return found if sound and all(((end >= 0) & (end < rows)).all() for end in ends) else None


def _keep(path: Path, found: NearPairs) -> None:
    """Keep a search; where the cache cannot be written, it is made again the next time."""
    try:
        keep(path, lambda file: np.savez(file, **vars(found)))
    except GoodfitError:
        return
