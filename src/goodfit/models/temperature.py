"""Temperature scaling: one number by which logits are divided, so that a net is as sure as it is right.

Source: Guo, Pleiss, Sun & Weinberger (2017), On calibration of modern neural networks, who find one temperature, fitted
on validation rows, to mend most of the overconfidence of large nets. It divides the logits of all classes alike, so
that a net's predictions stay the same and only its confidence changes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from goodfit.data.folds import Folds
from goodfit.intervals import LEVEL
from goodfit.models.averaging import decided
from goodfit.models.calibration import Reliability, by_output, of_top_class, rows_of_probabilities, why_no_interval
from goodfit.models.paired import HITS, Difference, differences
from goodfit.models.row_scores import BRIER, LOG_LOSS, Values
from goodfit.models.stacked import stacked_outputs
from goodfit.models.trained_net import TrainedNet
from goodfit.models.weighing import by_group
from goodfit.plain_json import plain
from goodfit.training.metrics import TEMPERATURES, log_losses

if TYPE_CHECKING:
    from jaxtyping import Float, Int

LOWEST, HIGHEST = TEMPERATURES
GRID = np.geomspace(LOWEST, HIGHEST, 49)
SMALLEST = 1e-12  # probability of which a logarithm is taken
AT_BOUND = 1.001  # a temperature within this factor of a bound ran to it
FEWEST_WRONG = 10  # rows, or groups, that are predicted wrong: intervals of gains held in 88 % of samples with 5 to 9
SHARED = math.sqrt(2)  # by which intervals of gains are widened: see `_widened`
CLOSE = 1e-3  # to which the logarithm of a temperature is found


@dataclass(frozen=True)
class Temperature:
    """A temperature fitted on rows, and what it gains on rows that it was not fitted on.

    value: the temperature with the least log loss on all rows; above 1 it makes the nets less sure
    at_bound: whether it ran to the end of what was looked at, 0.05 or 20
    folds: how the rows were divided for the gains, in words; "" where they could not be
    fold_values: the temperature of each fold, fitted on the rows of the others
    gains: by how much log loss and Brier score fall on held-out rows, each with its interval; () without folds
    after: reliability with the folds' temperatures, of the predicted class, or of each label; () with too few rows
    changed: on how many of all rows the prediction changes, which it does not for a single net
    rows: how many rows it was fitted on
    missing: why there are no gains, or ""
    """

    value: float
    at_bound: bool
    folds: str
    fold_values: tuple[float, ...]
    gains: tuple[Difference, ...]
    after: tuple[Reliability, ...]
    changed: int
    rows: int
    missing: str = ""

    @property
    def helps(self) -> bool:
        """Whether its gain in log loss on held-out rows is clear of 0: only then it is advised."""
        return bool(self.gains) and self.gains[0].better > 0 and not self.at_bound

    @property
    def sentence(self) -> str:
        """What it found, and what to do."""
        at = f"Temperature {self.value:.3g}"
        if self.at_bound:
            why = "the smaller the better: (almost) all rows are right" if self.value < 1 else "the larger the better"
            told = "These rows cannot determine a temperature: do not use one."
            return f"{at} is the bound of what was looked at, {why}. {told}"
        if not self.gains:
            return f"{at}, whose gain cannot be measured: {self.missing}. Do not use it unmeasured."
        gain = self.gains[0]
        if math.isnan(gain.low):
            return f"{at}, whose gain has {gain.method}. Leave the model as it is, or take more rows."
        ends = f"{gain.gain:+.4f} [{gain.low:+.4f}, {gain.high:+.4f}]"
        told = f"its gain in log loss on held-out rows is {ends} nats per row"
        if self.helps:
            return f"{at} makes the model {'less' if self.value > 1 else 'more'} sure, and {told}: use it."
        if gain.better < 0:
            return f"{at}, but {told}, a loss: leave the model as it is."
        return f"{at}, but {told}, not clear of 0: leave the model as it is."

    def to_dict(self) -> dict[str, Any]:
        """The fields as JSON has them, whether it is advised, and the sentence."""
        found: dict[str, Any] = plain(asdict(self))
        after = [each.to_dict() for each in self.after]
        return {**found, "after": after, "helps": self.helps, "sentence": self.sentence}


def logits_of(nets: Sequence[TrainedNet], x: Any) -> Float[np.ndarray, "P N C"]:
    """The outputs of every net for raw inputs [N, D], in float64."""
    found = {place: z.astype(np.float64) for place, z in stacked_outputs(nets, x)}
    return np.stack([found[place] for place in range(len(nets))])


def logits_from(task: str, chances: NDArray[Any]) -> Float[np.ndarray, "1 N C"]:
    """Outputs of a net that would give these probabilities [N, C], in float64."""
    from scipy.special import logit

    bounded = np.clip(chances.astype(np.float64), SMALLEST, 1 - SMALLEST if task == "multilabel" else 1)
    return np.asarray(logit(bounded) if task == "multilabel" else np.log(bounded))[None]


def probabilities_at(
    task: str,
    logits: Float[np.ndarray, "P N C"],
    temperature: float | Float[np.ndarray, " N"] = 1.0,
    shares: Float[np.ndarray, " P"] | None = None,
) -> Float[np.ndarray, "N C"]:
    """The mean over nets of their probabilities, logits divided by one temperature, or by one for each row.

    shares: of the nets in the mean, see `counts_of`; None for equal ones
    """
    from scipy.special import expit

    z = logits / np.reshape(temperature, (-1, 1))
    if task == "multilabel":
        return _mean(expit(z), shares)
    z -= z.max(-1, keepdims=True)
    np.exp(z, out=z)
    z /= z.sum(-1, keepdims=True)
    return _mean(z, shares)


def _mean(chances: Float[np.ndarray, "P N C"], shares: Float[np.ndarray, " P"] | None) -> Float[np.ndarray, "N C"]:
    mean: Float[np.ndarray, "N C"] = chances.mean(0) if shares is None else np.tensordot(shares, chances, 1)
    return mean


def best_temperatures(
    task: str,
    logits: Float[np.ndarray, "P N C"],
    y: Any,
    parts: Sequence[Int[np.ndarray, " n"]],
    shares: Float[np.ndarray, " P"] | None = None,
) -> list[float]:
    """For each part of the rows, the temperature from 0.05 to 20 with the least log loss of all nets' mean probability.

    parts: places of rows
    shares: as in `probabilities_at`
    The loss of one net has one minimum; that of a mean over nets may have several, so a grid is looked at first.
    """
    losses = np.stack([log_losses(task, probabilities_at(task, logits, at, shares), y) for at in GRID])  # [G, N]
    return [_refined(task, logits[:, rows], y[rows], int(losses[:, rows].mean(1).argmin()), shares) for rows in parts]


def _refined(
    task: str, logits: Float[np.ndarray, "P N C"], y: Any, place: int, shares: Float[np.ndarray, " P"] | None
) -> float:
    """The best temperature between the neighbours of a place of the grid."""
    from scipy.optimize import minimize_scalar

    ends = math.log(GRID[max(0, place - 1)]), math.log(GRID[min(len(GRID) - 1, place + 1)])

    def loss(at: float) -> float:
        return float(log_losses(task, probabilities_at(task, logits, math.exp(at), shares), y).mean())

    inside = minimize_scalar(loss, bounds=ends, method="bounded", options={"xatol": CLOSE})
    bounds = [
        end for end in ends if end in (math.log(GRID[0]), math.log(GRID[-1]))
    ]  # first, so that of equals they win
    return math.exp(min([*bounds, float(inside.x)], key=loss))


def runs_to_bound(temperature: float) -> bool:
    """Whether a temperature ran to the end of what was looked at, so that the rows do not determine it."""
    return temperature < LOWEST * AT_BOUND or temperature > HIGHEST / AT_BOUND


def fitted_temperature(
    task: str,
    logits: Float[np.ndarray, "P N C"],
    y: Any,
    folds: Folds | None,
    *,
    groups: Int[np.ndarray, " N"] | None = None,
    level: float = LEVEL,
    classes: Sequence[str] = (),
    missing: str = "",
    shares: Float[np.ndarray, " P"] | None = None,
) -> Temperature:
    """Fit the temperature on all rows, and measure its gain cross-fitted: each fold by the temperature of the others.

    logits: of every net, from `logits_of`
    y: codes [N], or labels of 0 and 1 [N, C]
    folds: of the rows' places 0 to N - 1; None where there are none, and `missing` says why
    groups: of the rows, which then count as one in the intervals of the gains
    shares: as in `probabilities_at`
    """
    parts: list[Int[np.ndarray, " n"]] = [np.arange(len(y))]
    parts += [] if folds is None else [fold.train for fold in folds.all]
    value, *values = best_temperatures(task, logits, y, parts, shares)
    at_bound = runs_to_bound(value)
    before, whole = (probabilities_at(task, logits, at, shares) for at in (1.0, value))
    changed = int((decided(task, before) != decided(task, whole)).reshape(len(before), -1).any(1).sum())
    if folds is None:
        return Temperature(value, at_bound, "", (), (), (), changed, len(y), missing)
    of_row = np.full(len(y), np.nan)
    for fold, own in zip(folds.all, values, strict=True):
        of_row[fold.valid] = own
    held = np.flatnonzero(np.isfinite(of_row))  # by time, the earliest rows are in no fold
    after = probabilities_at(task, logits[:, held], of_row[held], shares)
    gains = _gains(task, before[held], after, y[held], None if groups is None else groups[held], level)
    if task == "multilabel":
        told: Sequence[Reliability] = by_output(task, classes, after, y[held])
    else:
        told = [each for each in [of_top_class(after, y[held])] if each is not None]
    return Temperature(value, at_bound, folds.kind, tuple(values), gains, tuple(told), changed, len(y))


def _gains(
    task: str,
    before: Float[np.ndarray, "N C"],
    after: Float[np.ndarray, "N C"],
    y: Any,
    groups: Int[np.ndarray, " N"] | None,
    level: float,
) -> tuple[Difference, ...]:
    first, second = rows_of_probabilities(task, before, y), rows_of_probabilities(task, after, y)
    missed = [1 - each[name] for each in (first, second) for name in HITS if name in each]
    wrong = min(float(each.sum()) if groups is None else _groups_worth(each, groups) for each in missed)
    count, what = (len(y), "rows") if groups is None else (len(np.unique(groups)), "groups")
    why = why_no_interval(count, wrong, FEWEST_WRONG, what)
    pairs = {name: (first[name], second[name]) for name in (LOG_LOSS, BRIER)}
    if groups is not None:
        pairs = {name: (by_group(one, groups), by_group(other, groups)) for name, (one, other) in pairs.items()}
    mine, other = ({name: pair[place] for name, pair in pairs.items()} for place in (0, 1))
    found = differences(mine, other, y, level=level)
    if why:
        found = [replace(each, low=math.nan, high=math.nan, method=f"no interval: {why}") for each in found]
    return tuple(map(_widened, found))


def _widened(gain: Difference) -> Difference:
    """An interval that allows for the folds' temperatures being fitted on one another's rows.

    Near its best temperature a loss changes by the product of how far a fold's temperature is off, which the other
    folds' rows decide, and of how its own rows lean. Summed over folds, each pair of folds stands in that twice, so its
    variance is twice what the rows' differences show. Left as they were, intervals held in 86 to 89 % of samples there.
    """
    low, high = (gain.gain + SHARED * (end - gain.gain) for end in (gain.low, gain.high))
    told = "" if math.isnan(low) else "; √2 times as wide, for folds share rows"
    return replace(gain, low=low, high=high, method=f"{gain.method}{told}")


def _groups_worth(missed: Values, groups: Int[np.ndarray, " N"]) -> float:
    """How many groups the rows that are predicted wrong are worth: as many as there are, if all have equally many."""
    counts = np.bincount(np.unique(groups, return_inverse=True)[1].ravel(), weights=missed)
    return float(counts.sum() ** 2 / max((counts**2).sum(), 1.0))
