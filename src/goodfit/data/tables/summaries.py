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
from goodfit.data.tables.preprocessing import Preprocessing, check_columns, unread_problem
from goodfit.data.tables.raw import Numbers, RawColumn
from goodfit.data.tables.targets import class_places, sorted_classes
from goodfit.errors import Problems


class WordCounts:
    """How many rows have each text, exactly while there are at most `most` texts.

    Of more, the frequent ones are kept and every count may be short by `short` rows, at most rows / most.
    Source: Misra & Gries (1982), Finding repeated elements; merged as in Agarwal et al. (2012), Mergeable summaries.
    """

    def __init__(self, most: int) -> None:
        self.most, self.short = most, 0
        self.counts: Counter[str] = Counter()

    def add(self, column: RawColumn) -> None:
        """Count the texts of a part."""
        known = column.codes[column.codes >= 0]
        if not len(known):
            return
        words, counts = column.categories(), np.bincount(known)
        for code in np.flatnonzero(counts):
            self.counts[words[code]] += int(counts[code])
        if len(self.counts) > 2 * self.most:
            self._forget()

    def _forget(self) -> None:
        """Keep the most frequent texts, and take the count of the next from each, which bounds the error."""
        ordered = self.counts.most_common(self.most + 1)
        least = ordered[-1][1]
        self.counts = Counter({word: count - least for word, count in ordered if count > least})
        self.short += least


class ColumnSummary:
    """All training values of a column, as far as its fitting needs them. guess: the column as the sample fits it."""

    def __init__(self, guess: FittedColumn, most: int) -> None:
        self.guess, self.missing, self.low, self.high = guess, False, np.inf, -np.inf
        self.rows = self.known = self.ones = 0
        self.words = WordCounts(most) if isinstance(guess, Indicators) else None

    def add(self, column: RawColumn) -> NDArray[np.bool_] | None:
        """Take the values of a part; which of its cells cannot be read, [N], None where any can."""
        self.rows += len(column)
        if self.guess.kind == "categorical":
            self.missing |= bool((column.codes < 0).any())
            if self.words is not None:
                self.words.add(column)
            return None
        values, wrong = self.guess.read(column)
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
    """All training rows of a table, as far as a preprocessing needs them. guess: what the sample fits."""

    def __init__(self, guess: Preprocessing, most: int) -> None:
        self.guess = guess
        self.columns = {column.name: ColumnSummary(column, most) for column in guess.columns}

    def add(self, frame: Frame, rows: NDArray[np.intp], first: int) -> None:
        """Take the training rows of a part; InputError for unreadable cells. first: number of its first row."""
        problems = Problems()
        check_columns(frame, {each.name: f"{each.kind} values" for each in self.guess.columns}, "of the file", problems)
        problems.raise_if_any()
        for name, summary in self.columns.items():
            column = frame.columns[name]
            wrong = summary.add(column if len(rows) == frame.rows else column.take(rows))
            if wrong is not None and wrong.any():
                lost = rows[wrong]
                got, words = column.shown(int(lost[0])), summary.guess.words
                problems.found.append(unread_problem(frame.name, name, lost + first, len(lost), got, words))
        problems.raise_if_any()

    def fitted(self, sample: Frame) -> Preprocessing:
        """The preprocessing. sample: training rows."""
        many = max(1, sum(summary.many for summary in self.columns.values()))
        columns = tuple(each.fitted(sample.columns[name], many) for name, each in self.columns.items())
        return replace(self.guess, columns=columns)


class TargetSummary:
    """Reads targets part by part. names: of the columns; task: what they are for."""

    def __init__(self, names: Sequence[str], task: str) -> None:
        self.names, self.task = tuple(names), task
        self.classes: dict[str, int] = {}
        self.text = False

    def known(self, frame: Frame, first: int) -> NDArray[np.bool_]:
        """[N] which rows of a part have all targets, while classes are counted.

        first: number of its first row, for errors.
        """
        problems, found = Problems(), np.ones(frame.rows, bool)
        check_columns(frame, dict.fromkeys(self.names, "targets"), "of the file", problems)
        problems.raise_if_any()
        for name in self.names:
            column = frame.columns[name]
            if self.task == "classification":
                codes = column.codes
                found &= codes >= 0
                self.text |= column.storage == "text"
                words, counts = column.categories(), np.bincount(codes[codes >= 0])
                for code in np.flatnonzero(counts):
                    self.classes[words[code]] = self.classes.get(words[code], 0) + int(counts[code])
                continue
            values = column.numbers()
            lost = np.flatnonzero(column.unread(values))
            if len(lost):
                got = column.shown(int(lost[0]))
                problems.found.append(unread_problem(frame.name, name, lost + first, len(lost), got, "numbers"))
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
        """Targets of a part's rows, all of which have them: int32 codes [N] or float64 [N, C]."""
        if self.task != "classification":
            return np.stack([frame.columns[name].numbers() for name in self.names], axis=1)
        column = frame.columns[self.names[0]]
        places = class_places(classes, column.categories())
        codes = np.array([*(-1 if place is None else place for place in places), -1], np.int32)
        found: NDArray[Any] = codes[column.codes]
        return found
