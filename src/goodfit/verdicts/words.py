"""A verdict in words."""

import math
from collections.abc import Iterator

import numpy as np

from goodfit.verdicts.evidence import LOG_LOSS, VerdictEvidence
from goodfit.verdicts.gains import NEXT_DOUBLING, Gain
from goodfit.verdicts.probes import probes_of

NOTHING_BETTER = ("good fit", "limited by noise", "limited by data")


def sentence(found: VerdictEvidence) -> str:
    """The verdict with its evidence."""
    told = _told(found)
    if found.kind in NOTHING_BETTER and (missing := _not_asked(found)):
        told = f"{told[:-1]}; not asked: {', '.join(missing)}."
    if found.measured_rows < found.learning_rows:
        told = f"{told[:-1]}; measured on {found.measured_rows:,} of {found.learning_rows:,} rows."
    if found.decision.learned == "yes" or found.kind == "diverged" or _by_constant(found) or _too_short(found):
        return told
    where = "" if found.decision.fitted else ", not even on its training data: it has not learned"
    return f"{told} The recipe itself predicts no better than a constant{where}."


def _not_asked(found: VerdictEvidence) -> list[str]:
    """Larger nets and longer or larger steps that were left out, so that nothing is known of what they would gain."""
    asked = {probe.name for probe in found.probes}
    return [
        each.name for each in probes_of(found.recipe) if each.side in ("freer", "longer") and each.name not in asked
    ]


def _told(found: VerdictEvidence) -> str:
    decision, best = found.decision, found.best
    if found.kind == "diverged":
        return f"Diverged: {_diverged(found)}."
    if best is not None and decision.best is not None and decision.claim is not None:
        gain = decision.gains[decision.best]
        return f"{found.kind.capitalize()}: {best.name} ({best.change}) {_moves(found, gain, decision.claim)}."
    if _by_constant(found):
        mean, constant = (number(found.shown(each)) for each in (decision.remaining[1], found.constant))
        worse = f"{found.what} {mean} on held-out data, where a constant prediction has {constant}"
        training = number(found.shown(float(found.training[0].mean())))
        if decision.fitted:
            return f"Overfit: the recipe predicts worse than a constant: {worse}; in training it has {training}."
        return f"Underfit: the recipe has not learned: {worse}; in training it has {training}."
    if found.kind == "limited by data" and decision.doubling is not None:
        doubling = decision.doubling
        last = f"the last doubling of the training set {_moves(found, doubling, doubling.mean, past=True)}"
        return f"Limited by data: {last}, and no alternative gained as much as doubling it again should."
    if found.kind == "limited by noise":
        share = decision.remaining[1] / found.constant
        return (
            f"Limited by noise: {_nothing(found)}, nor would twice the data help, and {share:.0%} of the error of a "
            "constant prediction remains."
        )
    if found.kind == "good fit":
        return f"Good fit: {_nothing(found)}, nor would twice the data help."
    if _too_short(found):
        return (
            "Cannot tell: trainings with fewer steps than the recipe's own predict no better than a constant, and the "
            "missing steps may be what it takes."
        )
    return f"Cannot tell: {_open(found)}."


def _too_short(found: VerdictEvidence) -> bool:
    """Whether trainings lacked steps, so that a recipe that has learned nothing yet may only be slow."""
    return found.kind == "cannot tell" and found.sampled and found.decision.learned != "yes"


def _by_constant(found: VerdictEvidence) -> bool:
    """Whether a constant prediction is what is surely better."""
    return found.best is None and found.kind in ("underfit", "overfit")


def reasons(found: VerdictEvidence) -> list[str]:
    """What else is known."""
    return list(_reasons(found))


def _reasons(found: VerdictEvidence) -> Iterator[str]:
    decision = found.decision
    low, mean, high = decision.remaining
    if math.isfinite(mean):
        limits = sorted((found.shown(low), found.shown(high)))
        around = f" ({number(limits[0])} to {number(limits[1])})" if math.isfinite(low) else ""
        constant = number(found.shown(found.constant))
        training = number(found.shown(float(found.training[0].mean())))
        yield (
            f"{_first(found.what)} {number(found.shown(mean))}{around} on held-out data, {training} in training; "
            f"a constant prediction has {constant}."
        )
    others = [
        f"{probe.name} ({_signed(gain.mean)})"
        for place, (probe, gain) in enumerate(zip(found.probes, decision.gains, strict=True))
        if gain.status == "better" and place != decision.best
    ]
    if others:
        yield f"Also significantly better: {', '.join(others)}."
    if decision.best is not None and decision.claim is not None and decision.claim < decision.gains[decision.best].mean:
        measured = number(decision.gains[decision.best].mean)
        yield f"The gain above is corrected for having been picked as the best; as measured, it is {measured}."
    if decision.doubling is not None and found.kind == "limited by data":
        again = NEXT_DOUBLING * decision.doubling.mean
        yield f"Doubling the training set again should gain about {number(again)} more, if errors fall as 1/n."
    elif decision.doubling is not None and decision.doubling.status == "better":
        last = _moves(found, decision.doubling, decision.doubling.mean, past=True)
        yield f"More data would help as well: the last doubling {last}."
    if decision.learned != "yes":
        yield "goodfit inspect looks for what keeps a net from learning: rates, gradients, dead units, scales."
    if found.few is not None:
        named = f" A target transform (target_transform {found.transform}) makes more of them count."
        transform = named if found.transform else ""
        yield (
            f"{found.few:.1%} of the rows hold half of the variance of the targets, so R² rests on few rows: a gain "
            f"counts only where every fold shows it.{transform}"
        )
    yield from found.notes
    yield from _of_sample(found)
    told = more(found)
    if told:
        yield told


def _of_sample(found: VerdictEvidence) -> Iterator[str]:
    """What a part of the rows or of the epochs cannot tell."""
    if found.measured_rows < found.learning_rows:
        yield (
            "Not all rows were measured, to keep to the time: larger nets may gain more with all of them. What "
            "stronger penalties, smaller nets or more data gain falls as rows are added, and counts here as far as it "
            "holds for all rows, between 1/n and 1/√n."
        )
    if found.sampled:
        cut = "" if found.shortened is None else f" ({found.shortened} of {found.recipe.epochs} epochs)"
        yield (
            f"Trainings had fewer steps than the recipe's{cut}: what a longer one, or a higher learning rate would "
            "gain was not asked, and more capacity counts only where it gains more than those steps would."
        )


def more(found: VerdictEvidence) -> str:
    """What would settle what is open; "" where nothing is."""
    if found.kind != "cannot tell":
        return ""
    if found.sampled:
        minutes, less = math.ceil(found.whole), " and without --quick" if found.quick else ""
        how = f"'goodfit verdict' with --minutes {_minutes(found)}{less}"
        return f"All rows and epochs would tell more, in about {minutes} minute{'s' * (minutes > 1)}: {how}."
    now = f"{found.repeats} repeat{'s' * (found.repeats > 1)} of {found.folds} folds"
    needed, rows = found.decision.repeats, found.decision.rows
    if needed is not None:
        return f"About {needed} repeats of {found.folds} folds would settle it (now {now}), if the differences stay."
    times = "" if rows is None else f" about {rows} times the data, or"
    return f"More folds or seeds are unlikely to settle it (now {now}):{times} a larger margin would."


def _minutes(found: VerdictEvidence) -> int:
    """For a first repeat on all rows, and others after it."""
    from goodfit.verdicts.sizing import FIRST, SAFE  # here, for it loads JAX

    return math.ceil(found.whole / (SAFE * FIRST))


def number(value: float) -> str:
    """Three digits that count, without an exponent for everyday sizes."""
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    digits = max(0, min(6, 2 - math.floor(math.log10(abs(value)))))
    return f"{value:.{digits}f}"


def _moves(found: VerdictEvidence, gain: Gain, by: float, *, past: bool = False) -> str:
    """`lowers the log loss on held-out rows by 0.21 (0.15 to 0.27)`."""
    verb = "lower" if found.what == LOG_LOSS else "raise"
    verb += ("ed" if verb == "lower" else "d") if past else "s"
    article = "the log loss" if found.what == LOG_LOSS else found.what
    return f"{verb} {article} on held-out data by {number(by)} ({number(gain.low)} to {number(gain.high)})"


def _nothing(found: VerdictEvidence) -> str:
    margin = number(found.decision.margin)
    nothing = f"none of {len(found.probes)} alternatives is better by more than {margin} of {found.what}"
    if found.shortened is not None:
        return f"as far as trainings of {found.shortened} of {found.recipe.epochs} epochs tell, {nothing}"
    return f"as far as trainings of fewer steps tell, {nothing}" if found.sampled else nothing


def _open(found: VerdictEvidence) -> str:
    """What keeps the answer from being known."""
    decision = found.decision
    names = [found.probes[place].name for place in decision.blocking]
    most = max((decision.gains[place].at_most for place in decision.blocking), default=math.nan)
    doubling = decision.doubling
    if doubling is not None and doubling.status == "better":
        promised = number(NEXT_DOUBLING * doubling.mean)
        return f"twice the data would gain about {promised}, but {listed(names)} may gain more, up to {number(most)}"
    if doubling is not None and doubling.status == "open":
        names.append("twice the data")
    return f"{listed(names)} may or may not be better by more than {number(decision.margin)}"


def listed(names: list[str]) -> str:
    """wider, deeper and longer."""
    return " and ".join([*([", ".join(names[:-1])] if names[:-1] else []), *names[-1:]])


def _diverged(found: VerdictEvidence) -> str:
    columns = int(np.isnan(found.errors[0]).sum())
    what = (
        f"{columns} of {found.errors.shape[1]} trainings diverged to non-finite values"
        if columns
        else "the training loss ends above that of a constant prediction"
    )
    if found.decision.best is None or found.best is None:
        return f"{what}, and no alternative is significantly better than a constant prediction"
    errors = found.errors[1 + found.decision.best]
    value = number(found.shown(float(errors.mean())))
    return f"{what}; with {found.best.change} they reach {found.what} {value} on held-out data"


def _first(text: str) -> str:
    return text[0].upper() + text[1:]


def _signed(value: float) -> str:
    return f"+{number(value)}" if value > 0 else number(value)
