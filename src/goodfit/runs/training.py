"""`goodfit.train`: one recipe, some seeds, one population; written down so that it can be killed and go on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from goodfit.arguments import public
from goodfit.data import Dataset, Split, Step, Table, describe, load
from goodfit.errors import problem
from goodfit.files import folder_to_write, sweep
from goodfit.leaks.check import LeakCheck, check_mode, check_split
from goodfit.models.model_file import Model
from goodfit.models.scores import Score
from goodfit.models.trained_net import TrainedNet
from goodfit.notices import warn
from goodfit.runs import record, rows_again, starting
from goodfit.runs.checks import advise_transform, fitted_recipe, learning_rows, net_seeds, seeds_of
from goodfit.runs.defaults import Asked, first_seed, named_recipe
from goodfit.runs.joining import history_of, joined
from goodfit.runs.measured import measured_at_end, warn_of
from goodfit.runs.members import OutOfFold, fold_of, left_out_note, score_folds
from goodfit.runs.opening import record_curve
from goodfit.runs.refitting import FOLDER, Refit, all_rows, check_refit, lengths, of_length, refit_recipe
from goodfit.runs.run import Run, score_parts
from goodfit.runs.start_from import start_of
from goodfit.runs.start_seen import seen_before
from goodfit.runs.starting import GoingOn
from goodfit.runs.streaming import leaks_told, origin_of, to_resume, to_train
from goodfit.runs.watching import Telling, Watch
from goodfit.runs.writing import KIND, forget, write_results
from goodfit.training import session
from goodfit.training.devices import start_ahead
from goodfit.training.elsewhere import on_executor
from goodfit.training.events import EventLog
from goodfit.training.examples import Examples, scaled_by
from goodfit.training.fitting import TrainedNets
from goodfit.training.keeping import PackTrained, keep_nets, keep_optimizer
from goodfit.training.lock import held
from goodfit.training.memory import free_memory
from goodfit.training.notebooks import training_line
from goodfit.training.optimizer_state import state_after
from goodfit.training.population import Job
from goodfit.training.progress import ProgressCallback
from goodfit.training.recipe import Recipe
from goodfit.training.reporter import Reporter
from goodfit.training.session import Pace
from goodfit.training.store import Store
from goodfit.training.turns import MOST_MEMORY, JobList, SessionPlan, for_workers, plan_session, planned_for_workers

DataProgress = Callable[[Step], None]
RESUME = "goodfit.runs.resume({}, data)"
WATCHED_CHUNKS = 10  # of a training that somebody watches, at least: so that there is more to see


@public
@on_executor
def train(
    recipe: Asked,
    data: Dataset | Table | Split | str,
    *,
    seeds: int | Iterable[int] | None = None,
    start: Run | Model | TrainedNet | str | Path | None = None,
    out: str | Path | None = None,
    progress: ProgressCallback | None = None,
    data_progress: DataProgress | None = None,
    score_test: bool = False,
    leaks: str = "warn",
    watch: Watch | None = None,
    call: Mapping[str, Any] | None = None,
    executor: Any = None,
) -> Run:
    """Train a recipe with one or several seeds, all nets as one population.

    recipe: None is the default of the data, or, with a start, the start's own. The default of a table is a recipe of
    its own (see docs/tables-default.md), with nets that are each validated on a fold and predict together; "table" is
    that one for any data. A mapping has the fields to override.
    data: a split; or a table, a data set or the name of one, which the recipe's `valid` and `seed` then divide.
    seeds: how many nets, with seeds counted up from the recipe's; or the seeds themselves, a net each; None is the
    recipe's own, with `fold_members` so many, or one for each net of a start. Nets that do not fit into half of the
    free memory together are trained one part after another.
    start: trained nets to go on from, with their scaling and preprocessing, in the place of weights drawn anew: a run,
    its folder, a model or its file, or what `goodfit.from_torch` gives. Net i begins as net i of the start, counted
    round where there are more. See docs/going-on.md.
    out: folder to write the run to, which must not hold one yet; None writes nothing.
    progress: called with a Progress after every chunk of epochs; a notebook shows a line of text where it is None.
    data_progress: called while a named data set is being found.
    score_test: score the test set after every epoch too, like the chapter's figures. This opens it, and the ledger
    records that before training (see docs/seal.md); otherwise it stays sealed.
    leaks: leakage between training and held-out data (see docs/data.md#leaks): "warn" checks for it and warns, "error"
    raises InputError, "off" does not check.
    watch: called after every chunk with its Report and the cohort, such as a `goodfit.inspection.Watcher`; where nets
    are trained in parts, it sees the first.
    call: what else was asked for, as JSON has it: kept in run.json for whoever resumes.
    executor: trains the nets elsewhere, as in `select`; with `watch`, they are trained here.
    """
    began, folder = time.perf_counter(), None if out is None else folder_to_write(out)
    progress = progress or training_line()
    check_mode(leaks)
    begun, wanted = None if start is None else start_of(start), named_recipe(recipe)
    if begun is not None:
        wanted = own = starting.asked_of(begun, wanted, data, seeds)
        seeds = begun.seeds(own) if seeds is None else seeds
    if seeds is not None:
        seeds = seeds_of(first_seed(wanted), seeds)
    if isinstance(data, str):
        describe(data)
    with nullcontext() if folder is None else record.new_folder(folder):
        start_ahead()  # after what is refused at once, which need not wait for it
        given = load(data, progress=data_progress) if isinstance(data, str) else data
        recipe, parts = to_train(wanted, given, seeds, leaks) if begun is None else starting.settled(begun, own, given)
        chosen = net_seeds(recipe, seeds)
        check_refit(recipe, parts, start=begun is not None, score_test=score_test)
        advise_transform(recipe, parts)
        check = leaks_told(check_split(parts, leaks), parts)
        if check is not None:
            check.warn()
        going_on = None
        if begun is not None:
            going_on = GoingOn(begun.record(recipe, seen_before(begun, parts, leaks, len(chosen))), begun)
        if score_test and len(parts.test):
            record_curve(parts, record.recipe_print(recipe), chosen, folder)
        origin = origin_of(data, parts)
        memory = MOST_MEMORY * free_memory()  # after the data: on a GPU it waits for what `start_ahead` began
        if folder is not None:
            told = None if going_on is None else (going_on.told, partial(going_on.start.write, recipe))
            record.begin(folder, recipe, parts, chosen, score_test, origin, check, memory, call, told, for_workers())
        return _Training(
            recipe,
            parts,
            chosen,
            folder,
            progress,
            score_test,
            began,
            memory,
            check,
            watch,
            going_on=going_on,
            origin=origin,
        ).run()


@public
@on_executor
def resume(
    folder: str | Path,
    data: Dataset | Table | None = None,
    *,
    progress: ProgressCallback | None = None,
    data_progress: DataProgress | None = None,
    watch: Watch | None = None,
    executor: Any = None,
) -> Run:
    """Resume a run that was interrupted or killed; the result is identical to the bit to that of an uninterrupted run.

    On a different number of devices the nets are the same up to rounding.
    A finished run is loaded.

    folder: of the run
    data: the data set or table that it was started with, unless that is a built-in data set with its default
    parameters or a table file.
    progress, data_progress: as in `train`
    watch: as in `train`.
    executor: as in `train`.
    """
    from goodfit.runs.folder import load as load_run

    began, where = time.perf_counter(), Path(folder)
    progress = progress or training_line()
    record.RunRecord.read(where)
    with held(where):
        sweep(where)
        found = record.RunRecord.read(where)
        if found.state == "done":
            forget(where)  # what a kill left behind "done"
            return load_run(where)
        recipe = record.read_recipe(where, found)
        given = rows_again.data_of(where, found, data_progress, RESUME) if data is None else data
        parts = rows_again.read_split(where, to_resume(given, found.origin), found, "resumed")
        if found.score_test and len(parts.test):
            record_curve(parts, found.recipe_print, found.seeds, where)
        memory, check = found.turn_memory, found.leaks
        going_on = None if found.start is None else GoingOn(found.start, starting.Start.read(where, found.start))
        training = _Training(
            recipe,
            parts,
            found.seeds,
            where,
            progress,
            found.score_test,
            began,
            memory,
            check,
            watch,
            going_on=going_on,
            origin=found.origin,
        )
        with planned_for_workers(found.tasks):
            return training.run()


def train_kept(recipe: Recipe, parts: Split, seeds: Iterable[int], kept: Path, memory: float) -> Run:
    """Train as `train` does and write no run, but keep in a folder what lets the same call go on where it was killed.

    memory: bytes that one turn may take.
    """
    began, chosen = time.perf_counter(), seeds_of(recipe, seeds)
    check = check_split(parts, "warn")
    if check is not None:
        check.warn()
    recipe = fitted_recipe(recipe, parts)
    return _Training(recipe, parts, chosen, None, None, False, began, memory, check, kept=kept, goes_on=False).run()


def train_checked(
    recipe: Recipe, parts: Split, seeds: Sequence[int], memory: float, origin: Mapping[str, Any] | None
) -> Run:
    """Train on rows that were looked at for leakage before, and write nothing.

    memory: bytes that one turn may take; origin: as in `Run`.
    """
    began = time.perf_counter()
    chosen = tuple(seeds)
    return _Training(recipe, parts, chosen, None, None, False, began, memory, origin=origin, goes_on=False).run()


def laid_out(
    recipe: Recipe, parts: Split, seeds: Sequence[int], *, score_test: bool = False, epochs: Sequence[int] = ()
) -> JobList:
    """What `train` trains: a net for every seed, and the rows that they learn from and are scored on.

    recipe, parts: as `settled` gives them; score_test: whether test rows are scored, which opens them; epochs: of each
    net, where they are not those of the recipe.
    """
    examples = Examples.of_split(parts, score_test=score_test, **scaled_by(recipe))
    folds = 1 if parts.folds is None else int(parts.folds.max()) + 1
    recipes = [recipe.replace(seed=seed) for seed in seeds]
    if epochs:
        recipes = [of_length(each, length) for each, length in zip(recipes, epochs, strict=True)]
    return JobList(tuple(Job(each, rows=fold_of(net, folds)) for net, each in enumerate(recipes)), examples)


@dataclass
class _Training:
    """One call of `train` or `resume`. began: clock time of the call; leaks: what was found before the training.

    kept: where turns and checkpoints are, if the run itself is written nowhere; going_on: the nets that it goes on
    from, None where it begins anew; origin: as in `Run`; goes_on: whether other trainings may go on from this run, so
    that the optimiser's state is kept, which is several times as large as the nets, and whether the recipe's `refit`
    counts; epochs: of each net, where they differ.
    """

    recipe: Recipe
    parts: Split
    seeds: tuple[int, ...]
    folder: Path | None
    progress: ProgressCallback | None
    score_test: bool
    began: float
    memory: float
    leaks: LeakCheck | None = None
    watch: Watch | None = None
    kept: Path | None = None
    going_on: GoingOn | None = None
    origin: Mapping[str, Any] | None = None
    goes_on: bool = True
    epochs: tuple[int, ...] = ()

    def run(self) -> Run:
        """Train to the end, score, and write the results."""
        recipe, rows = self.recipe, learning_rows(self.parts)
        kept = self.folder or self.kept
        store = None if kept is None else Store(kept, KIND)
        epoch = 0 if store is None else store.reached
        reporter = Reporter(self.progress, rows=rows, nets=len(self.seeds), epochs=recipe.epochs, epoch=epoch)
        reporter.phase("data")
        work = laid_out(recipe, self.parts, self.seeds, score_test=self.score_test, epochs=self.epochs)
        if self.going_on is not None:
            start = self.going_on.start
            jobs = tuple(start.job(number, job) for number, job in enumerate(work.jobs))
            work = JobList(jobs, replace(work.examples, scaling=start.scaling))
        examples = work.examples
        planned = plan_session([work], self.memory)
        reporter.phase("compile")
        turns = self._train(work, planned, store, reporter, {"data": time.perf_counter() - self.began})
        reporter.phase("evaluate")
        began = time.perf_counter()
        arrays, frozen = joined(planned, turns)
        nets = tuple(
            TrainedNet.of(each, recipe.replace(seed=seed), self.parts.data, examples.scaling)
            for each, seed in zip(arrays, self.seeds, strict=True)
        )
        scores, out_of_fold = self._scores(nets, frozen)
        spent = {what: sum(each.seconds.get(what, 0.0) for each in turns) for what in ("data", "compile", "train")}
        run = Run(
            recipe=recipe,
            data_name=self.parts.data.name,
            task=self.parts.data.task,
            seeds=self.seeds,
            nets=nets,
            history=history_of(self.seeds, examples, planned, turns),
            scores=scores,
            seconds={**spent, "evaluate": time.perf_counter() - began},
            folder=self.folder,
            split=self.parts,
            leaks=self.leaks,
            test_rows=len(self.parts.test),
            start=self.going_on,
            optimizer=state_after(
                recipe,
                [(turn.jobs, each) for turn, each in zip(planned.turns, turns, strict=True)],
                len(nets),
                best="valid" in examples.parts and recipe.keep_best,
            ),
            origin=self.origin,
            out_of_fold=out_of_fold,
        )
        if self.goes_on:
            run = replace(run, measured=measured_at_end(run.sound, self.parts, out_of_fold))
            warn_of(run.measured)
        if self.goes_on and recipe.refit:
            run = replace(run, refit=self._refitted(run))
        if self.folder is not None and store is not None:
            store.check_there()
            run = replace(run, data_print=record.RunRecord.read(self.folder).data_print)
            write_results(run, self.folder)
        return run

    def _refitted(self, run: Run) -> Refit:
        """The nets that are trained anew on training and validation rows, once their lengths are known."""
        seeds, epochs = lengths(run.seeds, run.history)
        parts, kept = all_rows(self.parts), None if self.folder is None else self.folder / FOLDER
        recipe = refit_recipe(self.recipe, max(epochs))
        again = _Training(
            recipe,
            parts,
            seeds,
            None,
            self.progress,
            False,
            time.perf_counter(),
            self.memory,
            watch=None,
            kept=kept,
            goes_on=False,
            epochs=epochs,
        ).run()
        return Refit(again.nets, tuple(map(bool, again.history.frozen)), len(parts.train), epochs)

    def _scores(
        self, nets: Sequence[TrainedNet], frozen: NDArray[np.bool_]
    ) -> tuple[dict[str, Score], OutOfFold | None]:
        if self.parts.folds is not None:
            scores, found = score_folds(nets, frozen, self.parts)
            for note in left_out_note(found, self.parts):
                warn(problem("train", note.rstrip("."), fix="Use a smaller learning rate."))
            return scores, found
        sound = [net for net, stuck in zip(nets, frozen, strict=True) if not stuck] or nets
        return score_parts(sound, self.parts), None

    def _train(
        self,
        work: JobList,
        planned: SessionPlan,
        store: Store | None,
        reporter: Reporter,
        spent: dict[str, float],
    ) -> list[TrainedNets]:
        """Train all turns; in a folder, with an event for every epoch and net."""
        pace = Pace()
        if self.watch is not None:
            pace = Pace(chunk_epochs=-(-self.recipe.epochs // WATCHED_CHUNKS))
        kept_in = None if store is None else (store, PackTrained())
        events = nullcontext() if self.folder is None else EventLog(self.folder / record.EVENTS)
        with events as log:
            telling = Telling(reporter, work.examples, log, self.watch)
            keep = keep_optimizer if self.goes_on and self.recipe.optimizer != "lbfgs" else keep_nets
            return session.run(
                [work], keep, planned=planned, kept_in=kept_in, observers=[telling], pace=pace, spent=spent
            )
