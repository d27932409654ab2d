"""What progress, events and checkpoints cost a training."""

from __future__ import annotations

import io
import itertools
import tempfile
from pathlib import Path

from rich.console import Console
from rich.live import Live

import goodfit as gf
from benchmarks.bars import Bar, Measurement, seconds
from benchmarks.timing import alternate
from goodfit.cli.progress import Display
from goodfit.training import Examples, Job, Progress, cohort_of, fit
from goodfit.training.devices import prepare

OVERHEAD = Bar(
    "what progress, events and checkpoints add to the training time",
    3,
    unit="%",
    how="The default recipe on Fashion-MNIST: `gf.train` with a run folder and the live display, drawn for a terminal, "
    "against the same cohort without any of them, in as few calls of the program as fit. Training time alone, without "
    "compiling; the fastest of each, for the difference is smaller than the noise of one.",
)


def measure(quick: bool) -> list[Measurement]:
    """Both in one run, in turn."""
    repeats, epochs = (1, 1) if quick else (4, 6)
    data = gf.data.load("fashion-mnist")
    recipe = gf.Recipe(epochs=epochs)
    parts = gf.data.split(data, valid=recipe.valid, seed=recipe.seed)
    cohort = cohort_of([Job(recipe)], Examples.of_split(parts, recipe.scaling), prepare())
    drawn = 0

    def silent() -> float:
        return float(fit(cohort, chunk_seconds=1e9).seconds["train"])

    with tempfile.TemporaryDirectory(prefix="goodfit-benchmark-") as folder:
        names = itertools.count()

        def reported() -> float:
            nonlocal drawn
            out = Path(folder) / str(next(names))
            terminal = Console(file=io.StringIO(), force_terminal=True, width=100)
            with Live(console=terminal, auto_refresh=False) as live:
                display = Display(live)

                def report(progress: Progress) -> None:
                    nonlocal drawn
                    drawn += progress.phase == "train"
                    display.report(progress)

                drawn = 0
                run = gf.train(recipe, parts, out=out, progress=report)
            return run.seconds["train"]

        times = alternate({"silent": silent, "reported": reported}, repeats, summary=min)
    added = 100 * (times["reported"] / times["silent"] - 1)
    context = f"{seconds('with', times['reported'])}, {seconds('without', times['silent'])}"
    return [Measurement(OVERHEAD, added, f"{context}; {drawn} ends of chunks")]
