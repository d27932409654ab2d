"""The signs of arithmetic and comparison on arrays, as operations of JAX."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Self

import jax.numpy as jnp

from goodfit.interop.mxnet import steps


class Operators(ABC):
    """What `+`, `<`, `@` and `+=` mean, by two methods of the array: an operation, and one that changes itself."""

    __slots__ = ()

    @abstractmethod
    def _of(self, function: Callable[..., Any], *inputs: Any, **static: Any) -> Self:
        """The result of an operation on some inputs."""

    @abstractmethod
    def _changed(self, function: Callable[..., Any], other: Any) -> Self:
        """Itself with the result of an operation put into it."""

    def __add__(self, other: Any) -> Self:
        return self._of(jnp.add, self, other)

    def __sub__(self, other: Any) -> Self:
        return self._of(jnp.subtract, self, other)

    def __rsub__(self, other: Any) -> Self:
        return self._of(jnp.subtract, other, self)

    def __mul__(self, other: Any) -> Self:
        return self._of(jnp.multiply, self, other)

    def __truediv__(self, other: Any) -> Self:
        return self._of(jnp.true_divide, self, other)

    def __rtruediv__(self, other: Any) -> Self:
        return self._of(jnp.true_divide, other, self)

    def __floordiv__(self, other: Any) -> Self:
        return self._of(jnp.floor_divide, self, other)

    def __rfloordiv__(self, other: Any) -> Self:
        return self._of(jnp.floor_divide, other, self)

    def __mod__(self, other: Any) -> Self:
        return self._of(jnp.mod, self, other)

    def __rmod__(self, other: Any) -> Self:
        return self._of(jnp.mod, other, self)

    def __pow__(self, other: Any) -> Self:
        if isinstance(other, int):
            return self._of(steps.whole_power, self, exponent=other)
        return self._of(jnp.power, self, other)

    def __rpow__(self, other: Any) -> Self:
        return self._of(jnp.power, float(other), self)

    def __matmul__(self, other: Any) -> Self:
        return self._of(jnp.matmul, self, other)

    def __rmatmul__(self, other: Any) -> Self:
        return self._of(jnp.matmul, other, self)

    def __neg__(self) -> Self:
        return self._of(jnp.negative, self)

    def __invert__(self) -> Self:
        return self._of(jnp.invert, self)

    def __and__(self, other: Any) -> Self:
        return self._of(jnp.bitwise_and, self, other)

    def __or__(self, other: Any) -> Self:
        return self._of(jnp.bitwise_or, self, other)

    def __lt__(self, other: Any) -> Self:
        return self._of(jnp.less, self, other)

    def __le__(self, other: Any) -> Self:
        return self._of(jnp.less_equal, self, other)

    def __gt__(self, other: Any) -> Self:
        return self._of(jnp.greater, self, other)

    def __ge__(self, other: Any) -> Self:
        return self._of(jnp.greater_equal, self, other)

    def __eq__(self, other: object) -> Self:  # type: ignore[override]
        return self._of(jnp.equal, self, other)

    def __ne__(self, other: object) -> Self:  # type: ignore[override]
        return self._of(jnp.not_equal, self, other)

    def __iadd__(self, other: Any) -> Self:
        return self._changed(jnp.add, other)

    def __isub__(self, other: Any) -> Self:
        return self._changed(jnp.subtract, other)

    def __imul__(self, other: Any) -> Self:
        return self._changed(jnp.multiply, other)

    def __itruediv__(self, other: Any) -> Self:
        return self._changed(jnp.true_divide, other)

    __radd__, __rmul__ = __add__, __mul__
    __hash__ = object.__hash__
