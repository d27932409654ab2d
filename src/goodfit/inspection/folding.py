"""Layers without a non-linearity between them are one layer (4.1.1.1): the smaller net that is equal to a given one."""

from dataclasses import replace

import numpy as np
from jaxtyping import Float

from goodfit.arguments import public
from goodfit.errors import InputError, problem
from goodfit.models.trained_net import TrainedNet

LINEAR = "identity"


def linear_layers(net: TrainedNet) -> list[int]:
    """The hidden layers whose activation does nothing."""
    return [layer for layer, name in enumerate(net.activations) if name == LINEAR]


@public
def fold(net: TrainedNet) -> TrainedNet:
    """The net without the hidden layers that do nothing: W = W2 W1, b = W2 b1 + b2, multiplied in float64.

    Its outputs are equal to the net's up to rounding. InputError where there is nothing to fold, and for a net whose
    members share weights.
    """
    if net.members is not None:
        fix = "goodfit.models.member_nets.member_nets gives each member as a net that can be folded."
        raise InputError(problem("Net", "must have one member to be folded", got=net.n_members, fix=fix))
    if not linear_layers(net):
        raise InputError(problem("Net", "must have a hidden layer without a nonlinearity to be folded", got=repr(net)))
    weights: list[np.ndarray] = []
    biases: list[np.ndarray] = []
    names: list[str] = []
    slopes: list[float | None] = []
    shares: list[np.ndarray] = []
    before = LINEAR + "?"  # of the layer before; the inputs are no layer to fold
    for layer, (weight, bias) in enumerate(zip(net.weights, net.biases, strict=True)):
        w, b = weight.astype(np.float64), bias.astype(np.float64)
        if before == LINEAR:
            b = w @ biases[-1] + b
            w = w @ weights[-1]
            weights[-1], biases[-1] = w, b
        else:
            weights.append(w)
            biases.append(b)
        if layer < len(net.activations):
            before = net.activations[layer]
            if before != LINEAR:
                names.append(before)
                slopes.append(net.slopes[layer])
                shares += net.mixtures[layer : layer + 1]
    layers = {"weights": weights, "biases": biases, "activations": names, "slopes": slopes, "mixtures": shares}
    return replace(net, **{name: tuple(own) for name, own in layers.items()})  # type: ignore[arg-type]


def straightness(z: Float[np.ndarray, "H B"], a: Float[np.ndarray, "H B"]) -> float:
    """How much of a layer's variance a straight line of each unit's own z tells (R^2, units weighed by variance).

    1 where no unit bends on these rows: the layer is then an affine map. nan where nothing varies.
    """
    x, y = z - z.mean(1, keepdims=True), a - a.mean(1, keepdims=True)
    variance = (y * y).sum(1)
    if not variance.sum() > 1e-20 * (a * a).sum():
        return float("nan")
    own = (x * x).sum(1)
    slope = np.divide((x * y).sum(1), own, out=np.zeros_like(own), where=own > 0)
    rest = ((y - slope[:, None] * x) ** 2).sum(1)
    return 1.0 - float(rest.sum() / variance.sum())
