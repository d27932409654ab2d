"""Preprocessing read back from JSON that anybody may have written: every value is checked before it is used."""

from collections.abc import Callable
from typing import Any

from goodfit.data.robust import ColumnScaling
from goodfit.data.tables.categories import Frequent, OneHot
from goodfit.data.tables.dates import PARTS, Moments
from goodfit.data.tables.fitted import Boolean, FittedColumn, Numeric
from goodfit.data.tables.ordered import Ordered

MOST_COLUMNS = 100_000
MOST_INPUTS = 1_000_000  # of all columns together
MOST_CHARACTERS = 1_000_000  # of a name or a category
LARGEST = 1e308  # of a number


class Damaged(Exception):
    """The JSON is not what goodfit writes; the message says where."""


def read(given: Any) -> tuple[tuple[FittedColumn, ...], tuple[str, ...], dict[str, str]]:
    """(columns, ignored names, how columns with decimal commas are written) of a JSON value; Damaged if anything in it
    is not as it should be.
    """
    given = {"commas": {}, **given} if isinstance(given, dict) else given  # which is there only where there are some
    parts = _object(given, {"columns", "ignored", "commas"}, "it")
    listed = _list(parts["columns"], "its columns")
    columns, inputs = [], 0
    for place, each in enumerate(listed):
        column = _column(each, f"column {place}")
        inputs += column.width
        if inputs > MOST_INPUTS:
            raise Damaged(f"it has more than {MOST_INPUTS:,} inputs")
        columns.append(column)
    names = [column.name for column in columns]
    if not names or len(set(names)) < len(names):
        raise Damaged("its columns have equal names" if names else "it has no columns")
    ignored = tuple(_text(name, "an ignored column") for name in _list(parts["ignored"], "'ignored'"))
    return tuple(columns), ignored, _commas(parts["commas"])


def _commas(given: Any) -> dict[str, str]:
    names = _list([*given] if isinstance(given, dict) else None, "the names in 'commas'")
    if any(given[name] not in ("decimal", "grouped") for name in names):
        raise Damaged("a column in 'commas' is neither decimal nor grouped")
    return {_text(name, "a column in 'commas'"): given[name] for name in names}


def _column(given: Any, where: str) -> FittedColumn:
    kind = given.get("type") if isinstance(given, dict) else None
    made = COLUMNS.get(kind) if isinstance(kind, str) else None
    if made is None:
        raise Damaged(f"{where} is of no known type")
    fields, build = made
    parts = _object(given, {"type", "name", "missing", *fields}, where)
    values = [check(parts[name], f"{name!r} of {where}") for name, check in fields.items()]
    return build(_text(parts["name"], f"the name of {where}"), _switch(parts["missing"], where), *values)


def _object(given: Any, keys: set[str], where: str) -> dict[str, Any]:
    if not isinstance(given, dict) or given.keys() != keys:
        raise Damaged(f"{where} has not the fields {', '.join(sorted(keys))}")
    return given


def _list(given: Any, where: str) -> list[Any]:
    if not isinstance(given, list) or len(given) > MOST_COLUMNS:
        raise Damaged(f"{where} are no list of at most {MOST_COLUMNS:,}")
    return given


def _text(given: Any, where: str) -> str:
    if not isinstance(given, str) or len(given) > MOST_CHARACTERS:
        raise Damaged(f"{where} is not text of at most {MOST_CHARACTERS:,} characters")
    try:
        given.encode()
    except UnicodeEncodeError:
        raise Damaged(f"{where} is not text") from None
    return given


def _switch(given: Any, where: str) -> bool:
    if not isinstance(given, bool):
        raise Damaged(f"a switch of {where} is neither true nor false")
    return given


def _number(given: Any, where: str) -> float:
    if isinstance(given, bool) or not isinstance(given, int | float) or not abs(given) <= LARGEST:
        raise Damaged(f"{where} is not a finite number")
    return float(given)


def _scaling(given: Any, where: str) -> ColumnScaling:
    parts = _object(given, {"median", "factor"}, where)
    median, factor = (_number(parts[name], f"{name!r} in {where}") for name in ("median", "factor"))
    if factor < 0:
        raise Damaged(f"'factor' in {where} is negative")
    return ColumnScaling(median, factor)


def _categories(given: Any, where: str) -> tuple[str, ...]:
    found = tuple(_text(each, where) for each in _list(given, where))
    if len(set(found)) < len(found):
        raise Damaged(f"{where} hold equal ones")
    return found


def _buckets(given: Any, where: str) -> int:
    if isinstance(given, bool) or not isinstance(given, int) or not 1 <= given <= MOST_COLUMNS:
        raise Damaged(f"{where} is not a number from 1 to {MOST_COLUMNS:,}")
    return given


def _parts(given: Any, where: str) -> tuple[str, ...]:
    found = tuple(_text(each, where) for each in _list(given, where))
    if not found or found != tuple(part for part in PARTS if part in found):
        raise Damaged(f"{where} are not some of {', '.join(PARTS)}, in this order")
    return found


Check = Callable[[Any, str], Any]


def _dates_of_before(name: str, missing: bool, scaling: ColumnScaling) -> Moments:
    """What was written before there were "moments": always days, year and week, without time of day."""
    return Moments(name, missing, scaling, ("trend", "year", "week"))


def _hashed_of_before(name: str, missing: bool, buckets: int) -> Frequent:
    """What was written before there were "frequent" ones: every category in a bucket."""
    return Frequent(name, missing, (), buckets)


COLUMNS: dict[str, tuple[dict[str, Check], Callable[..., FittedColumn]]] = {
    "numeric": ({"scaling": _scaling}, Numeric),
    "boolean": ({"often": _switch}, Boolean),
    "date": ({"scaling": _scaling}, _dates_of_before),
    "moments": ({"scaling": _scaling, "parts": _parts}, Moments),
    "onehot": ({"categories": _categories}, OneHot),
    "hashed": ({"buckets": _buckets}, _hashed_of_before),
    "ordered": ({"categories": _categories, "scaling": _scaling}, Ordered),
    "frequent": ({"categories": _categories, "buckets": _buckets}, Frequent),
}
