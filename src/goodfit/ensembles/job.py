"""`goodfit.fit`: the whole job for a table in the time that is given."""

from __future__ import annotations

import os
import shlex
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from goodfit.arguments import public
from goodfit.data import Dataset, Split, Table, describe, load, names, read_table, table
from goodfit.data.prints import fingerprint
from goodfit.ensembles.finishing import Ensemble, ensemble_of, facts_of, history_of, nets_of
from goodfit.ensembles.planning import TRIED, Planner, Timing
from goodfit.ensembles.rounds import FoldRows, Planned, Trained, bounded, train_round
from goodfit.errors import InputError, problem
from goodfit.leaks.check import LeakCheck, check_mode, check_split
from goodfit.models.whereabouts import FIT_FILE
from goodfit.runs import record as records
from goodfit.runs.defaults import settled
from goodfit.runs.folder import load as load_run
from goodfit.runs.measured import measured_at_end, warn_of
from goodfit.runs.members import score_folds
from goodfit.runs.run import Run
from goodfit.runs.writing import write_results
from goodfit.selection.calls import call_of, digest_of, resumed
from goodfit.training.devices import start_ahead
from goodfit.training.memory import free_memory
from goodfit.training.notebooks import session_line
from goodfit.training.observer import Watch
from goodfit.training.progress import SessionProgress
from goodfit.training.recipe import Recipe
from goodfit.training.store import SessionRecord, session_folder
from goodfit.training.turns import MOST_MEMORY

WHERE = "fit"
RECORD, ROUNDS = FIT_FILE, "rounds"
RESERVED = 1.5  # seconds that choosing and writing take at least
SHARE_RESERVED = 0.04  # of the time, beside these
MOST_KEPT = 80  # members whose nets are in memory, beside those of the newest rounds
MOST_SECONDS = 30 * 24 * 3600.0


@public
def fit(
    data: Any,
    target: str | Sequence[str] | None = None,
    *,
    seconds: float,
    seed: int = 0,
    out: str | Path | None = None,
    leaks: str = "warn",
    progress: Watch | None = None,
    **choices: Any,
) -> Run:
    """The whole job for a table in the time that is given: members of many settings, chosen and weighed by folds.

    data: a table file; a data frame, or what else `goodfit.data.table` takes; a Table, a Split or a data set, or the
    name of one.
    target: the column to predict, or a list of several columns of numbers, of a file or a data frame
    seconds: how long it may take, > 0. At least the default recipe is trained, whatever that takes.
    seed: of everything that is drawn
    out: folder to write the run to; the same call resumes there. None writes nothing.
    leaks: as in `train`
    progress: called after every chunk of epochs
    choices: ids, task, kinds, group, time, weight, ordered and test, as in `goodfit.data.table`

    What comes back is a run whose nets predict together, each as often as it counts, and whose out-of-fold predictions
    are those of the ensemble; `ensemble` tells how it was chosen. See docs/fit.md.
    InputError where the time is not > 0, where rows have a time, where there are too few rows or groups for folds,
    where a split has validation rows, and where a net of the default recipe diverges.
    """
    began = time.perf_counter()
    check_mode(leaks)
    if not 0 < seconds <= MOST_SECONDS:
        rule = f"'seconds' must be > 0, and at most {MOST_SECONDS:.0f}, which are 30 days"
        raise InputError(problem(WHERE, rule, got=seconds, fix="Give it a minute, or five."))
    given = _data(data, target, choices)
    recipe = Recipe(seed=seed)
    return _fit(recipe, given, seconds=float(seconds), leaks=leaks, out=out, progress=progress, began=began)


@public
def resume(folder: str | Path, *, progress: Watch | None = None) -> Run:
    """Resume a fit that was interrupted or killed; it keeps what was trained, and takes the rest of its time.

    A fit that is done is loaded from its files. Else only for named data sets and table files: call `fit` again
    otherwise, with the same arguments and folder. InputError where the folder holds no fit.

    folder: what `fit` was given as `out`
    progress: as in `fit`
    """
    where = Path(folder)
    if os.path.exists(where / RECORD) and _is_done(where):
        return _loaded(where)  # whatever became of the data, or of the code that trains
    return resumed(folder, RECORD, WHERE, _fit, progress=progress)


def _fit(
    recipe: Recipe,
    data: Any,
    *,
    seconds: float,
    leaks: str,
    out: str | Path | None = None,
    progress: Watch | None = None,
    began: float | None = None,
) -> Run:
    """The fit, of data that were read. recipe: with the seed, and nothing else that was asked for."""
    began = time.perf_counter() if began is None else began
    start_ahead()
    given = load(data) if isinstance(data, str) else data
    base, parts = settled({"seed": recipe.seed}, given, None, table=True)
    if parts.folds is None:
        raise _no_folds(parts)
    check = check_split(parts, leaks)
    if check is not None:
        check.warn()
    asked = {"seconds": seconds, "leaks": leaks}
    print_of = fingerprint(parts.data)
    about = [WHERE, parts.data.name, print_of, base.to_json(), asked, parts.train.tolist(), parts.folds.tolist()]
    record = SessionRecord(
        print=digest_of(about, []),
        memory=MOST_MEMORY * free_memory(),
        about=f"fit of {parts.data.name}, {seconds:g} s",
        call=call_of(data, recipe, asked),
        data=print_of,
    )
    with _folder(out, record) as (folder, memory):
        if _is_done(folder):
            return _loaded(folder)
        origin = given.origin if isinstance(given, Table) else None
        job = _Job(base, FoldRows(parts, memory), folder, seconds, began, progress or session_line(), check, origin)
        return job.run(None if out is None else folder)


def _is_done(folder: Path) -> bool:
    return os.path.exists(folder / records.RUN) and records.RunRecord.read(folder).state == "done"


def _loaded(folder: Path) -> Run:
    """The run of a fit that is done, from its files."""
    shutil.rmtree(folder / ROUNDS, ignore_errors=True)  # what a kill left behind "done"
    return load_run(folder)


@contextmanager
def _folder(out: str | Path | None, record: SessionRecord) -> Iterator[tuple[Path, float]]:
    """The folder of the fit, or one that is gone afterwards."""
    if out is None:
        with tempfile.TemporaryDirectory(prefix="goodfit-") as made, session_folder(made, RECORD, record, WHERE) as it:
            yield it
        return
    if os.path.exists(Path(out) / records.RUN) and not os.path.exists(Path(out) / RECORD):
        raise InputError(problem(str(out), "already holds a run", fix="Give another folder."))
    resumable = record.call is not None and not _is_done(Path(out))
    again = shlex.join(["goodfit", "fit", "--resume", str(out)]) if resumable else ""
    with session_folder(out, RECORD, record, WHERE, again) as it:
        yield it


def _data(data: Any, target: str | Sequence[str] | None, choices: Mapping[str, Any]) -> Any:
    """A table, a split, a data set, or the name of one, checked."""
    if isinstance(data, Table | Split | Dataset) or (isinstance(data, str) and data in names()):
        if target is not None or choices:
            given = ", ".join(["target"] * (target is not None) + [*choices])
            rule = f"takes {given} for table files and data frames only"
            raise InputError(problem(WHERE, rule, got=type(data).__name__, fix="Leave them out."))
        return data if not isinstance(data, str) else describe(data).name
    unknown = sorted(set(choices) - {"ids", "task", "kinds", "group", "time", "weight", "ordered", "test"})
    if unknown:
        raise TypeError(f"fit() got an unexpected keyword argument {unknown[0]!r}")
    if isinstance(data, str | os.PathLike):
        return read_table(data, target, **choices)
    if target is None:
        raise InputError(problem(WHERE, "'target' must name the column to predict", fix="fit(frame, 'income', ...)"))
    return table(data, target, **choices)


def _no_folds(parts: Split) -> InputError:
    where = f"fit of {parts.data.name!r}"
    fix = "Train with 'goodfit train', whose validation rows are the latest, or leave the time column out with --id."
    if parts.data.time is not None:
        rule = "takes folds, and rows with a time have none: the past would be predicted by the future"
        return InputError(problem(where, rule, fix=fix))
    if len(parts.valid):
        rule = "takes folds of all rows beside the test set, and this split has validation rows"
        return InputError(problem(where, rule, fix="Give a split without them: goodfit.data.split(data, valid=0)."))
    what = "rows" if parts.data.groups is None else "groups"
    rule = f"takes folds, for which there must be 2 {what} or more beside the test set"
    return InputError(problem(where, rule, fix="Train with 'goodfit train', or seal fewer rows with --test."))


def _diverged(parts: Split) -> InputError:
    rule = "a net of the default recipe diverged, or gave numbers that are not finite for rows of its fold"
    fix = "Look for extreme values in the columns and the target, or use 'goodfit train' with a lower --learning-rate."
    return InputError(problem(f"fit of {parts.data.name!r}", rule, fix=fix))


@dataclass(frozen=True)
class _Job:
    """One fit on its way. folder: of its rounds; began: when it began; check: what the leak guard found."""

    base: Recipe
    rows: FoldRows
    folder: Path
    seconds: float
    began: float
    progress: Watch | None
    check: LeakCheck | None
    origin: Mapping[str, Any] | None

    def run(self, written: Path | None) -> Run:
        """All rounds, and the run that they give. written: the folder to write it to, if any."""
        ready = time.perf_counter()
        done, pace = self._rounds()
        trained = time.perf_counter()
        found = ensemble_of(self.rows, done)
        spent = pace.measured + pace.compiled
        spent_on = {
            "data": ready - self.began,
            "compile": pace.compiled,
            "train": pace.measured,
            "evaluate": time.perf_counter() - trained,
        }
        made = self._run(found, done, spent_on, written, spent)
        warn_of(made.measured)
        if self.progress is not None:
            self.progress(SessionProgress(found.nets, found.nets, 1.0, 0.0))
        if written is not None:
            self._write(made, written)
        return made

    def _rounds(self) -> tuple[list[Trained], Timing]:
        """Those in the folder first, as they were planned, then new ones for as long as there is time."""
        reserved = RESERVED + SHARE_RESERVED * self.seconds
        pace = Timing(self.began, self.began + self.seconds - reserved)
        planner = Planner(self.rows, self.base, self.base.seed)
        done: list[Trained] = []
        while True:
            folder = self.folder / ROUNDS / f"{len(done):04d}"
            planned = Planned.read(folder)
            if planned is None:
                planned = planner.next(done, pace) if done else planner.first(pace)
                if planned is None:
                    return done, pace
                planned.write(folder)
            before = time.perf_counter()
            limit = max(pace.deadline, before) if done else max(pace.deadline, before + 1.0)
            trained = train_round(self.rows, len(done), planned, folder, limit, partial(self._tell, done))
            if not done and not trained.members:
                raise _diverged(self.rows.parts)
            took = time.perf_counter() - before
            known = sum(trained.seconds.values())
            pace.add(trained, max(0.0, took - known))
            pace.deadline -= max(0.0, known - took)  # what an earlier session took of the time
            done = bounded([*done, trained], MOST_KEPT, TRIED + 1)
            self._tell(done)

    def _tell(self, done: list[Trained]) -> None:
        if self.progress is not None:
            nets = sum(len(each.planned.recipes) for each in done) * self.rows.fold_count
            left = max(0.0, self.seconds - (time.perf_counter() - self.began))
            share = min(0.99, 1 - left / self.seconds)
            self.progress(SessionProgress(None, nets, share, left))

    def _run(
        self, found: Ensemble, done: list[Trained], spent_on: dict[str, float], written: Path | None, spent: float
    ) -> Run:
        parts, nets = self.rows.parts, nets_of(found)
        history = history_of(found, self.rows)
        scores, out_of_fold = score_folds(nets, history.frozen, parts)
        return Run(
            recipe=found.members[0].recipe,
            data_name=parts.data.name,
            task=parts.data.task,
            seeds=tuple(net.seed for net in nets),
            nets=nets,
            history=history,
            scores=scores,
            seconds=spent_on,
            folder=written,
            split=parts,
            leaks=self.check,
            test_rows=len(parts.test),
            origin=self.origin,
            out_of_fold=out_of_fold,
            measured=measured_at_end(nets, parts, out_of_fold),
            ensemble=facts_of(found, done, self.base, self.seconds, spent, self.rows),
        )

    def _write(self, made: Run, folder: Path) -> None:
        parts = self.rows.parts
        call = {"command": "fit", "seconds": self.seconds}
        records.begin(folder, made.recipe, parts, made.seeds, False, self.origin, self.check, self.rows.memory, call)
        write_results(made, folder)
        shutil.rmtree(folder / ROUNDS, ignore_errors=True)
