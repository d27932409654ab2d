"""Activations: what each computes, and the facts about it that diagnoses read, in one place.

Every function is elementwise, keeps the type of its input, has a finite derivative wherever the input is finite, and
lets nan through, so that a net that diverged is seen. At a kink the derivative is the one from the left, as in torch.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

from goodfit.errors import InputError, nearest, problem

SATURATED_DERIVATIVE = 0.01  # a unit whose derivative is smaller passes on less than this share of its gradient
LEAKY_SLOPE = 0.01  # of leaky-relu below zero, torch's default
PRELU_SLOPE = 0.25  # of prelu below zero before training, in He et al. (2015) and torch
SELU_ALPHA = 1.6732632423543772
SELU_SCALE = 1.0507009873554805
_INFINITY = math.inf


@dataclass(frozen=True)
class Activation:
    """One activation f and the facts about it.

    name: as in a recipe
    function: z -> f(z), elementwise; where `slope` is set, (z, slope) -> f(z), slope broadcast against z.
    formula: f in plain text.
    lowest, highest: bounds of its range, reached or approached.
    zero_mean: whether E f(Z) = 0 for Z ~ N(0, 1).
    largest_derivative: the supremum of |f'|.
    saturation: (below, above): |f'| < SATURATED_DERIVATIVE for every z < below and every z > above; None on a side
    where f does not saturate.
    gain: what keeps the spread of values from layer to layer, for the initialisers that take a gain: torch's
    calculate_gain where torch has a value, otherwise 1 / sqrt(E f(Z)^2) for Z ~ N(0, 1), which is He's argument.
    source: where f is defined.
    slope: the value with which a trained slope starts; None where nothing is trained.
    """

    name: str
    function: Callable[..., Array]
    formula: str
    lowest: float
    highest: float
    zero_mean: bool
    largest_derivative: float
    saturation: tuple[float | None, float | None]
    gain: float
    source: str
    slope: float | None = None


def identity(z: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """Return z itself."""
    return z


def relu(z: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """Rectified linear unit; its derivative at 0 is 0."""
    return lax.select(z <= 0, lax.full_like(z, 0), z)


def sigmoid(z: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """Logistic function."""
    return lax.logistic(z)


def tanh(z: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """Hyperbolic tangent."""
    return lax.tanh(z)


def prelu(z: Float[Array, "*shape"], slope: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """Rectified linear unit with the given slope below zero, which is broadcast against z."""
    return lax.select(z <= 0, slope * z, z)


def leaky_relu(z: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """Rectified linear unit with the slope LEAKY_SLOPE below zero."""
    return lax.select(z <= 0, LEAKY_SLOPE * z, z)


def elu(z: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """Exponential linear unit with alpha = 1."""
    return lax.select(z <= 0, _expm1_below_zero(z), z)


def selu(z: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """Scaled exponential linear unit: keeps mean 0 and variance 1."""
    return SELU_SCALE * lax.select(z <= 0, SELU_ALPHA * _expm1_below_zero(z), z)


def gelu(z: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """Gaussian error linear unit, exact (not the approximation by tanh)."""
    return 0.5 * z * (1.0 + lax.erf(math.sqrt(0.5) * z))


def silu(z: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """Sigmoid linear unit, also called swish."""
    return z * lax.logistic(z)


def softplus(z: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """Smooth rectifier; neither overflows nor loses small values."""
    return relu(z) + jnp.log1p(jnp.exp(lax.select(z <= 0, z, -z)))


def mish(z: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """Self-regularised non-monotonic activation: z tanh(softplus(z))."""
    return z * lax.tanh(softplus(z))


def _expm1_below_zero(z: Array) -> Array:
    """exp(z) - 1 where z <= 0; elsewhere 0, so that what is not selected cannot overflow and spoil the derivative."""
    return jnp.expm1(lax.select(z <= 0, z, lax.full_like(z, 0)))


_ALL = (
    Activation(
        "identity", identity, "z", -_INFINITY, _INFINITY, True, 1.0, (None, None), 1.0, "no nonlinearity: section 4.1.1"
    ),
    Activation(
        "relu",
        relu,
        "max(0, z)",
        0.0,
        _INFINITY,
        False,
        1.0,
        (0.0, None),
        math.sqrt(2.0),
        "Nair & Hinton (2010), Rectified linear units improve restricted Boltzmann machines",
    ),
    Activation(
        "sigmoid",
        sigmoid,
        "1 / (1 + exp(-z))",
        0.0,
        1.0,
        False,
        0.25,
        (-4.584863339122354, 4.584863339122354),
        1.0,
        "torch.nn.Sigmoid",
    ),
    Activation(
        "tanh",
        tanh,
        "(exp(z) - exp(-z)) / (exp(z) + exp(-z))",
        -1.0,
        1.0,
        True,
        1.0,
        (-2.993222846126382, 2.993222846126382),
        5.0 / 3.0,
        "torch.nn.Tanh",
    ),
    Activation(
        "leaky-relu",
        leaky_relu,
        f"z if z > 0 else {LEAKY_SLOPE} z",
        -_INFINITY,
        _INFINITY,
        False,
        1.0,
        (None, None),
        math.sqrt(2.0 / (1.0 + LEAKY_SLOPE**2)),
        "torch.nn.LeakyReLU",
    ),
    Activation(
        "elu",
        elu,
        "z if z > 0 else exp(z) - 1",
        -1.0,
        _INFINITY,
        False,
        1.0,
        (-4.605170185988091, None),
        1.2451983007007066,
        "Clevert, Unterthiner & Hochreiter (2016), arXiv 1511.07289",
    ),
    Activation(
        "selu",
        selu,
        f"{SELU_SCALE} z if z > 0 else {SELU_SCALE} {SELU_ALPHA} (exp(z) - 1)",
        -SELU_SCALE * SELU_ALPHA,
        _INFINITY,
        True,
        SELU_SCALE * SELU_ALPHA,
        (-5.169403491531345, None),
        3.0 / 4.0,
        "Klambauer, Unterthiner, Mayr & Hochreiter (2017), arXiv 1706.02515",
    ),
    Activation(
        "gelu",
        gelu,
        "z Phi(z), Phi the normal distribution function",
        -0.16997120747990369,
        _INFINITY,
        False,
        1.1289041451851550,
        (-3.0674272039089003, None),
        1.5335304411955353,
        "Hendrycks & Gimpel (2016), arXiv 1606.08415",
    ),
    Activation(
        "silu",
        silu,
        "z / (1 + exp(-z))",
        -0.2784645427610738,
        _INFINITY,
        False,
        1.0998393201288670,
        (-6.2613888488199345, None),
        1.6765324703310910,
        "Hendrycks & Gimpel (2016), arXiv 1606.08415",
    ),
    Activation(
        "softplus",
        softplus,
        "log(1 + exp(z))",
        0.0,
        _INFINITY,
        False,
        1.0,
        (-4.595119850134590, None),
        1.0418668355353016,
        "torch.nn.Softplus",
    ),
    Activation(
        "mish",
        mish,
        "z tanh(log(1 + exp(z)))",
        -0.3088434130172504,
        _INFINITY,
        False,
        1.0884981612517277,
        (-6.263968785699261, None),
        1.4868475812732080,
        "Misra (2019), arXiv 1908.08681",
    ),
    Activation(
        "prelu",
        prelu,
        f"z if z > 0 else slope z, slope trained from {PRELU_SLOPE}",
        -_INFINITY,
        _INFINITY,
        False,
        1.0,
        (None, None),
        math.sqrt(2.0 / (1.0 + PRELU_SLOPE**2)),
        "He, Zhang, Ren & Sun (2015), arXiv 1502.01852",
        slope=PRELU_SLOPE,
    ),
)
ACTIVATIONS: dict[str, Activation] = {each.name: each for each in _ALL}
"""Name, as in a recipe -> activation."""


def get(name: str) -> Activation:
    """The activation of that name; InputError with the nearest valid name where there is none."""
    if name not in ACTIVATIONS:
        raise InputError(problem("Net", "no such activation", got=name, fix=nearest(name, ACTIVATIONS)))
    return ACTIVATIONS[name]
