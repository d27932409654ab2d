"""`np.random`: numbers drawn on the host, the same at every start until another seed is set."""

from typing import Any

import jax.numpy as jnp
import numpy

from goodfit.interop.mxnet.array import narrow, ndarray

_GENERATOR = [numpy.random.default_rng(0)]


def seed(seed: int = 0, ctx: Any = None) -> None:
    """Begin the stream of this seed."""
    _GENERATOR[0] = numpy.random.default_rng(seed)


def generator() -> numpy.random.Generator:
    """Where numbers come from."""
    return _GENERATOR[0]


def _made(values: Any, dtype: Any = None) -> ndarray:
    return ndarray(jnp.asarray(numpy.asarray(values).astype(narrow(dtype or "float32"))))


def _host(value: Any) -> Any:
    return value.asnumpy() if isinstance(value, ndarray) else value


def normal(loc: Any = 0.0, scale: Any = 1.0, size: Any = None, dtype: Any = None, ctx: Any = None) -> ndarray:
    """Normal numbers of mean loc and standard deviation scale, float32."""
    return _made(generator().normal(_host(loc), _host(scale), size), dtype)


def uniform(low: Any = 0.0, high: Any = 1.0, size: Any = None, dtype: Any = None, ctx: Any = None) -> ndarray:
    """Numbers from [low, high), float32."""
    return _made(generator().uniform(_host(low), _host(high), size), dtype)


def rand(*size: int) -> ndarray:
    """Numbers from [0, 1)."""
    return uniform(size=size)


def randn(*size: int) -> ndarray:
    """Standard normal numbers."""
    return normal(size=size)


def randint(low: int, high: int | None = None, size: Any = None, dtype: Any = None, ctx: Any = None) -> ndarray:
    """Whole numbers from [low, high), or from [0, low)."""
    return _made(generator().integers(low, high, size), dtype or "int32")


def choice(a: Any, size: Any = None, replace: bool = True, p: Any = None, ctx: Any = None) -> ndarray:
    """Numbers drawn from a, or from 0 to a - 1. p: how likely each is."""
    found = generator().choice(_host(a), size, replace, _host(p))
    return _made(found, "int32" if numpy.asarray(found).dtype.kind in "iu" else None)


def permutation(x: Any) -> ndarray:
    """The numbers from 0 to x - 1, or the rows of x, in an order drawn at random."""
    found = generator().permutation(_host(x))
    return _made(found, "int32" if found.dtype.kind in "iu" else None)


def shuffle(x: ndarray) -> None:
    """Put the rows of x into an order drawn at random, in place."""
    x[:] = ndarray(x.value[generator().permutation(len(x))])
