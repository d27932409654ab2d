"""What `goodfit train` prints at the end."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from goodfit.cli.output import console, duration, print_json, print_line, table

if TYPE_CHECKING:
    from rich.table import Table

    from goodfit.runs import LayerRow, Run, Score

_PARTS = {"train": "train", "valid": "validation", "test": "test"}
_SECONDS = ("data", "compile", "train", "evaluate")
_WORDS = {"data": "data", "compile": "compiling", "train": "training", "evaluate": "evaluating"}


def print_run(run: Run, *, json: bool) -> None:
    """A run's results on stdout, as tables or as one JSON object."""
    if json:
        print_json(run.to_json())
    else:
        print_summary(run)


def print_summary(run: Run) -> None:
    """Net, best epochs, scores with intervals, seconds and the folder, on stdout."""
    out = console()
    out.print(net_table(run.layers, run.parameters))
    out.print(score_table(run.scores))
    print_line(out, best_epochs(run.best_epochs, run.recipe.epochs))
    if run.frozen:
        nets = ", ".join(str(net) for net in run.frozen)
        rule = "was" if len(run.frozen) == 1 else "were"
        print_line(out, f"Net {nets} of {len(run.seeds)} {rule} frozen: the loss was no longer finite. "
                        f"Try a lower --learning-rate or --clip-norm 1.")  # fmt: skip
    spent = ", ".join(f"{_WORDS[name]} {duration(run.seconds[name])}" for name in _SECONDS if name in run.seconds)
    print_line(out, f"Time: {spent}.")
    if run.folder is not None:
        print_line(out, f"Run: {run.folder}")


def net_table(layers: Sequence[LayerRow], parameters: int) -> Table:
    """The layers of a net, and the sum of its parameters."""
    columns = ("layer", "activation", "initialiser", "inputs", "outputs", "dropout", "parameters")
    rows = [
        (
            layer.name,
            layer.activation or "-",
            layer.initialiser,
            f"{layer.inputs:,}",
            f"{layer.outputs:,}",
            f"{layer.dropout:g}" if layer.dropout else "-",
            f"{layer.parameters:,}",
        )
        for layer in layers
    ]
    return table(f"Net, {parameters:,} parameters", columns, rows, left=3)


def score_table(scores: Mapping[str, Score]) -> Table:
    """Each part's score with its interval, the rows it stands on, and the spread over seeds."""
    columns = ("part", "score", "value", "interval", "rows", "spread over seeds")
    rows = [
        (
            word,
            scores[part].name,
            f"{scores[part].value:.4f}",
            interval(scores[part]),
            f"{scores[part].rows:,}",
            "-" if scores[part].spread is None else f"{scores[part].spread:.4f}",
        )
        for part, word in _PARTS.items()
        if part in scores
    ]
    return table("Scores", columns, rows, left=2)


def interval(score: Score) -> str:
    """An interval with its level and method, or why there is none."""
    if math.isnan(score.low) or math.isnan(score.high):
        return f"none: {score.method}"
    return f"{score.low:.4f} to {score.high:.4f} ({score.level:.0%}, {score.method})"


def best_epochs(epochs: Sequence[int], most: int) -> str:
    """One line on the epoch whose weights were kept."""
    low, high = min(epochs), max(epochs)
    return f"Best epoch: {low if low == high else f'{low} to {high}'} of {most}."
