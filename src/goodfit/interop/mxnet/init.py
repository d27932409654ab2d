"""`init`: how weights begin. Biases begin at 0 unless their layer says otherwise."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Literal, Protocol, cast

import numpy

from goodfit.errors import InputError, nearest, problem
from goodfit.interop.mxnet.random import generator

Values = numpy.ndarray[Any, Any]


class Initializer(Protocol):
    """What draws the weights of a layer."""

    def draw(self, shape: tuple[int, ...]) -> Values:
        """Weights of that shape, (units, inputs)."""


class NormalInit:
    """Normal with mean 0. sigma: the standard deviation, default 0.01."""

    def __init__(self, sigma: float = 0.01) -> None:
        self.sigma = sigma

    def draw(self, shape: tuple[int, ...]) -> Values:
        """Weights of that shape."""
        return generator().normal(0.0, self.sigma, shape)


class UniformInit:
    """Uniform in ±scale, default 0.07."""

    def __init__(self, scale: float = 0.07) -> None:
        self.scale = scale

    def draw(self, shape: tuple[int, ...]) -> Values:
        """Weights of that shape."""
        return generator().uniform(-self.scale, self.scale, shape)


class ConstantInit:
    """One value."""

    def __init__(self, value: float = 0.0) -> None:
        self.value = value

    def draw(self, shape: tuple[int, ...]) -> Values:
        """Weights of that shape."""
        return numpy.full(shape, self.value)


class ZeroInit(ConstantInit):
    """Zeros."""

    def __init__(self) -> None:
        super().__init__(0.0)


class OneInit(ConstantInit):
    """Ones."""

    def __init__(self) -> None:
        super().__init__(1.0)


class XavierInit:
    """Variance magnitude / (3 fan) when uniform and magnitude / fan when gaussian.

    rnd_type: "uniform" or "gaussian"; factor_type: fan is the mean of inputs and units ("avg"), or one of them ("in",
    "out"). By default the variance is 2 / (inputs + units). Source: Glorot & Bengio (2010), section 4.2.1.
    """

    def __init__(
        self,
        rnd_type: Literal["uniform", "gaussian"] = "uniform",
        factor_type: Literal["avg", "in", "out"] = "avg",
        magnitude: float = 3,
    ) -> None:
        for name, value, valid in (
            ("rnd_type", rnd_type, ("uniform", "gaussian")),
            ("factor_type", factor_type, ("avg", "in", "out")),
        ):
            if value not in valid:
                raise InputError(
                    problem("Xavier", f"{name!r} must be a known one", got=value, fix=nearest(value, valid))
                )
        self.rnd_type, self.factor_type, self.magnitude = rnd_type, factor_type, magnitude

    def draw(self, shape: tuple[int, ...]) -> Values:
        """Weights of that shape."""
        if len(shape) < 2:
            fix = "Give a bias another initialiser."
            raise InputError(problem("Xavier", "weights must have two axes or more", got=shape, fix=fix))
        field = math.prod(shape[2:])
        fan_in, fan_out = shape[1] * field, shape[0] * field
        fan = {"avg": (fan_in + fan_out) / 2, "in": fan_in, "out": fan_out}[self.factor_type]
        scale = math.sqrt(self.magnitude / fan)
        if self.rnd_type == "uniform":
            return generator().uniform(-scale, scale, shape)
        return generator().normal(0.0, scale, shape)


Normal, Uniform, Constant, Xavier = NormalInit, UniformInit, ConstantInit, XavierInit
Zero = Zeros = ZeroInit
One = Ones = OneInit
NAMED: dict[str, Callable[[], Initializer]] = {
    "normal": Normal,
    "uniform": Uniform,
    "xavier": Xavier,
    "zeros": Zero,
    "zero": Zero,
    "ones": One,
    "one": One,
}


def initializer(given: Any) -> Initializer:
    """An initialiser by its name, or itself."""
    if isinstance(given, str):
        if given not in NAMED:
            raise InputError(problem("initialize", "unknown initialiser", got=given, fix=nearest(given, NAMED)))
        return NAMED[given]()
    if not callable(getattr(given, "draw", None)) or isinstance(given, type):
        fix = "For example: init.Normal(sigma=0.01)."
        raise InputError(problem("initialize", "must be an initialiser or the name of one", got=given, fix=fix))
    return cast(Initializer, given)
