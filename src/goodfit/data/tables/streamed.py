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
from goodfit.data.tables.file_parts import in_parts
from goodfit.data.tables.frames import Frame, check_names, frame_from
from goodfit.data.tables.kinds import Kind
from goodfit.data.tables.parts import TablePart
from goodfit.data.tables.preprocessing import Preprocessing, RowReader
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
    hashed,
    scratch,
)
from goodfit.data.tables.summaries import TableSummary, TargetSummary
from goodfit.data.tables.targets import MOST_CLASSES, Target
from goodfit.errors import InputError, problem

LIMITS = StreamLimits()
ENDINGS = ".parquet, .csv or .tsv"


def memory_of(path: str | os.PathLike[str]) -> float:
    """About how many bytes a table file takes in memory, read and prepared for a net; 0 where that is unknown.

    Of a Parquet file, its content, and 24 bytes a value: as Arrow, as raw column and as input; of a text file, four
    times its size. Categories of their own inputs may take more.
    """
    file, suffix = os.fspath(path), os.path.splitext(os.fspath(path))[1].lower()
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

    path: of the file; sample: some of its rows, raw; numbers: [n] which; rows: how many it has; limits: of what is
    held; division: how a run has divided it, None before; trains: whether that run is to go on, so that its training
    rows are kept.
    """

    path: str
    sample: Frame
    numbers: NDArray[np.int64]
    rows: int
    limits: StreamLimits
    division: Division | None = None
    trains: bool = False

    @classmethod
    def of(cls, path: str | os.PathLike[str], division: Mapping[str, Any] | None = None) -> FileStream:
        """Draw the sample: one pass. InputError for a file that cannot be read in parts.

        division: valid, test and seed of the run that divided it before.
        """
        where, limits = os.fspath(path), LIMITS
        sample, numbers, rows = _sampled(where, limits)
        made = cls(where, sample, numbers, rows, limits)
        return made if division is None else made.divided_as(division)

    def divided_as(self, division: Mapping[str, Any]) -> FileStream:
        """The same file, as a run has divided it. division: its valid, test and seed."""
        made = Division(division["valid"], division["test"], division["seed"], self.rows)
        return replace(self, division=made)

    def refusal(self, what: str) -> InputError:
        """The error for what cannot be done with rows that are not in memory."""
        return needs_all(self.path, what, "Train on it with goodfit train, or read fewer rows without stream.")

    @property
    def note(self) -> str:
        """What is to be told of it."""
        return (
            f"Read in parts: {self.rows:,} rows. Kinds of columns and quantiles are those of a sample of "
            f"{len(self.numbers):,} rows; categories, missing values and ranges are those of all."
        )

    def split(self, table: SampledTable, valid: float, seed: int) -> Split:
        """Divide the rows by a hash of their numbers and encode them. The training part is the sample of the training
        rows that is in memory; the data set's `streamed` has all of them.

        table: what the sample was taken for; valid: as of `goodfit.data.split`. InputError where a part has no rows.
        """
        test = TEST_SHARE if table.test is None else table.test
        data, parts = self._encoded(table, Division(valid, test, seed, self.rows), write=True)
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

    def _encoded(self, table: SampledTable, division: Division, *, write: bool) -> tuple[Dataset, NDArray[np.int8]]:
        """(the rows that stay in memory, the part of each)."""
        # by the width of all sampled rows' inputs: how many stay in memory must be known before any row is divided
        held = self.limits.held(self._fitted_on(table, None).n_inputs)
        own = self.numbers[table.target.rows]
        training = np.flatnonzero(division.parts(own, held) <= SHOWN).astype(np.int32)
        if not len(training):
            raise _without_rows(self.path, "training", self.rows, 1.0)
        summary, target, rows = self._summed(table, self._fitted_on(table, training), division, held)
        preprocessing = summary.fitted(table.frame.take(training))
        classes = target.names_of_classes
        if len(classes) > MOST_CLASSES:
            rule = f"the target {table.target.name!r} must have classes that repeat, at most {MOST_CLASSES:,}"
            raise InputError(problem(self.path, rule, got=f"{len(classes):,} classes"))
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

    def _fitted_on(self, table: SampledTable, rows: NDArray[np.int32] | None) -> Preprocessing:
        """What the sample, or some rows of it, would fit."""
        return Preprocessing.fit(table.frame, table.kinds, rows, ignored=table.ignored, orders=table.orders)

    def _summed(
        self, table: SampledTable, guess: Preprocessing, division: Division, held: int
    ) -> tuple[TableSummary, TargetSummary, int]:
        """(summaries of the training rows, the target's of all, how many rows train): one pass."""
        summary = TableSummary(guess, self.limits.words)
        target = TargetSummary(table.target.columns, table.target.task)
        count, first = 0, 0
        for frame in self._frames(table):
            known = target.known(frame, first)
            rows = np.flatnonzero(known & (division.parts(np.arange(first, first + frame.rows), held) <= SHOWN))
            summary.add(frame, rows, first)
            first += frame.rows
            count += len(rows)
        return summary, target, count

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
        for frame in self._frames(table):
            known = np.flatnonzero(target.known(frame, first))
            part = division.parts(first + known, held)
            first += frame.rows
            frame = frame if len(known) == frame.rows else frame.take(known)
            x, rows = reader.read(frame, strict=True)
            if len(rows) < len(known):
                raise reader.unread_error()
            yield x, target.targets(frame, classes), part

    def _frames(self, table: SampledTable) -> Iterator[Frame]:
        kinds: dict[str, Kind] = dict(table.kinds)
        if table.target.task == "regression":
            kinds |= dict.fromkeys(table.target.columns, "numeric")
        left_out = [name for name in self.sample.names if name not in kinds and name not in table.target.columns]
        for part in _parts(self.path):
            yield part.frame(left_out, kinds)


def needs_all(where: str, what: str, fix: str = "Leave it out, or train on fewer rows without stream.") -> InputError:
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


def _parts(path: str) -> Iterator[TablePart]:
    parts = in_parts(path)
    if parts is None:
        rule = f"must be one {ENDINGS} file to be read in parts"
        raise InputError(problem(path, rule, fix="Convert it, or train without stream."))
    return parts


def _sampled(path: str, limits: StreamLimits) -> tuple[Frame, NDArray[np.int64], int]:
    """(rows drawn by a hash of their numbers, these numbers, how many rows there are): those of the smallest words, so
    that the same rows are drawn however the file is cut into parts.
    """
    import pyarrow as pa

    chosen, first, most, bound = list[tuple[Any, Any, Any]](), 0, 0, np.uint64(2**64 - 1)
    for part in _parts(path):
        names = [name for name, _ in part.columns]
        check_names(path, names)
        columns = [_plain_values(column) for _, column in part.columns]
        count = len(columns[0]) if columns else 0
        most = most or limits.sampled(len(names))
        words = hashed(np.arange(first, first + count), 0, "stream/sample")
        rows = np.flatnonzero(words < bound)
        if len(rows):
            piece = pa.table(columns, names=names).take(pa.array(rows))
            chosen.append((words[rows], rows + first, piece))
        first += count
        if sum(len(each) for each, *_ in chosen) > 1.25 * most:
            chosen = [_smallest(chosen, most)]
            bound = chosen[0][0].max()
    words, numbers, piece = _smallest(chosen, most) if chosen else _empty(path)
    order = np.argsort(numbers)
    piece = piece.take(pa.array(order)).combine_chunks()
    sample = frame_from(path, [(name, piece[name].combine_chunks()) for name in piece.column_names])
    del chosen, piece
    pa.default_memory_pool().release_unused()
    return sample, numbers[order].astype(np.int64), first


def _empty(path: str) -> Any:
    raise InputError(problem(path, "must have rows; there are none"))


def _smallest(chosen: list[tuple[Any, Any, Any]], most: int) -> tuple[Any, Any, Any]:
    """The rows of the smallest words, (words, numbers, table)."""
    import pyarrow as pa

    words = np.concatenate([each for each, *_ in chosen])
    numbers = np.concatenate([each for _, each, _ in chosen])
    keep = np.argsort(words, kind="stable")[:most]
    return words[keep], numbers[keep], pa.concat_tables([each for *_, each in chosen]).take(pa.array(keep))


def _plain_values(column: Any) -> Any:
    """A column without a dictionary of its own, for those of two parts differ."""
    import pyarrow as pa

    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    return array.cast(array.type.value_type) if pa.types.is_dictionary(array.type) else array
