"""Going on from trained nets: a run, a run's folder, a model file, or nets from elsewhere, as the start of a run.

What decides the meaning of weights stays theirs: layers, the scaling of inputs and targets, the preprocessing of a
table. All else is the recipe's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from goodfit.data import Dataset, Preprocessing, Split, Table, load
from goodfit.data.encoding import PiecewiseEncoding
from goodfit.data.prints import Prints
from goodfit.errors import InputError, Problems, problem
from goodfit.models.model_file import load_model, save_model
from goodfit.models.quantiles import joined_head, levels_in
from goodfit.models.trained_net import TrainedNet
from goodfit.notices import warn
from goodfit.runs import defaults
from goodfit.runs.checks import as_split, fitted_recipe, learning_rows
from goodfit.runs.defaults import Asked, whole_recipe
from goodfit.runs.known_rows import Known, all_of
from goodfit.runs.members import fold_of
from goodfit.runs.opening import model_print
from goodfit.runs.record_parts import StartRecord
from goodfit.runs.separate import NOTHING
from goodfit.runs.start_files import START, START_STATE, changed_start, read_state, write_state
from goodfit.training.embeddings import without_vectors
from goodfit.training.examples import Scaling
from goodfit.training.optimizer_state import OptimizerState
from goodfit.training.recipe import Recipe
from goodfit.training.recipe_files import TABLE
from goodfit.training.recipe_rules import BINS, COMPONENTS, FREQUENCIES, levels_of
from goodfit.words import as_listed

if TYPE_CHECKING:
    from goodfit.training.population import Job

WHERE = "Start"
EARLIER = "because the start's weights are from an epoch before its last"
ENCODED_BY = "bins", "frequencies", "components"  # of a recipe, beside "encoding"
SCALED_BY = "scaling", "target_transform", "clip_predictions", "encoding", *ENCODED_BY  # weights belong to them
EMBEDDED = "train_embedding", "embed_above", "embedding_size"
# of a recipe; an optimiser's state belongs to them
FORM = "parametrization", "train_scaling", "train_mixture", *EMBEDDED
KEPT_FIELDS = ("hidden", "activation", "bias", "train_mixture", *SCALED_BY)  # of a recipe, that are the start's
HeldOut = Literal["valid", "test"]
Seen = dict[HeldOut, int]


@dataclass(frozen=True, eq=False)
class Start:
    """Trained nets that a training goes on from.

    source: where they came from, for people; recipe: that they were trained by, or that describes their layers; None
    where they come without one; optimizer: its state after their training, None where it was not kept. known: prints of
    the rows that they "learned" from, with the fold that "left_out" each, and of those by which their epochs were
    "chosen", and of the "columns" that these rows have; None where that cannot be known. searched: fingerprint of the
    data of a search whose winner this is, which learned from all but their test rows.
    """

    nets: tuple[TrainedNet, ...]
    source: str
    recipe: Recipe | None = None
    optimizer: OptimizerState | None = None
    known: Known | None = None
    searched: str | None = None

    def __post_init__(self) -> None:
        """InputError where the optimiser's state is of other nets."""
        if self.optimizer is not None and len(self.optimizer.nets) != len(self.nets):
            rule = f"the optimiser's state must be that of its {len(self.nets)} nets"
            raise InputError(problem(WHERE, rule, got=len(self.optimizer.nets), fix="Start from the model file."))

    @property
    def first(self) -> TrainedNet:
        """The net that stands for all in what they have in common."""
        return self.nets[0]

    @property
    def preprocessing(self) -> Preprocessing | None:
        """Of the table that the nets were trained on; None where they take numbers as they are."""
        return self.first.preprocessing

    @property
    def scaling(self) -> Scaling:
        """Of inputs and targets, as the nets were trained with."""
        net = self.first
        bend, encoding = net.bend if net.bend.any() else None, None if net.encoding is None else net.encoding.bare
        return Scaling(net.shift, net.scale, net.target_shift, net.target_scale, bend, net.transform, encoding)

    def seeds(self, recipe: Recipe) -> Sequence[int]:
        """The seeds of nets that were not asked for otherwise: as many as there are here, theirs where they differ."""
        own = [net.seed for net in self.nets]
        if len(set(own)) == len(own) and recipe.seed == (self.recipe or recipe).seed:
            return own
        return range(recipe.seed, recipe.seed + len(own))

    def place(self, number: int) -> int:
        """The net that net `number` of the new run begins as: they are taken in turn."""
        return number % len(self.nets)

    def takes(self, recipe: Recipe) -> int:
        """Of how many nets a recipe's optimiser goes on with the state that it had."""
        state = self.optimizer
        if state is None or not state.fits(recipe) or not self._trains_alike(recipe):
            return 0
        return sum(state.of(net) is not None for net in range(len(self.nets)))

    def _trains_alike(self, recipe: Recipe) -> bool:
        """Whether a recipe trains weights in the form in which they were trained."""
        own = self.recipe or recipe
        return all(getattr(own, name) == getattr(recipe, name) for name in FORM)

    def left_out_by(self, number: int) -> int:
        """The fold that the net left out as which net `number` of the new run begins; -1 without folds."""
        folds = 0 if self.recipe is None else self.recipe.fold_members
        return fold_of(self.place(number), folds) if folds else -1

    def job(self, number: int, job: Job) -> Job:
        """Net `number` of a run that goes on from here: what it would be anew, with the weights of the start."""
        from goodfit.training.population import NetArrays  # with JAX, which whoever loads a run need not wait for

        net = self.nets[self.place(number)]
        state = self.optimizer.of(self.place(number)) if self.optimizer and self.takes(job.recipe) else None
        waves = () if net.encoding is None else net.encoding.trained
        return replace(job, initial=NetArrays(*joined_head(net), net.slopes, net.mixtures, waves), optimizer=state)

    def record(self, recipe: Recipe, seen: Seen | None) -> StartRecord:
        """What run.json says of it."""
        return StartRecord(
            source=self.source,
            fingerprint=model_print(self.nets),
            nets=len(self.nets),
            optimizer=self.takes(recipe) > 0,
            note=self._of_state(recipe),
            seen=seen,
        )

    def _of_state(self, recipe: Recipe) -> str:
        """What becomes of the optimiser's state, in words."""
        if recipe.optimizer == "sgd" and recipe.momentum == 0:
            return "none, as plain SGD has none"
        taken, nets = self.takes(recipe), len(self.nets)
        if taken:
            other = "" if taken == nets else f" for {taken} of {nets} nets; new for the others, {EARLIER}"
            return f"taken over{other}"
        if recipe.optimizer == "lbfgs":
            return "new, as L-BFGS begins anew on other rows"
        if self.optimizer is None:
            return "new, as the start comes without one"
        if self.optimizer.fits(recipe) and self._trains_alike(recipe):
            return f"new, {EARLIER}"
        return f"new, as that of the start is of {self.optimizer.optimizer} with other settings"

    def write(self, recipe: Recipe, folder: Path) -> None:
        """Write what a run of this recipe that was killed needs of it."""
        about = {} if self.recipe is None else {"recipe": self.recipe.to_dict()}
        save_model(folder / START, self.nets, about)
        write_state(folder / START_STATE, self.optimizer if self.takes(recipe) else None, self.known)

    @classmethod
    def read(cls, folder: Path, found: StartRecord) -> Start:
        """The start of the run in a folder; InputError where it was changed since."""
        model = load_model(folder / START)
        if model_print(model.nets) != found.fingerprint:
            raise changed_start(folder / START)
        state, known = read_state(folder / START_STATE)
        return cls(model.nets, found.source, model.recipe, state, known)


@dataclass(frozen=True, eq=False)
class GoingOn:
    """What a run went on from, and what is told of it."""

    told: StartRecord
    start: Start

    @property
    def rows(self) -> Prints:
        """Prints of the rows that the nets had known before; none where that is unknown."""
        return NOTHING if self.start.known is None else all_of(self.start.known)


def asked_of(start: Start, asked: Asked, data: Any, seeds: Any) -> Recipe:
    """The recipe of a run that goes on, of what `train` was asked for."""
    return recipe_for(start, table_default(start, {}, data, seeds) if asked == TABLE else whole_recipe(asked))


def table_default(start: Start, fields: Mapping[str, Any], data: Any, seeds: Any) -> Recipe:
    """The default for tables for the data and so many nets, without the fields that are the start's to say."""
    given = through(start, load(data) if isinstance(data, str) else data)
    count = len(start.nets) if seeds is None else seeds
    made = defaults.settled({**fields}, given, count, table=True)[0]
    return Recipe(**{name: value for name, value in made.given.items() if name in fields or name not in KEPT_FIELDS})


def recipe_for(start: Start, recipe: Recipe | None) -> Recipe:
    """The recipe of a run that goes on: the start's own, or one that agrees with it in what is the start's to say.

    InputError names every layer that differs.
    """
    own = start.recipe
    if recipe is None:
        if own is None:
            fix = "Give it first: train(recipe, data, start=...)."
            raise InputError(problem(WHERE, "comes without a recipe, so one must be given", fix=fix))
        return own.replace(refit=False) if own.refit else own  # that the start was refit asks for nothing
    net = start.first
    known: dict[str, Any] = {"hidden": net.sizes[1:-1], "activation": net.activations, **_encoding_of(net)}
    known |= {"train_mixture": True} if net.mixtures else {}
    if own is not None:
        known |= {name: getattr(own, name) for name in KEPT_FIELDS if name not in ("hidden", "activation")}
    if net.head is not None:
        known["loss"] = "quantile"
        if recipe.loss == "quantile" or "loss" not in recipe.model_fields_set:  # another loss is the problem to name
            known["levels"] = net.head.levels
    if recipe.encoding != known["encoding"] and "encoding" in recipe.model_fields_set:
        # that it differs is to be named, not the fields that follow from it
        known = {name: value for name, value in known.items() if name not in ENCODED_BY}
    recipe = recipe.replace(**{name: value for name, value in known.items() if name not in recipe.model_fields_set})
    problems = Problems()
    _check_layers(recipe, net, problems)
    _check_rest(recipe, start, problems)
    problems.raise_if_any()
    return recipe


def _check_layers(recipe: Recipe, net: TrainedNet, problems: Problems) -> None:
    hidden = net.sizes[1:-1]
    if len(recipe.hidden) != len(hidden):
        rule = f"'hidden' must have the {len(hidden)} layers of the start, {list(hidden)}"
        problems.add("Recipe", rule, got=list(recipe.hidden), fix="Leave it out to take them from the start.")
        return
    layers = zip(recipe.hidden, hidden, recipe.activations, net.activations, strict=True)
    for number, (units, its, activation, name) in enumerate(layers, 1):
        if units != its:
            problems.add("Recipe", f"'hidden' must give layer {number} its {its} units, as the start has", got=units)
        if activation != name:
            problems.add("Recipe", f"'activation' of layer {number} must be {name}, as in the start", got=activation)


def _check_rest(recipe: Recipe, start: Start, problems: Problems) -> None:
    net, own = start.first, start.recipe
    if not recipe.bias and any(bias.any() for each in start.nets for bias in each.biases):
        problems.add("Recipe", "'bias' must be on: the start has biases", got=False)
    if recipe.members > 1:
        rule = "'members' must be 1 with a start, whose nets have one member"
        problems.add("Recipe", rule, got=recipe.members, fix="Leave it out.")
    if net.mixtures and not recipe.train_mixture:
        rule = "'train_mixture' must be on: the start has mixtures of activations"
        problems.add("Recipe", rule, got=False, fix="Leave it out.")
    if (recipe.loss == "poisson") != (net.link == "exp"):
        rule = "'loss' must be poisson, as the start predicts exp(output)"
        rule = rule if net.link == "exp" else "'loss' cannot become poisson: the start does not predict exp(output)"
        problems.add("Recipe", rule, got=recipe.loss)
    if levels_of(recipe) != (levels := levels_in(net)):
        rule = f"must be quantile with the levels {list(levels)}, as in the start"
        rule = rule if levels else "cannot be quantile: the start gives none"
        problems.add("Recipe", f"'loss' {rule}", got=recipe.loss)
    had = _encoding_of(net) if own is None else {name: getattr(own, name) for name in SCALED_BY}
    for name, its in had.items():
        value = getattr(recipe, name)
        if value != its:
            rule = f"{name!r} must stay {its}: the weights of the start are only right with its scaling"
            problems.add("Recipe", rule, got=value, fix="Leave it out.")
    for name, size in without_vectors(recipe, start.preprocessing, [joined_head(each)[0][0] for each in start.nets]):
        rule = f"'embedding_size' must be larger for the weights that the start has of column \"{name}\""
        problems.add("Recipe", rule, got=size, fix="Or leave 'train_embedding' out.")


def _encoding_of(net: TrainedNet) -> dict[str, Any]:
    """The fields of a recipe by which a net that comes without one is encoded."""
    found: dict[str, Any] = {"encoding": "none", "bins": BINS, "frequencies": FREQUENCIES, "components": COMPONENTS}
    if isinstance(net.encoding, PiecewiseEncoding):
        return found | {"encoding": "piecewise", "bins": net.encoding.bins}
    if net.encoding is None:
        return found
    bare = net.encoding.bare
    return found | {"encoding": "pbld", "frequencies": bare.frequencies, "components": bare.components}


def through(start: Start, data: Any) -> Any:
    """The data as the start's nets take them: a table goes through their preprocessing, not through one of its own."""
    if not isinstance(data, Table) or start.preprocessing is None:
        return data
    features = {column.name for column in start.preprocessing.columns}
    taken = next((name for name in data.target.columns if name in features), None)
    if taken is not None:
        rule = f"has the target {taken!r}, which is a feature of the start"
        raise InputError(problem(f"Table {data.name!r}", rule, fix="Give the start's own target."))
    made = data.through(start.preprocessing)
    for note in made.prepared[1]:
        warn(note)
    return made


def settled(start: Start, recipe: Recipe, given: Dataset | Table | Split) -> tuple[Recipe, Split]:
    """(the recipe, the rows) of a training that goes on: the data as the start had them."""
    parts = as_split(recipe, through(start, given))
    check_data(start, parts.data)
    return fitted_recipe(fitted_batch(start, recipe, learning_rows(parts)), parts), parts


def check_data(start: Start, data: Dataset) -> None:
    """InputError that names all in which the data differ from what the start's nets take."""
    net, where, problems = start.first, f"Data {data.name!r}", Problems()
    if data.preprocessing != start.preprocessing:
        rule = "must go through the preprocessing of the start; they went through another, or none"
        fix = "Give the Table: it then goes through the start's. Or divide it yourself: table.through(preprocessing)."
        if start.preprocessing is None:
            rule, fix = "must be numbers as they are: the start has no preprocessing of tables", "Give a Dataset."
        problems.add(where, rule, fix=fix)
    elif data.n_inputs != net.n_inputs:
        problems.add(where, f"must have the {net.n_inputs} features of the start", got=data.n_inputs)
    if data.task != net.task:
        problems.add(where, f"must be for {net.task}, as the start is", got=data.task)
    elif data.classes != net.classes:
        strange = [name for name in data.classes if name not in net.classes]
        lacking = [name for name in net.classes if name not in data.classes]
        told = "; ".join(
            f"{word}: {', '.join(map(repr, some[:5]))}{', ...' * (len(some) > 5)}"
            for word, some in (("unknown to it", strange), ("missing here", lacking))
            if some
        )
        problems.add(where, f"must have the classes of the start, in its order; {told or 'the order differs'}")
    elif data.n_outputs != net.n_outputs:
        problems.add(where, f"must have the {net.n_outputs} targets of the start", got=data.n_outputs)
    elif data.targets and net.targets and data.targets != net.targets:
        rule = f"must have the targets of the start in its order, {', '.join(map(as_listed, net.targets))}"
        problems.add(where, rule, got=data.targets)
    problems.raise_if_any()


def fitted_batch(start: Start, recipe: Recipe, rows: int) -> Recipe:
    """The recipe with the start's batch size cut to the rows, where nobody asked for another."""
    own = start.recipe
    taken = own is not None and recipe.batch_size == own.batch_size and recipe.optimizer != "lbfgs"
    return recipe.replace(batch_size=rows) if taken and recipe.batch_size > rows else recipe
