"""A run: one training with everything that it left behind."""

from __future__ import annotations

import itertools
import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from goodfit.data import Split
from goodfit.data.prints import fingerprint
from goodfit.data.split import Part
from goodfit.errors import InputError, nearest, problem
from goodfit.leaks.check import LeakCheck
from goodfit.models.conformal import ENTRY
from goodfit.models.measures import Measures
from goodfit.models.model_file import STARTED, Model
from goodfit.models.predicting import DIVERGED, ENSEMBLE
from goodfit.models.scores import Score
from goodfit.models.stacked import score_nets
from goodfit.models.trained_net import TrainedNet
from goodfit.nets.member_parts import FULL
from goodfit.runs.bounding import conformal_rows
from goodfit.runs.measured import measured_out_of_fold, measured_part
from goodfit.runs.members import OutOfFold
from goodfit.runs.opening import Opened
from goodfit.runs.opening_runs import open_test_rows, own_split
from goodfit.runs.refitting import Refit
from goodfit.training.history import History
from goodfit.training.recipe import Recipe
from goodfit.training.recipe_rules import last_width
from goodfit.wiring import provided

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from goodfit.runs.starting import GoingOn
    from goodfit.training.optimizer_state import OptimizerState

LEARNING: tuple[Part, ...] = ("train", "valid")  # parts whose rows are not sealed
PART_WORDS: dict[str, str] = {"train": "training", "valid": "validation", "test": "test"}
MEASURED = "goodfit.measures(goodfit.runs.load({}), data)"
SCORE_LABELS = {
    "classification": "accuracy (fraction of rows)",
    "multilabel": "exact match (fraction of rows)",
    "regression": "R² (fraction of variance)",
}
LOSS_LABELS = {
    "cross-entropy": "loss (nats per row)",
    "binary-cross-entropy": "loss (nats per row)",
    "squared-error": "loss (half squared error per row)",
    "absolute-error": "loss (absolute error per row)",
    "huber": "loss (Huber's, per row)",
    "poisson": "loss (half Poisson deviance per row)",
    "quantile": "loss (pinball, sum over levels, per row)",
}


@dataclass(frozen=True)
class LayerRow:
    """One layer of a net, for people.

    parameters: weights and biases
    activation: "" after the last layer.
    """

    name: str  # "hidden 1", ..., "output"
    inputs: int  # numbers that enter a unit
    outputs: int  # units
    parameters: int
    activation: str
    initialiser: str  # of its weights
    dropout: float  # rate of its units, in [0, 1)


@dataclass(frozen=True, eq=False, repr=False)
class Run:
    """One recipe trained with one or several seeds.

    Test rows are sealed: `test` opens them. (Runs of older versions hold a score of "test" as well.)

    nets: one a seed, with the weights of the best epoch where there were validation rows
    scores: part ("train", "valid") -> score with its interval, over the nets that stayed finite
    seconds: spent on data, compile, train and evaluate
    folder: where it was written, or None
    split: its rows, None where it came from a folder
    leaks: what the leak guard found before the training, None where it was not to look
    origin: how the table file that it was trained on was read, None for other data
    stored: its model file's content, None where it did not come from a folder.
    """

    recipe: Recipe  # what was trained
    data_name: str  # of the data set
    task: str  # "classification", "multilabel" or "regression"
    seeds: tuple[int, ...]  # one a net
    nets: tuple[TrainedNet, ...]
    history: History  # loss and score of every epoch and net
    scores: Mapping[str, Score]
    seconds: Mapping[str, float]
    folder: Path | None = None
    split: Split | None = None
    leaks: LeakCheck | None = None
    test_rows: int = 0
    """How many test rows there are."""
    origin: Mapping[str, Any] | None = None
    data_print: str = ""
    """Fingerprint of the data; "" where it was not needed yet."""
    stored: Model | None = None
    out_of_fold: OutOfFold | None = None
    """Of nets that were each validated on a fold: what they predict for the rows that they did not learn from."""
    start: GoingOn | None = None
    """The trained nets that it went on from; None where it began with weights drawn anew."""
    optimizer: OptimizerState | None = None
    """The optimiser's state after the last epoch; None where it was not kept, and for a run from a folder: its file
    there is read where a training goes on from it."""
    measured: Mapping[str, Measures] = field(default_factory=dict)
    """Part -> what was measured as the training ended; empty for runs of older versions. See `measures`."""
    refit: Refit | None = None
    """The nets that predict in the place of `nets`, trained anew on training and validation rows; None without. Scores,
    measures and out-of-fold predictions are of `nets`; `final` are those that predict."""
    ensemble: Mapping[str, Any] | None = None
    """Of `goodfit.fit`: how the nets were chosen and weighed, as JSON has it; None for other runs."""

    @cached_property
    def model(self) -> Model:
        """The nets as a model: what turns a table into their features, the recipe and the data's name with them."""
        if self.stored is not None or self.split is None:
            return self._predicting
        data = self.split.data
        rows = len(data) if data.streamed is None else data.streamed.division.rows
        facts = {"name": data.name, "fingerprint": self.data_print or fingerprint(data), "rows": rows}
        return replace(self._bounded, data=facts)

    @cached_property
    def _bounded(self) -> Model:
        """The model that predicts, with what its intervals or sets are made from."""
        before = self._predicting
        found = None
        if self.stored is None and self.split is not None:
            found = conformal_rows(self.sound, self.split, self.out_of_fold)
        return before if found is None else replace(before, about={**before.about, ENTRY: found.to_json()})

    @cached_property
    def _predicting(self) -> Model:
        """The model without what it says of its data, whose fingerprint takes a look at every value: to predict by."""
        if self.stored is not None:
            return self.stored
        about: dict[str, Any] = {"recipe": self.recipe.to_dict(), "data": self.data_name}
        if self.origin is not None:  # of a table file: the target, and what divided the rows
            about["table"] = {
                name: self.origin[name] for name in ("target", "group", "time", "weight") if name in self.origin
            }
        if self.start is not None:
            about[STARTED] = {"from": self.start.told.source, "print": self.start.told.fingerprint}
        if self.ensemble is not None:
            about[ENSEMBLE] = dict(self.ensemble)
        if self.refit is not None:
            about |= self.refit.about
        elif self.frozen:
            about[DIVERGED] = list(self.frozen)
        nets = self.nets if self.refit is None else self.refit.nets
        return Model(nets, about, preprocessing=None if self.split is None else self.split.data.preprocessing)

    def predict(self, x: Any) -> np.ndarray:
        """Predictions for new rows, from the mean over the nets that stayed finite, as of a `Model`: names of classes,
        labels or numbers.

        x: for a run on a table, a data frame or a dict of columns like it, or the path of a table file, with columns in
        any order and with or without the target; for other runs, raw inputs [N, D] in the unit of the data, or the name
        of a data set.
        """
        return self._predicting.predict(x)

    def predict_proba(self, x: Any) -> np.ndarray:
        """Probabilities [N, C] for new rows, mean over the nets that predict: of the classes or labels, in the order of
        `model.classes`. Not for regression.

        x: as in `predict`.
        """
        return self._predicting.predict_proba(x)

    def predict_interval(self, x: Any, coverage: float = 0.9, *, adaptive: bool = False) -> np.ndarray:
        """Prediction intervals [N, C, 2] for new rows, (low, high) of every target, as of `Model.predict_interval`.

        x: as in `predict`.
        coverage: above 0 and below 1, default 0.9
        adaptive: whether they are wider where errors at such predictions were larger
        """
        return self._bounded.predict_interval(x, coverage, adaptive=adaptive)

    def predict_sets(self, x: Any, coverage: float = 0.9) -> np.ndarray:
        """Prediction sets for new rows: bool [N, C], whether a class is in the set, as of `Model.predict_sets`.

        x: as in `predict`.
        coverage: above 0 and below 1, default 0.9
        """
        return self._bounded.predict_sets(x, coverage)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a model file with all that predicting needs, whole or not at all; `goodfit.load_model` reads it."""
        self.model.save(path)

    @property
    def together(self) -> bool:
        """Whether what the nets predict together is scored: that of nets which were each validated on a fold."""
        return self.out_of_fold is not None

    @property
    def part_words(self) -> dict[str, str]:
        """What the parts are called."""
        return part_words(self.out_of_fold is not None)

    @property
    def best_epochs(self) -> tuple[int, ...]:
        """The epoch of each net's weights, from 1."""
        return tuple(self.history.best_epoch.tolist())

    @property
    def frozen(self) -> tuple[int, ...]:
        """Nets, counted from 0, whose loss was no longer finite: they hold their last finite weights."""
        return tuple(np.flatnonzero(self.history.frozen).tolist())

    @property
    def sound(self) -> tuple[TrainedNet, ...]:
        """The nets that stayed finite, by which the run is scored; all of them if none did."""
        nets = zip(self.nets, self.history.frozen, strict=True)
        return tuple(net for net, frozen in nets if not frozen) or self.nets

    @property
    def final(self) -> tuple[TrainedNet, ...]:
        """The nets that predict: those that were trained anew, where there are such, or `sound`."""
        return self.sound if self.refit is None else self.refit.sound

    def test(self, data: Any = None, *, target: str | Sequence[str] | None = None) -> Opened:
        """Open test rows: the score of the nets on them, once it stands in the ledger (see docs/seal.md).

        data: None opens the test rows of the run's own data. What it was trained on does the same, for a run that came
        from a folder and does not find them itself. Anything else is test data of its own, all of which is scored: a
        data set or its name, or, for a run on a table, a table file, a table or a data frame with the same columns.
        target: the target column of a table file or a data frame, where it is not that of the run's own file.
        InputError where the run's own data have changed since, where there are no test rows, and where most of the rows
        are in the training or validation set.
        """
        return open_test_rows(
            self.final, self.split, self.folder, data, target, start=self.start, together=self.together
        )

    def measures(self, part: Part = "valid") -> Measures:
        """What the nets that stayed finite predict together for a part of the run's rows, measured, with intervals: of
        classes accuracy, balanced accuracy, log loss, Brier score, ROC AUC, average precision, F1 and calibration
        error; of numbers R², root mean squared error, mean and median absolute error. See docs/measures.md.

        Those that were measured as the training ended are kept with the run; others need its data. InputError where
        there are no such rows, the data are not there, or a prediction is not finite.

        part: "valid" or "train"; test rows are sealed, and `run.test().measures` has theirs once they are opened.
        """
        if part not in LEARNING:
            fix = "Open them: run.test().measures." if part == "test" else nearest(part, LEARNING)
            raise InputError(problem("Run", "'part' must be 'valid' or 'train'", got=part, fix=fix))
        if part in self.measured:
            return self.measured[part]
        parts = self.split or own_split(self.folder, None, MEASURED, verb="measured")
        if part == "valid" and self.out_of_fold is not None:
            return measured_out_of_fold(self.out_of_fold, parts.data)
        if not parts.sizes[part]:
            raise InputError(problem("Run", f"there are no {PART_WORDS[part]} rows to measure", got=part))
        return measured_part(self.sound, parts, part)

    def export(self, kind: str, path: str | os.PathLike[str], *, rows: Any = None) -> Any:
        """Write the nets, averaged, with their preprocessing in a form that needs no goodfit; see
        `goodfit.interop.export.export`.

        kind: "onnx", "torch", "numpy" or "sklearn"
        path: of the file, or of two files without their endings
        rows: to check the export on; None for the run's training rows where they are found
        """
        return provided("export a model")(self, kind, path, rows=rows)

    @property
    def sealed(self) -> dict[str, Any] | None:
        """How many test rows are sealed, and what opens them; None without any, and where they were scored in every
        epoch, which the ledger holds as an opening.
        """
        if not self.test_rows or "test_score" in self.history.metrics:
            return None
        how = "run.test()" if self.folder is None else shlex.join(["goodfit", "test", str(self.folder)])
        return {"rows": self.test_rows, "open": how}

    @property
    def parameters(self) -> int:
        """Weights and biases of one net, and what it trained of an encoding."""
        encoding = self.nets[0].encoding
        trained = () if encoding is None else encoding.trained
        return sum(layer.parameters for layer in self.layers) + sum(each.size for each in trained)

    @property
    def layers(self) -> list[LayerRow]:
        """The layers of a net, from the inputs on."""
        return layer_rows(self.recipe, self.nets[0].first_inputs, self.nets[0].n_outputs)

    def card(self) -> Any:
        """The model card, a `goodfit.reports.ModelCard`: data, scores, verdict, leaks, limits, how to load the model.

        InputError or GoodfitError where the ledger or the run's folder cannot be read. No test rows are opened.
        """
        return provided("write a model card")(self)

    def figure(self) -> Figure:
        """Loss and score by epoch, with a band over the seeds."""
        from goodfit.figures import curves
        from goodfit.nets.losses import DEFAULT_LOSSES

        loss = DEFAULT_LOSSES[self.task] if self.recipe.loss == "auto" else self.recipe.loss
        return curves(self.history, score_name=SCORE_LABELS[self.task], loss_name=LOSS_LABELS[loss])

    def _repr_html_(self) -> str:
        """What a notebook shows: the scores and the curves."""
        return str(provided("show in a notebook")(self))

    def to_json(self) -> dict[str, Any]:
        """Everything that `goodfit train --json` prints, as JSON has it."""
        return {
            "data": self.data_name,
            "folder": None if self.folder is None else str(self.folder),
            "recipe": self.recipe.to_dict(),
            "seeds": list(self.seeds),
            "scores": {part: score.to_dict() for part, score in self.scores.items()},
            "measures": {part: found.to_dict() for part, found in self.measured.items()},
            "seconds": dict(self.seconds),
            "epochs": int(self.history.stopped_epoch.max(initial=0)),
            "best_epochs": list(self.best_epochs),
            "frozen": list(self.frozen),
            "parameters": self.parameters,
            "sealed": self.sealed,
            "leaks": None if self.leaks is None else self.leaks.to_json(),
            "start": None if self.start is None else self.start.told.model_dump(),
            **({} if self.refit is None else {"refit": {**self.refit.to_json(), "note": str(self.refit)}}),
            **({} if self.ensemble is None else {ENSEMBLE: dict(self.ensemble)}),
        }

    def __repr__(self) -> str:
        scores = ", ".join(f"{part} {score}" for part, score in self.scores.items())
        return f"Run({self.data_name!r}, {len(self.nets)} nets, {scores})"


def part_words(out_of_fold: bool) -> dict[str, str]:
    """What the parts are called: with fold members, validation rows are those that a net left out."""
    return {**PART_WORDS, "valid": "out of fold"} if out_of_fold else PART_WORDS


def rows_words(rows: int, part: str, *, out_of_fold: bool) -> str:
    """How many rows of which kind: 360 validation rows; 360 new rows; 360 rows, out of fold."""
    some = f"row{'s' * (rows != 1)}"
    if part == "valid" and out_of_fold:
        return f"{rows:,} {some}, out of fold"
    return f"{rows:,} {PART_WORDS.get(part, part)} {some}"


def layer_rows(recipe: Recipe, inputs: int, outputs: int) -> list[LayerRow]:
    """The layers that a recipe gives a net."""
    sizes = [inputs, *recipe.hidden, last_width(recipe, outputs)]
    last = len(recipe.hidden)
    rows = []
    members, full = recipe.members, recipe.member_form == FULL
    for layer, (fan_in, fan_out) in enumerate(itertools.pairwise(sizes)):
        own = members * fan_in if members > 1 and layer < last and (full or not layer) else 0
        own += members * fan_out * (1 + recipe.bias) if own and full else 0
        slope = 1 if layer < last and recipe.activations[layer] == "prelu" else 0
        mixture = fan_out if layer < last and recipe.train_mixture else 0
        rows.append(
            LayerRow(
                name="output" if layer == last else f"hidden {layer + 1}",
                inputs=fan_in,
                outputs=fan_out // members if layer == last else fan_out,
                parameters=fan_in * fan_out + (fan_out if recipe.bias else 0) + slope + mixture + own,
                activation="" if layer == last else recipe.activations[layer],
                initialiser=recipe.init,
                dropout=0.0 if layer == last else recipe.dropouts[layer],
            )
        )
    return rows


def score_parts(nets: Sequence[TrainedNet], parts: Split) -> dict[str, Score]:
    """The scores on the training and, where there are any, the validation rows, over all the nets given."""
    return {part: _scored(nets, parts, part) for part in LEARNING if parts.sizes[part]}


def _scored(nets: Sequence[TrainedNet], parts: Split, part: Part) -> Score:
    return score_nets(nets, parts.x(part), parts.y(part), parts.data.weight_of(parts.rows(part)))
