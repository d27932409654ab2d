"""How good the default recipe is on Fashion-MNIST, and how long one net takes."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import goodfit as gf
from benchmarks import processes
from benchmarks.bars import Bar, Measurement
from goodfit.models.stacked import score_nets

SEEDS = 5
ACCURACY = Bar(
    f"test accuracy of the default recipe on Fashion-MNIST, mean of {SEEDS} seeds",
    0.898,
    at_least=True,
    aim=0.905,
    unit="of rows",
    how='`gf.train(gf.Recipe(), "fashion-mnist", seeds=range(5))`: one split, one population. The recipe was chosen '
    "on validation rows; the test rows are scored here.",
)
ONE_NET = Bar(
    "one net of the default recipe, from the command to its end",
    40,
    unit="s",
    how="`goodfit train fashion-mnist` in a new process: starting, data (fetched before), compiling, training, scoring "
    "and writing the run. Once.",
)


def measure(quick: bool) -> list[Measurement]:
    """The command, then the population."""
    epochs, seeds = (1, 2) if quick else (gf.Recipe().epochs, SEEDS)
    data = gf.data.load("fashion-mnist")
    with tempfile.TemporaryDirectory(prefix="goodfit-benchmark-") as folder:
        command = ["train", "fashion-mnist", "--epochs", str(epochs), "--json", "--quiet", "--out"]
        ended = processes.run([*processes.GOODFIT, *command, str(Path(folder) / "run")], processes.NO_PROGRAM_CACHE)
    alone = json.loads(ended.stdout)
    run = gf.train(gf.Recipe(epochs=epochs), data, seeds=range(seeds))
    score = score_nets(run.sound, data.x[data.test], data.y[data.test])  # repeated, not chosen by
    spread = "" if score.spread is None else f", standard deviation {score.spread:.4f} over seeds"
    parts = ", ".join(f"{name} {taken:.2f} s" for name, taken in alone["seconds"].items())
    return [
        Measurement(ACCURACY, score.value, f"{score}{spread}; training all took {run.seconds['train']:.1f} s"),
        Measurement(ONE_NET, ended.seconds, f"{parts}; validation accuracy {alone['scores']['valid']['value']:.4f}"),
    ]
