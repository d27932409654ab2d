"""`autograd`: record what is computed, and go back through it."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

from goodfit.interop.mxnet.array import backward as _backward
from goodfit.interop.mxnet.array import ndarray
from goodfit.interop.mxnet.tape import STATE, mode


def record(train_mode: bool = True) -> AbstractContextManager[None]:
    """Record inside a with statement. train_mode: whether dropout drops there."""
    return mode(recording=True, training=train_mode)


def pause(train_mode: bool = False) -> AbstractContextManager[None]:
    """Do not record inside a with statement."""
    return mode(recording=False, training=train_mode)


def train_mode() -> AbstractContextManager[None]:
    """Have dropout drop inside a with statement."""
    return mode(training=True)


def predict_mode() -> AbstractContextManager[None]:
    """Have dropout pass everything on inside a with statement."""
    return mode(training=False)


def is_recording() -> bool:
    """Whether what is computed is recorded."""
    return STATE.recording


def is_training() -> bool:
    """Whether dropout drops."""
    return STATE.training


def backward(heads: Any, head_grads: Any = None, retain_graph: bool = False, train_mode: bool = True) -> None:
    """Go back from one array or several; see `ndarray.backward`."""
    several = [heads] if isinstance(heads, ndarray) else list(heads)
    weights: Sequence[Any] | None = [head_grads] if isinstance(head_grads, ndarray) else head_grads
    _backward(several, weights, retain_graph=retain_graph)
