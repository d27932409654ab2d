"""The sections of a report on what was trained: data and split, net, recipe, curves."""

from __future__ import annotations

import numpy as np

from goodfit.figures.curves import band_levels
from goodfit.nets.losses import DEFAULT_LOSSES
from goodfit.reports.blocks import Block, Fold, Grid, Paragraph, Passage, Picture
from goodfit.reports.markup import Inline, Mono, Strong
from goodfit.reports.numbers import NONE, counted, number
from goodfit.reports.page import Section
from goodfit.reports.source import Source
from goodfit.runs import Run
from goodfit.runs.run import LOSS_LABELS, PART_WORDS, SCORE_LABELS
from goodfit.runs.telling import interval_methods, kept_epochs
from goodfit.training.recipe import DEFAULT, Recipe
from goodfit.training.recipe_fields import to_text

SHOWN_COLUMNS = 12  # columns of a table up to which they are shown at once
MOST_EPOCHS = 200  # rows of the table below the curves


def data_section(source: Source) -> Section:
    """What was learned from, and how its rows are divided."""
    about = {"source": source, "total": sum(source.sizes.values()), "parts": PART_WORDS, "columns": None}
    if source.columns is not None:
        lines: list[list[Inline]] = [[Mono(each.name), each.kind, f"{each.inputs:,}"] for each in source.columns]
        grid = Grid("Columns that the nets take", ("column", "kind", "inputs"), lines, left=2)
        about["columns"] = grid if len(lines) <= SHOWN_COLUMNS else Fold(f"All {len(lines):,} columns", [grid])
    return Section("Data and split", [Passage("run/data.html", about)])


def net_section(run: Run) -> Section:
    """The layers."""
    rows = [
        [
            layer.name,
            layer.activation or NONE,
            layer.initialiser,
            f"{layer.inputs:,}",
            f"{layer.outputs:,}",
            f"{layer.dropout:g}" if layer.dropout else NONE,
            f"{layer.parameters:,}",
        ]
        for layer in run.layers
    ]
    columns = ("layer", "activation", "initialiser", "inputs", "outputs", "dropout", "parameters")
    one = f"{layers_text(run)}: {counted(run.parameters, 'parameter')}."
    text = f"{one} {counted(len(run.seeds), 'such net')} were trained, one a seed." if len(run.seeds) > 1 else one
    return Section("Net", [Paragraph(text), Grid("Layers, from the inputs to the output", columns, rows, left=3)])


def layers_text(run: Run) -> str:
    """64 – 64 – 32 – 10."""
    return " – ".join(f"{size:,}" for size in run.nets[0].sizes)


def recipe_section(recipe: Recipe) -> Section:
    """Every field, those first that differ from the default recipe."""
    fields, usual, values = Recipe.fields(), DEFAULT.to_dict(), recipe.to_dict()
    changed = [name for name in fields if values[name] != usual[name]]
    columns = ("field", "value", "default", "meaning")

    def line(name: str) -> list[Inline]:
        value = to_text(getattr(recipe, name))
        shown: Inline = Strong(value) if name in changed else value
        return [Mono(name), shown, to_text(getattr(DEFAULT, name)), fields[name].description]

    blocks: list[Block] = []
    if changed:
        grid = Grid("Fields that differ from the default recipe", columns, [line(name) for name in changed], left=4)
        blocks.append(grid)
    else:
        blocks.append(Paragraph("The default recipe, as it is."))
    every = Grid("The whole recipe", columns, [line(name) for name in fields], left=4)
    return Section("Recipe", [*blocks, Fold(f"All {len(fields)} fields of the recipe", [every])])


def curves_section(run: Run) -> Section:
    """Scores, and how they came about epoch by epoch."""
    from goodfit.figures import curves

    loss = DEFAULT_LOSSES[run.task] if run.recipe.loss == "auto" else run.recipe.loss
    names = {"score_name": SCORE_LABELS[run.task], "loss_name": LOSS_LABELS[loss], "title": ""}
    dropping = ", with dropout on" if any(run.recipe.dropouts) or run.recipe.input_dropout else ""
    picture = Picture(
        title=f"Loss and {run.scores['train'].name} by epoch",
        drawn=curves(run.history, **names, width=7.8),
        narrow=curves(run.history, **names, width=4.2),
        table=_epochs(run),
        text=f"Training rows are measured along with the epoch{dropping}, the others at its end.",
        description=_curve_words(run),
    )
    about = {
        "run": run,
        "parts": PART_WORDS,
        "levels": dict.fromkeys(f"{score.level * 100:g} %" for score in run.scores.values()),
        "intervals": interval_methods(run.scores),
        "picture": picture,
        "kept": kept_epochs(run),
    }
    return Section("Scores and curves", [Passage("run/scores.html", about)])


def _curve_words(run: Run) -> str:
    """What the curves do, for those who do not see them."""
    history, told = run.history, []
    for metric in history.metrics:
        mean = history.mean(metric)
        finite = mean[np.isfinite(mean)]
        if finite.size:
            part, kind = metric.split("_")
            told.append(f"{PART_WORDS[part]} {kind} from {number(finite[0])} to {number(finite[-1])}")
    return f"Over {counted(len(history), 'epoch')}: {'; '.join(told)}. {kept_epochs(run)}"


def _epochs(run: Run) -> Grid:
    """The table that the curves are drawn from."""
    history = run.history
    step = -(-len(history) // MOST_EPOCHS)
    places = sorted({*range(0, len(history), step), len(history) - 1} - {-1})
    several = history.n_nets - int(history.frozen.sum()) > 1
    means = [history.mean(metric) for metric in history.metrics]
    bands = [history.quantiles(metric, band_levels(history)) for metric in history.metrics]
    kept = {int(epoch) for epoch in run.history.best_epoch}
    rows = [
        [
            f"{history.epochs[at]} (kept)" if int(history.epochs[at]) in kept else f"{history.epochs[at]}",
            *(
                f"{number(mean[at])} ({number(band[0, at])} to {number(band[1, at])})" if several else number(mean[at])
                for mean, band in zip(means, bands, strict=True)
            ),
        ]
        for at in places
    ]
    words = [f"{PART_WORDS[metric.split('_')[0]]} {metric.split('_')[1]}" for metric in history.metrics]
    which = "Mean over the nets (and their band)" if several else "Measured"
    marked = frozenset(row for row, at in enumerate(places) if int(history.epochs[at]) in kept)
    note = "" if step == 1 else f"Every {step}th epoch; history.csv has all."
    return Grid(f"{which}, by epoch", ("epoch", *words), rows, marked=marked, note=note)
