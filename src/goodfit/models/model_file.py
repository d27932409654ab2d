"""The model file: trained nets of one data set in one safetensors file, with everything that predicting needs.

docs/model-file.md describes the format and says what is checked and what is guaranteed.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from goodfit import __version__, strict_json
from goodfit.arguments import public
from goodfit.errors import InputError, problem
from goodfit.files import write_atomically
from goodfit.models.averaging import decided, mean_values, named
from goodfit.models.conformal import ENTRY, Conformal, checked_coverage, conformal_of
from goodfit.models.model_metadata import MEMBERS_FORMAT, Metadata, read_metadata
from goodfit.models.net_tensors import BEND, entry_of, names_of, net_of, tensors_of, version_of
from goodfit.models.predicting import DIVERGED, diverged_places, read_rows
from goodfit.models.quantiles import bounded_values, levels_in
from goodfit.models.tempering import tempered_net
from goodfit.models.trained_net import TrainedNet
from goodfit.models.whereabouts import model_path
from goodfit.notices import warn
from goodfit.training import tensor_file
from goodfit.wiring import provided

if TYPE_CHECKING:
    from jaxtyping import Bool, Float

    from goodfit.data.tables.preprocessing import Preprocessing
    from goodfit.training.recipe import Recipe

FORMAT = MEMBERS_FORMAT
OLDEST_FORMAT = 1
KIND = "model"
STARTED = "started"  # in `about`: what a training went on from
DESCRIBED = "described"  # in `about`: a recipe with the layers of nets that were trained elsewhere
MOST_PROBLEMS = 20  # of nets that are named


@dataclass(frozen=True, eq=False, repr=False)
class Model:
    """What a model file holds: nets that predict together.

    nets: at least one, all of one task, with the same classes, inputs, outputs, link and preprocessing.
    about: JSON of the writer's, such as the recipe; nets whose places it lists as "diverged" do not predict.
    version: the goodfit that wrote it.
    preprocessing: what turns a table into the nets' inputs, or None where they take numbers as they are; where it is
    not given, that of the nets.
    data: {"name", "fingerprint", "rows"} of what they were trained on, or None.
    InputError where the nets do not belong together, and where "diverged" lists others than these.
    """

    nets: tuple[TrainedNet, ...]
    about: dict[str, Any] = field(default_factory=dict)
    version: str = __version__
    preprocessing: Preprocessing | None = None
    data: dict[str, Any] | None = None

    def __post_init__(self) -> None:
        """Check, and give the preprocessing to nets that were made without."""
        made = together(self.nets, self.preprocessing, "Model")
        diverged_places(self.about, len(self.nets), "Model")
        nets = (net if net.preprocessing is made else replace(net, preprocessing=made) for net in self.nets)
        object.__setattr__(self, "nets", tuple(nets))
        object.__setattr__(self, "preprocessing", made)

    @property
    def task(self) -> str:
        """What the nets are for: "classification", "multilabel" or "regression"."""
        return self.nets[0].task

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes or labels, () for regression."""
        return self.nets[0].classes

    @property
    def targets(self) -> tuple[str, ...]:
        """Names of several targets of a regression, () where they have none, and for other models."""
        return self.nets[0].targets

    @property
    def recipe(self) -> Recipe | None:
        """The recipe that the nets were trained by, or, of nets from elsewhere, one that describes them; None without.

        A recipe of another version of goodfit, which this one cannot read, counts as none.
        """
        from goodfit.training.recipe import Recipe

        for name in ("recipe", DESCRIBED):
            if isinstance(self.about.get(name), dict):
                with contextlib.suppress(InputError):
                    return Recipe.from_mapping(self.about[name])
        return None

    @property
    def predicting(self) -> tuple[TrainedNet, ...]:
        """The nets that predict: those that did not diverge, or all where all did."""
        diverged = diverged_places(self.about, len(self.nets), "Model")
        return tuple(net for place, net in enumerate(self.nets) if place not in diverged) or self.nets

    @property
    def of_folds(self) -> bool:
        """Whether its nets were each validated on a fold: then what they predict together is scored."""
        recipe = self.about.get("recipe")
        members = recipe.get("fold_members") if isinstance(recipe, dict) else None
        return type(members) is int and members > 0

    @property
    def predictor(self) -> Model:
        """The model with the nets that predict and no others."""
        if DIVERGED not in self.about:
            return self
        about = {name: value for name, value in self.about.items() if name != DIVERGED}
        return replace(self, nets=self.predicting, about=about)

    def predict(self, x: Any) -> np.ndarray:
        """Predictions from the mean over the nets that predict, by name.

        x: raw inputs [N, D], or the name of a data set; for a model with preprocessing a table, columns in any order: a
        data frame, a dict of arrays, or the path of a file. What it has too many or lacks is told in warnings.
        classification: names of classes as `classes` has them, an object array [N] of str; multilabel: float32 [N, C]
        of 0 and 1, columns in the order of `classes`; regression: float32 [N, C] in the targets' own unit. InputError
        where x does not fit, or gives numbers that are not finite.
        """
        return named(self.task, self.classes, decided(self.task, mean_values(self.predicting, self._inputs(x))))

    def predict_proba(self, x: Any) -> Float[np.ndarray, "N C"]:
        """Probabilities [N, C], mean over the nets that predict: of the classes or labels, in the order of `classes`.

        Not for regression.

        x: as in `predict`.
        """
        if self.task == "regression":
            raise InputError(problem("Model", "must be a classifier to give probabilities", got=self.task))
        return mean_values(self.predicting, self._inputs(x))

    def predict_interval(self, x: Any, coverage: float = 0.9, *, adaptive: bool = False) -> Float[np.ndarray, "N C 2"]:
        """Prediction intervals [N, C, 2], (low, high) of every target in its own unit, which hold the numbers of new
        rows like those of the training with this probability; see docs/intervals.md.

        x: as in `predict`.
        coverage: above 0 and below 1, default 0.9
        adaptive: whether they are wider where errors at such predictions were larger; otherwise all are equally wide
        InputError for classifiers, and for models without errors on rows that their nets had not learned from.
        """
        if self.task == "classification":
            fix = "Classes have sets: predict_sets."
            raise InputError(problem("Model", "must predict numbers to give intervals", got=self.task, fix=fix))
        found = self._conformal(coverage)
        return found.intervals(bounded_values(self.predicting, self._inputs(x)), coverage, adaptive=adaptive)

    def predict_sets(self, x: Any, coverage: float = 0.9) -> Bool[np.ndarray, "N C"]:
        """Prediction sets: bool [N, C], whether a class, in the order of `classes`, is in the set of a row. Sets hold
        the class of new rows like those of the training with this probability; see docs/intervals.md.

        x: as in `predict`.
        coverage: above 0 and below 1, default 0.9
        InputError for regressions and multilabel targets, and as of `predict_interval`.
        """
        if self.task == "regression":
            fix = "Numbers have intervals: predict_interval."
            raise InputError(problem("Model", "must predict classes to give sets", got=self.task, fix=fix))
        found = self._conformal(coverage)
        return found.sets(mean_values(self.predicting, self._inputs(x)), coverage)

    def _conformal(self, coverage: float) -> Conformal:
        found = conformal_of(self.about, "Model", self.task, self.nets[0].n_outputs, levels_in(self.nets[0]))
        if (note := found.note(checked_coverage(coverage))) is not None:
            warn(note)
        return found

    def tempered(self, temperature: float) -> Model:
        """The same model with the logits of every net divided by a temperature, which `about` tells.

        The temperature is folded into the nets' last layers, so that the model saves, serves and exports as any other;
        see `goodfit.calibration`. InputError for other numbers and regressions.

        temperature: > 0; above 1 the model is less sure.
        """
        nets = tuple(tempered_net(net, temperature) for net in self.nets)
        before = self.about.get("temperature", 1.0)
        told = before * temperature if isinstance(before, int | float) else temperature
        about = {name: value for name, value in self.about.items() if name != ENTRY}  # of other probabilities
        return replace(self, nets=nets, about={**about, "temperature": told})

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a model file, whole or not at all."""
        save_model(path, self.nets, self.about, data=self.data)

    def export(self, kind: str, path: str | os.PathLike[str], *, rows: Any = None) -> Any:
        """Write the model in a form that needs no goodfit; see `goodfit.interop.export.export`.

        kind: "onnx", "torch", "numpy" or "sklearn"
        path: of the file, or of two files without their endings
        rows: to check the export on, as `predict` takes them; None for drawn ones
        """
        return provided("export a model")(self, kind, path, rows=rows)

    def _inputs(self, x: Any) -> Any:
        if isinstance(x, str | os.PathLike):
            x = read_rows(os.fspath(x), table=self.preprocessing is not None)
        if self.preprocessing is None:
            return x
        inputs, notes = self.preprocessing.transform(x, coded=True)
        for note in notes:
            warn(note)
        return inputs

    def __repr__(self) -> str:
        nets = f"{len(self.nets)} nets, " if len(self.nets) > 1 else ""
        return f"Model({nets}{self.nets[0]!r})"


@public
def save_model(
    path: str | os.PathLike[str],
    nets: Sequence[TrainedNet],
    about: Mapping[str, Any] | None = None,
    *,
    preprocessing: Preprocessing | None = None,
    data: Mapping[str, Any] | None = None,
) -> None:
    """Write nets to a model file, whole or not at all.

    The arguments are the fields of `Model`. The nets' hidden layers may differ. InputError where they do not belong
    together, or where `about` or `data` is not what a file can hold (JSON, without numbers that are not finite).

    path: of the file
    nets, about, data: as in `Model`
    preprocessing: nets that were trained on a table have it themselves, and it is always written; of those, another one
    is refused. Nets of one's own may be given one here.
    """
    where = os.fspath(path)
    made = together(nets, preprocessing, where)
    diverged_places(about or {}, len(nets), where)
    version = max(map(version_of, nets))
    metadata = {
        "goodfit": __version__,
        "task": nets[0].task,
        "link": nets[0].link,
        "classes": list(nets[0].classes),
        "nets": [entry_of(net) for net in nets],
        "about": dict(about or {}),
        "preprocessing": None if made is None else made.to_json(),
        "data": None if data is None else dict(data),
    }
    try:
        written = strict_json.parse(json.dumps(metadata, allow_nan=False))
    except (TypeError, ValueError, RecursionError) as error:
        raise InputError(problem(where, f"'about' and the rest must be JSON: {error}")) from error
    _check_preprocessing(read_metadata(written, where, version), nets[0].n_inputs, where)
    tensors = {
        f"nets.{number}.{name}": array for number, net in enumerate(nets) for name, array in tensors_of(net).items()
    }
    write_atomically(path, tensor_file.pack(tensors, metadata, kind=KIND, version=version))


def together(nets: Sequence[TrainedNet], given: Preprocessing | None, where: str) -> Preprocessing | None:
    """The preprocessing of nets that predict together: theirs, or the one given. InputError where they do not fit."""
    kinds = {
        (net.task, net.link, net.classes, net.targets, net.n_inputs, net.n_outputs, levels_in(net)) for net in nets
    }
    if len(kinds) != 1:
        rule = "must hold at least one net, and all of one task and with the same classes, inputs and outputs"
        raise InputError(problem(where, rule, got=f"{len(nets)} nets of {len(kinds)} kinds"))
    first = given if given is not None else nets[0].preprocessing
    free = given is not None  # then nets without one take it
    if any(net.preprocessing != first and not (free and net.preprocessing is None) for net in nets):
        rule = "all nets must take their features from tables by the same preprocessing"
        fix = "Save them apart; 'dataclasses.replace(net, preprocessing=None)' takes the numbers that it makes."
        raise InputError(problem(where, rule, fix=fix))
    return first


@public
def load_model(path: str | os.PathLike[str]) -> Model:
    """Read a model file, of this format or an older one; never runs code from it.

    Everything is checked, down to each number; docs/model-file.md lists it. One InputError names what is wrong.

    path: of the file, of the folder of a finished run, or of that of a search, for the nets of the winner.
    """
    path = model_path(path)
    where = os.fspath(path)
    return model_of(tensor_file.read(path, kind=KIND, version=FORMAT, oldest=OLDEST_FORMAT), where)


def model_of(content: tensor_file.Content, where: str) -> Model:
    """The model in the content of a file. where: its name, for the InputError."""
    found, tensors = read_metadata(content.metadata, where, content.version), content.arrays
    diverged_places(found.about, len(found.nets), where)
    names = {name for number, net in enumerate(found.nets) for name in names_of(number, net)}
    names |= {name for number in range(len(found.nets)) if (name := f"nets.{number}.{BEND}") in tensors}
    if names != tensors.keys() or any(array.dtype != np.float32 for array in tensors.values()):
        wrong = sorted(names ^ tensors.keys()) or sorted({array.dtype.name for array in tensors.values()})
        raise InputError(problem(where, "must hold the float32 tensors of its nets and no others", got=wrong))
    nets: list[TrainedNet] = []
    problems: list[str] = []
    for number, entry in enumerate(found.nets):
        try:
            nets.append(net_of(number, entry, tensors, found))
        except InputError as error:
            problems += [f"{where}: net {number} of {len(found.nets)}: {text}" for text in error.problems]
    if len(problems) > MOST_PROBLEMS:
        problems[MOST_PROBLEMS:] = [problem(where, f"{len(problems) - MOST_PROBLEMS} more problems with its nets")]
    if problems:
        raise InputError(*problems)
    widths = {(net.n_inputs, net.n_outputs) for net in nets}
    if len(widths) > 1:
        raise InputError(problem(where, "all nets must have the same inputs and outputs", got=sorted(widths)))
    return Model(tuple(nets), found.about, found.goodfit, found.preprocessing, found.data)


def _check_preprocessing(found: Metadata, n_inputs: int, where: str) -> None:
    made = None if found.preprocessing is None else found.preprocessing.n_inputs
    if made not in (None, n_inputs):
        raise InputError(problem(where, f"'preprocessing' must make the {n_inputs} inputs of the nets", got=made))
