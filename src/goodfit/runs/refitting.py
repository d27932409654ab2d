"""Refitting: once validation has chosen how long to train, nets for the same settings that learn from all of its rows.

Source: Goodfellow, Bengio and Courville, "Deep Learning" (2016), section 7.8, which trains anew on training and
validation rows together and says that nothing tells whether for as many steps or for as many passes over the rows. Here
it is passes: epochs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from goodfit.data import Split
from goodfit.errors import InputError, Problems, problem
from goodfit.models.model_file import Model, load_model, save_model
from goodfit.models.predicting import DIVERGED
from goodfit.models.trained_net import TrainedNet
from goodfit.training.history import History

if TYPE_CHECKING:
    from goodfit.training.recipe import Recipe

ENTRY = "refit"  # in `about` of a model, and in run.json
BEFORE = "before-refit.safetensors"  # in the folder of a run: the nets that were validated
FOLDER = "refit"  # in it, while the second training lasts
KEYS = {"rows", "epochs"}


@dataclass(frozen=True, eq=False)
class Refit:
    """The nets that predict in the place of those that were validated.

    nets: one for each net that had stayed finite, with its seed; frozen: which diverged, one each; rows: that they
    learned from; epochs: of each, as many as its validation had chosen.
    """

    nets: tuple[TrainedNet, ...]
    frozen: tuple[bool, ...]
    rows: int
    epochs: tuple[int, ...]

    @property
    def sound(self) -> tuple[TrainedNet, ...]:
        """Those that stayed finite; all of them if none did."""
        return tuple(net for net, stuck in zip(self.nets, self.frozen, strict=True) if not stuck) or self.nets

    @property
    def about(self) -> dict[str, Any]:
        """What the model file says of it."""
        stuck = [place for place, each in enumerate(self.frozen) if each]
        return {ENTRY: self.to_json(), **({DIVERGED: stuck} if stuck else {})}

    def to_json(self) -> dict[str, Any]:
        """As run.json has it."""
        return {"rows": self.rows, "epochs": list(self.epochs)}

    @property
    def text(self) -> str:
        """What must be known of every score that stands beside it."""
        low, high = min(self.epochs), max(self.epochs)
        span = (f"{low}" if low == high else f"{low} to {high}") + f" epoch{'s' * (high > 1)}"
        alone = len(self.nets) == 1
        nets, do, have = (
            ("1 net", "predicts", "It has") if alone else (f"{len(self.nets)} nets", "predict", "They have")
        )
        lost = f" {sum(self.frozen)} of them diverged." if any(self.frozen) else ""
        return (
            f"{nets} trained anew on all {self.rows:,} training and validation rows for {span}, as many as "
            f"validation chose, {do}.{lost} {have} no validation score: scores and intervals here are of the "
            "nets before."
        )

    def __str__(self) -> str:
        return f"Refit: {self.text}"


def check_refit(recipe: Recipe, parts: Split, *, start: bool, score_test: bool) -> None:
    """InputError where there is nothing that could choose the length, or where nets would not be the run's own."""
    if not recipe.refit:
        return
    problems = Problems()
    if parts.folds is None and not len(parts.valid):
        rule = "'refit' needs a validation set or fold members, which choose how long to train"
        problems.add("Recipe", rule, fix="Hold out data with 'valid', or leave it out: all rows train already.")
    elif not (recipe.keep_best or recipe.patience):
        rule = "'refit' needs 'keep_best' or 'patience', by which validation chooses how long to train"
        problems.add("Recipe", rule, fix="Leave it out: such nets train for all their epochs.")
    if start:
        rule = "'refit' trains nets anew, so it cannot go on from others"
        problems.add("Recipe", rule, fix="Leave it out, or train without a start.")
    if score_test:
        rule = "'refit' cannot stand beside 'score_test', which scores the nets before"
        problems.add("Recipe", rule, fix="Open the test set once the run is done: goodfit test.")
    problems.raise_if_any()


def refit_recipe(recipe: Recipe, epochs: int) -> Recipe:
    """The recipe of the second training: the same for so many epochs, with nothing that needs validation rows."""
    return of_length(recipe.replace(refit=False, fold_members=0, valid=0.0, patience=0), epochs)


def of_length(recipe: Recipe, epochs: int) -> Recipe:
    """The recipe for so many epochs; a warm-up that they are too few for ends an epoch before them."""
    ramp = {"warmup": min(recipe.warmup, epochs - 1.0)} if recipe.warmup else {}
    return recipe.replace(epochs=epochs, **ramp)


def all_rows(parts: Split) -> Split:
    """The split with its validation rows among those that train; test rows stay sealed."""
    rows = np.sort(np.concatenate([parts.train, parts.valid]))
    return Split(parts.data, rows, rows[:0], parts.rows("test"), seed=parts.seed)


def lengths(seeds: Sequence[int], history: History) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """(seeds, epochs) of the nets to be trained anew: of those that stayed finite, or of all where none did."""
    stuck = history.frozen
    kept = [place for place in range(len(seeds)) if not stuck[place] or stuck.all()]
    return tuple(seeds[place] for place in kept), tuple(max(1, int(history.best_epoch[place])) for place in kept)


def write_before(folder: Path, nets: Sequence[TrainedNet], about: Mapping[str, Any]) -> None:
    """Write the nets that were validated beside those that predict."""
    save_model(folder / BEFORE, nets, about)


def read_refit(folder: Path, predicting: Model) -> tuple[Model, Refit]:
    """(the nets that were validated, the refit) of the run in a folder; InputError where its files are damaged.

    predicting: what its model file holds
    """
    found = predicting.about.get(ENTRY)
    try:
        rows, epochs = _facts(found)
        if len(epochs) != len(predicting.nets):
            raise ValueError("each net has a length")
    except (TypeError, ValueError) as error:
        rule = f"{ENTRY!r} in 'about' of the model must be what goodfit writes"
        raise InputError(problem(str(folder), rule, got=found, fix="Restore a backup, or train again.")) from error
    stuck = predicting.about.get(DIVERGED, ())
    frozen = tuple(place in stuck for place in range(len(predicting.nets)))
    return load_model(folder / BEFORE), Refit(predicting.nets, frozen, rows, epochs)


def _facts(found: Any) -> tuple[int, tuple[int, ...]]:
    """ValueError or TypeError for anything but what `Refit.to_json` gives."""
    if not isinstance(found, Mapping) or found.keys() != KEYS:
        raise ValueError("entries")
    rows, epochs = found["rows"], found["epochs"]
    if not isinstance(epochs, Sequence) or any(type(each) is not int or each < 1 for each in (rows, *epochs)):
        raise ValueError("counts")
    return rows, tuple(epochs)
