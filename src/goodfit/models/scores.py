"""Scores with intervals: what a net gets right on rows that it has not seen, and how sure that is.

The rows are taken as drawn independently of one another; the intervals say how far the score would move with other rows
of the same kind. They are about the nets at hand: how far another seed would move the score is `Score.spread`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from goodfit.errors import InputError, problem
from goodfit.intervals import LEVEL, SCORE_BOUNDS, Bounds, about, clopper_pearson
from goodfit.models.error_scores import ErrorScore, absolute_errors
from goodfit.models.tails import UNSEEN_ERRORS, UNSEEN_TARGETS, Relative, about_positive, relative, why_none
from goodfit.models.weighing import DOMINATED, FEWEST_KNOWN, Weights, effective_rows, known_share, ratios, told
from goodfit.plain_json import plain
from goodfit.training.metrics import r2, variances
from goodfit.words import fixed

if TYPE_CHECKING:
    from jaxtyping import Bool, Float

NO_WEIGHT = "no interval: no row has a weight above 0"
R2_ALONE = ("skew", "errors")  # fields that scores of other tasks have no use for


@dataclass(frozen=True)
class Score:
    """A score and its interval.

    Rows of weight 0 are not counted. (Scores of older versions have neither skew nor errors, and the basis of R² is its
    own standard error.)

    name: what is measured
    value: the score, for several nets the mean over them.
    low, high: the interval at `level` (0.95: it holds the true score for 95 % of all draws of the rows).
    level: of the interval, in (0, 1)
    rows: how many rows it stands on.
    method: how the interval was made, or why there is none (then low and high are nan).
    spread: standard deviation over nets, None for one net.
    basis: what the interval was made of, so that it can be made at another level: for shares the rows, for R² the
    standard error of log(1 - R²); None where there is no interval.
    skew: for R², the skewness of what the rows give to log(1 - R²).
    errors: for a regression, the mean and the median absolute error in the unit of the targets, with intervals of their
    own.
    effective: of rows that have weights, so many that count alike tell as much (see `goodfit.models.weighing`): the
    interval is that of so many; None without.
    """

    name: Literal["accuracy", "exact match", "R²"]
    value: float
    low: float
    high: float
    level: float
    rows: int
    method: str
    spread: float | None = None
    basis: float | None = None
    skew: float | None = None
    errors: tuple[ErrorScore, ...] = ()
    effective: float | None = None

    def __str__(self) -> str:
        """`0.9012 [0.8952, 0.9069]`."""
        if math.isnan(self.low):
            return f"{fixed(self.value)} [{self.method}]"
        return f"{fixed(self.value)} [{fixed(self.low)}, {fixed(self.high)}]"

    @property
    def width(self) -> float:
        """From the lower to the upper bound; nan where there is no interval."""
        return self.high - self.low

    def at_level(self, level: float) -> Score:
        """The same score with its interval at another level; without an interval it stays as it is."""
        errors = tuple(each.at_level(level) for each in self.errors)
        if self.basis is None:
            return replace(self, errors=errors)
        if self.name != "R²":
            rows = min(self.basis, self.rows)  # files of older versions counted nets as rows
            low, high = clopper_pearson(self.value * rows, rows, level)
        elif self.skew is None:
            low, high = about(self.value, self.basis, self._known_rows - 1, level, SCORE_BOUNDS[self.name])
        else:
            found = Relative(self.basis, self.skew)
            rows = self._known_rows
            least, most = about_positive(1 - self.value, found, rows, level, UNSEEN_TARGETS, UNSEEN_ERRORS)
            low, high = 1 - most, 1 - least
        return replace(self, low=low, high=high, level=level, errors=errors)

    @property
    def _known_rows(self) -> float:
        """By how many rows the score is known."""
        return self.rows if self.effective is None else self.effective

    def after_answers(self, answers: int, level: float) -> Bounds:
        """The interval of an R² whose model was built from so many earlier answers of R² on the same rows.

        For given predictions R² tells how they go with the targets: one number, linear in these. Where the errors are
        normal, whoever asks k - 1 such questions, each chosen by the answers before, knows a part of k - 1 dimensions
        of them and nothing of the rest, so that no model can profit by more than the length of a normal vector of k
        dimensions (Scheffé's interval). nan where there is no interval, and with no more rows than that.

        answers: how many were given before
        level: of the interval, in (0, 1)
        """
        if self.basis is None or self.skew is None or answers + 1 >= self._known_rows:
            return math.nan, math.nan
        found, unseen = Relative(self.basis, self.skew), (UNSEEN_TARGETS, UNSEEN_ERRORS)
        rows = self._known_rows
        least, most = about_positive(1 - self.value, found, rows, level, *unseen, directions=answers + 1)
        return 1 - most, 1 - least

    def to_dict(self) -> dict[str, Any]:
        """The fields as JSON has them, None for a number that is not finite. `skew` and `errors` are of R² alone."""
        fields: dict[str, Any] = plain(asdict(self))
        for each in (fields, *fields["errors"]):
            if each["effective"] is None:
                del each["effective"]
        return fields if self.name == "R²" else {name: fields[name] for name in fields if name not in R2_ALONE}

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> Score:
        """The other way round of `to_dict`; ValueError for fields that it does not give."""
        from goodfit.models.score_fields import ScoreFields

        # by way of JSON, where a tuple and a list are the same
        found = ScoreFields.model_validate_json(json.dumps(dict(fields), allow_nan=False)).model_dump()
        errors = tuple(ErrorScore(**_with_nan(each)) for each in found.pop("errors"))
        return cls(**_with_nan(found), errors=errors)


def _with_nan(fields: dict[str, Any]) -> dict[str, Any]:
    return fields | {name: math.nan for name in ("value", "low", "high") if fields[name] is None}


def score_classification(
    correct: Bool[np.ndarray, "P N"],
    *,
    name: Literal["accuracy", "exact match"] = "accuracy",
    level: float = LEVEL,
    weight: Weights = None,
) -> Score:
    """The share of rows that are right, mean over nets, with an interval over rows.

    correct: for every net and row, whether the prediction is right.
    weight: how much each row counts, [N], >= 0; the interval is then that of as many rows as they are worth, see
      `known_share`.
    Clopper-Pearson at so many rows, whatever the number of nets: it is rows that are drawn, and nets that see the same
    rows mostly fail on the same ones. A mean over nets varies no more than one net would (its hits lie in [0, 1], so
    that their variance is at most m (1 - m)), hence the interval is rather too wide where nets disagree. In simulations
    of 1 to 30 nets on 20 to 1000 rows it held the truth in 95 to 100 % of draws. (Rows are not to be counted by what
    nets say of one another: where they agree by chance on few rows, that number is far too high.)
    """
    hits = np.asarray(correct, bool)
    if hits.ndim != 2 or hits.shape[0] == 0:
        raise InputError(problem("Score", "'correct' must be a table of nets by rows", got=hits.shape))
    if hits.shape[1] == 0:
        return Score(name, math.nan, math.nan, math.nan, level, 0, "no interval: there are no rows")
    if weight is not None:
        some = weight > 0
        if not some.any():
            return Score(name, math.nan, math.nan, math.nan, level, hits.shape[1], NO_WEIGHT)
        hits, weight = hits[:, some], ratios(weight[some])
    nets, rows = hits.shape
    value, known = known_share(hits.mean(0, dtype=np.float64), weight)
    low, high = clopper_pearson(value * known, known, level)
    effective = None if weight is None else known
    method = told("Clopper-Pearson" + (f", mean of {nets} nets" if nets > 1 else ""), effective, rows)
    per_net = hits.mean(1, dtype=np.float64) if weight is None else np.average(hits, axis=1, weights=weight)
    spread = float(per_net.std(ddof=1)) if nets > 1 else None
    return Score(name, value, low, high, level, rows, method, spread, known, effective=effective)


def score_regression(
    prediction: Float[np.ndarray, "P N C"],
    target: Float[np.ndarray, "N C"],
    *,
    level: float = LEVEL,
    weight: Weights = None,
) -> Score:
    """R²: the share of the targets' variance that the predictions explain, mean over outputs and nets.

    1 is perfect, 0 as good as always saying the mean, below 0 worse. An output is 1 - sum (t - p)² / sum (t - mean t)².
    The interval is that of 1 - R² on the logarithmic scale, over rows; see `goodfit.models.tails` for how it is made,
    when it is not given, and how often it held the truth. (A percentile bootstrap never held R² = 0: every resample
    lowers the variance of the targets again.) `errors` of the score has the absolute errors.
    weight: how much each row counts, [N], >= 0, as scikit-learn's `sample_weight`; the interval is then that of as many
      rows as they are worth, and there is none where one row has most of the weight.
    """
    predicted, targets = np.asarray(prediction, np.float64), np.asarray(target, np.float64)
    if predicted.ndim != 3 or predicted.shape[0] == 0 or predicted.shape[1:] != targets.shape:
        rule = f"'prediction' must be nets by rows by outputs, the latter two those of 'target' {targets.shape}"
        raise InputError(problem("Score", rule, got=predicted.shape))
    if weight is not None:
        some = weight > 0
        if not some.any():
            return Score("R²", math.nan, math.nan, math.nan, level, len(targets), NO_WEIGHT)
        predicted, targets, weight = predicted[:, some], targets[some], ratios(weight[some])
    nets, rows = predicted.shape[:2]
    effective = None if weight is None else effective_rows(weight)
    variance, errors = variances(targets, weight), absolute_errors(predicted, targets, level, weight)  # [C], ...
    if np.isnan(variance).any():
        reason = "R² is undefined for fewer than two rows or constant targets"
        return Score(
            "R²",
            math.nan,
            math.nan,
            math.nan,
            level,
            rows,
            f"no interval: {reason}",
            errors=errors,
            effective=effective,
        )
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        centre = np.average(targets, axis=0, weights=weight)
        squares, deviations = ((predicted - targets) ** 2).mean(0), (targets - centre) ** 2  # [N, C]
        if weight is not None:
            squares, deviations = (each * (weight / weight.mean())[:, None] for each in (squares, deviations))
        per_net = r2(predicted, targets, weight)  # [P]
        value, spread = float(per_net.mean()), float(per_net.std(ddof=1)) if nets > 1 else None
        reason = why_none(value, squares, deviations)
        reason = DOMINATED if not reason and effective is not None and effective < FEWEST_KNOWN else reason
    if reason:
        method = f"no interval: {reason}"
        return Score("R²", value, math.nan, math.nan, level, rows, method, spread, errors=errors, effective=effective)
    found = relative(_given_by_rows(squares, deviations), ratio=True, known=effective)
    method = told("log scale of 1 - R²" + (f", mean of {nets} nets" if nets > 1 else ""), effective, rows)
    score = Score(
        "R²", value, math.nan, math.nan, level, rows, method, spread, found.error, found.skew, errors, effective
    )
    return score.at_level(level)


def _given_by_rows(squares: Float[np.ndarray, "N C"], deviations: Float[np.ndarray, "N C"]) -> Float[np.ndarray, " N"]:
    """How far each row moves log(1 - R²), to first order, times N; their mean is 0.

    The derivative of log(mean over outputs of sum(squares) / sum(deviations)), deviations being those from the mean;
    of rows with weights both are multiplied by them.
    """
    variance = deviations.mean(0)  # [C]
    unexplained = squares.mean(0) / variance
    moves: Float[np.ndarray, " N"] = ((squares - unexplained * deviations) / variance).mean(1)
    given: Float[np.ndarray, " N"] = moves / float(unexplained.mean())
    return given
