"""The target of a table: classes or numbers, found from its values."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from goodfit.data.rare_classes import rare_classes
from goodfit.data.tables.frames import Frame, frame_of
from goodfit.data.tables.kinds import (
    COMMA_REMARK,
    FEW_VALUES,
    ID_ROWS,
    ONE_FORM,
    Kind,
    KindFinding,
    are_opposites,
    find_kind,
)
from goodfit.data.tables.preprocessing import check_read, listed
from goodfit.data.tables.raw import RawColumn
from goodfit.errors import InputError, Problems, nearest, problem
from goodfit.words import as_listed, rows_text

TableTask = Literal["classification", "regression"]
ROWS_PER_VALUE = 10  # rows that each distinct whole number must have on average to be a class, beyond two numbers
MOST_CLASSES = 1000
WHOLE_COMMA = re.compile(r"^([+-]?[0-9]+),0+$")
SHOWN_CLASSES = 8  # in a message
NUMBERS_ALONE = "Train one target at a time, or take whole numbers as such: --task regression."


@dataclass(frozen=True, eq=False)
class Target:
    """The target of the rows that have one, or several targets of the rows that have all of them.

    task: what it is for; rows: those rows' numbers; y: int32 class codes [N], or float64 numbers, [N] of one target and
    [N, C] of several; classes: their names, sorted (numbers by size), () for regression; infinite: how many rows were
    left out since a number is infinite; names: of several targets, () of one, which has its name alone.
    """

    name: str
    task: TableTask
    rows: NDArray[np.int64]
    y: NDArray[np.generic]
    classes: tuple[str, ...]
    infinite: int = 0
    names: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it is made of."""
        return self.names or (self.name,)

    @property
    def each(self) -> tuple[Target, ...]:
        """One by one."""
        if not self.names:
            return (self,)
        return tuple(replace(self, name=name, y=self.y[:, at], names=()) for at, name in enumerate(self.names))

    @property
    def words(self) -> str:
        """As the beginning of a sentence about rows has it: the target 'y', or one of the targets 'y1', 'y2'."""
        return target_words(self.columns)

    @property
    def rare(self) -> tuple[str, ...]:
        """What to tell of classes that few rows have."""
        told = rare_classes(self.y, self.classes) if self.task == "classification" else ""
        return (told,) if told else ()

    @property
    def about(self) -> str:
        """One phrase: regression, binary classification, or classification with so many classes, and their rows."""
        if self.task == "regression":
            return "regression" if not self.names else f"regression, {len(self.names)} targets"
        kind = "binary classification" if len(self.classes) == 2 else f"classification, {len(self.classes)} classes"
        counts = np.bincount(self.y.astype(np.int64), minlength=len(self.classes))
        first = [f"{as_listed(name)} ({rows:,})" for name, rows in zip(self.classes[:5], counts[:5], strict=True)]
        shown = ", ".join(first) + (", ..." if len(self.classes) > 5 else "")
        return f"{kind}: {shown}"


def find_task(column: RawColumn, kind: Kind) -> TableTask:
    """What a target is for.

    Texts and truth values are classes. Numbers are classes if all are whole, and there are either two of them, or at
    most FEW_VALUES with ROWS_PER_VALUE rows each on average; all other numbers are regression.
    """
    if kind != "numeric":
        return "classification"
    values = column.numbers()
    values = values[np.isfinite(values)]
    distinct = np.unique(values)
    few = len(distinct) <= 2 or (len(distinct) <= FEW_VALUES and len(distinct) * ROWS_PER_VALUE <= len(values))
    return "classification" if few and (distinct == np.floor(distinct)).all() else "regression"


@dataclass(frozen=True, eq=False)
class ReadTarget:
    """The targets of arrays: codes or numbers [N], and what is to be told of them."""

    task: TableTask
    y: NDArray[np.generic]
    classes: tuple[str, ...]
    notes: tuple[str, ...]


def read_target(where: str, labels: NDArray[Any], task: TableTask | None) -> ReadTarget:
    """Targets or labels [N] as the target column "y" of a table is read; InputError where they are unusable.

    where: what an InputError calls them. Every row must have one.
    """
    if not len(labels):
        return ReadTarget(task or "regression", labels.astype(np.float64), (), ())
    frame, problems = frame_of({"y": labels}, where), Problems()
    target = find_target(frame, "y", task, problems)
    problems.raise_if_any()
    assert target is not None
    lost = np.setdiff1d(np.arange(len(labels)), target.rows)
    if lost.size:
        rule = f"'y' must have a target in every row; {rows_text(lost)} {'has' if lost.size == 1 else 'have'} none"
        raise InputError(problem(where, rule, fix="Drop these rows; a table leaves them out."))
    return ReadTarget(target.task, target.y, target.classes, () if task else doubts(frame.columns["y"], target))


def doubts(column: RawColumn, target: Target) -> tuple[str, ...]:
    """What to tell of a target whose task was found: whole numbers may be classes or numbers."""
    values = np.unique(column.numbers()[target.rows])
    if column.storage == "boolean" or len(values) < 3 or not np.isfinite(values).all():
        return ()
    if (values != np.floor(values)).any() or find_kind(column).kind != "numeric":
        return ()
    kind, other = ("classes", "regression") if target.task == "classification" else ("numbers", "classification")
    return (
        f"The target {target.name!r} holds {len(values):,} different whole numbers in {len(target.rows):,} rows, taken "
        f"as {kind}; to change that, set the task to {other}.",
    )


def find_target(frame: Frame, name: str, task: TableTask | None, problems: Problems) -> Target | None:
    """The target column with its task, the given one or else the one found; None and problems where it is unusable."""
    if name in frame.unreadable:
        rule = f"the target {name!r} must hold numbers, text or booleans"
        problems.add(frame.name, rule, got=frame.unreadable[name])
        return None
    column = frame.columns[name]
    if column.missing.all():
        problems.add(frame.name, f"the target {name!r} must have values; all {frame.rows:,} are missing")
        return None
    task = task or _found_task(frame, name, problems)
    if task is None:
        return None
    return _classes(frame, name, problems) if task == "classification" else _numbers(frame, name, problems)


def find_targets(frame: Frame, names: tuple[str, ...], task: TableTask | None, problems: Problems) -> Target | None:
    """One target column, or several, which must all be numbers; None and problems where they are unusable."""
    if len(names) == 1:
        return find_target(frame, names[0], task, problems)
    before = len(problems.found)
    found = [find_target(frame, name, task, problems) for name in names]
    known = [each for each in found if each is not None]
    classes = [each.name for each in known if each.task == "classification"]
    if classes:
        rule = (
            f"several targets must all be numbers; {listed(classes)} {'has' if len(classes) == 1 else 'have'} classes"
        )
        problems.add(frame.name, rule, fix=NUMBERS_ALONE)
    if len(problems.found) > before:
        return None
    rows = reduce(np.intersect1d, (each.rows for each in known))
    values = [each.y[np.searchsorted(each.rows, rows)] for each in known]
    if not rows.size:
        problems.add(frame.name, f"a row must have all of its targets; none has {listed([*names])}")
    for name, y in zip(names, values, strict=True) if rows.size else ():
        _check_numbers(frame, name, y, problems)
    if len(problems.found) > before:
        return None
    infinite = np.zeros(frame.rows, bool)
    for name in names:
        infinite |= np.isinf(frame.columns[name].numbers())
    return Target(", ".join(names), "regression", rows, np.stack(values, axis=1), (), int(infinite.sum()), names)


def target_names(target: str | Sequence[str]) -> tuple[str, ...]:
    """The columns of one target, or of several."""
    return (target,) if isinstance(target, str) else tuple(target)


def own_order(named: Sequence[str], known: Sequence[str]) -> tuple[str, ...]:
    """The targets that were named; in the order of the outputs of nets that know just these."""
    return tuple(known if {*named} == {*known} and len(named) == len(known) else named)


def target_words(names: Sequence[str]) -> str:
    """What a row lacks, in words: the target 'y'; one of the targets 'y1', 'y2'."""
    shown = ", ".join(map(repr, names))
    return f"the target {shown}" if len(names) == 1 else f"one of the targets {shown}"


def _found_task(frame: Frame, name: str, problems: Problems) -> TableTask | None:
    finding = find_kind(frame.columns[name])
    if finding.kind == "date" or finding.kind is None:
        rule = "holds dates" if finding.kind == "date" else finding.rule
        got = {} if finding.kind == "date" else {"got": finding.got}
        if finding.fix and finding.fix != ONE_FORM:  # which names the rows itself
            first = np.flatnonzero(frame.columns[name].codes == frame.columns[name].categories().index(finding.got))[:1]
            rule += f", first in {rows_text(frame.of_file(first))}"
        fix = _mending(frame, name, finding)
        problems.add(frame.name, f"the target {name!r} must hold numbers or classes; it {rule}", fix=fix, **got)
        return None
    return find_task(frame.columns[name], finding.kind)


def _mending(frame: Frame, name: str, finding: KindFinding) -> str:
    """What to do about a target that is neither numbers nor classes; a task is named only where it will do."""
    column = frame.columns[name]
    classes = "" if _too_many(column) else "If they are classes, use --task classification."
    if finding.fix:
        return finding.mending(frame.name, classes)
    first = "Choose another target." if finding.text else "Fix these cells, or leave them empty."
    if finding.kind == "date":
        first = "Write dates as numbers, such as days since the first."
    return f"{first} {classes}".strip()


def _too_many(column: RawColumn) -> bool:
    """Whether its values are no classes, as they hardly repeat."""
    rows = int((~column.missing).sum())
    return column.distinct > MOST_CLASSES or (rows >= ID_ROWS and 2 * column.distinct > rows)


def _classes(frame: Frame, name: str, problems: Problems) -> Target | None:
    column = frame.columns[name]
    codes, words = column.codes, column.categories()
    if column.storage == "text":
        codes, words = _whole_names(column)
        codes = _one_spelling(codes, words)
    infinite = column.infinite
    if infinite.any():  # among numbers it is missing, as anywhere; among words it is one of them
        infinite = infinite & (find_kind(column).kind == "numeric")
        codes = np.where(infinite, np.int32(-1), codes)
    rows = np.flatnonzero(codes >= 0)
    used, y = np.unique(codes[rows], return_inverse=True)
    classes = tuple(words[code] for code in used)
    order = np.arange(len(used)) if column.storage != "text" else sorted_classes(classes)
    place = np.empty(len(order), np.int32)
    place[order] = np.arange(len(order))
    if len(classes) < 2:
        rule = f"the target {name!r} must have at least two classes"
        problems.add(frame.name, rule, got=classes[0] if classes else "none", fix="One class leaves nothing to learn.")
    elif len(classes) > MOST_CLASSES or (len(rows) >= ID_ROWS and 2 * len(classes) > len(rows)):
        rule = f"the target {name!r} must have classes that repeat, at most {MOST_CLASSES:,}"
        finding = find_kind(column)
        fix = "Use --task regression for numbers, or choose another target."
        if finding.kind != "numeric":  # which --task regression would refuse
            fix = finding.mending(frame.name) or "Choose another target."
        problems.add(frame.name, rule, got=f"{len(classes):,} classes in {len(rows):,} rows", fix=fix)
    named = tuple(classes[at] for at in order)
    return Target(name, "classification", rows, place[y], named, int(infinite.sum()))


def _whole_names(column: RawColumn) -> tuple[NDArray[np.int32], list[str]]:
    """(codes [N], names) of the classes of texts: 3,0 is 3 where numbers have a decimal comma, as 3.0 is elsewhere."""
    codes, words = column.codes, column.categories()
    if column.commas not in COMMA_REMARK:
        return codes, words
    names = [WHOLE_COMMA.sub(r"\1", word) for word in words]
    first = {name: place for place, name in reversed([*enumerate(names)])}
    return np.array([*(first[name] for name in names), -1], np.int32)[codes], names


def _one_spelling(codes: NDArray[np.int32], words: Sequence[str]) -> NDArray[np.int32]:
    """Codes [N] of a target, -1 where missing, in which spellings of one truth value (True, TRUE) are one class.

    That class bears the most frequent spelling. Only where the texts are a truth value and its opposite, as in a
    boolean column: other texts that differ in case may be different classes.
    """
    used, counts = np.unique(codes[codes >= 0], return_counts=True)
    if len(used) <= 2 or not are_opposites([words[code] for code in used]):
        return codes
    chosen: dict[str, int] = {}
    for code in used[np.argsort(-counts, kind="stable")]:
        chosen.setdefault(words[code].lower(), int(code))
    table = np.full(len(words) + 1, -1, np.int32)  # code -1 finds the last
    table[used] = [chosen[words[code].lower()] for code in used]
    return table[codes]


def class_places(classes: Sequence[str], found: Sequence[str]) -> list[int | None]:
    """Which of a net's classes each class found in new rows is, None for an unknown one.

    Where a net's classes are a truth value and its opposite, another spelling (TRUE for True) is the same class.
    """
    places = {name: place for place, name in enumerate(classes)}
    if are_opposites(classes):
        places = {name.lower(): place for name, place in places.items()}
        found = [name.lower() for name in found]
    return [places.get(name) for name in found]


def sorted_classes(words: tuple[str, ...]) -> NDArray[np.int64]:
    """The order of class names: by number if all are numbers, else by text."""
    try:
        keys: list[tuple[float, str]] = [(float(word), word) for word in words]
    except ValueError:
        keys = [(0.0, word) for word in words]
    return np.array(sorted(range(len(words)), key=keys.__getitem__), np.int64)


def _numbers(frame: Frame, name: str, problems: Problems) -> Target | None:
    count = len(problems.found)
    check_read(frame, name, "numeric", problems, _or_classes(frame.columns[name]))
    if len(problems.found) > count:
        return None
    values = frame.columns[name].numbers()
    rows = np.flatnonzero(np.isfinite(values))
    y = values[rows]
    _check_numbers(frame, name, y, problems)
    return Target(name, "regression", rows, y, (), int(np.isinf(values).sum()))


def _or_classes(column: RawColumn) -> str:
    """What to do about a target that is to be numbers and has cells that are none."""
    if _too_many(column):
        return "Fix them, or leave them empty."
    return "Fix them, leave them empty, or use --task classification."


def _check_numbers(frame: Frame, name: str, y: NDArray[Any], problems: Problems) -> None:
    """Add a problem where the finite numbers of a target are all the same, or too large."""
    if not y.size or y.min() == y.max():
        rule = f"the target {name!r} must have at least two different finite numbers"
        problems.add(
            frame.name, rule, got=float(y[0]) if y.size else "none", fix="A constant target leaves nothing to learn."
        )
    elif np.abs(y).max() > np.finfo(np.float32).max:
        rule = f"the numbers of the target {name!r} must be below 3.4e38"
        problems.add(frame.name, rule, got=float(np.abs(y).max()), fix="Use another unit, or take the logarithm.")


def known_targets(
    frame: Frame, names: str | Sequence[str], task: str, classes: tuple[str, ...], whose: str = "the net"
) -> tuple[NDArray[np.generic], NDArray[np.int64]]:
    """(targets [N] or, of several, [N, C], numbers [N] of their rows) of the rows that have all of them, as a net has
    learned them.

    task, classes: of the net; there may be any number of classes here, or one number alone. Another spelling of a truth
    value is the same class. whose: classes these are, for errors. InputError where there are no targets, where a class
    is none of the net's, and where a number cannot be read.
    """
    columns = target_names(names)
    if len(columns) == 1:
        return _known_target(frame, columns[0], task, classes, whose)
    problems, found = Problems(), list[tuple[NDArray[Any], NDArray[np.int64]]]()
    for name in columns:
        with problems.collecting():
            found.append(_known_target(frame, name, task, classes, whose))
    problems.raise_if_any()
    rows = reduce(np.intersect1d, (of for _, of in found))
    if not rows.size:
        raise InputError(problem(frame.name, f"a row must have all of its targets; none has {listed([*columns])}"))
    return np.stack([y[np.searchsorted(of, rows)] for y, of in found], axis=1), rows


def _known_target(
    frame: Frame, name: str, task: str, classes: tuple[str, ...], whose: str
) -> tuple[NDArray[Any], NDArray[np.int64]]:
    problems = Problems()
    if name not in frame.columns:
        fix = nearest(name, frame.names)
        problems.add(frame.name, f"must have the target column {name!r}", fix=fix if fix.startswith("Did") else "")
        problems.raise_if_any()
    column = frame.columns[name]
    if task == "regression":
        check_read(frame, name, "numeric", problems, "Fix them, or leave them empty.")
        y: NDArray[Any] = column.numbers()
        rows = np.flatnonzero(np.isfinite(y))
    else:
        codes, words = _whole_names(column) if column.storage == "text" else (column.codes, column.categories())
        places = class_places(classes, words)
        y = np.array([*(-1 if place is None else place for place in places), -1], np.int32)[codes]
        rows = np.flatnonzero(column.codes >= 0)
        strange = np.flatnonzero((y < 0) & (column.codes >= 0))
        if strange.size:
            rule = f"the target {name!r} must be one of the {len(classes)} classes of {whose}; {rows_text(strange)} "
            rule += f"{'is' if strange.size == 1 else 'are'} not"
            shown = ", ".join(map(as_listed, classes[:SHOWN_CLASSES])) + ", ..." * (len(classes) > SHOWN_CLASSES)
            fix = f"Classes: {shown}."
            problems.add(frame.name, rule, got=column.shown(int(strange[0])), fix=fix)
    if not rows.size and not problems.found:
        problems.add(frame.name, f"the target {name!r} must have values; all {frame.rows:,} are missing")
    problems.raise_if_any()
    return y[rows], rows
