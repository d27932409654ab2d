"""What a search varies: fields of the recipe, each over a list of values or a range."""

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from goodfit.data.streams import generator, is_number
from goodfit.errors import InputError, Problems, nearest, problem
from goodfit.training.recipe import Recipe
from goodfit.training.recipe_fields import FieldRule, value_of
from goodfit.training.recipe_rules import with_idle_off

WHERE = "Search"
_SWITCH = {"true": True, "false": False}
MOST_TRIES = 50  # draws of a setting that is new, before a range counts as used up


@dataclass(frozen=True)
class Range:
    """All numbers from low to high.

    low, high: the ends, both among the numbers
    log: drawn, and divided, evenly in the logarithm
    points: of a grid, 0 for none.
    """

    low: float
    high: float
    log: bool = False
    points: int = 0

    def at(self, share: float, *, whole: bool) -> float | int:
        """The number at this share of the way, in [0, 1]; rounded where only whole numbers will do.

        share: of the way from low to high, in [0, 1]
        whole: whether only whole numbers will do
        """
        if self.log:
            value = math.exp(math.log(self.low) + share * (math.log(self.high) - math.log(self.low)))
        else:
            value = self.low + share * (self.high - self.low)
        value = min(max(value, self.low), self.high)
        return round(value) if whole else value

    def grid(self, *, whole: bool) -> list[float | int]:
        """`points` numbers, both ends among them."""
        return [self.at(step / max(self.points - 1, 1), whole=whole) for step in range(self.points)]


Values = Mapping[str, Sequence[Any] | Range]
Setting = dict[str, Any]


class Space:
    """The settings that a search may try.

    vary: field of the recipe -> its values, or a Range. recipe: what all settings share. All that is wrong is one
    InputError: fields that do not exist, values that the recipe refuses, values given twice.
    """

    def __init__(self, recipe: Recipe, vary: Values) -> None:
        self.recipe = recipe
        self.vary: dict[str, list[Any] | Range] = {}
        problems = Problems()
        if not vary:
            problems.add(WHERE, "'vary' must name at least one field of the recipe", got=dict(vary))
        for name, values in vary.items():
            field = name.replace("-", "_")
            if field not in Recipe.fields() or field == "seed":
                fix = "Use 'seeds' of the search." if field == "seed" else nearest(field, Recipe.fields())
                problems.add(WHERE, f"{name!r} is not a field that can be varied", fix=fix)
            elif field in self.vary:
                problems.add(WHERE, f"{name!r} is varied twice", fix="Give all its values at once.")
            elif isinstance(values, Range):
                self.vary[field] = _checked_range(field, values, problems)
            else:
                self.vary[field] = _checked_values(field, values, problems)
        problems.raise_if_any()

    @property
    def size(self) -> float:
        """Settings of the whole grid; infinite where a range has no points."""
        sizes = [(v.points or math.inf) if isinstance(v, Range) else len(v) for v in self.vary.values()]
        return math.prod(sizes)

    def grid(self) -> list[Setting]:
        """Every combination, in the order given: the last field changes fastest."""
        open_ended = [name for name, v in self.vary.items() if isinstance(v, Range) and not v.points]
        if open_ended:
            rule = f"a grid needs the number of points of every range; {', '.join(map(repr, open_ended))} has none"
            raise InputError(problem(WHERE, rule, fix="Give it, as in l2=1e-5..1e-2:log:4, or use random search."))
        columns = [v.grid(whole=is_whole(n)) if isinstance(v, Range) else v for n, v in self.vary.items()]
        return [dict(zip(self.vary, values, strict=True)) for values in itertools.product(*columns)]

    def random(self, count: int, seed: int) -> list[Setting]:
        """At most `count` different settings, drawn at random; the same for the same seed, and the first ones of more.

        Fewer where the space has no more.
        """
        rng, found = generator(seed, "selection/settings"), list[Setting]()
        known: set[tuple[Any, ...]] = set()
        while len(found) < min(count, self.size):
            for _ in range(MOST_TRIES):
                setting = {name: self._drawn(name, values, rng.random()) for name, values in self.vary.items()}
                if tuple(setting.values()) not in known:
                    break
            else:
                break
            known.add(tuple(setting.values()))
            found.append(setting)
        return found

    def _drawn(self, name: str, values: Sequence[Any] | Range, share: float) -> Any:
        if isinstance(values, Range):
            return values.at(share, whole=is_whole(name))
        return values[min(int(share * len(values)), len(values) - 1)]

    def recipes(self, settings: Sequence[Setting]) -> list[Recipe]:
        """The recipe of every setting; InputError names those whose values do not go together.

        What the recipe asks for and has no effect with a value of the setting, such as weight decay with sgd, is off.
        """
        made, problems = [], list[str]()
        for number, setting in enumerate(settings):
            try:
                made.append(self.recipe.replace(**with_idle_off(self.recipe, setting)))
            except InputError as error:
                problems += [f"{text} (setting {number}: {describe(setting)})" for text in error.problems]
        if problems:
            raise InputError(*problems[:5], *([f"... and {len(problems) - 5} more"] if len(problems) > 5 else []))
        return made


def describe(setting: Setting) -> str:
    """A setting in one line: "hidden 256x128, l2 0.001"."""
    return ", ".join(f"{name} {text_of(value)}" for name, value in setting.items())


def text_of(value: Any) -> str:
    """A value as `--vary` takes it."""
    if isinstance(value, list | tuple):
        return "x".join(map(text_of, value)) or "none"
    return f"{value:.6g}" if isinstance(value, float) else "none" if value is None else str(value)


def parse(text: str) -> tuple[str, Sequence[Any] | Range]:
    """`l2=1e-5..1e-2:log` as (field, values): commas between values, `256x128` for a list, LOW..HIGH[:log][:POINTS]."""
    name, sign, given = text.partition("=")
    if not sign or not name.strip() or not given.strip():
        raise InputError(problem(WHERE, "'--vary' must be FIELD=VALUES", got=text, fix="For example: l2=0,1e-4,1e-3."))
    if ".." in given:
        return name.strip(), _parsed_range(given, text)
    rule = Recipe.fields().get(name.strip().replace("-", "_"))
    return name.strip(), [_parsed_value(part.strip(), rule) for part in given.split(",")]


def parse_all(texts: Iterable[str]) -> dict[str, Sequence[Any] | Range]:
    """Field -> values, of texts that `parse` takes; all that is wrong with any is one InputError."""
    found: dict[str, Sequence[Any] | Range] = {}
    problems: list[str] = []
    for text in texts:
        try:
            name, values = parse(text)
        except InputError as error:
            problems += error.problems
            continue
        if name.replace("-", "_") in {field.replace("-", "_") for field in found}:
            fix = "Give all its values at once: l2=0,1e-4,1e-3."
            problems.append(problem(WHERE, f"{name!r} is varied twice", got=text, fix=fix))
        found[name] = values
    if problems:
        raise InputError(*problems)
    return found


def _parsed_range(given: str, text: str) -> Range:
    limits, *words = given.split(":")
    low, _, high = limits.partition("..")
    try:
        points = [int(word) for word in words if word != "log"]
        return Range(float(low), float(high), "log" in words, *points)
    except (ValueError, TypeError) as error:
        fix = "For example: l2=1e-5..1e-2:log, or with the points of a grid l2=1e-5..1e-2:log:4."
        raise InputError(problem(WHERE, "a range must be LOW..HIGH[:log][:POINTS]", got=text, fix=fix)) from error


def _parsed_value(part: str, rule: FieldRule | None) -> Any:
    """A value as the text of a field has it. rule: the field's, None where there is no such field."""
    if rule is not None and part in rule.choices:  # as it is: "none" may be a name, and names may have an x
        return part
    if part.lower() in ("none", ""):
        return None if rule is not None and rule.none else ()
    pieces = [_SWITCH.get(piece.lower(), value_of(piece)) for piece in part.split("x")]
    return pieces[0] if len(pieces) == 1 else tuple(pieces)


def is_whole(field: str) -> bool:
    """Whether a field takes whole numbers only."""
    return Recipe.fields()[field].kind == "integer"


def _checked_range(field: str, given: Range, problems: Problems) -> Range:
    rule = Recipe.fields()[field]
    numbers = is_number(given.low) and is_number(given.high) and math.isfinite(given.low) and math.isfinite(given.high)
    if rule.kind not in ("integer", "number"):
        problems.add(WHERE, f"'{field}' cannot be a range", got=f"{given.low}..{given.high}", fix="List its values.")
    elif not numbers or not given.low < given.high:
        problems.add(WHERE, f"the range of '{field}' must be increasing", got=f"{given.low}..{given.high}")
    elif given.log and given.low <= 0:
        problems.add(WHERE, f"a logarithmic range must be above 0; that of '{field}' is not", got=given.low)
    elif given.points < 0 or given.points == 1:
        problems.add(WHERE, f"the range of '{field}' must have at least two points", got=given.points)
    return given


def _checked_values(field: str, values: Sequence[Any], problems: Problems) -> list[Any]:
    """The values in the recipe's form, each checked alone, with whatever else it needs left aside."""
    if isinstance(values, str) or not isinstance(values, Sequence) or not len(values):
        problems.add(WHERE, f"'{field}' must have a list of values", got=values)
        return []
    rule = Recipe.fields()[field]
    found: list[Any] = []
    for value in values:
        plain: Any = tuple(value) if isinstance(value, list | tuple) else value
        plain = None if plain == () and rule.none and not rule.many else plain
        plain = (plain,) if field == "hidden" and isinstance(plain, int) else plain
        if plain in found:
            problems.add(WHERE, f"'{field}' must have distinct values; one is repeated", got=text_of(plain))
        found.append(plain)
    return found
