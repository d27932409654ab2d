"""Runs, searches and verdicts for the tests of reports, written to folders as trainings write them, without one."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

import goodfit.figures
from goodfit.data import Dataset, Split, Table, load, split
from goodfit.inspection.layer_table import MEASURED, QUANTILE_FIELDS, write_layers
from goodfit.models import TrainedNet
from goodfit.runs import Run, record
from goodfit.runs.run import layer_rows, score_parts
from goodfit.runs.training import write_results
from goodfit.selection.comparing import compare
from goodfit.selection.optimism import bootstrap_bias_corrected
from goodfit.selection.result import Selection
from goodfit.selection.search import SEARCH
from goodfit.selection.space import Space
from goodfit.training.events import EventLog
from goodfit.training.history import History
from goodfit.training.recipe import Recipe
from goodfit.training.store import SessionRecord

RECIPE = Recipe(hidden=(6,), dropout=0.25, learning_rate=0.02, batch_size=32, epochs=3, l1=1e-5)

VERDICT: dict[str, Any] = {
    "kind": "underfit",
    "sentence": "Underfit: a wider net does surely better.",
    "reasons": ["Wider gains 0.02 of accuracy."],
    "measured_by": "accuracy",
    "higher_is_better": True,
    "margin": 0.01,
    "base": {"score": 0.94, "low": 0.92, "high": 0.96, "train": 0.95},
    "probes": [
        {
            "name": "wider",
            "side": "freer",
            "change": "hidden 64 -> 128",
            "fields": {"hidden": [128]},
            "score": 0.96,
            "difference": 0.02,
            "low": 0.012,
            "high": 0.03,
            "status": "better",
        },
        {
            "name": "lower rate",
            "side": "slower",
            "change": "learning_rate 0.1 -> 0.01",
            "fields": {"learning_rate": 0.01},
            "score": None,
            "difference": None,
            "low": None,
            "high": None,
            "status": "open",
        },
    ],
    "advice": {"probe": "wider", "change": "hidden 64 -> 128", "gain": 0.02, "low": 0.012, "high": 0.03},
    "folds": 5,
    "seeds": 2,
    "repeats": 1,
    "level": 0.95,
    "simultaneous": True,
    "more": None,
    "seconds": 12.3,
    "share": 0.8,
}


def history(nets: int = 2, epochs: int = 6, parts: tuple[str, ...] = ("train", "valid")) -> History:
    rng = np.random.default_rng(nets)
    names = [f"{part}_{kind}" for part in parts for kind in ("loss", "score")]
    return History(
        epochs=np.arange(1, epochs + 1),
        seeds=np.arange(nets),
        values={name: rng.uniform(0.2, 0.9, (epochs, nets)) for name in names},
        best_epoch=np.full(nets, max(1, epochs - 1)),
        stopped_epoch=np.full(nets, epochs),
        frozen=np.zeros(nets, bool),
    )


def made_run(recipe: Recipe = RECIPE, data: Dataset | Split | str = "iris", seeds: tuple[int, ...] = (0, 1)) -> Run:
    """A run of nets that nobody trained, in memory."""
    given = load(data) if isinstance(data, str) else data
    parts = given if isinstance(given, Split) else split(given, valid=recipe.valid, seed=recipe.seed)
    nets = tuple(_net(recipe, parts.data, seed) for seed in seeds)
    measured = ("train", "valid") if len(parts.valid) else ("train",)
    return Run(
        recipe=recipe,
        data_name=parts.data.name,
        task=parts.data.task,
        seeds=seeds,
        nets=nets,
        history=history(len(seeds), recipe.epochs, measured),
        scores=score_parts(nets, parts),
        seconds={"data": 0.1, "compile": 1.0, "train": 2.0, "evaluate": 0.1},
        split=parts,
        test_rows=len(parts.test),
    )


def written(run: Run, folder: Path, table: Table | None = None) -> Path:
    """The folder of a run, as a training leaves it."""
    parts = run.split
    assert parts is not None
    folder.mkdir(parents=True)
    record.begin(folder, run.recipe, parts, run.seeds, table=None if table is None else table.origin)
    with EventLog(folder / record.EVENTS) as events:
        events.append(run.history.to_events())
    with mock.patch.object(goodfit.figures, "write_figure"):
        write_results(run, folder)
    return folder


def _net(recipe: Recipe, data: Dataset, seed: int) -> TrainedNet:
    rng = np.random.default_rng(seed)
    layers = layer_rows(recipe, data.n_inputs, data.n_outputs)
    return TrainedNet(
        tuple(rng.normal(size=(layer.outputs, layer.inputs)) for layer in layers),
        tuple(rng.normal(size=layer.outputs) for layer in layers),
        recipe.activations,
        data.task,
        classes=data.classes,
        seed=seed,
    )


def made_layers(folder: Path, epochs: Iterable[int], nets: int = 2, layers: int = 3, **fields: float) -> Path:
    """The table that looking inside leaves, with numbers that grow by epoch and layer. fields: the same in all rows."""
    rows = []
    for epoch, net, layer in itertools.product(epochs, range(nets), range(layers)):
        size = (1 + net) * 10.0 ** (layer - layers)
        quantiles = [*(epoch * (step - 2.0) for step in range(5)), *(size * (step + 1) / epoch for step in range(5))]
        last = layer == layers - 1
        usual = {"mean": 0.5, "variance": 1.0, "saturated": 0.1 * layer, "dead": 0.0, "ratio": 0.1, "zeros": 0.0}
        ends = {"saturated": np.nan, "dead": np.nan, "ratio": np.nan} if last else {}
        name = "output" if last else f"hidden {layer + 1}"
        about = {"epoch": epoch, "net": net, "seed": net, "layer": name}
        row = {**about, **dict.fromkeys(MEASURED, size), **usual, **ends}
        rows.append({**row, **dict(zip(QUANTILE_FIELDS, quantiles, strict=True)), **fields})
    return write_layers(rows, folder)


def made_search(
    folder: Path, vary: dict[str, list[Any]], by: str = "score", recipe: Recipe = RECIPE, data: str = "iris"
) -> Selection:
    """A search whose nets nobody trained, and its folder as `select` leaves it."""
    space = Space(recipe, vary)
    settings = space.grid()
    rng = np.random.default_rng(0)
    scores = np.clip(0.8 + 0.03 * np.arange(len(settings))[:, None] + 0.01 * rng.normal(size=(len(settings), 5)), 0, 1)
    rows = rng.random((len(settings), 60)) < scores.mean(1, keepdims=True)
    recipes = tuple(space.recipes(settings))
    parameters = tuple(sum(layer.parameters for layer in layer_rows(each, 4, 3)) for each in recipes)
    found = Selection(
        data_name=data,
        task="classification",
        settings=tuple(settings),
        recipes=recipes,
        scores=scores,
        losses=1 - scores,
        train_scores=scores + 0.01,
        train_losses=0.9 - scores,
        by=by,
        comparison=compare(scores if by == "score" else scores - 1, 0.2, simplicity=parameters),
        optimism=bootstrap_bias_corrected(rows if by == "score" else rows - 1.0),
        seconds={"compile": 1.0, "train": 2.0, "score": 0.1},
        parameters=parameters,
        test_share=0.2,
    )
    folder.mkdir(parents=True, exist_ok=True)
    about = f"{len(settings)} settings x 5 stratified folds x 1 seed"
    (folder / SEARCH).write_text(SessionRecord("", math.inf, about, {"data": data}).to_json())
    with mock.patch.object(goodfit.figures, "write_figure"):
        found.write(folder)
    return found
