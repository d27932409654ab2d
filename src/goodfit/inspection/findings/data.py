"""The data as the net sees them: inputs not scaled, targets out of reach, labels that nothing tells."""

import math

import numpy as np

from goodfit.inspection.findings.finding import Evidence, Finding, number
from goodfit.inspection.subject import Subject, all_same

INPUTS_ABOVE = 10.0  # root mean square of a column
INPUTS_BELOW = 0.05  # root mean square over all columns
SAME = 1  # distinct targets, of which nothing can be learned
TARGETS_ABOVE = 10.0  # root mean square of the targets as trained; a net's outputs begin at about 1
SPREAD_BELOW = 0.01  # standard deviation of the targets as trained; what a net starts with varies by about 1
OUTSIDE_ABOVE = 0.05  # share of the predictions that are beyond the targets' range by more than its width
TOLD_ABOVE = 4.0  # standard deviations: chance alone gives as much once in 30,000
NOT_TOLD_BELOW = 3.0
FEWEST_PROBED = 200  # with fewer, simple learners miss what is there


def column_sizes(subject: Subject) -> np.ndarray:
    """Root mean square of every input, after scaling; inf where it is not finite."""
    with np.errstate(over="ignore", invalid="ignore"):
        sizes = np.sqrt((subject.x[:, : subject.net.n_inputs] ** 2).mean(0))  # without components of encodings
    return np.asarray(np.where(np.isnan(sizes), math.inf, sizes))


def inputs_bad(subject: Subject) -> bool:
    """Whether inputs are far from a size of 1."""
    sizes = column_sizes(subject)
    return bool(sizes.max() > INPUTS_ABOVE or np.sqrt((sizes**2).mean()) < INPUTS_BELOW)


def inputs(evidence: Evidence) -> Finding:
    """The largest column, or all columns together where they are too small."""
    code, subject = "inputs-unscaled", evidence.final.subject
    sizes = column_sizes(subject)
    column, overall = int(sizes.argmax()), float(np.sqrt((sizes**2).mean()))
    bad = inputs_bad(subject)
    if bad and sizes.max() <= INPUTS_ABOVE:
        text = f"The inputs have a root mean square of {number(overall)} after scaling."
        return Finding(code, "issue", overall, INPUTS_BELOW, "inputs", text, {"scaling": "standard"})
    text = f"Input {column} has a root mean square of {number(float(sizes[column]))} after scaling."
    advice = {"scaling": "standard"} if bad else {}
    place = f"input {column}"
    return Finding(code, "issue" if bad else "ok", float(sizes[column]), INPUTS_ABOVE, place, text, advice)


def outputs(evidence: Evidence) -> Finding:
    """Numeric targets far beyond what outputs begin with, or predictions far beyond the targets."""
    code, subject = "outputs-out-of-range", evidence.final.subject
    if subject.net.task != "regression" or subject.loss == "poisson":
        return Finding(code, "ok", math.nan, TARGETS_ABOVE, "output", "The link function keeps predictions in range.")
    target, found = subject.target, evidence.final.passes.z[-1]
    size = float(np.sqrt((target**2).mean()))
    if all_same(target) or small_targets(subject):
        why = "All rows have the same target" if all_same(target) else "The targets are too small for the outputs"
        text = f"{why}: no prediction can be said to miss their range."
        return Finding(code, "cannot tell", math.nan, OUTSIDE_ABOVE, "output", text)
    if size > TARGETS_ABOVE:
        text = f"The scaled targets have a root mean square of {number(size)}; a new net's outputs have one near 1."
        data = {"scale_targets": True}
        return Finding(code, "issue", size, TARGETS_ABOVE, "output", text, {}, data)
    low, high = target.min(1, keepdims=True), target.max(1, keepdims=True)
    width = high - low
    share = float((~((found >= low - width) & (found <= high + width))).mean())  # what is not finite is outside
    bad = share > OUTSIDE_ABOVE
    text = f"{share:.0%} of the predictions are outside the range of the targets by more than its width."
    advice = {"init": "he-normal", "init_scale": None, "clip_norm": 1.0} if bad else {}
    return Finding(code, "issue" if bad else "ok", share, OUTSIDE_ABOVE, "output", text, advice)


def target_spread(subject: Subject) -> tuple[float, int]:
    """(least standard deviation of a column of numeric targets that varies, as trained; the column's number)."""
    target = np.atleast_2d(subject.target)
    spreads = np.where((target != target[:, :1]).any(axis=1), target.std(axis=1), np.inf)
    return float(spreads.min()), int(spreads.argmin())


def small_targets(subject: Subject) -> bool:
    """Whether numeric targets vary so little that what a net starts with hides them."""
    if subject.net.task != "regression" or subject.loss == "poisson" or all_same(subject.target):
        return False
    return target_spread(subject)[0] < SPREAD_BELOW


def targets(evidence: Evidence) -> Finding:
    """The spread of numeric targets beside that of the outputs that a net starts with."""
    code, subject = "targets-small", evidence.final.subject
    if subject.net.task != "regression" or subject.loss == "poisson":
        text = "Only numeric targets that are predicted as they are can be too small."
        return Finding(code, "ok", math.nan, SPREAD_BELOW, "targets", text)
    if all_same(subject.target):
        return Finding(code, "cannot tell", 0.0, SPREAD_BELOW, "targets", "All rows have the same target.")
    (spread, column), bad = target_spread(subject), small_targets(subject)
    place, text = "targets", "The targets have"
    if len(subject.target) > 1:
        place, text = f"target {column}", f"Target {column} has"
    text += f" a standard deviation of {number(spread)} as trained; a new net's outputs have one near 1."
    data = {"scale_targets": True} if bad else {}
    return Finding(code, "issue" if bad else "ok", spread, SPREAD_BELOW, place, text, {}, data)


def constant_labels(evidence: Evidence) -> Finding:
    """Whether the targets differ at all."""
    code, target = "labels-constant", np.atleast_2d(evidence.final.subject.target)
    kinds = max(len(np.unique(row)) for row in target)
    bad = kinds <= SAME
    if len(evidence.final.subject.rows) < 2:
        return Finding(code, "cannot tell", kinds, SAME, "", "One row cannot show whether targets differ.")
    text = "All rows have the same target." if bad else f"The targets have {kinds} distinct values."
    return Finding(code, "issue" if bad else "ok", kinds, SAME, "targets", text)


def shuffled_labels(evidence: Evidence) -> Finding:
    """Whether a neighbour or a linear fit tells targets better than shuffled ones."""
    code, probe = "labels-shuffled", evidence.probe
    if probe is None or math.isnan(probe.best):
        return Finding(code, "cannot tell", math.nan, TOLD_ABOVE, "", "Too few rows, or constant targets.")
    if probe.best < TOLD_ABOVE and (math.isnan(probe.neighbours) or math.isnan(probe.ridge)):
        return Finding(code, "cannot tell", probe.best, TOLD_ABOVE, "", "One of two simple models could not be fitted.")
    text = f"Simple models beat shuffled targets by {probe.best:.1f} standard deviations."
    if probe.best >= TOLD_ABOVE:
        return Finding(code, "ok", probe.best, TOLD_ABOVE, "targets", text)
    if probe.best >= NOT_TOLD_BELOW or probe.rows < FEWEST_PROBED:
        text += f" With {probe.rows} rows this may be chance."
        return Finding(code, "cannot tell", probe.best, TOLD_ABOVE, "targets", text)
    text += " Look at how inputs and targets were put together."
    return Finding(code, "issue", probe.best, NOT_TOLD_BELOW, "targets", text)
