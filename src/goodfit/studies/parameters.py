"""What a study can be asked with: each parameter declared once, for Python, flags, pages and forms."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from goodfit.errors import InputError, Problems, nearest
from goodfit.reports.languages import Language
from goodfit.studies.words import Words
from goodfit.training.recipe_fields import value_of

Kind = Literal["whole", "number", "choice", "text"]
MOST_VALUES = 50  # of a parameter that takes several


@dataclass(frozen=True)
class StudyParameter:
    """A parameter of a study.

    name: in Python; about: what it is, with its unit; default: its value, a tuple where `many`; kind: whole number,
    number, one of `choices`, or text; low, high: bounds, both allowed; many: several values, none twice; flag: of the
    command line, where it is not the name with dashes; check: raises InputError for a text that is not one.
    """

    name: str
    about: Words
    default: Any
    kind: Kind = "number"
    low: float = -math.inf
    high: float = math.inf
    choices: tuple[str, ...] = ()
    many: bool = False
    flag: str = ""
    check: Callable[[str], object] | None = None

    @property
    def option(self) -> str:
        """The command line's flag: --lambda."""
        return f"--{self.flag or self.name.replace('_', '-')}"

    def range(self, language: Language = "en") -> str:
        """The values that are valid, in words: "a whole number from 2 to 10000"."""
        one = {
            "whole": Words("a whole number", "整数"),
            "number": Words("a number", "数"),
            "choice": Words("one of " + ", ".join(self.choices), "以下之一：" + "、".join(self.choices)),
            "text": Words("text", "文本"),
        }[self.kind].of(language)
        low, high = _bound(self.low), _bound(self.high)
        if math.isfinite(self.high):
            one += Words(f" from {low} to {high}", f"，{low} 到 {high}").of(language)
        elif math.isfinite(self.low):
            one += f" >= {low}"
        if self.many:
            one += Words(f", or a list of up to {MOST_VALUES}", f"，可给出至多 {MOST_VALUES} 个").of(language)
        return one

    def read(self, text: str) -> Any:
        """A flag's text as a value; where it is none, the text itself, which `problem` then objects to."""
        if self.many:
            return tuple(self._one(part.strip()) for part in text.split(","))
        return self._one(text.strip())

    def _one(self, text: str) -> Any:
        return value_of(text) if self.kind in ("whole", "number") else text

    def text(self, value: Any) -> str:
        """A value as the command line takes it."""
        values = value if self.many else (value,)
        return ",".join(map(_shortest, values))

    def said(self, value: Any) -> str:
        """A value as a sentence has it: 60,000; 0.1; 2, 5 and more with commas."""
        values = value if self.many else (value,)
        return ", ".join(f"{each:,}" if isinstance(each, int) else _shortest(each) for each in values)

    def plain(self, value: Any) -> Any:
        """A value as it is kept: Python's own numbers, a tuple where there may be several."""
        value = value.tolist() if isinstance(value, np.ndarray | np.generic) else value
        if self.many:
            value = tuple(value) if isinstance(value, list | tuple | range) else (value,)
            return tuple(self._float(each) for each in value)
        return self._float(value)

    def _float(self, value: Any) -> Any:
        value = value.tolist() if isinstance(value, np.generic) else value
        return float(value) if self.kind == "number" and _is_number(value) else value

    def objection(self, value: Any, problems: Problems, where: str) -> None:
        """Add to `problems` what is wrong with a value that is `plain`."""
        values = value if self.many else (value,)
        if self.many and not 0 < len(values) <= MOST_VALUES:
            problems.add(where, f"'{self.name}' must be {self.range()}", got=value)
            return
        for each in values:
            if not self._is_one(each):
                fix = nearest(each, self.choices) if self.kind == "choice" else ""
                problems.add(where, f"'{self.name}' must be {self.range()}", got=each, fix=fix)
                return
            if self.check is not None:
                try:
                    self.check(each)
                except InputError as error:
                    problems.found += error.problems
        if len(set(values)) < len(values):
            problems.add(where, f"'{self.name}' must not repeat a value", got=value)

    def _is_one(self, value: Any) -> bool:
        if self.kind == "choice":
            return value in self.choices
        if self.kind == "text":
            return isinstance(value, str)
        if not _is_number(value) or (self.kind == "whole" and not isinstance(value, int)):
            return False
        return math.isfinite(value) and self.low <= value <= self.high


def _shortest(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _bound(value: float) -> str:
    return f"{int(value)}" if math.isfinite(value) and value == int(value) else f"{value:g}"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def seeds(default: int, low: int = 2, high: int = 10_000) -> tuple[StudyParameter, StudyParameter]:
    """The two parameters that studies with chance in them share: how many seeds, and which is the first."""
    many = Words(
        "Number of seeds; each draws its own data, weights and order of examples.",
        "随机种子的个数：每个种子各自生成数据、权重和样本顺序。",
    )
    first = Words("First seed; the others count up from it.", "第一个种子，其余依次加一。")
    return (
        StudyParameter("seeds", many, default, kind="whole", low=low, high=high),
        StudyParameter("seed", first, 0, kind="whole", low=0, high=1_000_000_000),
    )


class Given:
    """The parameters of one run of a study, complete and valid, as attributes: given.l2."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = dict(values)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name not in self._values:
            raise AttributeError(f"the study has no parameter {name!r}")
        return self._values[name]

    def to_dict(self) -> dict[str, Any]:
        """Name -> value, in the order of declaration."""
        return dict(self._values)

    @property
    def all_seeds(self) -> range:
        """The seeds that `seeds` and `seed` ask for."""
        return range(self.seed, self.seed + self.seeds)


def checked(where: str, parameters: Sequence[StudyParameter], given: Mapping[str, Any]) -> Given:
    """What was given, with the defaults for the rest; one InputError names all that is wrong."""
    problems, known = Problems(), {each.name: each for each in parameters}
    values = {name: each.default for name, each in known.items()}
    for name, value in given.items():
        if name not in known:
            fix = nearest(name, known) if known else "The study takes none."
            problems.add(where, f"{name!r} is not a parameter", fix=fix)
            continue
        values[name] = known[name].plain(value)
        known[name].objection(values[name], problems, where)
    problems.raise_if_any()
    return Given(values)
