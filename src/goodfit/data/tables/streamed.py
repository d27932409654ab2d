"""A table file with more rows than memory: read part by part, three times, and never held.

The first pass draws a sample, by which the kinds of columns are found as those of any table; the second sums up what a
preprocessing and a target need of all training rows; the third encodes every row: training rows go to a scratch file,
validation and test rows, and a sample of the training rows, into a data set in memory.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from goodfit.data.dataset import Dataset
from goodfit.data.split import TEST_SHARE, Split
from goodfit.data.tables.coded import grouped_rows, is_grouped, single_places
from goodfit.data.tables.commas import commas_of
from goodfit.data.tables.frames import Frame
from goodfit.data.tables.kinds import Kind
from goodfit.data.tables.preprocessing import Preprocessing, RowReader
from goodfit.data.tables.several import files_of
from goodfit.data.tables.stream_sample import FileStamp, changed_error, file_parts_of, sampled
from goodfit.data.tables.streamed_rows import (
    SHOWN,
    TEST,
    TRAIN,
    VALID,
    WORD,
    Division,
    Record,
    StreamedRows,
    StreamLimits,
    scratch,
)
from goodfit.data.tables.summaries import TableSummary, TargetSummary, UnreadCells
from goodfit.data.tables.targets import MOST_CLASSES, Target
from goodfit.errors import InputError, problem
from goodfit.notices import warn
from goodfit.words import as_listed

LIMITS = StreamLimits()
SHOWN_NEW = 10  # classes that a warning lists
WIDER = 1.25  # times the inputs that were expected, from which fewer rows stay in memory


def memory_of(path: str | os.PathLike[str]) -> float:
    """About how many bytes a table takes in memory, read and prepared for a net; 0 where that is unknown.

    Of a Parquet file, its content, and 24 bytes a value: as Arrow, as raw column and as input; of a text file, four
    times its size. Categories of their own inputs may take more.
    """
    return sum(map(_memory_of_file, files_of(path)))


def _memory_of_file(file: str) -> float:
    suffix = os.path.splitext(file)[1].lower()
    if not os.path.isfile(file) or suffix not in (".parquet", ".csv", ".tsv"):
        return 0.0
    size = float(os.path.getsize(file))
    if suffix != ".parquet":
        return 4 * size
    import pyarrow as pa
    from pyarrow import parquet

    try:
        told = parquet.read_metadata(file)
    except (pa.ArrowException, OSError):  # whoever reads it says what is wrong
        return 0.0
    return size + 24.0 * float(told.num_rows * told.num_columns)


class SampledTable(Protocol):
    """What is read of a table whose frame and target are those of a sample; see `tabular.Table`."""

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def frame(self) -> Frame:
        """Rows of the sample that have a target."""

    @property
    def target(self) -> Target:
        """Their target."""

    @property
    def kinds(self) -> Mapping[str, Kind]:
        """Input columns, in order, and the kind of each."""

    @property
    def orders(self) -> Mapping[str, Sequence[str]]:
        """Ordered columns -> their categories, the lowest first."""

    @property
    def test(self) -> float | None:
        """The share of all rows that is sealed."""

    @property
    def ignored(self) -> tuple[str, ...]:
        """Columns that are no inputs."""

    def suspects(self, rows: NDArray[Any]) -> tuple[tuple[str, str, str], ...]:
        """The columns that tell the target in these rows."""


@dataclass(frozen=True, eq=False)
class FileStream:
    """A file that is streamed.

    path: of the file; sample: some of its rows, raw; numbers: [n] which; rows: how many it has; stamp: by which it is
    known to be the same in every pass; limits: of what is held; division: how a run has divided it, None before;
    trains: whether that run is to go on, so that its training rows are kept.
    """

    path: str
    sample: Frame
    numbers: NDArray[np.int64]
    rows: int
    stamp: FileStamp | None
    limits: StreamLimits
    division: Division | None = None
    trains: bool = False

    @classmethod
    def of(cls, path: str | os.PathLike[str], division: Mapping[str, Any] | None = None) -> FileStream:
        """Draw the sample: one pass. InputError for a file that cannot be read in parts.

        division: valid, test and seed of the run that divided it before.
        """
        where, limits = os.fspath(path), LIMITS
        stamp = FileStamp.of(where)
        sample, numbers, rows = sampled(where, limits)
        made = cls(where, sample, numbers, rows, stamp, limits)
        made.check_same(rows)
        return made if division is None else made.divided_as(division)

    def check_same(self, rows: int) -> None:
        """InputError where the file has changed since its sample was drawn. rows: as many as a pass has found."""
        if rows != self.rows or FileStamp.of(self.path) != self.stamp:
            raise changed_error(self.path)

    def divided_as(self, division: Mapping[str, Any]) -> FileStream:
        """The same file, as a run has divided it. division: its valid, test and seed."""
        made = Division(division["valid"], division["test"], division["seed"], self.rows)
        return replace(self, division=made)

    def refusal(self, what: str) -> InputError:
        """The error for what cannot be done with rows that are not in memory."""
        return needs_all(self.path, what, "Train on it with goodfit train, or read fewer rows without stream.")

    @property
    def is_sampled(self) -> bool:
        """Whether the file has more rows than the sample."""
        return len(self.numbers) < self.rows

    @property
    def frame(self) -> Frame:
        """The sample, in whose name messages tell that it is one, and whose rows have their numbers in the file."""
        name = f"{self.path} ({len(self.numbers):,} of {self.rows:,} rows)" if self.is_sampled else self.path
        return replace(self.sample, name=name, numbers=self.numbers)

    @property
    def note(self) -> str:
        """What is to be told of it."""
        return (
            f"Read in parts: {self.rows:,} rows. Kinds of columns and quantiles are those of a sample of "
            f"{len(self.numbers):,} rows; categories, missing values and ranges are those of all."
        )

    def notes(self, of_sample: Sequence[str]) -> tuple[str, ...]:
        """All that is to be told. of_sample: what there is of the sample."""
        return (
            (self.note, *(f"In the sample: {note}" for note in of_sample))
            if self.is_sampled
            else (self.note, *of_sample)
        )

    def split(self, table: SampledTable, valid: float, seed: int) -> Split:
        """Divide the rows by a hash of their numbers and encode them. The training part is the sample of the training
        rows that is in memory; the data set's `streamed` has all of them.

        table: what the sample was taken for; valid: as of `goodfit.data.split`. InputError where a part has no rows.
        """
        test = TEST_SHARE if table.test is None else table.test
        data, parts = self._encoded(table, Division(valid, test, seed, self.rows), write=True, tell=True)
        rows = {part: np.flatnonzero(parts == part).astype(np.int32) for part in (SHOWN, VALID, TEST)}
        for part, share, name in ((VALID, valid, "valid"), (TEST, test, "test"), (SHOWN, 1.0, "training")):
            if share > 0 and not len(rows[part]):
                raise _without_rows(self.path, name, self.rows, share)
        return Split(data, rows[SHOWN], rows[VALID], rows[TEST], seed=seed)

    def dataset(self, table: SampledTable) -> Dataset:
        """The data set of the rows that a run held in memory, as `split` made it.

        Its training rows are only counted, unless that run is to go on.
        """
        if self.division is None:
            raise self.refusal("this")
        return self._encoded(table, self.division, write=self.trains)[0]

    def _encoded(
        self, table: SampledTable, division: Division, *, write: bool, tell: bool = False
    ) -> tuple[Dataset, NDArray[np.int8]]:
        """(the rows that stay in memory, the part of each)."""
        preprocessing, target, training, rows, held = self._fitted(table, division)
        classes = target.names_of_classes
        if tell:
            self._tell(table, target)
        columns = preprocessing.columns
        outputs = 1 if classes else len(target.names)
        record = Record(
            preprocessing.n_inputs, single_places(columns), sum(map(is_grouped, columns)), outputs, bool(classes)
        )
        file = scratch(rows * record.words * WORD) if write else None
        streamed = StreamedRows(division, self.limits, record, file=file)
        pieces, parts = list[tuple[Any, Any]](), list[NDArray[np.int8]]()
        for x, y, part in self._encoded_parts(table, preprocessing, target, classes, division, held):
            training_rows = part <= SHOWN
            streamed.add(_some(x, training_rows), y[training_rows])
            kept = part != TRAIN
            pieces.append((_some(x, kept).dense, y[kept]))
            parts.append(part[kept])
        data = Dataset(
            table.name,
            np.concatenate([x for x, _ in pieces]),
            np.concatenate([y for _, y in pieces]),
            table.target.task,
            classes,
            preprocessing.features,
            scaling="none",
            scale_targets=not classes,
            targets=() if classes else table.target.columns,
            about=f"Rows of a streamed table, of which {streamed.rows:,} train",
            source=table.frame.name,
            preprocessing=preprocessing,
            suspects=lambda _: table.suspects(training),
            streamed=streamed,
        )
        return data, np.concatenate(parts)

    def _fitted(
        self, table: SampledTable, division: Division
    ) -> tuple[Preprocessing, TargetSummary, NDArray[np.int32], int, int]:
        """(what all training rows fit, the target's summary, which of the sample train, how many of all, `held` of
        `Division.parts`).
        """
        # by the width of all sampled rows' inputs: how many stay in memory must be known before any row is divided
        held = self.limits.held(self._fitted_on(table, None).n_inputs)
        while True:
            own = self.numbers[table.target.rows]
            training = np.flatnonzero(division.parts(own, held) <= SHOWN).astype(np.int32)
            if not len(training):
                raise _without_rows(self.path, "training", self.rows, 1.0)
            summary, target, rows = self._summed(table, self._fitted_on(table, training), division, held)
            preprocessing = summary.fitted(table.frame.take(training))
            fits = self.limits.held(preprocessing.n_inputs)
            if held <= WIDER * fits:
                return preprocessing, target, training, rows, held
            held = fits  # categories that the sample had not made rows so wide that fewer can stay: divide them anew

    def _fitted_on(self, table: SampledTable, rows: NDArray[np.int32] | None) -> Preprocessing:
        """What the sample, or some rows of it, would fit."""
        return Preprocessing.fit(table.frame, table.kinds, rows, ignored=table.ignored, orders=table.orders)

    def _summed(
        self, table: SampledTable, guess: Preprocessing, division: Division, held: int
    ) -> tuple[TableSummary, TargetSummary, int]:
        """(summaries of the training rows, the target's of all, how many rows train): one pass."""
        unread = UnreadCells()
        summary = TableSummary(guess, self.limits, unread)
        target = TargetSummary(table.target.columns, table.target.task)
        count, first = 0, 0
        for frame in self._frames(table, 2):
            known = target.add(frame, first, unread)
            rows = np.flatnonzero(known & (division.parts(np.arange(first, first + frame.rows), held) <= SHOWN))
            summary.add(frame, known, rows, first)
            first += frame.rows
            count += len(rows)
            self._check_classes(target)
        unread.raise_if_any()
        return summary, target, count

    def _tell(self, table: SampledTable, target: TargetSummary) -> None:
        """Warn of what the sample tells of otherwise: rows that are left out, and classes."""
        lost, classes, seen = self.rows - target.known_rows, target.names_of_classes, table.target.classes
        if self.is_sampled and lost:
            warn(f"{lost:,} of {self.rows:,} rows left out: {table.target.words} is missing or infinite.")
        if len(classes) > len(seen):
            new = [as_listed(name) for name in classes if name not in seen]
            more = ", ..." if len(new) > SHOWN_NEW else ""
            rule = f"The target has {len(classes):,} classes; the sample did not have"
            warn(f"{rule} {', '.join(new[:SHOWN_NEW])}{more}.")

    def _check_classes(self, target: TargetSummary) -> None:
        if len(target.classes) > MOST_CLASSES and len(target.names_of_classes) > MOST_CLASSES:
            rule = f"the target {target.names[0]!r} must have classes that repeat, at most {MOST_CLASSES:,}"
            raise InputError(problem(self.path, rule, got=f"{len(target.classes):,} classes, and more to come"))

    def _encoded_parts(
        self,
        table: SampledTable,
        preprocessing: Preprocessing,
        target: TargetSummary,
        classes: tuple[str, ...],
        division: Division,
        held: int,
    ) -> Iterator[tuple[Any, NDArray[Any], NDArray[np.int8]]]:
        """(coded rows, targets, the part of each row), part by part: one pass. Rows without a target are left out."""
        reader, first = RowReader(preprocessing, encode=grouped_rows), 0
        for frame in self._frames(table, 3):
            known = np.flatnonzero(target.known(frame))
            part = division.parts(first + known, held)
            first += frame.rows
            frame = frame if len(known) == frame.rows else frame.take(known)
            x, rows = reader.read(frame, strict=True)
            if len(rows) < len(known):  # the pass before could read all cells
                raise changed_error(self.path)
            yield x, target.targets(frame, classes), part

    def _frames(self, table: SampledTable, number: int) -> Iterator[Frame]:
        kinds: dict[str, Kind] = dict(table.kinds)
        if table.target.task == "regression":
            kinds |= dict.fromkeys(table.target.columns, "numeric")
        left_out = [name for name in self.sample.names if name not in kinds and name not in table.target.columns]
        written, rows = commas_of(self.sample), 0
        for part in file_parts_of(self.path, number, self.rows):
            if part.commas is not None:
                part.commas.start(written)
            frame = part.frame(left_out, kinds)
            rows += frame.rows
            yield frame
        self.check_same(rows)


ALL_ROWS = "Leave it out, or read all rows at once: --no-stream, or in Python no 'stream'."


def needs_all(where: str, what: str, fix: str = ALL_ROWS) -> InputError:
    """The error for what needs all rows of a file that is streamed."""
    return InputError(problem(where, f"{what} needs all rows in memory, and the file is streamed", fix=fix))


def refuse_streamed(path: str, columns: Mapping[str, str | None], test: Any) -> None:
    """InputError for what of a table cannot be had part by part. columns: option -> the column it names."""
    refused = [repr(option) for option, column in columns.items() if column is not None]
    if test is not None and not isinstance(test, float | int):
        refused.append("a test set of its own")
    if refused:
        raise needs_all(path, " and ".join(refused))


def _without_rows(path: str, part: str, rows: int, share: float) -> InputError:
    rule = f"the {part} part of {rows:,} rows must have some; it has none"
    return InputError(problem(path, rule, got=share, fix="Give a larger share, or more rows."))


def _some(x: Any, rows: NDArray[np.bool_]) -> Any:
    return replace(x, numbers=x.numbers[rows], codes=x.codes[rows])
