"""JSON from strangers: what RFC 8259 allows and Python can work with safely, and nothing more."""

import itertools
import json
import math
from typing import Any, NoReturn

MOST_DEPTH = 64  # of lists and objects within one another; what goodfit writes has fewer than ten


def parse(text: str) -> Any:
    """The value of a JSON text; ValueError for anything else, and never another exception.

    Refused beyond what Python's own reader refuses: a name that an object holds twice, numbers that a float cannot
    hold (NaN and Infinity among them), more than MOST_DEPTH levels, and texts that are none (half of a surrogate pair).
    """
    try:
        value = json.loads(
            text, object_pairs_hook=_object, parse_constant=_refuse, parse_float=_float, parse_int=_integer
        )
    except RecursionError:
        raise ValueError(f"more than {MOST_DEPTH} levels") from None
    _check(value)
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError("a name is given twice")
    return made


def _refuse(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a JSON number")


def _float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("a number is too large")
    return value


def _integer(text: str) -> int:
    if len(text) > 300:
        raise ValueError("a number is too large")
    return int(text)


def _check(value: Any) -> None:
    """ValueError where a value is too deep, or holds texts that no file could hold."""
    level = [value]
    for depth in itertools.count():
        nested = [each for each in level if isinstance(each, dict | list)]
        for each in level:
            if isinstance(each, str):
                each.encode()  # UnicodeEncodeError is a ValueError
        if not nested:
            return
        if depth == MOST_DEPTH:
            raise ValueError(f"more than {MOST_DEPTH} levels")
        level = [part for each in nested for part in each]
        level += [part for each in nested if isinstance(each, dict) for part in each.values()]
