"""From the errors of a recipe and its probes to a verdict: statistics alone, no training.

How gains are measured is in `gains`. A probe is *surely better* where the interval of its gain lies above zero, at a
level at which the lower ends of all probes' intervals hold together at 95 % (Bonferroni), and what is expected of it on
fresh data is at least the margin. It is *surely not better* where the one-sided 95 % limit of its gain lies below the
margin. That no probe is better asks this of every single one, and so errs in 5 % at most without a correction for their
number.

The gain that is claimed of the best probe is corrected for the choice: it is the smaller of the shrunk mean (see
`gains.shrunk`) and of what the probe that is best on the other folds gains on each fold.

In simulations (ridge regressions of 5 to 40 inputs with two strengths, 60 to 400 rows, 5 folds, 1 or 3 repeats) the
intervals held the difference of the two in 92 to 98 %, where the correction of Nadeau and Bengio, which `comparing`
uses for scores, held it in 96 to 100 %; with 10 folds, in 85 to 95 %. A part of it is repeated in
`tests/verdicts/test_deciding_coverage.py`.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from goodfit.intervals import LEVEL
from goodfit.verdicts.gains import NEXT_DOUBLING, Errors, Gain, Rival, Scale
from goodfit.verdicts.probes import Side

Kind = Literal["underfit", "good fit", "overfit", "limited by data", "limited by noise", "diverged", "cannot tell"]
Learned = Literal["yes", "no", "worse"]

MARGIN = 0.02  # of the error of the best constant prediction: a smaller gain makes no practical difference
OFFSET = 0.1  # of the error of the best constant prediction: below it, errors are compared nearly by their differences
NOISE_SHARE = 0.2  # of the same: where surely more remains that nothing changes, it is the data's noise


@dataclass(frozen=True)
class Decision:
    """What the errors say.

    kind: what the recipe is.
    best: the place of the probe with the best lower bound among those that are surely better, None if there is none.
    claim: what the best probe is expected to gain on fresh data, corrected for the choice; None without one.
    gains: one a probe.
    doubling: what the last doubling of the rows gained (at the level of 95 %), None where half of them were not tried.
    blocking: places of the open probes that keep the kind from being known.
    learned: whether the recipe is better than the best constant prediction; "worse" where it surely is worse.
    fitted: whether it is so on its own training rows.
    remaining: low, mean and high of the recipe's own error.
    level: of each probe's interval.
    repeats: as many as would settle what is open, 0 where nothing is, None where no number would.
    rows: likewise, how many times the rows.
    """

    kind: Kind
    best: int | None
    claim: float | None
    gains: tuple[Gain, ...]
    doubling: Gain | None
    blocking: tuple[int, ...]
    learned: Learned
    fitted: bool
    remaining: tuple[float, float, float]
    margin: float
    level: float
    repeats: int | None
    rows: int | None


def decide(
    errors: Errors,
    training: Errors,
    sides: Sequence[Side],
    constant: float,
    folds: int,
    *,
    half: Errors | None = None,
    columns: Sequence[int] | None = None,
    margin: float = MARGIN,
    most: float = math.inf,
    careful: bool = False,
    share: float = 1.0,
    lasting: Sequence[bool] | None = None,
) -> Decision:
    """Decide on a recipe.

    errors, training: [1 + probes, J], the recipe first; nan where a net diverged.
    sides: of the probes.
    constant: the error of the best constant prediction.
    folds: of one repeat; the columns hold whole repeats.
    half: [up to J], errors of the recipe with half the rows.
    columns: how many of the first columns each probe was measured on; all of them if None.
    margin: the smallest gain that counts, a share of `constant`.
    most: the largest error that there can be (1 for shares of errors); none is below 0; ends of intervals respect both.
    careful: whether few rows decide the errors, so that a gain must be seen on every fold, and only an error of twice
        a constant prediction's is surely worse than it.
    share: of the rows that learn, that were measured; see `_carried`.
    lasting: where trainings had fewer steps than the recipe's own, whether each probe gains more than they would.
    """
    counts = [errors.shape[1]] * len(sides) if columns is None else list(columns)
    level = together(len(sides))

    def scale_of(count: int) -> Scale:
        return Scale(errors[0, :count], OFFSET * constant, margin * constant, folds, most, careful=careful)

    scale = scale_of(errors.shape[1])
    beside = scale.over_constant(errors[0], constant, LEVEL)
    fitted = float(training[0].mean()) < (1 - MARGIN) * constant
    ordered = _rivals(errors[1:], counts, scale_of, level)
    doubled = None if half is None else scale_of(len(half)).doubling(half)
    known = share if fitted else 1.0  # a recipe that learns nothing from some rows learns nothing from more
    kept = [None] * len(sides) if lasting is None else list(lasting)
    ordered = [
        _carried(each, side, known, scale.margin, lasts) for each, side, lasts in zip(ordered, sides, kept, strict=True)
    ]
    doubled = doubled and _carried(doubled, "data", known, scale.margin)
    learned = _learned(beside.gain, constant, careful=careful)
    kind, best = _kind(scale, errors, training, sides, ordered, constant)
    if kind == "cannot tell" and learned == "worse":  # a constant prediction is the alternative that is surely better
        kind = "overfit" if fitted else "underfit"
    blocking: tuple[int, ...] = ()
    if kind == "cannot tell":
        least = scale.remaining[0] - _still_to_gain(doubled, share)
        kind, blocking = _kind_of_fit(ordered, doubled, noisy=least > NOISE_SHARE * constant)
    if lasting is not None and learned != "yes" and not _seen_in_few_steps(kind, fitted=fitted):
        kind, best = "cannot tell", None
    waiting = [ordered[place] for place in blocking]
    if kind == "cannot tell" and doubled is not None and doubled.open:
        waiting.append(doubled)
    return Decision(
        kind=kind,
        best=best,
        claim=None if best is None else _claim(ordered, best, folds),
        gains=tuple(each.gain for each in ordered),
        doubling=doubled.gain if doubled else None,
        blocking=blocking,
        learned=learned,
        fitted=fitted,
        remaining=scale.remaining,
        margin=scale.margin,
        level=level,
        repeats=_largest([each.needed() for each in waiting]),
        rows=_largest([each.rows_needed() for each in waiting]),
    )


def _learned(gain: Gain, constant: float, *, careful: bool) -> Learned:
    """Whether a recipe is better than a constant prediction, by its gain over that.

    With heavy tails, most folds lack the rows that make the variance: their own R² is low where that of all is not.
    """
    if gain.mean > MARGIN * constant:
        return "yes"
    return "worse" if gain.at_most < (-constant if careful else 0.0) else "no"


def _seen_in_few_steps(kind: Kind, *, fitted: bool) -> bool:
    """Whether it holds of a recipe that is no better than a constant prediction after fewer steps than its own.

    It may only be slow; more steps do not mend one that diverges, or that fits its training rows and no others.
    """
    return kind == "diverged" or (kind == "overfit" and fitted)


def _rivals(probes: Errors, counts: Sequence[int], scale_of: Callable[[int], Scale], level: float) -> list[Rival]:
    """Every probe [P, J] compared with the recipe on the columns that it was measured on.

    Variances are moderated by those of all that were measured there, also by those that went on: what is told of a
    probe that left is what was told of it when it left.
    """
    found = dict[int, Rival]()
    for count in set(counts):
        there = [place for place, own in enumerate(counts) if own >= count]
        compared = zip(there, scale_of(count).compare(probes[there, :count], level), strict=True)
        found.update((place, rival) for place, rival in compared if counts[place] == count)
    return [found[place] for place in range(len(counts))]


def _carried(rival: Rival, side: Side, share: float, margin: float, lasts: bool | None = None) -> Rival:
    """A rival that was measured on a share of the rows, as far as that tells of all rows.

    What less freedom or more rows gain falls as rows are added: between 1/n and 1/sqrt(n). More freedom gains no less
    with more rows. In trainings of fewer steps than the recipe's own, what learns faster is ahead for a while: more
    freedom counts there only where it gains more than the missing steps would, and a longer training not at all.

    lasts: whether it does; None where trainings had as many steps as the recipe's.
    """
    if not rival.better:
        return rival
    status = rival.gain.status
    if lasts is not None and (side == "longer" or (side == "freer" and not lasts)):
        status = "open"
    elif side in ("tighter", "slower", "data") and share < 1:
        gain = NEXT_DOUBLING * rival.gain.mean if side == "data" else rival.gain.claim
        status = "better" if gain * share >= margin else "open" if gain * math.sqrt(share) >= margin else "no better"
    return replace(rival, gain=replace(rival.gain, status=status))


def together(probes: int) -> float:
    """The level of each probe's interval, so that the lower ends of all of them hold together at 95 %."""
    return 1 - 2 * (1 - LEVEL) / max(2, probes)


def _largest(counts: Sequence[int | None]) -> int | None:
    """Of counts that are all known; 0 where there is none."""
    known = [count for count in counts if count is not None]
    return max(known, default=0) if len(known) == len(counts) else None


def _kind(
    scale: Scale,
    errors: Errors,
    training: Errors,
    sides: Sequence[Side],
    rivals: Sequence[Rival],
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
        return ("underfit" if np.nanmean(training[1 + best]) < own else "overfit"), best
    return ("overfit" if sides[best] == "tighter" else "underfit"), best


def _best(rivals: Sequence[Rival], among: Sequence[bool] | None = None) -> int | None:
    """The place of the one with the best lower bound among those that are surely better."""
    better = [place for place, each in enumerate(rivals) if each.better and (among is None or among[place])]
    return max(better, key=lambda place: rivals[place].gain.low) if better else None


def _claim(rivals: Sequence[Rival], best: int, folds: int) -> float:
    """What the best probe is expected to gain on fresh data, no less than its lower bound.

    What is best on the other folds is looked for among all probes that were measured on the same columns.
    """
    chosen = rivals[best]
    if not math.isfinite(chosen.gain.mean):  # the recipe diverged: there is no gain in its unit
        return math.nan
    alike = [each for each in rivals if len(each.values) == len(chosen.values) and np.isfinite(each.values).all()]
    table = np.stack([each.values for each in alike])  # [probes, J]
    of_fold = np.arange(table.shape[1]) % folds
    crossed = []
    for fold in range(folds):
        elsewhere = table[:, of_fold != fold].mean(axis=1)
        crossed.append(float(table[elsewhere.argmax(), of_fold == fold].mean()))
    return min(chosen.gain.claim, max(chosen.gain.low, chosen.unit(float(np.mean(crossed)))))


def _still_to_gain(doubled: Rival | None, share: float) -> float:
    """What all rows gain at most over a share of them, if errors fall as 1/sqrt(n), from what the last doubling did."""
    if doubled is None or share >= 1:
        return 0.0
    return max(0.0, doubled.gain.mean) / (math.sqrt(2) - 1) * (1 - math.sqrt(share))


def _kind_of_fit(rivals: Sequence[Rival], doubled: Rival | None, *, noisy: bool) -> tuple[Kind, tuple[int, ...]]:
    """What a recipe is that no probe is surely better than, and the open probes that keep it from being known.

    noisy: whether much of the error remains. More data are what it needs only where no open probe gained more than they
    promise: expectation against expectation, for in small data the limit of some probe is always high.
    """
    unsettled = tuple(place for place, each in enumerate(rivals) if each.open)
    if doubled is not None and doubled.better:
        promised = NEXT_DOUBLING * doubled.gain.mean
        above = tuple(place for place in unsettled if rivals[place].gain.mean > promised)
        return ("cannot tell", above) if above else ("limited by data", ())
    if unsettled or (doubled is not None and doubled.open):
        return "cannot tell", unsettled
    return ("limited by noise" if noisy else "good fit"), ()
