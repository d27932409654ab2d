"""Nets as arrays: jobs are laid on a grid of devices, of groups that share rows, and of nets; and taken off again."""

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from goodfit.nets.activations import ACTIVATIONS
from goodfit.nets.forms import Forms, factors_of, folded, unfolded
from goodfit.nets.forward import Architecture, Parameters, Present
from goodfit.training.examples import Examples
from goodfit.training.initialise import READ, READ_OF_ROWS, Layer, initial_layers, rows_to_fit
from goodfit.training.machine import machine
from goodfit.training.recipe import Recipe
from goodfit.training.recipe_rules import levels_of
from goodfit.training.schedules import Schedule
from goodfit.training.state import RATE_FACTORS, Rates, Settings
from goodfit.training.stopping import NEVER

GROUP_COST = 0.25  # what a group costs beside its nets, in nets, where it is not told
UNLIMITED = np.inf  # the clipping norm of a net without clipping


@dataclass(frozen=True)
class NetArrays:
    """One net off the grid, at its own size: weights [out, in], biases [out] (zeros where the recipe has none) and
    slopes (prelu) a layer. Weights are those that the net has, whatever the form in which they are trained.
    """

    weights: tuple[NDArray[Any], ...]
    biases: tuple[NDArray[Any], ...]
    slopes: tuple[float | None, ...]


@dataclass(frozen=True)
class Plateau:
    """What a net does that is out of patience: its learning rate is multiplied by `factor`, while the share of it
    that is left is above `floor`; then it stops.
    """

    factor: float
    floor: float


@dataclass(frozen=True)
class Job:
    """One net to train: its recipe (with its seed), and which set of row weights it learns with.

    initial: the weights to start from, where they are not the recipe's to draw; optimizer: the state of the optimiser
    that goes with them, by name (see `carrying`), where there is one; schedule: in the place of the recipe's; plateau:
    None stops the net when the recipe's patience is over. group: nets with the same number share their rows, and must
    share their seed; None groups nets by their seeds.
    """

    recipe: Recipe
    rows: int = 0
    initial: NetArrays | None = None
    schedule: Schedule | None = None
    plateau: Plateau | None = None
    group: int | None = None
    optimizer: Mapping[str, NDArray[Any]] | None = None

    @property
    def key(self) -> int:
        """What nets that share their rows have in common."""
        return self.recipe.seed if self.group is None else self.group


@dataclass(frozen=True)
class NetGrid:
    """Where each net lies: place[i] = (device, group, place in the group) of net i.

    keys: [K, S] the key of every group; a place that no net takes repeats net 0 and trains no epoch.
    """

    devices: int
    groups: int
    nets: int
    place: NDArray[np.int64]
    keys: NDArray[np.int64]

    @property
    def shape(self) -> tuple[int, int, int]:
        """(K, S, M)."""
        return self.devices, self.groups, self.nets

    def lay(self, values: NDArray[Any]) -> Any:
        """[P, ...] to [K, S, M, ...]; empty places hold the value of net 0. A program's argument: Array and NDArray."""
        source = np.zeros(self.shape, np.int64)
        source[tuple(self.place.T)] = np.arange(len(self.place))
        return values[source]

    def take(self, values: Any, axis: int = 0) -> NDArray[Any]:
        """[..., K, S, M, ...] with K at `axis`, to [..., P, ...]."""
        index = (slice(None),) * axis + tuple(self.place.T)
        return np.asarray(values)[index]

    @property
    def empty(self) -> NDArray[np.bool_]:
        """[K, S, M]: places that no net takes."""
        empty = np.ones(self.shape, bool)
        empty[tuple(self.place.T)] = False
        return empty


def lay_out(keys: Sequence[int], devices: int, group_cost: float = GROUP_COST) -> NetGrid:
    """A grid for nets with these keys: nets of a group have one key and share their rows; devices share the groups.

    All groups have room for as many nets, so that nets of one key may be cut into several groups: into as many as cost
    least, by the places of a device. group_cost: of a group beside its nets, in nets.
    """
    members: dict[int, list[int]] = {}
    for net, key in enumerate(keys):
        members.setdefault(key, []).append(net)
    sizes = np.asarray([len(nets) for nets in members.values()])
    devices = min(devices, len(keys))
    rooms = np.arange(1, sizes.max() + 1)
    groups = -(-(-(-sizes[:, None] // rooms)).sum(0) // devices)  # of a device, for every size of a group
    costs = groups * (rooms + group_cost)
    # of equal costs, up to rounding, the largest groups: fewer and larger products
    room = int(rooms[costs <= costs.min() * (1 + 1e-9)].max())
    shape = devices, int(groups[room - 1]), room
    place, number = np.zeros((len(keys), 3), np.int64), 0
    for nets in members.values():
        for piece in np.array_split(nets, -(-len(nets) // room)):
            for at, net in enumerate(piece):
                place[net] = number // shape[1], number % shape[1], at
            number += 1
    table = np.full(shape[:2], keys[0], np.int64)
    table[place[:, 0], place[:, 1]] = keys
    return NetGrid(*shape, place, table)


def pad_architecture(jobs: Sequence[Job], examples: Examples) -> Architecture:
    """The smallest architecture that holds every job's: the widest of each layer, the deepest of all."""
    hidden = [job.recipe.hidden for job in jobs]
    widths = padded_widths(hidden)
    deepest = max((job.recipe for job in jobs), key=lambda recipe: len(recipe.hidden))
    return Architecture(
        inputs=examples.inputs,
        widths=widths,
        outputs=examples.outputs * max(1, len(levels_of(deepest))),
        activations=deepest.activations,
        masked=any(h != widths for h in hidden),
        ragged=any(len(h) < len(widths) for h in hidden),
        dropout=any(rate > 0 for job in jobs for rate in job.recipe.dropouts),
        input_dropout=any(job.recipe.input_dropout > 0 for job in jobs),
        lean=machine().memory_bound,
    )


def padded_widths(hidden: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    """The widest of each layer; where a net has fewer layers, wide enough to pass its last layer through."""
    depth = max(map(len, hidden))
    widths = [max((sizes[layer] for sizes in hidden if len(sizes) > layer), default=0) for layer in range(depth)]
    for sizes in hidden:
        for layer in range(len(sizes), depth):
            widths[layer] = max(widths[layer], sizes[-1])
    return tuple(widths)


def initial_parameters(
    jobs: Sequence[Job], architecture: Architecture, examples: Examples, grid: NetGrid, dtype: Any
) -> Parameters:
    """Every net's initial weights, padded with zeros, [K, S, M, ...]."""
    sizes = [architecture.inputs, *architecture.widths, architecture.outputs]
    last = len(architecture.widths)
    weights = [np.zeros((len(jobs), o, i), dtype) for i, o in itertools.pairwise(sizes)]
    biases = [np.zeros((len(jobs), o), dtype) for o in sizes[1:]]
    known: dict[Any, list[Layer]] = {}  # nets that differ in other settings start alike

    def drawn(job: Job) -> list[Layer]:
        fitted = job.recipe.init_data != "none"
        key = tuple(getattr(job.recipe, name) for name in READ + (READ_OF_ROWS if fitted else ()))
        key = (*key, job.rows) if fitted else key
        if key not in known:
            x = _inputs_to_fit(job, examples) if fitted else None
            known[key] = initial_layers(job.recipe, architecture.inputs, architecture.outputs, x)
        return known[key]

    for net, job in enumerate(jobs):
        given = job.initial
        layers = list(zip(given.weights, given.biases, strict=True)) if given else drawn(job)
        own = factors_of(job.recipe.parametrization, [layers[0][0].shape[1], *(len(b) for _, b in layers)])
        trained = unfolded([np.asarray(w, dtype) for w, _ in layers], own)
        layers = [(w, b) for w, (_, b) in zip(trained, layers, strict=True)]
        for layer, (w, b) in enumerate(layers):
            # a shallower net's output layer is the program's too; the layers between pass its units through
            at = last if layer == len(layers) - 1 else layer
            weights[at][net, : w.shape[0], : w.shape[1]] = w
            biases[at][net, : b.shape[0]] = b
    slopes = tuple(
        None if start is None else grid.lay(np.asarray([_slope(job, layer, start) for job in jobs], dtype))
        for layer, start in enumerate(ACTIVATIONS[name].slope for name in architecture.activations)
    )
    laid = tuple(grid.lay(b) if jobs[0].recipe.bias else None for b in biases)
    scale = np.ones((len(jobs), architecture.inputs), dtype) if _any_scales(jobs) else None
    return Parameters(tuple(map(grid.lay, weights)), laid, slopes, None if scale is None else grid.lay(scale))


def _any_scales(jobs: Sequence[Job]) -> bool:
    return any(job.recipe.train_scaling for job in jobs)


def _slope(job: Job, layer: int, start: float) -> float:
    """The slope that a net's layer starts with."""
    given = job.initial.slopes[layer] if job.initial and layer < len(job.initial.slopes) else None
    return start if given is None else given


def settings_of(
    jobs: Sequence[Job],
    schedules: Sequence[Schedule],
    architecture: Architecture,
    examples: Examples,
    grid: NetGrid,
    dtype: Any,
) -> Settings:
    """Everything traced that the jobs' recipes decide, [K, S, M, ...]. schedules: the program's table of schedules."""
    recipes = [job.recipe for job in jobs]

    def numbers(values: Sequence[Any], kind: Any = dtype) -> Any:
        return grid.lay(np.asarray(values, kind))

    names = [
        ("learning_rate", "learning_rate"),
        ("momentum", "momentum"),
        ("epsilon", "epsilon"),
        ("l1", "l1"),
        ("l2", "l2"),
    ]
    rates = {to: numbers([getattr(recipe, name) for recipe in recipes]) for name, to in names}
    epochs = numbers([recipe.epochs for recipe in recipes], np.int32)
    # never active: an empty place keeps no loop going, and what is computed there is not taken
    epochs[grid.empty] = 0
    return Settings(
        rates=Rates(
            **rates,
            beta1=numbers([recipe.betas[0] for recipe in recipes]),
            beta2=numbers([recipe.betas[1] for recipe in recipes]),
            weight_decay=numbers([recipe.weight_decay for recipe in recipes]),
            penalize_biases=numbers([recipe.penalize_biases for recipe in recipes]),
            clip_norm=numbers([recipe.clip_norm or UNLIMITED for recipe in recipes]),
            factors={
                kind: numbers([getattr(recipe, name) for recipe in recipes])
                for kind, name in RATE_FACTORS.items()
                if any(getattr(recipe, name) != 1 for recipe in recipes)
            },
            forms=_forms(recipes, architecture, numbers),
        ),
        smoothing=numbers([recipe.label_smoothing for recipe in recipes]),
        huber_delta=numbers([recipe.huber_delta for recipe in recipes]),
        dropout=numbers([_padded(recipe.dropouts, len(architecture.widths)) for recipe in recipes]),
        input_dropout=numbers([recipe.input_dropout for recipe in recipes]),
        class_weight=numbers([class_weights(job, examples) for job in jobs]),
        schedule=numbers([schedules.index(schedule_of(job)) for job in jobs], np.int32),
        row_weights=numbers([job.rows for job in jobs], np.int32),
        epochs=epochs,
        patience=numbers([recipe.patience or NEVER for recipe in recipes], np.int32),
        min_change=numbers([recipe.min_change for recipe in recipes]),
        on_score=numbers([recipe.monitor == "score" for recipe in recipes], bool),
        plateau_factor=numbers([job.plateau.factor if job.plateau else 1.0 for job in jobs]),
        plateau_floor=numbers([job.plateau.floor if job.plateau else np.inf for job in jobs]),
        present=_present(recipes, architecture, grid, dtype),
    )


def _forms(recipes: Sequence[Recipe], architecture: Architecture, numbers: Callable[..., Any]) -> Forms:
    """In which forms the nets train; a layer that a net lacks has the factor 1."""
    factors = None
    if any(recipe.parametrization != "standard" for recipe in recipes):
        table = np.ones((len(recipes), len(architecture.widths) + 1))
        for net, recipe in enumerate(recipes):
            sizes = [architecture.inputs, *recipe.hidden, architecture.outputs]
            *hidden, last = factors_of(recipe.parametrization, sizes)
            table[net, : len(hidden)], table[net, -1] = hidden, last
        factors = tuple(map(numbers, table.T))
    scales = [recipe.train_scaling for recipe in recipes]
    return Forms(factors, numbers(scales, bool) if any(scales) else None)


def schedule_of(job: Job) -> Schedule:
    """The schedule of a job; what its kind does not read is left at its default, so that equal ones are equal."""
    if job.schedule is not None:
        return job.schedule
    recipe = job.recipe
    schedule = Schedule(kind=recipe.schedule, warmup=recipe.warmup)
    if recipe.schedule in ("step", "exponential"):
        schedule = replace(schedule, rate=recipe.schedule_rate, every=recipe.schedule_epochs)
    if recipe.schedule in ("cosine", "one-cycle"):
        schedule = replace(schedule, final=recipe.final_rate, epochs=recipe.epochs)
    return schedule


def learned_rows(job: Job, examples: Examples) -> NDArray[np.integer]:
    """The rows that a job's net learns from."""
    rows = examples.train + examples.set_rows * job.rows
    sets = examples.learning_weights
    return rows if sets is None else rows[sets[min(job.rows, len(sets) - 1)][rows] > 0]


def _inputs_to_fit(job: Job, examples: Examples) -> NDArray[np.float64]:
    """Rows that a net learns from, as its first layer sees them."""
    rows = rows_to_fit(job.recipe, learned_rows(job, examples))
    return examples.scaling_of(job.rows).inputs(examples.x[rows])


def class_weights(job: Job, examples: Examples) -> NDArray[np.float64]:
    """The weight of each class in a job's loss, [C]. Balanced: rows / (classes * rows of the class)."""
    given = job.recipe.class_weight
    if given is None:
        return np.ones(examples.outputs)
    if given != "balanced":
        return np.asarray(given, np.float64)
    sets = examples.learning_weights
    weights = np.ones(len(examples.y)) if sets is None else sets[min(job.rows, len(sets) - 1)]
    rows = examples.train + examples.set_rows * job.rows
    counts = np.bincount(examples.y[rows], weights=weights[rows], minlength=examples.outputs)
    return np.where(counts > 0, counts.sum() / (examples.outputs * np.maximum(counts, 1e-12)), 0.0)


def _padded(values: Sequence[float], length: int) -> list[float]:
    return [*values, *([0.0] * (length - len(values)))]


def _present(recipes: Sequence[Recipe], architecture: Architecture, grid: NetGrid, dtype: Any) -> Present:
    units = []
    for layer, width in enumerate(architecture.widths):
        real = np.asarray([r.hidden[layer] if len(r.hidden) > layer else 0 for r in recipes])
        units.append(grid.lay((np.arange(width) < real[:, None]).astype(dtype)))
    depths = np.asarray([len(recipe.hidden) for recipe in recipes])
    return Present(tuple(units), grid.lay(np.arange(len(architecture.widths)) < depths[:, None]))


def take_net(parameters: Parameters, recipe: Recipe, place: NDArray[np.int64]) -> NetArrays:
    """Cut one net out of padded arrays [K, S, M, ...] (on the host), with plain weights. recipe: the net's."""
    at, hidden = tuple(place), recipe.hidden
    outputs = parameters.weights[-1].shape[-2]
    sizes = [parameters.weights[0].shape[-1], *hidden, outputs]
    layers = [*range(len(hidden)), len(parameters.weights) - 1]
    trained = [
        np.asarray(parameters.weights[layer])[at][:o, :i] for layer, i, o in zip(layers, sizes, sizes[1:], strict=False)
    ]
    scale = np.asarray(parameters.input_scale)[at] if recipe.train_scaling else None
    weights = folded(trained, factors_of(recipe.parametrization, sizes), scale)
    biases = tuple(
        np.zeros(o, parameters.weights[0].dtype) if bias is None else np.asarray(bias)[at][:o]
        for bias, o in zip([parameters.biases[layer] for layer in layers], sizes[1:], strict=True)
    )
    slopes = tuple(None if s is None else float(np.asarray(s)[at]) for s in parameters.slopes[: len(hidden)])
    return NetArrays(weights, biases, slopes)
