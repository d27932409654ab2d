"""The files of a run: what is written while it trains, so that it can be killed at any moment and go on.

run.json says what is trained on and how far it is; recipe.json is the recipe alone; split.safetensors holds the rows
of each part; events.jsonl grows at the end of every chunk; checkpoints/ holds the newest states.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import platform
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from goodfit import __version__
from goodfit.data import Dataset, Split, Step, Table, load, names, read_table
from goodfit.data.dataset import rows_fault
from goodfit.errors import InputError, problem
from goodfit.files import write_atomically, write_error
from goodfit.leaks.check import LeakCheck
from goodfit.models.scores import Score
from goodfit.training import tensor_file
from goodfit.training.lock import held
from goodfit.training.recipe import Recipe
from goodfit.training.store import CHECKPOINTS

RECIPE, RUN, SPLIT, EVENTS, HISTORY, MODEL = (
    "recipe.json",
    "run.json",
    "split.safetensors",
    "events.jsonl",
    "history.csv",
    "model.safetensors",
)
CURVES = ("curves.svg", "curves.png")
TABLE_FIELDS = {"path": str, "target": str, "ids": list, "task": str, "kinds": dict}  # of a record's `table`
DIVIDED_BY = {"group": str, "time": str}  # likewise; one of them may be there
SPLIT_FORMAT = 1
OTHER_DATA = "Restore the data as they were, or train a new run on these."


@dataclass(frozen=True)
class RunRecord:
    """run.json.

    data, task: what is trained on; data_print, recipe_print: digests of its rows and of the recipe, by which a changed
    one is recognised; started: date and time in ISO 8601; score_test: whether test rows are scored after every epoch;
    state: "training" until the results are written, then "done"; results: what `goodfit train --json` prints;
    table: for a table that was read from a file, its path and the choices made for it, as `read_table` takes them;
    leaks: what the leak guard found before the training, as `LeakCheck.to_json` gives it; None where it did not look;
    versions: of what else decides the bits, by name; empty in runs of older versions; memory: bytes that the nets of
    one turn may take, None for no limit; call: what else was asked for, see `train`.
    """

    data: str
    task: str
    data_print: str
    recipe_print: str
    seeds: tuple[int, ...]
    started: str
    score_test: bool = False
    state: str = "training"
    goodfit: str = __version__
    results: Mapping[str, Any] | None = None
    table: Mapping[str, Any] | None = None
    leaks: Mapping[str, Any] | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    memory: float | None = None
    call: Mapping[str, Any] = field(default_factory=dict)

    def write(self, folder: Path) -> None:
        """Write run.json."""
        write_atomically(folder / RUN, (json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n").encode())

    @classmethod
    def read(cls, folder: Path) -> RunRecord:
        """Read run.json; InputError where the folder holds no run, or a damaged one."""
        path = folder / RUN
        try:
            return cls._checked(json.loads(path.read_text("utf-8")))
        except (FileNotFoundError, NotADirectoryError) as error:
            fix = "Give the folder that 'goodfit train' wrote."
            raise InputError(problem(str(folder), f"must be the folder of a run; it has no {RUN}", fix=fix)) from error
        except OSError as error:
            raise InputError(problem(str(path), f"must be readable: {error.strerror or error}")) from error
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            fix = "Restore a backup, or train again."
            raise InputError(problem(str(path), "must be the record of a run, but it is damaged", fix=fix)) from error

    @classmethod
    def _checked(cls, found: Any) -> RunRecord:
        """The record that JSON holds; one of many exceptions if it holds none."""
        made = cls(**{**found, "seeds": tuple(int(seed) for seed in found["seeds"])})
        texts = (made.data, made.task, made.data_print, made.recipe_print, made.started, made.goodfit)
        if not all(isinstance(text, str) for text in texts) or made.state not in ("training", "done") or not made.seeds:
            raise ValueError(found)
        if made.when.tzinfo is None or (made.state == "done" and not (made.scores and made.seconds)):
            raise ValueError(found)
        if not all(isinstance(each, str) for pair in made.versions.items() for each in pair):
            raise ValueError(found)
        if made.table is not None:
            divided = {name: kind for name, kind in DIVIDED_BY.items() if name in made.table}
            if {name: type(value) for name, value in made.table.items()} != {**TABLE_FIELDS, **divided}:
                raise ValueError(found)
        _, _, _ = dict(made.call), made.check, float(made.turn_memory)
        return made

    @property
    def turn_memory(self) -> float:
        """Bytes that one turn may take."""
        return math.inf if self.memory is None else self.memory

    @property
    def test_rows(self) -> int:
        """How many test rows are sealed; 0 before the run is done, and in a run of an older version."""
        return int(((self.results or {}).get("sealed") or {"rows": 0})["rows"])

    @property
    def check(self) -> LeakCheck | None:
        """What the leak guard found before the training."""
        return None if self.leaks is None else LeakCheck.from_json(self.leaks)

    @property
    def when(self) -> datetime:
        """When it was begun."""
        return datetime.fromisoformat(self.started)

    @property
    def scores(self) -> dict[str, Score]:
        """Part -> score; empty before the run is done."""
        return {part: Score.from_dict(score) for part, score in (self.results or {"scores": {}})["scores"].items()}

    @property
    def seconds(self) -> dict[str, float]:
        """Phase -> seconds; empty before the run is done."""
        return {name: float(spent) for name, spent in (self.results or {"seconds": {}})["seconds"].items()}

    @property
    def epochs(self) -> int:
        """The last epoch that any net trained; 0 before the run is done."""
        return int((self.results or {"epochs": 0})["epochs"])


@contextmanager
def new_folder(folder: Path) -> Iterator[None]:
    """Make and hold the folder of a new run. A folder that holds one is refused; if the run does not begin, what was
    made is removed again.
    """
    made = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise write_error(folder, error) from error
    try:
        with held(folder):
            _refuse_used(folder)
            yield
    except BaseException:
        if not (folder / RUN).exists():
            for path in made:
                with contextlib.suppress(OSError):
                    path.rmdir()
        raise


def _refuse_used(folder: Path) -> None:
    if (folder / RUN).exists():
        fix = "Give another folder, or resume with --resume."
        raise InputError(problem(str(folder), "already holds a run", fix=fix))
    own = () if (folder / SPLIT).exists() else (RECIPE,)  # both, without run.json: a run was killed as it began
    used = [name for name in (*own, EVENTS, HISTORY, MODEL, *CURVES, CHECKPOINTS) if (folder / name).exists()]
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
) -> None:
    """Write what a run begins with, run.json last: a folder that has one can be resumed. All of it, or nothing."""
    record = RunRecord(
        data=parts.data.name,
        task=parts.data.task,
        data_print=fingerprint(parts.data),
        recipe_print=recipe_print(recipe),
        seeds=seeds,
        started=datetime.now(UTC).isoformat(timespec="seconds"),
        score_test=score_test,
        table=table,
        leaks=None if check is None else check.to_json(),
        versions=versions_here(),
        memory=memory if math.isfinite(memory) else None,
        call=call or {},
    )
    rows = {"train": parts.train, "valid": parts.valid, "test": parts.rows("test")}
    try:
        content = tensor_file.pack(rows, {"seed": parts.seed}, kind="split", version=SPLIT_FORMAT)
        write_atomically(folder / SPLIT, content)
        write_atomically(folder / RECIPE, recipe.to_json().encode())
        record.write(folder)
    except BaseException:
        if not (folder / RUN).exists():
            for name in (RECIPE, SPLIT):
                with contextlib.suppress(OSError):
                    (folder / name).unlink()
        raise


def versions_here() -> dict[str, str]:
    """The versions, as of now, of what decides the bits of a training beside goodfit itself."""
    return {"Python": platform.python_version(), **{name: version(name) for name in ("jax", "jaxlib", "numpy")}}


def read_recipe(folder: Path, record: RunRecord) -> Recipe:
    """The recipe of a run, as it was begun with."""
    recipe = Recipe.from_file(folder / RECIPE)
    if recipe_print(recipe) != record.recipe_print:
        rule = "must be the recipe that the run was started with; it was changed since"
        fix = "Restore it, or train a new run with --recipe."
        raise InputError(problem(str(folder / RECIPE), rule, fix=fix))
    return recipe


def data_of(
    where: Path, found: RunRecord, progress: Callable[[Step], None] | None, call: str, *, flag: bool = False
) -> Dataset | Table:
    """The data that a run was begun with: one of goodfit's own, or a table file, read again.

    call: Python that takes other data, with {} for the folder; an InputError names it. flag: whether the command has
    --data as well.
    """
    if found.table is not None and Path(found.table["path"]).exists():
        return read_table(**found.table)
    if found.table is None and found.data in names():
        return load(found.data, progress=progress)
    rule = f"was trained on {found.data!r}, which is not a built-in data set"
    if found.table is not None:
        rule = f"was trained on {found.table['path']}, which is not there any more"
    by_flag = "with --data, or " * (flag and found.table is not None)  # no flag takes arrays
    fix = f"Give it {by_flag}from Python: {call.format(repr(str(where)))}."
    raise InputError(problem(str(where), rule, fix=fix))


def read_split(folder: Path, given: Dataset | Table, record: RunRecord, verb: str, fix: str = OTHER_DATA) -> Split:
    """The split of a run, for the data set that it was trained on; a table is preprocessed as it was then.

    verb: what is done to the run, and fix: what helps where the data are others; an InputError says both.
    """
    parts = split_of(folder, given, record)
    if parts is None:
        rule = f"must be {verb} with the data that it was started with; {given.name!r} has different rows"
        raise InputError(problem(str(folder), rule, fix=fix))
    return parts


def split_of(folder: Path, given: Dataset | Table, record: RunRecord) -> Split | None:
    """The split of a run in data that may be what it was trained on; None where they are other data."""
    found = tensor_file.read(folder / SPLIT, kind="split", version=SPLIT_FORMAT)
    rows, metadata = found.arrays, found.metadata
    data = given if isinstance(given, Dataset) else preprocessed(given, rows["train"])
    if data is None or fingerprint(data) != record.data_print:
        return None
    return Split(data, rows["train"], rows["valid"], rows["test"], seed=int(metadata["seed"]))


def rows_of(folder: Path) -> int:
    """How many rows a run was divided into."""
    found = tensor_file.read(folder / SPLIT, kind="split", version=SPLIT_FORMAT)
    return sum(len(rows) for rows in found.arrays.values())


def preprocessed(table: Table, train: np.ndarray) -> Dataset | None:
    """The table's data set after a preprocessing fitted on these rows; None where it has not so many."""
    return None if rows_fault(train, len(table)) else table.dataset(train)


def fingerprint(data: Dataset) -> str:
    """A short digest of all rows and targets, and of the preprocessing that made them, to recognise a data set by."""
    digest = hashlib.blake2b(digest_size=16)
    for array in (data.x, data.y):
        digest.update(f"{array.shape} {array.dtype}".encode())
        digest.update(np.ascontiguousarray(array).data)
    if data.preprocessing is not None:
        digest.update(json.dumps(data.preprocessing.to_json()).encode())
    return digest.hexdigest()


def recipe_print(recipe: Recipe) -> str:
    """A short digest of all fields of a recipe."""
    return hashlib.blake2b(recipe.to_json().encode(), digest_size=16).hexdigest()
