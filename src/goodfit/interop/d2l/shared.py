"""What both faces give, whichever arrays they are called with."""

from __future__ import annotations

from typing import Any

from goodfit.interop.d2l.fashion import get_fashion_mnist_labels as get_fashion_mnist_labels
from goodfit.interop.d2l.plotting import Animator as Animator
from goodfit.interop.d2l.plotting import plot as plot
from goodfit.interop.d2l.plotting import set_axes as set_axes
from goodfit.interop.d2l.plotting import set_figsize as set_figsize
from goodfit.interop.d2l.plotting import show_images as show_images
from goodfit.interop.d2l.plotting import use_svg_display as use_svg_display
from goodfit.interop.d2l.sums import Accumulator as Accumulator
from goodfit.interop.d2l.sums import Timer as Timer
from goodfit.interop.d2l.sums import count_right


def squared_loss(y_hat: Any, y: Any) -> Any:
    """Half the squared error, element by element; y takes the shape of y_hat."""
    return (y_hat - y.reshape(y_hat.shape)) ** 2 / 2


def accuracy(y_hat: Any, y: Any) -> float:
    """How many answers are right; of several columns the greatest is the answer."""
    return count_right(y_hat, y)


def reshape(x: Any, *shape: Any) -> Any:
    """The numbers in another shape."""
    return x.reshape(*shape)


def reduce_sum(x: Any, *args: Any, **kwargs: Any) -> Any:
    """The sum."""
    return x.sum(*args, **kwargs)


def argmax(x: Any, *args: Any, **kwargs: Any) -> Any:
    """Where the greatest number stands."""
    return x.argmax(*args, **kwargs)
