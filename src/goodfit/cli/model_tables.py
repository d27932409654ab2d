"""What `goodfit show` prints of a model file. The file is not trusted: texts are cut, and none is markup."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from rich.text import Text

from goodfit.cli.output import console, print_line, table
from goodfit.models.conformal import ENTRY
from goodfit.models.predicting import DIVERGED, diverged_places
from goodfit.words import as_listed, visible

if TYPE_CHECKING:
    from goodfit.runs.model_facts import ModelFacts, NetFacts

MOST_ROWS = 20  # of a table
MOST_ABOUT = 8  # entries of `about`
MOST_NAMES = 10  # of classes or seeds in a line
MOST_CHARACTERS = 60  # of one text


def print_model(found: ModelFacts) -> None:
    """A model file's facts, nets, recipe and columns on stdout."""
    _print(found.path, ("what", "value"), list(_facts(found)), left=2)
    columns = ("nets", "layers", "activations", "parameters per net", "seeds")
    _print(f"Nets, {found.parameters:,} parameters", columns, list(_net_rows(found.nets)), left=3)
    recipe = found.about.get("recipe")
    if isinstance(recipe, dict):
        rows = list(_recipe_rows(recipe))
        _print("Recipe, fields that differ from the default", ("field", "value"), rows, left=2)
    if found.columns is not None:
        kinds = [(cut(column.name), column.kind, f"{column.inputs:,}") for column in found.columns]
        _print(f"Columns of the table, {len(kinds):,}", ("column", "kind", "features"), kinds, left=2)


def _print(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], *, left: int) -> None:
    out = console()
    out.print(Text(visible(title), style="bold"), soft_wrap=True)
    out.print(table("", columns, rows[:MOST_ROWS], left=left))
    if len(rows) > MOST_ROWS:
        print_line(out, f"and {len(rows) - MOST_ROWS:,} more: --json lists all.")
    out.print()


def _facts(found: ModelFacts) -> Iterator[tuple[str, str]]:
    yield "task", found.task + (", prediction = exp(output)" if found.link == "exp" else "")
    if found.frequencies:
        features = "1 feature" if found.encoded == 1 else f"{found.encoded:,} features"
        sums = f"{found.components:,} components of {found.frequencies:,} trained frequencies each"
        yield "encoding", f"periodic: {features}, {sums}"
    elif found.encoded:
        yield "encoding", f"piecewise linear: {found.encoded:,} features, {found.bins:,} bins each"
    if found.targets:
        yield f"{len(found.targets):,} targets", names(found.targets)
    if found.levels:
        yield "quantiles", ", ".join(f"{level:g}" for level in found.levels) + "; predictions are the medians"
    if found.mixed:
        yield "mixtures", f"of activations and pre-activations, trained, in {found.mixed:,} of {len(found.nets):,} nets"
    counts = sorted({net.members for net in found.nets})
    if counts[-1] > 1:
        several = " or ".join(f"{count:,}" for count in counts)
        yield "members", f"{several} of each net, which share its hidden layers and predict together"
    if found.target_transform:
        yield "target transform", names(found.target_transform)
    if found.clipped:
        yield "predictions", "within the range of the training targets"
    if found.classes:
        yield f"{len(found.classes):,} classes" if found.task == "classification" else "labels", names(found.classes)
    yield "features", f"{found.inputs:,}" + ("" if found.columns is None else f", from {len(found.columns):,} columns")
    yield "outputs", f"{found.outputs:,}"
    if found.data is not None:
        yield "trained on", f"{cut(found.data['name'])}, {found.data['rows']:,} rows"
        yield "fingerprint", cut(found.data["fingerprint"])
    diverged, count = diverged_places(found.about, len(found.nets), found.path), len(found.nets)
    if diverged:
        do = "predict all the same" if len(diverged) == count else "do not predict"
        yield "diverged", f"{len(diverged):,} of {count:,} nets {do}: {names([str(place) for place in diverged])}"
    told = {DIVERGED, "recipe"} if isinstance(found.about.get("recipe"), dict) else {DIVERGED}
    if isinstance(errors := found.about.get(ENTRY), dict) and type(errors.get("rows")) is int:
        yield "intervals or sets", f"from {cut(str(errors.get('source')))} predictions of {errors['rows']:,} rows"
        told |= {ENTRY}
    told |= {"data"} if found.data is not None and found.about.get("data") == found.data["name"] else set()
    rest = [(cut(name), as_text(value)) for name, value in found.about.items() if name not in told]
    yield from rest[:MOST_ABOUT]
    yield "written by", f"goodfit {cut(found.goodfit)}, format {found.format}"
    yield "size", f"{found.bytes:,} bytes"
    yield "SHA-256", found.sha256


def _net_rows(nets: Sequence[NetFacts]) -> Iterator[tuple[str, ...]]:
    """One row for nets in a row that are alike but for their seeds."""
    for (sizes, activations, parameters), alike in itertools.groupby(
        nets, key=lambda net: (net.sizes, net.activations, net.parameters)
    ):
        seeds = [str(net.seed) for net in alike]
        layers = " - ".join(f"{size:,}" for size in sizes)
        yield str(len(seeds)), layers, ", ".join(_runs(activations)) or "-", f"{parameters:,}", names(seeds)


def _runs(words: Sequence[str]) -> Iterator[str]:
    """Words, those that follow one another counted: relu, relu, tanh as "2 x relu", "tanh"."""
    for word, same in itertools.groupby(words):
        count = len(list(same))
        yield word if count == 1 else f"{count} x {word}"


def _recipe_rows(recipe: dict[str, Any]) -> Iterator[tuple[str, str]]:
    from goodfit.training.named_recipes import DEFAULT

    usual = DEFAULT.to_dict()
    for name, value in recipe.items():
        if name not in usual or value != usual[name]:
            yield cut(name), as_text(value)


def names(given: Sequence[str]) -> str:
    """The first few of many names."""
    shown = ", ".join(as_listed(cut(name)) for name in given[:MOST_NAMES])
    return shown if len(given) <= MOST_NAMES else f"{shown} and {len(given) - MOST_NAMES:,} more"


def as_text(value: Any) -> str:
    """A value of JSON in one short line."""
    return cut(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def cut(text: str) -> str:
    """A text in one line, of at most MOST_CHARACTERS."""
    line = text[: MOST_CHARACTERS + 1].replace("\n", "\\n")
    return line if len(line) <= MOST_CHARACTERS else f"{line[: MOST_CHARACTERS - 1]}…"
