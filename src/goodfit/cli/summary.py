"""What `goodfit train` prints at the end."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from goodfit.cli.output import console, duration, print_line, table

if TYPE_CHECKING:
    from rich.table import Table

    from goodfit.data import LeakCheck
    from goodfit.runs import LayerRow, Run, Score

_PARTS = {"train": "train", "valid": "validation", "test": "test"}
_SECONDS = ("data", "compile", "train", "evaluate")
_WORDS = {"data": "data", "compile": "compiling", "train": "training", "evaluate": "evaluating"}


def print_run(run: Run) -> None:
    """Net, best epochs, scores with intervals, seconds and the folder, on stdout."""
    out = console()
    out.print(net_table(run.layers, run.parameters))
    out.print()
    out.print(score_table(run.scores))
    print_line(out, interval_methods(run.scores))
    out.print()
    print_line(out, kept_epochs(run))
    if run.frozen:
        nets = ", ".join(str(net) for net in run.frozen)
        subject, verb = ("Net", "was") if len(run.frozen) == 1 else ("Nets", "were")
        print_line(out, f"{subject} {nets} of {len(run.seeds)} {verb} frozen: the loss was no longer finite. "
                        f"Try a lower --learning-rate or --clip-norm 1.")  # fmt: skip
    spent = ", ".join(f"{_WORDS[name]} {duration(run.seconds[name])}" for name in _SECONDS if name in run.seconds)
    print_line(out, f"Time: {spent}.")
    if run.leaks is not None:
        print_line(out, leak_line(run.leaks, run.data_name))
    sealed = how_to_open(run)
    if sealed:
        print_line(out, sealed)
    if run.folder is not None:
        print_line(out, f"Run: {run.folder}")


def how_to_open(run: Run) -> str:
    """One line on the test rows, if there are any: how to open them, or that their curve was an opening."""
    if "test_score" in run.history.metrics:
        return "Test rows: scored in every epoch, which the ledger holds as an opening."
    if run.sealed is None:
        return ""
    rows, how = run.sealed["rows"], run.sealed["open"]
    return f"Test rows: {rows:,}, sealed. When all is chosen, open them once: {how}"


def leak_line(check: LeakCheck, data: str) -> str:
    """One line on what the leak guard found before the training, and on what was not looked for."""
    from goodfit.data import names

    return (
        f"{check} Look with: goodfit data check {data if data in names() else 'FILE'}" if check.missed else str(check)
    )


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
    levels = " or ".join(dict.fromkeys(f"{score.level * 100:g} %" for score in scores.values()))
    columns = ("part", "score", "value", f"{levels} interval", "rows", "spread over seeds")
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
    """The bounds of an interval, or that there is none."""
    if math.isnan(score.low) or math.isnan(score.high):
        return "none"
    return f"{score.low:.4f} to {score.high:.4f}"


def interval_methods(scores: Mapping[str, Score]) -> str:
    """One line on how the intervals were made, or why there is none.

    Parts with the same method stand together; numbers in which they differ are given one after another.
    """
    alike: dict[tuple[str, ...], dict[str, list[str]]] = {}  # texts between the numbers -> part -> numbers
    for part, word in _PARTS.items():
        if part in scores:
            pieces = re.split(r"(\d+)", scores[part].method)
            alike.setdefault(tuple(pieces[::2]), {})[word] = pieces[1::2]
    methods = []
    for texts, parts in alike.items():
        numbers = [" / ".join(dict.fromkeys(column)) for column in zip(*parts.values(), strict=True)]
        method = "".join(text + number for text, number in itertools.zip_longest(texts, numbers, fillvalue=""))
        methods.append(f"{method} ({', '.join(parts)})" if len(alike) > 1 else method)
    return f"Intervals: {'; '.join(methods)}."


def kept_epochs(run: Run) -> str:
    """One line on the epochs whose weights were kept, and on nets that stopped early."""
    chosen = "valid" in run.scores and run.recipe.keep_best
    watched = "loss" if run.recipe.monitor == "loss" else run.scores["train"].name
    text = f"Best epoch by validation {watched}" if chosen else "Weights of the last epoch"
    text += f": {_span(run.best_epochs)} of {run.recipe.epochs}"
    sound = run.history.stopped_epoch[~run.history.frozen].tolist()
    early = [epoch for epoch in sound if epoch < run.recipe.epochs]
    if early:
        text += f"; stopped early after {_span(early)}"
        text += "" if len(early) == len(run.seeds) else f" ({len(early)} of {len(run.seeds)} nets)"
    return f"{text}."


def _span(numbers: Sequence[int]) -> str:
    low, high = min(numbers), max(numbers)
    return f"{low}" if low == high else f"{low} to {high}"
