"""`npx`: what MXNet has beyond NumPy's functions."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from goodfit.errors import InputError, nearest, problem
from goodfit.interop.mxnet import random as random
from goodfit.interop.mxnet import steps
from goodfit.interop.mxnet.array import apply, ndarray
from goodfit.interop.mxnet.devices import cpu as cpu
from goodfit.interop.mxnet.devices import gpu as gpu
from goodfit.interop.mxnet.devices import num_gpus as num_gpus
from goodfit.interop.mxnet.tape import STATE


def set_np(shape: bool = True, array: bool = True, dtype: bool = False) -> None:
    """Nothing: arrays behave like NumPy's from the start."""


def reset_np() -> None:
    """Nothing; see `set_np`."""


def waitall() -> None:
    """Nothing: who reads a number waits for it."""


def activation(data: Any, act_type: str = "relu") -> ndarray:
    """relu, sigmoid, tanh, softrelu or softsign of each number."""
    if act_type not in steps.ACTIVATIONS:
        fix = nearest(act_type, steps.ACTIVATIONS)
        raise InputError(problem("activation", "the name must be a known one", got=act_type, fix=fix))
    return apply(steps.ACTIVATIONS[act_type], data)


def relu(data: Any) -> ndarray:
    """max(x, 0); the gradient at 0 is 0."""
    return activation(data, "relu")


def sigmoid(data: Any) -> ndarray:
    """1 / (1 + exp(-x))."""
    return activation(data, "sigmoid")


def softmax(data: Any, axis: int = -1) -> ndarray:
    """exp(x) divided by its sum along an axis."""
    return apply(steps.softmax, data, axis=axis)


def log_softmax(data: Any, axis: int = -1) -> ndarray:
    """The logarithm of softmax."""
    return apply(steps.log_softmax, data, axis=axis)


def reshape_like(lhs: ndarray, rhs: ndarray) -> ndarray:
    """The numbers of the first in the shape of the second."""
    return lhs.reshape(rhs.shape)


def one_hot(data: Any, depth: int) -> ndarray:
    """Class numbers as rows of 0 and one 1."""
    return apply(steps.one_hot, data, depth=depth)


def pick(data: Any, index: Any, axis: int = -1, keepdims: bool = False) -> ndarray:
    """Of each row the number at its index."""
    return apply(steps.pick, data, index, axis=axis, keepdims=keepdims)


def dropout(data: Any, p: float = 0.5) -> ndarray:
    """Each number 0 with probability p and else divided by 1 - p, in training mode; unchanged otherwise."""
    if not 0 <= p <= 1:
        raise InputError(problem("Dropout", "the rate must be from 0 to 1", got=p))
    if not STATE.training or p == 0:
        return apply(steps.same, data)
    mask = random.generator().random(data.shape) >= p
    return apply(steps.dropped, data, ndarray(jnp.asarray(mask)), max(1.0 - p, 1e-30))
