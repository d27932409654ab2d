"""What the page draws of nets: their inputs as a plane or a line, what they predict over it, what each unit does."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from goodfit.data.dataset import Dataset
from goodfit.models.stacked import stacked_values
from goodfit.models.trained_net import TrainedNet
from goodfit.nets.numpy_activations import layer_values

Arrays = dict[str, NDArray[Any]]
MARGIN = 0.08  # of the range of the rows, around a picture
MOST_SHOWN = 1000  # rows of a part that are drawn
MOST_LINES = 16  # nets whose own curves are drawn
MOST_WEIGHTS = 100_000  # of a net whose weights are told
MAIN_ROWS = 2000  # that main directions are found of


@dataclass(frozen=True)
class Plane:
    """How inputs [N, D] are drawn: in two directions, or along one.

    kind: "plane" or "line". origin: [D] the inputs at (0, 0). axes: [1 or 2, D], orthonormal. x, y: what is shown; y of
    a line is the range of the targets. names: of the two. powers: 0, or the number of inputs that are the powers x^i /
    i! of one, as those of the polynomial are. sentence: what is not seen, "" if nothing.
    """

    kind: Literal["plane", "line"]
    origin: NDArray[np.float64]
    axes: NDArray[np.float64]
    x: tuple[float, float]
    y: tuple[float, float]
    names: tuple[str, str]
    powers: int = 0
    sentence: str = ""

    def place(self, inputs: NDArray[Any]) -> NDArray[np.float64]:
        """Where inputs [N, D] are drawn, [N, 1 or 2]."""
        if self.powers:
            return inputs[:, 1:2].astype(np.float64)
        found: NDArray[np.float64] = (inputs.astype(np.float64) - self.origin) @ self.axes.T
        return found

    def inputs(self, points: int) -> NDArray[np.float32]:
        """The inputs of a grid with so many points a side, [points ** 1 or 2, D]: along x first, upwards in y."""
        across = np.linspace(*self.x, points)
        if self.powers:
            steps = np.asarray([float(math.factorial(power)) for power in range(self.powers)])
            made: NDArray[np.float32] = (across[:, None] ** np.arange(self.powers) / steps).astype(np.float32)
            return made
        at = across[:, None]
        if self.kind == "plane":
            up = np.linspace(*self.y, points)
            at = np.stack(np.meshgrid(across, up), axis=-1).reshape(-1, 2)
        found: NDArray[np.float32] = (self.origin + at @ self.axes).astype(np.float32)
        return found

    def to_json(self) -> dict[str, Any]:
        """What the page is told of it."""
        return {
            "kind": self.kind,
            "x": list(self.x),
            "y": list(self.y),
            "names": list(self.names),
            "sentence": self.sentence,
        }


def plane_of(data: Dataset, rows: NDArray[np.integer]) -> Plane | None:
    """How the inputs of a data set are drawn; None where they have no two directions. rows: that are looked at."""
    inputs, width = data.x[rows].astype(np.float64), data.x.shape[1]
    names = data.features or tuple(f"x{place + 1}" for place in range(width))
    if data.name == "polynomial":
        return None if width < 2 else _line(data, rows, np.zeros(width), np.eye(width)[1:2], "x", powers=width)
    if width == 1:
        return _line(data, rows, np.zeros(1), np.eye(1), names[0])
    if width == 2:
        return _plane(inputs, np.zeros(2), np.eye(2), (names[0], names[1]))
    some = inputs[:MAIN_ROWS]
    mean = some.mean(axis=0)
    _, sizes, directions = np.linalg.svd(some - mean, full_matrices=False)
    if len(sizes) < 2 or sizes[1] <= 0:
        return None
    share = float((sizes[:2] ** 2).sum() / (sizes**2).sum())
    sentence = (
        f"The plane of the two main directions of the {width} inputs, with {share:.0%} of their variance; in all "
        "others it is at their mean."
    )
    return _plane(inputs, mean, directions[:2], ("first direction", "second direction"), sentence)


def _plane(
    inputs: NDArray[Any], origin: NDArray[Any], axes: NDArray[Any], names: tuple[str, str], sentence: str = ""
) -> Plane:
    at = (inputs - origin) @ axes.T
    return Plane("plane", origin, axes, _range(at[:, 0]), _range(at[:, 1]), names, sentence=sentence)


def _line(
    data: Dataset, rows: NDArray[np.integer], origin: NDArray[Any], axes: NDArray[Any], name: str, powers: int = 0
) -> Plane:
    at = (data.x[rows].astype(np.float64) - origin) @ axes.T
    numbers = data.task == "regression"
    up = _range(data.y[rows][:, 0].astype(np.float64)) if numbers else (-MARGIN, 1 + MARGIN)
    return Plane("line", origin, axes, _range(at[:, 0]), up, (name, "target" if numbers else "probability"), powers)


def _range(values: NDArray[Any]) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    room = MARGIN * (high - low) or 1.0
    return low - room, high + room


def points_of(data: Dataset, plane: Plane, parts: Sequence[NDArray[np.integer]]) -> tuple[Arrays, int]:
    """(columns x1, x2, y, part of the rows that are drawn, how many there are). parts: rows to train, to validate."""
    found: dict[str, list[Any]] = {"x1": [], "x2": [], "y": [], "part": []}
    for number, rows in enumerate(parts):
        shown = rows[:MOST_SHOWN]
        if not len(shown):
            continue
        at, target = plane.place(data.x[shown]), np.asarray(data.y[shown], np.float64)
        target = target if target.ndim == 1 else target[:, 0]
        found["x1"].append(at[:, 0])
        found["x2"].append(at[:, 1] if plane.kind == "plane" else target)
        found["y"].append(target)
        found["part"].append(np.full(len(shown), number))
    return {name: np.concatenate(values) for name, values in found.items()}, sum(map(len, parts))


def predicted(nets: Sequence[TrainedNet], inputs: NDArray[np.float32]) -> NDArray[np.float64]:
    """[P, K, N]: what each net predicts for inputs [N, D]. K as in `telling.BoundaryTold`."""
    first = nets[0]
    found: list[Any] = [None] * len(nets)
    for place, values in stacked_values(nets, inputs):
        found[place] = values
    every = np.stack(found).astype(np.float64)  # [P, N, C]
    if first.task == "classification" and first.n_outputs == 2:
        every = every[:, :, 1:]
    elif first.task == "regression":
        every = every[:, :, :1]
    return every.swapaxes(1, 2)


def boundary(nets: Sequence[TrainedNet], plane: Plane, inputs: NDArray[np.float32], points: int) -> Arrays:
    """`mean` and `spread` of nets over a picture, and of a line the curves of the first nets. inputs: of the plane."""
    every = predicted(nets, inputs)
    mean, apart = every.mean(axis=0), every.std(axis=0)  # [K, N]
    leading = mean.argmax(axis=0)
    spread = apart[leading, np.arange(apart.shape[1])]
    shape = (points, points) if plane.kind == "plane" else (points,)
    found = {"mean": mean.reshape(-1, *shape), "spread": spread.reshape(shape)}
    if plane.kind == "line":
        found["nets"] = every[:MOST_LINES, 0]
    return {name: _shown(values) for name, values in found.items()}


def units(net: TrainedNet, plane: Plane | None, inputs: NDArray[np.float32] | None, points: int) -> Arrays:
    """`units`: what each hidden unit of a net computes over a picture; and the net's weights, where they are few."""
    found: Arrays = {}
    if plane is not None and inputs is not None and points:
        shape = (points, points) if plane.kind == "plane" else (points,)
        values = layer_values(
            net.entered(inputs),
            [weight.T for weight in net.weights],
            net.biases,
            net.activations,
            net.slopes,
            net.mixtures,
        )
        hidden = [each.T.reshape(-1, *shape) for each, _ in zip(values, net.activations, strict=False)]
        found["units"] = np.concatenate(hidden) if hidden else np.zeros((0, *shape))
    if sum(weight.size for weight in net.weights) <= MOST_WEIGHTS:
        for layer, (weight, bias) in enumerate(zip(net.weights, net.biases, strict=True)):
            found[f"w{layer}"], found[f"b{layer}"] = weight, bias
    return {name: _shown(values) for name, values in found.items()}


def _shown(values: NDArray[Any]) -> NDArray[np.float32]:
    """As float32, with what is beyond its range at its ends."""
    most = np.finfo(np.float32).max
    found: NDArray[np.float32] = np.nan_to_num(np.clip(values, -most, most), nan=0.0).astype(np.float32)
    return found
