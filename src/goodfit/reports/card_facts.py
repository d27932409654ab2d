"""What a model card tells of a run, as plain values: what stands in its folder and in the ledger, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from goodfit import __version__
from goodfit.data.ledger import Opening
from goodfit.data.tables.fitted import FittedColumn, Numeric
from goodfit.data.tables.preprocessing import Preprocessing
from goodfit.data.tables.typical import known_categories, typical_value
from goodfit.nets.losses import DEFAULT_LOSSES
from goodfit.reports.commands import changes, wrapped
from goodfit.reports.reproducing import command
from goodfit.reports.source import Source
from goodfit.runs import Run, describe_model
from goodfit.runs.opening import model_print, of_test_set, restated
from goodfit.runs.telling import measured_on
from goodfit.training.named_recipes import DEFAULT


def card_facts(source: Source) -> dict[str, Any]:
    """Everything that a card says, as JSON has it; None for what is not known."""
    run = source.run
    preprocessing, about = _of_model(run)
    return {
        "goodfit": __version__,
        "name": run.data_name,
        "folder": None if run.folder is None else str(run.folder),
        "trained": {"began": source.began or None, "versions": dict(source.versions), "seconds": dict(run.seconds)},
        "model": _model(run),
        "start": None if run.start is None else {**run.start.told.model_dump(), "told": str(run.start.told)},
        "task": run.task,
        "target": _target(source),
        "classes": list(run.nets[0].classes),
        "columns": None if preprocessing is None else [_column(each) for each in preprocessing.columns],
        "ignored": None if preprocessing is None else list(preprocessing.ignored),
        "data": {
            "name": run.data_name,
            "description": None if source.entry is None else source.entry.about,
            "source": None if source.entry is None else source.entry.source,
            "built_in": source.entry is not None,
            "file": None if source.table is None else str(source.table["path"]),
            "fingerprint": source.data_print or None,
            "rows": dict(source.sizes),
            "split": {"fingerprint": source.split_print, "seed": source.split_seed, "by": _divided(source)},
        },
        "out_of_fold": run.out_of_fold is not None,
        "recipe": {"fields": run.recipe.to_dict(), "differs": sorted(changes(DEFAULT, run.recipe))},
        "scores": {part: score.to_dict() for part, score in run.scores.items() if part != "test"},
        "measures": {part: found.to_dict() for part, found in run.measured.items()},
        "measured_on": {part: measured_on(run, part) for part in run.measured},
        "validation_loss": _validation_loss(run),
        "test": _test(source),
        "temperature": _temperature(about),
        "refit": None if run.refit is None else {**run.refit.to_json(), "note": str(run.refit)},
        "ensemble": None if run.ensemble is None else dict(run.ensemble),
        "verdict": None if source.verdict is None else source.verdict.model_dump(mode="json"),
        "leaks": None
        if run.leaks is None
        else {"found": str(run.leaks), "findings": list(map(str, run.leaks.findings))},
        "command": None if (words := command(source)) is None else wrapped(words),
    }


def _target(source: Source) -> str | list[str] | None:
    """The name of the target, or those of several; None where it has none."""
    named = None if source.table is None else source.table.get("target")
    if named is None:
        return list(source.run.nets[0].targets) or None
    return named if isinstance(named, str) else list(named)


def _model(run: Run) -> dict[str, Any]:
    file = None if run.folder is None else describe_model(run.folder)
    net = run.nets[0]
    return {
        "fingerprint": model_print(run.final),
        "file": None if file is None else {"path": file.path, "bytes": file.bytes, "sha256": file.sha256},
        "nets": len(run.nets),
        "seeds": list(run.seeds),
        "diverged": list(run.frozen),
        "sizes": list(net.sizes),
        "first_inputs": net.first_inputs,
        "activations": list(net.activations),
        "parameters": net.n_parameters,
        "target_transform": [] if net.transform is None else list(net.transform.named),
        "clipped": net.transform is not None and net.transform.clips,
        "kept_epochs": list(run.best_epochs),
    }


def _of_model(run: Run) -> tuple[Preprocessing | None, Mapping[str, Any]]:
    """The preprocessing, and what the writer of the model file said."""
    return run.model.preprocessing, run.model.about


def _temperature(about: Mapping[str, Any]) -> dict[str, Any] | None:
    """By which the logits were divided after training, and on which rows it was fitted, as the model file tells it."""
    value, told = about.get("temperature"), about.get("calibration")
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    rows = told.get("on") if isinstance(told, dict) else None
    return {"value": value, "fitted_on": rows if isinstance(rows, str) else None}


def _column(column: FittedColumn) -> dict[str, Any]:
    """spread: of numbers, between the quartiles, or half of the range where those are equal; 0.0 of a constant."""
    known = known_categories(column)
    factor = column.scaling.factor if isinstance(column, Numeric) else None
    return {
        "name": column.name,
        "kind": column.kind,
        "inputs": column.width,
        "missing_in_training": column.missing,
        "typical": typical_value(column),
        "spread": None if factor is None else 1 / factor if factor else 0.0,
        "categories": list(known) if column.kind == "categorical" else None,
        "shared_inputs": getattr(column, "buckets", 0),
    }


def _divided(source: Source) -> dict[str, str] | None:
    """The column by whose groups or times the rows were split; None where there is none, or it is not known."""
    table = source.table or {}
    return next(({how: str(table[how])} for how in ("group", "time") if table.get(how)), None)


def _validation_loss(run: Run) -> dict[str, Any] | None:
    """The mean over the nets that stayed finite of the loss at the epoch whose weights were kept."""
    metric = "valid_loss"
    if metric not in run.history.metrics:
        return None
    rows = np.searchsorted(run.history.epochs, run.history.best_epoch)
    rows = np.minimum(rows, len(run.history) - 1)
    at = run.history.epochs[rows] == run.history.best_epoch
    values = run.history[metric][rows, np.arange(run.history.n_nets)]
    values = values[at & ~run.history.frozen]
    if not values.size or not np.isfinite(values).all():
        return None
    loss = DEFAULT_LOSSES[run.task] if run.recipe.loss == "auto" else run.recipe.loss
    return {"loss": loss, "value": float(values.mean())}


def _test(source: Source) -> dict[str, Any]:
    """Openings of the run's own test rows, and of other rows by its nets, each with its interval as it is by now.

    rows: of the run's own test set.
    """
    own = [line for line in source.openings if line.number in source.own]
    rows = source.sizes.get("test", 0)
    sealed = of_test_set(own, source.run.data_name, rows)
    return {
        "rows": rows,
        "every_epoch": "test_score" in source.run.history.metrics,
        "openings": [_opening(line) for line in sealed],
        "other_rows": [_opening(line) for line in own if line not in sealed],
    }


def _opening(line: Opening) -> dict[str, Any]:
    score = restated(line)
    return {
        "time": line.time,
        "data": line.data,
        "rows": line.rows,
        "kind": line.kind,
        "nth": line.nth,
        "of": line.of,
        "score": None if score is None else score.to_dict(),
    }
