"""Categories as inputs: one each where the training rows support it, and shared ones for the rest."""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from goodfit.data.tables.base import CellNotes, ColumnInputs
from goodfit.data.tables.kinds import Kind
from goodfit.data.tables.raw import RawColumn

FEW_CATEGORIES = 32  # up to which each has an input of its own, however rare it is
OWN_ROWS = 2  # training rows that a category must have for an input of its own, where there are more
MOST_OWN = 2000  # inputs of their own, of the most frequent categories
MOST_NUMBERS = 2**26  # of these inputs of all columns in all training rows: in long tables, fewer have their own
MOST_BUCKETS = 256  # inputs that the other categories share


@dataclass(frozen=True)
class Indicators(ColumnInputs):
    """A column of which one input a row is 1 at most, and all others are 0: that for missing values is one of them."""

    kind: ClassVar[Kind] = "categorical"

    @abstractmethod
    def chosen(self, column: RawColumn, notes: CellNotes) -> NDArray[np.int32]:
        """[N] which input is 1, -1 where none is. notes: for people."""

    def fill(self, column: RawColumn, out: NDArray[np.float32], notes: CellNotes) -> None:
        """Write the inputs."""
        chosen = self.chosen(column, notes)
        rows = np.flatnonzero(chosen >= 0)
        out[rows, chosen[rows]] = 1.0

    @property
    def _missing_place(self) -> int:
        return self.own_width if self.missing else -1

    def _tell_missing(self, absent: NDArray[np.bool_], notes: CellNotes) -> None:
        if not self.missing and absent.any():
            notes.add(self.name, "missing; taken as none of its categories", int(absent.sum()))


@dataclass(frozen=True)
class OneHot(Indicators):
    """Categories, one input each: 1 where the row has it. A category that training had not is 0 in all, with a note."""

    categories: tuple[str, ...]

    @property
    def own(self) -> tuple[str, ...]:
        """One a category."""
        return tuple(f"{self.name}={category}" for category in self.categories)

    @property
    def own_width(self) -> int:
        """One a category."""
        return len(self.categories)

    def chosen(self, column: RawColumn, notes: CellNotes) -> NDArray[np.int32]:
        """[N] which input is 1, -1 where none is."""
        codes, words = column.codes, column.categories()
        places = {category: place for place, category in enumerate(self.categories)}
        # the last is that of a missing one, whose code is -1
        of_word = np.array([*(places.get(word, -1) for word in words), self._missing_place], np.int32)
        chosen: NDArray[np.int32] = of_word[codes]
        unseen = (chosen < 0) & (codes >= 0)
        if unseen.any():
            new = (words[code] for code in np.unique(codes[unseen]))
            notes.add(self.name, "not seen in training", int(unseen.sum()), new)
        self._tell_missing(codes < 0, notes)
        return chosen


@dataclass(frozen=True)
class Frequent(Indicators):
    """Categories of which frequent ones have an input of their own; all others fall into `buckets` hashed ones.

    So does a category that training had not. The hash is BLAKE2b, of 8 bytes, of the column's name, a zero byte and the
    category, in UTF-8, as a little-endian number: the same on every machine.
    """

    categories: tuple[str, ...]
    buckets: int

    @property
    def own(self) -> tuple[str, ...]:
        """One a frequent category, then one a bucket."""
        frequent = (f"{self.name}={category}" for category in self.categories)
        return (*frequent, *(f"{self.name} bucket {bucket}" for bucket in range(self.buckets)))

    @property
    def own_width(self) -> int:
        """One each."""
        return len(self.categories) + self.buckets

    def bucket(self, category: str) -> int:
        """The bucket of a category."""
        text = f"{self.name}\0{category}".encode()
        return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "little") % self.buckets

    def chosen(self, column: RawColumn, notes: CellNotes) -> NDArray[np.int32]:
        """[N] which input is 1, -1 where none is."""
        codes, words = column.codes, column.categories()
        places = {category: place for place, category in enumerate(self.categories)}
        of_word = np.full(len(words) + 1, self._missing_place, np.int32)
        for code in np.flatnonzero(np.bincount(codes[codes >= 0])):  # the words that occur
            place = places.get(words[code])
            of_word[code] = len(self.categories) + self.bucket(words[code]) if place is None else place
        self._tell_missing(codes < 0, notes)
        return of_word[codes]


def fit_categories(name: str, column: RawColumn, sharers: int = 1) -> OneHot | Frequent:
    """From the training rows. Up to FEW_CATEGORIES, each has its own input. With more, those of at least OWN_ROWS rows
    have, the most frequent first, up to MOST_OWN, and up to the column's share of MOST_NUMBERS in all rows; the others
    are hashed into one input for OWN_ROWS of their rows, up to MOST_BUCKETS.

    sharers: columns of the table that have so many categories, which share MOST_NUMBERS evenly.
    """
    codes, words = column.codes, column.categories()
    used, counts = np.unique(codes[codes >= 0], return_counts=True)
    own_words = [words[code] for code in used]
    return categories_of_counts(name, own_words, counts, len(codes), bool((codes < 0).any()), sharers)


def categories_of_counts(
    name: str, words: Sequence[str], counts: NDArray[np.integer], rows: int, missing: bool, sharers: int = 1
) -> OneHot | Frequent:
    """As `fit_categories`, from how many rows have each category.

    words, counts: the categories and the rows of each, [K]; rows: of all; missing: whether some have none.
    """
    own = own_categories(counts, rows, sharers)
    names = tuple(sorted(words[place] for place in np.flatnonzero(own).tolist()))
    rest = int(counts[~own].sum())
    if own.all():
        return OneHot(name, missing, names)
    return Frequent(name, missing, names, min(MOST_BUCKETS, int((~own).sum()), -(-rest // OWN_ROWS)))


def sharers(columns: Iterable[RawColumn]) -> int:
    """How many categorical columns have more than FEW_CATEGORIES; 1 where none has."""
    return max(1, sum(column.distinct > FEW_CATEGORIES for column in columns))


def own_categories(counts: NDArray[np.integer], rows: int, sharers: int = 1) -> NDArray[np.bool_]:
    """Which categories get an input of their own, [K].

    counts: rows of each, [K]; rows: of the whole table; sharers: as in `fit_categories`.
    """
    if len(counts) <= FEW_CATEGORIES:
        return np.ones(len(counts), bool)
    limit = max(FEW_CATEGORIES, min(MOST_OWN, MOST_NUMBERS // (sharers * max(rows, 1))))
    own = np.zeros(len(counts), bool)
    own[np.argsort(-counts, kind="stable")[:limit]] = True
    return own & (counts >= OWN_ROWS)


def sharing(column: RawColumn, sharers: int = 1) -> str:
    """A remark on a column of many categories: how many have an input of their own; "" for few.

    sharers: as in `fit_categories`.
    """
    codes = column.codes
    counts = np.unique(codes[codes >= 0], return_counts=True)[1]
    own = own_categories(counts, len(codes), sharers)
    if len(counts) <= FEW_CATEGORIES:
        return ""
    if own.all():
        return f"{len(counts):,} categories: a feature each"
    return f"{len(counts):,} categories: a feature each for the {int(own.sum()):,} most frequent, the others hashed"
