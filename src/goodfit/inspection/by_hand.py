"""The gradient derived by hand (4.6), in NumPy alone: to stand beside JAX's."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from goodfit.inspection.passes import run_passes
from goodfit.inspection.subject import Subject
from goodfit.models.trained_net import TrainedNet


@dataclass(frozen=True, eq=False)
class Gradients:
    """The gradient of the objective J = mean loss + l2/2 sum w^2. weights [out, in] and biases [out] of every layer."""

    weights: tuple[np.ndarray, ...]
    biases: tuple[np.ndarray, ...]


def gradient_by_hand(subject: Subject, l2: float = 0.0) -> Gradients:
    """The chain rule, written out; with one hidden layer it is the case of section 4.6:

    dJ/do = dL/do, dJ/dW2 = dJ/do h^T + l2 W2, dJ/dh = W2^T dJ/do, dJ/dz = dJ/dh * f'(z), dJ/dW1 = dJ/dz x^T + l2 W1.

    Nothing of it is JAX's where the activations are relu, sigmoid, tanh or identity and the loss is cross-entropy,
    binary cross-entropy or the squared error; for others f' or dL/do is.
    """
    net, rows = subject.net, len(subject.rows)
    passes = run_passes(subject)
    hidden, zs, given = [subject.x.T], [], list[np.ndarray]()
    for layer, (weight, bias) in enumerate(zip(net.weights, net.biases, strict=True)):
        z = weight.astype(np.float64) @ hidden[-1] + bias[:, None]
        zs.append(z)
        if layer < len(net.activations):
            known, share = _VALUES.get(net.activations[layer]), _share(net, layer)
            given.append(passes.a[layer] if known is None else known(z))
            hidden.append(given[-1] if known is None else share * given[-1] + (1 - share) * z)
    back = _output_gradient(subject, zs[-1], passes.z_gradients[-1]) / rows
    weights: list[np.ndarray] = []
    biases: list[np.ndarray] = []
    for layer in reversed(range(len(net.weights))):
        weights.insert(0, back @ hidden[layer].T + l2 * net.weights[layer].astype(np.float64))
        biases.insert(0, back.sum(1))
        if layer:
            name, share = net.activations[layer - 1], _share(net, layer - 1)
            slope = passes.slopes_z[layer - 1]
            slope = share * _SLOPES[name](given[layer - 1]) + 1 - share if name in _SLOPES else slope
            back = (net.weights[layer].T.astype(np.float64) @ back) * slope
    return Gradients(tuple(weights), tuple(biases))


def _share(net: TrainedNet, layer: int) -> np.ndarray:
    """Of its activation that each unit takes, [H, 1]."""
    return net.mixtures[layer].astype(np.float64)[:, None] if net.mixtures else np.ones((1, 1))


_VALUES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "identity": lambda z: z,
    "relu": lambda z: np.maximum(z, 0.0),
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    "tanh": np.tanh,
}
_SLOPES: dict[str, Callable[[np.ndarray], np.ndarray]] = {  # f' by what f has given
    "identity": np.ones_like,
    "relu": lambda a: (a > 0).astype(np.float64),
    "sigmoid": lambda a: a * (1 - a),
    "tanh": lambda a: 1 - a * a,
}


def _output_gradient(subject: Subject, z: np.ndarray, otherwise: np.ndarray) -> np.ndarray:
    """dL/dz of the outputs of every row, [C, B]."""
    if subject.loss == "cross-entropy":
        powers = np.exp(z - z.max(0))
        codes = np.eye(len(z))[subject.target].T
        return np.asarray(powers / powers.sum(0) - codes)
    if subject.loss == "binary-cross-entropy":
        return np.asarray(1 / (1 + np.exp(-z)) - subject.target)
    if subject.loss == "squared-error":
        return np.asarray(z - subject.target)
    return otherwise
