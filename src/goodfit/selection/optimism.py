"""How much too good the winner's score is, because it won: bootstrap bias-corrected cross-validation."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from goodfit.errors import InputError, Problems, problem
from goodfit.intervals import LEVEL
from goodfit.models.tails import UNSEEN_ERRORS, UNSEEN_MEAN, UNSEEN_TARGETS, about_positive, relative
from goodfit.selection.comparing import ROUNDING

if TYPE_CHECKING:
    from jaxtyping import Bool, Float

BLOCK = 1 << 21  # numbers that are held at a time

ALL_EQUAL = "no interval: all draws agree, which does not say how far other rows would move them"


@dataclass(frozen=True)
class Optimism:
    """The winner's score, and what it is likely to be on rows that had no say in choosing it.

    winner: index of the setting with the highest mean, the first of equals. winner_score: its mean over rows.
    corrected: the estimate without the advantage of having been picked. low, high: its interval at `level`; where there
    is none, both are nan and `reason` says why. failed: indices of settings that took no part, for a row of theirs has
    no finite score. rows: how many rows it stands on.
    """

    winner: int
    winner_score: float
    corrected: float
    low: float
    high: float
    level: float
    rows: int
    failed: tuple[int, ...] = ()
    reason: str = ""

    @property
    def bias(self) -> float:
        """By how much the winner's score is too high: winner_score - corrected; 0 where one setting leads by far."""
        return self.winner_score - self.corrected


def bootstrap_bias_corrected(
    row_scores: ArrayLike,
    draws: int = 1000,
    seed: int = 0,
    *,
    level: float = LEVEL,
    most: float = math.inf,
    target_parts: ArrayLike | None = None,
) -> Optimism:
    """Estimate the score of "the best of these settings" with the choosing included.

    row_scores: [settings, rows], the score of every row by nets that were not trained on it, higher is better: hits (0
    or 1, or a mean over seeds) or negative losses; at least two rows. A setting with a row that is not finite takes no
    part and is named; it is an InputError if there is no other. draws: bootstrap samples, default 1000. most: what no
    score without a lower bound exceeds, 1 for R² and 0 for negative losses; for hits it is not given. target_parts:
    [rows], for R² what each row gives to the variance of the targets, 1 on average.

    A draw takes as many rows as there are, with replacement; the setting that is best on them is scored on the rows
    that were not drawn (settings that are equal there share). `corrected` is the mean of these scores; it is taken
    as the winner's score plus the mean difference to the winner on the same rows, which has the same expectation and
    less noise: it is the winner's score exactly if there is one setting, or if one is best in every draw.

    low, high: percentiles of the draws' scores. A draw scores about N/e rows only, so that they lie further apart than
    the estimate's own error would have them, sqrt(e - 1) = 1.31 times for one setting; in simulations of 1 to 50
    settings on 50 to 1000 rows they held the winner's true score in 97 to 100 % where 95 % were asked for. The estimate
    was right within 0.002 for equal settings, and up to 0.012 too low where settings truly differ and rows are 50.
    With `most`, each end is the farther one of the percentile and of the interval that allows for heavy tails
    (`goodfit.models.tails`) about `corrected`: draws of the rows at hand hold none of the errors that these lack, and
    with log-normal noise on 50 rows the percentiles alone held an R² in 86 %.
    Rows are taken as independent draws and the nets as given: how another training set would move them is not in it.
    Source: Tsamardinos, Greasidou & Borboudakis (2018), Bootstrapping the out-of-sample predictions for efficient and
    accurate cross-validation.
    """
    table, failed = _checked(row_scores, draws, level)
    alive = np.flatnonzero(~failed)
    means = table.mean(1)
    top = means >= means.max() - ROUNDING * np.abs(means.max())
    chosen, of_winner = map(np.concatenate, zip(*_draws(table, top, draws, seed), strict=True))
    if not chosen.size:
        raise InputError(
            problem("Optimism", "no bootstrap sample left a row out", got=draws, fix="Use more draws, or more data.")
        )
    score = float(means[top][0])
    low, high = np.quantile(chosen, [(1 - level) / 2, (1 + level) / 2])
    corrected = score + float((chosen - of_winner).mean())
    agree = high - low <= ROUNDING * abs(score)
    if math.isfinite(most) and corrected < most and score < most:
        below = most - table[top.argmax()]  # [N], how far the winner's rows are off
        parts = 1.0 if target_parts is None else np.asarray(target_parts, np.float64)
        tails = relative(below / below.mean() - parts, ratio=target_parts is not None)
        unseen = UNSEEN_MEAN if target_parts is None else UNSEEN_TARGETS
        least, far = about_positive(most - corrected, tails, len(below), level, unseen, UNSEEN_ERRORS)
        low, high = min(low, most - far), max(high, most - least)
    return Optimism(
        winner=int(alive[top.argmax()]),
        winner_score=score,
        corrected=corrected,
        low=math.nan if agree else float(low),
        high=math.nan if agree else float(high),
        level=level,
        rows=table.shape[1],
        failed=tuple(np.flatnonzero(failed).tolist()),
        reason=ALL_EQUAL if agree else "",
    )


def _draws(
    table: Float[np.ndarray, "S N"], top: Bool[np.ndarray, " S"], draws: int, seed: int
) -> Iterator[tuple[Float[np.ndarray, " B"], Float[np.ndarray, " B"]]]:
    """In blocks of draws: the chosen setting's mean on the rows that were not drawn, and the winner's on the same.

    Draws that leave no row out are left away; with two rows that is every second one.
    """
    settings, rows = table.shape
    rng = np.random.default_rng(seed)
    size = max(1, BLOCK // max(rows, settings))
    for start in range(0, draws, size):
        block = min(size, draws - start)
        places = rng.integers(rows, size=(block, rows)) + rows * np.arange(block)[:, None]
        counts = np.bincount(places.ravel(), minlength=block * rows).reshape(block, rows)  # [B, N]
        left = (counts == 0).astype(np.float64)
        some = left.any(1)
        inside = counts[some].astype(np.float64) @ table.T / rows  # [B, S]
        outside = left[some] @ table.T / left[some].sum(1, keepdims=True)
        best = inside.max(1, keepdims=True)
        first = inside >= best - ROUNDING * np.abs(best)
        yield (first * outside).sum(1) / first.sum(1), outside[:, top].mean(1)


def _checked(
    row_scores: ArrayLike, draws: int, level: float
) -> tuple[Float[np.ndarray, "S N"], Bool[np.ndarray, " S"]]:
    """The scores of the settings without a failure, and which settings have one."""
    table = np.asarray(row_scores)
    found = Problems()
    if table.ndim != 2 or table.shape[0] < 1 or table.shape[1] < 2:
        found.add("Optimism", "'row_scores' must be a table of settings by at least two rows", got=table.shape)
    if draws < 1:
        found.add("Optimism", "'draws' must be an integer >= 1", got=draws)
    if not 0 < level < 1:
        found.add("Optimism", "'level' must be above 0 and below 1", got=level)
    found.raise_if_any()
    failed = ~np.isfinite(table).all(1)
    if failed.all():
        rule = f"all {len(table)} settings have a row without a finite score, so there is none to choose"
        raise InputError(problem("Optimism", rule))
    return table[~failed].astype(np.float64), failed
