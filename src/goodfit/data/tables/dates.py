"""Dates as inputs: an input or two for each part of them that varies in the training rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from goodfit.data.robust import ColumnScaling
from goodfit.data.tables.base import CellNotes, ColumnInputs
from goodfit.data.tables.kinds import Kind, read_as
from goodfit.data.tables.raw import DAY, Numbers, RawColumn

YEAR = 365.2425  # days
TIMES = "times of day, as 17:42"
WEEKDAY = 3.0  # of 1970-01-01, a Thursday, counted from Monday
PARTS = {  # part -> its inputs' names
    "trend": ("days",),
    "year": ("year sine", "year cosine"),
    "week": ("week sine", "week cosine"),
    "day": ("day sine", "day cosine"),
}
PART_WORDS = {"trend": "trend", "year": "day of year", "week": "weekday", "day": "time of day"}


@dataclass(frozen=True)
class Moments(ColumnInputs):
    """Dates and times: the days, scaled robustly, and sine and cosine of the time of year, weekday and time of day.

    parts: those of PARTS that the inputs tell, in their order. Missing: 0 in all. Times are in UTC.
    """

    scaling: ColumnScaling
    parts: tuple[str, ...]
    kind: ClassVar[Kind] = "date"

    @classmethod
    def fit(cls, name: str, column: RawColumn) -> Moments:
        """From the training rows: the parts that vary in them. Where none does, the trend, which is 0 in every row."""
        days, _ = read_as(column, "date")
        known = days[~np.isnan(days)]
        return cls(name, len(known) < len(days), ColumnScaling.fit(known), varying_parts(known) or ("trend",))

    @property
    def own(self) -> tuple[str, ...]:
        """The inputs of each part."""
        return tuple(f"{self.name} {name}" for part in self.parts for name in PARTS[part])

    @property
    def own_width(self) -> int:
        """One for the trend, two for a cycle."""
        return sum(len(PARTS[part]) for part in self.parts)

    @property
    def clock(self) -> bool:
        """Whether training had times of day without dates: parts of a day, so that nothing else of a date varied."""
        return 0 <= self.scaling.median < 1 and not {"year", "week"} & {*self.parts}

    @property
    def only_times(self) -> bool:
        """Whether a date is refused: that training had times of day is no doubt, as where all were midnight."""
        return self.clock and (self.scaling.median > 0 or "day" in self.parts)

    @property
    def words(self) -> str:
        """What its cells must hold, for messages."""
        return TIMES if self.only_times else super().words

    def read(self, column: RawColumn) -> tuple[Numbers, NDArray[np.bool_]]:
        """As of every column. A time of day is read only where training had such, and a date only where it had dates,
        whatever the other cells hold: so a cell means the same alone and in any table.

        Times of day may come as those of 1970-01-01, as they are stored.
        """
        days, wrong = read_as(column, "date", clock=self.clock)
        other = ~np.isnan(days) & (np.floor(days) != 0) if self.only_times else ~np.isnan(days) & column.clock
        if (self.clock and not self.only_times) or not other.any():
            return days, wrong
        return np.where(other, np.nan, days), wrong | other

    def fill(self, column: RawColumn, out: NDArray[np.float32], notes: CellNotes) -> None:
        """Write the inputs."""
        days, _ = self.read(column)
        absent = np.isnan(days)
        place = 0
        for part in self.parts:
            if part == "trend":
                out[:, place] = self.scaling.apply(days)
            else:
                turns = 2 * np.pi * _turns(np.where(absent, 0.0, days), part)
                out[:, place] = np.where(absent, 0.0, np.sin(turns))
                out[:, place + 1] = np.where(absent, 0.0, np.cos(turns))
            place += len(PARTS[part])
        self._mark(absent, out, "taken as the median date", notes)


def varying_parts(days: Numbers) -> tuple[str, ...]:
    """The parts of PARTS in which these dates differ, in their order. days: since 1970-01-01, without NaN."""
    if not len(days):
        return ()
    whole = np.floor(days)
    dates = whole.astype("datetime64[D]")
    months = dates.astype("datetime64[M]")
    differ = {
        "trend": ColumnScaling.fit(days).factor > 0,
        # by the calendar: the same day of two years is the same part of the cycle, although a year is not whole days
        "year": _differ(months - months.astype("datetime64[Y]")) or _differ(dates - months),
        "week": _differ(whole % 7),
        "day": _differ(np.round((days - whole) * DAY)),
    }
    return tuple(part for part in PARTS if differ[part])


def unused_parts(column: RawColumn) -> str:
    """A remark on the parts of a column of dates that do not vary, so that no input tells them; "" if all do."""
    days, _ = read_as(column, "date")
    varying = varying_parts(days[~np.isnan(days)])
    unused = [words for part, words in PART_WORDS.items() if part not in varying]
    return f"{' and '.join(unused)} {'does' if len(unused) == 1 else 'do'} not vary" if unused else ""


def _turns(days: Numbers, part: str) -> Numbers:
    """How far each date is in a cycle, in turns."""
    whole = np.floor(days)
    return {"year": whole / YEAR, "week": (whole + WEEKDAY) / 7, "day": days - whole}[part]


def _differ(values: NDArray[np.generic]) -> bool:
    return bool((values != values[0]).any())
