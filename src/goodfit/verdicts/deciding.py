"""From the errors of a recipe and its probes to a verdict: statistics alone, no training.

All tables are errors, [.., J] over the columns (folds, repeats), lower is better, paired: same rows, seeds and orders.
Errors are compared on a logarithmic scale, log(error + offset): a net that blows up on one fold would otherwise drown
the others, and what is better on every fold, but not by the same amount, would not count as surely better. The
offset, OFFSET times the error of the best constant prediction, lets ratios of errors that are next to nothing count
next to nothing. Gains are given in the errors' own unit again, as (e + offset) (1 - exp(-mean difference of
logarithms)), e being the recipe's error by the same mean.

A probe is *surely better* where the interval of its gain lies above zero, at a level at which the lower ends of all
probes' intervals hold together at 95 % (Bonferroni), and its mean gain is at least the margin. It is *surely not
better* where the one-sided 95 % limit of its gain lies below the margin. That no probe is better asks this of every
single one, and so errs in 5 % at most without a correction for their number.

The mean over J columns, R repeats of K folds, is given the standard error s / sqrt(K) and J - 1 degrees of freedom, s
being the standard deviation over the columns: repeats average the luck of dividing and starting, but bring no new rows.
It speaks of the rows at hand: of nets that learn from K - 1 of K parts of them, on new rows. In simulations (ridge
regressions of 5 to 40 inputs with two strengths, 60 to 400 rows, 5 folds, 1 or 3 repeats) it held the difference of the
two in 92 to 98 %, where the correction of Nadeau and Bengio, which `comparing` uses for scores, held it in 96 to 100 %;
with 10 folds, in 85 to 95 %. Ten probes that gain nothing raised an alarm in 0 to 7 %. A part of it is repeated in
`tests/selection/test_deciding_coverage.py`.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from goodfit.intervals import LEVEL, Bounds, within
from goodfit.verdicts.probes import Side

Kind = Literal["underfit", "good fit", "overfit", "limited by data", "limited by noise", "diverged", "cannot tell"]
Status = Literal["better", "worse", "no better", "open", "diverged"]

MARGIN = 0.02  # of the error of the best constant prediction: a smaller gain makes no practical difference
OWN_MARGIN = 0.05  # of the recipe's own error, where that is more
OFFSET = 0.1  # of the error of the best constant prediction: below it, errors are compared nearly by their differences
NOISE_SHARE = 0.2  # of the same: where surely more remains that nothing changes, it is the data's noise
NEXT_DOUBLING = 0.5  # of what the last doubling of the rows gained, that the next is expected to: errors fall as 1/n
MOST_REPEATS = 20  # of the folds, beyond which more rows are the better advice

Errors = NDArray[np.float64]


@dataclass(frozen=True)
class Gain:
    """What a probe gains over the recipe, in the unit of the errors; below zero where it loses.

    mean, low, high: over the columns, with the interval at the level of all probes together; at_most: the one-sided
    95 % limit, for the probe alone. nan where one of the two diverged. status: better (surely, by the margin), no
    better (surely not by the margin), worse (surely), open, or diverged.
    """

    mean: float
    low: float
    high: float
    at_most: float
    status: Status


@dataclass(frozen=True)
class Decision:
    """kind: what the recipe is; best: the place of the probe with the best lower bound among those that are surely
    better, None where there is none; gains: one a probe; doubling: what the last doubling of the rows gained (at the
    level of 95 %), None where half of them were not tried; remaining: low, mean and high of the recipe's own error;
    level: of each probe's interval; repeats: as many as would settle what is open, 0 where nothing is, None where no
    number would.
    """

    kind: Kind
    best: int | None
    gains: tuple[Gain, ...]
    doubling: Gain | None
    remaining: tuple[float, float, float]
    margin: float
    level: float
    repeats: int | None


def decide(
    errors: Errors,
    training: Errors,
    sides: Sequence[Side],
    constant: float,
    folds: int,
    *,
    half: Errors | None = None,
    margin: float = MARGIN,
    most: float = math.inf,
) -> Decision:
    """Decide on a recipe.

    errors, training: [1 + probes, J], the recipe first; nan where a net diverged. sides: of the probes. constant: the
    error of the best constant prediction; margin: a share of it. folds: of one repeat; the columns hold whole repeats.
    half: [J], errors of the recipe with half the rows. most: the largest error that there can be (1 for shares of
    errors); none is below 0, which ends of intervals respect.
    """
    scale = _Scale(errors, OFFSET * constant, margin * constant, folds, most)
    level = together(len(sides))
    rivals = [scale.compare(probe, level) for probe in errors[1:]]
    doubled = None if half is None else scale.doubling(half)
    kind, best = _kind(scale, errors, training, sides, rivals, constant)
    if kind == "cannot tell":
        kind = _kind_of_fit(rivals, doubled, scale.remaining, constant)
    needed: list[int | None] = [0]
    if kind == "cannot tell":
        needed += [each.needed() for each in (*rivals, *([doubled] if doubled else [])) if each.open]
    known = [count for count in needed if count is not None]
    return Decision(
        kind=kind,
        best=best,
        gains=tuple(each.gain for each in rivals),
        doubling=doubled.gain if doubled else None,
        remaining=scale.remaining,
        margin=scale.margin,
        level=level,
        repeats=max(known) if len(known) == len(needed) else None,
    )


def together(probes: int) -> float:
    """The level of each probe's interval, so that the lower ends of all of them hold together at 95 %."""
    return 1 - 2 * (1 - LEVEL) / max(2, probes)


@dataclass(frozen=True, eq=False)
class _Rival:
    """One comparison. values: [J] differences of logarithms, positive is better; least: the margin on that scale."""

    values: Errors
    gain: Gain
    level: float
    least: float
    folds: int

    @property
    def open(self) -> bool:
        return self.gain.status == "open"

    @property
    def better(self) -> bool:
        return self.gain.status == "better"

    def needed(self) -> int | None:
        """How many repeats of the folds would settle it, if mean and spread stay as they are; None if too many."""
        now = len(self.values) // self.folds
        return next((count for count in range(now + 1, MOST_REPEATS + 1) if self._settled(count * self.folds)), None)

    def _settled(self, columns: int) -> bool:
        mean, error = float(self.values.mean()), float(self.values.std(ddof=1)) / math.sqrt(self.folds)
        both, alone = (_quantile(columns, share) for share in ((1 + self.level) / 2, LEVEL))
        return (mean - both * error > 0 and mean >= self.least) or mean + alone * error < self.least


def _quantile(columns: int, share: float) -> float:
    from scipy.special import stdtrit

    return float(stdtrit(columns - 1, share))


class _Scale:
    """The logarithmic scale on which errors are compared, about the recipe's own.

    offset: what is added to errors before their logarithm; margin: in the unit of the errors; remaining: low, mean and
    high of the recipe's error; most: the largest that there can be.
    """

    def __init__(self, errors: Errors, offset: float, margin: float, folds: int, most: float) -> None:
        self.offset, self.folds, self.most = offset, folds, most
        self.own = self.of(errors[0])
        low, mean, high = (within(math.exp(value) - offset, (0.0, most)) for value in self._limits(self.own, LEVEL))
        self.remaining = low, mean, high
        self.margin = max(margin, OWN_MARGIN * mean) if math.isfinite(mean) else margin

    def of(self, values: Errors | float) -> Errors:
        return np.log(np.asarray(values, np.float64) + self.offset)

    def compare(self, probe: Errors, level: float) -> _Rival:
        """A probe with the recipe. Gains are (e + m)(1 - exp(-d)) for a difference d of logarithms."""
        whole = self.remaining[1] + self.offset
        least = -math.log1p(-self.margin / whole)
        values, bounds = self.own - self.of(probe), self._gains(self.remaining[1])
        return self._rival(values, level, least, lambda d: -whole * math.expm1(-d), bounds)

    def doubling(self, half: Errors) -> _Rival:
        """The recipe with itself on half the rows: what the last doubling gained, (e + m)(exp(d) - 1)."""
        whole = self.remaining[1] + self.offset
        least = math.log1p(self.margin / NEXT_DOUBLING / whole)
        worst, best = self._gains(self.remaining[1])
        values, bounds = self.of(half) - self.own, (-best, -worst)
        return self._rival(values, LEVEL, least, lambda d: whole * math.expm1(min(d, 700.0)), bounds)

    def over_constant(self, probe: Errors, constant: float, level: float) -> _Rival:
        """A probe with the best constant prediction."""
        values = self.of(constant) - self.of(probe)
        whole = constant + self.offset
        return self._rival(values, level, 0.0, lambda d: -whole * math.expm1(-d), self._gains(constant))

    def _gains(self, error: float) -> Bounds:
        """What can be gained over an error at worst and at best."""
        return error - self.most, error

    def _limits(self, values: Errors, level: float) -> tuple[float, float, float]:
        """The mean between the ends of its interval, nan where a column has none."""
        mean, error = float(values.mean()), float(values.std(ddof=1)) / math.sqrt(self.folds)
        half = _quantile(len(values), (1 + level) / 2) * error
        return mean - half, mean, mean + half

    def _rival(
        self, values: Errors, level: float, least: float, gain: Callable[[float], float], bounds: Bounds
    ) -> _Rival:
        low, mean, high = self._limits(values, level)
        _, _, at_most = self._limits(values, 2 * LEVEL - 1)
        if not math.isfinite(mean):
            status: Status = "diverged"
        elif low > 0 and mean >= least:
            status = "better"
        elif at_most < least or (least > 0 and self.remaining[2] < self.margin):  # no more than the margin remains
            status = "worse" if high < 0 else "no better"
        else:
            status = "open"
        ends = [within(gain(each), bounds) for each in (mean, low, high, at_most)]
        found = Gain(ends[0], ends[1], ends[2], ends[3], status)
        return _Rival(values, found, level, least, self.folds)


def _kind(
    scale: _Scale,
    errors: Errors,
    training: Errors,
    sides: Sequence[Side],
    rivals: Sequence[_Rival],
    constant: float,
) -> tuple[Kind, int | None]:
    """What a probe that is surely better tells, and its place; or that there is none."""
    if np.isnan(errors[0]).any():
        level = together(len(sides))
        return "diverged", _best([scale.over_constant(probe, constant, level) for probe in errors[1:]])
    own = float(training[0].mean())
    slower = _best(rivals, [side == "slower" for side in sides])
    # Worse on its own rows than no net at all, by the margin, and smaller steps mend it.
    if own > (1 + MARGIN) * constant and slower is not None:
        return "diverged", slower
    best = _best(rivals)
    if best is None:
        return "cannot tell", None
    if sides[best] == "slower":
        return ("underfit" if training[1 + best].mean() < own else "overfit"), best
    return ("overfit" if sides[best] == "tighter" else "underfit"), best


def _best(rivals: Sequence[_Rival], among: Sequence[bool] | None = None) -> int | None:
    """The place of the one with the best lower bound among those that are surely better."""
    better = [place for place, each in enumerate(rivals) if each.better and (among is None or among[place])]
    return max(better, key=lambda place: rivals[place].gain.low) if better else None


def _kind_of_fit(
    rivals: Sequence[_Rival], doubled: _Rival | None, remaining: tuple[float, float, float], constant: float
) -> Kind:
    """What a recipe is that no probe is surely better than."""
    if doubled is not None and doubled.better:
        return "limited by data"
    if any(each.open for each in rivals) or (doubled is not None and doubled.open):
        return "cannot tell"
    return "limited by noise" if remaining[0] > NOISE_SHARE * constant else "good fit"
