"""What a preprocessing is fitted from where rows do not fit into memory: summaries that grow part by part.

Missing values, categories and their rows, the least and the largest number are those of all training rows. Quantiles
are those of a sample of them, drawn by a hash of the row's number, so that two samples can be merged. Of n sampled rows
the share of rows below a quantile is within 1.3 / sqrt(n) of the one meant, with 99 % confidence: 0.0036 of 2^17 rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from goodfit.data.robust import ColumnScaling
from goodfit.data.tables.categories import FEW_CATEGORIES, Indicators, categories_of_counts
from goodfit.data.tables.dates import Moments
from goodfit.data.tables.fitted import Boolean, FittedColumn, Numeric
from goodfit.data.tables.frames import Frame
from goodfit.data.tables.kinds import are_opposites
from goodfit.data.tables.preprocessing import Gap, Preprocessing, check_columns, unread_problem
from goodfit.data.tables.raw import Numbers, RawColumn
from goodfit.data.tables.stream_sample import changed_error
from goodfit.data.tables.streamed_rows import StreamLimits
from goodfit.data.tables.targets import class_places, sorted_classes
from goodfit.errors import InputError, Problems
from goodfit.words import SHOWN_ROWS

WORD_BYTES = 150  # of a text and its count, beside its letters


class WordCounts:
    """How many rows have each text, exactly while there are at most `most` texts, and these take `most_bytes`.

    Of more, the frequent ones are kept and every count may be short by `short` rows, at most rows / texts kept.
    Source: Misra & Gries (1982), Finding repeated elements; merged as in Agarwal et al. (2012), Mergeable summaries.
    """

    def __init__(self, most: int, most_bytes: float = np.inf) -> None:
        self.most, self.most_bytes, self.short, self.bytes = most, most_bytes, 0, 0
        self.counts: Counter[str] = Counter()

    def add(self, column: RawColumn) -> None:
        """Count the texts of a part."""
        known = column.codes[column.codes >= 0]
        if not len(known):
            return
        words, counts = column.categories(), np.bincount(known)
        for code in np.flatnonzero(counts):
            word = words[code]
            self.bytes += 0 if word in self.counts else WORD_BYTES + len(word)
            self.counts[word] += int(counts[code])
        if len(self.counts) > 2 * self.most or self.bytes > self.most_bytes:
            self._forget()

    def _forget(self) -> None:
        """Keep the most frequent texts, and take the count of the next from each, which bounds the error."""
        ordered = self.counts.most_common(self.most + 1)
        sizes = np.cumsum([WORD_BYTES + len(word) for word, _ in ordered])
        kept = int(np.searchsorted(sizes, self.most_bytes / 2, "right"))
        least = ordered[min(kept, len(ordered) - 1)][1]
        self.counts = Counter({word: count - least for word, count in ordered if count > least})
        self.bytes = sum(WORD_BYTES + len(word) for word in self.counts)
        self.short += least


class UnreadCells:
    """The cells of a file that cannot be read, column by column, until all parts have been looked at."""

    def __init__(self) -> None:
        self.gaps: dict[str, tuple[Gap, str]] = {}
        self.where = ""

    def add(self, frame: Frame, name: str, rows: NDArray[Any], first: int, words: str) -> None:
        """Keep rows of a part, of which the first has the number `first`; words: what the column must hold."""
        if not len(rows):
            return
        self.where = frame.name
        gap, _ = self.gaps.setdefault(name, (Gap([], 0, frame.columns[name].shown(int(rows[0]))), words))
        gap.rows += (first + rows[: SHOWN_ROWS - len(gap.rows)]).tolist()
        gap.count += len(rows)

    def raise_if_any(self) -> None:
        """One InputError that names them all."""
        problems = [
            unread_problem(self.where, name, gap.rows, gap.count, gap.got, words)
            for name, (gap, words) in self.gaps.items()
        ]
        if problems:
            raise InputError(*problems)


class ColumnSummary:
    """All training values of a column, as far as its fitting needs them. guess: the column as the sample fits it."""

    def __init__(self, guess: FittedColumn, most: int, most_bytes: float) -> None:
        self.guess, self.missing, self.low, self.high = guess, False, np.inf, -np.inf
        self.rows = self.known = self.ones = 0
        self.words = WordCounts(most, most_bytes) if isinstance(guess, Indicators) else None

    def add(self, column: RawColumn, rows: NDArray[np.intp]) -> NDArray[np.bool_] | None:
        """Take the values of a part's training rows; which cells of all its rows cannot be read, None where any can."""
        self.rows += len(rows)
        if self.guess.kind == "categorical":
            column = column if len(rows) == len(column) else column.take(rows)
            self.missing |= bool((column.codes < 0).any())
            if self.words is not None:
                self.words.add(column)
            return None
        values, wrong = self.guess.read(column)
        values = values[rows]
        known = values[~np.isnan(values)]
        self.missing |= len(known) < len(values)
        self.known += len(known)
        if isinstance(self.guess, Boolean):
            self.ones += int(known.sum())
        elif len(known):
            self.low, self.high = min(self.low, float(known.min())), max(self.high, float(known.max()))
        return wrong

    def fitted(self, sample: RawColumn, sharers: int) -> FittedColumn:
        """The column, fitted. sample: training rows; sharers: as in `fit_categories`."""
        guess = self.guess
        if self.words is not None:
            words = [*self.words.counts]
            counts = np.array([self.words.counts[word] for word in words], np.int64)
            return categories_of_counts(guess.name, words, counts, self.rows, self.missing, sharers)
        if isinstance(guess, Boolean):
            return replace(guess, missing=self.missing, often=2 * self.ones > self.known)
        if isinstance(guess, Numeric):
            return Numeric(guess.name, self.missing, ColumnScaling.fit(self._with_ends(guess.read(sample)[0])))
        if isinstance(guess, Moments):
            days = RawColumn("date", self._with_ends(guess.read(sample)[0]), clock=guess.clock)
            return replace(Moments.fit(guess.name, days), missing=self.missing)
        return replace(guess, missing=self.missing)

    @property
    def many(self) -> bool:
        """Whether it has so many categories that they share inputs."""
        return self.words is not None and len(self.words.counts) > FEW_CATEGORIES

    def _with_ends(self, values: Numbers) -> Numbers:
        """The sample's values, with the least and the largest of all where it has not these."""
        values = values[~np.isnan(values)]
        ends = [end for end in (self.low, self.high) if self.known and end not in values]
        return np.concatenate([values, ends])


class TableSummary:
    """All training rows of a table, as far as a preprocessing needs them.

    guess: what the sample fits; limits: of the texts that are counted; unread: cells that cannot be read.
    """

    def __init__(self, guess: Preprocessing, limits: StreamLimits, unread: UnreadCells) -> None:
        self.guess, self.unread = guess, unread
        counted = sum(isinstance(column, Indicators) for column in guess.columns)
        share = limits.word_bytes / max(1, counted)
        self.columns = {column.name: ColumnSummary(column, limits.words, share) for column in guess.columns}

    def add(self, frame: Frame, known: NDArray[np.bool_], rows: NDArray[np.intp], first: int) -> None:
        """Take the training rows of a part, and look at the cells of all that have a target.

        known: [N] which have; rows: which train; first: number of the first.
        """
        problems = Problems()
        check_columns(frame, {each.name: f"{each.kind} values" for each in self.guess.columns}, "of the file", problems)
        problems.raise_if_any()
        for name, summary in self.columns.items():
            wrong = summary.add(frame.columns[name], rows)
            if wrong is not None:
                self.unread.add(frame, name, np.flatnonzero(wrong & known), first, summary.guess.words)

    def fitted(self, sample: Frame) -> Preprocessing:
        """The preprocessing. sample: training rows."""
        many = max(1, sum(summary.many for summary in self.columns.values()))
        columns = tuple(each.fitted(sample.columns[name], many) for name, each in self.columns.items())
        return replace(self.guess, columns=columns)


class TargetSummary:
    """Reads targets part by part. names: of the columns; task: what they are for; known_rows: rows that have all."""

    def __init__(self, names: Sequence[str], task: str) -> None:
        self.names, self.task, self.known_rows = tuple(names), task, 0
        self.classes: dict[str, int] = {}
        self.text = False

    def add(self, frame: Frame, first: int, unread: UnreadCells) -> NDArray[np.bool_]:
        """As `known`, while classes and rows are counted, and cells that cannot be read go to `unread`.

        first: number of the part's first row
        """
        found = self.known(frame)
        self.known_rows += int(found.sum())
        for name in self.names:
            column = frame.columns[name]
            if self.task != "classification":
                unread.add(frame, name, np.flatnonzero(column.unread(column.numbers())), first, "numbers")
                continue
            codes, words = column.codes, column.categories()
            self.text |= column.storage == "text"
            counts = np.bincount(codes[codes >= 0])
            for code in np.flatnonzero(counts):
                self.classes[words[code]] = self.classes.get(words[code], 0) + int(counts[code])
        return found

    def known(self, frame: Frame) -> NDArray[np.bool_]:
        """[N] which rows of a part have all targets."""
        problems, found = Problems(), np.ones(frame.rows, bool)
        check_columns(frame, dict.fromkeys(self.names, "targets"), "of the file", problems)
        problems.raise_if_any()
        for name in self.names:
            column = frame.columns[name]
            if self.task == "classification":
                found &= column.codes >= 0
                continue
            values = column.numbers()
            finite = np.isfinite(values)
            if np.abs(values[finite]).max(initial=0.0) > np.finfo(np.float32).max:
                rule = f"the numbers of the target {name!r} must be below 3.4e38"
                problems.add(frame.name, rule, fix="Use another unit, or take the logarithm.")
            found &= finite
        problems.raise_if_any()
        return found

    @property
    def names_of_classes(self) -> tuple[str, ...]:
        """The classes, in the order of `Target.classes`."""
        words = sorted(self.classes, key=lambda word: -self.classes[word])
        if self.text and len(words) > 2 and are_opposites(words):
            chosen: dict[str, str] = {}
            for word in words:
                chosen.setdefault(word.lower(), word)
            words = [*chosen.values()]
        return tuple(words[place] for place in sorted_classes(tuple(words)))

    def targets(self, frame: Frame, classes: Sequence[str]) -> NDArray[Any]:
        """Targets of a part's rows, all of which have them: int32 codes [N] or float64 [N, C].

        InputError for a class that was in no row of the pass before.
        """
        if self.task != "classification":
            return np.stack([frame.columns[name].numbers() for name in self.names], axis=1)
        column = frame.columns[self.names[0]]
        places = class_places(classes, column.categories())
        codes = np.array([*(-1 if place is None else place for place in places), -1], np.int32)
        found: NDArray[Any] = codes[column.codes]
        if (found < 0).any():
            raise changed_error(frame.name)
        return found
