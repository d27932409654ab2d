"""A look over a table: the kind of every column, the target, what is left out, and everything that is wrong."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal, get_args

import numpy as np

from goodfit.arguments import public
from goodfit.data.tables.categories import sharers, sharing
from goodfit.data.tables.commas import COMMA_NOTE, commas_of
from goodfit.data.tables.dates import unused_parts
from goodfit.data.tables.frames import Frame
from goodfit.data.tables.ids import advice_note, counting, is_surely_id, left_out_note
from goodfit.data.tables.kinds import COMMA_REMARK, Kind, find_kind
from goodfit.data.tables.leaks import Leak, find_leaks
from goodfit.data.tables.ordered import check_order, checked_orders, in_order
from goodfit.data.tables.preprocessing import check_read, listed
from goodfit.data.tables.raw import RawColumn
from goodfit.data.tables.row_columns import times_of, weighed
from goodfit.data.tables.targets import TableTask, Target, doubts, find_targets, target_names
from goodfit.errors import InputError, Problems, nearest, problem

Role = Literal["input", "target", "id", "group", "time", "weight", "left out", "text", "refused"]
FEWEST_ROWS = 2
SHOWN_COLUMNS = 30  # names listed in a message
_NAME = re.compile(r'\s*(?:"((?:[^"]|"")*+)"\s*|([^,]*+))(?:,|\Z)')  # in quotes, or up to the next comma
_PLAIN = re.compile(r'[^",]+')
SEVERAL = "Name each by itself: --target a --target b, or target=['a', 'b']."


@dataclass(frozen=True)
class Choices:
    """What a person says of a table: target or targets, ids to leave out, task, kinds that would be found wrongly, the
    column that rows are divided by, which is a group that stays together, or a time, and the column of row weights.
    """

    target: str | tuple[str, ...] | None
    ids: tuple[str, ...] = ()
    task: TableTask | None = None
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    group: str | None = None
    time: str | None = None
    weight: str | None = None
    ordered: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Column -> its categories, the lowest first."""
    finds_ids: bool = True
    """Whether what is surely an id is left out without being asked."""

    @classmethod
    def of(
        cls,
        target: str | Sequence[str] | None,
        ids: str | Iterable[str],
        task: TableTask | None,
        kinds: Mapping[str, Kind] | None,
        group: str | None = None,
        time: str | None = None,
        weight: str | None = None,
        ordered: Mapping[str, Sequence[str]] | None = None,
    ) -> Choices:
        """Checked as far as that can be done without the table."""
        problems, named = Problems(), dict(kinds or {})
        target = _checked_targets(target, task, problems)
        for option, column in (("group", group), ("time", time), ("weight", weight)):
            if column is not None and not isinstance(column, str):
                problems.add("table", f"{option!r} must be the name of a column", got=column)
        if group is not None and time is not None:
            problems.add("table", "'group' and 'time' cannot both define the split", got=(group, time))
        if task is not None and task not in get_args(TableTask):
            problems.add("table", "'task' must be a known one", got=task, fix=nearest(task, get_args(TableTask)))
        for name, kind in named.items():
            if kind not in get_args(Kind):
                rule = f"the kind of column {name!r} must be a known one"
                problems.add("table", rule, got=kind, fix=nearest(kind, get_args(Kind)))
        orders = checked_orders(ordered, problems)
        for name in [name for name in orders if named.get(name, "categorical") != "categorical"]:
            problems.add("table", f"column {name!r} is ordered, so it is categorical", got=named[name])
        problems.raise_if_any()
        left_out = split_names([ids]) if isinstance(ids, str) else tuple(ids)
        return cls(target, left_out, task, named, group, time, weight, orders)

    @property
    def targets(self) -> tuple[str, ...]:
        """The target columns; () where none is named."""
        return () if self.target is None else target_names(self.target)

    def as_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        more = {"group": self.group, "time": self.time, "weight": self.weight}
        return {
            "target": list(self.target) if isinstance(self.target, tuple) else self.target,
            "ids": list(self.ids),
            "task": self.task,
            "kinds": dict(self.kinds),
            **{name: column for name, column in more.items() if column is not None},
            **({"ordered": {name: list(order) for name, order in self.ordered.items()}} if self.ordered else {}),
        }


def _checked_targets(target: Any, task: Any, problems: Problems) -> str | tuple[str, ...] | None:
    """One name, several, or None; a list of one is one name."""
    if target is None or isinstance(target, str):
        return target
    names = tuple(target) if isinstance(target, Sequence | np.ndarray) else ()
    if not names or not all(isinstance(name, str) for name in names):
        rule = "'target' must be the name of a column, or a list of names of numeric columns"
        problems.add("table", rule, got=target)
        return None
    twice = [name for place, name in enumerate(names) if name in names[:place]]
    if twice:
        problems.add("table", "'target' must name each column once", got=twice[0])
    if len(names) > 1 and task == "classification":
        rule = "several targets must be numbers: classes are one target a training"
        problems.add("table", rule, got=list(names), fix="Train one target at a time.")
    return str(names[0]) if len(names) == 1 else tuple(map(str, names))


@public
def split_names(texts: Iterable[str]) -> tuple[str, ...]:
    """Names from texts with commas between them; a name that holds a comma stands in double quotes, two of which are
    one in it. Any text has names: a quote that does not enclose one is a part of it, as is the end of a line.
    """
    found = (match.groups() for text in texts for match in _NAME.finditer(text))
    names = (quoted.replace('""', '"') if plain is None else plain for quoted, plain in found)
    return tuple(name.strip() for name in names if name.strip())


def joined_names(names: Iterable[str]) -> str:
    """A text of which `split_names` makes the names again, each without blanks around it."""

    def quoted(name: str) -> str:
        return name if _PLAIN.fullmatch(name) else '"{}"'.format(name.replace('"', '""'))

    return ",".join(map(quoted, names))


def nearest_column(name: str, names: Sequence[str]) -> str:
    """A fix for a name that is no column: the nearest, or the names, if these are not too many."""
    fix = nearest(name, names)
    return fix if fix.startswith("Did") or len(names) <= SHOWN_COLUMNS else f"It has {len(names):,} columns."


@dataclass(frozen=True)
class SurveyedColumn:
    """What is to be told of a column. kind: None where it has none; about: what it holds, or why it is left out.

    role "left out": it holds nothing to learn from; "text": ids or free text, which a person must decide on; "refused":
    it must be corrected first.
    """

    name: str
    kind: Kind | None
    role: Role
    distinct: int
    missing: int
    about: str = ""


@dataclass(frozen=True, eq=False)
class Survey:
    """What was found. frame: of the rows that have a target (all rows without one); problems: all that is wrong."""

    frame: Frame
    target: Target | None
    kinds: Mapping[str, Kind]
    columns: tuple[SurveyedColumn, ...]
    notes: tuple[str, ...]
    problems: tuple[str, ...]
    orders: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Ordered columns -> their categories, the lowest first."""

    @cached_property
    def leaks(self) -> tuple[Leak, ...]:
        """Columns that may give the target away; () without a target."""
        return () if self.target is None else find_leaks(self.frame, dict(self.kinds), self.target)


def survey(frame: Frame, choices: Choices) -> Survey:
    """Look over a table; raises only where the choices name columns that are not there, or where there are no rows."""
    check_names(frame, choices)
    problems, notes = Problems(), list(frame.notes)
    if choices.weight is not None and frame.rows:
        frame, told = weighed(frame, choices.weight, problems)
        notes += told
    if frame.rows < FEWEST_ROWS:
        found, which = "none" if not frame.rows else "1", " with a weight above 0" if choices.weight else ""
        raise InputError(problem(frame.name, f"must have at least {FEWEST_ROWS} rows{which}; it has {found}"))
    target = None
    if choices.target is not None:
        target = find_targets(frame, choices.targets, choices.task, problems)
        if target is not None:
            notes += (*_left_out(target, frame.rows), *target.rare)
            for each in target.each if choices.task is None else ():
                notes += doubts(frame.columns[each.name], each)
            frame = frame.take(target.rows)
    looked = _shared([_look(frame, name, choices, target, problems) for name in frame.columns], frame, choices)
    written = commas_of(frame)
    if read := [each.name for each in looked if each.name in written and _is_number(each, target)]:
        notes.append(COMMA_NOTE.format(listed(read)))
    ids = found_ids(looked, choices)
    notes += [left_out_note(name, frame.columns[name]) for name in ids]
    sampled = choices.finds_ids and frame.numbers is not None  # so that other rows may repeat what is in these
    for column in looked if sampled else ():
        named = column.name not in choices.kinds and column.kind is not None
        if named and is_surely_id(column.name, frame.columns[column.name]):
            notes.append(advice_note(column.name))
    for name, what in frame.unreadable.items():
        left = name in choices.ids and name not in (choices.group, choices.time, choices.weight)
        looked.append(SurveyedColumn(name, None, "id" if left else "refused", 0, 0, f"holds {what}"))
        if not left and name not in (*choices.targets, choices.weight):
            rule = f"column {name!r} must hold numbers, text, dates or booleans"
            problems.add(frame.name, rule, got=what, fix=f"Leave it out: --id {name}, or ids=[{name!r}].")
    kinds = {column.name: column.kind for column in looked if column.role == "input" and column.kind is not None}
    for name in counting(frame, kinds):
        notes.append(f"Column {name!r} counts up row by row; if it is an id, leave it out with --id {name}.")
    _refuse_texts(frame.name, looked, problems)
    if not kinds and not problems.found:
        rule = "must have at least one feature; none is left"
        problems.add(frame.name, rule, fix="The target, ids and constant columns are not features.")
    orders = {name: order for name in kinds if (order := _order(frame, name, choices)) is not None}
    return Survey(frame, target, kinds, tuple(looked), tuple(notes), tuple(problems.found), orders)


def _is_number(column: SurveyedColumn, target: Target | None) -> bool:
    """Whether a column is read as numbers."""
    if column.role == "target":
        return target is not None and target.task == "regression"
    return column.kind == "numeric" or column.role in ("weight", "time")


def found_ids(columns: Iterable[SurveyedColumn], choices: Choices) -> list[str]:
    """The columns that are left out as ids without being asked."""
    return [each.name for each in columns if each.role == "id" and each.kind is None and each.name not in choices.ids]


def _order(frame: Frame, name: str, choices: Choices) -> tuple[str, ...] | None:
    """The categories of a column, the lowest first: as was said, or as it came; None where it is not ordered."""
    said = choices.ordered.get(name)
    return frame.columns[name].order if said is None and name not in choices.kinds else said


def check_names(frame: Frame, choices: Choices) -> None:
    """InputError where the choices name columns that are not there, or one column for two things."""
    problems = Problems()
    named: list[tuple[str, str | None]] = [*(("the target", name) for name in choices.targets)]
    named += [*(("an id", name) for name in choices.ids)]
    named += [("a column with a kind", name) for name in choices.kinds]
    named += [("an ordered column", name) for name in choices.ordered]
    named += [("the group", choices.group), ("the time", choices.time), ("the weight", choices.weight)]
    for what, name in named:
        several = split_names([name]) if what == "the target" and name else ()
        if name not in frame.names and len(several) > 1 and set(several) <= set(frame.names):
            problems.add(frame.name, "the target must be one of its columns", got=name, fix=SEVERAL)
        elif name is not None and name not in frame.names:
            problems.add(
                frame.name, f"{what} must be one of its columns", got=name, fix=nearest_column(name, frame.names)
            )
    for option, column in (("group", choices.group), ("time", choices.time), ("weight", choices.weight)):
        if column is not None and column in (*choices.targets, *choices.kinds, *choices.ordered):
            rule = f"the column of '{option}' is not a feature, so it can be neither the target nor have a kind"
            problems.add(frame.name, rule, got=column)
    if choices.weight is not None and choices.weight in (choices.group, choices.time):
        problems.add(frame.name, "the column of 'weight' must not define the split", got=choices.weight)
    for name in choices.targets:
        if name in choices.ids:
            problems.add(frame.name, "the target must not be an id", got=name)
        if name in choices.kinds or name in choices.ordered:
            rule, fix = "the target has no kind", "Use --task classification or --task regression."
            problems.add(frame.name, rule, got=name, fix=fix)
    problems.raise_if_any()


def _left_out(target: Target, rows: int) -> list[str]:
    lost = rows - len(target.rows)
    if not lost:
        return []
    subject = "1 row" if lost == 1 else f"{lost:,} rows"
    missing = lost - target.infinite
    why = " or infinite" if target.infinite and missing else ""
    why = "infinite" if target.infinite and not missing else f"missing{why}"
    return [f"{subject} of {rows:,} left out: {target.words} is {why}."]


def _look(frame: Frame, name: str, choices: Choices, target: Target | None, problems: Problems) -> SurveyedColumn:
    """What is to be told of one column; what is wrong with it goes to `problems`."""
    column = frame.columns[name]
    codes = column.codes
    distinct, missing = column.distinct, int(column.missing.sum())
    if name in choices.targets:
        read = COMMA_REMARK.get(column.commas) if target is not None and target.task == "regression" else ""
        about = "; ".join(filter(None, ("" if target is None else target.each[0].about, read)))
        return SurveyedColumn(name, None, "target", distinct, missing, about)
    if name == choices.group:
        return SurveyedColumn(
            name, None, "group", distinct, missing, "groups, kept together in the split; not a feature"
        )
    if name == choices.time:
        times_of(frame, name, problems)
        return SurveyedColumn(name, None, "time", distinct, missing, "orders the split by time; not a feature")
    if name == choices.weight:
        return SurveyedColumn(name, None, "weight", distinct, missing, "how much each row counts; not a feature")
    if name in choices.ids:
        return SurveyedColumn(name, None, "id", distinct, missing, "left out, as requested")
    if not distinct or (distinct == 1 and not missing):
        about = f"is constant, {column.shown(0)!r}" if distinct else "has no values"
        return SurveyedColumn(name, None, "left out", distinct, missing, about)
    order = _order(frame, name, choices)
    if order is not None:
        check_order(frame, name, order, problems)
        return SurveyedColumn(
            name, "categorical", "input", distinct, missing, f"ordered: {in_order(order)}; one feature"
        )
    kind = choices.kinds.get(name)
    if kind is not None:
        if kind != "categorical":
            check_read(frame, name, kind, problems, f"Fix them, or use --kind {name}=categorical.")
        if kind == "boolean" and distinct > 1 and len(set(column.booleans()[codes >= 0])) == 1:
            rule = f"column {name!r} must hold yes and no to be boolean; all its values mean the same"
            problems.add(frame.name, rule, got=column.shown(0), fix=f"Use --kind {name}=categorical.")
        return SurveyedColumn(name, kind, "input", distinct, missing, _remark(column, kind, "as requested"))
    if choices.finds_ids and frame.numbers is None and is_surely_id(name, column):
        return SurveyedColumn(name, None, "id", distinct, missing, "left out as an id")
    finding = find_kind(column)
    if finding.kind is None:
        if not finding.text:
            first = "If they are names," if finding.fix else "Fix them, leave them empty, or"
            more = f"{first} treat the column as categorical: --kind {name}=categorical."
            problems.add(
                frame.name, f"column {name!r} {finding.rule}", got=finding.got, fix=finding.mending(frame.name, more)
            )
        return SurveyedColumn(name, None, "text" if finding.text else "refused", distinct, missing, finding.rule)
    return SurveyedColumn(name, finding.kind, "input", distinct, missing, _remark(column, finding.kind, finding.remark))


def _remark(column: RawColumn, kind: Kind, first: str) -> str:
    """What a person may want to know of how a column is read, after what is known of it."""
    infinite = int(column.infinite.sum()) if kind == "numeric" else 0
    told = f"{infinite:,} infinite, taken as missing" if infinite else ""
    return "; ".join(filter(None, (first, told, unused_parts(column) if kind == "date" else "")))


def _shared(looked: Sequence[SurveyedColumn], frame: Frame, choices: Choices) -> list[SurveyedColumn]:
    """The same, with a remark on each column of many categories."""
    taken = [
        each.name
        for each in looked
        if each.role == "input" and each.kind == "categorical" and _order(frame, each.name, choices) is None
    ]
    many = sharers(frame.columns[name] for name in taken)
    more = {name: sharing(frame.columns[name], many) for name in taken}
    return [
        replace(each, about="; ".join(filter(None, (each.about, more[each.name])))) if more.get(each.name) else each
        for each in looked
    ]


def _refuse_texts(where: str, columns: list[SurveyedColumn], problems: Problems) -> None:
    """One problem a column of free text or ids; the last one carries the fix for all of them."""
    texts = [each for each in columns if each.role == "text"]
    for place, each in enumerate(texts):
        names = shlex.quote(joined_names(text.name for text in texts))
        kind = shlex.quote(f"{each.name}=categorical")
        fix = f"Leave out with --id {names}, or treat a column as categorical with --kind {kind}."
        last = place == len(texts) - 1
        problems.add(where, f"column {each.name!r} {each.about}", fix=fix if last else "")
