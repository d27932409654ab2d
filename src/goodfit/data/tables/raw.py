"""A raw column, and the readings of it: as numbers, as categories, as yes and no, as dates.

Whatever a column came from (a text file, Parquet, pandas, polars), it is first brought into one of four storages; every
kind of input is then read from there by one function. So a model that was trained on a CSV file predicts for a data
frame, and the other way round.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache, cached_property, lru_cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from goodfit.data.tables.arrow_numbers import no_text, numbers_of, texts

Storage = Literal["number", "boolean", "date", "text"]
Numbers = NDArray[np.float64]
Codes = NDArray[np.int32]

MISSING_WORDS = frozenset({"", "na", "n/a", "#n/a", "<na>", "nan", "nat", "null", "?"})  # in any case, as whole cells
MISSING_AMONG_NUMBERS = frozenset({"none", "-", "."})  # missing too where numbers, dates or yes and no are read
TRUE_WORDS = frozenset({"true", "t", "yes", "y", "on", "1"})
FALSE_WORDS = frozenset({"false", "f", "no", "n", "off", "0"})
NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$|^[+-]?(?i:inf|infinity)$"
DATE = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"([ T][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:?[0-9]{2})?)?$"
)
COMMA = r"^[+-]?([0-9]+|[1-9][0-9]{0,2}(\.[0-9]{3})+),[0-9]+([eE][+-]?[0-9]+)?$"  # 158,9 and 1.234,5
GROUPS = r"^[+-]?[1-9][0-9]{0,2}(\.[0-9]{3})+$"  # 1.234, with a point between thousands
_NUMBER = re.compile(NUMBER.replace("(?i:inf|infinity)", "(?:[iI][nN][fF](?:[iI][nN][iI][tT][yY])?)"))
CLOCK = r"^[0-9]{1,2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?$"  # a time of day without a date
WHOLE = r"^([+-]?[0-9]+)\.0+$"  # 3.0, which is 3: a column of whole numbers with gaps is often written so
DAY = 86_400_000_000  # microseconds
EXACT = 2**53  # whole numbers beyond it are not exact in float64


class SmallWords(list[str]):
    """The distinct texts of a column of a few rows, where an Arrow array of them would take longer to make."""

    def to_pylist(self) -> list[str]:
        """The texts."""
        return self


class UnreadableColumn(Exception):
    """A column holds what is no number, text, date or truth value; the message says what it holds instead."""


@dataclass(frozen=True, eq=False)
class RawColumn:
    """A column as it came, without any choice made yet.

    values [N], by storage: number: int64, or float64 with NaN for missing ones; boolean: float64 0, 1, NaN; date:
    float64 days since 1970-01-01 (UTC), or parts of a day for times without a date, NaN; text: int32 positions in
    `words`, -1 for missing. words: Arrow array (or SmallWords) of the distinct texts, without blanks around them; None
    for other storages.
    """

    storage: Storage
    values: NDArray[Any]
    words: Any = None
    _read: dict[Any, Numbers] = field(default_factory=dict, repr=False)
    """What the words were read as, by the function that did it: shared with the columns that `take` makes."""
    clock: bool = False
    """Whether the dates are times of day."""
    cells: dict[Any, tuple[Numbers, NDArray[np.bool_]]] = field(default_factory=dict, repr=False)
    """What the cells were read as, by `kinds.read_as`."""
    order: tuple[str, ...] | None = None
    """All categories, the lowest first, where the column came as ordered ones."""
    commas: str = ""
    """How numbers are read of texts with decimal commas: "decimal", or "grouped", with points between thousands;
    "unsure" of texts in which a point may be such a one. "" is a decimal point, and so is "maybe", where nothing in
    the file tells whether 1.234 is 1234."""

    def __len__(self) -> int:
        return len(self.values)

    def take(self, rows: NDArray[Any]) -> RawColumn:
        """The same column with these rows only."""
        values = self.values[rows]
        return RawColumn(self.storage, values, self.words, self._read, self.clock, order=self.order, commas=self.commas)

    @cached_property
    def missing(self) -> NDArray[np.bool_]:
        """[N] where there is no value. Infinite numbers count as missing."""
        return np.asarray(self.values < 0 if self.storage == "text" else ~np.isfinite(self.values))

    @cached_property
    def infinite(self) -> NDArray[np.bool_]:
        """[N] where the number is infinite."""
        return np.isinf(self.numbers())

    def numbers(self) -> Numbers:
        """Float64 [N]: NaN where missing, and where a text or a date is no number (see `unread`)."""
        if self.storage != "text":
            values = self.values.astype(np.float64)
            return values if self.storage != "date" else np.full(len(self), np.nan)
        return self._of_words(_COMMA_READINGS.get(self.commas, _word_numbers))

    def dates(self, clock: bool | None = None) -> Numbers:
        """Float64 days since 1970-01-01 [N], of times without a date parts of a day; NaN where missing or none.

        clock: whether a text is read that is a time without a date; None reads them where no text is a date.
        """
        if self.storage == "text":
            days = self._of_words(_word_days)
            if clock is None:  # beside dates, a time of day is a cell that lacks its date
                self._of_words(_word_is_date)
                clock = not (self._read[_word_is_date] == 1).any()
            return np.where(self._of_words(_word_is_date) == 1, days, self._of_words(_word_clocks)) if clock else days
        return self.values if self.storage == "date" else np.full(len(self), np.nan)

    def booleans(self) -> Numbers:
        """0.0, 1.0 [N]; NaN where missing or neither."""
        if self.storage == "text":
            return self._of_words(_word_booleans)
        if self.storage == "date":
            return np.full(len(self), np.nan)
        return np.where((self.values == 0) | (self.values == 1), self.values, np.nan).astype(np.float64)

    @cached_property
    def codes(self) -> Codes:
        """[N] which of the distinct values each cell holds, -1 where missing; of numbers and dates in their order."""
        return self._distinct[0]

    def categories(self) -> list[str]:
        """The distinct values as texts, by code: whole numbers are written without a point."""
        if self.storage == "text":
            words: list[str] = self.words.to_pylist()
            return words
        return [self._written(value) for value in self._distinct[1]]

    @cached_property
    def _distinct(self) -> tuple[Codes, NDArray[Any]]:
        """(code of each cell, the values that the codes stand for; of texts none, for these have `words`)."""
        if self.storage == "text":
            return self.values, self.values[:0]
        known = ~self.missing
        distinct, places = np.unique(self.values[known], return_inverse=True)
        codes = np.full(len(self), -1, np.int32)
        codes[known] = places
        return codes, distinct

    def unread(self, values: Numbers, *, lenient: bool = True) -> NDArray[np.bool_]:
        """[N] where a reading gave nothing although the cell is not missing.

        lenient: whether MISSING_AMONG_NUMBERS count as missing.
        """
        lost = np.isnan(values) & ~self.missing
        if self.storage == "text" and lenient and lost.any():
            words = np.array([word.lower() in MISSING_AMONG_NUMBERS for word in self.words.to_pylist()] + [True])
            lost &= ~words[self.values]
        return lost

    @property
    def distinct(self) -> int:
        """How many different values occur."""
        codes = self.codes
        # codes are small numbers: counted in a tenth of the time that np.unique takes
        return int(np.count_nonzero(np.bincount(codes[codes >= 0])))

    def shown(self, row: int) -> Any:
        """The cell of a row, for a message."""
        value = self.values[row]
        return self.categories()[int(value)] if self.storage == "text" else self._written(value)

    def _written(self, value: Any) -> str:
        if self.storage == "boolean":
            return str(bool(value))
        if self.storage == "date":
            moment = np.datetime64(round(float(value) * DAY), "us")
            if self.clock:
                return str(moment.astype("datetime64[s]"))[11:]
            return str(moment)[:10] if value == np.floor(value) else str(moment.astype("datetime64[s]"))
        return str(int(value)) if value == np.floor(value) and abs(value) < EXACT else repr(value.item())

    def _of_words(self, read: Callable[[Any], Numbers]) -> Numbers:
        """What each cell's word is read as; position -1 takes the NaN at the end."""
        if read not in self._read:
            self._read[read] = np.append(read(self.words), np.nan)
        found: Numbers = self._read[read][self.values]
        return found


def raw_column(array: Any) -> RawColumn:
    """An Arrow array in its storage; UnreadableColumn for lists, bytes and the like."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind, types = array.type, pa.types
    if types.is_dictionary(kind):
        try:
            plain = raw_column(pc.cast(array, kind.value_type))
        except pa.ArrowNotImplementedError:  # of lists, or of types that a library has added
            raise UnreadableColumn(f"categories of {kind.value_type}") from None
        return replace(plain, order=_order(array)) if kind.ordered and plain.storage == "text" else plain
    if types.is_null(kind):
        return RawColumn("text", np.full(len(array), -1, np.int32), pa.nulls(0, pa.large_string()))
    if types.is_boolean(kind):
        return RawColumn("boolean", _floats(pc.cast(array, pa.int8())))
    if types.is_integer(kind) and not array.null_count and kind != pa.uint64():
        return RawColumn("number", numbers_of(pc.cast(array, pa.int64()), 0))
    if types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind):
        return RawColumn("number", _floats(array))
    if types.is_date(kind) or types.is_timestamp(kind):
        unit = pa.timestamp("us", kind.tz) if types.is_timestamp(kind) else pa.timestamp("us")
        return RawColumn("date", _floats(pc.cast(pc.cast(array, unit, safe=False), pa.int64())) / DAY)
    if types.is_time(kind):
        micros = pc.cast(pc.cast(array, pa.time64("us"), safe=False), pa.int64())
        return RawColumn("date", _floats(micros) / DAY, clock=True)
    if types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind):
        return _text(array)
    raise UnreadableColumn(str(kind))


def _order(array: Any) -> tuple[str, ...] | None:
    """The categories of an ordered dictionary array, as texts are read; None where these are fewer than two, and where
    parts of the array have others, so that no order is that of all.
    """
    import pyarrow as pa

    known = [chunk.dictionary for chunk in (array.chunks if isinstance(array, pa.ChunkedArray) else [array])]
    if not known or any(not each.equals(known[0]) for each in known):
        return None
    found = tuple(dict.fromkeys(_text(known[0]).categories()))
    return found if len(found) > 1 else None


def _floats(array: Any) -> Numbers:
    import pyarrow as pa
    import pyarrow.compute as pc

    return numbers_of(pc.cast(array, pa.float64(), safe=False), np.nan)


def _text(array: Any) -> RawColumn:
    """Texts as positions in their distinct words: no blanks around them, 3.0 as 3, words for nothing as missing."""
    import pyarrow as pa
    import pyarrow.compute as pc

    array = pc.cast(array, pa.large_string())
    if not len(array):  # of none, pyarrow 18 cannot combine chunks
        array = pa.nulls(0, pa.large_string())
    coded = pc.dictionary_encode(array)
    coded = coded.combine_chunks() if isinstance(coded, pa.ChunkedArray) else coded
    words = pc.replace_substring_regex(pc.utf8_trim_whitespace(coded.dictionary), WHOLE, r"\1")
    absent = pc.is_in(pc.utf8_lower(words), value_set=_missing_words())
    words = pc.dictionary_encode(pc.if_else(absent, no_text(), words))
    places = np.append(_places(words), np.int32(-1))
    return RawColumn("text", places[_places(coded)], words.dictionary)


@cache
def _missing_words() -> Any:
    return texts(sorted(MISSING_WORDS))


def _places(coded: Any) -> Codes:
    return numbers_of(coded.indices, -1).astype(np.int32)


def _word_numbers(words: Any) -> Numbers:
    if isinstance(words, SmallWords):
        return np.array([float(word) if _NUMBER.fullmatch(word) else np.nan for word in words], np.float64)
    import pyarrow as pa
    import pyarrow.compute as pc

    fits = pc.match_substring_regex(words, NUMBER)
    return _floats(pc.cast(pc.if_else(fits, words, no_text()), pa.float64()))


def _word_commas(words: Any, grouped: bool) -> Numbers:
    """As `_word_numbers`, of a column with decimal commas. grouped: whether its points may stand between thousands."""
    import pyarrow.compute as pc

    fits = pc.match_substring_regex(words, COMMA)
    if grouped:
        fits = pc.or_(fits, pc.match_substring_regex(words, GROUPS))
    pointed = pc.replace_substring(pc.replace_substring(words, ".", ""), ",", ".")
    # a point beside commas is another way of writing: whether 1.234 is a thousand cannot be told
    rest = pc.if_else(pc.match_substring(words, "."), no_text(), words)
    return _word_numbers(pc.if_else(fits, pointed, rest))


def _word_whole(words: Any) -> Numbers:
    """As `_word_numbers`, but for what has a point."""
    return _word_commas(words, grouped=False)


def _word_grouped(words: Any) -> Numbers:
    """As `_word_commas`, with points between thousands."""
    return _word_commas(words, grouped=True)


_COMMA_READINGS: dict[str, Callable[[Any], Numbers]] = {
    "decimal": _word_whole,
    "grouped": _word_grouped,
    "unsure": _word_whole,
}


def _word_days(words: Any) -> Numbers:
    """Days of ISO 8601 dates, a time without a zone counting as UTC; NaN for other texts."""
    return _read_moments(words, DATE, _days)


def _word_clocks(words: Any) -> Numbers:
    """Times of day without a date, as parts of a day; NaN for other texts."""
    return _read_moments(words, CLOCK, _day_part)


def _word_is_date(words: Any) -> Numbers:
    """1 for what is written as a date, whether there is such a day or not; NaN for other texts."""
    return _read_moments(words, DATE, lambda _: 1.0)


def _read_moments(words: Any, pattern: str, read: Callable[[str], float]) -> Numbers:
    """What the texts that have a pattern are read as; NaN for the others."""
    found = np.full(len(words), np.nan)
    if isinstance(words, SmallWords):
        texts = [text.replace("/", "-") for text in words]
        fits = np.array([re.fullmatch(pattern, text) is not None for text in texts], bool)
    elif len(words):
        import pyarrow.compute as pc

        written = pc.replace_substring(words, "/", "-")
        fits = numbers_of(pc.match_substring_regex(written, pattern), False)
        texts = written.to_pylist() if fits.any() else []
    else:
        texts, fits = [], np.zeros(0, bool)
    found[fits] = [read(text) for text, fit in zip(texts, fits, strict=bool(texts)) if fit]
    return found


@lru_cache(maxsize=2**16)  # a table read in parts has the same dates in most of them
def _days(text: str) -> float:
    from datetime import UTC, datetime

    try:
        moment = datetime.fromisoformat(text)
    except ValueError:  # 31 February
        return float("nan")
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    passed = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return ((passed.days * 86_400 + passed.seconds) * 1_000_000 + passed.microseconds) / DAY


def _day_part(text: str) -> float:
    hours, minutes, seconds = (*text.split(":"), "0")[:3]
    if int(hours) > 23 or int(minutes) > 59 or float(seconds) >= 60:
        return float("nan")
    return ((int(hours) * 60 + int(minutes)) * 60_000_000 + round(float(seconds) * 1_000_000)) / DAY


def _word_booleans(words: Any) -> Numbers:
    numbers = _word_numbers(words)
    texts = [word.lower() for word in words.to_pylist()]
    said = np.array([1.0 if text in TRUE_WORDS else 0.0 if text in FALSE_WORDS else np.nan for text in texts])
    return np.where((numbers == 0) | (numbers == 1), numbers, said.reshape(len(texts)))


def truth_of(word: str) -> bool | None:
    """What a text says, in any case: true, false, or None for neither. Of numbers 1 and 0, however written."""
    if re.match(NUMBER, word):
        return {1.0: True, 0.0: False}.get(float(word))
    return True if word.lower() in TRUE_WORDS else False if word.lower() in FALSE_WORDS else None
