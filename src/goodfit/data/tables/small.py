"""Columns of a few rows as raw columns, by Python alone: for a row or two, Arrow's calls would take most of the time.

What comes out is what `raw_column` makes of the same values, to the bit; what is not plain is left to it.
"""

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from goodfit.data.tables.raw import DAY, EXACT, MISSING_WORDS, WHOLE, Numbers, RawColumn, SmallWords

MOST_ROWS = 64  # up to which this is faster
_WHOLE = re.compile(WHOLE.removesuffix("$"))
_PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
_TEXTS = {"ArrowStringArray", "StringArray", "ArrowStringArrayNumpySemantics", "Categorical"}  # arrays of pandas
_NOTHING = {"NoneType", "NAType"}


def small_columns(data: Any) -> list[tuple[str, Any]] | None:
    """(name, RawColumn, or the column as it is where it is not plain) of a dict or a data frame of pandas.

    None for a table of another type, or of more than MOST_ROWS rows.
    """
    if isinstance(data, Mapping):
        if not all(isinstance(values, list | tuple | np.ndarray) for values in data.values()):
            return None
        if not all(0 < len(values) <= MOST_ROWS for values in data.values() if getattr(values, "ndim", 1)):
            return None
        return [(str(name), _or_as_it_is(values, values)) for name, values in data.items()]
    if type(data).__name__ != "DataFrame" or type(data).__module__.partition(".")[0] != "pandas":
        return None
    if not 0 < len(data) <= MOST_ROWS or not hasattr(data, "_get_column_array"):
        return None
    import narwhals as nw

    found = []
    for place, name in enumerate(data.columns):
        column = small_column(data._get_column_array(place))
        if column is None:
            column = nw.from_native(data.iloc[:, place], series_only=True)
        found.append((str(name), column))
    return found


def _or_as_it_is(values: Any, given: Any) -> Any:
    column = small_column(values)
    return given if column is None else column


def small_column(values: Any) -> RawColumn | None:
    """A raw column of a list or an array; None where Arrow is to say what it holds."""
    kind = type(values).__name__
    if kind == "DatetimeArray":
        return RawColumn("date", _micros(values.asi8, str(values.unit)) / DAY)
    if isinstance(values, np.ndarray):
        if values.ndim != 1 or type(values) is not np.ndarray:  # a masked array holds more than its numbers
            return None
        if values.dtype.kind == "b":
            return RawColumn("boolean", values.astype(np.float64))
        if values.dtype.kind in "iu":
            wide = values.dtype.kind == "u" and values.dtype.itemsize == 8  # in either order of bytes
            return RawColumn("number", values.astype(np.float64 if wide else np.int64))
        if values.dtype.kind == "f" and values.dtype.itemsize <= 8:
            return RawColumn("number", values.astype(np.float64))
        if values.dtype.kind not in "OU":
            return None
        values = values.tolist()
    elif kind in _TEXTS:
        values = list(values)
    elif not isinstance(values, list | tuple):
        return None
    return _of_list(values)


def _of_list(values: Any) -> RawColumn | None:
    kinds = {type(value).__name__ for value in values}
    known = kinds - _NOTHING
    if known <= {"str"} or (known == {"str", "float"} and all(v != v for v in values if type(v) is float)):
        return _text(values)
    if "NAType" in kinds:
        return None
    if known == {"bool"}:
        return RawColumn("boolean", _floats(values))
    if known == {"int"}:
        if not all(value is None or -(2**63) <= value < 2**63 for value in values):
            return None
        return RawColumn("number", np.array(values, np.int64) if kinds == known else _floats(values))
    if known == {"float"} or (known == {"int", "float"} and all(abs(v) < EXACT for v in values if type(v) is int)):
        return RawColumn("number", _floats(values))
    return None


def _floats(values: Any) -> Numbers:
    return np.array([np.nan if value is None else value for value in values], np.float64)


def _micros(ticks: NDArray[np.int64], unit: str) -> Numbers:
    """Microseconds since 1970, NaN for no time. Parts of one are cut off, towards 1970, as Arrow does it."""
    scale = _PER_SECOND[unit]
    absent = ticks == np.iinfo(np.int64).min
    whole = np.where(absent, 0, ticks)
    found = (
        whole * (1_000_000 // scale) if scale <= 1_000_000 else np.sign(whole) * (np.abs(whole) // (scale // 1_000_000))
    )
    return np.where(absent, np.nan, found.astype(np.float64))


def _text(values: Any) -> RawColumn | None:
    """Texts as positions in their distinct words, in the order in which they come."""
    places: dict[str, int] = {}
    found = np.full(len(values), -1, np.int32)
    for row, value in enumerate(values):
        if type(value) is not str:
            continue
        if not value.isascii() and any("\ud800" <= sign <= "\udfff" for sign in value):
            return None  # half a sign, which Arrow does not hold
        word = value.strip()
        whole = _WHOLE.fullmatch(word)
        word = whole[1] if whole else word
        if word.lower() not in MISSING_WORDS:
            found[row] = places.setdefault(word, len(places))
    return RawColumn("text", found, SmallWords(places))
