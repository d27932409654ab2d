"""The gains of alternatives as tables show them: the ends that decide, and what they decide."""

import math

from goodfit.verdicts.evidence import VerdictEvidence
from goodfit.verdicts.gains import Gain
from goodfit.verdicts.words import number
from goodfit.words import digits, fixed

STATUS_WORDS = {
    "better": "significantly better",
    "worse": "significantly worse",
    "no better": "no relevant gain",
    "open": "inconclusive",
    "diverged": "diverged",
}
FAR = 10.0  # times the error of a constant prediction: what loses more has failed, and by how much tells nothing
FAR_WORSE = "far worse"


def result(found: VerdictEvidence, gain: Gain) -> str:
    """The status in words, with what keeps a gain from counting that its interval alone would let count."""
    told, margin = STATUS_WORDS[gain.status], found.decision.margin
    if gain.status == "no better" and gain.at_most >= margin:
        return f"{told} with all rows"
    if gain.status != "open" or gain.low <= 0:
        return told
    if gain.claim < margin:
        return f"{told}: {fixed(gain.claim, sign=True)} expected" if gain.mean >= margin else told
    if found.sampled:
        return f"{told} on fewer {'rows' if found.measured_rows < found.learning_rows else 'epochs'}"
    return f"{told}: rests on few rows"


def gain_text(value: float, constant: float) -> str:
    """A gain, or an end of one: +0.0123; in words where it is far below that of a constant prediction."""
    if not math.isfinite(value):
        return "-"
    return FAR_WORSE if value < -FAR * constant else fixed(value, sign=True)


def interval_text(low: float, high: float, constant: float) -> str:
    """The ends of a gain: -0.0100 to +0.0123."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return "-"
    ends = [gain_text(each, constant) for each in (low, high)]
    return FAR_WORSE if ends == [FAR_WORSE, FAR_WORSE] else " to ".join(ends)


def score_text(value: float) -> str:
    """What an alternative scores; of a net that has failed, no more digits than tell so."""
    return "-" if not math.isfinite(value) else fixed(value) if abs(value) < 100 else digits(value, 3)


def rule(found: VerdictEvidence) -> str:
    """How results follow from a line of the table."""
    margin = number(found.decision.margin)
    return (
        'The lower ends of the intervals hold jointly at 95 % (Bonferroni), and so do the upper ends; "at most" is the '
        "one-sided 95 % limit of one alternative. Better: the interval is above 0, and the gain, shrunk by its error, "
        f'at least {margin}. Worse: the interval is below 0. No relevant gain: "at most" is below {margin}.'
    )
