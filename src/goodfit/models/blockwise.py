"""Rows through the layers of a net, block by block: a block fits a core's cache, and cores take blocks side by side."""

from __future__ import annotations

import functools
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from goodfit.data.encoding import PiecewiseEncoding
from goodfit.data.periodic import PeriodicEncoding
from goodfit.data.tables.coded import CodedBlock, CodedLayer, CodedRows
from goodfit.host import cores
from goodfit.nets.numpy_activations import layer_values

if TYPE_CHECKING:
    from jaxtyping import Float

MOST_THREADS = 16


class _Net(Protocol):
    """What is asked of a net here: a `TrainedNet`, whose fields these are."""

    @property
    def shift(self) -> np.ndarray:
        """[D]."""

    @property
    def scale(self) -> np.ndarray:
        """[D]."""

    @property
    def bend(self) -> np.ndarray:
        """[D]."""

    @property
    def encoding(self) -> PiecewiseEncoding | PeriodicEncoding | None:
        """Of scaled inputs."""

    @property
    def activations(self) -> tuple[str, ...]:
        """One a hidden layer."""

    @property
    def slopes(self) -> tuple[float | None, ...]:
        """One a hidden layer."""

    @property
    def mixtures(self) -> tuple[np.ndarray, ...]:
        """[H] a hidden layer."""

    def entered(self, x: np.ndarray, precision: Any) -> np.ndarray:
        """Raw inputs as the first layer sees them."""


class _Turns:
    """Whose turn it is: blocks on all cores, where products have one thread, or products that must keep theirs."""

    def __init__(self) -> None:
        self.taken = threading.Lock()  # by blocks on all cores, when whoever comes second takes one; or by products
        self.counting = threading.Lock()
        self.products = 0  # of how many threads; they take no turns among themselves
        self.limited: Any = None  # what gives products their threads back


_turns = _Turns()


@contextmanager
def undivided_products() -> Iterator[None]:
    """Products have the threads that the host gave them: this waits until no blocks are on all cores."""
    turns = _turns
    with turns.counting:
        if not turns.products:
            turns.taken.acquire()
        turns.products += 1
    try:
        yield
    finally:
        with turns.counting:
            turns.products -= 1
            if not turns.products:
                turns.taken.release()


def _start_anew() -> None:
    """In a child of a fork none of the threads are that had a turn."""
    global _turns
    left, _turns = _turns.limited, _Turns()
    if left is not None:
        left.restore_original_limits()


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_start_anew)


def each_block(
    net: _Net,
    rows: np.ndarray | CodedRows,
    weights: Sequence[np.ndarray],
    biases: Sequence[np.ndarray],
    numbers: int,
    put: Callable[[slice, Float[np.ndarray, "B C"]], None],
) -> None:
    """Call `put` with the outputs of one block of checked raw inputs after another, in any order and from any thread.

    weights: [in, out] a layer, in the type to compute in; biases: [out] a layer; they may be others than the net's.
    numbers: of a block's widest array at most. float64 is computed on all cores at once: the last bits of float32
    depend on how a product is divided, so that goodfit's own products of float32 wait until that is over. Products of
    the host's other threads have one thread meanwhile: NumPy's limit is one for the whole process.
    """
    enter, first, width = _entrance(net, rows, weights[0])
    layers = [first, *weights[1:]]

    def work(block: slice) -> None:
        with overflow_allowed():
            values = layer_values(enter(block), layers, biases, net.activations, net.slopes, net.mixtures)
            # only the newest layer is held, so that a block takes no more memory in a deep net
            put(block, deque(values, maxlen=1)[0])

    found = blocks(len(rows), max(width, *(weight.shape[1] for weight in weights)), numbers)
    if weights[0].dtype == np.float64:
        return on_all_cores(work, list(found))
    with undivided_products():
        _one_by_one(work, found)


def _entrance(net: _Net, rows: Any, weight: np.ndarray) -> tuple[Callable[[slice], Any], Any, int]:
    """(what gives a block of rows as the first layer takes it, the weights of that layer, numbers of a row there)."""
    precision = weight.dtype
    if isinstance(rows, CodedRows):
        places = rows.places if net.encoding is None else np.searchsorted(rows.places, net.encoding.columns)
        known = net.encoding is None or np.isin(net.encoding.columns, rows.places).all()
        if known and not net.shift.any() and (net.scale == 1).all() and not net.bend.any():
            encoding = None if net.encoding is None else replace(net.encoding, columns=places)

            def coded(block: slice) -> CodedBlock:
                z = rows.numbers[block].astype(precision)
                return CodedBlock(z if encoding is None else encoding.apply(z), rows.codes[block])

            layer = CodedLayer.of(weight, rows)
            return coded, layer, len(layer.numbers)
        rows = rows.dense  # of a net that scales its inputs, or was not trained on the columns of these rows
    return lambda block: net.entered(rows[block], precision), weight, len(weight)


def on_all_cores(work: Callable[[slice], None], items: Sequence[slice]) -> None:
    """Do the work of every item, each in a thread of as many as NumPy's products may use, and cores there are.

    While they run, a product has one thread. In a process that does so already, or has no thread to give, the items are
    done one by one.
    """
    turns = _turns
    if len(items) < 2 or cores() < 2 or not turns.taken.acquire(blocking=False):
        return _one_by_one(work, items)
    try:
        products = _products()
        allowed = [library["num_threads"] for library in products.info() if library["user_api"] == "blas"]
        threads = min(cores(), len(items), MOST_THREADS, *(allowed or [MOST_THREADS]))
        if threads < 2:
            return _one_by_one(work, items)
        with products.limit(limits=1, user_api="blas") as turns.limited:
            if _in_threads(work, items, threads):
                return
    finally:
        turns.limited = None
        turns.taken.release()
    _one_by_one(work, items)


def _in_threads(work: Callable[[slice], None], items: Sequence[slice], count: int) -> bool:
    """Do the work of the items in `count` threads, or as many as can be had; False where not one can.

    A process that is forked by the work of an item ends where this work does: its other items are the parent's, and
    there is nobody in it to return to. In a thread of a pool it would wait for more work for ever.
    """
    turns, left = _turns, deque([*items, *[None] * count])  # a None ends a thread
    raised, threads = list[BaseException](), list[threading.Thread]()

    def run() -> None:
        try:
            while turns is _turns and (item := left.popleft()) is not None:
                work(item)
        except BaseException as error:  # noqa: BLE001 - whatever it is, the caller raises it
            raised.append(error)
            left.extendleft([None] * count)
        if turns is not _turns:  # in a child of a fork; that its only thread ends would not end it
            os._exit(len(raised))

    try:
        for number in range(count):
            thread = threading.Thread(target=run, name=f"goodfit rows_{number}")
            thread.start()
            threads.append(thread)
    except RuntimeError:  # while Python ends, or where the system has no thread left
        if not threads:
            return False
    try:
        for thread in threads:
            thread.join()
    finally:  # also where this was interrupted
        left.extendleft([None] * count)
        for thread in threads:
            thread.join()
    if raised:
        raise raised[0]
    return True


def _one_by_one(work: Callable[[Any], None], items: Iterable[Any]) -> None:
    for item in items:
        work(item)


@functools.cache
def _products() -> Any:
    """What sets the threads of products. It is told of the libraries that are loaded now: NumPy's is."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def blocks(n_rows: int, width: int, numbers: int) -> Iterator[slice]:
    """Slices of rows whose widest array has at most so many numbers."""
    step = max(1, numbers // width)
    return (slice(start, start + step) for start in range(0, n_rows, step))


def overflow_allowed() -> np.errstate:
    """A net that grew without bound may overflow; whoever uses its numbers sees that they are not finite."""
    return np.errstate(over="ignore", invalid="ignore")
