"""What the machine that this process trains on is good at: the one place that knows.

Planner, turns, chunks, row orders, memory and the blocks that are scored ask it; nothing else holds a constant of a
kind of machine. The figures of CPUs are those of one with two cores, of GPUs those of one H200; on others the same
results come, a little sooner or later.
"""

import functools
import logging
import os
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from goodfit.training import devices
from goodfit.training.devices import Precision

_log = logging.getLogger("goodfit")
# what JAX calls the precisions
PRODUCTS: dict[str, str] = {"highest": "highest", "tf32": "tensorfloat32", "bf16": "BF16_BF16_F32"}


@dataclass(frozen=True)
class Machine:
    """A kind of machine, what things cost there, and what pays.

    kind: "cpu", "gpu", or another of JAX's platforms.
    name: what its maker calls it.
    devices: that a population is spread over.
    precision: of the products of float32 numbers, see `devices.use`; sums are float32 in each.
    compile_seconds: lowering and compiling one program of a few layers.
    step_seconds: overhead of one step and layer of a program, whatever its size.
    multiplications_a_second: that small matrix products sustain, both passes.
    layer_overhead: multiplications that a layer of one net costs a row beside its products: activation, mask, update.
    group_units: what a group of nets costs beside its nets, in units of their first layer.
    sequential_work: multiplications of a group's forward pass of a batch from which groups train sequentially, so that
    the weights of each stay in the cache; infinite where the device is faster with all groups in parallel.
    memory_bound: whether layers are limited by memory bandwidth rather than arithmetic (see `forward.Architecture`).
    shuffles: whether shuffling the rows on the device is faster than on the host.
    chunk_rows: row numbers that one call is given at most.
    chunk_work: multiplications of forward passes that one call does at most: a second or two.
    block_numbers: numbers of one layer that scoring may hold at once.
    block_rows: rows that it may score at once.
    """

    kind: str
    name: str
    devices: int
    precision: Precision = "highest"
    compile_seconds: float = 0.8
    step_seconds: float = 10e-6
    multiplications_a_second: float = 1e11
    layer_overhead: float = 2e3
    group_units: float = 30
    sequential_work: float = 2**24
    memory_bound: bool = False
    shuffles: bool = False
    chunk_rows: int = 2**22
    chunk_work: int = 2**36
    block_numbers: int = 2**22
    block_rows: int = 2048

    @property
    def mark(self) -> str:
        """What decides the bits of a training beside its recipe and data: "cpu", "gpu, tf32"."""
        return self.kind if self.kind == "cpu" else f"{self.kind}, {self.precision}"


def machine() -> Machine:
    """The machine that this process trains on. It starts JAX's devices."""
    count = devices.prepare()
    first = devices.local()[0]
    return _described(first.platform, _name_of(first), count, devices.chosen_precision())


@functools.cache
def _described(kind: str, name: str, count: int, precision: Precision | None) -> Machine:
    found = Machine(kind, name, count)
    if kind == "cpu":
        if precision not in (None, "highest"):  # said once, as what is found is kept
            _log.warning("No GPU here: products are float32, and the precision %s changes nothing.", precision)
        return found
    return replace(
        found,
        precision=precision or "tf32",
        compile_seconds=4.0,
        step_seconds=15e-6,
        multiplications_a_second=5e13,
        sequential_work=np.inf,
        memory_bound=True,
        shuffles=True,
        chunk_rows=2**26,
        chunk_work=2**44,
        block_numbers=2**28,
        block_rows=2**14,
    )


def _name_of(device: Any) -> str:
    return os.uname().machine if device.platform == "cpu" and hasattr(os, "uname") else str(device.device_kind)
