"""What goes in and out of a compiled program: the static shape, the traced arrays, the state that training changes.

Axes: S groups of nets that share their rows (one seed a group), M nets of a group, N rows of the data, B rows of a
batch, D inputs, C outputs, E epochs of a chunk, T schedules, G sets of row weights. On the host every per-net array
has a leading axis K, the devices.
"""

from dataclasses import dataclass, field
from typing import Any

import jax
from jaxtyping import Array, Bool, Float, Int, UInt32

from goodfit.nets.encoding import Edges
from goodfit.nets.forms import Forms
from goodfit.nets.forward import Architecture, Parameters, Present

RATE_FACTORS = {  # kind of parameters that may learn at another rate than the weights -> the recipe's field of it
    "biases": "bias_rate",
    "input_scale": "scaling_rate",
    "mixtures": "mixture_rate",
    "waves": "encoding_rate",
    "embeddings": "embedding_rate",
}
PART_SCHEDULES = ("dropout_schedule", "decay_schedule")  # fields of a recipe, and of `Settings`


@dataclass(frozen=True)
class Program:
    """Everything that is compiled in. Two cohorts with equal programs and equal array shapes share one compilation.

    A feature that no net of a cohort uses is left out of its program (uses_momentum, uses_l1, ..., dropout in the
    architecture); its values are traced, so that new values never compile again.
    may_be_weightless: some net may meet a batch in which no row has weight for it.
    in_turn: a device trains one group of nets after another, not all of them step by step.
    uses_patience: some net stops when nothing improves. Where none does and no best is kept, none is looked for.
    tempers: some net watches its log loss after temperature scaling.
    uses_plateaus: some net lowers its learning rate, instead of stopping, when nothing improves.
    conventions: "goodfit", or "scikit-learn" where a training must be the same as its. There the L2 penalty is divided
    by the batch's weight; the loss in training is the objective, penalties included, averaged over batches by their
    rows, squared errors averaged over outputs; a value that is exactly min_change better counts as improved; Adam's
    epsilon is not corrected for bias; and a step keeps the learning rate that it was made with in the momentum.
    parts: names of the row sets scored at the end of an epoch, in order ("valid", "test", ...).
    weighted_parts: those parts that score each net with row weights of its own (folds).
    chunk: epochs a call has room for; fewer run when asked. steps: batches an epoch.
    set_rows: rows of each of several data sets, one above the other, of which a group of nets has its own; 0 where all
    nets see the same rows.
    plain_descent: all nets step down their gradient, with no momentum, penalty or clipping, on a machine where ways
    through memory count.
    draws_orders: the program draws its row orders, in the place of reading those that the host drew.
    precision: of the products, see `machine.Machine`.
    levels: of the quantiles, with the loss of that name.
    """

    architecture: Architecture
    loss: str
    task: str
    optimizer: str
    nesterov: bool
    uses_momentum: bool
    uses_l1: bool
    uses_clipping: bool
    uses_class_weights: bool
    uses_row_weights: bool
    may_be_weightless: bool
    parts: tuple[str, ...]
    weighted_parts: tuple[str, ...]
    monitor: str
    keep_best: bool
    batch: int
    steps: int
    chunk: int
    devices: int = 1
    in_turn: bool = False
    uses_smoothing: bool = True
    penalizes_biases: bool = True
    uses_patience: bool = True
    uses_plateaus: bool = False
    tempers: bool = False
    conventions: str = "goodfit"
    set_rows: int = 0
    plain_descent: bool = False
    draws_orders: bool = False
    precision: str = "highest"
    levels: tuple[float, ...] = ()


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Rates:
    """What the optimiser and the penalties read, one value a net. penalize_biases is 1.0 or 0.0.

    factors: by kind (see `RATE_FACTORS`), what the learning rate of its parameters is multiplied by; kinds that
    learn at the net's rate in every net are left out. forms: what stands between trained weights and the net's.
    """

    learning_rate: Float[Array, "S M"]
    momentum: Float[Array, "S M"]
    beta1: Float[Array, "S M"]
    beta2: Float[Array, "S M"]
    epsilon: Float[Array, "S M"]
    weight_decay: Float[Array, "S M"]
    l1: Float[Array, "S M"]
    l2: Float[Array, "S M"]
    penalize_biases: Float[Array, "S M"]
    clip_norm: Float[Array, "S M"]
    factors: dict[str, Float[Array, "S M"]] = field(default_factory=dict)
    forms: Forms = field(default_factory=Forms)


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Settings:
    """What may differ between the nets of a cohort: traced, [S, M] leading every leaf.

    dropout: [S, M, L]; class_weight: [S, M, C]; schedule and row_weights: indexes into the tables of
    `Chunk.schedules` and `ProgramRows.weights` (or of stacked data sets, see `Program.set_rows`); epochs: the net stops
    after this many; patience: epochs without improvement before it stops, a very large number for never; on_score:
    watch the score instead of the loss. plateau_factor: a net that would stop for want of improvement multiplies its
    learning rate by this instead, while the share of the rate that it started with is above plateau_floor (infinite: it
    stops). dropout_schedule, decay_schedule: as schedule, of dropout and weight decay; None where no net has one.
    on_tempered: watch the log loss after temperature scaling; takes_equals: of equally good epochs, keep the last
    instead of the first; None where no net does.
    """

    rates: Rates
    smoothing: Float[Array, "S M"]
    huber_delta: Float[Array, "S M"]
    dropout: Float[Array, "S M L"]
    input_dropout: Float[Array, "S M"]
    class_weight: Float[Array, "S M C"]
    schedule: Int[Array, "S M"]
    row_weights: Int[Array, "S M"]
    epochs: Int[Array, "S M"]
    patience: Int[Array, "S M"]
    min_change: Float[Array, "S M"]
    on_score: Bool[Array, "S M"]
    plateau_factor: Float[Array, "S M"]
    plateau_floor: Float[Array, "S M"]
    present: Present
    on_tempered: Bool[Array, "S M"] | None = None
    takes_equals: Bool[Array, "S M"] | None = None
    dropout_schedule: Int[Array, "S M"] | None = None
    decay_schedule: Int[Array, "S M"] | None = None


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class OwnScaling:
    """A scaling for every set of row weights, applied after that of all: folds scale by their own training rows.

    shift, scale: [G, D] of inputs; target_shift, target_scale: [G, C] of numeric targets. bend: [G, D] of the smooth
    clip of inputs, None where there is none.
    """

    shift: Float[Array, "G D"]
    scale: Float[Array, "G D"]
    target_shift: Float[Array, "G C"]
    target_scale: Float[Array, "G C"]
    bend: Float[Array, "G D"] | None = None


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class OwnUnit:
    """Numeric targets in their own unit, where those of training are transformed: scores are told in it.

    y: [N, C]; scale: [C] what differences are multiplied by, so that their squares stay within the type; inverse: what
    `data.target_transform.inverted` reads.
    """

    y: Float[Array, "N C"]
    scale: Float[Array, " C"]
    inverse: dict[str, Array]


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Layout:
    """What a program draws row orders of.

    rows: [n] to train on, one stratum (fold) after another; strata: [n] the stratum of each, None where there is one.
    slots: [F, steps, B] of every fold that may be left out: which of the drawn rows, each stratum's in their order, a
    place of a batch takes; -1 where no row is.
    """

    rows: Int[Array, " n"]
    strata: Int[Array, " n"] | None
    slots: Int[Array, "F steps B"]


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Draws:
    """How the groups of a program draw row orders. seeds: [S]; layout: [S] indexes into `Layout.slots`."""

    seeds: UInt32[Array, " S"]
    layout: Int[Array, " S"]


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class ProgramRows:
    """The data of a training, shared by all nets, in its storage type.

    x: [N, D]; y: [N] codes or [N, C] numbers, of stacked data sets one above the other; inputs are used as
    (x - shift) * scale, [D] each, and numeric targets as (y - target_shift) * target_scale, [C] each. weights: [G, N]
    sets of row weights. parts: one (rows [J, R], weights [G, N] or None) a scored part, J blocks of R rows, -1 where a
    block is not full. squares: of the training rows and then every part, what squared errors are weighed by so that
    they become 1 - R² (see `metrics.square_weights`); empty for classes and labels. own: what each set of row weights
    scales by on top, None where all nets see the same numbers. layout: what row orders are drawn of, None where the
    host draws them. bend: [D] of the smooth clip of scaled inputs, None where there is none, or where each set of row
    weights has its own. unit: None where targets are not transformed; else y holds transformed ones. bins: of encoded
    inputs, [E, K + 1] edges or [G, E, K + 1] where each set of row weights has its own, or none where waves that are
    trained encode them; None where none is encoded.
    """

    x: Array
    y: Array
    shift: Float[Array, " D"]
    scale: Float[Array, " D"]
    target_shift: Float[Array, " C"]
    target_scale: Float[Array, " C"]
    weights: Float[Array, "G N"]
    parts: tuple[tuple[Int[Array, "J R"], Float[Array, "G N"] | None], ...]
    squares: tuple[Float[Array, "G C"], ...]
    own: OwnScaling | None = None
    layout: Layout | None = None
    bend: Float[Array, " D"] | None = None
    unit: OwnUnit | None = None
    bins: Edges | None = None


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Chunk:
    """The epochs of one call.

    first: number of epochs already done; count: epochs to run now (<= E); seeds: [S] of the dropout streams;
    order: [E, steps, S, B] rows of every batch, -1 where a batch is not full, or how to draw them;
    counts: [E, S] how many rows those are;
    schedules: [E, steps, T] factors of what is scheduled; scored: [E] whether the parts are scored at the end of that
    epoch (those of a net that trains its last epoch are in any case).
    """

    first: Int[Array, ""]
    count: Int[Array, ""]
    seeds: UInt32[Array, " S"]
    order: Int[Array, "E steps S B"] | Draws
    counts: Float[Array, "E S"]
    schedules: Float[Array, "E steps T"]
    scored: Bool[Array, " E"]


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class State:
    """What a training changes, and all that a checkpoint must hold.

    best: the parameters of the best epoch so far (None where no best is kept); best_value: the watched value there
    (lower is better); best_epoch: 1-based, 0 for the initial weights; since_best: epochs without improvement;
    active: still training; frozen: stopped because a loss or weight was no longer finite, and put back to the last
    epoch at which all were; stopped_epoch: the last epoch trained; rate: share of the learning rate that plateaus have
    left (None in a program without them).
    """

    parameters: Parameters
    optimizer: Any
    best: Parameters | None
    best_value: Float[Array, "S M"]
    best_epoch: Int[Array, "S M"]
    since_best: Int[Array, "S M"]
    active: Bool[Array, "S M"]
    frozen: Bool[Array, "S M"]
    stopped_epoch: Int[Array, "S M"]
    rate: Float[Array, "S M"] | None = None
