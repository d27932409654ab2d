"""The outputs of many nets for the same rows: nets of one shape are stacked, so that products are few and large."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from goodfit.models.averaging import decided
from goodfit.models.blockwise import blocks, overflow_allowed, undivided_products
from goodfit.models.member_layers import put_together
from goodfit.models.member_nets import member_nets
from goodfit.models.on_device import accelerated, outputs_on_device
from goodfit.models.scores import Score, score_classification, score_regression
from goodfit.models.trained_net import BLOCK_NUMBERS, TrainedNet, checked_inputs
from goodfit.models.weighing import Weights
from goodfit.nets.numpy_activations import activate, mixed

if TYPE_CHECKING:
    from jaxtyping import Float, Shaped

MOST_UNITS = 2**12  # of the widest layer of all nets of a stack


def stacked_outputs(nets: Sequence[TrainedNet], x: Any) -> Iterator[tuple[int, Float[np.ndarray, "N C"]]]:
    """(its place in `nets`, what `outputs(x)` of the net gives up to rounding) of every net, alike ones together."""
    alike: dict[Any, list[int]] = {}
    for place, net in enumerate(nets):
        if net.members is not None and not accelerated():
            yield place, net.outputs(x)
            continue
        if net.members is not None:
            own_outputs = dict(stacked_outputs([*member_nets(net)], x))
            outputs = np.stack([own_outputs[member] for member in range(net.n_members)], axis=-1)
            yield place, put_together(net.task, net.link, outputs)
            continue
        own = place if any(slope is not None for slope in net.slopes) else None  # a slope of its own: it stands alone
        alike.setdefault((net.sizes, net.activations, *_scaling(net), bool(net.mixtures), own), []).append(place)
    for places in alike.values():
        most = max(1, MOST_UNITS // max(nets[places[0]].sizes[1:]))
        for start in range(0, len(places), most):
            chosen = places[start : start + most]
            if accelerated():
                yield from zip(chosen, outputs_on_device([nets[place] for place in chosen], x), strict=True)
            elif len(chosen) == 1:
                yield chosen[0], nets[chosen[0]].outputs(x)
            else:
                yield from zip(chosen, _outputs([nets[place] for place in chosen], x), strict=True)


def _scaling(net: TrainedNet) -> tuple[bytes, ...]:
    """What turns raw inputs into those of the first layer."""
    encoding = () if net.encoding is None else (*net.encoding.fixed, *net.encoding.trained)
    return tuple(each.tobytes() for each in (net.shift, net.scale, net.bend, *encoding))


def _outputs(nets: Sequence[TrainedNet], x: Any) -> Float[np.ndarray, "P N C"]:
    """Of nets of one shape, with the same scaling."""
    first = nets[0]
    rows = checked_inputs(x, first.n_inputs)
    weights = [np.stack([net.weights[layer].T for net in nets]) for layer in range(len(first.weights))]  # [P, in, out]
    biases = [np.stack([net.biases[layer] for net in nets])[:, None] for layer in range(len(first.weights))]
    weights[0] = np.concatenate(weights[0], axis=1)[None]  # [1, D, P * H]: all nets see the same inputs
    shares = [np.stack(own)[:, None] for own in zip(*(net.mixtures for net in nets), strict=True)]  # [P, 1, H]
    result = np.empty((len(nets), len(rows), first.n_outputs), np.float32)
    with overflow_allowed(), undivided_products():
        for block in blocks(len(rows), len(nets) * max(first.sizes[1:]) + first.first_inputs, BLOCK_NUMBERS):
            result[:, block] = _forward(first, rows[block], weights, biases, shares)
    return result


def _forward(
    first: TrainedNet,
    x: Shaped[np.ndarray, "B D"],
    weights: Sequence[np.ndarray],
    biases: Sequence[np.ndarray],
    shares: Sequence[np.ndarray],
) -> Float[np.ndarray, "P B C"]:
    """One block of rows through all layers of all nets."""
    nets = len(biases[0])
    z = (first.entered(x) @ weights[0][0]).reshape(len(x), nets, -1).swapaxes(0, 1) + biases[0]  # [P, B, H]
    for layer, name in enumerate(first.activations):
        a = activate(name, z)
        h = mixed(z, a, shares[layer]) if shares else a
        z = h @ weights[layer + 1] + biases[layer + 1]
    outputs: Float[np.ndarray, "P B C"] = z
    return outputs


def score_nets(nets: Sequence[TrainedNet], x: np.ndarray, y: np.ndarray, weight: Weights = None) -> Score:
    """The score of nets for inputs [N, D] and targets, over all the nets given. Nothing is recorded: see `open_rows`.

    weight: how much each row counts, [N]

    For sealed rows this is the way around the ledger. goodfit's own benchmarks take it, for they repeat a measurement
    that is published and choose nothing by it, and have no place in the ledger of whoever runs them.
    """
    if nets[0].task == "regression":
        return score_regression(
            np.stack([*_of_each(nets, x, lambda predicted: predicted)]), y, weight=weight
        )  # [P, N, C]
    # compared net by net: as codes, thousands of nets take four times as much, and twice that while they are stacked
    right = np.stack([*_of_each(nets, x, lambda predicted: predicted == y)])  # [P, N] or [P, N, C]
    if nets[0].task == "multilabel":
        return score_classification(np.asarray(right.all(-1)), name="exact match", weight=weight)
    return score_classification(right, weight=weight)


def score_values(task: str, values: NDArray[np.floating], y: NDArray[np.generic], weight: Weights = None) -> Score:
    """The score of predictions [n, C], as `mean_values` gives them, for targets. weight: how much each row counts."""
    predicted = decided(task, values)
    if task == "regression":
        return score_regression(predicted[None], y, weight=weight)
    right = predicted == y
    if task == "multilabel":
        return score_classification(right.all(-1)[None], name="exact match", weight=weight)
    return score_classification(right[None], weight=weight)


def stacked_values(nets: Sequence[TrainedNet], x: np.ndarray) -> Iterator[tuple[int, Float[np.ndarray, "N C"]]]:
    """(its place in `nets`, its probabilities, or its numbers in the unit of the targets) of every net."""
    for place, z in stacked_outputs(nets, x):
        net = nets[place]
        yield place, net.predictions_of(z) if net.task == "regression" else net.probabilities_of(z)


def _of_each(nets: Sequence[TrainedNet], x: np.ndarray, of: Callable[[np.ndarray], np.ndarray]) -> list[np.ndarray]:
    """What `of` makes of every net's predictions, in order."""
    if not accelerated():
        return [of(net.predict(x)) for net in nets]
    found = {place: of(nets[place].predictions_of(z)) for place, z in stacked_outputs(nets, x)}
    return [found[place] for place in range(len(nets))]
