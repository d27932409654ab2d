"""What may change of nets while they train: fields of their recipes, weights by hand; and a look within an epoch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from goodfit.errors import InputError, Problems, nearest, problem
from goodfit.lab.opening import OpenState
from goodfit.lab.states import LIVE, MOST_EPOCHS, NOT_SHOWN, Act, WeightAct
from goodfit.nets.forms import factors_of, unfolded
from goodfit.runs.checks import fitted_recipe
from goodfit.training.batches import Order
from goodfit.training.cohort import Cohort, cohort_of
from goodfit.training.devices import prepare
from goodfit.training.embeddings import blocks_of
from goodfit.training.fitting import nets_of
from goodfit.training.population import Job
from goodfit.training.recipe import Recipe
from goodfit.training.recipe_fields import to_text
from goodfit.training.recipe_rules import with_schedules_off
from goodfit.training.state import State

WHERE = "Lab"
LENGTH = ("epochs", "patience", "min_change", "monitor")  # that decide when a net stops
BEST = ("loss", "monitor", "huber_delta", "label_smoothing", "class_weight")  # that decide what is compared as best
CHUNK_EPOCHS = 256  # that a chunk has room for
Edit = Callable[[int, list[NDArray[Any]], list[NDArray[Any]]], None]
"""(number of the net, its weights, its biases), which it changes in place."""


@dataclass(frozen=True)
class Mark:
    """A change that was made. act: as a state has it; fields: of the recipe, {} where weights were set."""

    act: Act
    fields: Mapping[str, Any]
    sentence: str

    @property
    def epoch(self) -> int:
        """After which it was made."""
        return self.act.epoch

    def to_json(self) -> dict[str, Any]:
        """What the page is told."""
        return {"epoch": self.epoch, "fields": dict(self.fields), "sentence": self.sentence}


def cohort_for(opened: OpenState, jobs: Sequence[Job]) -> Cohort:
    """The nets of a state as the engine trains them, in chunks that are looked at often."""
    cohort = cohort_of(jobs, opened.examples, prepare())
    # what a chunk has room for is moved with every one: 512 epochs cost 8 nets on two cores 8 % of their time
    return replace(cohort, program=replace(cohort.program, chunk=min(cohort.program.chunk, CHUNK_EPOCHS)))


def changed_jobs(opened: OpenState, jobs: Sequence[Job], fields: Mapping[str, Any]) -> tuple[Job, ...]:
    """The jobs with other fields; InputError where one does not fit, or may not change while a net trains."""
    problems = Problems()
    if not fields:
        problems.add(WHERE, "'fields' must name what changes")
    for name, value in fields.items():
        if name not in Recipe.model_fields:
            problems.add(WHERE, f"{name!r} is not a field of the recipe", fix=nearest(name, LIVE))
        elif name not in LIVE:
            fix = "Open the changed state as a training of its own."
            problems.add(WHERE, f"{name!r} cannot change while a net trains", got=value, fix=fix)
    problems.raise_if_any()
    made = {}
    for job in jobs:
        if job.recipe not in made:
            made[job.recipe] = fitted_recipe(job.recipe.replace(**with_schedules_off(job.recipe, fields)), opened.parts)
    found = tuple(replace(job, recipe=made[job.recipe]) for job in jobs)
    if found[0].recipe.epochs > MOST_EPOCHS:
        rule = f"the lab trains at most {MOST_EPOCHS:,} 'epochs'"
        raise InputError(problem(WHERE, rule, got=found[0].recipe.epochs))
    if found[0].recipe.optimizer in NOT_SHOWN:
        got = found[0].recipe.optimizer
        raise InputError(problem(WHERE, "the lab shows optimisers that learn from batches", got=got))
    return found


def in_words(recipe: Recipe, names: Iterable[str]) -> str:
    """The fields that changed, for people: "learning-rate 0.01, dropout 0.2"."""
    rules = Recipe.fields()
    return ", ".join(f"{rules[name].flag} {to_text(getattr(recipe, name))}" for name in names)


def grafted(fresh: State, old: State, *, keep_optimizer: bool) -> State:
    """The old state in the form of a new program's: what both have stays, the rest is fresh."""
    known = {
        jax.tree_util.keystr(path): leaf
        for path, leaf in jax.tree_util.tree_flatten_with_path(old)[0]
        if keep_optimizer or path[0] != jax.tree_util.GetAttrKey("optimizer")
    }
    leaves, tree = jax.tree_util.tree_flatten_with_path(fresh)
    taken = []
    for path, leaf in leaves:
        own = known.get(jax.tree_util.keystr(path))
        fits = own is not None and own.shape == leaf.shape and own.dtype == leaf.dtype
        taken.append(own if fits else leaf)
    made: State = jax.tree_util.tree_unflatten(tree, taken)
    return copied(made)


def copied(state: State) -> State:
    """A state on the host that nobody else writes to: arrays of a device may be views of what it goes on to use."""
    made: State = jax.tree.map(lambda leaf: np.array(leaf), state)
    return made


def edited(cohort: Cohort, state: State, nets: Iterable[int], edit: Edit) -> State:
    """The state with weights of some nets set by hand; the optimiser's state stays as it is."""
    if blocks_of(cohort.jobs[0].recipe, cohort.examples.categories):
        fix = "Switch train-embedding off."
        raise InputError(problem(WHERE, "weights are not set by hand where embeddings are trained", fix=fix))
    if cohort.jobs[0].recipe.train_scaling:
        fix = "Switch train-scaling off."
        raise InputError(problem(WHERE, "weights are not set by hand where the scaling is trained", fix=fix))
    arrays, made = nets_of(cohort, state.parameters), copied(state)
    for number in nets:
        if number >= len(arrays):
            raise InputError(problem(WHERE, f"'net' must be from 1 to {len(arrays)}", got=number + 1))
        own, place = arrays[number], tuple(cohort.grid.place[number])
        weights, biases = [np.array(each) for each in own.weights], [np.array(each) for each in own.biases]
        edit(number, weights, biases)
        sizes = [weights[0].shape[1], *map(len, biases)]
        trained = unfolded(weights, factors_of(cohort.jobs[number].recipe.parametrization, sizes))
        last = len(made.parameters.weights) - 1
        for layer, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
            at = last if layer == len(weights) - 1 else layer  # as `population.initial_parameters` lays them
            _set(made.parameters.weights[at], place, weight != own.weights[layer], trained[layer])
            if made.parameters.biases[at] is not None:
                _set(made.parameters.biases[at], place, bias != own.biases[layer], bias)
    return made


def _set(laid: Any, place: tuple[int, ...], where: NDArray[np.bool_], values: NDArray[Any]) -> None:
    """Write what differs, and nothing else: the rest keeps its bits."""
    net = laid[place]
    net[tuple(slice(length) for length in where.shape)][where] = values[where]


def one_weight(nets: int, weight: WeightAct) -> Edit:
    """Set one weight or bias."""

    def edit(number: int, weights: list[NDArray[Any]], biases: list[NDArray[Any]]) -> None:
        arrays, at = (weights, (weight.i, weight.j)) if weight.kind == "w" else (biases, (weight.i,))
        layer = weight.layer
        if layer >= len(arrays) or any(own >= most for own, most in zip(at, arrays[layer].shape, strict=True)):
            place = f"unit {weight.i + 1}" if weight.kind == "b" else f"unit {weight.i + 1} and input {weight.j + 1}"
            rule = f"the net has no layer {layer + 1} with {place}"  # the page counts from 1
            raise InputError(problem(WHERE, rule, net=(number + 1, nets)))
        arrays[layer][at] = weight.value

    return edit


def equal_units(nets: int, layer: int) -> Edit:
    """Make all units of a hidden layer alike: what they read by, their biases, and the weights that read them."""

    def edit(number: int, weights: list[NDArray[Any]], biases: list[NDArray[Any]]) -> None:
        if layer >= len(weights) - 1:
            rule = f"'layer' must be a hidden layer; the net has {len(weights) - 1} of them"
            raise InputError(problem(WHERE, rule, got=layer + 1, net=(number + 1, nets)))
        weights[layer][:] = weights[layer].mean()
        biases[layer][:] = biases[layer].mean()
        weights[layer + 1][:] = weights[layer + 1].mean(axis=1, keepdims=True)

    return edit


class _First:
    """The first batches of every epoch, and no rows in the others."""

    def __init__(self, whole: Order, batches: int) -> None:
        self.whole, self.batches = whole, batches
        self.steps, self.width = whole.steps, whole.width

    def epochs(self, first: int, count: int) -> NDArray[np.int32]:
        """As `batches.Order`."""
        rows = np.array(self.whole.epochs(first, count))
        rows[:, self.batches :] = -1
        return rows


def of_first_batches(opened: OpenState, jobs: Sequence[Job], whole: Cohort, batches: int) -> Cohort:
    """The same nets, learning from the first batches of every epoch alone. InputError where nets have folds."""
    examples = opened.examples
    if examples.folds is not None:
        fix = "Step by epochs."
        raise InputError(problem(WHERE, "nets of folds are not shown batch by batch", fix=fix))
    if examples.row_weights is None:  # so that a batch without rows leaves the net as it is
        examples = replace(examples, row_weights=np.ones(len(examples.y), np.float32))
    orders: dict[int, Order] = {
        int(key): _First(order, batches) for key, order in zip(whole.grid.keys.ravel(), whole.orders, strict=True)
    }
    return cohort_of(jobs, examples, prepare(), orders=orders)
