"""The epoch curve: what becomes of training and held-out rows as nets train on."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from goodfit.curves.measuring import curve, kept
from goodfit.data import Dataset, Split, Table, load
from goodfit.data.folds import make_folds
from goodfit.errors import Problems
from goodfit.files import write_atomically
from goodfit.runs.record import fingerprint
from goodfit.selection import running
from goodfit.selection.recipes import fitted_whole
from goodfit.selection.search import By, divided_by, learning_rows, seeds_of
from goodfit.selection.setting_curve import SettingCurve
from goodfit.selection.sheets import Sheet, make_sheets
from goodfit.selection.stages import Stages
from goodfit.training import tensor_file
from goodfit.training.cohort import cohort_of
from goodfit.training.compile import fresh_state
from goodfit.training.devices import prepare
from goodfit.training.fitting import Report, fit, metric_names
from goodfit.training.recipe import Recipe
from goodfit.training.resuming import Checkpointer, newest, restored

WHERE = "Epoch curve"
LEARNED, HELD_OUT = "learned", "held_out"  # the parts that the program scores
FORMAT = 1
METRICS = "metrics.safetensors"  # of a population that is being trained


def epoch_curve(
    data: Dataset | Table | Split | str,
    recipe: Recipe | None = None,
    *,
    every: int = 1,
    folds: Any = 5,
    repeats: int = 1,
    seeds: int | Iterable[int] = 1,
    by: By = "score",
    groups: Any = None,
    time: Any = None,
    seed: int = 0,
    out: str | Path | None = None,
    progress: running.Watch | None = None,
) -> SettingCurve:
    """Train a recipe on every fold with every seed, once, and score it on the way on the rows that each fold holds out.

    every: score after every so many epochs, and after the last. Training rows are scored likewise: whole, after the
    epoch, without dropout. A schedule runs over all epochs of the recipe: what an early epoch scores is not what a
    training of so many epochs would come to (vary `epochs` for that). by: measure "score" or "loss", as `select` does;
    of several numeric targets each counts in its scaled unit. out: folder that keeps what was computed; the same call
    goes on from there. The other arguments are those of `select`; test rows take no part.

    The best epoch is chosen on the rows that it is scored on, which makes its score a little too good.
    """
    recipe = recipe or Recipe()
    problems = Problems()
    if by not in ("score", "loss"):
        problems.add(WHERE, "'by' must be score or loss", got=by)
    if isinstance(every, bool) or not isinstance(every, int) or not 1 <= every <= recipe.epochs:
        problems.add(WHERE, f"'every' must be an integer from 1 to the {recipe.epochs} epochs", got=every)
    problems.raise_if_any()
    given = divided_by(load(data) if isinstance(data, str) else data, groups, time)
    source, rows = learning_rows(recipe, given)
    bare = source if isinstance(source, Dataset) else source.dataset(rows)
    divided = make_folds(bare, rows, folds=folds, repeats=repeats, seed=seed)
    chosen = seeds_of(recipe, seeds)
    (own,) = fitted_whole([recipe], source, rows, divided)
    sheets = [_scored(sheet) for sheet in make_sheets(source, divided, [own], chosen)]
    about = [WHERE, bare.name, fingerprint(bare), own.to_json(), list(chosen), every]
    with kept(out, about, [divided]) as folder:
        found = _traced(sheets, len(divided.all), len(chosen), by, every, folder, progress)
    epochs = [epoch for epoch in range(1, own.epochs + 1) if epoch % every == 0 or epoch == own.epochs]
    train, valid = found[:, np.asarray(epochs) - 1]
    return curve("epochs", epochs, train, valid, divided.test_share, by, bare.task)


def _scored(sheet: Sheet) -> Sheet:
    """A sheet whose program scores, for every net, the rows that it learns from and those held out from it.

    Not under the name "valid", which a training would watch: the nets are then those of a search.
    """
    examples = sheet.examples
    if examples.weights is None or examples.folds is None:
        parts = {LEARNED: examples.train, HELD_OUT: sheet.fits[0].held_out}
        return dataclasses.replace(sheet, examples=dataclasses.replace(examples, parts=parts))
    own = (np.arange(len(examples.weights))[:, None] == examples.folds).astype(np.float32)
    scored = dataclasses.replace(
        examples,
        parts={LEARNED: examples.train, HELD_OUT: examples.train},
        part_weights={LEARNED: examples.weights, HELD_OUT: own},
    )
    return dataclasses.replace(sheet, examples=scored)


def _traced(
    sheets: list[Sheet], folds: int, seeds: int, by: str, every: int, folder: Path | None, watch: running.Watch | None
) -> NDArray[np.float64]:
    """Measurements on training and on held-out rows, [2, epochs, folds], means over seeds; nan where a net had
    diverged or nothing was scored.
    """
    planned = running.schedule(sheets)
    stages = Stages(watch, planned.seconds, sum(len(turn.jobs) for turn in planned.turns))
    epochs = sheets[0].jobs[0].recipe.epochs
    found = np.zeros((2, epochs, folds))
    for number, turn in enumerate(planned.turns):
        sheet = sheets[turn.sheet]
        path = None if folder is None else folder / f"turn-{number:04d}"
        with stages.stage(len(turn.jobs), turn.seconds) as watcher:
            values = _train(sheet, turn, by, every, path, watcher)  # [2, E, P]
        for place, job in enumerate(turn.jobs):
            found[:, :, sheet.fits[job].fold] += values[:, :, place] / seeds
    stages.finish()
    return found


def _train(
    sheet: Sheet, turn: running.Turn, by: str, every: int, path: Path | None, watch: running.Watch | None
) -> NDArray[np.float64]:
    """One population, measured after every epoch: [2, epochs, nets], nan where nothing was scored."""
    cohort = cohort_of([sheet.jobs[job] for job in turn.jobs], sheet.examples, prepare())
    names = metric_names(cohort.program)
    past = np.zeros((0, len(names), len(turn.jobs)))
    start, done = None, None if path is None else path.with_suffix(".safetensors")
    if done is not None and done.exists():
        past = tensor_file.read(done, kind="curve", version=FORMAT).arrays["metrics"]
    else:
        found = None if path is None else newest(path)
        if found is not None and path is not None:
            fresh = fresh_state(cohort.program, cohort.settings(), cohort.initial_parameters())
            start = found.epoch, restored(found, fresh, cohort.grid)
            past = tensor_file.read(path / METRICS, kind="curve", version=FORMAT).arrays["metrics"][: found.epoch]
        writer, pieces = None if path is None else Checkpointer(path, cohort.grid), [past]

        def after(report: Report) -> None:
            pieces.append(report.metrics)
            if watch is not None:
                watch(running.SearchProgress(len(turn.jobs), 0, report.epoch / cohort.epochs, None))
            if writer is not None and path is not None and writer.due and report.active.any():
                _write(path / METRICS, np.concatenate(pieces))  # first: it may know more than the state does
                writer.write(report.epoch, report.snapshot, report.seconds)

        fit(cohort, start=start, report=after, score_every=every)
        past = np.concatenate(pieces)
        if done is not None and path is not None:
            _write(done, past)
            shutil.rmtree(path, ignore_errors=True)
    whole = np.full((cohort.epochs, *past.shape[1:]), np.nan)
    whole[: len(past)] = past
    return _measurements(sheet, whole, names, by)


def _write(path: Path, metrics: NDArray[Any]) -> None:
    write_atomically(path, tensor_file.pack({"metrics": metrics}, {}, kind="curve", version=FORMAT))


def _measurements(sheet: Sheet, metrics: NDArray[Any], names: tuple[str, ...], by: str) -> NDArray[np.float64]:
    """What `by` asks for, of training and of held-out rows, [2, E, P], as `sheets.row_values` measures rows."""
    what = "loss" if by == "loss" and sheet.data.task != "regression" else "score"
    found = np.stack([metrics[:, names.index(f"{part}_{what}")] for part in (LEARNED, HELD_OUT)]).astype(np.float64)
    if sheet.data.task != "regression":
        return found
    factor = sheet.examples.scaling.target_factor.astype(np.float64)
    targets = sheet.data.y[sheet.examples.train].astype(np.float64)
    if np.ptp(factor) > 0:  # every target in its own unit
        return 1 - found / float((targets * factor).var(axis=0).sum()) if by == "score" else found
    squared: NDArray[np.float64] = found / factor[0] ** 2
    return 1 - squared / float(targets.var(axis=0).sum()) if by == "score" else squared
