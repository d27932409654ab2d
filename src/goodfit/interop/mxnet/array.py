"""`ndarray`: an array of JAX with the face of MXNet's, in-place changes and gradients included."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy

from goodfit.errors import InputError, problem
from goodfit.interop.mxnet import steps
from goodfit.interop.mxnet.devices import Device, cpu
from goodfit.interop.mxnet.operators import Operators
from goodfit.interop.mxnet.tape import STATE, Static, TapeStep, computed, pulled_back

GradReq = Literal["write", "add", "null"]
NARROWER = {"float64": "float32", "int64": "int32", "uint64": "uint32"}  # JAX keeps 32 bits unless told otherwise


class ndarray(Operators):
    """Numbers of one type, [...], float32 unless said otherwise.

    `attach_grad` makes it a leaf: what is computed from it inside `autograd.record()` can then be gone back through by
    `backward`, which *overwrites* `grad`.
    """

    __slots__ = ("_data", "_grad", "_req", "_step", "fresh")
    __array_ufunc__ = None  # so that NumPy leaves a mixed operation to this class

    def __init__(self, data: Any) -> None:
        self._data = data
        self._grad: ndarray | None = None
        self._req: GradReq = "write"
        self._step: TapeStep | None = None
        self.fresh = False  # whether a backward pass has written the gradient since a trainer used it

    @property
    def value(self) -> Any:
        """The array of JAX."""
        return self._data

    @property
    def shape(self) -> tuple[int, ...]:
        """The length of each axis."""
        return tuple(self._data.shape)

    @property
    def dtype(self) -> numpy.dtype[Any]:
        """The type of its numbers."""
        found: numpy.dtype[Any] = numpy.dtype(self._data.dtype)
        return found

    @property
    def size(self) -> int:
        """How many numbers it has."""
        return int(self._data.size)

    @property
    def ndim(self) -> int:
        """How many axes it has."""
        return int(self._data.ndim)

    @property
    def grad(self) -> ndarray | None:
        """The gradient of the last backward pass; None without `attach_grad`."""
        return self._grad

    @property
    def ctx(self) -> Device:
        """The device that it is said to be on."""
        return cpu()

    context = device = ctx

    @property
    def T(self) -> ndarray:
        """The axes in the opposite order."""
        return self.transpose()

    def attach_grad(self, grad_req: GradReq = "write") -> None:
        """Keep a gradient for it from now on, zeros at first; how it was computed is forgotten.

        grad_req: "write" overwrites, "add" sums up, "null" keeps none.
        """
        if grad_req not in ("write", "add", "null"):
            raise InputError(problem("attach_grad", "'grad_req' must be 'write', 'add' or 'null'", got=grad_req))
        self._step, self._req, self.fresh = None, grad_req, False
        self._grad = None if grad_req == "null" else ndarray(jnp.zeros_like(self._data))

    def receive(self, gradient: Any) -> None:
        """Take the gradient of a backward pass."""
        if self._grad is not None:
            before = self._grad._data if self._req == "add" else 0
            self._grad._data = (before + gradient).astype(self._data.dtype)
            self.fresh = True

    def zero_grad(self) -> None:
        """Set the gradient to zero."""
        if self._grad is not None:
            self._grad._data = jnp.zeros_like(self._data)

    def backward(self, out_grad: ndarray | None = None, retain_graph: bool = False, train_mode: bool = True) -> None:
        """Write the gradient of the sum of these numbers into every leaf that they depend on.

        out_grad: weights of that sum, ones where None; retain_graph: whether it can be done again; train_mode: taken
        for the sake of the signature, since each step knows the mode that it was computed in.
        """
        backward([self], None if out_grad is None else [out_grad], retain_graph=retain_graph)

    def origin(self) -> Any:
        """The step or the leaf that gradients go back to from here; None where they do not."""
        return self._step if self._step is not None else self if self._grad is not None else None

    def asnumpy(self) -> numpy.ndarray[Any, Any]:
        """A copy as an array of NumPy."""
        return numpy.array(self._data)

    def item(self) -> Any:
        """The one number as Python's own."""
        return self._data.item()

    asscalar = item

    def tolist(self) -> Any:
        """Nested lists."""
        return self._data.tolist()

    def astype(self, dtype: Any, copy: bool = True) -> ndarray:
        """The numbers as another type."""
        return apply(steps.cast, self, dtype=narrow(dtype))

    def copy(self) -> ndarray:
        """The same numbers; gradients go through."""
        return apply(steps.same, self)

    def copyto(self, other: ndarray) -> ndarray:
        """Write the numbers into another array."""
        other[:] = self
        return other

    def detach(self) -> ndarray:
        """The same numbers, and no way back."""
        return ndarray(self._data)

    def as_in_ctx(self, device: Any) -> ndarray:
        """Itself: there is one device."""
        return self

    as_in_context = to_device = as_in_ctx

    def as_np_ndarray(self) -> ndarray:
        """Itself."""
        return self

    def wait_to_read(self) -> None:
        """Wait until it is computed."""
        self._data.block_until_ready()

    def reshape(self, *shape: Any, order: str = "C") -> ndarray:
        """The numbers in another shape; one length may be -1."""
        if order != "C":
            raise InputError(problem("reshape", "'order' must be 'C'", got=order, fix="Transpose first."))
        given = shape[0] if len(shape) == 1 and not isinstance(shape[0], int | numpy.integer) else shape
        return apply(steps.reshape, self, shape=tuple(int(each) for each in given))

    def reshape_like(self, other: ndarray) -> ndarray:
        """The numbers in the shape of another array."""
        return self.reshape(other.shape)

    def flatten(self) -> ndarray:
        """The numbers along one axis."""
        return self.reshape(-1)

    def transpose(self, *axes: Any) -> ndarray:
        """The axes in the order given, or in the opposite one."""
        given = axes[0] if len(axes) == 1 and isinstance(axes[0], Sequence) else axes
        return apply(jnp.transpose, self, axes=tuple(given) or None)

    def _reduced(self, function: Callable[..., Any], axis: Any, keepdims: bool) -> ndarray:
        return apply(function, self, axis=tuple(axis) if isinstance(axis, list) else axis, keepdims=keepdims)

    def sum(self, axis: Any = None, keepdims: bool = False) -> ndarray:
        """The sum, along an axis or of all."""
        return self._reduced(jnp.sum, axis, keepdims)

    def mean(self, axis: Any = None, keepdims: bool = False) -> ndarray:
        """The mean, along an axis or of all."""
        return self._reduced(jnp.mean, axis, keepdims)

    def max(self, axis: Any = None, keepdims: bool = False) -> ndarray:
        """The greatest number."""
        return self._reduced(jnp.max, axis, keepdims)

    def min(self, axis: Any = None, keepdims: bool = False) -> ndarray:
        """The least number."""
        return self._reduced(jnp.min, axis, keepdims)

    def std(self, axis: Any = None, keepdims: bool = False) -> ndarray:
        """The standard deviation."""
        return self._reduced(jnp.std, axis, keepdims)

    def argmax(self, axis: int | None = None) -> ndarray:
        """Where the greatest number stands."""
        return apply(jnp.argmax, self, axis=axis)

    def abs(self) -> ndarray:
        """Magnitudes."""
        return apply(jnp.abs, self)

    def exp(self) -> ndarray:
        """e to the power of each."""
        return apply(jnp.exp, self)

    def log(self) -> ndarray:
        """Natural logarithms."""
        return apply(jnp.log, self)

    def sqrt(self) -> ndarray:
        """Square roots."""
        return apply(jnp.sqrt, self)

    def square(self) -> ndarray:
        """Squares."""
        return apply(jnp.square, self)

    def dot(self, other: Any) -> ndarray:
        """The product of matrices."""
        return apply(jnp.dot, self, other)

    def squeeze(self, axis: Any = None) -> ndarray:
        """Without axes of length 1."""
        return apply(jnp.squeeze, self, axis=axis)

    def expand_dims(self, axis: int) -> ndarray:
        """With an axis of length 1 more."""
        return apply(jnp.expand_dims, self, axis=axis)

    def clip(self, min: Any = None, max: Any = None) -> ndarray:
        """The numbers, those outside of the limits moved there."""
        return apply(steps.clip, self, -numpy.inf if min is None else min, numpy.inf if max is None else max)

    def __getitem__(self, key: Any) -> ndarray:
        keys = tuple(map(_plain_key, key if isinstance(key, tuple) else (key,)))
        if STATE.recording and self.origin() is not None:
            template, arrays = steps.index_template(keys)
            return apply(steps.indexed, self, *arrays, template=template)
        return ndarray(jnp.asarray(numpy.array(numpy.asarray(self._data)[keys])))

    def __setitem__(self, key: Any, value: Any) -> None:
        if STATE.recording and self.origin() is not None:
            rule = "an array with a gradient cannot be changed in place inside autograd.record()"
            raise InputError(problem("ndarray", rule, fix="Compute a new array, or change this one outside."))
        if STATE.recording and isinstance(value, ndarray) and value.origin() is not None:
            rule = "what gradients go back through cannot be written into an array inside autograd.record()"
            raise InputError(problem("ndarray", rule, fix="Use np.concatenate or np.stack, or write value.detach()."))
        given = value.value if isinstance(value, ndarray) else value
        if isinstance(key, slice) and key == slice(None) and isinstance(given, jax.Array) and given.shape == self.shape:
            self._data = given.astype(self._data.dtype)  # which nobody can change in place
            return
        changed = numpy.array(self._data)
        changed[tuple(map(_plain_key, key if isinstance(key, tuple) else (key,)))] = numpy.asarray(given)
        self._data = jnp.asarray(changed)

    def _changed(self, function: Callable[..., Any], other: Any) -> ndarray:
        """Itself with the result of an operation put into it."""
        if STATE.recording and self._step is None and self._grad is not None:
            rule = "an array with a gradient cannot be changed in place inside autograd.record()"
            raise InputError(problem("ndarray", rule, fix="Write x = x + y in the place of x += y."))
        made = apply(function, self, other)
        if made.shape != self.shape:
            rule = f"an array of shape {self.shape} cannot hold a result of shape {made.shape}"
            raise InputError(problem("ndarray", rule, fix="Write x = x + y in the place of x += y."))
        self._data, self._step = made._data.astype(self._data.dtype), made._step
        return self

    def _of(self, function: Callable[..., Any], *inputs: Any, **static: Any) -> ndarray:
        return apply(function, *inputs, **static)

    def __abs__(self) -> ndarray:
        return self.abs()

    def __len__(self) -> int:
        return len(self._data)

    def __iter__(self) -> Iterator[ndarray]:
        return (self[place] for place in range(len(self)))

    def __float__(self) -> float:
        return float(self._data)

    def __int__(self) -> int:
        return int(self._data)

    def __bool__(self) -> bool:
        return bool(self._data)

    def __index__(self) -> int:
        return int(self._data.__index__())

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if spec and self.size == 1 else str(self)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> numpy.ndarray[Any, Any]:
        return numpy.array(self._data, dtype)

    def __str__(self) -> str:
        return str(numpy.asarray(self._data))

    def __repr__(self) -> str:
        return repr(numpy.asarray(self._data)).replace(", dtype=float32)", ")")


def apply(function: Callable[..., Any], *inputs: Any, **static: Any) -> ndarray:
    """An operation on arrays, numbers and what can become arrays; recorded where it has to be.

    function: of arrays of JAX, one result; static: its other arguments, hashable.
    """
    given = [as_input(each) for each in inputs]
    values = tuple(each._data if isinstance(each, ndarray) else each for each in given)
    key: Static = tuple(static.items())
    made = ndarray(computed(function, key, values))
    if STATE.recording and made._data.dtype.kind == "f":
        origins = tuple(each.origin() if isinstance(each, ndarray) else None for each in given)
        if any(each is not None for each in origins):
            made._step = TapeStep(function, key, values, origins)
    return made


def as_input(given: Any) -> Any:
    """An array or a number of Python's stays what it is; anything else that NumPy can read becomes an array."""
    if isinstance(given, ndarray | int | float):
        return float(given) if isinstance(given, numpy.generic) else given
    return array(given)


def array(given: Any, dtype: Any = None) -> ndarray:
    """A new array. dtype: that of an array which is given, else float32."""
    if isinstance(given, list | tuple):
        given = [each.asnumpy() if isinstance(each, ndarray) else each for each in given]
    typed = hasattr(given, "dtype")
    made = numpy.array(given.asnumpy() if isinstance(given, ndarray) else given)
    return ndarray(jnp.asarray(made.astype(narrow(dtype or (made.dtype if typed else "float32")))))


def narrow(dtype: Any) -> str:
    """The name of a type, at most 32 bits wide."""
    name: str = numpy.dtype(dtype).name
    return NARROWER.get(name, name)


def backward(heads: Sequence[ndarray], head_grads: Sequence[Any] | None = None, *, retain_graph: bool = False) -> None:
    """Write the gradient of the sum of all heads, or of a weighted sum, into every leaf that they depend on."""
    pairs = []
    for place, head in enumerate(heads):
        if head.origin() is None:
            fix = "Compute it inside 'with autograd.record():', from arrays on which attach_grad() was called."
            raise InputError(
                problem("backward", "the array must have been recorded, from one with a gradient", fix=fix)
            )
        weight = None if head_grads is None else head_grads[place]
        cotangent = jnp.ones_like(head._data) if weight is None else array(weight)._data.astype(head._data.dtype)
        pairs.append((head.origin(), jnp.broadcast_to(cotangent, head.shape)))
    pulled_back(pairs, keep=retain_graph)


def _plain_key(key: Any) -> Any:
    """A part of an index as NumPy takes it; indices that are stored as float32 become whole numbers, as in MXNet."""
    if isinstance(key, ndarray):
        found = numpy.asarray(key.value)
        return found.astype(numpy.int32) if found.dtype.kind == "f" else found
    return numpy.asarray(key) if isinstance(key, list) else key
