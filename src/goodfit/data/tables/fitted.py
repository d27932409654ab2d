"""What each kind of column becomes: fitted on training rows, applied to any rows, kept as JSON.

Each class is one kind. `fit` learns from the training rows; `fill` writes its inputs for all rows into `out` [N,
width], float32 zeros before; `features` names these inputs.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from goodfit.data.tables.kinds import Kind, read_as
from goodfit.data.tables.raw import Numbers, RawColumn

ONE_HOT_LIMIT = 32  # categories in the training rows up to which each has an input of its own
HASH_BUCKETS = 64  # inputs that the categories of a column with more share
CLIP = 3.0  # what scaled numbers stay below
LEAST_SPREAD = 1e-12  # of the magnitude; a smaller spread is rounding, and the column counts as constant
YEAR = 365.2425  # days
WEEKDAY = 3.0  # of 1970-01-01, a Thursday, counted from Monday
DATE_PARTS = ("days", "year sine", "year cosine", "week sine", "week cosine")
Notes = list[str]


@dataclass(frozen=True)
class ColumnScaling:
    """Robust scaling with a smooth clip: z = (value - median) * factor, then z / sqrt(1 + (z / 3)^2), within (-3, 3).

    factor: 1 / (third quartile - first quartile); if those are equal, 2 / (largest - smallest); 0 for a constant.
    Source: RealMLP, of Holzmüller et al. (2024), Better by Default: Strong Pre-Tuned MLPs and Boosted Trees on Tabular
    Data; its published code scales so.
    """

    median: float
    factor: float

    @classmethod
    def fit(cls, values: Numbers) -> ColumnScaling:
        """From numbers without NaN; without any, 0 and 0."""
        if not len(values):
            return cls(0.0, 0.0)
        low, first, median, third, high = np.quantile(values, (0, 0.25, 0.5, 0.75, 1))
        least = LEAST_SPREAD * max(abs(low), abs(high))
        with np.errstate(over="ignore"):
            for spread in (third - first, 0.5 * (high - low)):
                if spread > least and 0 < 1 / spread < np.inf:
                    return cls(float(median), float(1 / spread))
        return cls(float(median), 0.0)

    def apply(self, values: Numbers) -> Numbers:
        """Scaled values; a missing one becomes 0, which is the median."""
        with np.errstate(over="ignore", invalid="ignore"):
            z = np.clip((values - self.median) * self.factor, -1e100, 1e100)
        clipped = z / np.sqrt(1.0 + (z / CLIP) ** 2)
        return np.where(np.isnan(clipped), 0.0, clipped)


@dataclass(frozen=True)
class _Fitted(ABC):
    """name: of the column; missing: whether training rows lacked a value, which gives an input of its own."""

    name: str
    missing: bool
    kind: ClassVar[Kind]

    @property
    def own(self) -> tuple[str, ...]:
        """Names of the inputs but for the one for missing values: the column's, where there is one input."""
        return (self.name,)

    @property
    def own_width(self) -> int:
        """How many they are. They are not made for it: the names of a hostile file may take gigabytes."""
        return 1

    @abstractmethod
    def fill(self, column: RawColumn, out: NDArray[np.float32], notes: Notes) -> None:
        """Write the inputs of all rows into `out` [N, width], zeros before; notes are for people."""

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the inputs."""
        return (*self.own, f"{self.name} is missing") if self.missing else self.own

    @property
    def width(self) -> int:
        """How many inputs."""
        return self.own_width + self.missing

    def to_json(self) -> dict[str, Any]:
        """Everything as JSON."""
        return {"type": type(self).__name__.lower(), **_plain(asdict(self))}

    def _mark(self, absent: NDArray[np.bool_], out: NDArray[np.float32], instead: str, notes: Notes) -> None:
        """Fill the input for missing values; where training rows lacked none there is no such input, but a note."""
        if self.missing:
            out[:, -1] = absent
        elif absent.any():
            notes.append(f"Column {self.name!r}: {_values(int(absent.sum()))} missing; {instead}.")


@dataclass(frozen=True)
class Numeric(_Fitted):
    """Numbers: one input, scaled robustly. Missing and infinite ones become the median."""

    scaling: ColumnScaling
    kind: ClassVar[Kind] = "numeric"

    @classmethod
    def fit(cls, name: str, column: RawColumn) -> Numeric:
        """From the training rows."""
        values, _ = read_as(column, "numeric")
        known = ~np.isnan(values)
        return cls(name, not known.all(), ColumnScaling.fit(values[known]))

    def fill(self, column: RawColumn, out: NDArray[np.float32], notes: Notes) -> None:
        """Write the inputs."""
        values, _ = read_as(column, "numeric")
        infinite = int(column.infinite.sum())
        if infinite:
            notes.append(f"Column {self.name!r}: {_values(infinite)} infinite; taken as missing.")
        out[:, 0] = self.scaling.apply(values)
        self._mark(np.isnan(values), out, "taken as the median of the training rows", notes)


@dataclass(frozen=True)
class Boolean(_Fitted):
    """Yes and no: one input, 1 and 0. A missing one becomes what was more frequent in training."""

    often: bool
    kind: ClassVar[Kind] = "boolean"

    @classmethod
    def fit(cls, name: str, column: RawColumn) -> Boolean:
        """From the training rows."""
        values, _ = read_as(column, "boolean")
        known = values[~np.isnan(values)]
        return cls(name, len(known) < len(values), bool(len(known)) and bool(known.mean() > 0.5))

    def fill(self, column: RawColumn, out: NDArray[np.float32], notes: Notes) -> None:
        """Write the inputs."""
        values, _ = read_as(column, "boolean")
        absent = np.isnan(values)
        out[:, 0] = np.where(absent, float(self.often), values)
        self._mark(absent, out, "taken as the more frequent value of the training rows", notes)


@dataclass(frozen=True)
class Date(_Fitted):
    """Dates: days, scaled robustly, and sine and cosine of the time of year and of the weekday. Missing: 0 in all."""

    scaling: ColumnScaling
    kind: ClassVar[Kind] = "date"

    @classmethod
    def fit(cls, name: str, column: RawColumn) -> Date:
        """From the training rows."""
        days, _ = read_as(column, "date")
        known = ~np.isnan(days)
        return cls(name, not known.all(), ColumnScaling.fit(days[known]))

    @property
    def own(self) -> tuple[str, ...]:
        """Days, and the two cycles."""
        return tuple(f"{self.name} {part}" for part in DATE_PARTS)

    @property
    def own_width(self) -> int:
        """One a part."""
        return len(DATE_PARTS)

    def fill(self, column: RawColumn, out: NDArray[np.float32], notes: Notes) -> None:
        """Write the inputs."""
        days, _ = read_as(column, "date")
        absent = np.isnan(days)
        whole = np.floor(np.where(absent, 0.0, days))
        out[:, 0] = self.scaling.apply(days)
        for place, turns in ((1, whole / YEAR), (3, (whole + WEEKDAY) / 7)):
            out[:, place] = np.where(absent, 0.0, np.sin(2 * np.pi * turns))
            out[:, place + 1] = np.where(absent, 0.0, np.cos(2 * np.pi * turns))
        self._mark(absent, out, "taken as the median date", notes)


@dataclass(frozen=True)
class OneHot(_Fitted):
    """Categories, one input each: 1 where the row has it. A category that training had not is 0 in all, with a note."""

    categories: tuple[str, ...]
    kind: ClassVar[Kind] = "categorical"

    @property
    def own(self) -> tuple[str, ...]:
        """One a category."""
        return tuple(f"{self.name}={category}" for category in self.categories)

    @property
    def own_width(self) -> int:
        """One a category."""
        return len(self.categories)

    def fill(self, column: RawColumn, out: NDArray[np.float32], notes: Notes) -> None:
        """Write the inputs."""
        codes, words = column.codes, column.categories()
        places = {category: place for place, category in enumerate(self.categories)}
        of_word = np.array([*(places.get(word, -1) for word in words), -1])
        chosen = of_word[codes]
        _set_one(out, chosen)
        unseen = (chosen < 0) & (codes >= 0)
        if unseen.any():
            new = {words[code] for code in np.unique(codes[unseen])}
            shown = ", ".join(map(repr, sorted(new)[:3])) + (", ..." if len(new) > 3 else "")
            notes.append(f"Column {self.name!r}: {_values(int(unseen.sum()))} not seen in training: {shown}.")
        self._mark(codes < 0, out, "taken as none of its categories", notes)


@dataclass(frozen=True)
class Hashed(_Fitted):
    """Many categories: each falls into one of `buckets` inputs by the hash of its text, the same on every machine.

    The hash is BLAKE2b, of 8 bytes, of the column's name, a zero byte and the category, in UTF-8, as a little-endian
    number.
    """

    buckets: int
    kind: ClassVar[Kind] = "categorical"

    @property
    def own(self) -> tuple[str, ...]:
        """One a bucket."""
        return tuple(f"{self.name} bucket {bucket}" for bucket in range(self.buckets))

    @property
    def own_width(self) -> int:
        """One a bucket."""
        return self.buckets

    def bucket(self, category: str) -> int:
        """The bucket of a category."""
        text = f"{self.name}\0{category}".encode()
        return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "little") % self.buckets

    def fill(self, column: RawColumn, out: NDArray[np.float32], notes: Notes) -> None:
        """Write the inputs."""
        codes, words = column.codes, column.categories()
        used = np.unique(codes[codes >= 0])
        of_word = np.full(len(words) + 1, -1)
        of_word[used] = [self.bucket(words[code]) for code in used]
        chosen = of_word[codes]
        _set_one(out, chosen)
        self._mark(codes < 0, out, "taken as none of its categories", notes)


FittedColumn = Numeric | Boolean | Date | OneHot | Hashed


def _fit_categories(name: str, column: RawColumn) -> OneHot | Hashed:
    codes, words = column.codes, column.categories()
    used = np.unique(codes[codes >= 0])
    missing = bool((codes < 0).any())
    if len(used) > ONE_HOT_LIMIT:
        return Hashed(name, missing, HASH_BUCKETS)
    return OneHot(name, missing, tuple(sorted(words[code] for code in used)))


FIT: dict[Kind, Callable[[str, RawColumn], FittedColumn]] = {
    "numeric": Numeric.fit,
    "boolean": Boolean.fit,
    "date": Date.fit,
    "categorical": _fit_categories,
}


def _set_one(out: NDArray[np.float32], chosen: NDArray[np.integer]) -> None:
    """Put a 1 into the chosen place of every row; none where it is -1."""
    rows = np.flatnonzero(chosen >= 0)
    out[rows, chosen[rows]] = 1.0


def _values(count: int) -> str:
    return "1 value is" if count == 1 else f"{count:,} values are"


def _plain(value: Any) -> Any:
    """Tuples as lists, all the way down: what JSON would make of it."""
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, list | tuple) else value
