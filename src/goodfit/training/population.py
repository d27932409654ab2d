"""Nets as arrays: jobs are laid on a grid of devices, of groups that share rows, and of nets; and taken off again."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from goodfit.data.periodic import PeriodicColumns
from goodfit.errors import InputError, problem
from goodfit.nets.activations import ACTIVATIONS
from goodfit.nets.embedding import CategoryBlock, embedded_inputs, gathered
from goodfit.nets.encoding import Waves
from goodfit.nets.forms import factors_of, folded, unfolded
from goodfit.nets.forward import Architecture, Parameters
from goodfit.nets.member_parts import Members
from goodfit.training.embeddings import blocks_of, embedded, initial_vectors
from goodfit.training.examples import Examples
from goodfit.training.initialise import READ, READ_OF_ROWS, Layer, initial_layers, initial_waves, rows_to_fit
from goodfit.training.machine import machine
from goodfit.training.member_arrays import laid_members, taken_members
from goodfit.training.recipe import Recipe
from goodfit.training.recipe_rules import last_width
from goodfit.training.schedules import Schedule

GROUP_COST = 0.25  # what a group costs beside its nets, in nets, where it is not told


@dataclass(frozen=True)
class NetArrays:
    """One net off the grid, at its own size: weights [out, in], biases [out] (zeros where the recipe has none) and
    slopes (prelu) a layer. Weights are those that the net has, whatever the form in which they are trained. mixtures:
    the share of its activation that each unit takes, [H] a hidden layer; () where all take all of it. waves: of its
    periodic encoding, as `PeriodicEncoding.trained` has them; () without one. members: what members that share the
    weights have of their own, the output layer apart, which has their outputs one above the other; None of one member.
    """

    weights: tuple[NDArray[Any], ...]
    biases: tuple[NDArray[Any], ...]
    slopes: tuple[float | None, ...]
    mixtures: tuple[NDArray[Any], ...] = ()
    waves: tuple[NDArray[Any], ...] = ()
    members: Members | None = None


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

    recipe: with the seed of the net
    rows: number of its set of row weights
    initial: the weights to start from, where they are not the recipe's to draw
    schedule: in the place of the recipe's
    length: epochs of the training of which the recipe's are the first, None where they are all
    plateau: None stops the net when the recipe's patience is over.
    group: nets with the same number share their rows, and must share their seed; None groups nets by their seeds.
    optimizer: the state of the optimiser that goes with them, by name (see `carrying`), where there is one
    """

    recipe: Recipe
    rows: int = 0
    initial: NetArrays | None = None
    schedule: Schedule | None = None
    length: int | None = None
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
        inputs=embedded_inputs(examples.inputs, blocks_of(jobs[0].recipe, examples.categories)),
        widths=widths,
        outputs=last_width(deepest, examples.outputs),
        activations=deepest.activations,
        masked=any(h != widths for h in hidden),
        ragged=any(len(h) < len(widths) for h in hidden),
        dropout=any(rate > 0 for job in jobs for rate in job.recipe.dropouts),
        input_dropout=any(job.recipe.input_dropout > 0 for job in jobs),
        lean=machine().memory_bound,
        members=deepest.members,
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
    blocks = blocks_of(jobs[0].recipe, examples.categories)
    vectors = []

    def drawn(job: Job) -> list[Layer]:
        fitted = job.recipe.init_data != "none"
        key = tuple(getattr(job.recipe, name) for name in READ + (READ_OF_ROWS if fitted else ()))
        key = (*key, job.rows) if fitted else key
        if key not in known:
            x = _inputs_to_fit(job, examples, blocks) if fitted else None
            known[key] = initial_layers(job.recipe, architecture.inputs, architecture.outputs, x)
        return known[key]

    for net, job in enumerate(jobs):
        given = job.initial
        layers = list(zip(given.weights, given.biases, strict=True)) if given else drawn(job)
        own_vectors = initial_vectors(job.recipe, blocks)
        if given and blocks:
            first, own_vectors = _unspread(layers[0][0], blocks)
            layers[0] = first, layers[0][1]
        vectors.append(own_vectors)
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
    scales = any(job.recipe.train_scaling for job in jobs)
    return Parameters(
        tuple(map(grid.lay, weights)),
        laid,
        slopes,
        grid.lay(np.ones((len(jobs), architecture.inputs), dtype)) if scales else None,
        _mixtures(jobs, architecture, grid, dtype),
        _waves(jobs, examples, grid, dtype),
        tuple(grid.lay(np.stack(own).astype(dtype)) for own in zip(*vectors, strict=True)) if blocks else None,
        laid_members([job.recipe for job in jobs], architecture, examples, grid.lay, dtype),
    )


def _mixtures(jobs: Sequence[Job], architecture: Architecture, grid: NetGrid, dtype: Any) -> Any:
    """The shares that units begin with: 1, or those of the net that is gone on from; None where no net trains any."""
    if not any(job.recipe.train_mixture for job in jobs):
        return None
    laid = [np.ones((len(jobs), width), dtype) for width in architecture.widths]
    for net, job in enumerate(jobs):
        for layer, own in enumerate(job.initial.mixtures if job.initial else ()):
            laid[layer][net, : len(own)] = own
    return tuple(map(grid.lay, laid))


def _waves(jobs: Sequence[Job], examples: Examples, grid: NetGrid, dtype: Any) -> Any:
    """The periodic encodings that nets begin with; None where inputs are encoded otherwise, or not."""
    if not isinstance(examples.scaling.encoding, PeriodicColumns):
        return None
    return Waves(
        *(grid.lay(np.stack(own).astype(dtype)) for own in zip(*(_own_waves(j, examples) for j in jobs), strict=True))
    )


def _own_waves(job: Job, examples: Examples) -> tuple[NDArray[Any], ...]:
    """The periodic encoding that a net begins with; () where there is none."""
    encoding = examples.scaling.encoding
    if not isinstance(encoding, PeriodicColumns):
        return ()
    return job.initial.waves if job.initial and job.initial.waves else initial_waves(job.recipe, encoding)


def _unspread(weights: NDArray[Any], blocks: Sequence[CategoryBlock]) -> tuple[NDArray[Any], tuple[NDArray[Any], ...]]:
    """The first layer of a net that is gone on from, with the vectors that it has for categories."""
    first, vectors, whole = gathered(weights, blocks)
    for block, fits in zip(blocks, whole, strict=True):
        if not fits:
            rule = f"weights of {block.vectors} categories must come of vectors as small as the recipe's"
            raise InputError(problem("Start", rule, got=block.size, fix="Give a larger embedding_size."))
    return first, vectors


def _slope(job: Job, layer: int, start: float) -> float:
    """The slope that a net's layer starts with."""
    given = job.initial.slopes[layer] if job.initial and layer < len(job.initial.slopes) else None
    return start if given is None else given


def learned_rows(job: Job, examples: Examples) -> NDArray[np.integer]:
    """The rows that a job's net learns from."""
    rows = examples.train + examples.set_rows * job.rows
    sets = examples.learning_weights
    return rows if sets is None else rows[sets[min(job.rows, len(sets) - 1)][rows] > 0]


def _inputs_to_fit(job: Job, examples: Examples, blocks: Sequence[CategoryBlock]) -> NDArray[np.float64]:
    """Rows that a net learns from, as its first layer sees them."""
    rows = rows_to_fit(job.recipe, learned_rows(job, examples))
    x = examples.scaling_of(job.rows).inputs(examples.x[rows], _own_waves(job, examples))
    return embedded(x, job.recipe, blocks)


def take_net(
    parameters: Parameters, recipe: Recipe, place: NDArray[np.int64], blocks: Sequence[CategoryBlock] = ()
) -> NetArrays:
    """Cut one net out of padded arrays [K, S, M, ...] (on the host), with plain weights.

    recipe: the net's; blocks: that it embeds
    """
    at, hidden = tuple(place), recipe.hidden
    outputs = parameters.weights[-1].shape[-2]
    sizes = [parameters.weights[0].shape[-1], *hidden, outputs]
    layers = [*range(len(hidden)), len(parameters.weights) - 1]
    trained = [
        np.asarray(parameters.weights[layer])[at][:o, :i] for layer, i, o in zip(layers, sizes, sizes[1:], strict=False)
    ]
    scale = np.asarray(parameters.input_scale)[at] if recipe.train_scaling else None
    tables = [np.asarray(table)[at] for table in parameters.embeddings or ()]
    weights = folded(trained, factors_of(recipe.parametrization, sizes), scale, tables, blocks)
    biases = tuple(
        np.zeros(o, parameters.weights[0].dtype) if bias is None else np.asarray(bias)[at][:o]
        for bias, o in zip([parameters.biases[layer] for layer in layers], sizes[1:], strict=True)
    )
    slopes = tuple(None if s is None else float(np.asarray(s)[at]) for s in parameters.slopes[: len(hidden)])
    shares = parameters.mixtures if recipe.train_mixture and parameters.mixtures is not None else ()
    mixtures = tuple(np.asarray(own)[at][:h] for own, h in zip(shares, hidden, strict=False))
    waves = tuple(np.asarray(own)[at] for own in jax.tree.leaves(parameters.waves))
    members = taken_members(parameters.members, recipe, at)
    return NetArrays(weights, biases, slopes, mixtures, waves, members)
