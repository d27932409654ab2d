"""Which rows are held out, fold by fold. No row is dropped; folds of one repeat hold every row once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from goodfit.arguments import public
from goodfit.data.dataset import Dataset
from goodfit.data.dividing import group_codes, own_groups
from goodfit.data.streams import checked_seed, generator
from goodfit.errors import InputError, Problems, problem

WHERE = "Folds"
Indexes = NDArray[np.int32]


@dataclass(frozen=True)
class Fold:
    """Rows that a net learns from and rows that it is scored on, by their numbers in the data set."""

    train: Indexes  # [n] rows to learn from, rising
    valid: Indexes  # [m] rows to score


@dataclass(frozen=True)
class Folds:
    """The folds of a cross-validation, repeat by repeat.

    kind: how they were made, in words
    repeats: the folds of each
    partitions: whether the folds of each repeat hold every row of the data once, so that one population can train all
    of them on shared batches.
    """

    kind: str
    repeats: tuple[tuple[Fold, ...], ...]
    partitions: bool

    @property
    def all(self) -> tuple[Fold, ...]:
        """The folds of all repeats, one after another."""
        return tuple(fold for repeat in self.repeats for fold in repeat)

    @property
    def test_share(self) -> float:
        """The share of the rows that a fold holds out, mean over folds: what Nadeau and Bengio's correction needs."""
        return float(np.mean([len(fold.valid) / (len(fold.valid) + len(fold.train)) for fold in self.all]))


@public
def make_folds(
    data: Dataset,
    rows: Indexes,
    *,
    folds: Any = 5,
    repeats: int = 1,
    seed: int = 0,
    groups: Any = None,
    time: Any = None,
) -> Folds:
    """Divide rows into folds.

    Classes are stratified. A splitter gets the groups, and the rows in the order of time.

    data: whose rows they are
    rows: the numbers of the rows to divide.
    folds: their number, or a splitter of scikit-learn's.
    repeats: with other shuffles.
    seed: which rows stand in which fold
    groups: [n] of the rows: a group stands in one fold only; those of the data set if None.
    time: [n] of the rows: each fold is validated on what comes after what it learns from, with `folds` such steps;
    likewise.
    InputError where there are too few rows, groups, or rows of a class.
    """
    seed, rows = checked_seed(seed, WHERE), np.asarray(rows)
    rows = rows if rows.size else rows.astype(np.int32)
    if rows.ndim != 1 or rows.dtype.kind not in "iu":
        raise InputError(problem(WHERE, "'rows' must be whole numbers, one a row to divide", got=rows))
    if groups is None and time is None:
        groups, time = (None if each is None else each[rows] for each in (data.groups, data.time))
    if groups is not None and np.shape(groups) == (len(rows),):
        groups = own_groups(group_codes(groups))
    if not isinstance(folds, int | np.integer):
        if time is not None:
            rows = rows[np.argsort(time, kind="stable")]
        return _by_splitter(folds, data, rows, data.y[rows], groups)
    y = data.y[rows]
    _check(data, rows, int(folds), repeats, groups, time)
    if time is not None:
        return _by_time(rows, np.asarray(time), int(folds))
    made = []
    for repeat in range(repeats):
        rng = generator(seed, f"selection/folds/{repeat}")
        if groups is not None:
            of_row = _grouped(np.asarray(groups), int(folds), rng)
        else:
            of_row = _shuffled(y if data.task == "classification" else np.zeros(len(rows), int), int(folds), rng)
        made.append(_partition(rows, of_row, int(folds)))
    kind = "grouped" if groups is not None else "stratified" if data.task == "classification" else "shuffled"
    return Folds(f"{folds} {kind} folds", tuple(made), True)


def _check(data: Dataset, rows: Indexes, folds: int, repeats: int, groups: Any, time: Any) -> None:
    problems = Problems()
    if isinstance(folds, bool) or folds < 2:
        problems.add(WHERE, "there must be at least two folds", got=folds)
    if not isinstance(repeats, int | np.integer) or isinstance(repeats, bool) or repeats < 1:
        problems.add(WHERE, "'repeats' must be an integer >= 1", got=repeats)
    if time is not None and (groups is not None or repeats != 1):
        problems.add(WHERE, "'time' cannot be combined with 'groups' or 'repeats'")
    for name, values in (("groups", groups), ("time", time)):
        if values is not None and np.shape(values) != (len(rows),):
            problems.add(WHERE, f"'{name}' must have one value for each of the {len(rows)} rows", got=np.shape(values))
    problems.raise_if_any()
    if len(rows) < folds + (time is not None):
        problems.add(WHERE, f"{folds} folds need at least {folds + (time is not None)} rows", got=len(rows))
    elif groups is not None and len(np.unique(groups)) < folds:
        problems.add(WHERE, f"{folds} folds need at least {folds} groups", got=len(np.unique(groups)))
    elif data.task == "classification" and groups is None and time is None:
        counts = np.bincount(data.y[rows], minlength=len(data.classes))
        for code in np.flatnonzero((counts > 0) & (counts < folds)):
            fix = f"Use {counts[code]} folds, or drop the class." if counts[code] > 1 else "Drop the class."
            rule = f"every class must have at least {folds} rows for {folds} folds; {data.classes[code]!r} has fewer"
            problems.add(WHERE, rule, got=int(counts[code]), fix=fix)
    problems.raise_if_any()


def _shuffled(strata: NDArray[Any], folds: int, rng: np.random.Generator) -> Indexes:
    """The fold of each row: within a stratum in turn, so that no fold has two rows more of it than another.

    Each stratum goes on where the last ended, so that the folds' sizes differ by one row at most.
    """
    of_row = np.empty(len(strata), np.int32)
    turn = rng.permutation(folds)
    start = 0
    for stratum in np.unique(strata):
        places = rng.permutation(np.flatnonzero(strata == stratum))
        of_row[places] = turn[(start + np.arange(len(places))) % folds]
        start += len(places)
    return of_row


def _grouped(groups: NDArray[Any], folds: int, rng: np.random.Generator) -> Indexes:
    """The fold of each row: the largest groups first, each to the fold with the fewest rows so far."""
    _, codes, counts = np.unique(groups, return_inverse=True, return_counts=True)
    order = rng.permutation(len(counts))
    order = order[np.argsort(-counts[order], kind="stable")]
    filled, of_group = np.zeros(folds, int), np.empty(len(counts), np.int32)
    for group in order:
        of_group[group] = filled.argmin()
        filled[of_group[group]] += counts[group]
    found: Indexes = of_group[codes.ravel()]
    return found


def _partition(rows: Indexes, of_row: Indexes, folds: int) -> tuple[Fold, ...]:
    return tuple(Fold(rows[of_row != fold], rows[of_row == fold]) for fold in range(folds))


def _by_time(rows: Indexes, time: NDArray[Any], folds: int) -> Folds:
    """Rows in order of time, cut into folds + 1 parts: each part but the first is held out from those before it.

    Rows of one time stay in one part.
    """
    order = np.argsort(time, kind="stable")
    _, step = np.unique(time[order], return_inverse=True)
    if step[-1] < folds:
        raise InputError(
            problem(WHERE, f"{folds} folds by time need {folds + 1} distinct times", got=int(step[-1]) + 1)
        )
    starts = np.searchsorted(step, np.arange(step[-1] + 1))  # where each time begins
    wanted = np.arange(1, folds + 1) * len(rows) / (folds + 1)
    cuts = _rising(starts, wanted)
    ends = [*cuts[1:], len(rows)]
    made = tuple(Fold(rows[order[:cut]], rows[order[cut:end]]) for cut, end in zip(cuts, ends, strict=True))
    return Folds(f"{folds} folds by time", (made,), False)


def _rising(starts: NDArray[Any], wanted: NDArray[Any]) -> list[int]:
    """For every wanted place the nearest start, each above the one before and with room for those after it."""
    found: list[int] = []
    at = 0
    for number, place in enumerate(wanted):
        last = len(starts) - (len(wanted) - number)
        allowed = np.arange(at + 1, last + 1)
        at = int(allowed[np.abs(starts[allowed] - place).argmin()])
        found.append(int(starts[at]))
    return found


def _by_splitter(splitter: Any, data: Dataset, rows: Indexes, y: NDArray[Any], groups: Any) -> Folds:
    """What a splitter of scikit-learn's, or a list of (train, valid) places, makes of the rows."""
    try:
        pairs: Sequence[Any] = (
            list(splitter.split(data.x[rows], y, groups)) if hasattr(splitter, "split") else list(splitter)
        )
        made = tuple(Fold(rows[np.asarray(train)], rows[np.asarray(valid)]) for train, valid in pairs)
    except (TypeError, ValueError, IndexError) as error:
        rule = f"'folds' must be a number, or a scikit-learn splitter that fits the data: {error}"
        raise InputError(problem(WHERE, rule, got=type(splitter).__name__)) from error
    if not made or any(not len(fold.train) or not len(fold.valid) for fold in made):
        raise InputError(problem(WHERE, "every fold must have a training and a validation set", got=len(made)))
    if any(len(np.intersect1d(fold.train, fold.valid)) for fold in made):
        raise InputError(problem(WHERE, "no row can be in the training and the validation set of one fold"))
    held_out = np.concatenate([fold.valid for fold in made])
    whole = len(held_out) == len(rows) and len(np.unique(held_out)) == len(rows)
    whole = whole and all(len(fold.train) + len(fold.valid) == len(rows) for fold in made)
    return Folds(f"{len(made)} folds of {type(splitter).__name__}", (made,), whole)


def member_folds(data: Dataset, rows: Indexes, folds: int, seed: int, where: str = "Recipe") -> Indexes:
    """The fold of each of the rows, [n] from 0: every net of a run leaves one out, which validates it.

    Classes are stratified, however few rows they have; groups stay whole. InputError where there are too few rows or
    groups, and where rows are ordered in time, which knows no folds that all hold later rows than they leave.
    """
    problems, rng = Problems(), generator(seed, "runs/folds")
    groups = None if data.groups is None else own_groups(group_codes(data.groups[rows]))
    most = len(rows) if groups is None else len(np.unique(groups))
    if data.time is not None:
        fix = "Use 0: the latest rows then validate."
        problems.add(where, f"'fold_members' cannot be used where rows have a time, as in {data.name!r}", fix=fix)
    elif most < folds:
        rule = f"'fold_members' must not exceed the {most} {'rows' if groups is None else 'groups'} that may train"
        problems.add(where, rule, got=folds)
    problems.raise_if_any()
    if groups is not None:
        return _grouped(groups, folds, rng)
    return _shuffled(data.y[rows] if data.task == "classification" else np.zeros(len(rows), int), folds, rng)


def refuse_undefined_r2(data: Dataset, folds: Folds, where: str, fix: str) -> None:
    """InputError where R² of the held-out rows of a fold is not defined: it needs two rows whose targets differ."""
    if data.task != "regression":
        return
    for number, fold in enumerate(folds.all):
        targets = data.y[fold.valid]
        if len(targets) < 2 or not np.ptp(targets, axis=0).all():
            rule = f"R² is not defined on fold {number}: it needs two held-out rows whose targets differ"
            raise InputError(problem(where, rule, got=targets.tolist(), fix=fix))


def some_rows(data: Dataset, rows: Indexes, size: int, seed: int, *, latest: bool) -> Indexes:
    """Some of the rows: the latest, or drawn so that classes keep their shares; fewer are a part of more."""
    if latest:
        return rows[-size:]
    shuffled = generator(seed, "selection/learning").permutation(rows)
    if data.task != "classification":
        return shuffled[:size]
    codes = data.y[shuffled]
    place = np.empty(len(rows))
    for code in np.unique(codes):
        here = np.flatnonzero(codes == code)
        place[here] = (np.arange(len(here)) + 0.5) / len(here)  # of each row among those of its class
    chosen: Indexes = shuffled[np.argsort(place, kind="stable")[:size]]
    return chosen
