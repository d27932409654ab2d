"""`np`: NumPy's functions on `ndarray`, float32 unless said otherwise; gradients go through."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp
import numpy

from goodfit.errors import InputError, problem
from goodfit.interop.mxnet import linalg as linalg
from goodfit.interop.mxnet import random as random
from goodfit.interop.mxnet import steps
from goodfit.interop.mxnet.array import apply, narrow
from goodfit.interop.mxnet.array import array as _array
from goodfit.interop.mxnet.array import ndarray as ndarray

pi, e, inf, nan, newaxis = math.pi, math.e, math.inf, math.nan, None
float16, float32, float64, int8, int32, int64 = (
    *(numpy.float16, numpy.float32, numpy.float64),
    *(numpy.int8, numpy.int32, numpy.int64),
)
uint8, bool_ = numpy.uint8, numpy.bool_


def _lifted(function: Callable[..., Any], arrays: int = 1) -> Callable[..., ndarray]:
    """A function of `jax.numpy` on `ndarray`. arrays: how many of its first arguments are arrays."""
    names = list(inspect.signature(function).parameters)

    def call(*args: Any, **kwargs: Any) -> ndarray:
        rest = dict(zip(names[arrays:], args[arrays:], strict=False)) | kwargs
        first = [*args[:arrays], *(rest.pop(name) for name in names[len(args) : arrays] if name in rest)]
        return apply(function, *first, **{name: _still(name, value) for name, value in rest.items()})

    call.__name__, call.__doc__ = getattr(function, "__name__", "call"), inspect.getdoc(function)
    return call


def _still(name: str, value: Any) -> Any:
    """An argument that is no array, as something that a compiled function can be kept by."""
    if name == "dtype" and value is not None:
        return narrow(value)
    return tuple(value) if isinstance(value, list) else value


def _shape(shape: Any) -> Any:
    return shape.shape if isinstance(shape, ndarray) else shape


def array(object: Any, dtype: Any = None, ctx: Any = None, device: Any = None) -> ndarray:
    """A new array of what is given. dtype: that of an array which is given, else float32."""
    return _array(object, dtype)


def zeros(shape: Any = (), dtype: Any = None, order: str = "C", ctx: Any = None, device: Any = None) -> ndarray:
    """An array of zeros."""
    return _array(numpy.zeros(_shape(shape), narrow(dtype or "float32")))


def ones(shape: Any = (), dtype: Any = None, order: str = "C", ctx: Any = None, device: Any = None) -> ndarray:
    """An array of ones."""
    return _array(numpy.ones(_shape(shape), narrow(dtype or "float32")))


def full(shape: Any, fill_value: float, dtype: Any = None, ctx: Any = None) -> ndarray:
    """An array of one value."""
    return _array(numpy.full(_shape(shape), fill_value, narrow(dtype or "float32")))


def zeros_like(a: Any, dtype: Any = None) -> ndarray:
    """Zeros in the shape of another array."""
    return zeros(a.shape, dtype or a.dtype)


def ones_like(a: Any, dtype: Any = None) -> ndarray:
    """Ones in the shape of another array."""
    return ones(a.shape, dtype or a.dtype)


def full_like(a: Any, fill_value: float, dtype: Any = None) -> ndarray:
    """One value in the shape of another array."""
    return full(a.shape, fill_value, dtype or a.dtype)


def arange(start: float, stop: float | None = None, step: float = 1, dtype: Any = None, ctx: Any = None) -> ndarray:
    """Numbers from start up to stop, without it; from 0 where one end is given. float32, as in MXNet."""
    first, last = (0.0, start) if stop is None else (start, stop)
    return _array(numpy.arange(first, last, step).astype(narrow(dtype or "float32")))


def linspace(start: float, stop: float, num: int = 50, endpoint: bool = True, dtype: Any = None) -> ndarray:
    """Numbers evenly spaced between two ends."""
    return _array(numpy.linspace(start, stop, num, endpoint).astype(narrow(dtype or "float32")))


def eye(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> ndarray:
    """Ones on the diagonal, zeros beside it."""
    return _array(numpy.eye(N, M, k, narrow(dtype or "float32")))


def concatenate(seq: Sequence[Any], axis: int = 0) -> ndarray:
    """Arrays one after another along an axis."""
    return apply(steps.concatenated, *seq, axis=axis)


def stack(arrays: Sequence[Any], axis: int = 0) -> ndarray:
    """Arrays along a new axis."""
    return apply(steps.stacked, *arrays, axis=axis)


def einsum(subscripts: str, *operands: Any) -> ndarray:
    """Einstein's sum."""
    return apply(steps.summed, *operands, subscripts=subscripts)


def reshape(a: Any, newshape: Any, order: str = "C") -> ndarray:
    """The numbers in another shape; one length may be -1."""
    return (a if isinstance(a, ndarray) else _array(a)).reshape(newshape, order=order)


def transpose(a: ndarray, axes: Any = None) -> ndarray:
    """The axes in the order given, or in the opposite one."""
    return a.transpose(*(axes or ()))


def clip(a: Any, a_min: Any, a_max: Any) -> ndarray:
    """The numbers, those outside of the limits moved there."""
    return (a if isinstance(a, ndarray) else _array(a)).clip(a_min, a_max)


def maximum(x1: Any, x2: Any) -> ndarray:
    """The greater one of two, element by element; where both are equal the gradient is the first's."""
    return apply(steps.maximum, x1, x2)


def minimum(x1: Any, x2: Any) -> ndarray:
    """The smaller one of two, element by element; where both are equal the gradient is the first's."""
    return apply(steps.minimum, x1, x2)


def where(condition: Any, *choices: Any, x: Any = None, y: Any = None) -> Any:
    """x where the condition holds and y elsewhere; of a condition alone, the places where it holds, axis by axis."""
    given = [*choices, *(each for each in (x, y) if each is not None)]
    if not given:
        return tuple(_array(each) for each in numpy.nonzero(numpy.asarray(condition)))
    if len(given) != 2:
        raise InputError(problem("where", "takes a condition alone, or with both x and y", got=1 + len(given)))
    return apply(jnp.where, condition, *given)


def shape(a: Any) -> tuple[int, ...]:
    """The length of each axis."""
    return tuple(numpy.shape(a))


def array_equal(a1: Any, a2: Any) -> bool:
    """Whether two arrays have the same shape and the same numbers."""
    return bool(numpy.array_equal(numpy.asarray(a1), numpy.asarray(a2)))


def allclose(a: Any, b: Any, rtol: float = 1e-5, atol: float = 1e-8) -> bool:
    """Whether all numbers of two arrays are equal, but for rounding."""
    return bool(numpy.allclose(numpy.asarray(a), numpy.asarray(b), rtol, atol))


exp, log, sqrt, square = _lifted(jnp.exp), _lifted(jnp.log), _lifted(jnp.sqrt), _lifted(jnp.square)
log2, log10, log1p, expm1 = _lifted(jnp.log2), _lifted(jnp.log10), _lifted(jnp.log1p), _lifted(jnp.expm1)
sin, cos, tan, tanh = _lifted(jnp.sin), _lifted(jnp.cos), _lifted(jnp.tan), _lifted(jnp.tanh)
sinh, cosh, arctan, reciprocal = _lifted(jnp.sinh), _lifted(jnp.cosh), _lifted(jnp.arctan), _lifted(jnp.reciprocal)
abs, absolute, sign, negative = _lifted(jnp.abs), _lifted(jnp.abs), _lifted(jnp.sign), _lifted(jnp.negative)
floor, ceil, isnan, isinf, isfinite = (
    *(_lifted(jnp.floor), _lifted(jnp.ceil)),
    *(_lifted(jnp.isnan), _lifted(jnp.isinf), _lifted(jnp.isfinite)),
)
sum, mean, std, var, prod = (_lifted(each) for each in (jnp.sum, jnp.mean, jnp.std, jnp.var, jnp.prod))
max, min, argmax, argmin = (_lifted(each) for each in (jnp.max, jnp.min, jnp.argmax, jnp.argmin))
any, all, cumsum, median = (_lifted(each) for each in (jnp.any, jnp.all, jnp.cumsum, jnp.median))
sort, argsort, squeeze, expand_dims = (_lifted(each) for each in (jnp.sort, jnp.argsort, jnp.squeeze, jnp.expand_dims))
repeat, tile, flip, diag, broadcast_to = (
    _lifted(each) for each in (jnp.repeat, jnp.tile, jnp.flip, jnp.diag, jnp.broadcast_to)
)
add, subtract, multiply, divide = (
    *(_lifted(jnp.add, 2), _lifted(jnp.subtract, 2)),
    *(_lifted(jnp.multiply, 2), _lifted(jnp.true_divide, 2)),
)
power, mod, dot, matmul, outer = (
    *(_lifted(jnp.power, 2), _lifted(jnp.mod, 2)),
    *(_lifted(jnp.dot, 2), _lifted(jnp.matmul, 2), _lifted(jnp.outer, 2)),
)
equal, not_equal, greater, less = (_lifted(each, 2) for each in (jnp.equal, jnp.not_equal, jnp.greater, jnp.less))
tensordot = _lifted(jnp.tensordot, 2)
true_divide = divide
