"""Table: what a person has. Raw columns, the one to predict, what each is taken for, and what looks odd."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from goodfit.data.dataset import Dataset
from goodfit.data.split import Split
from goodfit.data.split import split as split_rows
from goodfit.data.tables.frames import Frame
from goodfit.data.tables.kinds import Kind
from goodfit.data.tables.leaks import Leak, find_leaks
from goodfit.data.tables.preprocessing import Preprocessing
from goodfit.data.tables.row_bytes import row_bytes
from goodfit.data.tables.row_columns import times_of
from goodfit.data.tables.sealed_rows import SealedTable, check_divided
from goodfit.data.tables.streamed import FileStream
from goodfit.data.tables.survey import (
    Choices,
    SurveyedColumn,
    check_names,
)
from goodfit.data.tables.targets import Target
from goodfit.errors import InputError, Problems, problem
from goodfit.notices import warn
from goodfit.wiring import provided


@dataclass(frozen=True, eq=False, repr=False)
class Table:
    """Rows with a target, and the kind of every column. Made by `table` and `read_table`, which check all of it.

    frame: the raw columns, of the rows that have a target
    target: what to predict
    kinds: the input columns, in order, and the kind of each
    columns: what is to be told of every column, ids and left out ones too
    notes: what was left out and why
    origin: path and choices, by which a run finds the table again; None where it came from memory.
    """

    name: str  # as tables and the ledger show it
    frame: Frame
    target: Target
    kinds: Mapping[str, Kind]
    columns: tuple[SurveyedColumn, ...]
    notes: tuple[str, ...]
    origin: Mapping[str, Any] | None = None
    group: str | None = None
    """The group column: a group is never split between sets. Not used as a feature."""
    time: str | None = None
    """The time column: validation and test sets are the latest rows. Not used as a feature."""
    weight: str | None = None
    """The column of row weights: how much each row counts in the loss and in scores. Not used as a feature."""
    orders: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Ordered columns -> their categories, the lowest first."""
    fitted: Preprocessing | None = None
    """What the rows go through where it is not to be fitted on them; see `through`."""
    test: float | None = None
    """The share of the rows that are sealed as test rows; None where nothing was asked for, and beside `sealed`."""
    stream: FileStream | None = None
    """The file, where its rows are read in parts: `frame` and `target` are then those of a sample."""
    sealed: SealedTable | None = None
    """Test rows of their own. In data sets that are made of the table they follow its rows, as official test rows."""

    def through(self, preprocessing: Preprocessing) -> Table:
        """The same table, whose rows go through a preprocessing that was fitted on others, such as a model's."""
        return replace(self, fitted=preprocessing)

    @cached_property
    def prepared(self) -> tuple[NDArray[np.float32], list[str]]:
        """(inputs [N, D], notes for people) of all rows by `fitted`. InputError where the columns do not fit it."""
        if self.fitted is None:
            raise InputError(
                problem(f"Table {self.name!r}", "has no preprocessing yet", fix="Split it, or see through.")
            )
        x, notes, apart = self._encoded(self.fitted)
        return x, [*notes, *apart]

    def _encoded(self, preprocessing: Preprocessing) -> tuple[NDArray[np.float32], list[str], list[str]]:
        """(inputs of all rows, sealed ones last, notes on the table, notes on a test table)."""
        x, notes = preprocessing.transform(self.frame)
        if self.sealed is None:
            return x, notes, []
        more, apart = self.sealed.encoded(preprocessing)
        return np.vstack([x, more]), notes, apart

    @cached_property
    def leaks(self) -> tuple[Leak, ...]:
        """Columns that may give the target away: to be looked at before the scores are believed."""
        return find_leaks(self.frame, dict(self.kinds), self.target, self.group)

    def split(self, *, valid: float = 0.1, test: float | None = None, seed: int = 0) -> Split:
        """Divide the rows as `goodfit.data.split` does (by the column `group` or `time`, where there is one), then fit
        the preprocessing on the training rows alone.

        The split's Dataset holds all rows after preprocessing: inputs float32 [N, D], ready for a net; rows of a test
        table follow the others. What there is to tell of the cells of these (missing ones, new categories) is warned
        of.

        valid: share of the rows that are not test rows, in [0, 1)
        test: share of the rows that is sealed; None is what was asked for where the table was made, or 0.2
        seed: which rows are drawn for which part
        """
        self.check_whole()
        parts = self.bare_split(valid=valid, test=test, seed=seed)
        data, notes = self._made(parts.train)
        for note in notes:
            warn(note)
        return Split(data, parts.train, parts.valid, parts.test, seed=parts.seed)

    def check_whole(self) -> None:
        """InputError where the rows are not in memory."""
        if self.stream is not None:
            raise self.stream.refusal("this")

    def bare_split(self, *, valid: float = 0.1, test: float | None = None, seed: int = 0) -> Split:
        """The rows divided as by `split`, of a data set without inputs.

        valid, test, seed: as in `split`
        """
        return split_rows(self.bare, valid=valid, test=self.test if test is None else test, seed=seed)

    @cached_property
    def bare(self) -> Dataset:
        """All rows without what is in them but the target: enough to divide them."""
        self.check_whole()
        return Dataset(
            self.name,
            np.zeros((len(self._y), 1), np.float32),
            self._y,
            self.target.task,
            self.target.classes,
            **self._division,
        )

    def dataset(self, train: NDArray[Any]) -> Dataset:
        """All rows after a preprocessing that was fitted on the rows `train`, or after `fitted`.

        Of a file that is streamed, the rows that the run which has divided it held in memory.
        """
        return self._made(train)[0] if self.stream is None else self.stream.dataset(self)

    def _made(self, train: NDArray[Any]) -> tuple[Dataset, list[str]]:
        """(the data set, notes on the cells of a test table, which are told nowhere else)."""
        preprocessing = self.fitted or Preprocessing.fit(
            self.frame, self.kinds, train, ignored=self.ignored, orders=self.orders
        )
        x, _, notes = self._encoded(preprocessing) if self.fitted is None else (self.prepared[0], [], [])
        data = Dataset(
            self.name,
            x,
            self._y,
            self.target.task,
            self.target.classes,
            preprocessing.features,
            scaling="none",
            scale_targets=self.target.task == "regression",
            targets=self.target.columns if self.target.task == "regression" else (),
            about=f"A table with the target{'s' * bool(self.target.names)} {self._targets}",
            source=self.frame.name,
            preprocessing=preprocessing,
            raw_rows=self.raw_rows,
            suspects=self.suspects,
            **self._division,
        )
        return data, notes

    @cached_property
    def _y(self) -> NDArray[Any]:
        """Targets of all rows, sealed ones last."""
        return self.target.y if self.sealed is None else np.concatenate([self.target.y, self.sealed.y])

    def divided_by(self, group: str | None = None, time: str | None = None) -> Table:
        """The same table with its rows divided by another column, which is then no input.

        group, time: as in `goodfit.data.table`
        """
        choices = Choices.of(self.target.columns, (), None, None, group, time, self.weight)
        check_names(self.frame, choices)
        problems = Problems()
        if time is not None:
            times_of(self.frame, time, problems)
        problems.raise_if_any()
        if self.sealed is not None:
            check_divided(self.sealed.frame, self.frame, choices)
        kinds = {name: kind for name, kind in self.kinds.items() if name not in (group, time)}
        if not kinds:
            raise InputError(problem(self.frame.name, "must have at least one feature; none is left"))
        origin = None
        if self.origin is not None:
            origin = {name: value for name, value in self.origin.items() if name not in ("group", "time")}
            origin |= {name: value for name, value in (("group", group), ("time", time)) if value is not None}
        return replace(self, kinds=kinds, group=group, time=time, origin=origin)

    @cached_property
    def _division(self) -> dict[str, Any]:
        """What the rows are divided by, which are sealed, and how much each counts, as a Dataset takes it."""
        frames, found = [self.frame], dict[str, Any]()
        if self.sealed is not None:
            frames.append(self.sealed.frame)
            found["test"] = np.arange(self.frame.rows, len(self._y), dtype=np.int32)
        if self.group is not None:
            columns = [frame.columns[self.group] for frame in frames]
            labels = [np.array([*column.categories(), None], object)[column.codes] for column in columns]
            found["groups"] = np.concatenate(labels)
        elif self.time is not None:
            found["time"] = np.concatenate([times_of(frame, self.time, Problems()) for frame in frames])
        if self.weight is not None:
            found["weight"] = np.concatenate([frame.columns[self.weight].numbers() for frame in frames])
        return found

    def suspects(self, rows: NDArray[Any]) -> tuple[tuple[str, str, str], ...]:
        """(column, why, status) for the columns that give the target away in these rows, none of which repeats another
        but for a few columns; see `leaks`.
        """
        target = replace(self.target, y=self.target.y[rows], rows=self.target.rows[rows])
        found = find_leaks(self.frame.take(rows), dict(self.kinds), target, self.group, changed=False)
        return tuple((leak.column, leak.why, leak.status) for leak in found)

    def raw_rows(self, rows: NDArray[Any]) -> NDArray[np.uint8]:
        """These rows as bytes, the same for a copy of the table in another format; sealed ones as those of their file.

        Rows of both, where one of them has more columns, are filled up with zeros.
        """
        ours = rows < self.frame.rows
        if self.sealed is None or ours.all():
            return row_bytes(self.frame.take(rows), self.target.columns)
        apart = self.sealed.bytes(rows[~ours] - self.frame.rows)
        if not ours.any():
            return apart
        own = row_bytes(self.frame.take(rows[ours]), self.target.columns)
        found = np.zeros((len(rows), max(own.shape[1], apart.shape[1])), np.uint8)
        found[np.flatnonzero(ours), : own.shape[1]] = own
        found[np.flatnonzero(~ours), : apart.shape[1]] = apart
        return found

    @property
    def ignored(self) -> tuple[str, ...]:
        """Columns that are no inputs: the target, ids, columns with one value."""
        return tuple(name for name in self.frame.names if name not in self.kinds)

    def __len__(self) -> int:
        """Rows that have a target; those of a test table do not count. Of a file that is streamed, all its rows."""
        return self.frame.rows if self.stream is None else self.stream.rows

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        html: str = provided("show in a notebook")(self)
        return html

    def __repr__(self) -> str:
        inputs = "1 input column" if len(self.kinds) == 1 else f"{len(self.kinds)} input columns"
        about = f"target {self._targets}: {self.target.about}{' in a sample' * (self.stream is not None)}"
        return f"Table({self.name!r}, {len(self)} rows, {inputs}, {about})"

    @property
    def _targets(self) -> str:
        """Their names, as a sentence has them."""
        return ", ".join(map(repr, self.target.columns))
