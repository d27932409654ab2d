"""Operations whose meaning or gradient differs from those of `jax.numpy` by the same name."""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy

_nn: Any = jax.nn


def same(x: Any) -> Any:
    """Itself."""
    return x


def cast(x: Any, *, dtype: str) -> Any:
    """The numbers as another type."""
    return x.astype(dtype)


def reshape(x: Any, *, shape: tuple[int, ...]) -> Any:
    """The numbers in another shape."""
    return x.reshape(shape)


def whole_power(x: Any, *, exponent: int) -> Any:
    """x to a whole power, which has a gradient at 0 too."""
    return x**exponent


def maximum(a: Any, b: Any) -> Any:
    """The greater one; where both are equal the gradient is the first's, as in MXNet."""
    return jnp.where((a >= b) | jnp.isnan(a), a, b)


def minimum(a: Any, b: Any) -> Any:
    """The smaller one; where both are equal the gradient is the first's, as in MXNet."""
    return jnp.where((a <= b) | jnp.isnan(a), a, b)


def clip(x: Any, low: Any, high: Any) -> Any:
    """The numbers, those outside of the limits moved there; the gradient at a limit itself is 1, as in MXNet."""
    return jnp.where(x < low, low, jnp.where(x > high, high, x)).astype(x.dtype)


def concatenated(*parts: Any, axis: int) -> Any:
    """Arrays one after another along an axis."""
    return jnp.concatenate(parts, axis)


def stacked(*parts: Any, axis: int) -> Any:
    """Arrays along a new axis."""
    return jnp.stack(parts, axis)


def summed(*parts: Any, subscripts: str) -> Any:
    """Einstein's sum."""
    return jnp.einsum(subscripts, *parts)


def softmax(x: Any, *, axis: int) -> Any:
    """exp(x) divided by its sum."""
    return _nn.softmax(x, axis=axis)


def log_softmax(x: Any, *, axis: int) -> Any:
    """The logarithm of softmax, without overflow."""
    return _nn.log_softmax(x, axis=axis)


def one_hot(x: Any, *, depth: int) -> Any:
    """Class numbers as rows of 0 and one 1."""
    return _nn.one_hot(x.astype("int32"), depth, dtype="float32")


def pick(x: Any, index: Any, *, axis: int, keepdims: bool) -> Any:
    """Of each row the number at its index."""
    place = jnp.expand_dims(index.astype("int32"), axis)
    found = jnp.take_along_axis(x, jnp.clip(place, 0, x.shape[axis] - 1), axis)
    return found if keepdims else jnp.squeeze(found, axis)


def dense(x: Any, weight: Any, bias: Any = None, *, flatten: bool) -> Any:
    """x W' + b. weight: (units, in), as Gluon keeps it."""
    inputs = x.reshape(x.shape[0], -1) if flatten else x
    product = inputs @ weight.T
    return product if bias is None else product + bias


def dropped(x: Any, mask: Any, keep: Any) -> Any:
    """What is kept, scaled so that the mean stays."""
    return jnp.where(mask, x / keep, jnp.zeros_like(x))


def norm(x: Any, *, axis: Any, keepdims: bool) -> Any:
    """The root of the sum of squares, of all numbers or along an axis."""
    return jnp.sqrt(jnp.sum(x * x, axis=axis, keepdims=keepdims))


def softsign(x: Any) -> Any:
    """x / (1 + |x|)."""
    return x / (1 + jnp.abs(x))


ACTIVATIONS: dict[str, Callable[[Any], Any]] = {  # by the names of Gluon's `activation`
    "relu": _nn.relu,
    "sigmoid": _nn.sigmoid,
    "tanh": jnp.tanh,
    "softrelu": _nn.softplus,
    "softsign": softsign,
}


def index_template(keys: Sequence[Any]) -> tuple[tuple[Any, ...], list[numpy.ndarray[Any, Any]]]:
    """An index as something hashable with places for arrays, and the arrays; a mask becomes the places it marks."""
    template: list[Any] = []
    arrays: list[numpy.ndarray[Any, Any]] = []
    for key in keys:
        if isinstance(key, slice):
            template.append(("slice", *(None if end is None else int(end) for end in (key.start, key.stop, key.step))))
        elif isinstance(key, numpy.ndarray):
            found = numpy.nonzero(key) if key.dtype == bool else (key,)
            template += [("array", len(arrays) + place) for place in range(len(found))]
            arrays += found
        else:
            template.append(("as it is", key))
    return tuple(template), arrays


def indexed(x: Any, *arrays: Any, template: tuple[Any, ...]) -> Any:
    """What `index_template` describes."""
    keys = []
    for kind, *rest in template:
        keys.append(slice(*rest) if kind == "slice" else arrays[rest[0]] if kind == "array" else rest[0])
    return x[tuple(keys)]
