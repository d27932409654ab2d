"""Prediction intervals and sets with a stated coverage, from errors on rows that the nets had not learned from.

Split conformal prediction: of n rows like the new ones, the ceil((n + 1) coverage)-th smallest score is exceeded by the
score of a new row with a probability of at most 1 - coverage, whatever the law of the data. Scores of numbers are the
absolute residuals, those of classes 1 - the probability of the true class (Sadinle, Lei and Wasserman, "Least Ambiguous
Set-Valued Classifiers with Bounded Error Levels", 2019). With out-of-fold predictions each score is of another net than
those that predict together, as in Vovk's cross-conformal predictors ("Cross-conformal predictors", 2015), and the
guarantee holds approximately; docs/intervals.md has measured it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from goodfit.errors import InputError, problem
from goodfit.training.recipe_rules import are_levels

if TYPE_CHECKING:
    from jaxtyping import Float, Shaped

ENTRY = "conformal"  # in `about`
MOST_SCORES = 1000  # kept of each target
MOST_NUMBERS = 20_000  # kept of all targets together
FEWEST_SCORES = 10  # kept of each target where there are so many rows
KNOTS = 33  # where the local size of residuals is kept
FEWEST_NEAR = 20  # rows of which a local size is the mean
LEAST_SIZE = 0.1  # of a local size, in mean residuals: some rows that happen to be met exactly make no row certain
FEWEST_SIGNED = 50  # rows from which on intervals are cut off at 0: a coverage of 0.02 at most
ENTRIES = {"task", "rows", "source", "scores", "scaled", "at", "size"}


@dataclass(frozen=True, eq=False)
class Conformal:
    """Scores of rows that the nets had not learned from.

    task: "regression" or "classification"
    rows: how many they were
    source: what their predictions are called: "out-of-fold" or "validation"
    scores: [T, M] rising, of T targets (1 for classes): the scores of the ranks `kept_ranks(rows, M)`
    scaled: [T, M] the same of the residuals in units of their local size; [0, 0] for classes
    at, size: [T, KNOTS] predictions, rising, and the local size of residuals there; [0, 0] for classes
    levels: [L] of the quantiles that intervals are made of; () where they are made of residuals. Then scores are [T P,
    M], of P = L // 2 pairs of levels for each target: how far the target is outside of the two quantiles, negative
    inside; and the others are [0, 0].
    signs: of each target, 1 where none of the rows has one below 0, -1 where none has one above 0, else 0; () in files
    of older versions and for classes. Intervals are cut off at 0 accordingly: a new row is as likely as each of n
    others to be the only one with the other sign, so that cutting costs a coverage of 1 / (n + 1) at most.
    """

    task: str
    rows: int
    source: str
    scores: Float[np.ndarray, "T M"]
    scaled: Float[np.ndarray, "T M"]
    at: Float[np.ndarray, "T K"]
    size: Float[np.ndarray, "T K"]
    signs: tuple[int, ...] = ()
    levels: tuple[float, ...] = ()

    def intervals(
        self, values: Float[np.ndarray, "N C"], coverage: float, *, adaptive: bool = False
    ) -> Float[np.ndarray, "N C 2"]:
        """(low, high) of every target for predictions, or for quantiles [N, C, L] of these levels; infinite where there
        are too few rows for the coverage.

        adaptive: whether they are wider where residuals of rows with such predictions were larger; those of quantiles
        are so by themselves
        """
        if self.levels:
            return self._cut(self._of_quantiles(np.asarray(values, np.float64), coverage))
        half = threshold(self.scaled if adaptive else self.scores, self.rows, coverage)  # [T]
        centre = np.asarray(values, np.float64)
        if adaptive:
            half = half * self._size(centre)
        return self._cut(np.stack([centre - half, centre + half], axis=-1))

    def _of_quantiles(self, values: Float[np.ndarray, "N C L"], coverage: float) -> Float[np.ndarray, "N C 2"]:
        """The quantiles of the pair whose levels are nearest to the coverage, moved apart, or together, by the score of
        its rank. Where that would have them pass each other, both are in the middle of the two.
        """
        pairs, last = len(self.levels) // 2, len(self.levels) - 1
        nominal = np.array([self.levels[last - pair] - self.levels[pair] for pair in range(pairs)])
        pair = int(np.abs(nominal - coverage).argmin())
        moved = threshold(self.scores, self.rows, coverage).reshape(-1, pairs)[:, pair]
        low, high = values[:, :, pair] - moved, values[:, :, last - pair] + moved
        passed, middle = low > high, (values[:, :, pair] + values[:, :, last - pair]) / 2
        return np.stack([np.where(passed, middle, low), np.where(passed, middle, high)], axis=-1)

    def _cut(self, ends: Float[np.ndarray, "N C 2"]) -> Float[np.ndarray, "N C 2"]:
        for target, sign in enumerate(self.signs):
            if sign:
                ends[:, target] = np.clip(ends[:, target], *((0, None) if sign > 0 else (None, 0)))
        return ends

    def sets(self, values: Float[np.ndarray, "N C"], coverage: float) -> Shaped[np.ndarray, "N C"]:
        """Whether a class is in the set of a row, for probabilities; a set may be empty, or hold all classes."""
        found: Shaped[np.ndarray, "N C"] = 1 - np.asarray(values, np.float64) <= threshold(
            self.scores, self.rows, coverage
        )
        return found

    def note(self, coverage: float) -> str | None:
        """What must be said of this coverage: that there are too few rows for it."""
        if rank(self.rows, coverage) <= self.rows:
            return None
        needed = math.ceil(round(coverage / (1 - coverage), 9))
        found = "all intervals are infinite" if self.task == "regression" else "all sets hold every class"
        there = f"needs {needed:,} rows with {self.source} predictions, and there are {self.rows:,}"
        return f"A coverage of {coverage:g} {there}: {found}."

    def cut_note(self) -> str | None:
        """What is to be known of intervals that are cut off at 0; None where none is."""
        if not any(self.signs):
            return None
        sides = [side for sign, side in ((1, "below"), (-1, "above")) if sign in self.signs]
        cut = sum(map(abs, self.signs))
        of = "" if len(self.signs) == 1 else f" of {cut} of {len(self.signs)} targets"
        which = f"{' or '.join(sides)} which none of {self.rows:,} rows with {self.source} predictions has a target"
        return f"Intervals{of} are cut off at 0, {which}."

    def to_json(self) -> dict[str, Any]:
        """As `about` holds it."""
        arrays = {name: getattr(self, name).tolist() for name in ("scores", "scaled", "at", "size")}
        more: dict[str, Any] = {"signs": list(self.signs)} if self.signs else {}
        more |= {"levels": list(self.levels)} if self.levels else {}
        return {"task": self.task, "rows": self.rows, "source": self.source, **arrays, **more}

    def _size(self, values: Float[np.ndarray, "N C"]) -> Float[np.ndarray, "N C"]:
        return np.stack([np.interp(*each) for each in zip(values.T, self.at, self.size, strict=True)], axis=1)


def rank(rows: int, coverage: float) -> int:
    """Of the score, counted from 1, below which a new row's score is with this probability; above `rows`: none is."""
    return math.ceil(round((rows + 1) * coverage, 9))


def kept_ranks(rows: int, kept: int) -> np.ndarray:
    """Ranks [kept] of the scores that are kept, the last of them `rows`: all where so many are kept."""
    return -(-rows * np.arange(1, kept + 1) // kept)


def threshold(scores: Float[np.ndarray, "T M"], rows: int, coverage: float) -> Float[np.ndarray, " T"]:
    """The score of the rank of this coverage, or the next one that is kept; infinite where there is none."""
    place = int(np.searchsorted(kept_ranks(rows, scores.shape[1]), rank(rows, coverage)))
    return scores[:, place] if place < scores.shape[1] else np.full(len(scores), np.inf)


def conformal_numbers(
    values: Float[np.ndarray, "N C"], targets: Float[np.ndarray, "N C"], source: str
) -> Conformal | None:
    """From predictions of numbers by nets that had not learned from the rows; None where they cannot be kept, for
    there is no row, too many targets, or a prediction that is not finite.
    """
    predicted = np.asarray(values, np.float64)
    residuals = np.abs(np.asarray(targets, np.float64).reshape(predicted.shape) - predicted)
    rows, count = residuals.shape
    kept = min(rows, MOST_SCORES, (MOST_NUMBERS // count - 2 * KNOTS) // 2)
    if kept < min(rows, FEWEST_SCORES) or not rows or not np.isfinite(residuals).all():
        return None
    local = [_local_sizes(predicted[:, target], residuals[:, target]) for target in range(count)]
    scaled = np.stack([scaled for _, _, scaled in local], axis=1)
    ranks = kept_ranks(rows, kept) - 1
    return Conformal(
        "regression",
        rows,
        source,
        np.sort(residuals, axis=0)[ranks].T,
        np.sort(scaled, axis=0)[ranks].T,
        np.stack([at for at, _, _ in local]),
        np.stack([size for _, size, _ in local]),
        _signs(np.asarray(targets).reshape(predicted.shape)),
    )


def conformal_quantiles(
    values: Float[np.ndarray, "N C L"], targets: Float[np.ndarray, "N C"], levels: tuple[float, ...], source: str
) -> Conformal | None:
    """From quantiles by nets that had not learned from the rows; None where they cannot be kept, as of numbers.

    Conformalised quantile regression (Romano, Patterson and Candès, "Conformalized Quantile Regression", 2019): the
    score of a row is max(low - y, y - high).
    """
    rows, count, last = len(values), values.shape[1] * (len(levels) // 2), len(levels) - 1
    y = np.asarray(targets, np.float64).reshape(rows, -1)
    kept = min(rows, MOST_SCORES, MOST_NUMBERS // count)
    if kept < min(rows, FEWEST_SCORES) or not rows or not np.isfinite(values).all():
        return None
    pairs = [np.maximum(values[:, :, p] - y, y - values[:, :, last - p]) for p in range(len(levels) // 2)]
    scores = np.sort(np.stack(pairs, axis=2).reshape(rows, count), axis=0)[kept_ranks(rows, kept) - 1].T
    none = np.zeros((0, 0))
    return Conformal("regression", rows, source, scores, none, none, none, _signs(y), levels)


def conformal_classes(
    values: Float[np.ndarray, "N C"], codes: Shaped[np.ndarray, " N"], source: str
) -> Conformal | None:
    """From probabilities by nets that had not learned from the rows; None without rows, or where one is not finite."""
    rows = len(values)
    scores = 1 - np.asarray(values, np.float64)[np.arange(rows), codes]
    if not rows or not np.isfinite(scores).all():
        return None
    none = np.zeros((0, 0))
    kept = np.sort(scores)[kept_ranks(rows, min(rows, MOST_SCORES)) - 1]
    return Conformal("classification", rows, source, kept[None], none, none, none)


def conformal_of(
    about: Mapping[str, Any], where: str, task: str, targets: int, levels: tuple[float, ...] = ()
) -> Conformal:
    """What `about` of a model holds for a task, and for the levels of quantiles that its nets give.

    InputError where it holds none, or what goodfit does not write.
    """
    if task == "multilabel":
        raise InputError(problem(where, "there are no prediction intervals or sets for multilabel targets", got=task))
    if ENTRY not in about:
        rule = "has no held-out errors, so there are no intervals or sets"
        fix = "Train with fold members or a validation set, with this version of goodfit."
        if "temperature" in about:
            rule, fix = "has a temperature, for which there are no sets", "Use the model without it."
        raise InputError(problem(where, rule, fix=fix))
    found = about[ENTRY]
    count = targets if task == "regression" else 1
    try:
        read = _read(found, task, count)
        if read.levels != levels:
            raise ValueError("levels")
        return read
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        rule = f"{ENTRY!r} in 'about' must be as goodfit writes it"
        raise InputError(problem(where, rule, got=found, fix="Restore a backup, or train again.")) from error


def checked_coverage(coverage: float) -> float:
    """The same; InputError where it is not above 0 and below 1."""
    if isinstance(coverage, bool) or not isinstance(coverage, Real) or not 0 < coverage < 1:
        raise InputError(problem("Coverage", "must be above 0 and below 1", got=coverage, fix="0.9 is usual."))
    return float(coverage)


def _signs(targets: Float[np.ndarray, "N T"]) -> tuple[int, ...]:
    """See `Conformal`; 0 with so few rows that cutting could cost much of the coverage."""
    if len(targets) < FEWEST_SIGNED:
        return (0,) * int(targets.shape[1])
    return tuple(int(bool((own >= 0).all())) - int(bool((own <= 0).all())) for own in targets.T)


def _local_sizes(predicted: np.ndarray, residuals: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(predictions [KNOTS], mean residual of the rows nearest to each in rank, residuals [N] in units of that mean).

    A row's own residual is not in the mean that it is divided by, so that it is treated as that of a new row.
    """
    rows = len(residuals)
    near = min(rows, max(FEWEST_NEAR, round(2 * math.sqrt(rows))))
    order = np.argsort(predicted, kind="stable")
    inside = residuals[order]
    first = np.clip(np.arange(rows) - near // 2, 0, rows - near)
    sums = np.concatenate([[0], np.cumsum(inside)])
    total = np.maximum(sums[first + near] - sums[first], 0)
    least = max(LEAST_SIZE * float(residuals.mean()), np.finfo(np.float64).tiny)
    others = np.maximum((total - inside) / max(near - 1, 1), least)
    places = np.linspace(0, rows - 1, KNOTS).round().astype(int)
    scaled = np.empty(rows)
    scaled[order] = inside / others
    return predicted[order][places], np.maximum(total / near, least)[places], scaled


def _read(found: Any, task: str, count: int) -> Conformal:
    """ValueError or the like for anything but what `to_json` gives."""
    if not isinstance(found, dict) or found.keys() - {"signs", "levels"} != ENTRIES or found["task"] != task:
        raise ValueError("entries")
    rows, source = found["rows"], found["source"]
    if type(rows) is not int or not 0 < rows < 2**48 or not isinstance(source, str):
        raise ValueError("rows")
    levels = found.get("levels", [])
    if not isinstance(levels, list) or any(type(level) is not float for level in levels):
        raise ValueError("levels")
    if levels and not (task == "regression" and are_levels(levels)):
        raise ValueError("levels")
    scores = _matrix(found["scores"], count * max(1, len(levels) // 2))
    several = count if task == "regression" and not levels else 0
    scaled, at, size = (_matrix(found[name], several) for name in ("scaled", "at", "size"))
    if not 0 < scores.shape[1] <= min(rows, MOST_SCORES) or (several and scaled.shape != scores.shape):
        raise ValueError("shapes")
    if at.shape != size.shape or (several and not at.shape[1]):
        raise ValueError("shapes")
    if any((each < 0).any() for each in (scaled, size) + (() if levels else (scores,))):
        raise ValueError("negative")
    if any((np.diff(each) < 0).any() for each in (scores, scaled, at)):
        raise ValueError("order")
    signed = count if task == "regression" else 0
    signs = found.get("signs", [0] * signed)
    if not isinstance(signs, list) or len(signs) != signed or any(type(s) is not int or abs(s) > 1 for s in signs):
        raise ValueError("signs")
    return Conformal(task, rows, source, scores, scaled, at, size, tuple(signs), tuple(levels))


def _matrix(given: Any, count: int) -> np.ndarray:
    if not isinstance(given, list) or len(given) != count:
        raise ValueError("targets")
    if any(type(number) not in (int, float) for row in given for number in row):
        raise TypeError("numbers")
    found = np.array(given, np.float64) if count else np.zeros((0, 0))
    if found.ndim != 2 or not np.isfinite(found).all():
        raise ValueError("numbers")
    return found
