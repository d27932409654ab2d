"""What is inspected: a net and the rows that it is looked at with, as its layers see them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Float, Int, Shaped

from goodfit.arguments import public
from goodfit.data import Dataset
from goodfit.errors import InputError, Problems, nearest, problem
from goodfit.models.trained_net import TrainedNet
from goodfit.nets.losses import DEFAULT_LOSSES, LOSSES

MOST_ROWS = 1024  # that are measured: shares are then known to 0.03 (twice their standard error)
MOST_NUMBERS = 2**23  # of one layer that are held at once: 64 MB in float64
WHERE = "Inspection"


@dataclass(frozen=True, eq=False, repr=False)
class Subject:
    """A net and rows, in float64.

    net: the net
    x: inputs as the first layer sees them, scaled and encoded, [B, D2]
    target: class codes [B], or numbers as trained, [C, B]
    raw_x: [B, D] as given
    rows: numbers of the rows among those given, [B]
    given: how many were given
    loss, huber_delta: what training minimises, without penalties.
    InputError for a net whose members share weights.
    """

    net: TrainedNet
    x: Float[np.ndarray, "B D2"]
    target: Int[np.ndarray, " B"] | Float[np.ndarray, "C B"]
    raw_x: Shaped[np.ndarray, "B D"]
    rows: Int[np.ndarray, " B"]
    given: int
    loss: str
    huber_delta: float = 1.0

    def __post_init__(self) -> None:
        """One member: passes, gradients and steps are of plain weights."""
        if self.net.members is not None:
            fix = "goodfit.inspect takes the first; goodfit.models.member_nets.member_nets gives all."
            raise InputError(problem(WHERE, "'net' must have one member", got=self.net.n_members, fix=fix))

    @property
    def note(self) -> str:
        """A sentence where not all rows were taken, else ""."""
        if len(self.rows) == self.given:
            return ""
        return f"Measured on a random {len(self.rows):,} of {self.given:,} rows."

    def head(self, rows: int) -> Subject:
        """The same net with the first rows alone."""
        return self.take(np.arange(min(rows, len(self.rows))))

    def take(self, at: Int[np.ndarray, " K"]) -> Subject:
        """The same net with the rows at these places."""
        return replace(
            self, x=self.x[at], target=self.target[..., at], raw_x=self.raw_x[at], rows=self.rows[at], given=self.given
        )

    def with_net(self, net: TrainedNet) -> Subject:
        """Another net of the same inputs, outputs and scaling, looked at with the same rows."""
        return replace(self, net=net)


@public
def describe_net(
    weights: Any, biases: Any, activations: Any, *, task: str = "classification", classes: Any = None, **fields: Any
) -> TrainedNet:
    """A net by its weights [out, in], biases [out] and the names of the activations after its hidden layers.

    weights: [out, in], one a layer
    biases: [out], one a layer
    activations: one for all, or one each.
    task: "classification", "multilabel" or "regression"
    classes: names; 0, 1, ... if not given.
    fields: the others of a TrainedNet, such as shift and scale.
    InputError names all that does not fit, weights that are not finite among it.
    """
    problems = Problems()
    for name, given in (("weights", weights), ("biases", biases)):
        if isinstance(given, str | bytes) or not isinstance(given, Iterable):
            problems.add("Net", f"'{name}' must be a sequence of arrays, one a layer", got=given)
    if not isinstance(activations, Iterable):
        problems.add("Net", "'activations' must be a name, or a sequence of names", got=activations)
    problems.raise_if_any()
    layers, biases = (tuple(map(_as_array, given)) for given in (weights, biases))
    names = (activations,) * (len(layers) - 1) if isinstance(activations, str) else tuple(activations)
    if classes is None and task != "regression" and layers:
        classes = tuple(str(code) for code in range(len(layers[-1]) if layers[-1].ndim else 0))
    kind: Any = task
    return TrainedNet(layers, biases, names, kind, classes=tuple(classes or ()), **fields)


def _as_array(given: Any) -> Any:
    try:
        found = np.asarray(given)
    except ValueError:  # of rows that differ in length
        found = np.asarray(None)
    if found.dtype.kind not in "fiub":
        raise InputError(problem("Net", "weights and biases must be arrays of numbers", got=given))
    return found


@public
def subject_of(
    net: TrainedNet,
    x: Any,
    y: Any,
    *,
    loss: str = "auto",
    huber_delta: float = 1.0,
    rows: int = MOST_ROWS,
    seed: int = 0,
) -> Subject:
    """Check that net and rows fit, and take as many of them as are measured.

    net: the net
    x, y: raw inputs and targets, as a data set has them.
    loss: "auto" is the one that the net's task and link imply.
    huber_delta: as in a recipe
    rows: at most so many are taken, drawn with `seed`, and fewer where the net is so wide that they would not fit into
    memory. InputError names everything that does not fit.
    """
    if y is None:
        rule = "'y' must be given: gradients need the targets of the rows"
        raise InputError(problem(WHERE, rule, fix="Give one target for each row of 'x'."))
    data = _checked(net, x, y)
    loss = "poisson" if loss == "auto" and net.link == "exp" else loss
    loss = "absolute-error" if loss == "quantile" else loss  # of the medians, which are what the net predicts
    loss = DEFAULT_LOSSES[net.task] if loss == "auto" else loss
    if loss not in LOSSES or net.task not in LOSSES[loss].tasks:
        fitting = [name for name, each in LOSSES.items() if net.task in each.tasks]
        raise InputError(problem(WHERE, f"'loss' must be one for {net.task}", got=loss, fix=nearest(loss, fitting)))
    most = max(1, min(rows, MOST_NUMBERS // max(net.first_inputs, *net.sizes)))
    at = np.arange(len(data))
    if len(data) > most:
        at = np.sort(np.random.default_rng(seed).choice(len(data), most, replace=False))
    return Subject(
        net, net.entered(data.x[at], np.float64), _target(net, data.y[at]), data.x[at], at, len(data), loss, huber_delta
    )


def _checked(net: TrainedNet, x: Any, y: Any) -> Dataset:
    """The rows as a data set of the net's task; a data set says itself what is wrong with the rows."""
    problems = Problems()
    shape = np.shape(x)
    if len(shape) == 2 and shape[1] != net.n_inputs:
        problems.add(WHERE, f"the net takes {net.n_inputs} inputs; 'x' has another number of columns", got=shape[1])
    columns = np.shape(y)[1] if np.ndim(y) == 2 else 1
    if net.task != "classification" and columns != net.n_outputs:
        problems.add(WHERE, f"the net has {net.n_outputs} outputs; 'y' has another number of columns", got=columns)
    problems.raise_if_any()
    try:
        return Dataset("rows", x, y, net.task, net.classes)
    except InputError as error:
        raise InputError(*(WHERE + text.removeprefix("Dataset 'rows'") for text in error.problems)) from None


def _target(net: TrainedNet, y: np.ndarray) -> np.ndarray:
    """Targets as the loss takes them."""
    if net.task == "classification":
        return y
    numbers = y.astype(np.float64)
    if net.task == "regression":
        numbers = numbers if net.transform is None else net.transform.forward(numbers)
        numbers = (numbers - net.target_shift) * net.target_scale
    return np.ascontiguousarray(numbers.T)


def all_same(target: Shaped[np.ndarray, "... B"]) -> bool:
    """Whether all rows have the same target: class codes [B], or numbers [C, B]."""
    return bool((target == target[..., :1]).all())
