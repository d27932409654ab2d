"""What a small net's program costs before it runs."""

from __future__ import annotations

import statistics
import tempfile

from benchmarks import processes
from benchmarks.bars import Bar, Measurement, seconds
from benchmarks.training import train
from goodfit.data import load, split
from goodfit.training import Examples, Job
from goodfit.training.named_recipes import DEFAULT

RECIPE = DEFAULT.replace(hidden=(32,), batch_size=32)
COMPILE = Bar(
    "lowering and compiling a small net's program",
    0.8,
    unit="s",
    how="64-32-10 on digits, all else as in the default recipe (AdamW, dropout, cosine schedule, validation rows, best "
    "weights kept), in new processes without cached programs. The median of the processes.",
)
FIRST_EPOCH = Bar(
    "its first epoch in a new process that finds the program on disk",
    0.4,
    unit="s",
    how="The clock starts after the imports and the loading of the data; starting JAX's devices counts, and so do "
    "tracing, reading the program, and fetching the trained net. The median of the processes.",
)


def measure(quick: bool) -> list[Measurement]:
    """Processes in turn: one that compiles, one that finds the program."""
    compiled, first, whole = [], [], []
    with tempfile.TemporaryDirectory(prefix="goodfit-benchmark-") as cache:
        kept = {"GOODFIT_CACHE": cache, "JAX_ENABLE_COMPILATION_CACHE": "true"}
        processes.call("compiling:first_epoch", quick, kept)
        for _ in range(1 if quick else 5):
            compiled.append(float(processes.call("compiling:compile_seconds", quick)))
            found = processes.call("compiling:first_epoch", quick, kept)
            first.append(found["epoch"])
            whole.append(found["process"])
    median = statistics.median
    return [
        Measurement(COMPILE, median(compiled), f"from {min(compiled):.3g} to {max(compiled):.3g} s"),
        Measurement(
            FIRST_EPOCH,
            median(first),
            f"from {min(first):.3g} to {max(first):.3g} s; "
            f"{seconds('since the process began, with imports and data,', median(whole))}",
        ),
    ]


def compile_seconds(quick: bool) -> float:
    """In a new process: what `fit` says that compiling took."""
    return float(train(*_small())[1].seconds["compile"])


def first_epoch(quick: bool) -> dict[str, float]:
    """In a new process: seconds of one epoch from the imports on, and from the process's start on."""
    jobs, examples = _small()
    return {"epoch": train(jobs, examples)[0], "process": processes.age()}


def _small() -> tuple[list[Job], Examples]:
    return [Job(RECIPE.replace(epochs=1))], Examples.of_split(split(load("digits"), valid=0.1))
