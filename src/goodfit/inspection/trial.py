"""What the advice is worth: the present recipe and the advised one, trained side by side with the same seeds."""

from __future__ import annotations

import hashlib
import json
import math
import os
import shlex
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from goodfit import __version__
from goodfit.data import Split
from goodfit.data.prints import fingerprint
from goodfit.errors import InputError, problem
from goodfit.inspection.advising import Advice
from goodfit.intervals import SCORE_BOUNDS, about, of_differences
from goodfit.runs.checks import seeds_of
from goodfit.runs.run import Run
from goodfit.runs.training import train, train_kept
from goodfit.training.memory import free_memory
from goodfit.training.metrics import SCORE_NAMES
from goodfit.training.recipe import Recipe
from goodfit.training.store import SessionRecord, read_call, session_folder
from goodfit.training.turns import MOST_MEMORY
from goodfit.wiring import provided

SEEDS = 5
UNFINISHED, RECORD = "trial", "trial.json"  # the folder, in that of a run, that holds a trial until it is done


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

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        return str(provided("show in a notebook")(self))

    def to_json(self) -> dict[str, Any]:
        """All fields, as JSON has them."""
        return {**vars(self), "before": self.before.tolist(), "after": self.after.tolist()}


def try_advice(
    advice: Advice,
    recipe: Recipe,
    parts: Split,
    seeds: int | Iterable[int] = range(SEEDS),
    *,
    out: str | Path | None = None,
    call: Mapping[str, Any] | None = None,
) -> Trial:
    """Train both recipes with every seed, each as one population, and compare the nets pair by pair.

    Scores are on validation rows where there are some, else on training rows; test rows stay sealed.
    out: folder of the run. What was trained is kept there, in UNFINISHED, until the trial is done, so that the same
    call resumes where it was killed.
    call: what that call was made of, for `unfinished_call`.
    """
    if not advice:
        raise InputError(problem("Inspection", "there is no advice to try"))
    part: Any = "valid" if len(parts.valid) else "train"
    seeds = seeds_of(recipe, seeds, "Inspection")
    sides = [("before", recipe, parts), ("after", advice.applied(recipe), advice.split(parts))]
    if out is None:
        return _compared(part, parts, seeds, [train(each, rows, seeds=seeds) for _, each, rows in sides])
    record = SessionRecord(_digest(sides, seeds), MOST_MEMORY * free_memory(), "trial", call, fingerprint(parts.data))
    finish = shlex.join(["goodfit", "inspect", "--resume", str(out)])
    with session_folder(Path(out) / UNFINISHED, RECORD, record, "trial", finish) as (folder, memory):
        runs = [train_kept(each, rows, seeds, folder / name, memory) for name, each, rows in sides]
        found = _compared(part, parts, seeds, runs)
        shutil.rmtree(folder, ignore_errors=True)
    return found


def _compared(part: Any, parts: Split, seeds: Sequence[int], runs: Sequence[Run]) -> Trial:
    """The nets of both recipes, pair by pair."""
    before, after = (
        np.asarray([net.score(parts.x(part), parts.y(part)).value for net in run.nets], np.float64) for run in runs
    )
    gain = after - before
    name, mean, (low, high) = SCORE_NAMES[parts.data.task], float(gain.mean()), (math.nan, math.nan)
    if len(gain) > 1:
        error = float(gain.std(ddof=1)) / math.sqrt(len(gain))
        low, high = about(mean, error, len(gain) - 1, bounds=of_differences(SCORE_BOUNDS[name]))
    losses = tuple(_last_loss(run) for run in runs)
    return Trial(name, part, tuple(seeds), before, after, mean, low, high, (losses[0], losses[1]))


def unfinished_call(folder: str | Path) -> dict[str, Any]:
    """The call of the trial that was interrupted in a run's folder; InputError where there is none."""
    where = Path(folder) / UNFINISHED
    if not os.path.exists(where / RECORD):
        rule, fix = "must hold a trial that was interrupted; there is none", "Start it with goodfit inspect RUN --try."
        raise InputError(problem(str(folder), rule, fix=fix))
    return read_call(where, RECORD, "trial")


def _digest(sides: Sequence[tuple[str, Recipe, Split]], seeds: Sequence[int]) -> str:
    """Of all that decides a trial."""
    told = [
        [recipe.to_json(), fingerprint(parts.data), parts.train.tolist(), parts.valid.tolist()]
        for _, recipe, parts in sides
    ]
    about = json.dumps([__version__, list(seeds), told])
    return hashlib.blake2b(about.encode(), digest_size=16).hexdigest()


def _last_loss(run: Run) -> float:
    """The mean over nets of the last training loss that is finite."""
    table = run.history["train_loss"]
    lasts = [column[np.isfinite(column)] for column in table.T]
    known = [float(column[-1]) for column in lasts if column.size]
    return float(np.mean(known)) if known else math.nan
