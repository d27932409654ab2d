"""What rows are divided by, where not by chance alone: groups that stay together, and time, which runs one way."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from goodfit.data.dataset import Dataset
from goodfit.errors import InputError, problem

Rows = NDArray[np.int32]


def group_codes(labels: Iterable[Any]) -> NDArray[np.int64]:
    """The number of each row's group [N], in the order of first appearance; -1 for None and NaN, which are no group.

    Raises TypeError for labels that cannot be told apart by a dict.
    """
    known: dict[Any, int] = {}
    given = labels.tolist() if hasattr(labels, "tolist") else labels
    return np.array(
        [-1 if label is None or label != label else known.setdefault(label, len(known)) for label in given], np.int64
    )


def own_groups(codes: NDArray[np.int64]) -> NDArray[np.int64]:
    """The same with a group of its own for every row that belongs to none."""
    alone = codes < 0
    found = codes.copy()
    found[alone] = codes.max(initial=-1) + 1 + np.arange(alone.sum())
    return found


def with_division(data: Dataset, groups: Any = None, time: Any = None) -> Dataset:
    """The data set with other groups or times, one for each of its rows; itself where neither is given."""
    if groups is None and time is None:
        return data
    from dataclasses import replace

    for name, column in (("groups", groups), ("time", time)):
        if isinstance(column, str):
            rule = f"{name!r} can be a column name only for a table; {data.name!r} is a data set"
            raise InputError(problem("Data", rule, got=column, fix="Give one value per row."))
    return replace(data, groups=data.groups if groups is None else groups, time=data.time if time is None else time)


def take_groups(groups: NDArray[np.int64], count: int, rng: np.random.Generator, leave: int) -> NDArray[np.bool_]:
    """[n] which of the rows are taken: whole groups in random order, as long as there are at most `count` rows.

    At least one group is taken, the smallest where all are larger than `count`, and `leave` are left. ValueError where
    there are not so many.
    """
    _, codes, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    if len(sizes) <= leave:
        raise ValueError(f"{len(sizes)} group{'s' * (len(sizes) > 1)}")
    taken, rows = np.zeros(len(sizes), bool), 0
    for group in rng.permutation(len(sizes)):
        if rows + sizes[group] <= count and taken.sum() < len(sizes) - leave:
            taken[group] = True
            rows += sizes[group]
    if not taken.any():
        taken[sizes.argmin()] = True
    found: NDArray[np.bool_] = taken[codes.ravel()]
    return found


def take_latest(time: NDArray[np.float64], count: int, leave: int) -> NDArray[np.bool_]:
    """[n] which of the rows are taken: the latest, about `count` of them. Rows of one time stay together.

    `leave` different times at least are left. ValueError where there are not so many.
    """
    ordered = np.sort(time)
    starts = np.flatnonzero(ordered[1:] != ordered[:-1]) + 1  # where another time begins
    if len(starts) < leave:
        raise ValueError(f"{1 + len(starts)} time{'s' * (len(starts) > 0)}")
    starts = starts[leave - 1 :]
    cut = starts[np.abs(starts - (len(time) - count)).argmin()]
    found: NDArray[np.bool_] = time >= ordered[cut]
    return found
