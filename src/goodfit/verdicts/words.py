"""A verdict in words."""

import math
from collections.abc import Iterator

import numpy as np

from goodfit.verdicts.deciding import NEXT_DOUBLING, Gain
from goodfit.verdicts.evidence import VerdictEvidence

STATUS_WORDS = {
    "better": "significantly better",
    "worse": "significantly worse",
    "no better": "no relevant gain",
    "open": "inconclusive",
    "diverged": "diverged",
}


def sentence(found: VerdictEvidence) -> str:
    """The verdict with its evidence."""
    decision, best = found.decision, found.best
    if found.kind == "diverged":
        return f"Diverged: {_diverged(found)}."
    if best is not None and decision.best is not None:
        gain = decision.gains[decision.best]
        return f"{found.kind.capitalize()}: {best.name} ({best.change}) {_moves(found, gain)}."
    if found.kind == "limited by data" and decision.doubling is not None:
        last = f"the last doubling of the training set {_moves(found, decision.doubling, past=True)}"
        return f"Limited by data: {last}, and no other recipe is significantly better."
    if found.kind == "limited by noise":
        share = decision.remaining[1] / found.constant
        return (
            f"Limited by noise: {_nothing(found)}, nor would twice the data help, and {share:.0%} of the error of a "
            "constant prediction remains."
        )
    if found.kind == "good fit":
        return f"Good fit: {_nothing(found)}, nor would twice the data help."
    return f"Cannot tell: {_open(found)} may or may not be better by more than {number(decision.margin)}."


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
    if decision.doubling is not None and found.kind == "limited by data":
        again = NEXT_DOUBLING * decision.doubling.mean
        yield f"Doubling the training set again should gain about {number(again)} more, if errors fall as 1/n."
    elif decision.doubling is not None and decision.doubling.status == "better":
        yield f"More data would help as well: the last doubling {_moves(found, decision.doubling, past=True)}."
    told = more(found)
    if told:
        yield told


def more(found: VerdictEvidence) -> str:
    """How many more folds would settle what is open; "" where nothing is."""
    if found.kind != "cannot tell":
        return ""
    now = f"{found.repeats} repeat{'s' * (found.repeats > 1)} of {found.folds} folds"
    needed = found.decision.repeats
    if needed is None:
        return f"More folds or seeds are unlikely to settle it (now {now}): use more data, or a larger margin."
    return f"About {needed} repeats of {found.folds} folds would settle it (now {now}), if the differences stay."


def number(value: float) -> str:
    """Three digits that count, without an exponent for everyday sizes."""
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    digits = max(0, min(6, 2 - math.floor(math.log10(abs(value)))))
    return f"{value:.{digits}f}"


def _moves(found: VerdictEvidence, gain: Gain, *, past: bool = False) -> str:
    """`lowers the log loss on held-out rows by 0.21 (0.15 to 0.27)`."""
    verb = "lower" if found.what == "log loss" else "raise"
    verb += ("ed" if verb == "lower" else "d") if past else "s"
    article = "the log loss" if found.what == "log loss" else found.what
    return f"{verb} {article} on held-out data by {number(gain.mean)} ({number(gain.low)} to {number(gain.high)})"


def _nothing(found: VerdictEvidence) -> str:
    margin = number(found.decision.margin)
    return f"none of {len(found.probes)} alternatives is better by more than {margin} of {found.what}"


def _open(found: VerdictEvidence) -> str:
    names = [
        probe.name for probe, gain in zip(found.probes, found.decision.gains, strict=True) if gain.status == "open"
    ]
    if found.decision.doubling is not None and found.decision.doubling.status == "open":
        names.append("twice the data")
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
