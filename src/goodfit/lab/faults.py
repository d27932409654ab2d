"""What pydantic found wrong with a message or a state, in the words of the page: its places, its ranges, its units."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from goodfit.errors import Problems, nearest

RULES = {
    "width": "width {} must be a whole number from {} to {}",
    "nets": "the number of nets must be a whole number from {} to {}",
    "k": "the number of folds must be a whole number from {} to {}",
    "settings": "the number of settings must be a whole number from {} to {}",
    "value": "the value must be a number from {} to {}",
}
"""Of numbers that somebody types into the page, which calls them otherwise than messages do."""
COUNTED = ("layer", "net", "i", "j")  # from 0 in messages, from 1 on the page


def add_fault(problems: Problems, where: str, declared: type[BaseModel], fault: Mapping[str, Any], what: str) -> None:
    """Add one fault that pydantic found, in the grammar.

    where: what was given
    declared: what it should have been
    fault: one of `ValidationError.errors`
    what: how the whole is called: 'play', or ''
    """
    loc = fault["loc"]
    place = ".".join(map(str, loc)) or "state"
    if fault["type"] == "extra_forbidden":
        rule = f"{place!r} is not part of {what!r}" if what else f"{place!r} is not a field"
        problems.add(where, rule, fix=nearest(place, declared.model_fields))
    elif fault["type"] == "missing":
        problems.add(where, f"{what!r} needs {place!r}" if what else f"{place!r} must be given")
    elif (allowed := _allowed(_schema(declared, loc), loc)) is not None:
        problems.add(where, allowed, got=_shown(fault["input"], loc))
    else:
        said = str(fault["msg"])
        of = f" of {what!r}" if what else ""
        problems.add(where, f"{place!r}{of}: {said[0].lower()}{said[1:]}", got=fault["input"])


def _schema(declared: type[BaseModel], loc: tuple[str | int, ...]) -> Mapping[str, Any]:
    """The JSON schema of a place; {} where it is not known."""
    whole: Mapping[str, Any] = declared.model_json_schema()
    found: Mapping[str, Any] = whole
    for each in loc:
        if "$ref" in found:
            found = whole["$defs"][found["$ref"].rpartition("/")[2]]
        own = [found, *found.get("anyOf", [])]
        inside = "items" if isinstance(each, int) else "properties"
        held: Mapping[str, Any] = next((option[inside] for option in own if inside in option), {})
        found = held if isinstance(each, int) else held.get(each, {})
    kinds = [option for option in found.get("anyOf", []) if option.get("type") != "null"]
    return kinds[0] if len(kinds) == 1 else found


def _allowed(schema: Mapping[str, Any], loc: tuple[str | int, ...]) -> str | None:
    """What a number, or a list, must be; None where a schema does not bound it on both sides."""
    name = next(each for each in reversed(loc) if isinstance(each, str))
    kind = {"integer": "a whole number", "number": "a number"}.get(schema.get("type", ""))
    low, high = schema.get("minimum", schema.get("exclusiveMinimum")), schema.get("maximum")
    if schema.get("type") == "array" and "maxItems" in schema:
        return f"{name!r} must be a list of {schema.get('minItems', 0)} to {schema['maxItems']:,}"
    if high is None and "exclusiveMaximum" in schema and kind == "a whole number":
        high = schema["exclusiveMaximum"] - 1
    if kind is None or low is None or high is None:
        return None
    first = 1 if name in COUNTED else 0
    ends = f"{int(low) + first:,}", f"{int(high) + first:,}"
    if name == "widths" and isinstance(loc[-1], int):
        return RULES["width"].format(loc[-1] + 1, *ends)
    if name in RULES:
        return RULES[name].format(*ends)
    above = f"above {low:g} and at most" if "exclusiveMinimum" in schema else f"from {ends[0]} to"
    return f"{name!r} must be {kind} {above} {ends[1]}"


def _shown(given: Any, loc: tuple[str | int, ...]) -> Any:
    """What was given, counted as the page counts."""
    return given + 1 if loc[-1] in COUNTED and type(given) is int else given
