"""What straight lines can do: fold layers by hand, divide two classes by a line, tell how much a map bends."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from goodfit.data.streams import generator
from goodfit.inspection import describe_net, fold
from goodfit.models.trained_net import TrainedNet
from goodfit.studies.common.trained import hidden_values
from goodfit.studies.declaring import Columns
from goodfit.studies.estimates import mean_of
from goodfit.studies.tabulating import cells, columns, table_of
from goodfit.training import Recipe
from goodfit.training.initialise import initial_layers

Numbers = NDArray[np.float64]
ANGLES = 180  # directions in which the best straight line is looked for


def fold_by_hand(weights: Sequence[NDArray[Any]], biases: Sequence[NDArray[Any]]) -> tuple[Numbers, Numbers]:
    """W = W2 W1 and b = W2 b1 + b2, layer by layer in float64. weights: [out, in] a layer; biases: [out] a layer."""
    w, b = np.eye(weights[0].shape[1]), np.zeros(weights[0].shape[1])
    for weight, bias in zip(weights, biases, strict=True):
        w, b = weight.astype(float) @ w, weight.astype(float) @ b + bias
    return w, b


def best_line(x: Numbers, y: NDArray[Any]) -> float:
    """The share of points on their class's side of the straight line that divides two classes best.

    x: [N, 2]; y: [N], 0 or 1. Lines in ANGLES directions are tried, at every place between two points;
    points that lie on one such line should be few, for they are divided too.
    """
    angles = np.pi * np.arange(ANGLES) / ANGLES
    order = np.argsort(x @ np.stack([np.cos(angles), np.sin(angles)]), axis=0)  # [N, ANGLES]
    gains = np.cumsum(np.where(y[order] == 0, 1, -1), axis=0)  # of calling the points up to here 0, the others 1
    ones = int((y == 1).sum())
    return float(max(ones + max(gains.max(), 0), len(y) - ones - min(gains.min(), 0)) / len(y))


def bend(x: Numbers, y: Numbers) -> float:
    """The share of the variance of y that no affine map of x tells, 1 - R^2, in [0, 1]. x: [B, D]; y: [B, H].

    nan where nothing varies, or numbers are not finite.
    """
    if not np.isfinite(x).all() or not np.isfinite(y).all():
        return float("nan")
    a, b = x - x.mean(0), y - y.mean(0)
    rest = b - a @ np.linalg.lstsq(a, b, rcond=None)[0]
    return float((rest**2).sum() / (b**2).sum()) if (b**2).sum() > 0 else float("nan")


def least_bend(net: TrainedNet, x: NDArray[Any]) -> float:
    """Of a net's hidden layers, how much the straightest bends on rows x [B, D]; see `bend`."""
    return min(bend(before, after) for before, after in itertools.pairwise(hidden_values(net, x)))


def fold_errors(seeds: Sequence[int], depths: Sequence[int], widths: Sequence[int]) -> Columns:
    """How far random linear nets of 8 inputs are from the one layer that they fold into: a table.

    layers, width: of the net; the largest difference over seeds and 256 rows, by the largest output: algebra: all in
    float64; folded: by `inspection.fold`, which stores float32, then in float64; single: that in float32.
    """
    rows = []
    for layers, width in itertools.product(depths, widths):
        worst = np.zeros(3)
        for seed in seeds:
            rng = generator(seed, "straightness/fold")
            x = rng.normal(size=(256, 8))
            recipe = Recipe(hidden=(width,) * layers, activation="identity", init="xavier-normal", seed=seed)
            weights = [weight for weight, _ in initial_layers(recipe, 8, 2)]
            biases = [rng.normal(size=len(weight)).astype(np.float32) for weight in weights]
            net = describe_net(weights, biases, "identity")
            one, (w, b), deep = fold(net), fold_by_hand(weights, biases), net.outputs(x, np.float64)
            pairs = (x @ w.T + b, deep), (one.outputs(x, np.float64), deep), (one.outputs(x), net.outputs(x))
            worst = np.maximum(worst, [np.abs(a - b).max() / np.abs(b).max() for a, b in pairs])
        rows.append((layers, width, *worst))
    return columns(("layers", "width", "algebra", "folded", "single"), rows)


def pair_bends(names: Sequence[str], seeds: Sequence[int], deviation: float) -> dict[tuple[str, str], Numbers]:
    """(activation of layer 1, of layer 2) -> how much the output of an untrained net 8-64-64-1 bends, [2, S].

    First with Xavier's weights, then with N(0, deviation^2). Inputs: 512 rows from N(0, 1).
    """
    found = {(first, second): np.zeros((2, len(seeds))) for first in names for second in names}
    inits: tuple[dict[str, Any], ...] = {"init": "xavier-normal"}, {"init": "normal", "init_scale": deviation}
    for at, seed in enumerate(seeds):
        x = generator(seed, "straightness/pairs").normal(size=(512, 8))
        for place, init in enumerate(inits):
            weights, biases = zip(*initial_layers(Recipe(hidden=(64, 64), seed=seed, **init), 8, 1), strict=True)
            for pair, shares in found.items():
                net = describe_net(weights, biases, pair, task="regression")
                shares[place, at] = bend(x, net.outputs(x, np.float64))
    return found


def pair_table(bends: Mapping[tuple[str, str], Numbers]) -> Columns:
    """The means of `pair_bends` over seeds as a table, with their intervals."""
    return table_of(
        [
            {"first": first, "second": second, **cells("xavier", mean_of(xavier)), **cells("small", mean_of(small))}
            for (first, second), (xavier, small) in bends.items()
        ]
    )
