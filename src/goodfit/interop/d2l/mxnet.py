"""The chapter's functions on `goodfit.interop.mxnet`: `from goodfit.interop.d2l import mxnet as d2l`."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as onp

from goodfit.errors import InputError, problem
from goodfit.interop.d2l import fashion
from goodfit.interop.d2l.epochs import draw_epochs, first_batch, per_row, refuse_reduced
from goodfit.interop.d2l.shared import Accumulator as Accumulator
from goodfit.interop.d2l.shared import Animator as Animator
from goodfit.interop.d2l.shared import Timer as Timer
from goodfit.interop.d2l.shared import accuracy as accuracy
from goodfit.interop.d2l.shared import argmax as argmax
from goodfit.interop.d2l.shared import get_fashion_mnist_labels as get_fashion_mnist_labels
from goodfit.interop.d2l.shared import plot as plot
from goodfit.interop.d2l.shared import reduce_sum as reduce_sum
from goodfit.interop.d2l.shared import reshape as reshape
from goodfit.interop.d2l.shared import set_axes as set_axes
from goodfit.interop.d2l.shared import set_figsize as set_figsize
from goodfit.interop.d2l.shared import show_images as show_images
from goodfit.interop.d2l.shared import squared_loss as squared_loss
from goodfit.interop.d2l.shared import use_svg_display as use_svg_display
from goodfit.interop.mxnet import autograd, gluon, np, npx
from goodfit.interop.mxnet.array import array, ndarray
from goodfit.interop.mxnet.random import generator


def __getattr__(name: str) -> Any:
    if name == "plt":
        return importlib.import_module("matplotlib.pyplot")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


class _Batches:
    """Batches of rows, in an order drawn anew at each pass where `shuffled`; the last may be smaller."""

    def __init__(self, rows: int, batch_size: int, shuffled: bool, take: Callable[[Any], tuple[ndarray, ...]]) -> None:
        if isinstance(batch_size, bool) or not isinstance(batch_size, int | onp.integer) or batch_size < 1:
            raise InputError(problem("load_array", "'batch_size' must be a whole number >= 1", got=batch_size))
        self._rows, self._batch, self._shuffled, self._take = rows, int(batch_size), shuffled, take

    def __len__(self) -> int:
        return -(-self._rows // self._batch)

    def __iter__(self) -> Iterator[tuple[ndarray, ...]]:
        order = generator().permutation(self._rows) if self._shuffled else onp.arange(self._rows)
        for start in range(0, self._rows, self._batch):
            yield self._take(order[start : start + self._batch])


def load_data_fashion_mnist(batch_size: int, resize: Any = None) -> tuple[_Batches, _Batches]:
    """Iterables over training and test batches.

    Each batch: images float32 in [0, 1], (B, 1, 28, 28), and class numbers, (B,). Training rows are shuffled anew at
    each pass; the last batch may be smaller. resize: pixels of a side, or (height, width).
    """
    size = fashion.checked_call(batch_size, resize)

    def batches(pixels: fashion.Pixels, shuffled: bool) -> _Batches:
        def take(rows: Any) -> tuple[ndarray, ...]:
            return array(pixels.batch(rows, size)), array(pixels.y[rows])

        return _Batches(len(pixels.y), batch_size, shuffled, take)

    train, test = fashion.parts()
    return batches(train, True), batches(test, False)


def load_array(data_arrays: Any, batch_size: int, is_train: bool = True) -> _Batches:
    """Batches of aligned arrays, shuffled anew at each pass when `is_train`.

    InputError unless all have as many rows.
    """
    kept = [onp.asarray(each) for each in data_arrays]
    if len({len(each) for each in kept}) != 1:
        sizes = [each.shape for each in kept]
        raise InputError(problem("load_array", "all arrays must have as many rows", got=sizes))
    return _Batches(len(kept[0]), batch_size, is_train, lambda rows: tuple(array(each[rows]) for each in kept))


def synthetic_data(w: Any, b: Any, num_examples: int) -> tuple[ndarray, ndarray]:
    """X from N(0, 1), (n, len(w)), and y = Xw + b + N(0, 0.01²), (n, 1)."""
    X = np.random.normal(0, 1, (num_examples, len(w)))
    y = np.dot(X, w) + b
    return X, (y + np.random.normal(0, 0.01, y.shape)).reshape((-1, 1))


def linreg(X: Any, w: Any, b: Any) -> Any:
    """Xw + b."""
    return np.dot(X, w) + b


def sgd(params: Any, lr: float, batch_size: int) -> None:
    """Subtract lr * gradient / batch_size from each parameter in place. The next gradient overwrites this one."""
    for param in params:
        param[:] = param - lr * param.grad / batch_size


def evaluate_accuracy(net: Any, data_iter: Any) -> float:
    """The share of right answers."""
    metric = Accumulator(2)
    for X, y in data_iter:
        metric.add(accuracy(net(X), y), y.size)
    return per_row("evaluate_accuracy", metric[0], metric[1])


def train_epoch_ch3(net: Any, train_iter: Any, loss: Callable[..., Any], updater: Any) -> tuple[float, float]:
    """One epoch: mean loss and share of right answers, over rows as they were seen while training.

    loss: one number a row; updater: a `gluon.Trainer`, or a function of the batch size.
    """
    metric = Accumulator(3)
    step = updater.step if isinstance(updater, gluon.Trainer) else updater
    for X, y in train_iter:
        with autograd.record():
            y_hat = net(X)
            l = loss(y_hat, y)  # noqa: E741 - the book's name
        refuse_reduced(l.ndim)
        l.backward()
        step(X.shape[0])
        metric.add(l.sum(), accuracy(y_hat, y), y.size)
    return per_row("train_epoch_ch3", metric[0], metric[2]), per_row("train_epoch_ch3", metric[1], metric[2])


def train_ch3(
    net: Any, train_iter: Any, test_iter: Any, loss: Callable[..., Any], num_epochs: int, updater: Any
) -> None:
    """Train, and draw training loss, training accuracy and test accuracy after each epoch.

    The arguments are those of `train_epoch_ch3`. A warning, rather than an assertion, where the last epoch is not as
    good as the book expects; a note that the test curve is used as validation.
    """
    draw_epochs(
        num_epochs,
        lambda: train_epoch_ch3(net, train_iter, loss, updater),
        lambda: evaluate_accuracy(net, test_iter),
    )


def evaluate_loss(net: Any, data_iter: Any, loss: Callable[..., Any]) -> float:
    """The sum of all losses, divided by how many there are."""
    metric = Accumulator(2)
    for X, y in data_iter:
        l = loss(net(X), y)  # noqa: E741 - the book's name
        metric.add(l.sum(), l.size)
    return per_row("evaluate_loss", metric[0], metric[1])


def predict_ch3(net: Any, test_iter: Any, n: int = 6) -> None:
    """Draw the first n pictures of the first batch, each with its true name and the predicted one below."""
    X, y = first_batch("predict_ch3", test_iter, n)
    names = zip(get_fashion_mnist_labels(y), get_fashion_mnist_labels(net(X).argmax(1)), strict=True)
    count = min(n, len(X))
    show_images(onp.asarray(X)[:count, 0], 1, count, titles=[f"{true}\n{said}" for true, said in names][:count])


def try_gpu(i: int = 0) -> Any:
    """The i-th GPU, or the CPU where there is none."""
    return npx.gpu(i) if npx.num_gpus() >= i + 1 else npx.cpu()


def try_all_gpus() -> list[Any]:
    """All GPUs, or the CPU where there is none."""
    return [npx.gpu(i) for i in range(npx.num_gpus())] or [npx.cpu()]


def data_iter(batch_size: int, features: Any, labels: Any) -> Iterator[tuple[ndarray, ...]]:
    """Batches of rows in an order drawn at random, once."""
    return iter(load_array((features, labels), batch_size))


def size(x: Any) -> int:
    """How many numbers an array has."""
    return int(x.size)


def numpy(x: Any) -> Any:
    """An array as one of NumPy."""
    return x.asnumpy()


def astype(x: Any, *args: Any, **kwargs: Any) -> Any:
    """The numbers as another type."""
    return x.astype(*args, **kwargs)


ones, zeros, tensor, arange, matmul = np.ones, np.zeros, np.array, np.arange, np.dot
exp, log, sin, cos, tanh, normal, rand = np.exp, np.log, np.sin, np.cos, np.tanh, np.random.normal, np.random.rand
float32, int32 = np.float32, np.int32
