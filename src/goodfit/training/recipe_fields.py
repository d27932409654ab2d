"""What a field of the recipe may hold, read from its one declaration: for error messages, flags and forms."""

import contextlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["integer", "number", "name", "switch"]
_KINDS: dict[str, Kind] = {"integer": "integer", "number": "number", "string": "name", "boolean": "switch"}
_BOUNDS = {"minimum": ">=", "exclusiveMinimum": ">", "maximum": "<=", "exclusiveMaximum": "<"}


@dataclass(frozen=True)
class FieldRule:
    """One field's declaration.

    name, description, default: as declared; fix: a sentence for its errors, may be "".
    kind: of one value; bounds: pairs such as (">=", 0.0); choices: the names that are valid, () for numbers.
    one, many, none: whether one value, a list of values, and nothing (None) are accepted.
    """

    name: str
    description: str
    default: Any
    fix: str
    kind: Kind
    bounds: tuple[tuple[str, float], ...]
    choices: tuple[str, ...]
    one: bool
    many: bool
    none: bool

    @property
    def flag(self) -> str:
        """The name of the command line's flag, without dashes in front."""
        return self.name.replace("_", "-")

    @property
    def range(self) -> str:
        """The values that are valid, in words: "a finite number >= 0 and < 1"."""
        names = self.choices_text()
        if self.kind == "switch":
            return "true or false"
        if self.kind == "name":
            return " or ".join([names, *(["a list of them"] * self.many), *(["none"] * self.none)])
        noun = "integer" if self.kind == "integer" else "finite number"
        limits = " and ".join(f"{sign} {_short(limit)}" for sign, limit in self.bounds)
        limits = f" {limits}" if limits else ""
        article = "an" if self.kind == "integer" else "a"
        forms = [names] if names else []
        if self.one:
            forms.append(f"{article} {noun}{limits}")
        if self.many:
            forms.append("a list of them" if self.one else f"a list of {noun}s{limits}")
        if self.none:
            forms.append("none")
        return " or ".join(forms)

    def choices_text(self) -> str:
        """The valid names: "one of relu, tanh"; the name where there is a single one; "" where there are none."""
        return f"one of {', '.join(self.choices)}" if len(self.choices) > 1 else "".join(self.choices)


def _short(number: float) -> str:
    return str(int(number)) if math.isfinite(number) and number == int(number) else f"{number:g}"


def read_fields(schema: Mapping[str, Any]) -> dict[str, FieldRule]:
    """The rules of all fields, from the JSON schema of a pydantic model, in the order of declaration."""
    return {name: _read_field(name, declared) for name, declared in schema["properties"].items()}


def _read_field(name: str, declared: Mapping[str, Any]) -> FieldRule:
    forms = declared.get("anyOf", [declared])
    singles = [form for form in forms if form["type"] not in ("array", "null")]
    lists = [form["items"] for form in forms if form["type"] == "array"]
    values = singles + lists
    numbers = [form for form in values if form["type"] in ("integer", "number")]
    main = (numbers or values)[0]
    return FieldRule(
        name=name,
        description=declared["description"],
        default=declared["default"],
        fix=declared.get("fix", ""),
        kind=_KINDS[main["type"]],
        bounds=tuple((sign, float(main[key])) for key, sign in _BOUNDS.items() if key in main),
        choices=tuple(dict.fromkeys(name for form in values for name in form.get("enum", [form.get("const")]) if name)),
        one=any(form["type"] == main["type"] for form in singles),
        many=bool(lists),
        none=any(form["type"] == "null" for form in forms),
    )


def value_of(text: str) -> int | float | str:
    """One value as the command line gives it: an integer or a number where the text is one, else the text.

    It is not checked here: whoever declares the parameter knows its range, and its error names what was typed.
    """
    for kind in (int, float):
        with contextlib.suppress(ValueError):
            return kind(text)
    return text


def to_text(value: Any) -> str:
    """A field's value as its flag takes it: lists with commas, nothing as none."""
    if isinstance(value, list | tuple):
        return ",".join(to_text(part) for part in value) or "none"
    return "none" if value is None else repr(value) if isinstance(value, float) else str(value)
