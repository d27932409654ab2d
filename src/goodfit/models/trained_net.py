"""One trained net: it predicts with NumPy alone, so that loading and predicting start at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from goodfit.data.dataset import Task, one_each
from goodfit.data.encoding import PiecewiseEncoding
from goodfit.data.periodic import PeriodicEncoding
from goodfit.data.robust import bent
from goodfit.data.tables.coded import CodedRows
from goodfit.data.target_transform import TargetTransform
from goodfit.errors import InputError, Problems, nearest, problem
from goodfit.models.blockwise import each_block, overflow_allowed
from goodfit.models.member_layers import as_members, layers_of_members, member_problems, put_together
from goodfit.models.quantile_head import QuantileHead, split_head
from goodfit.models.scores import Score, score_classification, score_regression
from goodfit.nets.member_parts import Members, member_parts
from goodfit.nets.numpy_activations import FUNCTIONS, sigmoid
from goodfit.training.recipe_rules import levels_of
from goodfit.words import rows_text

if TYPE_CHECKING:
    from jaxtyping import Float, Shaped

    from goodfit.data import Dataset
    from goodfit.data.tables.preprocessing import Preprocessing
    from goodfit.training.examples import Scaling
    from goodfit.training.population import NetArrays
    from goodfit.training.recipe import Recipe

BLOCK_NUMBERS = 2**22  # numbers in the widest array of a forward pass; 16 MB
CACHED_NUMBERS = 2**16  # the same for float64: 512 KB, of which a core's cache holds two
MOST_COUNT = 2**20
Link = Literal["identity", "exp"]
Precision = type[np.float32] | type[np.float64]
_WHERE = "Inputs"


@dataclass(frozen=True, eq=False, repr=False)
class TrainedNet:
    """A net with its weights, and everything that turns raw inputs into predictions.

    All of it is checked; every problem is named in one InputError.

    weights: float32, one [out, in] a layer, the first of `first_inputs`
    biases: float32, one [out] a layer; the last layer gives the C outputs.
    activations: names, one a hidden layer.
    classes: names of the classes or labels, () for regression.
    slopes: one a hidden layer, a number where the activation is prelu and None elsewhere; () if there is no prelu.
    shift, scale, bend: [D], or one number for all; inputs enter as z = (x - shift) * scale, and then, where bend is not
    0, as z / sqrt(1 + (z * bend)^2), which stays below 1 / bend.
    target_shift, target_scale: [C], or one number for all; for regression the net was trained on (y - target_shift) *
    target_scale, so that predictions are outputs / target_scale + target_shift.
    seed: what the training's randomness came from.
    link: for regression, "exp" where predictions are exp(outputs), with targets trained on as they are.
    transform: None, or what y went through before target_shift and target_scale, and predictions come back through.
    preprocessing: None, or what made the net's inputs of a table. The net itself takes what that gives; a `Model` of
    the net takes tables, and a model file of it holds the preprocessing. `dataclasses.replace(net, preprocessing=None)`
    is a net that takes the numbers alone.
    encoding: of the inputs so scaled, whose components the first layer sees behind them; None where there is none.
    count: how many times it counts where several nets predict together, 1 or more.
    targets: names of the C targets of a regression with several, () where they have none, and for others.
    head: what gives quantiles beside the predictions, which are medians then; None without.
    mixtures: [H] a hidden layer, the share a of its activation f that each unit takes, a f(z) + (1 - a) z; () if all
    take all of it.
    members: what members that share the weights have of their own, None of one member. The last layer then has the
    outputs of all, those of a member together, and the net's outputs are those of what members predict together: of the
    mean of their probabilities, or numbers (before a transform of targets is undone). `member_nets` takes them apart.
    """

    weights: tuple[Float[np.ndarray, "out in"], ...]
    biases: tuple[Float[np.ndarray, " out"], ...]
    activations: tuple[str, ...]
    task: Task  # "classification", "multilabel" or "regression"
    classes: tuple[str, ...] = ()
    slopes: tuple[float | None, ...] = ()
    shift: Float[np.ndarray, " D"] = field(default_factory=lambda: np.zeros(1, np.float32))
    scale: Float[np.ndarray, " D"] = field(default_factory=lambda: np.ones(1, np.float32))
    target_shift: Float[np.ndarray, " C"] = field(default_factory=lambda: np.zeros(1, np.float32))
    target_scale: Float[np.ndarray, " C"] = field(default_factory=lambda: np.ones(1, np.float32))
    seed: int = 0
    link: Link = "identity"
    bend: Float[np.ndarray, " D"] = field(default_factory=lambda: np.zeros(1, np.float32))
    transform: TargetTransform | None = None
    preprocessing: Preprocessing | None = None
    encoding: PiecewiseEncoding | PeriodicEncoding | None = None
    count: int = 1
    targets: tuple[str, ...] = ()
    head: QuantileHead | None = None
    mixtures: tuple[Float[np.ndarray, " H"], ...] = ()
    members: Members | None = None

    def __post_init__(self) -> None:
        """Convert and check."""
        problems = Problems()
        for name in ("weights", "biases", "mixtures"):
            object.__setattr__(self, name, tuple(_array("Net", each, np.float32) for each in getattr(self, name)))
        for name in ("activations", "classes", "slopes", "targets"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        slopes = self.slopes or (None,) * len(self.activations)
        in_float32 = tuple(None if slope is None else float(np.float32(slope)) for slope in slopes)
        object.__setattr__(self, "slopes", in_float32)
        object.__setattr__(self, "members", as_members(self.members))
        _check_layers(self, problems)
        problems.raise_if_any()
        if self.encoding is not None:
            problems.found += self.encoding.problems(self.first_inputs).found
            problems.raise_if_any()
        for name in ("shift", "scale", "bend"):
            object.__setattr__(self, name, _for_each(name, getattr(self, name), self.n_inputs, problems))
        for name in ("target_shift", "target_scale"):
            object.__setattr__(self, name, _for_each(name, getattr(self, name), self.n_outputs, problems))
        _check_meaning(self, problems)
        problems.raise_if_any()

    @classmethod
    def of(cls, arrays: NetArrays, recipe: Recipe, data: Dataset, scaling: Scaling) -> TrainedNet:
        """A net as the engine gives it, with all that turns raw inputs into predictions.

        arrays: weights and biases
        recipe: with the net's own seed
        data: what it was trained on
        scaling: that its inputs and targets had in training.
        """
        weights, biases, head = split_head(arrays.weights, arrays.biases, levels_of(recipe))
        return cls(
            weights,
            biases,
            recipe.activations,
            data.task,
            classes=data.classes,
            slopes=arrays.slopes,
            shift=scaling.shift,
            scale=scaling.scale,
            target_shift=scaling.target_shift,
            target_scale=scaling.target_scale,
            link="exp" if recipe.loss == "poisson" else "identity",
            seed=recipe.seed,
            bend=np.zeros(1, np.float32) if scaling.bend is None else scaling.bend,
            transform=scaling.transform,
            preprocessing=data.preprocessing,
            encoding=None if scaling.encoding is None else scaling.encoding.of(arrays.waves),
            targets=data.targets if data.n_outputs > 1 else (),
            head=head,
            mixtures=arrays.mixtures,
            members=arrays.members,
        )

    @property
    def sizes(self) -> tuple[int, ...]:
        """Widths from the inputs to the outputs: (784, 256, 10)."""
        return (self.n_inputs, *(weight.shape[0] for weight in self.weights[:-1]), self.n_outputs)

    @property
    def n_inputs(self) -> int:
        """D."""
        return self.first_inputs - (0 if self.encoding is None else self.encoding.width)

    @property
    def first_inputs(self) -> int:
        """What the first layer sees of a row: D numbers, and the components of encoded ones."""
        return int(self.weights[0].shape[1])

    @property
    def n_outputs(self) -> int:
        """C."""
        return int(self.weights[-1].shape[0]) // self.n_members

    @property
    def n_members(self) -> int:
        """Members that share the weights, 1 or more."""
        return 1 if self.members is None else len(self.members.inputs[0])

    @property
    def n_parameters(self) -> int:
        """Numbers that training changed: weights, biases, slopes, mixtures, members' and those of an encoding."""
        slopes = sum(slope is not None for slope in self.slopes)
        more = [] if self.head is None else [self.head.weight, self.head.bias]
        more += [] if self.encoding is None else self.encoding.trained
        more += [] if self.members is None else [own for *_, own in member_parts(self.members)]
        return sum(int(array.size) for array in (*self.weights, *self.biases, *self.mixtures, *more)) + slopes

    def __repr__(self) -> str:
        shape = "-".join(str(size) for size in self.sizes)
        activations = ", ".join(dict.fromkeys(self.activations)) or "no hidden layer"
        return f"TrainedNet({shape}, {activations}, {self.task}, seed {self.seed})"

    def outputs(self, x: Any, precision: Precision = np.float32) -> Float[np.ndarray, "N C"]:
        """The outputs of the last layer for raw inputs [N, D]: logits, or for regression the targets as trained.

        Inputs are finite numbers in the unit of the data set, not scaled, or `CodedRows`. Rows are taken in blocks, so
        that memory beyond the result stays below some tens of megabytes for nets of usual width; in float64, by all
        cores at once. What overflows is infinite or nan, without a warning.

        x: inputs [N, D]
        precision: the float type to compute and to answer in. float64 takes up to twice the time; rounded to float32,
        its numbers are the same on all machines but for one in many millions.
        """
        rows = checked_inputs(x, self.n_inputs)
        weights = [weight.astype(precision, copy=False) for weight in self.weights]
        # float32 keeps its larger blocks: its last bits depend on how rows are divided
        numbers = CACHED_NUMBERS if precision == np.float64 else BLOCK_NUMBERS
        layers: Iterable[Any] = [(weights, self.biases)]
        if self.members is not None:
            layers = layers_of_members(self.members, weights, self.biases)
        results = []
        for own, biases in layers:
            results.append(np.empty((len(rows), self.n_outputs), precision))
            each_block(self, rows, [each.T for each in own], biases, numbers, results[-1].__setitem__)
        return results[0] if self.members is None else put_together(self.task, self.link, np.stack(results, axis=-1))

    def predict(self, x: Any, precision: Precision = np.float32) -> np.ndarray:
        """Predictions for raw inputs [N, D], in the form of a data set's targets.

        classification: int32 codes [N], positions in `classes`, the first of equals; multilabel: float32 [N, C] of 0
        and 1, 1 where the probability is above one half; regression: numbers [N, C] in the targets' own unit.

        x: inputs [N, D], as in `outputs`
        precision: as in `outputs`.
        """
        return self.predictions_of(self.outputs(x, precision))

    def predictions_of(self, z: Float[np.ndarray, "N C"]) -> np.ndarray:
        """What `predict` makes of the outputs z, which may be overwritten."""
        if self.task == "classification":
            codes: np.ndarray = z.argmax(1).astype(np.int32)
            return codes
        if self.task == "multilabel":
            labels: np.ndarray = (z > 0).astype(np.float32)
            return labels
        with overflow_allowed():
            if self.link == "exp":
                np.exp(z, out=z)
                return z
            z /= self.target_scale
            z += self.target_shift
            return z if self.transform is None else self.transform.inverse(z)

    def predict_proba(self, x: Any, precision: Precision = np.float32) -> Float[np.ndarray, "N C"]:
        """Probabilities for raw inputs [N, D]: of the classes (rows sum to 1), or of each label. Not for regression.

        x: inputs [N, D], as in `outputs`
        precision: as in `outputs`.
        """
        if self.task == "regression":
            raise InputError(problem("Net", "must be a classifier to give probabilities", got=self.task))
        return self.probabilities_of(self.outputs(x, precision))

    def probabilities_of(self, z: Float[np.ndarray, "N C"]) -> Float[np.ndarray, "N C"]:
        """What `predict_proba` makes of the outputs z of a classifier, which are overwritten."""
        with overflow_allowed():
            if self.task == "multilabel":
                probabilities: Float[np.ndarray, "N C"] = sigmoid(z)
                return probabilities
            z -= z.max(1, keepdims=True)
            np.exp(z, out=z)
            z /= z.sum(1, keepdims=True)
        return z

    def score(self, x: Any, y: Any) -> Score:
        """Accuracy, share of rows with all labels right, or R², with its interval; y as in a data set.

        x: inputs [N, D], as in `outputs`
        y: targets [N] or [N, C]
        """
        prediction, target = self.predict(x), _array("Targets", y)
        if self.task == "regression":
            return score_regression(prediction[None], target.reshape(len(target), -1))
        if target.shape != prediction.shape:
            raise InputError(problem("Targets", f"must be of shape {prediction.shape}", got=target.shape))
        if self.task == "multilabel":
            return score_classification((prediction == target).all(1)[None], name="exact match")
        return score_classification((prediction == target)[None])

    def entered(self, x: Shaped[np.ndarray, "N D"], precision: Any = np.float32) -> Float[np.ndarray, "N D2"]:
        """Raw inputs as the first layer sees them: scaled, clipped and encoded.

        x: inputs [N, D], as in `outputs`
        precision: as in `outputs`.
        """
        z: np.ndarray = x.astype(precision)
        if self.shift.any() or (self.scale != 1).any():  # nets of a table are trained on its features as they are
            z = (z - self.shift) * self.scale
        z = bent(z, self.bend)
        return z if self.encoding is None else self.encoding.apply(z)


def _check_layers(net: TrainedNet, problems: Problems) -> None:
    """Every layer must fit the one before, and every number must be finite."""
    if not net.weights or len(net.biases) != len(net.weights) or len(net.activations) != len(net.weights) - 1:
        got = f"{len(net.weights)} weights, {len(net.biases)} biases, {len(net.activations)} activations"
        problems.add("Net", "must have a weight and a bias per layer, and an activation per hidden layer", got=got)
        return
    for layer, (weight, bias) in enumerate(zip(net.weights, net.biases, strict=True)):
        before = net.weights[layer - 1].shape[:1] if layer else weight.shape[1:]
        if weight.ndim != 2 or weight.size == 0 or weight.shape[1:] != before or bias.shape != weight.shape[:1]:
            got = f"weight {weight.shape}, bias {bias.shape}"
            problems.add("Net", f"layer {layer} must fit the layer before it and its own bias", got=got)
        for name, array in (("weight", weight), ("bias", bias)):
            if not np.isfinite(array).all():
                problems.add("Net", f"every {name} of layer {layer} must be finite", got=array[~np.isfinite(array)][0])
    if net.members is not None and not problems.found:
        problems.found += member_problems(net.members, net.weights, net.biases).found
    if net.mixtures and [each.shape for each in net.mixtures] != [bias.shape for bias in net.biases[:-1]]:
        shapes = [each.shape for each in net.mixtures]
        problems.add("Net", "'mixtures' must have one number for each hidden unit", got=shapes)
    elif not all(np.isfinite(each).all() for each in net.mixtures):
        problems.add("Net", "every mixture must be finite")
    if len(net.slopes) != len(net.activations):
        problems.add("Net", "'slopes' must have one entry per hidden layer", got=net.slopes)
        return
    for layer, (name, slope) in enumerate(zip(net.activations, net.slopes, strict=True)):
        if name not in FUNCTIONS:
            rule = f"the activation of layer {layer} must be a known one"
            problems.add("Net", rule, got=name, fix=nearest(name, FUNCTIONS))
        elif (name == "prelu") != (slope is not None) or (slope is not None and not np.isfinite(slope)):
            rule = f"layer {layer} must have a finite slope if it is prelu, and none if it is not"
            problems.add("Net", rule, got=(name, slope))


def _for_each(name: str, given: Any, size: int, problems: Problems) -> Float[np.ndarray, " n"]:
    """A finite number for each of `size` inputs or outputs, from that many or from one."""
    array = _array("Net", given, np.float32)
    if array.shape not in ((size,), (1,), ()) or not np.isfinite(array).all():
        problems.add("Net", f"{name!r} must be {size} finite numbers, or one for all", got=array.tolist())
        return np.ones(size, np.float32)
    return np.array(np.broadcast_to(array, (size,)))


def _check_meaning(net: TrainedNet, problems: Problems) -> None:
    """The outputs must be what the task says they are."""
    if net.task not in get_args(Task):
        problems.add("Net", "'task' must be a known one", got=net.task, fix=nearest(net.task, get_args(Task)))
        return
    if not (net.target_scale > 0).all():
        problems.add("Net", "'target_scale' must be > 0 everywhere", got=float(net.target_scale.min()))
    if net.link not in get_args(Link):
        problems.add("Net", "'link' must be a known one", got=net.link, fix=nearest(net.link, get_args(Link)))
    elif net.link == "exp" and not (net.task == "regression" and _as_they_are(net)):
        scaled = "" if _as_they_are(net) else " of scaled targets"
        problems.add("Net", "'link' exp is for regression on unscaled targets", got=f"{net.task}{scaled}")
    if net.transform is not None:
        if net.task != "regression" or net.link != "identity":
            problems.add("Net", "a target transform is for regression with the link identity", got=net.task)
        problems.found += net.transform.problems(net.n_outputs).found
    made = net.n_inputs if net.preprocessing is None else net.preprocessing.n_inputs
    if made != net.n_inputs:
        problems.add("Net", f"'preprocessing' must make the {net.n_inputs} inputs of the nets", got=made)
    if type(net.count) is not int or not 1 <= net.count <= MOST_COUNT:
        problems.add("Net", f"'count' must be an integer from 1 to {MOST_COUNT}", got=net.count)
    if net.targets and not (net.task == "regression" and net.n_outputs > 1 and one_each(net.targets, net.n_outputs)):
        problems.add("Net", "'targets' must name each target of a regression with several, or none", got=net.targets)
    if net.head is not None and net.task == "regression":
        problems.found += net.head.problems(net.n_outputs, net.weights[-1].shape[1]).found
    elif net.head is not None:
        problems.add("Net", "quantiles are for regression", got=net.task)
    if net.head is not None and net.members is not None:
        problems.add("Net", "quantiles are for nets of one member", got=net.n_members)
    expected = 0 if net.task == "regression" else net.n_outputs
    if len(net.classes) != expected:
        problems.add("Net", f"'classes' must name the {expected} classes of {net.task}", got=net.classes)


def _as_they_are(net: TrainedNet) -> bool:
    """Whether the net was trained on targets that were neither shifted nor scaled."""
    return not net.target_shift.any() and bool((net.target_scale == 1).all())


def checked_inputs(x: Any, n_inputs: int) -> Any:
    """The inputs as a table of numbers [N, D] of the right width, or an InputError. CodedRows stay what they are."""
    if isinstance(x, CodedRows):
        if x.width != n_inputs:
            rule = f"must be rows of a table with {n_inputs} inputs"
            raise InputError(problem(_WHERE, rule, got=f"{x.width} inputs"))
        return x
    rows = _array(_WHERE, x)
    if rows.ndim != 2 or rows.shape[1] != n_inputs or rows.dtype.kind not in "buif":
        rule = f"must be a 2-d array of numbers with {n_inputs} columns"
        fix = "Give one row as an array of one row: x[None]." if rows.shape == (n_inputs,) else ""
        raise InputError(problem(_WHERE, rule, got=f"{rows.dtype} of shape {rows.shape}", fix=fix))
    if rows.dtype.kind == "f" and not np.isfinite(rows).all():
        bad = ~np.isfinite(rows)
        column = int(np.flatnonzero(bad.any(0))[0])
        at = np.flatnonzero(bad[:, column])
        rule = f"must be finite; column {column} is not in {rows_text(at)}, {int(bad.sum())} values in all"
        raise InputError(problem(_WHERE, rule, got=float(rows[at[0], column]), fix="Impute them or drop the rows."))
    return rows


def _array(where: str, given: Any, kind: type[np.float32] | None = None) -> np.ndarray:
    """What was given as an array; InputError where it is none, such as lists of different lengths."""
    try:
        return np.asarray(given, kind)
    except (TypeError, ValueError) as error:
        fix = "Lists must be of the same length."
        raise InputError(problem(where, "must be an array of numbers", got=str(error), fix=fix)) from error


def counts_of(nets: Sequence[TrainedNet]) -> Float[np.ndarray, " P"]:
    """How many times each net counts where they predict together, as shares of one."""
    counts = np.array([net.count for net in nets], np.float64)
    shares: Float[np.ndarray, " P"] = counts / counts.sum()
    return shares
