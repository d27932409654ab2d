"""From which probability on to decide for a class, where a false alarm and a miss cost differently.

Where the probabilities are true, the mean cost is least with the threshold FP / (FP + FN), FP being the cost of a false
positive and FN that of a false negative, whatever the data. Where they are not, another threshold can be better: it is
looked for in the rows at hand, and taken only where it is better on rows that it was not chosen on.
Source: Elkan (2001), The foundations of cost-sensitive learning.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from goodfit.data.dividing import group_codes, own_groups
from goodfit.errors import InputError, problem
from goodfit.intervals import LEVEL, NOT_NEGATIVE, of_mean
from goodfit.models.paired import LEAST_ROWS
from goodfit.plain_json import plain
from goodfit.words import digits

if TYPE_CHECKING:
    from jaxtyping import Bool, Float

WHERE = "Threshold"
FOLDS = 5
FEWEST = 10  # rows of each class for a threshold of their own


@dataclass(frozen=True)
class Threshold:
    """A threshold for one of two classes, by what errors cost.

    of: the class; value: from which probability of it on to decide for it
    by: "costs" for FP / (FP + FN), "rows" where these rows show another one to be better
    false_positive, false_negative: the costs of an error of each kind, in a unit of yours
    cost, low, high: the mean cost of a row with this threshold, and its interval at `level`; by "rows", the cost of
    rows that it was not chosen on
    method: how the interval was made, or why there is none
    at_half, always, never: the mean cost with a threshold of 0.5, where all rows and where no row are said to be of it
    notes: on the rows: which they are
    """

    of: str
    value: float
    by: str
    false_positive: float
    false_negative: float
    cost: float
    low: float
    high: float
    method: str
    at_half: float
    always: float
    never: float
    rows: int
    level: float
    notes: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """What to do, and what it costs."""
        ends = "" if math.isnan(self.low) else f" [{digits(self.low)}, {digits(self.high)}]"
        why = "by the costs alone" if self.by == "costs" else "by these rows, whose probabilities are miscalibrated"
        return (
            f"Decide for {self.of!r} from probability {self.value:.4g} on ({why}): mean cost {digits(self.cost)}{ends} "
            f"a row, {digits(self.at_half)} with a threshold of 0.5, {digits(self.always)} always, "
            f"{digits(self.never)} never."
        )

    def to_dict(self) -> dict[str, Any]:
        """The fields as JSON has them, and the sentence."""
        found: dict[str, Any] = plain(asdict(self))
        return {**found, "sentence": self.sentence}


def threshold_by_cost(
    chances: Float[np.ndarray, " N"],
    positive: Bool[np.ndarray, " N"],
    false_positive: float,
    false_negative: float,
    *,
    of: str = "positive",
    level: float = LEVEL,
    groups: Any = None,
) -> Threshold:
    """The threshold with the least mean cost.

    chances: probability of the class, of each row; positive: whether the row is of the class
    false_positive, false_negative: the costs > 0 of an error of each kind
    of: the name of the class; level: of the intervals, 0 to 1
    groups: [N], the group of each row, None or NaN where it has none: the folds for a threshold of the rows' own keep
      groups whole; None without
    InputError for costs that are not positive and finite, and without rows.
    """
    costs = (false_positive, false_negative)
    if not all(math.isfinite(cost) and cost > 0 for cost in costs):
        raise InputError(problem(WHERE, "'false_positive' and 'false_negative' must be finite numbers > 0", got=costs))
    if not len(chances):
        raise InputError(problem(WHERE, "there are no rows"))
    by_costs = false_positive / (false_positive + false_negative)

    def paid(threshold: float | Float[np.ndarray, " N"]) -> Float[np.ndarray, " N"]:
        said = chances >= threshold
        return np.where(said & ~positive, false_positive, 0.0) + np.where(~said & positive, false_negative, 0.0)

    value, by, each = by_costs, "costs", paid(by_costs)
    enough = min(positive.sum(), (~positive).sum()) >= FEWEST and len(chances) >= LEAST_ROWS
    own = None if groups is None else own_groups(group_codes(groups))
    if enough and (own is None or len(np.unique(own)) >= FOLDS):
        held_out = paid(_held_out(chances, positive, costs, own))
        gained = each - held_out
        if np.ptp(gained) > 0 and of_mean(gained, level)[0] > 0:
            value, by, each = _least(chances, positive, costs), "rows", held_out
    low, high, method = math.nan, math.nan, f"no interval: it takes {LEAST_ROWS} rows or more"
    if len(each) >= LEAST_ROWS:
        (low, high), method = of_mean(each, level, NOT_NEGATIVE), "Student's and Hall's t, the wider"
    if np.ptp(each) == 0:
        low, high, method = math.nan, math.nan, "no interval: the cost of all rows is the same"
    never, always, half = (float(paid(at).mean()) for at in (np.inf, -np.inf, 0.5))
    return Threshold(
        of, value, by, *costs, float(each.mean()), low, high, method, half, always, never, len(each), level
    )


def _least(chances: np.ndarray, positive: np.ndarray, costs: tuple[float, float]) -> float:
    """The threshold with the least cost on these rows, halfway between two probabilities; the first of equals."""
    order = np.argsort(-chances, kind="stable")
    ordered, true = chances[order], positive[order]
    paid = np.cumsum(np.where(true, -costs[1], costs[0])) + costs[1] * true.sum()  # the first so many are positive
    last = np.append(ordered[1:] != ordered[:-1], True)  # equal probabilities fall on one side
    best = int(np.flatnonzero(last)[paid[last].argmin()])
    if paid[best] >= costs[1] * true.sum():
        return float(np.nextafter(ordered[0], np.inf))  # for no row at all
    return float(ordered[best] if best == len(ordered) - 1 else (ordered[best] + ordered[best + 1]) / 2)


def _held_out(
    chances: np.ndarray, positive: np.ndarray, costs: tuple[float, float], groups: NDArray[np.int64] | None
) -> np.ndarray:
    """For each row, the threshold that is best on the rows of the other folds.

    Folds hold as many of each class, or whole groups: a threshold is then for rows of groups that it has not seen.
    """
    fold = _folds(positive) if groups is None else _group_folds(groups)
    found = np.empty(len(chances))
    for number in np.unique(fold):
        found[fold == number] = _least(chances[fold != number], positive[fold != number], costs)
    return found


def _folds(positive: np.ndarray) -> NDArray[np.int64]:
    fold = np.empty(len(positive), np.int64)
    for kind in (positive, ~positive):
        fold[kind] = np.arange(int(kind.sum())) % FOLDS
    return fold


def _group_folds(groups: NDArray[np.int64]) -> NDArray[np.int64]:
    """The largest groups first, each to the fold with the fewest rows so far."""
    _, own, counts = np.unique(groups, return_inverse=True, return_counts=True)
    fold_of, filled = np.empty(len(counts), np.int64), np.zeros(FOLDS, np.int64)
    for group in np.argsort(-counts, kind="stable"):
        fold_of[group] = filled.argmin()
        filled[fold_of[group]] += counts[group]
    found: NDArray[np.int64] = fold_of[own.reshape(-1)]
    return found
