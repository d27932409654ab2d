"""How large a verdict may be in the time that a person gives: how many rows, epochs and repeats it measures on.

The sizes are decided once, before anything is trained, from what a step is predicted to cost, or for a run from what
its own training took; they are kept with the call, so that a verdict that was killed goes on to the same answer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from goodfit.data import Dataset
from goodfit.data.folds import Indexes, some_rows
from goodfit.runs.checks import FEWEST_STEPS, SMALLEST_BATCH
from goodfit.selection.preparing import LearningRows
from goodfit.training.recipe import Recipe

MINUTES = 3.0  # that a verdict may take where nobody says how long
QUICK_SECONDS = 5.0  # likewise of a quick one
REPEATS = 3  # of the folds, at most, where nobody says how many
LATER = 0.5  # of the nets of the first repeat of the folds, that a later one is expected to train
SAFE = 0.7  # of the time that is given, for which the sizes are chosen: predictions may be too low
FIRST = 0.7  # of that, that the first repeat may take where others may follow
FEWEST_ROWS = 1000  # below which fewer epochs are measured before fewer rows
FEWEST_EPOCHS = 4
FEWEST_OF_CLASS = 10  # rows that are kept of every class, or one a fold, as far as there are so many
ROUNDS = 4  # in which the size is found: predicted time is not quite proportional to it


@dataclass(frozen=True)
class Sizes:
    """What is measured.

    rows: of those that learn, None for all.
    epochs: of the recipe, None for its own.
    repeats: of the folds, at most.
    whole: seconds that are predicted for the first repeat with all rows and epochs.
    """

    rows: int | None = None
    epochs: int | None = None
    repeats: int = REPEATS
    whole: float = 0.0

    @property
    def whole_trainings(self) -> bool:
        """Whether trainings have as many steps as the recipe's own."""
        return self.rows is None and self.epochs is None


ALL = Sizes()


def choose_sizes(
    seconds_of: Callable[[Sizes], float], rows: int, recipe: Recipe, seconds: float, repeats: int | None, most: int
) -> Sizes:
    """The largest sizes that are predicted to take no longer than so many seconds.

    seconds_of: predicted for the first repeat with some sizes.
    rows: that there are.
    repeats: that were asked for; None for as many as there is time for, `most` at most.
    """
    later, seconds = LATER * ((repeats or 1) - 1), SAFE * seconds
    allowed = seconds * (FIRST if repeats is None and most > 1 else 1 / (1 + later))
    sizes = Sizes(repeats=1)
    needed = whole = seconds_of(sizes)
    if needed > allowed:
        sizes, needed = _smaller(seconds_of, rows, recipe.epochs, allowed, needed)
    if repeats is None:
        repeats = max(1, int(min(most, 1 + (seconds - needed) / (LATER * needed))))  # there may be no limit to the time
    return replace(sizes, repeats=repeats, whole=whole)


def _smaller(
    seconds_of: Callable[[Sizes], float], rows: int, epochs: int, allowed: float, needed: float
) -> tuple[Sizes, float]:
    """Fewer rows, and where they are few fewer epochs; with the seconds that they are predicted to take."""
    fewest, share = min(FEWEST_ROWS, rows), 1.0
    sizes = Sizes(repeats=1)
    for _ in range(ROUNDS):
        if needed <= allowed:
            break
        share *= 0.95 * allowed / needed
        of_rows = max(fewest, int(share * rows))
        of_epochs = max(min(FEWEST_EPOCHS, epochs), min(epochs, int(epochs * share * rows / of_rows)))
        sizes = Sizes(of_rows if of_rows < rows else None, of_epochs if of_epochs < epochs else None, 1)
        needed = seconds_of(sizes)
    return sizes, needed


def sampled(learning: LearningRows, rows: int | None, folds: int = 0) -> LearningRows:
    """So many of the rows: the latest where they are in time, else drawn so that classes keep their shares.

    folds: of which every one is to have a row of every class, as far as there are so many.
    """
    if rows is None or rows >= len(learning.rows):
        return learning
    source, own = learning.source, learning.rows
    bare = source if isinstance(source, Dataset) else source.dataset(own)
    if bare.time is not None:
        order = own[np.argsort(bare.time[own], kind="stable")]
        return learning._replace(rows=np.sort(order[-rows:]))
    drawn: Indexes = some_rows(bare, own, rows, seed=0, latest=False)
    if bare.task == "classification":  # a rare class must still stand in every fold
        rng, least = np.random.default_rng(0), max(FEWEST_OF_CLASS, int(folds))
        for code in range(len(bare.classes)):
            lacking = least - int((bare.y[drawn] == code).sum())
            if lacking > 0:  # files are often sorted: their first rows would not do
                others = np.setdiff1d(own[bare.y[own] == code], drawn)
                drawn = np.concatenate([drawn, rng.permutation(others)[:lacking]])
    return learning._replace(rows=np.sort(drawn).astype(np.int32))


def shortened(recipe: Recipe, sizes: Sizes, rows: int) -> Recipe:
    """The recipe for that many rows: a batch that leaves enough steps in an epoch, and fewer epochs if need be."""
    fields: dict[str, object] = {}
    if sizes.rows is not None and recipe.optimizer != "lbfgs":
        fields["batch_size"] = min(recipe.batch_size, max(SMALLEST_BATCH, rows // FEWEST_STEPS))
    if sizes.epochs is not None:
        fields["epochs"] = sizes.epochs
        fields["warmup"] = min(recipe.warmup, sizes.epochs / 2)
    return recipe.replace(**fields) if fields else recipe


def steps_of(recipe: Recipe, rows: int) -> float:
    """About how many steps a training on so many rows has; a batch size that was not asked for fits the rows."""
    batch = recipe.batch_size
    if "batch_size" not in recipe.model_fields_set:
        batch = min(batch, max(SMALLEST_BATCH, rows // FEWEST_STEPS))
    return recipe.epochs * max(1.0, rows / batch)
