"""What a recipe is given, field by field: its values as Python's, and what is wrong with each by itself."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from goodfit.errors import nearest, problem
from goodfit.training.recipe_fields import FieldRule


def plain_value(name: str, value: Any) -> Any:
    """NumPy values as Python's, sequences as tuples, and a single hidden size as one layer."""
    value = value.tolist() if hasattr(value, "tolist") else value
    if isinstance(value, list | tuple | range):
        return tuple(part.tolist() if hasattr(part, "tolist") else part for part in value)
    return (value,) if name == "hidden" and isinstance(value, int | float) else value


def field_problems(
    error: ValidationError, given: Mapping[str, Any], rules: Mapping[str, FieldRule]
) -> tuple[list[str], frozenset[str]]:
    """One problem for each field that is wrong by itself, in the order given, and the names of those fields."""
    bad = frozenset(str(entry["loc"][0]) for entry in error.errors(include_url=False, include_input=False))
    return [_field_problem(name, value, rules) for name, value in given.items() if name in bad], bad


def _field_problem(name: str, value: Any, rules: Mapping[str, FieldRule]) -> str:
    rule = rules.get(name)
    if rule is None:
        return problem("Recipe", f"{name!r} is not a field", fix=nearest(name.replace("-", "_"), rules))
    fix = rule.fix
    if rule.choices and not fix:
        wrong = [part for part in (value if isinstance(value, tuple) else (value,)) if part not in rule.choices]
        fix = nearest(wrong[0] if wrong else value, rule.choices)
    return problem("Recipe", f"'{name}' must be {rule.range}", got=value, fix="" if fix.startswith("Valid") else fix)
