"""A claim about a state, decided by pairs of nets: it holds, it does not, or nobody can tell yet, and what would.

Every pair shares a seed, and with it the order of the rows and, where the two nets have the same shape, the initial
weights, so that what is luck for both cancels. The rows are those of the state: an interval is about other seeds on
these rows, not about other rows.

Looks. Whoever looks at 16 pairs, cannot tell, and trains more has looked twice. The interval of the nth look is given
at 1 - 0.05 / (n (n + 1)), so that the intervals of all looks hold together at 95 %, however many there will be.
How many more. With d the mean difference of n pairs and s its spread, the fewest m > n for which |d| is at least
(t + u) s / sqrt(m): t is Student's quantile at the next look's level and u that of POWER. If the true difference is d,
so many pairs decide in four of five cases.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from goodfit.arguments import public
from goodfit.errors import InputError, problem
from goodfit.intervals import (
    UNBOUNDED,
    Bounds,
    clopper_pearson,
    lasting_level,
    of_differences,
    of_mean,
    of_share_difference,
)
from goodfit.lab.claim_list import LabClaim, claim
from goodfit.lab.intervals_told import with_interval
from goodfit.lab.outcomes import Watch
from goodfit.lab.states import LabState
from goodfit.plain_json import plain
from goodfit.studies.words import Words

Answer = Literal["holds", "does-not", "cannot-tell"]
PAIRS = 16  # that are trained where nothing else is asked for
FEWEST, MOST = 4, 128  # pairs of one look
POWER = 0.8  # how often so many pairs as are told decide, if the difference is as large as it looks
MOST_TOLD = 4096  # pairs; a difference that would take more is told as small


@dataclass(frozen=True)
class Decided:
    """What became of a claim.

    sentence: the claim, with the values that differ; quantity: what is compared, of which `first` and `second` are the
    means over nets. difference: second - first for "higher", first - second for "lower", so that a positive one speaks
    for the claim; of nets that diverged there is none, and `by_wins` says that it is how much more than half of the
    pairs the second net won. low, high: its interval at `level`. pairs: how many; more: how many pairs more would
    decide, 0 where it is decided, None where more than MOST_TOLD. changes: what the two nets of a pair differ in;
    diverged: nets of each kind whose loss was no longer finite; look: which one this was.
    """

    claim: LabClaim
    sentence: Words
    answer: Answer
    first: float
    second: float
    difference: float
    low: float
    high: float
    level: float
    pairs: int
    more: int | None
    changes: tuple[Mapping[str, Any], Mapping[str, Any]]
    diverged: tuple[int, int]
    look: int
    by_wins: bool
    left_out: bool = False
    """Whether the state has changes on its way, which the nets of a claim do not make."""

    @property
    def quantity(self) -> Words:
        """What `difference` is of."""
        if self.by_wins:
            return Words(
                "share of pairs that the second net wins, less one half", "第二个网络胜出的对数所占比例减去二分之一"
            )
        return self.claim.measured.words

    @property
    def told(self) -> Words:
        """The answer in two or three sentences."""
        verdict = {
            "holds": Words("It holds", "成立"),
            "does-not": Words("It does not hold", "不成立"),
            "cannot-tell": Words("Nobody can tell yet", "还无法判断"),
        }[self.answer]
        return Words(f"{verdict.en}: {self.evidence.en}", f"{verdict.zh}：{self.evidence.zh}")

    @property
    def evidence(self) -> Words:
        """What the answer rests on."""
        ends = with_interval(self.difference, self.low, self.high, 4, sign=True)
        level = f"{100 * self.level:.4g} %"
        en = f"{ends.en} for the claim, in {self.quantity.en}, by {self.pairs} pairs of nets ({level})."
        zh = f"就{self.quantity.zh}而言，支持该论断的差为 {ends.zh}，共 {self.pairs} 对网络（{level}）。"
        if any(self.diverged):
            en += f" Diverged: {self.diverged[0]} of the first and {self.diverged[1]} of the second nets."
            zh += f"发散的网络：第一种 {self.diverged[0]} 个，第二种 {self.diverged[1]} 个。"
        if self.answer == "cannot-tell" and self.more is None:
            en += f" More than {MOST_TOLD:,} pairs would be needed: a difference, if there is one, is small."
            zh += f"需要 {MOST_TOLD} 对以上：即使有差别也很小。"
        elif self.answer == "cannot-tell":
            en += f" {self.more:,} pairs more would probably decide it, if the difference is as large as it looks."
            zh += f"如果差别确如所见，再训练 {self.more} 对网络很可能就能判断。"
        if self.left_out:
            en += " Changes on the way were left out: these nets train with one recipe from the beginning."
            zh += "训练途中的改动未计入：这些网络从头到尾只用一个配方。"
        return Words(en, zh)

    def to_json(self) -> dict[str, Any]:
        """Everything, as JSON has it."""
        names = ("answer", "first", "second", "difference", "low", "high", "level", "pairs", "more", "look", "by_wins")
        found: dict[str, Any] = plain(
            {
                "name": self.claim.name,
                "sentence": vars(self.sentence),
                "quantity": vars(self.quantity),
                "told": vars(self.told),
                "evidence": vars(self.evidence),
                "nets": 2 * self.pairs,
                "changes": list(self.changes),
                "changes_of": "recipe" if self.claim.data is None else "data",
                "diverged": list(self.diverged),
                **{name: getattr(self, name) for name in names},
            }
        )
        return found


@public
def decide(
    name: str,
    state: LabState,
    files: Mapping[str, Path] | None = None,
    *,
    pairs: int = PAIRS,
    look: int = 1,
    watch: Watch | None = None,
) -> Decided:
    """Train the nets that decide a claim about a state, as one population.

    name: of the claim
    state: whose recipe, rows and first seed the nets have; the seeds of the pairs count up from it
    files: uploads by name
    pairs: FEWEST to MOST
    look: which look this is at growing numbers of pairs, from 1 on
    watch: called with the share that is done

    InputError where the claim cannot be about the state.
    """
    from goodfit.lab.alike import initial_nets, train_nets  # here: JAX is for those who train
    from goodfit.lab.opening import open_state

    said = claim(name)
    if not FEWEST <= pairs <= MOST:
        raise InputError(problem("Claim", f"'pairs' must be an integer from {FEWEST} to {MOST}", got=pairs))
    if look < 1:
        raise InputError(problem("Claim", "'look' must be an integer >= 1", got=look))
    if state.widths is not None:
        fix = "Leave 'widths' out, and set 'hidden'."
        raise InputError(problem("Claim", "the nets must be of one width", got=state.widths, fix=fix))
    opened = open_state(state, files or {})
    recipe = opened.recipe
    if recipe.fold_members:
        fix = "Set it to 0, and 'valid' to 0.3, for example."
        raise InputError(problem("Claim", "'fold_members' must be 0", got=recipe.fold_members, fix=fix))
    if said.data is None:
        changes = said.pair(recipe)
        recipes = [(recipe.replace(**each), opened.parts) for each in changes]
    else:
        changes = said.data(state.data)
        others = [state.model_copy(update={"data": {**state.data, **each}}) for each in changes]
        recipes = [(recipe, open_state(other, files or {}).parts) for other in others]
    for _, parts in recipes:
        said.measured.check(parts)
    seeds = range(state.seed, state.seed + pairs)
    nets = initial_nets(recipes, seeds) if said.measured.before else train_nets(recipes, seeds, watch)
    first, second = (said.measured.of(each) for each in nets)
    diverged = (int(nets[0].frozen.sum()), int(nets[1].frozen.sum()))
    found = judge(said, first, second, look)
    told = said.told(changes)
    return replace(found, changes=changes, sentence=told, diverged=diverged, left_out=bool(state.acts))


def judge(said: LabClaim, first: ArrayLike, second: ArrayLike, look: int = 1) -> Decided:
    """What paired outcomes say of a claim, [S] each; infinite ones are of nets that diverged."""
    one, other = np.asarray(first, np.float64), np.asarray(second, np.float64)
    sign, level = (1 if said.sense == "higher" else -1), lasting_level(look)
    pairs, by_wins = len(one), not (np.isfinite(one) & np.isfinite(other)).all()
    if by_wins:
        with np.errstate(invalid="ignore"):
            apart = np.sign(np.nan_to_num(sign * (other - one), nan=0.0)) / 2
        low, high = (end - 0.5 for end in clopper_pearson(float((apart + 0.5).sum()), pairs, level))
    else:
        apart = sign * (other - one)
        low, high = _interval(apart, level, said)
    difference = float(apart.mean())
    answer: Answer = "cannot-tell"
    if low > 0:
        answer = "holds"
    elif high < 0 or low == high == 0:
        answer = "does-not"
    more: int | None = 0
    if answer == "cannot-tell":
        needed = pairs_needed(difference, float(apart.std(ddof=1)), pairs, lasting_level(look + 1))
        more = None if needed is None else needed - pairs
    return Decided(
        said,
        said.words,
        answer,
        float(one.mean()),
        float(other.mean()),
        difference,
        low,
        high,
        level,
        pairs,
        more,
        ({}, {}),
        (0, 0),
        look,
        by_wins,
    )


def _interval(apart: np.ndarray, level: float, said: LabClaim) -> tuple[float, float]:
    if said.measured.hit:
        return of_share_difference(apart, level)
    bounds: Bounds = said.measured.bounds
    return of_mean(apart, level, bounds if bounds == UNBOUNDED else of_differences(bounds))


def pairs_needed(difference: float, spread: float, have: int, level: float) -> int | None:
    """The fewest pairs, more than `have`, of which the rule above says that they decide; None for over MOST_TOLD.

    difference, spread: mean and standard deviation of the pairs' differences; level: of the interval then
    """
    from scipy.special import ndtri, stdtrit

    if not (math.isfinite(difference) and math.isfinite(spread)) or difference == 0:
        return None
    least = float(ndtri(POWER))

    def decides(pairs: int) -> bool:  # monotone: of more pairs, both the quantile and the error are smaller
        quantile = float(stdtrit(pairs - 1, (1 + level) / 2)) + least
        return abs(difference) >= quantile * spread / math.sqrt(pairs)

    return fewest(have, decides)


def fewest(have: int, enough: Callable[[int], bool]) -> int | None:
    """The fewest, more than `have`, that are enough, of a rule that stays so with more; None for over MOST_TOLD."""
    low, high = have, MOST_TOLD
    if not enough(high):
        return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high
