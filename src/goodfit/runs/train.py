"""`goodfit.train`: one recipe, some seeds, one population; written down so that it can be killed and go on."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from goodfit.data import Dataset, Split, Step, load
from goodfit.runs import record
from goodfit.runs.checks import as_split, checked_seeds, fitted_recipe
from goodfit.runs.model_file import save_model
from goodfit.runs.run import Run, score_parts
from goodfit.runs.trained_net import TrainedNet
from goodfit.training.cohort import Cohort, cohort_of
from goodfit.training.compile import fresh_state
from goodfit.training.devices import prepare
from goodfit.training.events import EventLog
from goodfit.training.examples import Examples
from goodfit.training.fit import Fitted, Report, fit, metric_names
from goodfit.training.history import History
from goodfit.training.population import Job
from goodfit.training.progress import Progress, ProgressCallback
from goodfit.training.recipe import Recipe


def train(
    recipe: Recipe,
    data: Dataset | Split | str,
    *,
    seeds: Sequence[int] | None = None,
    out: str | Path | None = None,
    progress: ProgressCallback | None = None,
    data_progress: Callable[[Step], None] | None = None,
    score_test: bool = False,
) -> Run:
    """Train a recipe with one or several seeds, all nets as one population.

    data: a split, or a data set or the name of one, which is then divided by the recipe's `valid` and `seed`.
    seeds: one net each; the recipe's own if not given. out: folder to write the run to, which must not hold one yet;
    None writes nothing. progress: called with a Progress after every chunk of epochs; data_progress: while a named
    data set is looked for. score_test: score the test rows after every epoch too, as the chapter's figures do; do not
    choose by them.
    """
    began = time.perf_counter()
    parts = as_split(recipe, load(data, progress=data_progress) if isinstance(data, str) else data)
    recipe, chosen = fitted_recipe(recipe, parts), checked_seeds(recipe, seeds)
    folder = None if out is None else Path(out)
    if folder is not None:
        record.begin(folder, recipe, parts, chosen)
    return _Training(recipe, parts, chosen, folder, progress, score_test, began).run()


def resume(folder: str | Path, data: Dataset | None = None, *, progress: ProgressCallback | None = None) -> Run:
    """Go on with a run that was interrupted or killed; it ends with the same bits as one that was not.

    data: the data set that it was begun with, where that is not one of goodfit's own (with other parameters than the
    default, or the user's). A run that is done is loaded as it is.
    """
    from goodfit.runs.folder import load as load_run

    began, where = time.perf_counter(), Path(folder)
    found = record.RunRecord.read(where)
    if found.state == "done":
        return load_run(where)
    data = load(found.data) if data is None else data
    parts = record.read_split(where, data, found)
    recipe = Recipe.from_file(where / record.RECIPE)
    return _Training(recipe, parts, found.seeds, where, progress, False, began, resumed=True).run()


class _Training:
    """One call of `train` or `resume`."""

    def __init__(
        self,
        recipe: Recipe,
        parts: Split,
        seeds: tuple[int, ...],
        folder: Path | None,
        progress: ProgressCallback | None,
        score_test: bool,
        began: float,
        resumed: bool = False,
    ) -> None:
        self.recipe, self.parts, self.seeds, self.folder = recipe, parts, seeds, folder
        self.progress, self.resumed = progress, resumed
        self._tell("data", 0)
        self.examples = Examples.of_split(parts, recipe.scaling, score_test)
        jobs = [Job(recipe.replace(seed=seed)) for seed in seeds]
        self.cohort: Cohort = cohort_of(jobs, self.examples, prepare())
        self.names = metric_names(self.cohort.program)
        self.checkpointer = None if folder is None else record.Checkpointer(folder)
        self.seconds = {"data": time.perf_counter() - began}
        self.started = time.perf_counter()
        self.first_epoch = 0

    def run(self) -> Run:
        """Train to the end, score, and write the results."""
        start = self._start()
        self.first_epoch = start[0] if start else 0
        self._tell("compile", self.first_epoch)
        log = nullcontext() if self.folder is None else EventLog(self.folder / record.EVENTS)
        with _interrupts_wait(self.folder is not None) as asked, log as events:
            fitted = fit(self.cohort, start=start, report=lambda report: self._after_chunk(report, events, asked))
        self._tell("evaluate", self.recipe.epochs)
        began = time.perf_counter()
        nets = self._nets(fitted)
        history = self._history(fitted)
        sound = [net for net, frozen in zip(nets, fitted.frozen, strict=True) if not frozen] or nets
        scores = score_parts(sound, self.parts)
        self.seconds |= {**fitted.seconds, "evaluate": time.perf_counter() - began}
        data = self.parts.data
        run = Run(
            self.recipe, data.name, data.task, self.seeds, tuple(nets), history, scores, self.seconds, self.folder
        )
        if self.folder is not None:
            self._write(run, self.folder)
        return run

    def _start(self) -> tuple[int, Any] | None:
        if not self.resumed or self.folder is None:
            return None
        cohort = self.cohort
        return record.restore(self.folder, fresh_state(cohort.program, cohort.settings(), cohort.initial_parameters()))

    def _after_chunk(self, report: Report, events: EventLog | None, asked: threading.Event) -> None:
        first = report.epoch - len(report.metrics)
        values = self._values(report.metrics)
        if events is not None and self.checkpointer is not None:
            epochs = np.arange(first + 1, report.epoch + 1)
            events.append(_history(epochs, self.seeds, values).to_events())
            if asked.is_set():
                self.checkpointer.now(report.epoch, report.snapshot)
                raise KeyboardInterrupt
            if report.epoch >= self.recipe.epochs or not report.active.any():
                self.checkpointer.now(report.epoch, report.snapshot)
            else:
                self.checkpointer.maybe(report.epoch, report.snapshot)
        self._tell("train", report.epoch, values, int(report.active.sum()))

    def _tell(self, phase: Any, epoch: int, values: dict[str, NDArray[Any]] | None = None, active: int = -1) -> None:
        if self.progress is None:
            return
        epochs, nets = self.recipe.epochs, len(self.seeds)
        done = epoch - getattr(self, "first_epoch", 0)
        rate, left = 0.0, None
        if values and done > 0:
            seconds = (time.perf_counter() - self.started) / done
            rate, left = len(self.parts.train) * nets / seconds, seconds * (epochs - epoch)
        means = {name: _mean(table[-1]) for name, table in (values or {}).items()}
        self.progress(
            Progress(
                phase,
                epoch,
                epochs,
                {name: mean for name, mean in means.items() if mean is not None},
                rate,
                left,
                nets if active < 0 else active,
                nets,
            )
        )

    def _values(self, metrics: NDArray[Any]) -> dict[str, NDArray[Any]]:
        """Metric name -> [E, P]. The program's squared errors become R²."""
        values = {name: metrics[:, q] for q, name in enumerate(self.names)}
        if self.examples.task != "regression":
            return values
        parts = {"train": self.examples.train, **self.examples.parts}
        scaling = self.examples.scaling
        for part, rows in parts.items():
            variance = float((self.examples.y[rows] * scaling.target_factor).var(axis=0, dtype=np.float64).sum())
            values[f"{part}_score"] = 1.0 - values[f"{part}_score"] / (variance or np.nan)
        return values

    def _history(self, fitted: Fitted) -> History:
        values = self._values(fitted.metrics)
        epochs = np.arange(self.first_epoch + 1, self.first_epoch + len(fitted.metrics) + 1)
        history = _history(epochs, self.seeds, values, fitted)
        if self.first_epoch == 0 or self.folder is None:
            return history
        past = History.from_events(self.folder / record.EVENTS, until=self.first_epoch)
        joined = {name: np.concatenate([past[name], table]) for name, table in history.values.items()}
        return replace(history, epochs=np.concatenate([past.epochs, history.epochs]), values=joined)

    def _nets(self, fitted: Fitted) -> list[TrainedNet]:
        data, scaling = self.parts.data, self.examples.scaling
        return [
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
                seed=seed,
            )
            for net, seed in zip(fitted.nets, self.seeds, strict=True)
        ]

    def _write(self, run: Run, folder: Path) -> None:
        from goodfit.figures import write_figure

        with EventLog(folder / record.EVENTS) as events:
            events.append(run.history.to_events(from_epoch=int(run.history.epochs[-1]) + 1))
        save_model(folder / record.MODEL, run.nets, {"recipe": run.recipe.to_dict(), "data": run.data_name})
        run.history.write_csv(folder / record.HISTORY)
        figure = run.figure()
        for kind in ("svg", "png"):
            write_figure(figure, folder / f"curves.{kind}")
        done = record.RunRecord.read(folder)
        replace(done, state="done", results=run.to_json()).write(folder)


def _history(
    epochs: NDArray[Any], seeds: tuple[int, ...], values: dict[str, NDArray[Any]], fitted: Fitted | None = None
) -> History:
    """A history; without `fitted` of some epochs in the middle, of which the best is not known yet."""
    none = np.zeros(len(seeds), np.int64)
    if fitted is None:
        return History(epochs, np.asarray(seeds), values, none, none, none.astype(bool))
    return History(epochs, np.asarray(seeds), values, fitted.best_epoch, fitted.stopped_epoch, fitted.frozen)


def _mean(row: NDArray[Any]) -> float | None:
    finite = row[np.isfinite(row)]
    return float(finite.mean()) if finite.size else None


@contextmanager
def _interrupts_wait(wanted: bool) -> Iterator[threading.Event]:
    """Let the first Ctrl-C wait for the end of the chunk, where the state can be saved; a second one does not wait."""
    asked = threading.Event()
    if not wanted or threading.current_thread() is not threading.main_thread():
        yield asked
        return
    before = signal.getsignal(signal.SIGINT)

    def ask(number: int, frame: Any) -> None:
        asked.set()
        signal.signal(signal.SIGINT, before if before is not None else signal.default_int_handler)

    signal.signal(signal.SIGINT, ask)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, before if before is not None else signal.default_int_handler)
