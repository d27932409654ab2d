"""The files of a run: what is written while it trains, so that it can be killed at any moment and go on.

run.json says what is trained on and how far it is; recipe.json is the recipe alone; split.safetensors holds the rows
of each part; events.jsonl grows at the end of every chunk; checkpoints/ holds the newest states.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import os
import platform
import shlex
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from goodfit import __version__
from goodfit.checked_json import read_json, read_model
from goodfit.data import Split, names
from goodfit.data.dataset import Task
from goodfit.data.prints import fingerprint
from goodfit.data.tables.table_words import table_words
from goodfit.errors import InputError, problem
from goodfit.files import write_atomically, write_error
from goodfit.host import libraries
from goodfit.leaks.check import LeakCheck
from goodfit.leaving import on_leaving
from goodfit.models.measures import Measures
from goodfit.models.scores import Score
from goodfit.models.whereabouts import FIT_FILE, MODEL_FILE, how_to_finish
from goodfit.runs.record_parts import Checked, RunResults, StartRecord, TableOrigin
from goodfit.runs.refitting import BEFORE, FOLDER
from goodfit.runs.start_files import OPTIMIZER, START, START_STATE
from goodfit.training import tensor_file
from goodfit.training.checkpoints import CHECKPOINTS
from goodfit.training.lock import held
from goodfit.training.recipe import LARGEST_SEED, Recipe

RECIPE, RUN, SPLIT, EVENTS, HISTORY, MODEL = (
    "recipe.json",
    "run.json",
    "split.safetensors",
    "events.jsonl",
    "history.csv",
    MODEL_FILE,
)
CURVES = ("curves.svg", "curves.png")
SPLIT_FORMAT = 1
FIRST_YEAR = 1970  # before which no run began


class RunRecord(Checked):
    """run.json.

    data, task: what is trained on; data_print, recipe_print: digests of its rows and of the recipe, by which a changed
    one is recognised; started: date and time in ISO 8601; score_test: whether test rows are scored after every epoch;
    state: "training" until the results are written, then "done"; results: what `goodfit train --json` prints;
    table: for a table that was read from a file, its path and the choices made for it; leaks: what the leak guard
    found before the training; None where it did not look; versions: of what else decides the bits, by name; empty in
    runs of older versions; memory: bytes that the nets of one turn may take, None for no limit; tasks: whether turns
    are tasks for workers; call: what else was asked for, see `train`; start: the trained nets that it went on from,
    None where it began anew.
    """

    data: str
    task: Task
    data_print: str
    recipe_print: str
    seeds: Annotated[tuple[Annotated[int, Field(ge=0, le=LARGEST_SEED)], ...], Field(min_length=1)]
    started: str
    score_test: bool = False
    state: Literal["training", "done"] = "training"
    goodfit: str = __version__
    results: RunResults | None = None
    table: TableOrigin | None = None
    leaks: LeakCheck | None = None
    versions: dict[str, str] = Field(default_factory=dict)
    memory: Annotated[float, Field(ge=0)] | None = None
    tasks: bool = False
    call: dict[str, Any] = Field(default_factory=dict)
    start: StartRecord | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        """A date of this world, and results where it is done."""
        if self.when.tzinfo is None or self.when.year < FIRST_YEAR:
            raise ValueError("a run begins at a time of its time zone")
        if self.state == "done" and not (self.results and self.results.scores and self.results.seconds):
            raise ValueError("a run that is done has results")
        return self

    def write(self, folder: Path) -> None:
        """Write run.json."""
        fields = {**self.model_dump(mode="json"), "table": self.origin}
        if not self.tasks:  # which older versions do not know
            del fields["tasks"]
        text = json.dumps(fields, indent=2, ensure_ascii=False)
        write_atomically(folder / RUN, (text + "\n").encode())

    def finished(self, results: Mapping[str, Any]) -> RunRecord:
        """The record of the same run when it is done."""
        found = RunResults.model_validate_json(json.dumps(results, allow_nan=False))
        return self.model_copy(update={"state": "done", "results": found})

    @classmethod
    def read(cls, folder: Path) -> RunRecord:
        """Read run.json; InputError where the folder holds no run, or a damaged one."""
        path = folder / RUN
        if not os.path.lexists(path):
            fix = "Give the folder that 'goodfit train' wrote."
            if os.path.lexists(folder / FIT_FILE):
                fix = how_to_finish(folder)
            why = f"it has no {RUN}" if os.path.isdir(folder) else "there is no such folder"
            raise InputError(problem(str(folder), f"must be the folder of a run; {why}", fix=fix))
        return read_model(path, cls, must="the record of a run", fix="Restore a backup, or train again.")

    @property
    def origin(self) -> dict[str, Any] | None:
        """The path and choices of the table file, as `read_table` takes them."""
        return None if self.table is None else self.table.model_dump(exclude_none=True)

    @property
    def turn_memory(self) -> float:
        """Bytes that one turn may take."""
        return math.inf if self.memory is None else self.memory

    @property
    def test_rows(self) -> int:
        """How many test rows are sealed; 0 before the run is done, and in a run of an older version."""
        return 0 if self.results is None or self.results.sealed is None else self.results.sealed.rows

    @property
    def when(self) -> datetime:
        """When it was begun."""
        return datetime.fromisoformat(self.started)

    @property
    def scores(self) -> dict[str, Score]:
        """Part -> score; empty before the run is done."""
        found = {} if self.results is None else self.results.scores
        return {part: Score.from_dict(score.model_dump()) for part, score in found.items()}

    @property
    def measured(self) -> dict[str, Measures]:
        """Part -> what was measured as the training ended; empty before that, and in runs of older versions."""
        found = {} if self.results is None else self.results.measures
        return {part: Measures.from_dict(each.model_dump()) for part, each in found.items()}

    @property
    def seconds(self) -> dict[str, float]:
        """Phase -> seconds; empty before the run is done."""
        return {} if self.results is None else dict(self.results.seconds)

    @property
    def epochs(self) -> int:
        """The last epoch that any net trained; 0 before the run is done."""
        return 0 if self.results is None else self.results.epochs


@contextmanager
def new_folder(folder: Path) -> Iterator[None]:
    """Make and hold the folder of a new run. A folder that holds one is refused; if the run does not begin, what was
    made is removed again.
    """
    made = [path for path in (folder, *folder.parents) if not os.path.exists(path)]

    def undo() -> None:
        if not os.path.exists(folder / RUN):
            for path in made:
                with contextlib.suppress(OSError):
                    path.rmdir()

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise write_error(folder, error) from error
    try:
        with on_leaving(undo), held(folder):
            _refuse_used(folder)
            yield
    except BaseException:
        undo()
        raise


def _refuse_used(folder: Path) -> None:
    if os.path.exists(folder / RUN):
        fix = "Give another folder, or resume with --resume."
        raise InputError(problem(str(folder), "already holds a run", fix=fix))
    begun = (RECIPE, START, START_STATE)  # with a split, without run.json: a run was killed as it began
    own = () if os.path.exists(folder / SPLIT) else begun
    ended = (EVENTS, HISTORY, MODEL, OPTIMIZER, *CURVES, CHECKPOINTS, BEFORE, FOLDER)
    used = [name for name in (*own, *ended) if os.path.exists(folder / name)]
    used += sorted(path.name for path in folder.glob("turn-*"))
    if used:
        rule = f"holds files that a run would overwrite: {', '.join(used)}"
        raise InputError(problem(str(folder), rule, fix="Give another folder."))


def begin(
    folder: Path,
    recipe: Recipe,
    parts: Split,
    seeds: tuple[int, ...],
    score_test: bool = False,
    table: Mapping[str, Any] | None = None,
    check: LeakCheck | None = None,
    memory: float = math.inf,
    call: Mapping[str, Any] | None = None,
    start: tuple[StartRecord, Callable[[Path], None]] | None = None,
    tasks: bool = False,
) -> None:
    """Write what a run begins with, run.json last: a folder that has one can be resumed. All of it, or nothing.

    start: what run.json says of the nets that it goes on from, and what writes them.
    """
    record = RunRecord(
        data=parts.data.name,
        task=parts.data.task,
        data_print=fingerprint(parts.data),
        recipe_print=recipe_print(recipe),
        seeds=seeds,
        started=datetime.now(UTC).isoformat(timespec="seconds"),
        score_test=score_test,
        table=None if table is None else TableOrigin.model_validate_json(json.dumps(dict(table))),
        leaks=check,
        versions=versions_here(),
        memory=memory if math.isfinite(memory) else None,
        tasks=tasks,
        call=dict(call or {}),
        start=None if start is None else start[0],
    )
    rows = {"train": parts.train, "valid": parts.valid, "test": parts.rows("test")}
    if parts.folds is not None:
        rows["folds"] = parts.folds

    def undo() -> None:
        if not os.path.exists(folder / RUN):
            for name in (RECIPE, SPLIT, START, START_STATE):
                with contextlib.suppress(OSError):
                    (folder / name).unlink()

    try:
        content = tensor_file.pack(rows, {"seed": parts.seed}, kind="split", version=SPLIT_FORMAT)
        with on_leaving(undo):
            write_atomically(folder / SPLIT, content)
            write_atomically(folder / RECIPE, recipe.to_json().encode())
            if start is not None:
                start[1](folder)
            record.write(folder)
    except BaseException:
        undo()
        raise


def versions_here() -> dict[str, str]:
    """The versions, as of now, of what decides the bits of a training beside goodfit itself."""
    from goodfit.training.machine import machine  # which imports JAX: whoever lists runs need not wait for it

    found = {"Python": platform.python_version(), **libraries()}
    able = machine()
    return found if able.kind == "cpu" else {**found, able.name: able.precision}


def read_recipe(folder: Path, record: RunRecord) -> Recipe:
    """The recipe of a run, as it was begun with."""
    recipe = Recipe.from_file(folder / RECIPE)
    if recipe_print(recipe) != record.recipe_print:
        rule = "must be the recipe that the run was started with; it was changed since"
        fix = "Restore it, or train a new run with --recipe."
        if _lacks_fields(folder / RECIPE):
            rule = f"was written by an older goodfit ({record.goodfit}), whose training this one cannot resume"
            fix = f"Train a new run: {_command(folder, record)}"
        raise InputError(problem(str(folder / RECIPE), rule, fix=fix))
    return recipe


def _command(folder: Path, record: RunRecord) -> str:
    """What trains a run's recipe anew, on the same data."""
    if record.table is None and record.data not in names():  # only Python has the data
        return f"goodfit.train(goodfit.Recipe.from_file({str(folder)!r}), data)"
    words = [record.data] if record.table is None else table_words(record.table.model_dump(exclude_none=True))
    streamed = ["--stream"] * (record.table is not None and record.table.stream is not None)
    return shlex.join(["goodfit", "train", *words, *streamed, "--recipe", str(folder)])


def recipe_print(recipe: Recipe) -> str:
    """A short digest of all fields of a recipe."""
    return hashlib.blake2b(recipe.to_json().encode(), digest_size=16).hexdigest()


def _lacks_fields(path: Path) -> bool:
    """Whether a file holds a recipe as an older version wrote it: each has all fields that its version knew."""
    found = read_json(path, must="a recipe", fix="Restore it, or train a new run.")
    return bool(Recipe.model_fields.keys() - found.keys())
