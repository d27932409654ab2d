"""Permutation importance: how much worse predictions get when some inputs come from other rows.

Pure functions of arrays; which rows and which columns is decided in `goodfit.runs.permuting`. Source: Breiman, "Random
Forests" (2001), section 10.

The interval covers rows and permutations. A permuted loss belongs to two rows: the one that is predicted, and the one
that its values come from. So the mean over pairs moves with a row in both of its parts, and what each row gives to it
is the sum of both means (the first-order terms of a U-statistic). The spread of the rows' own losses alone would miss
the second part, and with it half of the width where an extreme value is both hard to lose and harmful to receive.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from goodfit.data.streams import generator
from goodfit.intervals import LEVEL
from goodfit.models.measures import LOG_LOSS, R2, RMSE
from goodfit.models.row_scores import SQUARED, value_scores
from goodfit.training.metrics import SCORE_NAMES
from goodfit.words import digits, fixed

if TYPE_CHECKING:
    from jaxtyping import Float, Int

FEWEST_ROWS = 10  # of an interval
TOO_FEW = f"no interval: fewer than {FEWEST_ROWS} rows"
CONSTANT = "no interval: the targets do not vary"
BOTH = "over rows and permutations"
STANDARDISED = "standardised RMSE"  # of several targets: errors in standard deviations of each, mean over targets
UNMOVED = "no row is right or wrong by it: at most so many may be (Clopper-Pearson)"
Predict = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Change:
    """How much worse a measure is with permuted values: above 0 where the predictions need them.

    name: of the measure; value: the drop of a score, or the rise of a loss, mean over permutations; nan where the
    measure is not defined. low, high: its interval, nan where there is none; method: how it was made, or why not.
    """

    name: str
    value: float
    low: float
    high: float
    method: str

    @property
    def told(self) -> bool:
        """Whether the interval lies above 0 or below it; False where there is none."""
        return self.low > 0 or self.high < 0

    @property
    def shown(self) -> tuple[str, str]:
        """Value and interval as a table has them; an error in the unit of targets with four digits."""
        form = digits if self.name == RMSE else fixed
        ends = "none" if math.isnan(self.low) else f"{form(self.low)} to {form(self.high)}"
        return form(self.value), ends


@dataclass(frozen=True, eq=False)
class RowMoves:
    """What permuting does to each row. base: its own part of a measure; received: mean over permutations of how much
    more that is with the values of other rows; given: how much more those rows' parts are that got its values. [N, C].
    """

    base: Float[np.ndarray, "N C"]
    received: Float[np.ndarray, "N C"]
    given: Float[np.ndarray, "N C"]

    @property
    def mean(self) -> Float[np.ndarray, " C"]:
        """How much more it is."""
        mean: Float[np.ndarray, " C"] = self.received.mean(0)
        return mean

    @property
    def moves(self) -> Float[np.ndarray, "N C"]:
        """How far each row moves that mean, times N; their mean is 0."""
        moves: Float[np.ndarray, "N C"] = self.received + self.given - 2 * self.mean
        return moves


def changes(
    predict: Predict,
    x: Float[np.ndarray, "N D"],
    y: np.ndarray,
    task: str,
    inputs: Sequence[Int[np.ndarray, " I"]],
    *,
    repeats: int,
    seed: int,
    level: float = LEVEL,
    tell: Callable[[int, int], None] = lambda done, groups: None,
) -> list[tuple[Change, Change]]:
    """(the drop of the score, the rise of the loss) for each group of inputs that move together.

    predict: probabilities or numbers [N, C] of inputs [N, D], row by row; inputs: which columns of x each group has;
    repeats: permutations, the same for all groups; level: of every interval by itself; tell: called with how many
    groups are done, and how many there are. x is not changed.
    Scores are accuracy, exact match and R², losses log loss and the root mean squared error. Of several targets R² is
    the mean, and so is the error, that of each in its standard deviations over the rows: their units differ.
    """
    orders = [generator(seed, f"importance/{repeat}").permutation(len(x)) for repeat in range(repeats)]
    parts = _row_parts(task, predict(x), y)
    x, found = x.copy(), []
    for places in inputs:
        own = x[:, places].copy()
        received, given = ({name: np.zeros_like(base) for name, base in parts.items()} for _ in range(2))
        for order in orders:
            x[:, places] = own[order]
            for name, values in _row_parts(task, predict(x), y).items():
                more = values - parts[name]
                received[name] += more / repeats
                given[name][order] += more / repeats
        x[:, places] = own
        moved = {name: RowMoves(base, received[name], given[name]) for name, base in parts.items()}
        found.append(_of_numbers(moved[SQUARED], y, level) if task == "regression" else _of_classes(task, moved, level))
        tell(len(found), len(inputs))
    return found


def _row_parts(task: str, values: np.ndarray, y: np.ndarray) -> dict[str, np.ndarray]:
    """Measure -> what every row gives to it, [N, C] for numbers and [N, 1] else."""
    scores = value_scores(task, values, y)
    names = (SQUARED,) if task == "regression" else (SCORE_NAMES[task], LOG_LOSS)
    return {name: scores[name].astype(np.float64).reshape(len(y), -1) for name in names}


def _of_classes(task: str, moved: dict[str, RowMoves], level: float) -> tuple[Change, Change]:
    name = SCORE_NAMES[task]
    hits, losses = moved[name], moved[LOG_LOSS]
    rows, drop = len(hits.base), -float(hits.mean[0])
    if rows >= FEWEST_ROWS and not hits.received.any() and losses.received.any():
        most = 1 - ((1 - level) / 2) ** (1 / rows)
        score = Change(name, drop, -most, most, UNMOVED)
    else:
        score = _change(name, drop, hits.moves[:, 0], level)
    return score, _change(LOG_LOSS, float(losses.mean[0]), losses.moves[:, 0], level)


def _of_numbers(moved: RowMoves, y: Float[np.ndarray, "N C"], level: float) -> tuple[Change, Change]:
    deviations = (y - y.mean(0, dtype=np.float64)) ** 2
    variance, more = deviations.mean(0), moved.mean
    base = moved.base.mean(0)
    with np.errstate(divide="ignore", invalid="ignore"):
        drops = more / variance
        moves = ((moved.moves - drops * (deviations - variance)) / variance).mean(1)
        after, before = np.sqrt(base + more), np.sqrt(base)
        # to first order, of sqrt(base + more) - sqrt(base); the two are of the same rows
        roots = (moved.moves + moved.base - base) / (2 * after) - (moved.base - base) / (2 * before)
    rises = np.where(more == 0, 0.0, after - before)
    roots = np.where(more == 0, 0.0, roots)
    if len(variance) == 1:
        loss = _change(RMSE, float(rises[0]), roots[:, 0], level)
    else:
        with np.errstate(divide="ignore", invalid="ignore"):
            # the deviations are taken as known: what they vary by is small beside what predictions do
            unit = np.sqrt(variance)
            loss = _change(STANDARDISED, float((rises / unit).mean()), (roots / unit).mean(1), level)
    if not variance.all():
        return Change(R2, math.nan, math.nan, math.nan, CONSTANT), loss
    return _change(R2, float(drops.mean()), moves, level), loss


def _change(name: str, value: float, moves: Float[np.ndarray, " N"], level: float) -> Change:
    """With Student's t of what the rows give."""
    from scipy.stats import t

    rows = len(moves)
    if rows < FEWEST_ROWS or not np.isfinite(moves).all():
        return Change(name, value, math.nan, math.nan, TOO_FEW if rows < FEWEST_ROWS else "no interval: not finite")
    half = float(t.isf((1 - level) / 2, rows - 1) * moves.std(ddof=1) / math.sqrt(rows))
    return Change(name, value, value - half, value + half, BOTH)


def together(
    x: Float[np.ndarray, "N D"], inputs: Sequence[Int[np.ndarray, " I"]], limit: float, fewest: float = 0.05
) -> list[tuple[int, ...]]:
    """Groups of two or more columns that are linked by rank correlations above the limit, one by one.

    The correlation of two columns is the largest |Spearman's rank correlation| of an input of one and an input of the
    other. inputs: of each column; fewest: an input that differs in no more than this share of rows from its most
    frequent value is left out, since two rare categories may coincide in their only rows.
    """
    from scipy.stats import rankdata

    groups = list(range(len(inputs)))
    varies = [[at for at in places if _varies(x[:, at], fewest)] for places in inputs]
    used = [(at, column) for column, those in enumerate(varies) for at in those]
    if len(x) < FEWEST_ROWS or not used:
        return []
    ranks = rankdata(x[:, [at for at, _ in used]], axis=0).astype(np.float32)
    ranks -= ranks.mean(0)
    ranks /= np.sqrt((ranks**2).sum(0))
    owner = np.array([column for _, column in used])
    for place, column in enumerate(owner):  # one input against all: no matrix of all pairs
        linked = np.abs(ranks[:, place] @ ranks) > limit
        for other in np.unique(owner[linked]):
            old, new = groups[other], groups[column]
            groups = [new if each == old else each for each in groups]
    found: dict[int, list[int]] = {}
    for column, group in enumerate(groups):
        found.setdefault(group, []).append(column)
    return [tuple(each) for each in found.values() if len(each) > 1]


def _varies(values: Float[np.ndarray, " N"], fewest: float) -> bool:
    _, counts = np.unique(values, return_counts=True)
    return bool(len(values) - counts.max() > fewest * len(values))
