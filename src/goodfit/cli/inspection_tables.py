"""What `goodfit inspect` prints."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from rich.text import Text

from goodfit.cli.output import console, print_line, table
from goodfit.words import fixed, share_text

if TYPE_CHECKING:
    from goodfit.inspection.findings import Finding
    from goodfit.inspection.inspecting import Inspection
    from goodfit.inspection.measuring import Measurement
    from goodfit.inspection.trial import Trial

FORWARD = ("layer", "activation", "mean", "variance", "saturated", "dead", "rank", "eff. rank")
BACKWARD = ("layer", "gradient", "weight gradient", "ratio", "zeros", "update / weight", "Jacobian")
STYLES = {"issue": "bold red", "ok": "green", "cannot tell": "yellow"}


def print_inspection(found: Inspection, *, every: bool, which: int = 0, nets: int = 1) -> None:
    """Tables of the passes, the findings, and the advice.

    every: findings that are ok or cannot tell too.
    which: place of the net among so many.
    """
    from goodfit.inspection.inspecting import sharpness_words

    out, measured = console(), found.measurement
    rows = measured.subject.rows
    if nets > 1:
        print_line(out, f"Net {which} of 0 to {nets - 1}; --which chooses another.")
        out.print()
    out.print(table(f"Forward pass, {len(rows):,} examples", FORWARD, _forward(measured), left=2))
    out.print()
    out.print(table("Backward pass", BACKWARD, _backward(measured)))
    out.print()
    print_line(out, f"Training loss {shown(measured.loss)}; best constant prediction {shown(found.evidence.constant)}.")
    print_line(out, f"Largest eigenvalue of the Hessian: {sharpness_words(measured)}.")
    growth = math.exp(measured.jacobians.growth)
    print_line(out, f"The largest singular value of the Jacobian grows by a factor of {shown(growth)} per layer.")
    if found.note:
        print_line(out, found.note)
    out.print()
    listed = found.findings if every else found.issues
    if listed:
        out.print(table("Findings", ("", "code", "place", "value", "limit"), map(_finding, listed), left=3))
        for finding in listed:
            print_line(out, f"{finding.code}: {finding.text}")
    else:
        print_line(out, "No issues found.")
    untold = [finding.code for finding in found.findings if finding.status == "cannot tell"]
    if untold and not every:
        print_line(out, f"Cannot tell: {', '.join(untold)}. Use --all to see why.")
    for line in advice_lines(found):
        print_line(out, line)


def advice_lines(found: Inspection) -> Iterator[str]:
    """The change that is advised, as flags of `goodfit train`."""
    advice = found.advice
    if advice.recipe:
        yield f"Advice: {' '.join(flags(advice.recipe))}"
    for name, value in advice.data.items():
        yield f"Advice for the data: Dataset(..., {name}={value!r})"
    if advice and found.recipe is not None:
        yield "Use --try to train it and compare it with the current recipe."


def flags(fields: dict[str, Any]) -> Iterator[str]:
    """Fields of a recipe as they are written on the command line."""
    for name, value in fields.items():
        flag = name.replace("_", "-")
        if value is None:
            yield f"(without --{flag})"
        elif isinstance(value, bool):
            yield f"--{flag}" if value else f"--no-{flag}"
        elif isinstance(value, tuple):
            yield f"--{flag} {','.join(map(str, value)) or 'none'}"
        else:
            yield f"--{flag} {value:g}" if isinstance(value, float) else f"--{flag} {value}"


def print_trial(trial: Trial) -> None:
    """Both recipes, and the difference with its interval."""
    out = console()
    rows = [
        ("current", fixed(trial.before.mean()), shown(trial.train_loss[0])),
        ("advised", fixed(trial.after.mean()), shown(trial.train_loss[1])),
    ]
    part = {"valid": "validation set", "train": "training set"}[trial.part]
    seeds = len(trial.seeds)
    columns = ("recipe", f"{trial.score_name}, {part}", "training loss")
    out.print(table(f"Trial with {seeds} seed{'s' * (seeds > 1)}", columns, rows))
    interval = f" [{fixed(trial.low, sign=True)}, {fixed(trial.high, sign=True)}]" if math.isfinite(trial.low) else ""
    print_line(out, f"Difference: {fixed(trial.difference, sign=True)}{interval}, paired by seed, 95 % interval.")


def shown(value: float) -> str:
    """Three digits; "-" for what is not known."""
    return "-" if math.isnan(value) else f"{value:.3g}"


def _forward(measured: Measurement) -> Iterator[tuple[str, ...]]:
    for layer in measured.layers:
        yield (
            layer.name,
            layer.activation or "-",
            shown(layer.mean),
            shown(layer.variance),
            share_text(layer.saturated),
            share_text(layer.dead),
            f"{layer.rank} of {layer.units}",
            shown(layer.effective_rank),
        )


def _backward(measured: Measurement) -> Iterator[tuple[str, ...]]:
    for layer in measured.layers:
        yield (
            layer.name,
            shown(layer.z_gradient),
            shown(layer.weight_gradient),
            shown(layer.ratio),
            share_text(layer.zeros),
            shown(layer.update),
            f"{shown(layer.jacobian_largest)}, {shown(layer.jacobian_median)}",
        )


def _finding(finding: Finding) -> tuple[object, ...]:
    status = Text(finding.status, style=STYLES[finding.status])
    return status, finding.code, finding.place or "-", shown(finding.value), shown(finding.limit)
