"""What the next look at a test set will cost, and how many are left before its interval is wider than one can use.

Test rows are fixed and finite; what comes one after another is models. So intervals have to hold for all models
together, and there are three ways to see to it:

- "planned": each at 1 - 0.05 / n for n openings (Bonferroni). Every opening widens the earlier intervals.
- "lasting": the nth at 1 - 0.05 / (n (n + 1)). All of them hold together whatever number follows, even where the scores
  decide when to stop; none is widened later.
- "adaptive": as lasting, but for models that were built from earlier scores on these rows. Whoever decides by n - 1
  answers, each one of A, can end with A to the power n - 1 models; the interval must hold for all of them. Answers of
  R² cannot be counted, but each tells one dimension of the errors: see `Score.after_answers`.

The first two hold where no model was built or chosen by scores on these rows, which is what a validation set is for.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from goodfit.errors import InputError, problem
from goodfit.intervals import LEVEL, chernoff, lasting_level, level_of_openings
from goodfit.models.scores import Score
from goodfit.plain_json import plain
from goodfit.runs.opening import restated

if TYPE_CHECKING:
    from goodfit.data import Opening

LookKind = Literal["planned", "lasting", "adaptive"]
MOST = 1_000_000  # looks that are counted; more are as good as endless
SMALLEST = -20.0  # logarithm of 1 - level, down to which a level is still a number that an interval can be given at
_SHARES = "accuracy", "exact match"


@dataclass(frozen=True)
class NextLook:
    """The next look, if it scored the same as the newest on as many rows.

    kind: see the module. log_missing: the logarithm of how often its interval may miss the truth, 1 - level. low, high:
    the interval, nan where there is none. left: how many looks have an interval no wider than was asked for, the next
    one counted, MOST where they are as many or more; None where no width was asked for.
    """

    kind: LookKind
    log_missing: float
    low: float
    high: float
    left: int | None = None

    @property
    def half(self) -> float:
        """Half of its width."""
        return (self.high - self.low) / 2


@dataclass(frozen=True)
class Outlook:
    """What is known of a test set's openings, and of the next one.

    family: as in the ledger; data: its names; openings: how many different ones; rows, score, value: of the newest that
    has a score, None without one. joint: the level at which all lasting intervals hold together: LEVEL, or less where
    test sets were found to overlap only after both had been opened. looks: the next one, of each kind.
    """

    family: int
    data: str
    openings: int
    rows: int | None
    score: str | None
    value: float | None
    joint: float
    looks: tuple[NextLook, ...]

    def to_json(self) -> dict[str, Any]:
        """The fields as JSON has them."""
        found: dict[str, Any] = plain(asdict(self))
        for line, look in zip(found["looks"], self.looks, strict=True):
            line["half"] = plain(look.half)
        return found


def outlooks(lines: Sequence[Opening], width: float | None = None) -> list[Outlook]:
    """One for each test set in the ledger, in the order in which they were first opened.

    width: from the lower to the upper bound, in (0, 1] for shares; how many looks have a narrower interval. InputError
    for a width that is none.
    """
    if width is not None and not (math.isfinite(width) and width > 0):
        raise InputError(problem("Ledger", "'width' must be a number > 0", got=width, fix="It is high - low: 0.05."))
    ordered = sorted(lines, key=lambda line: line.family)
    groups = [list(group) for _, group in itertools.groupby(ordered, key=lambda line: line.family)]
    return [_outlook(group, width) for group in sorted(groups, key=lambda group: group[0].number)]


def _outlook(lines: Sequence[Opening], width: float | None) -> Outlook:
    new = [line for line in lines if not line.again]
    count = lines[0].of
    spent = sum((1 - LEVEL) / (line.nth * (line.nth + 1)) for line in new) + (1 - LEVEL) / (count + 1)
    scores = [(line, score) for line in lines if (score := restated(line)) is not None and score.basis is not None]
    names = ", ".join(dict.fromkeys(line.data for line in lines))
    if not scores:
        return Outlook(lines[0].family, names, count, None, None, None, 1 - spent, ())
    line, score = scores[-1]
    telling = [line for line in lines if not line.again or line.kind != "score"]
    answers, asked = (sum(map(each, telling)) for each in (log_answers, r2_answers))
    # what one more look at one net would tell
    each = math.log(score.rows + 1) if score.effective is None else math.inf

    def planned(nth: int) -> tuple[float, float, float]:
        return _at(score, level_of_openings(nth))

    def lasting(nth: int) -> tuple[float, float, float]:
        return _at(score, lasting_level(nth))

    def adaptive(nth: int) -> tuple[float, float, float]:
        further = nth - count - 1
        missing = math.log((1 - LEVEL) / (nth * (nth + 1))) - answers - (each * further if further else 0.0)
        if score.name == "R²":
            return _of_r2(score, asked + nth - count - 1, lasting_level(nth))
        if score.name not in _SHARES or not math.isfinite(missing):
            return missing, math.nan, math.nan
        if missing > SMALLEST:
            return _at(score, -math.expm1(missing))
        return missing, *chernoff(score.value, score.rows, missing)

    kinds: dict[LookKind, Callable[[int], tuple[float, float, float]]] = {
        "planned": planned,
        "lasting": lasting,
        "adaptive": adaptive,
    }
    looks = tuple(
        NextLook(kind, *at(count + 1), None if width is None else _left(at, count, width)) for kind, at in kinds.items()
    )
    return Outlook(lines[0].family, names, count, line.rows, score.name, score.value, 1 - spent, looks)


def log_answers(line: Opening) -> float:
    """The logarithm of how many different answers an opening could have given; infinite where they are real numbers.

    A net's accuracy on N rows is one of N + 1, and the mean and the spread of several nets follow from as many each.
    R², curves and comparisons, which show losses, are real numbers; so is an accuracy of rows with weights.
    """
    if line.kind != "score" or (line.score is not None and not _counts(line.score)):
        return math.inf
    return _nets(line) * math.log(line.rows + 1)


def _counts(score: Mapping[str, Any]) -> bool:
    """Whether a score is a number of rows over all of them."""
    return score["name"] in _SHARES and score.get("effective") is None


def r2_answers(line: Opening) -> float:
    """How many R² an opening told, one a net; infinite where it showed other numbers, or rows with other scores."""
    if line.kind != "score" or (line.score is not None and line.score["name"] != "R²"):
        return math.inf
    return _nets(line)


def _nets(line: Opening) -> float:
    """How many nets were scored together; infinite where nothing says how many."""
    several = re.search(r"mean of (\d+) nets", "" if line.score is None else str(line.score["method"]))
    if several is None and line.score is not None and line.score.get("spread") is not None:
        return math.inf
    return int(several[1]) if several else 1


def _at(score: Score, level: float) -> tuple[float, float, float]:
    found = score.at_level(level)
    return math.log1p(-level), found.low, found.high


def _of_r2(score: Score, answers: float, level: float) -> tuple[float, float, float]:
    ends = score.after_answers(int(answers), level) if math.isfinite(answers) else (math.nan, math.nan)
    return math.log1p(-level), *ends


def _left(at: Callable[[int], tuple[float, float, float]], count: int, width: float) -> int:
    """How many looks from the next one on have an interval no wider than this; widths only grow."""

    def narrow(more: int) -> bool:
        _, low, high = at(count + more)
        return high - low <= width

    if not narrow(1):
        return 0
    low, high = 1, 2
    while high < MOST and narrow(high):
        low, high = high, 2 * high
    high = min(high, MOST)
    if narrow(high):
        return MOST
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if narrow(middle) else (low, middle)
    return low
