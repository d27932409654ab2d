"""The chapter's functions on PyTorch: `from goodfit.interop.d2l import torch as d2l`."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from typing import Any

from goodfit.errors import GoodfitError, problem
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
from goodfit.interop.d2l.sums import host


def _torch() -> Any:
    try:
        return importlib.import_module("torch")
    except ImportError as error:
        fix = "Install it: pip install 'goodfit[torch]'."
        raise GoodfitError(problem("goodfit.interop.d2l.torch", "PyTorch is not installed", fix=fix)) from error


torch = _torch()
nn = torch.nn


def __getattr__(name: str) -> Any:
    if name == "plt":
        return importlib.import_module("matplotlib.pyplot")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


class _Images:
    """Rows of Fashion-MNIST for a DataLoader, which asks for a batch at a time."""

    def __init__(self, pixels: fashion.Pixels, size: tuple[int, int] | None) -> None:
        self._pixels, self._size = pixels, size
        self._labels = torch.from_numpy(pixels.y).long()

    def __len__(self) -> int:
        return len(self._labels)

    def __getitem__(self, rows: Any) -> tuple[Any, Any]:
        chosen = torch.as_tensor(rows)
        return torch.from_numpy(self._pixels.batch(chosen.numpy().reshape(-1), self._size)), self._labels[
            chosen.reshape(-1)
        ]


def load_data_fashion_mnist(batch_size: int, resize: Any = None) -> tuple[Any, Any]:
    """Iterables over training and test batches.

    Each batch: images float32 in [0, 1], (B, 1, 28, 28), and class numbers, (B,). Training rows are shuffled anew at
    each pass; the last batch may be smaller. resize: pixels of a side, or (height, width).
    """
    size = fashion.checked_call(batch_size, resize)
    return tuple(
        _loader(_Images(pixels, size), batch_size, shuffled)
        for pixels, shuffled in zip(fashion.parts(), (True, False), strict=True)
    )


def _loader(images: _Images, batch_size: int, shuffled: bool) -> Any:
    data = torch.utils.data
    order = data.RandomSampler(images) if shuffled else data.SequentialSampler(images)
    return data.DataLoader(images, sampler=data.BatchSampler(order, batch_size, False), batch_size=None)


def load_array(data_arrays: Any, batch_size: int, is_train: bool = True) -> Any:
    """Batches of aligned tensors, shuffled anew at each pass when `is_train`."""
    data = torch.utils.data
    return data.DataLoader(data.TensorDataset(*data_arrays), batch_size, shuffle=is_train)


def synthetic_data(w: Any, b: Any, num_examples: int) -> tuple[Any, Any]:
    """X from N(0, 1), (n, len(w)), and y = Xw + b + N(0, 0.01²), (n, 1)."""
    X = torch.normal(0, 1, (num_examples, len(w)))
    y = torch.matmul(X, w) + b
    return X, (y + torch.normal(0, 0.01, y.shape)).reshape((-1, 1))


def linreg(X: Any, w: Any, b: Any) -> Any:
    """Xw + b."""
    return torch.matmul(X, w) + b


def sgd(params: Any, lr: float, batch_size: int) -> None:
    """Subtract lr * gradient / batch_size from each parameter in place, and set its gradient to zero."""
    with torch.no_grad():
        for param in params:
            param -= lr * param.grad / batch_size
            param.grad.zero_()


def evaluate_accuracy(net: Any, data_iter: Any) -> float:
    """The share of right answers. A module is put into evaluation mode, and stays there."""
    if isinstance(net, nn.Module):
        net.eval()
    metric = Accumulator(2)
    with torch.no_grad():
        for X, y in data_iter:
            metric.add(accuracy(net(X), y), y.numel())
    return per_row("evaluate_accuracy", metric[0], metric[1])


def train_epoch_ch3(net: Any, train_iter: Any, loss: Callable[..., Any], updater: Any) -> tuple[float, float]:
    """One epoch: mean loss and share of right answers, over rows as they were seen while training.

    loss: one number a row; updater: an optimiser, which steps on the mean of a batch, or a function of the batch size,
    called after going back from the sum. A module is put into training mode.
    """
    if isinstance(net, nn.Module):
        net.train()
    metric = Accumulator(3)
    for X, y in train_iter:
        y_hat = net(X)
        l = loss(y_hat, y)  # noqa: E741 - the book's name
        refuse_reduced(l.ndim)
        if isinstance(updater, torch.optim.Optimizer):
            updater.zero_grad()
            l.mean().backward()
            updater.step()
        else:
            l.sum().backward()
            updater(X.shape[0])
        metric.add(l.sum(), accuracy(y_hat, y), y.numel())
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
    """The sum of all losses, divided by how many there are; y takes the shape of the output."""
    metric = Accumulator(2)
    for X, y in data_iter:
        out = net(X)
        l = loss(out, y.reshape(out.shape))  # noqa: E741 - the book's name
        metric.add(l.sum(), l.numel())
    return per_row("evaluate_loss", metric[0], metric[1])


def predict_ch3(net: Any, test_iter: Any, n: int = 6) -> None:
    """Draw the first n pictures of the first batch, each with its true name and the predicted one below."""
    X, y = first_batch("predict_ch3", test_iter, n)
    with torch.no_grad():
        found = net(X).argmax(1)
    names = zip(get_fashion_mnist_labels(y), get_fashion_mnist_labels(found), strict=True)
    count = min(n, len(X))
    show_images(host(X)[:count, 0], 1, count, titles=[f"{true}\n{said}" for true, said in names][:count])


def try_gpu(i: int = 0) -> Any:
    """The i-th GPU, or the CPU where there is none."""
    return torch.device(f"cuda:{i}") if torch.cuda.device_count() >= i + 1 else torch.device("cpu")


def try_all_gpus() -> list[Any]:
    """All GPUs, or the CPU where there is none."""
    found = [torch.device(f"cuda:{i}") for i in range(torch.cuda.device_count())]
    return found or [torch.device("cpu")]


def data_iter(batch_size: int, features: Any, labels: Any) -> Iterator[tuple[Any, Any]]:
    """Batches of rows in an order drawn at random, once."""
    order = torch.randperm(len(features))
    for start in range(0, len(features), batch_size):
        rows = order[start : start + batch_size]
        yield features[rows], labels[rows]


def size(x: Any) -> int:
    """How many numbers a tensor has."""
    return int(x.numel())


def numpy(x: Any) -> Any:
    """A tensor as an array of NumPy."""
    return x.detach().numpy()


def astype(x: Any, *args: Any, **kwargs: Any) -> Any:
    """The numbers as another type."""
    return x.type(*args, **kwargs)


ones, zeros, tensor, arange, matmul = torch.ones, torch.zeros, torch.tensor, torch.arange, torch.matmul
exp, log, sin, cos, tanh, normal, rand = (
    torch.exp,
    torch.log,
    torch.sin,
    torch.cos,
    torch.tanh,
    torch.normal,
    torch.rand,
)
float32, int32 = torch.float32, torch.int32
