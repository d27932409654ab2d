"""`np.linalg`."""

from typing import Any

from goodfit.interop.mxnet import steps
from goodfit.interop.mxnet.array import apply, ndarray


def norm(x: Any, axis: Any = None, keepdims: bool = False) -> ndarray:
    """The root of the sum of squares, of all numbers or along an axis."""
    return apply(steps.norm, x, axis=axis, keepdims=keepdims)
