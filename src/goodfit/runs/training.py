"""`goodfit.train`: one recipe, some seeds, one population; written down so that it can be killed and go on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from goodfit.data import Dataset, Split, Step, Table, load
from goodfit.data.leak_check import LeakCheck, check_split
from goodfit.errors import InputError, problem
from goodfit.runs import record, resuming
from goodfit.runs.checks import as_split, checked_seeds, fitted_recipe
from goodfit.runs.interrupts import interrupts_wait
from goodfit.runs.lock import held
from goodfit.runs.model_file import save_model
from goodfit.runs.opening import record_curve
from goodfit.runs.reporter import Reporter
from goodfit.runs.run import Run, score_parts
from goodfit.runs.trained_net import TrainedNet
from goodfit.training.checkpoints import Checkpoint
from goodfit.training.cohort import Cohort, cohort_of
from goodfit.training.compile import fresh_state
from goodfit.training.devices import prepare
from goodfit.training.events import EventLog, event_lines
from goodfit.training.examples import Examples
from goodfit.training.fitting import Fitted, Report, fit, metric_names
from goodfit.training.history import History
from goodfit.training.population import Job
from goodfit.training.progress import ProgressCallback
from goodfit.training.recipe import Recipe

DataProgress = Callable[[Step], None]
Watch = Callable[[Report, Cohort], None]
RESUME = "goodfit.runs.resume({}, data)"
WATCHED_CHUNKS = 10  # of a training that somebody watches, at least: so that there is more to see


def train(
    recipe: Recipe,
    data: Dataset | Table | Split | str,
    *,
    seeds: Iterable[int] | None = None,
    out: str | Path | None = None,
    progress: ProgressCallback | None = None,
    data_progress: DataProgress | None = None,
    score_test: bool = False,
    leaks: str = "warn",
    watch: Watch | None = None,
) -> Run:
    """Train a recipe with one or several seeds, all nets as one population.

    data: a split; or a table, a data set or the name of one, which is then split by the recipe's `valid` and `seed`.
    seeds: one net each; the recipe's own if not given. out: folder to write the run to, which must not hold one
    yet; None writes nothing. progress: called with a Progress after every chunk of epochs; data_progress: while a named
    data set is being found. score_test: score the test set after every epoch too, like the chapter's figures; this
    opens it, and the ledger records that before training (see docs/seal.md). Otherwise it stays sealed.
    leaks: leakage between training and held-out data (see docs/data.md#leaks): "warn" checks for it and warns,
    "error" raises InputError, "off" does not check.
    watch: called after every chunk with its Report and the cohort, such as a `goodfit.inspection.Watcher`.
    """
    began, folder = time.perf_counter(), None if out is None else Path(out)
    chosen = checked_seeds(recipe, seeds)
    with nullcontext() if folder is None else record.new_folder(folder):
        parts = as_split(recipe, load(data, progress=data_progress) if isinstance(data, str) else data)
        recipe = fitted_recipe(recipe, parts)
        check = check_split(parts, leaks)
        if check is not None:
            check.warn()
        if score_test and len(parts.test):
            record_curve(parts, record.recipe_print(recipe), chosen, folder)
        if folder is not None:
            origin = data.origin if isinstance(data, Table) else None
            record.begin(folder, recipe, parts, chosen, score_test, origin, check)
        return _Training(recipe, parts, chosen, folder, progress, score_test, began, check, watch=watch).run()


def resume(
    folder: str | Path,
    data: Dataset | Table | None = None,
    *,
    progress: ProgressCallback | None = None,
    data_progress: DataProgress | None = None,
) -> Run:
    """Resume a run that was interrupted or killed; the result is identical to the bit to that of an uninterrupted run.

    data: the data set or table that it was started with, unless that is a built-in data set with its default
    parameters or a table file.
    On a different number of devices the nets are the same up to rounding.
    A finished run is loaded.
    """
    from goodfit.runs.folder import load as load_run

    began, where = time.perf_counter(), Path(folder)
    record.RunRecord.read(where)
    with held(where):
        found = record.RunRecord.read(where)
        if found.state == "done":
            return load_run(where)
        recipe = record.read_recipe(where, found)
        given = record.data_of(where, found, data_progress, RESUME) if data is None else data
        parts = record.read_split(where, given, found, "resumed", RESUME)
        if found.score_test and len(parts.test):
            record_curve(parts, found.recipe_print, found.seeds, where)
        return _Training(
            recipe, parts, found.seeds, where, progress, found.score_test, began, found.check, resuming.newest(where)
        ).run()


@dataclass
class _Training:
    """One call of `train` or `resume`. found: the checkpoint to go on from; began: clock time of the call; leaks: what
    was found before the training.
    """

    recipe: Recipe
    parts: Split
    seeds: tuple[int, ...]
    folder: Path | None
    progress: ProgressCallback | None
    score_test: bool
    began: float
    leaks: LeakCheck | None = None
    found: Checkpoint | None = None
    watch: Watch | None = None
    cohort: Cohort = field(init=False)
    reporter: Reporter = field(init=False)
    seconds: dict[str, float] = field(init=False)

    def __post_init__(self) -> None:
        self.first_epoch = 0 if self.found is None else self.found.epoch
        rows, nets = len(self.parts.train), len(self.seeds)
        self.reporter = Reporter(self.progress, rows=rows, nets=nets, epochs=self.recipe.epochs, epoch=self.first_epoch)
        self.reporter.phase("data")
        examples = Examples.of_split(self.parts, self.recipe.scaling, self.score_test, self.recipe.loss)
        self.cohort = cohort_of([Job(self.recipe.replace(seed=seed)) for seed in self.seeds], examples, prepare())
        past: dict[str, float] = {} if self.found is None else self.found.metadata.get("seconds", {})
        self.seconds = {"data": 0.0, "compile": 0.0, "train": 0.0, **past}
        self._spend({"data": time.perf_counter() - self.began})

    def run(self) -> Run:
        """Train to the end, score, and write the results."""
        self.reporter.phase("compile")
        fitted = self._fit()
        self.reporter.phase("evaluate")
        began = time.perf_counter()
        nets = self._nets(fitted)
        sound = [net for net, frozen in zip(nets, fitted.frozen, strict=True) if not frozen] or nets
        scores = score_parts(sound, self.parts)
        self._spend({**fitted.seconds, "evaluate": time.perf_counter() - began})
        run = Run(
            recipe=self.recipe,
            data_name=self.parts.data.name,
            task=self.parts.data.task,
            seeds=self.seeds,
            nets=nets,
            history=self._history(fitted),
            scores=scores,
            seconds=self.seconds,
            folder=self.folder,
            split=self.parts,
            leaks=self.leaks,
            test_rows=len(self.parts.test),
        )
        if self.folder is not None:
            write_results(run, self.folder, self.parts.data)
        return run

    def _fit(self) -> Fitted:
        cohort, start = self.cohort, None
        pace: dict[str, Any] = {} if self.watch is None else {"chunk_epochs": -(-cohort.epochs // WATCHED_CHUNKS)}
        if self.found is not None:
            fresh = fresh_state(cohort.program, cohort.settings(), cohort.initial_parameters())
            start = self.found.epoch, resuming.restored(self.found, fresh, cohort.grid)
        if self.folder is None:
            return fit(cohort, report=lambda each: self._tell(each, self._values(each.metrics)), **pace)
        writer = resuming.Checkpointer(self.folder, cohort.grid)
        stop = interrupts_wait(True, lambda: self.reporter.phase("stop"))
        with stop as asked, EventLog(self.folder / record.EVENTS) as events:

            def after_chunk(report: Report) -> None:
                values = self._values(report.metrics)
                self._tell(report, values)
                first = report.epoch - len(report.metrics)
                if first == self.first_epoch:
                    writer.start_clock()
                events.append(event_lines(np.arange(first + 1, report.epoch + 1), values))
                if asked.is_set() or not report.active.any() or writer.due:
                    events.flush()
                    writer.write(report.epoch, report.snapshot, self._total(report.seconds))
                if asked.is_set():
                    raise KeyboardInterrupt

            return fit(cohort, start=start, report=after_chunk, **pace)

    def _tell(self, report: Report, values: dict[str, NDArray[Any]]) -> None:
        self.reporter.chunk(report.epoch, values, going=bool(report.active.any()), seconds=report.seconds["train"])
        if self.watch is not None:
            self.watch(report, self.cohort)

    def _total(self, seconds: dict[str, float]) -> dict[str, float]:
        """Seconds of this session, added to those of the sessions before."""
        names = {**self.seconds, **seconds}
        return {name: self.seconds.get(name, 0.0) + seconds.get(name, 0.0) for name in names}

    def _spend(self, seconds: dict[str, float]) -> None:
        self.seconds = self._total(seconds)

    def _values(self, metrics: NDArray[Any]) -> dict[str, NDArray[Any]]:
        """Metric name -> [E, P]. The program's squared errors become R², of all outputs together."""
        values = {name: metrics[:, q] for q, name in enumerate(metric_names(self.cohort.program))}
        examples = self.cohort.examples
        if examples.task != "regression":
            return values
        for part, rows in {"train": examples.train, **examples.parts}.items():
            scaled = examples.y[rows] * examples.scaling.target_factor
            variance = float(scaled.var(axis=0, dtype=np.float64).sum())
            values[f"{part}_score"] = 1.0 - values[f"{part}_score"] / (variance or np.nan)
        return values

    def _history(self, fitted: Fitted) -> History:
        values = {name: np.asarray(table, np.float32) for name, table in self._values(fitted.metrics).items()}
        if self.first_epoch and self.folder is not None:
            past = past_values(self.folder / record.EVENTS, self.first_epoch, tuple(values))
            values = {name: np.concatenate([past[name], table]) for name, table in values.items()}
        epochs = np.arange(1, len(values["train_loss"]) + 1)
        return History(epochs, np.asarray(self.seeds), values, fitted.best_epoch, fitted.stopped_epoch, fitted.frozen)

    def _nets(self, fitted: Fitted) -> tuple[TrainedNet, ...]:
        data, scaling = self.parts.data, self.cohort.examples.scaling
        return tuple(
            TrainedNet(
                net.weights,
                net.biases,
                self.recipe.activations,
                data.task,
                classes=data.classes,
                slopes=net.slopes,
                shift=scaling.shift,
                scale=scaling.factor,
                target_shift=scaling.target_shift,
                target_scale=scaling.target_factor,
                link="exp" if self.recipe.loss == "poisson" else "identity",
                seed=seed,
            )
            for net, seed in zip(fitted.nets, self.seeds, strict=True)
        )


def past_values(events: Path, epochs: int, metrics: tuple[str, ...]) -> History:
    """What a run measured in its first epochs; InputError if its log does not tell all of it."""
    past = History.from_events(events, until=epochs)
    if not np.array_equal(past.epochs, np.arange(1, epochs + 1)) or set(past.metrics) != set(metrics):
        rule = f"must hold {', '.join(metrics)} for epochs 1 to {epochs}, up to the newest checkpoint"
        fix = f"Remove the folder {record.CHECKPOINTS!r}: the run then starts again, with the same result."
        raise InputError(problem(str(events), rule, fix=fix))
    return past


def write_results(run: Run, folder: Path, data: Dataset) -> None:
    """Write what a run ends with. Every file is whole or not there; run.json says "done" only after all others."""
    from goodfit.figures import write_figure

    begun = record.RunRecord.read(folder)
    with EventLog(folder / record.EVENTS) as events:
        events.append(run.history.to_events(from_epoch=int(run.history.epochs[-1]) + 1))
    save_model(
        folder / record.MODEL,
        run.nets,
        {"recipe": run.recipe.to_dict(), "data": run.data_name, **_of_table(begun)},
        preprocessing=data.preprocessing,
        data={"name": data.name, "fingerprint": begun.data_print, "rows": len(data)},
    )
    run.history.write_csv(folder / record.HISTORY)
    figure = run.figure()
    for name in record.CURVES:
        write_figure(figure, folder / name)
    replace(begun, state="done", results=run.to_json()).write(folder)


def _of_table(begun: record.RunRecord) -> dict[str, Any]:
    """What a model says of the table file that its nets were trained on: the target, and what divided the rows."""
    if begun.table is None:
        return {}
    return {"table": {name: begun.table[name] for name in ("target", "group", "time") if name in begun.table}}
