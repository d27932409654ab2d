"""A cohort: jobs that one compiled program trains, with the program and its arguments."""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from goodfit.arguments import public
from goodfit.data.encoding import PiecewiseEncoding
from goodfit.data.periodic import PeriodicColumns
from goodfit.data.target_transform import inverse_parts
from goodfit.errors import InputError, problem
from goodfit.nets.encoding import Edges
from goodfit.nets.forward import Architecture, Parameters
from goodfit.nets.losses import DEFAULT_LOSSES
from goodfit.training import embeddings
from goodfit.training.batches import Order, RowOrder, WithoutFold, can_be_drawn
from goodfit.training.cohort_orders import every_batch_counts, only_leave_out, orders_by_key, orders_by_rows
from goodfit.training.examples import Examples
from goodfit.training.machine import machine
from goodfit.training.metrics import score_scale, square_weights
from goodfit.training.population import (
    Job,
    NetGrid,
    initial_parameters,
    lay_out,
    pad_architecture,
)
from goodfit.training.recipe import Recipe
from goodfit.training.recipe_rules import levels_of
from goodfit.training.schedules import Schedule
from goodfit.training.settings import schedules_of, settings_of
from goodfit.training.state import (
    RATE_FACTORS,
    Chunk,
    Draws,
    Layout,
    OwnScaling,
    OwnUnit,
    Program,
    ProgramRows,
    Settings,
)
from goodfit.training.windows import StreamOrder

MOST_EPOCHS_A_CHUNK = 512


@dataclass(frozen=True)
class Cohort:
    """Jobs and their program. Everything here is on the host; `training.fit` runs it.

    schedules: the distinct schedules of the jobs, in the order of the program's table
    dtype: of all arithmetic.
    """

    jobs: tuple[Job, ...]  # one a net
    examples: Examples  # what they learn from
    grid: NetGrid  # how the nets lie in the program's arrays
    architecture: Architecture  # of all nets, padded to the largest
    program: Program  # what is compiled
    schedules: tuple[Schedule, ...]
    dtype: Any
    orders: tuple[Order, ...]  # of the rows, one a group of nets

    @property
    def epochs(self) -> int:
        """The most epochs that any job asks for."""
        return max(job.recipe.epochs for job in self.jobs)

    @property
    def windows(self) -> int:
        """What the program counts as epochs, of which so many are one; 1 but for rows that are not in memory."""
        return 1 if self.examples.streamed is None else cast("StreamOrder", self.orders[0]).windows

    @property
    def seeds(self) -> NDArray[np.uint32]:
        """[K, S] the seed of every group, of which its nets' dropout comes."""
        # a group of empty places may have any seed: nothing in it trains
        seeds = np.full(self.grid.shape[:2], self.jobs[0].recipe.seed, np.uint32)
        seeds[self.grid.place[:, 0], self.grid.place[:, 1]] = [job.recipe.seed for job in self.jobs]
        return seeds

    def initial_parameters(self) -> Parameters:
        """[K, S, M, ...], drawn from the jobs' seeds."""
        return initial_parameters(self.jobs, self.architecture, self.examples, self.grid, self.dtype)

    def settings(self) -> Settings:
        """[K, S, M, ...], from the jobs' recipes."""
        return settings_of(self.jobs, self.schedules, self.architecture, self.examples, self.grid, self.dtype)

    def rows(self) -> ProgramRows:
        """The data and how they are read."""
        examples, scaling = self.examples, self.examples.scaling
        weights = examples.learning_weights
        weights = np.ones((1, 1)) if weights is None else weights
        squares = square_weights(examples) if examples.squares is None else examples.squares
        parts = []
        for name in self.program.parts:
            own = examples.weights_of(name)
            blocks = blocks_of(examples.parts[name], self._block_rows())
            parts.append((blocks, None if own is None else own.astype(self.dtype)))
        with np.errstate(over="ignore"):  # where one target dwarfs all others, these have next to no variance
            squares = tuple(each.astype(self.dtype) for each in squares)
        arrays: dict[str, Any] = {
            "x": examples.x,
            "y": examples.y if scaling.transform is None else scaling.transform.forward(examples.y).astype(self.dtype),
            "shift": scaling.shift.astype(self.dtype),
            "scale": scaling.scale.astype(self.dtype),
            "target_shift": scaling.target_shift.astype(self.dtype),
            "target_scale": scaling.target_scale.astype(self.dtype),
            "weights": weights.astype(self.dtype),
            "parts": tuple(parts),
            "squares": squares,
            "own": self._own_scaling(),
            "layout": self._layout(),
            "bend": None
            if scaling.bend is None or examples.own_scalings is not None
            else scaling.bend.astype(self.dtype),
            "unit": self._own_unit(),
            "bins": self._bins(),
        }
        return ProgramRows(**arrays)

    def chunk(self, first: int, count: int, score_every: int = 1) -> Chunk:
        """The arguments of epochs first .. first + count - 1. Parts are scored every `score_every` epochs.

        first: number of the first epoch, from 0
        count: how many epochs
        """
        room, steps = self.program.chunk, self.program.steps
        order, counts = (self._draws if self.program.draws_orders else self._drawn)(first, count)
        table = np.ones((room, steps, len(self.schedules)), self.dtype)
        for number, schedule in enumerate(self.schedules):
            table[:count, :, number] = schedule.factors(first, count, steps)
        # counted from the training's first epoch: the same epochs are scored wherever chunks end
        after = np.arange(first + 1, first + room + 1)
        scored = after % score_every == 0
        arguments: Any = (np.int32(first), np.int32(count), self.seeds, order, counts, table, scored)
        return Chunk(*arguments)

    def _own_unit(self) -> Any:
        """What scores need where targets are transformed."""
        transform = self.examples.scaling.transform
        if transform is None:
            return None
        y: Any = self.examples.y.astype(self.dtype)
        scale: Any = score_scale(self.examples).astype(self.dtype)
        return OwnUnit(y, scale, inverse_parts(transform, self.dtype))

    def _drawn(self, first: int, count: int) -> tuple[Any, NDArray[Any]]:
        """Row orders drawn here, [K, E, steps, S, B], and how many rows an epoch has, [K, E, S]."""
        room, steps, width = self.program.chunk, self.program.steps, self.program.batch
        devices, groups, _ = self.grid.shape
        # room for the longest chunk whatever `count`: one shape, one program
        order = np.full((devices, room, steps, groups, width), -1, np.int32)
        for group, rows in enumerate(self.orders):
            order[group // groups, :count, :, group % groups] = rows.epochs(first, count)
        counts = np.zeros((devices, room, groups), self.dtype)
        counts[:, :count] = (order[:, :count] >= 0).sum((2, 4))
        return order, counts

    def _draws(self, first: int, count: int) -> tuple[Any, NDArray[Any]]:
        """What the device draws them from, [K, S], and the same counts: every epoch has all rows of its layout."""
        shape, orders = self.grid.shape[:2], cast("Sequence[RowOrder | WithoutFold]", self.orders)
        names = list(self._layouts)
        seeds = np.asarray([order.seed for order in orders], np.uint32).reshape(shape)
        layout = np.asarray([names.index(order.left_out) for order in orders], np.int32).reshape(shape)
        rows = np.asarray([(order.slots() >= 0).sum() for order in self._layouts.values()], self.dtype)
        counts = np.broadcast_to(rows[layout][:, None], (shape[0], self.program.chunk, shape[1]))
        return Draws(seeds, layout), counts  # type: ignore[arg-type]

    @functools.cached_property
    def _layouts(self) -> dict[int | None, Any]:
        """An order of every fold that some net leaves out (None: of no fold)."""
        return {order.left_out: order for order in reversed(self.orders)}  # type: ignore[attr-defined]

    def _layout(self) -> Layout | None:
        """What the rows' orders are drawn of, where the device draws them."""
        if not self.program.draws_orders:
            return None
        slots = np.stack([order.slots() for order in self._layouts.values()])
        rows, strata = next(iter(self._layouts.values())).stratified()
        arguments: Any = (rows, strata, slots)
        return Layout(*arguments)

    def _own_scaling(self) -> Any:
        """The scalings of every set of row weights, on top of that of all."""
        scalings = self.examples.own_scalings
        if scalings is None:
            return None
        own = [each.after(self.examples.scaling) for each in scalings]
        bends = [np.zeros_like(each.shift) if each.bend is None else each.bend for each in own]
        bend: Any = np.stack(bends).astype(self.dtype) if any(each.any() for each in bends) else None
        names = ("shift", "scale", "target_shift", "target_scale")
        return OwnScaling(
            **{  # type: ignore[arg-type]
                n: np.stack([getattr(each, n) for each in own]).astype(self.dtype) for n in names
            },
            bend=bend,
        )

    def _bins(self) -> Any:
        """How inputs are encoded: all nets alike, or each set of row weights by edges of its own."""
        encoding, own = self.examples.scaling.encoding, self.examples.own_scalings
        if encoding is None:
            return None
        if isinstance(encoding, PeriodicColumns):
            columns: Any = encoding.columns
            return Edges(columns, None)
        edges = encoding.edges
        if own is not None:
            edges = np.stack([each.encoding.edges for each in own if isinstance(each.encoding, PiecewiseEncoding)])
        arguments: Any = (encoding.columns, edges.astype(self.dtype))
        return Edges(*arguments)

    def _block_rows(self) -> int:
        _, groups, nets = self.grid.shape
        examples, able = self.examples, machine()
        shape = self.architecture
        shared = examples.scaling.encoding is None and shape.members == 1  # rows, by all nets of a group
        inputs = examples.own_inputs or (1 if shared else examples.inputs)
        widest = max(*(shape.members * width for width in shape.widths), shape.outputs, inputs)
        return int(np.clip(able.block_numbers // (groups * nets * widest), 64, able.block_rows))


def blocks_of(rows: NDArray[np.int32], largest: int) -> NDArray[np.int32]:
    """Rows cut into equal blocks of at most `largest`, [J, R], the last filled up with -1."""
    count = -(-len(rows) // largest)
    size = -(-len(rows) // count)
    blocks = np.full(count * size, -1, np.int32)
    blocks[: len(rows)] = rows
    return blocks.reshape(count, size)


def _recipes_of(jobs: Sequence[Job], examples: Examples) -> list[Recipe]:
    """The recipes; InputError where they differ in what they embed, or in their members."""
    recipes = [job.recipe for job in jobs]
    own = embeddings.blocks_of(recipes[0], examples.categories)
    for number, recipe in enumerate(recipes):
        if embeddings.blocks_of(recipe, examples.categories) != own:
            rule = "'train_embedding' and its sizes must be those of the first net in every net of a cohort"
            fix = "Let fit_jobs divide them into cohorts."
            raise InputError(problem("Recipe", rule, got=recipe.train_embedding, net=(number, len(recipes)), fix=fix))
        if (recipe.members, recipe.member_form) != (recipes[0].members, recipes[0].member_form):
            rule, fix = "'members' must be those of the first net in every net of a cohort", "Let fit_jobs divide them."
            raise InputError(problem("Recipe", rule, got=recipe.members, net=(number, len(recipes)), fix=fix))
    return recipes


@public
def cohort_of(
    jobs: Sequence[Job],
    examples: Examples,
    devices: int,
    dtype: Any = np.float32,
    *,
    orders: Mapping[int, Order] | None = None,
    conventions: str = "goodfit",
) -> Cohort:
    """One cohort for jobs that can share a program: equal activations, loss, optimiser and batch (see `planner`).

    jobs: one a net
    examples: what they learn from
    devices: over how many the nets are spread
    dtype: of all arithmetic
    orders: key of a job -> the batches of its nets, where they are not goodfit's own
    conventions: see `state.Program`.
    InputError where jobs embed other categories, or by vectors of another size, than the first.
    """
    first, *_ = recipes = _recipes_of(jobs, examples)
    architecture = pad_architecture(jobs, examples)
    apart = orders is None and first.optimizer != "lbfgs" and only_leave_out(examples)
    if apart or examples.set_rows:
        keys, of_key = orders_by_rows(jobs, examples)
    else:
        keys, of_key = [job.key for job in jobs], orders or orders_by_key(jobs, examples)
    grid = lay_out(keys, devices, machine().group_units / [*architecture.widths, architecture.outputs][0])
    batches = tuple(of_key[int(key)] for key in grid.keys.ravel())
    weightless = examples.weights is not None and not every_batch_counts(examples, batches[0])
    weightless = weightless or examples.row_weights is not None  # a batch may hold rows of weight 0 alone
    width, steps = batches[0].width, batches[0].steps
    able, in_turn = machine(), _in_turn(grid, architecture, width)
    program = Program(
        architecture=architecture,
        loss=DEFAULT_LOSSES[examples.task] if first.loss == "auto" else first.loss,
        levels=levels_of(first),
        task=examples.task,
        optimizer=first.optimizer,
        nesterov=first.nesterov,
        uses_momentum=any(recipe.momentum > 0 for recipe in recipes),
        uses_l1=any(recipe.l1 > 0 for recipe in recipes),
        uses_clipping=any(recipe.clip_norm is not None for recipe in recipes),
        uses_class_weights=any(recipe.class_weight is not None for recipe in recipes),
        # batches without a net's own fold need no weights, but to see that one is empty for it
        uses_row_weights=examples.learning_weights is not None and (weightless or not apart),
        uses_smoothing=any(recipe.label_smoothing > 0 for recipe in recipes),
        penalizes_biases=any(recipe.penalize_biases for recipe in recipes),
        uses_patience=any(recipe.patience > 0 for recipe in recipes) or conventions == "scikit-learn",
        uses_plateaus=any(job.plateau is not None for job in jobs),
        tempers=_tempers(recipes, examples),
        conventions=conventions,
        set_rows=examples.set_rows,
        may_be_weightless=weightless,
        parts=tuple(examples.parts),
        weighted_parts=tuple(name for name in examples.parts if examples.weights_of(name) is not None),
        monitor="valid" if "valid" in examples.parts else "train",
        keep_best="valid" in examples.parts and first.keep_best,
        batch=width,
        steps=steps,
        chunk=_chunk_epochs(grid, steps * width, architecture.multiplications),
        devices=grid.devices,
        in_turn=in_turn,
        plain_descent=able.memory_bound
        and conventions == "goodfit"
        and all(map(_descends, recipes))
        and not weightless,
        draws_orders=able.shuffles and not in_turn and all(map(can_be_drawn, batches)),
        precision=able.precision if np.dtype(dtype) == np.float32 else "highest",
    )
    return Cohort(tuple(jobs), examples, grid, architecture, program, schedules_of(jobs), dtype, batches)


def _tempers(recipes: Sequence[Recipe], examples: Examples) -> bool:
    """Whether some net watches its log loss after temperature scaling, of validation rows."""
    watched = any(recipe.monitor == "tempered-loss" for recipe in recipes)
    return watched and "valid" in examples.parts and examples.task != "regression"


def _descends(recipe: Recipe) -> bool:
    """Whether a step is the learning rate times the gradient of the loss and nothing else."""
    if any(getattr(recipe, field) != 1 for field in RATE_FACTORS.values()):
        return False
    penalty = max(recipe.l1, recipe.l2, recipe.weight_decay)
    return recipe.optimizer == "sgd" and recipe.momentum == 0 and penalty == 0 and recipe.clip_norm is None


def _in_turn(grid: NetGrid, architecture: Architecture, rows: int) -> bool:
    """Whether a group's step is so much work that its weights had better stay in the cache until the next."""
    return grid.groups > 1 and grid.nets * architecture.multiplications * rows >= machine().sequential_work


def _chunk_epochs(grid: NetGrid, rows: int, multiplications: int) -> int:
    """Epochs that a call has room for: a power of two, so that similar cohorts share a shape.

    rows: of an epoch of one group; multiplications: of one row and net.
    """
    by_rows = machine().chunk_rows // (grid.groups * rows)
    by_work = machine().chunk_work // (grid.groups * grid.nets * rows * multiplications)
    fitting = max(1, min(by_rows, by_work, MOST_EPOCHS_A_CHUNK))
    return 1 << (fitting.bit_length() - 1)
