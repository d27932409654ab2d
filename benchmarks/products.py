"""The matrix products of one epoch and nothing else: the machine's own limit for 784-256-10, written four ways.

Each step's products feed the next step's, as they do in training, so that none can be left out or moved out of the
loop; nothing else is computed (no gathering of rows, activation, loss or update). The inputs are chosen so that the
numbers neither grow nor fade: the rows of x are orthonormal, and so are the columns of w1 and w2, which makes
x.T @ (x @ w1 @ w2 @ w2.T) a projection.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

FAINT = 1e-30  # with this factor the second layer's gradient joins its weights: it must be computed, and moves nothing


@dataclass(frozen=True)
class Work:
    """What is multiplied. x: [B, D] a batch; w1: [D, H]; w2: [H, C]; test: [T, D]; steps: of an epoch."""

    x: Floats
    w1: Floats
    w2: Floats
    test: Floats
    steps: int


def work(batch: int, inputs: int, hidden: int, outputs: int, test: int, steps: int) -> Work:
    """Random arrays of these sizes; hidden and batch at most inputs, outputs at most hidden and batch."""
    rng = np.random.default_rng(0)
    x = _orthonormal(rng, inputs, batch).T.copy()
    w1 = x.T @ _orthonormal(rng, batch, hidden) if hidden <= batch else _orthonormal(rng, inputs, hidden)
    return Work(x, w1, _orthonormal(rng, hidden, outputs), rng.random((test, inputs), dtype=np.float32), steps)


def _orthonormal(rng: np.random.Generator, rows: int, columns: int) -> Floats:
    return np.linalg.qr(rng.normal(size=(rows, columns)))[0].astype(np.float32)


def numpy_rows_first(work: Work) -> tuple[Floats, Floats]:
    """Final w1 [D, H] and test outputs [T, C]; activations are [B, H], as in scikit-learn. No array is made anew."""
    x, w, v = work.x, work.w1.copy(), work.w2
    h, z = np.empty((len(x), w.shape[1]), w.dtype), np.empty((len(x), v.shape[1]), w.dtype)
    g, d = np.empty_like(v), np.empty_like(h)
    for _ in range(work.steps):
        np.matmul(x, w, out=h)
        np.matmul(h, v, out=z)
        np.matmul(h.T, z, out=g)
        np.matmul(z, v.T, out=d)
        np.matmul(x.T, d, out=w)
    return w, np.matmul(work.test @ w, v, dtype=np.float32)


def numpy_units_first(work: Work) -> tuple[Floats, Floats]:
    """The same with activations [H, B] and weights [out, in], as in goodfit."""
    x, w, v = work.x, work.w1.T.copy(), work.w2.T.copy()
    h, z = np.empty((len(w), len(x)), w.dtype), np.empty((len(v), len(x)), w.dtype)
    g, d = np.empty_like(v), np.empty_like(h)
    for _ in range(work.steps):
        np.matmul(w, x.T, out=h)
        np.matmul(v, h, out=z)
        np.matmul(z, h.T, out=g)
        np.matmul(v.T, z, out=d)
        np.matmul(d, x, out=w)
    return w.T, (v @ (w @ work.test.T)).T


@partial(jax.jit, static_argnames="steps")
def jax_rows_first(x: Any, w1: Any, w2: Any, test: Any, steps: int) -> tuple[Any, Any]:
    """Activations [B, H], one compiled loop."""

    def step(weights: tuple[Any, Any], _: None) -> tuple[tuple[Any, Any], None]:
        w, v = weights
        h = x @ w
        z = h @ v
        return (x.T @ (z @ v.T), v + FAINT * (h.T @ z)), None

    (w, v), _ = jax.lax.scan(step, (w1, w2), length=steps)
    return w, (test @ w) @ v


@partial(jax.jit, static_argnames="steps")
def jax_units_first(x: Any, w1: Any, w2: Any, test: Any, steps: int) -> tuple[Any, Any]:
    """Activations [H, B], one compiled loop."""

    def step(weights: tuple[Any, Any], _: None) -> tuple[tuple[Any, Any], None]:
        w, v = weights
        h = w @ x.T
        z = v @ h
        return ((v.T @ z) @ x, v + FAINT * (z @ h.T)), None

    (w, v), _ = jax.lax.scan(step, (w1.T, w2.T), length=steps)
    return w.T, (v @ (w @ test.T)).T


def candidates(work: Work, epochs: int) -> dict[str, Callable[[], float]]:
    """Runs for `timing.alternate`: seconds of one epoch of products, the mean over `epochs` of them."""
    on_device = [jax.device_put(array) for array in (work.x, work.w1, work.w2, work.test)]

    def repeated(once: Callable[[], Any]) -> Callable[[], float]:
        def run() -> float:
            began = time.perf_counter()
            for _ in range(epochs):
                jax.block_until_ready(once())
            return (time.perf_counter() - began) / epochs

        return run

    return {
        "NumPy, rows first": repeated(lambda: numpy_rows_first(work)),
        "NumPy, units first": repeated(lambda: numpy_units_first(work)),
        "JAX, rows first": repeated(lambda: jax_rows_first(*on_device, steps=work.steps)),
        "JAX, units first": repeated(lambda: jax_units_first(*on_device, steps=work.steps)),
    }
