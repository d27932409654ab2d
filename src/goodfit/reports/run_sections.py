"""The sections of a report on what was trained: data and split, net, recipe, curves."""

from functools import partial
from typing import Any

import numpy as np

from goodfit.ensembles.telling import MEMBER_COLUMNS, member_rows, title_of
from goodfit.figures.curves import band_levels
from goodfit.nets.losses import DEFAULT_LOSSES
from goodfit.reports.blocks import Grid, Paragraph, Passage
from goodfit.reports.drawing import both
from goodfit.reports.numbers import NONE, counted, encoded_text
from goodfit.reports.page import Section
from goodfit.reports.source import Source
from goodfit.runs import Run
from goodfit.runs.run import LOSS_LABELS, PART_WORDS, SCORE_LABELS
from goodfit.runs.telling import interval_methods, kept_epochs, score_heads
from goodfit.training.history import History
from goodfit.training.named_recipes import DEFAULT
from goodfit.training.recipe import Recipe
from goodfit.training.recipe_fields import to_text

MOST_EPOCHS = 200  # rows of the table below the curves


def data_section(source: Source) -> Section:
    """What was learned from, and how its rows are divided."""
    encoded = encoded_text(source.run.nets[0].n_inputs, source.run.nets[0].first_inputs)
    about = {"source": source, "total": sum(source.sizes.values()), "parts": PART_WORDS, "encoded": encoded}
    return Section("Data and split", [Passage("run/data.html", about)])


def ensemble_section(run: Run) -> Section | None:
    """How the nets were chosen and weighed; None where all are of one recipe."""
    if run.ensemble is None:
        return None
    told = [Paragraph(sentence, lead=not place) for place, sentence in enumerate(run.ensemble.get("sentences", ()))]
    members = Grid(title_of(run.ensemble), MEMBER_COLUMNS, [[*row] for row in member_rows(run.ensemble)], left=1)
    return Section("Ensemble", [*told, members])


def net_section(run: Run) -> Section:
    """The layers; of an ensemble, those of the member that counts most."""
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
    encoded = encoded_text(run.nets[0].n_inputs, run.nets[0].first_inputs)
    one = f"{', '.join(filter(None, (layers_text(run), encoded)))}: {counted(run.parameters, 'parameter')}."
    text = f"{one} {counted(len(run.seeds), 'such net')} were trained, one per seed." if len(run.seeds) > 1 else one
    if run.ensemble is not None:
        text = f"Of the member that counts most: {one}"
    return Section("Net", [Paragraph(text), Grid("Layers, from the inputs to the output", columns, rows, left=3)])


def layers_text(run: Run) -> str:
    """64 – 64 – 32 – 10."""
    return " – ".join(f"{size:,}" for size in run.nets[0].sizes)


def recipe_section(recipe: Recipe) -> Section:
    """Every field, those first that differ from the default recipe."""
    values, usual = recipe.to_dict(), DEFAULT.to_dict()
    fields = [
        (
            name,
            to_text(getattr(recipe, name)),
            to_text(getattr(DEFAULT, name)),
            about.description,
            values[name] != usual[name],
        )
        for name, about in Recipe.fields().items()
    ]
    return Section("Recipe", [Passage("run/recipe.html", {"fields": fields})])


def curves_section(run: Run) -> Section:
    """Scores, and how they came about epoch by epoch."""
    from goodfit.figures import curves

    loss = DEFAULT_LOSSES[run.task] if run.recipe.loss == "auto" else run.recipe.loss
    draw = partial(curves, run.history, score_name=SCORE_LABELS[run.task], loss_name=LOSS_LABELS[loss], title="")
    about = {
        "run": run,
        "parts": run.part_words,
        "columns": score_heads(run.scores.values()),
        "intervals": interval_methods(run.scores, run.part_words),
        "kept": kept_epochs(run),
        "drawn": both(draw),
        "dropping": any(run.recipe.dropouts) or run.recipe.input_dropout,
        **_epochs(run.history),
    }
    return Section("Scores and curves", [Passage("run/scores.html", about)])


def _epochs(history: History) -> dict[str, Any]:
    """What the curves are drawn from, and how they go."""
    step = -(-len(history) // MOST_EPOCHS)
    places = sorted({*range(0, len(history), step), len(history) - 1} - {-1})
    words = [f"{PART_WORDS[part]} {kind}" for part, kind in (metric.split("_") for metric in history.metrics)]
    levels = band_levels(history)
    found = [np.vstack([history.mean(metric), history.quantiles(metric, levels)]) for metric in history.metrics]
    finite = [(word, each[0][np.isfinite(each[0])]) for word, each in zip(words, found, strict=True)]
    return {
        "heads": words,
        "epochs": [(int(history.epochs[at]), [each[:, at].tolist() for each in found]) for at in places],
        "course": [(word, mean[0], mean[-1]) for word, mean in finite if mean.size],
        "best": set(history.best_epoch.tolist()),
        "several": history.n_nets - int(history.frozen.sum()) > 1,
        "step": step,
    }
