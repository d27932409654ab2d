"""What a person with a table expects to see of predictions: each measure with an interval, beside a constant's."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from goodfit.errors import InputError, nearest, problem
from goodfit.intervals import LEVEL
from goodfit.plain_json import plain
from goodfit.wiring import provided
from goodfit.words import digits, fixed

ACCURACY, EXACT, BALANCED, F1 = "accuracy", "exact match", "balanced accuracy", "F1"
LOG_LOSS, BRIER = "log loss", "Brier score"
AUC, PRECISION, ECE = "ROC AUC", "average precision", "calibration error"
R2, RMSE, MAE, MEDIAN = "R²", "root mean squared error", "mean absolute error", "median absolute error"
HEADLINES = {
    "classification": (ACCURACY, BALANCED, LOG_LOSS, AUC),
    "multilabel": (EXACT, LOG_LOSS, AUC, F1),
    "regression": (R2, RMSE, MAE),
}
BASELINES = {
    "classification": "the most frequent class, or the shares of the classes",
    "multilabel": "what is most frequent of each label, or their shares",
    "regression": "the mean, or for absolute errors the median",
}
Beside = Literal["better", "no better", "not shown to be better", ""]  # what an interval says of a constant prediction
MOST_HEADLINES = 4
MOST_TARGETS = 5  # of several, whose R² and root mean squared error are among the headlines


@dataclass(frozen=True)
class Measure:
    """A measure of predictions over rows.

    name: what is measured: "accuracy", "ROC AUC", "root mean squared error", ...
    value: of the predictions; nan where it is not defined
    low, high: its interval at the level of the `Measures`; nan where there is none
    baseline: the same measure of a constant prediction on the same rows: the most frequent class, the classes'
    shares, the mean of the targets (their median for absolute errors); nan where there is none
    method: how the interval was made, or why there is none
    of: the class, label or target that it is of, "" for all of them
    """

    name: str
    value: float
    low: float
    high: float
    baseline: float
    method: str
    of: str = ""

    @property
    def label(self) -> str:
        """The name, and what it is of."""
        return f"{self.name} of {self.of!r}" if self.of else self.name

    @property
    def shown(self) -> tuple[str, str]:
        """Value and interval as a table has them; numbers in the unit of targets with four digits, whatever that is."""
        form = digits if self.name in (RMSE, MAE, MEDIAN) else fixed
        ends = "none" if math.isnan(self.low) else f"{form(self.low)} to {form(self.high)}"
        return form(self.value), ends

    def __str__(self) -> str:
        """`ROC AUC 0.9012 [0.8552, 0.9369]`."""
        ends = "no interval" if math.isnan(self.low) else f"{digits(self.low)}, {digits(self.high)}"
        return f"{self.label} {digits(self.value)} [{ends}]"


def _beside_constant(each: Measure) -> Beside:
    """What the interval of a measure says: whether it is better than a constant prediction.

    "" where nothing can be better than a constant, and where there is neither an interval nor a worse value.
    """
    sign, most = (-1.0, 0.0) if each.name == LOG_LOSS else (1.0, 1.0)
    if math.isnan(each.baseline) or each.baseline == most:
        return ""
    if math.isnan(each.low):  # a constant prediction itself, or rows too few for an interval
        value = sign * (each.value - each.baseline)
        return "not shown to be better" if value < 0 else "no better" if value == 0 else ""
    worst, best = sorted(sign * (end - each.baseline) for end in (each.low, each.high))
    return "better" if worst > 0 else "no better" if best <= 0 else "not shown to be better"


def _is_told(each: Measure, warning: str) -> bool:
    """Whether a warning gives the value of a measure: `accuracy 0.9800 is the share of 'no'`."""
    return f"{each.label} {fixed(each.value)}" in warning


@dataclass(frozen=True)
class Measures:
    """The measures of predictions for rows with targets; see docs/measures.md.

    task: "classification", "multilabel" or "regression"
    rows: how many there are
    measures: in the order in which they are printed
    classes: names of classes or labels, () for numbers
    positive: of two classes, the one that average precision and F1 are of; "" otherwise
    majority: the most frequent class of the rows, or combination of labels; "" for numbers
    confusion: how many rows of each class (down) are predicted as each class (across); () for other tasks, and with
    more than 50 classes
    warnings: what must not be overlooked, such as predictions of one class only
    level: of every interval by itself
    notes: on the rows: which they are
    """

    task: str
    rows: int
    measures: tuple[Measure, ...]
    classes: tuple[str, ...] = ()
    positive: str = ""
    majority: str = ""
    confusion: tuple[tuple[int, ...], ...] = ()
    warnings: tuple[str, ...] = ()
    level: float = LEVEL
    notes: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> Measure:
        """A measure by its name, or by its label where several have the name. InputError for another name."""
        for each in self.measures:
            if name in (each.name, each.label):
                return each
        fix = nearest(name, [each.label for each in self.measures])
        raise InputError(problem("Measures", "there is no such measure of these predictions", got=name, fix=fix))

    @property
    def headline(self) -> tuple[Measure, ...]:
        """The two to four that matter most for the task; average precision where one of two classes is rare. Of several
        targets, R² over all, and R² and root mean squared error of the first of them.
        """
        names = HEADLINES[self.task]
        if self.task == "regression" and any(each.of for each in self.measures):
            return tuple(each for each in self.measures if each.name in (R2, RMSE))[: 1 + 2 * MOST_TARGETS]
        if self.positive and self[PRECISION].baseline < 1 / 3:
            names = (ACCURACY, LOG_LOSS, AUC, PRECISION)
        return tuple(each for each in self.measures if each.name in names)[:MOST_HEADLINES]

    @property
    def baseline(self) -> str:
        """One line on what the baselines of this task are."""
        return f"Baseline: a constant prediction: {BASELINES[self.task]}."

    @property
    def no_better(self) -> str:
        """`no_better_on` these rows."""
        return self.no_better_on("these rows")

    def no_better_on(self, rows: str) -> str:
        """One sentence where predictions are no better than a constant one by a measure, or not shown to be; "" else.

        The intervals decide. Probabilities may be better than a constant's where labels are not, and their order where
        their loss is not shown to be, as of a rare class: that is said as well. What a warning says of a measure is not
        said twice. rows: what they are called
        """
        known = [each for each in self.measures if each.name in (ACCURACY, EXACT, LOG_LOSS, R2)]
        found = [(each, _beside_constant(each)) for each in known]
        untold = [(each, said) for each, said in found if not any(_is_told(each, text) for text in self.warnings)]
        lost, open_ = (
            [each for each, said in untold if said == wanted] for wanted in ("no better", "not shown to be better")
        )
        if not lost and not open_:
            return ""
        surer = [each for each in self.measures if each.name == LOG_LOSS or (each.name == AUC and not each.of)]
        better = [f"by {each.name} it is better" for each in surer if _beside_constant(each) == "better"][:1]
        parts = [*map(self._told_beside, lost or open_)]
        if lost and open_:
            parts.append(f"not shown to be better: {', '.join(map(self._told_beside, open_))}")
        first = "No better" if lost else "Not shown to be better"
        return f"{first} than a constant prediction on {rows}: {'; '.join([*parts, *better])}."

    def _told_beside(self, each: Measure) -> str:
        value, ends = each.shown
        held = "" if math.isnan(each.low) else f" ({ends})"
        return f"{each.label} {value}{held}, a constant {self.beside(each)}"

    @property
    def intervals(self) -> str:
        """One line on how the intervals were made, or why there is none."""
        methods: dict[str, list[str]] = {}
        for each in self.measures:
            methods.setdefault(each.method, []).append(each.label)
        told = [f"{method} ({', '.join(those)})" for method, those in methods.items()]
        return f"Intervals: {'; '.join(told)}."

    def beside(self, each: Measure) -> str:
        """The baseline of a measure in words; "" where there is none."""
        if math.isnan(each.baseline):
            return ""
        told = fixed(each.baseline) if self.classes else digits(each.baseline)
        if each.name == ACCURACY:
            return f"{told} (share of {self.majority!r})"
        if each.name == PRECISION and self.positive:
            return f"{told} (share of {self.positive!r})"
        return told

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON has it, None for a number that is not finite; `from_dict` is the other way round."""
        found: dict[str, Any] = plain(
            {
                "task": self.task,
                "rows": self.rows,
                "level": self.level,
                "measures": [vars(each) for each in self.measures],
                "classes": self.classes,
                "positive": self.positive,
                "majority": self.majority,
                "confusion": self.confusion,
                "warnings": self.warnings,
                "notes": self.notes,
            }
        )
        return found

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> Measures:
        """What `to_dict` gave; ValueError for other fields."""
        import json

        from goodfit.models.measure_fields import MeasuresFields

        text = json.dumps(dict(fields), allow_nan=False)  # by way of JSON, where a tuple and a list are the same
        found = MeasuresFields.model_validate_json(text).model_dump()
        told = [Measure(**_with_nan(each)) for each in found.pop("measures")]
        return cls(**found, measures=tuple(told))

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        return str(provided("show in a notebook")(self))

    def __str__(self) -> str:
        return "; ".join(map(str, self.measures))


def _with_nan(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: math.nan if value is None else value for name, value in fields.items()}
