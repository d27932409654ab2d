"""The activations and the forward pass in NumPy, so that a trained net predicts without starting JAX.

The same functions as in `activations`, which explains them; a test holds the two together. An activation keeps the
float type of its argument, overflows nowhere, and takes (z) or, for prelu, (z, slope).
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

LEAK = 0.01
SELU_SCALE = 1.0507009873554805
SELU_ALPHA = 1.6732632423543772


def softplus(z: np.ndarray) -> Any:
    """log(1 + exp(z))."""
    return np.logaddexp(z.dtype.type(0), z)


def sigmoid(z: np.ndarray) -> Any:
    """1 / (1 + exp(-z)), with full relative precision where z is very negative."""
    return np.exp(-softplus(-z))


def elu(z: np.ndarray) -> Any:
    """z where positive, exp(z) - 1 elsewhere."""
    return np.where(z > 0, z, np.expm1(np.minimum(z, 0)))


def selu(z: np.ndarray) -> Any:
    """SELU_SCALE times: z where positive, SELU_ALPHA * (exp(z) - 1) elsewhere."""
    return SELU_SCALE * np.where(z > 0, z, SELU_ALPHA * np.expm1(np.minimum(z, 0)))


def gelu(z: np.ndarray) -> Any:
    """z times the normal distribution function of z (exact, not the tanh approximation)."""
    from scipy.special import ndtr

    a = ndtr(z)
    a *= z
    return a


def prelu(z: np.ndarray, slope: float) -> Any:
    """z where positive, slope * z elsewhere."""
    return np.where(z > 0, z, z * slope)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "identity": lambda z: z,
    "relu": lambda z: np.maximum(z, 0),
    "sigmoid": sigmoid,
    "tanh": np.tanh,
    "leaky-relu": lambda z: np.where(z > 0, z, z * LEAK),
    "elu": elu,
    "selu": selu,
    "gelu": gelu,
    "silu": lambda z: z * sigmoid(z),
    "softplus": softplus,
    "mish": lambda z: z * np.tanh(softplus(z)),
    "prelu": prelu,
}


def activate(name: str, z: np.ndarray, slope: float | None = None) -> Any:
    """What an activation makes of z. slope: of prelu, None for the others."""
    return FUNCTIONS[name](z) if slope is None else FUNCTIONS[name](z, slope)


def mixed(z: np.ndarray, a: np.ndarray, share: np.ndarray) -> Any:
    """What units give that take a share [H] of their activation a [..., H], and the rest of z itself."""
    share = share.astype(z.dtype, copy=False)  # before it is taken from 1, or float64 would have its rounding
    return share * a + (1 - share) * z


def layer_values(
    h: Any,
    weights: Sequence[np.ndarray],
    biases: Sequence[np.ndarray],
    activations: Sequence[str],
    slopes: Sequence[float | None] = (),
    mixtures: Sequence[np.ndarray] = (),
) -> Iterator[np.ndarray]:
    """What one layer after another gives for rows h [B, D], dense or sparse; the outputs come last, as they are.

    weights: [in, out] a layer; biases: [out] a layer; activations: one a hidden layer; slopes: likewise, or () where
    none has one; mixtures: shares [H] as in `mixed`, likewise, or () where none has any. The types of rows and weights
    decide in which float type is computed.
    """
    for layer, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
        h = h @ weight  # [B, H]
        h += bias
        if layer < len(activations):
            a = activate(activations[layer], h, slopes[layer] if slopes else None)
            h = mixed(h, a, mixtures[layer]) if mixtures else a
        yield h
