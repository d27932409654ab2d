"""Initialisers: how a layer's weights and biases are drawn, and the variance of an entry as a function of the fans.

Drawn on the host with NumPy, in float32; what is drawn depends on (generator, fan_in, fan_out, scale) alone.
fan_in is the number of a layer's inputs, fan_out the number of its units. Weights have torch's layout,
[fan_out, fan_in].
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from goodfit.errors import InputError, nearest, problem

Array = np.ndarray
Sample = Callable[[np.random.Generator, tuple[int, ...], float], Array]
Variance = Callable[[int, int, float], float]


@dataclass(frozen=True)
class Initialiser:
    """One way to draw the weights of a layer, or its biases.

    name: as in a recipe
    draw: (generator, fan_in, fan_out, scale) -> float32, [fan_out, fan_in] for weights, [fan_out] for biases.
    variance: (fan_in, fan_out, scale) -> the variance of one entry.
    default_scale: used where a recipe states no scale.
    scale_means: what the scale is, "" where it is ignored.
    formula: the distribution in plain text.
    source: where it is defined.
    """

    name: str
    draw: Callable[[np.random.Generator, int, int, float], Array]
    variance: Variance
    default_scale: float
    scale_means: str
    formula: str
    source: str


def _normal(rng: np.random.Generator, shape: tuple[int, ...], deviation: float) -> Array:
    return rng.standard_normal(shape, dtype=np.float32) * np.float32(deviation)


def _uniform(rng: np.random.Generator, shape: tuple[int, ...], deviation: float) -> Array:
    """Symmetric about 0; a half-width of sqrt(3) deviations gives the deviation that is asked for."""
    share = rng.random(shape, dtype=np.float32)  # in [0, 1)
    return (np.float32(2) * share - np.float32(1)) * np.float32(math.sqrt(3.0) * deviation)


def _orthogonal(rng: np.random.Generator, fan_in: int, fan_out: int, gain: float) -> Float[Array, "out in"]:
    """Uniform over the matrices with orthonormal rows or columns, whichever are fewer, times the gain.

    The signs of R's diagonal move into Q; without this Q is not uniform (Mezzadri 2007, arXiv math-ph/0609050).
    """
    q, r = np.linalg.qr(rng.standard_normal((max(fan_in, fan_out), min(fan_in, fan_out))))
    q = q * np.where(np.diagonal(r) < 0, -1.0, 1.0)
    return np.ascontiguousarray(gain * (q.T if fan_out < fan_in else q), np.float32)


def _constant(_rng: np.random.Generator, fan_in: int, fan_out: int, value: float) -> Float[Array, "out in"]:
    return np.full((fan_out, fan_in), value, np.float32)


def _constant_biases(_rng: np.random.Generator, _fan_in: int, fan_out: int, value: float) -> Float[Array, " out"]:
    return np.full(fan_out, value, np.float32)


def _zeros(_rng: np.random.Generator, fan_in: int, fan_out: int, _scale: float) -> Float[Array, "out in"]:
    return np.zeros((fan_out, fan_in), np.float32)


def _zero_biases(_rng: np.random.Generator, _fan_in: int, fan_out: int, _scale: float) -> Float[Array, " out"]:
    return np.zeros(fan_out, np.float32)


def _torch_biases(rng: np.random.Generator, fan_in: int, fan_out: int, scale: float) -> Float[Array, " out"]:
    return _uniform(rng, (fan_out,), math.sqrt(_of_torch(fan_in, fan_out, scale)))


def _nothing(_fan_in: int, _fan_out: int, _scale: float) -> float:
    return 0.0


def _of_torch(fan_in: int, _fan_out: int, _scale: float) -> float:
    return 1.0 / (3.0 * fan_in)


def _of_normal(_fan_in: int, _fan_out: int, deviation: float) -> float:
    return deviation**2


def _of_uniform(_fan_in: int, _fan_out: int, half_width: float) -> float:
    return half_width**2 / 3.0


def _of_xavier(fan_in: int, fan_out: int, gain: float) -> float:
    return 2.0 * gain**2 / (fan_in + fan_out)


def _of_inputs(fan_in: int, _fan_out: int, gain: float) -> float:
    return gain**2 / fan_in


def _of_orthogonal(fan_in: int, fan_out: int, gain: float) -> float:
    return gain**2 / max(fan_in, fan_out)


def _spread(
    name: str, sample: Sample, variance: Variance, default_scale: float, scale_means: str, formula: str, source: str
) -> Initialiser:
    """Independent entries of mean 0 whose spread is given by their variance."""

    def draw(rng: np.random.Generator, fan_in: int, fan_out: int, scale: float) -> Float[Array, "out in"]:
        return sample(rng, (fan_out, fan_in), math.sqrt(variance(fan_in, fan_out, scale)))

    return Initialiser(name, draw, variance, default_scale, scale_means, formula, source)


_GAIN = "gain: a factor on the standard deviation"
_GLOROT = "Glorot & Bengio (2010), Understanding the difficulty of training deep feedforward neural networks"
_HE = "He, Zhang, Ren & Sun (2015), arXiv 1502.01852"
_TORCH = "torch.nn.Linear: kaiming_uniform_ with a = sqrt(5)"
_ALL = (
    _spread("torch", _uniform, _of_torch, 1.0, "", "U(-1/sqrt(fan_in), 1/sqrt(fan_in))", _TORCH),
    _spread("normal", _normal, _of_normal, 0.01, "standard deviation", "N(0, scale^2)", "torch.nn.init.normal_"),
    _spread("uniform", _uniform, _of_uniform, 0.01, "half-width", "U(-scale, scale)", "torch.nn.init.uniform_"),
    Initialiser("constant", _constant, _nothing, 0.01, "value", "scale", "torch.nn.init.constant_"),
    Initialiser("zeros", _zeros, _nothing, 0.0, "", "0", "torch.nn.init.zeros_"),
    _spread("xavier-normal", _normal, _of_xavier, 1.0, _GAIN, "N(0, 2 scale^2 / (fan_in + fan_out))", _GLOROT),
    _spread(
        "xavier-uniform", _uniform, _of_xavier, 1.0, _GAIN, "U(-a, a), a = scale sqrt(6 / (fan_in + fan_out))", _GLOROT
    ),
    _spread("he-normal", _normal, _of_inputs, math.sqrt(2.0), _GAIN, "N(0, scale^2 / fan_in)", _HE),
    _spread("he-uniform", _uniform, _of_inputs, math.sqrt(2.0), _GAIN, "U(-a, a), a = scale sqrt(3 / fan_in)", _HE),
    _spread(
        "lecun-normal",
        _normal,
        _of_inputs,
        1.0,
        _GAIN,
        "N(0, scale^2 / fan_in)",
        "LeCun, Bottou, Orr & Müller (1998), Efficient BackProp; not truncated",
    ),
    Initialiser(
        "orthogonal",
        _orthogonal,
        _of_orthogonal,
        1.0,
        "gain: every singular value",
        "scale Q, the rows or columns of Q orthonormal and uniformly distributed",
        "Saxe, McClelland & Ganguli (2013), arXiv 1312.6120; torch.nn.init.orthogonal_",
    ),
)
INITIALISERS: dict[str, Initialiser] = {each.name: each for each in _ALL}
"""Name, as `init` of a recipe has it -> initialiser of weights."""
BIAS_INITIALISERS: dict[str, Initialiser] = {
    "torch": Initialiser(
        "torch", _torch_biases, _of_torch, 1.0, "", "U(-1/sqrt(fan_in), 1/sqrt(fan_in))", "torch.nn.Linear"
    ),
    "constant": Initialiser("constant", _constant_biases, _nothing, 0.0, "value", "scale", "torch.nn.init.constant_"),
    "zeros": Initialiser("zeros", _zero_biases, _nothing, 0.0, "", "0", "torch.nn.init.zeros_"),
}
"""Name, as `init_bias` of a recipe has it -> initialiser of biases."""


def get(name: str, table: Mapping[str, Initialiser] = INITIALISERS) -> Initialiser:
    """The initialiser of that name; InputError with the nearest valid name where there is none.

    table: INITIALISERS for weights, BIAS_INITIALISERS for biases.
    """
    if name not in table:
        raise InputError(problem("Net", "no such initialiser", got=name, fix=nearest(name, table)))
    return table[name]
