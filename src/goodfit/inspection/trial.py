"""What the advice is worth: the present recipe and the advised one, trained side by side with the same seeds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from goodfit.data import Split
from goodfit.errors import InputError, problem
from goodfit.inspection.advising import Advice
from goodfit.runs.run import Run
from goodfit.runs.training import train
from goodfit.training.metrics import SCORE_NAMES
from goodfit.training.recipe import Recipe

SEEDS = 5


@dataclass(frozen=True, eq=False)
class Trial:
    """Scores of both recipes on the same rows, a seed each. part: which rows; before, after: [S]; difference: mean of
    after - before, with low and high the 95 % interval over seeds (Student's t, paired); nan with one seed.
    train_loss: mean loss in the last epoch, before and after.
    """

    score_name: str
    part: str
    seeds: tuple[int, ...]
    before: Float[np.ndarray, " S"]
    after: Float[np.ndarray, " S"]
    difference: float
    low: float
    high: float
    train_loss: tuple[float, float]

    def to_json(self) -> dict[str, Any]:
        """All fields, as JSON has them."""
        return {**vars(self), "before": self.before.tolist(), "after": self.after.tolist()}


def try_advice(advice: Advice, recipe: Recipe, parts: Split, seeds: Sequence[int] = range(SEEDS)) -> Trial:
    """Train both recipes with every seed, each as one population, and compare the nets pair by pair.

    Scores are on validation rows where there are some, else on training rows; test rows stay sealed.
    """
    if not advice:
        raise InputError(problem("Inspection", "there is no advice to try"))
    part: Any = "valid" if len(parts.valid) else "train"
    runs = [
        train(recipe, parts, seeds=seeds),
        train(advice.applied(recipe), advice.split(parts), seeds=seeds),
    ]
    before, after = (
        np.asarray([net.score(parts.x(part), parts.y(part)).value for net in run.nets], np.float64) for run in runs
    )
    gain = after - before
    mean, half = float(gain.mean()), math.nan
    if len(gain) > 1:
        from scipy.special import stdtrit

        half = float(stdtrit(len(gain) - 1, 0.975) * gain.std(ddof=1) / math.sqrt(len(gain)))
    losses = tuple(_last_loss(run) for run in runs)
    name = SCORE_NAMES[parts.data.task]
    return Trial(name, part, tuple(seeds), before, after, mean, mean - half, mean + half, (losses[0], losses[1]))


def _last_loss(run: Run) -> float:
    """The mean over nets of the last training loss that is finite."""
    table = run.history["train_loss"]
    lasts = [column[np.isfinite(column)] for column in table.T]
    known = [float(column[-1]) for column in lasts if column.size]
    return float(np.mean(known)) if known else math.nan
