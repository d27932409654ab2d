"""What `goodfit train` prints at the end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from goodfit.cli.output import console, print_line, table
from goodfit.words import duration

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from goodfit.leaks import LeakCheck
    from goodfit.runs import LayerRow, Run

_SECONDS = ("data", "compile", "train", "evaluate")
_WORDS = {"data": "data", "compile": "compilation", "train": "training", "evaluate": "evaluation"}


def print_scores(out: Console, run: Run) -> None:
    """Scores with intervals, and the measures that matter most with their notes, an empty line about each."""
    from goodfit.cli.measure_tables import print_headline
    from goodfit.runs.telling import interval_methods, measured_on, score_table

    out.print()
    out.print(table("Scores", *score_table(run.scores, run.part_words), left=2))
    print_line(out, interval_methods(run.scores, run.part_words))
    for part, found in run.measured.items():
        out.print()
        print_headline(out, found, f"Measured on {measured_on(run, part)}")
        for note in found.notes:
            print_line(out, note)
    out.print()


def print_run(run: Run) -> None:
    """Net, best epochs, scores with intervals, seconds and the folder, on stdout."""
    from goodfit.runs.telling import kept_epochs, streamed_rows

    out = console()
    out.print(net_table(run.layers, run.parameters))
    print_scores(out, run)
    print_line(out, kept_epochs(run))
    if told := streamed_rows(run):
        print_line(out, told)
    if run.out_of_fold is not None:
        folds, verb = run.recipe.fold_members, "predict" if run.refit is None else "predicted"
        print_line(out, f"{len(run.nets)} nets {verb} together; each left out one of {folds} folds. Out of fold: each "
                        "row as predicted by the nets that did not learn from it; training: by those that "
                        "did.")  # fmt: skip
    if run.frozen:
        nets = ", ".join(str(net) for net in run.frozen)
        subject, verb = ("Net", "was") if len(run.frozen) == 1 else ("Nets", "were")
        print_line(out, f"{subject} {nets} of {len(run.seeds)} {verb} frozen because the loss was no longer finite. "
                        f"Try a lower --learning-rate or --clip-norm 1.")  # fmt: skip
    spent = ", ".join(f"{_WORDS[name]} {duration(run.seconds[name])}" for name in _SECONDS if name in run.seconds)
    print_line(out, f"Time: {spent}.")
    if run.leaks is not None:
        print_line(out, leak_line(run.leaks, run.data_name))
    if run.start is not None:
        print_line(out, str(run.start.told))
    if run.refit is not None:
        print_line(out, str(run.refit))
    sealed = how_to_open(run)
    if sealed:
        print_line(out, sealed)
    if run.folder is not None:
        print_line(out, f"Run: {run.folder}")


def how_to_open(run: Run) -> str:
    """One line on the test rows, if there are any: how to open them, or that their curve was an opening."""
    if "test_score" in run.history.metrics:
        return "Test set: scored after every epoch, which the ledger records as an opening."
    if run.sealed is None:
        return ""
    rows, how = run.sealed["rows"], run.sealed["open"]
    return f"Test set: {rows:,} rows, sealed. Score it once, after all choices are made: {how}"


def leak_line(check: LeakCheck, data: str) -> str:
    """One line on what the leak guard found before the training, and on what was not looked for."""
    from goodfit.data import names

    return f"{check} To check: goodfit data check {data if data in names() else 'FILE'}" if check.missed else str(check)


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
    encoding = parameters - sum(layer.parameters for layer in layers)
    rows = [("encoding", *"-----", f"{encoding:,}"), *rows] if encoding else rows
    return table(f"Net, {parameters:,} parameters", columns, rows, left=3)
