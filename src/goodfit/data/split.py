"""Which rows train, which validate, which test."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, get_args

import numpy as np

from goodfit.arguments import public
from goodfit.data.dataset import Dataset, rows_fault
from goodfit.data.dividing import group_codes, own_groups, take_groups, take_latest
from goodfit.data.sealed import Sealed
from goodfit.data.streams import checked_seed, generator, is_number
from goodfit.errors import InputError, Problems, nearest, problem

Part = Literal["train", "valid", "test"]
TEST_SHARE = 0.2  # of all rows, where a data set has no official test rows and nothing else was asked for


@dataclass(frozen=True, eq=False, repr=False, init=False)
class Split:
    """A data set with its rows divided; the three parts share no row. Made by `split`, or by hand.

    valid and test may be empty, train may not. Official test rows of the data set may stand in `test` only.
    """

    data: Dataset  # whose rows they are
    train: np.ndarray
    """Rows to train on, int32."""
    valid: np.ndarray
    """Rows to choose by (early stopping, settings), int32."""
    test: Sealed
    """Rows to score once: `test.open(net)` does, and records it. Their numbers: `rows("test")`."""
    seed: int = 0
    """The seed that drew it."""
    folds: np.ndarray | None = None
    """The fold of each training row, from 0, int32, for nets that are each validated on a fold; None without folds."""

    def __init__(
        self,
        data: Dataset,
        train: np.ndarray,
        valid: np.ndarray,
        test: np.ndarray | Sealed,
        seed: int = 0,
        folds: np.ndarray | None = None,
    ) -> None:
        """Check the rows and make them read-only."""
        parts = {"train": np.asarray(train), "valid": np.asarray(valid), "test": np.asarray(test)}
        rows = _checked(data, parts)
        fields = {"data": data, **rows, "test": Sealed(data, rows["test"]), "seed": seed}
        fields["folds"] = None if folds is None else _checked_folds(np.asarray(folds), rows)
        for name, value in fields.items():
            object.__setattr__(self, name, value)

    def rows(self, part: Part) -> np.ndarray:
        """Row numbers of a part ("train", "valid", "test"), int32."""
        if part not in get_args(Part):
            raise InputError(problem("Split", "unknown part", got=part, fix=nearest(part, get_args(Part))))
        chosen: np.ndarray = self.test.rows if part == "test" else getattr(self, part)
        return chosen

    def x(self, part: Part) -> np.ndarray:
        """Inputs of a part [rows, D], in storage type; a copy, gathered at each call."""
        inputs: np.ndarray = self.data.x[self.rows(part)]
        return inputs

    def y(self, part: Part) -> np.ndarray:
        """Targets of a part, [rows] or [rows, C]; a copy, gathered at each call. Those of test rows are sealed."""
        if part == "test":
            fix = "Score with split.test.open(net); split.data.y[split.rows('test')] bypasses the ledger."
            raise InputError(problem("Split", "the targets of the test set are sealed", fix=fix))
        targets: np.ndarray = self.data.y[self.rows(part)]
        return targets

    @property
    def sizes(self) -> dict[str, int]:
        """Number of rows of each part."""
        return {part: len(self.rows(part)) for part in get_args(Part)}

    def with_valid(self, net: int = 0) -> Split:
        """The same rows with the fold that validated a net as validation rows; itself where there are no folds.

        net: its number in the run, of fold net % folds.
        """
        if self.folds is None:
            return self
        own = self.folds == net % (int(self.folds.max()) + 1)
        return Split(self.data, self.train[~own], self.train[own], self.rows("test"), self.seed)

    def __repr__(self) -> str:
        """One line: data set, sizes, seed."""
        shown = ", ".join(f"{size} {part}" for part, size in self.sizes.items())
        return f"Split({self.data.name!r}, {shown}, seed {self.seed})"


def _checked(data: Dataset, parts: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The rows of each part, int32 and read-only; InputError for what is wrong with them."""
    problems, checked = Problems(), {}
    n_rows = len(data)
    uses = np.zeros(n_rows, np.int32)
    for part, rows in parts.items():
        fault = rows_fault(rows, n_rows)
        if fault:
            problems.add("Split", f"'{part}' must hold different row numbers from 0 to {n_rows - 1}", got=fault)
            continue
        uses[rows.astype(np.int32)] += 1
        view = rows.astype(np.int32, copy=False).view()
        view.flags.writeable = False
        checked[part] = view
    problems.raise_if_any()
    if uses.max() > 1:
        row = int(uses.argmax())
        problems.add("Split", "every row must be in one part only; a row is in two or more", got=row)
    if not checked["train"].size:
        problems.add("Split", "'train' must have rows; it has none")
    official = np.zeros(n_rows, bool)
    official[data.test] = True
    leaked = int(official[checked["train"]].sum() + official[checked["valid"]].sum())
    if leaked:
        rule = f"official test rows of {data.name!r} must stay in the test set; some are in another part"
        problems.add("Split", rule, got=leaked)
    problems.raise_if_any()
    return checked


def _checked_folds(folds: np.ndarray, rows: Mapping[str, np.ndarray]) -> np.ndarray:
    """The fold of each training row, int32 and read-only; InputError for what is wrong with them."""
    problems = Problems()
    if folds.dtype.kind not in "iu" or folds.shape != rows["train"].shape:
        rule = f"'folds' must hold a whole number for each of the {len(rows['train'])} training rows"
        problems.add("Split", rule, got=f"{folds.dtype}, {folds.shape}")
    elif len(rows["valid"]):
        problems.add("Split", "'folds' validate on training rows: 'valid' must be empty", got=len(rows["valid"]))
    elif not (np.bincount(np.maximum(folds, 0)) > 0).all() or folds.min() != 0 or folds.max() < 1:
        problems.add("Split", "'folds' must be numbered from 0, two or more, none without rows", got=np.unique(folds))
    problems.raise_if_any()
    view = folds.astype(np.int32).view()
    view.flags.writeable = False
    return view


@public
def split(data: Dataset, *, valid: float = 0.1, test: float | None = None, seed: int = 0) -> Split:
    """Divide the rows at random, the same for the same seed; no row is lost but those of weight 0.

    Classification is stratified: in the test and in the validation part, each class has the whole number of rows just
    below or just above its exact share, and the last row of a class leaves training only where it cannot be avoided.
    Where the data set has `groups`, a part gets whole groups instead: as many rows as its share, or fewer, but at least
    one group. Where it has `time`, the latest rows test, the latest before them validate, and the rest trains; rows of
    one time stay together. Official test rows are test rows in any case.
    The order of the train and validation rows is shuffled. Raises InputError for shares that leave a part without rows.

    data: whose rows are divided
    valid: share of the rows that are not test rows, in [0, 1); rounded to whole rows (halves up).
    test: share of all rows, in [0, 1). None means the official test rows, or, where there are none, 0.2 of the rows; a
    data set with official test rows takes no other share: those rows stay its test rows, in their own order.
    seed: which rows are drawn for which part
    """
    seed = checked_seed(seed, "split")
    problems = Problems()
    for name, value in (("valid", valid), ("test", test)):
        if value is not None and not (is_number(value) and 0 <= value < 1):
            problems.add("split", f"'{name}' must be a fraction in [0, 1)", got=value)
    if test is not None and data.test.size:
        fix = "Omit 'test'; use 'valid' to hold out data."
        problems.add("split", f"{data.name!r} has an official test set, which cannot be changed", got=test, fix=fix)
    problems.raise_if_any()
    some = np.ones(len(data), bool) if data.weight is None else data.weight > 0
    left = np.setdiff1d(np.flatnonzero(some).astype(np.int32), data.test, assume_unique=True)
    test_rows = data.test[some[data.test]]
    if not data.test.size:
        share = TEST_SHARE if test is None else test
        left, test_rows = _take(data, left, share, generator(seed, "split/test"), "test", problems, 1 + (valid > 0))
        problems.raise_if_any()
    left, valid_rows = _take(data, left, valid, generator(seed, "split/valid"), "valid", problems)
    problems.raise_if_any()
    train = generator(seed, "split/train").permutation(left)
    return Split(data=data, train=train, valid=valid_rows, test=test_rows, seed=seed)


def _take(
    data: Dataset,
    rows: np.ndarray,
    share: float,
    rng: np.random.Generator,
    name: str,
    problems: Problems,
    leave: int = 1,
) -> tuple[np.ndarray, np.ndarray]:
    """(rows that stay, rows that are taken, shuffled): `share` of the rows, by groups, by time, or by class.

    leave: groups or times that must stay.
    """
    exact = Fraction(str(float(share)))  # 0.1 is meant as 1/10, not as the binary number next to it
    count = math.floor(exact * len(rows) + Fraction(1, 2))
    if (share > 0 and count == 0) or count == len(rows):
        short = "that part" if count == 0 else "training"
        problems.add(
            "split",
            f"'{name}' must leave rows for every part; of {len(rows)} rows none are left for {short}",
            got=share,
        )
        return rows, rows[:0]
    shuffled = rng.permutation(rows)
    if count and (data.groups is not None or data.time is not None):
        taken = _taken(data, shuffled, count, rng, name, problems, leave)
        return shuffled[~taken], shuffled[taken]
    if data.task != "classification":
        return shuffled[count:], shuffled[:count]
    codes = data.y[shuffled]
    sizes = np.bincount(codes, minlength=len(data.classes))
    quotas = _quotas(sizes, exact, count, rng)
    by_class = np.argsort(codes, kind="stable")  # shuffled order within each class
    position = np.arange(len(codes)) - np.repeat(np.cumsum(sizes) - sizes, sizes)  # place of a row within its class
    taken = np.zeros(len(codes), bool)
    taken[by_class] = position < quotas[codes[by_class]]
    return shuffled[~taken], shuffled[taken]


def _taken(
    data: Dataset, rows: np.ndarray, count: int, rng: np.random.Generator, name: str, problems: Problems, leave: int
) -> np.ndarray:
    """Which of the rows are taken, [n] bool: whole groups, or the latest."""
    try:
        if data.time is not None:
            return take_latest(data.time[rows], count, leave)
        return take_groups(own_groups(group_codes(data.groups[rows])), count, rng, leave)  # type: ignore[index]
    except ValueError as error:
        rule = f"'{name}' needs {leave + 1} distinct groups or times among the {len(rows)} rows that are left"
        problems.add("split", rule, got=str(error), fix="Leave 'groups' or 'time' out, or give more rows.")
        return np.zeros(len(rows), bool)


def _quotas(sizes: np.ndarray, share: Fraction, count: int, rng: np.random.Generator) -> np.ndarray:
    """Rows to take from each class: `count` in all, each one the floor or the ceiling of size * share.

    Largest remainders first; equal remainders in random order; classes that would be used up last of all.
    """
    exact = [share * int(size) for size in sizes]
    quotas = np.array([math.floor(value) for value in exact])
    ties = rng.permutation(len(sizes))
    remainders = [
        (quotas[i] + 1 == sizes[i], -(exact[i] - math.floor(exact[i])), ties[i], i)
        for i in range(len(sizes))
        if exact[i] != math.floor(exact[i])
    ]
    for *_, i in sorted(remainders)[: count - int(quotas.sum())]:
        quotas[i] += 1
    return quotas
