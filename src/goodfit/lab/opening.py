"""A state opened: its data found and divided, and its nets laid out, by the same steps as `goodfit.train`."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from goodfit.data import Dataset, Split, Table, load, read_table
from goodfit.errors import InputError, problem
from goodfit.lab.pictures import Plane, plane_of
from goodfit.lab.states import MOST_ROWS, WHERE, LabState, own_rows
from goodfit.lab.uploads import named_as
from goodfit.runs.checks import as_split
from goodfit.runs.defaults import settled
from goodfit.runs.training import laid_out
from goodfit.studies.words import Words
from goodfit.training.examples import Examples
from goodfit.training.population import Job
from goodfit.training.recipe import Recipe

SCORES = {"classification": "accuracy", "multilabel": "label accuracy", "regression": "R²"}

FEW = 10  # rows to train of each class, or of numbers, below which it is said that they are too few
FEW_VALID = 10  # rows to validate, likewise

REFIT = "With refit, nets train a second time, on all rows; what is shown is the first time. `goodfit train` does both."


class FileGone(InputError):
    """The file of a state is not here any more: the state opens once it is dropped again."""


@dataclass(frozen=True)
class OpenState:
    """What a state trains. recipe: settled, of the first net; jobs: a net each; notes: sentences for people."""

    state: LabState
    recipe: Recipe
    parts: Split
    jobs: tuple[Job, ...]
    examples: Examples
    plane: Plane | None
    notes: tuple[str, ...]

    @property
    def data(self) -> Dataset:
        """The rows."""
        return self.parts.data

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names of the inputs."""
        return self.data.features or tuple(f"x{place + 1}" for place in range(self.data.x.shape[1]))

    @property
    def divided(self) -> Words:
        """How many rows train, validate and are sealed."""
        sizes = self.parts.sizes
        train, valid = _counted(sizes["train"], "train", "用于训练"), Words("none validates", "没有样本用于验证")
        if sizes["valid"]:
            valid = _counted(sizes["valid"], "validate", "用于验证")
        test = Words("", "")
        if sizes["test"]:
            are = "are" if sizes["test"] > 1 else "is"
            test = Words(f"; {sizes['test']:,} {are} sealed for the test", f"；{sizes['test']:,} 个封存作测试")
        return Words(f"{train.en}, {valid.en}{test.en}.", f"{train.zh}，{valid.zh}{test.zh}。")

    @property
    def few(self) -> Words:
        """Whether too few rows train or validate to say much; "" if not."""
        sizes, classes, told = self.parts.sizes, max(len(self.data.classes), 1), list[Words]()
        if sizes["train"] < FEW * classes:
            each = Words(" a class", "每类") if classes > 1 else Words("", "")
            en = f"Too few train: nets learn fewer than {FEW} rows{each.en} by heart."
            told.append(Words(en, f"训练样本太少：{each.zh}少于 {FEW} 个时，网络会把它们背下来。"))
        if 0 < sizes["valid"] < FEW_VALID:
            en = f"Too few validate: losses and scores of fewer than {FEW_VALID} rows are mostly chance."
            told.append(Words(en, f"验证样本太少：少于 {FEW_VALID} 个时，损失和得分多半是偶然。"))
        return Words(" ".join(each.en for each in told), "".join(each.zh for each in told))

    def told(self) -> dict[str, Any]:
        """What the page is told of it: the fields of `telling.OpenedTold` that do not need a cohort."""
        data = self.data
        return {
            "state": self.state.to_json(),
            "recipe": self.recipe.to_dict(),
            "task": data.task,
            "classes": list(data.classes),
            "inputs": list(self.inputs),
            "rows": self.parts.sizes,
            "divided": vars(self.divided),
            "few": vars(self.few),
            "epochs": self.recipe.epochs,
            "nets": [{"seed": job.recipe.seed, "hidden": list(job.recipe.hidden)} for job in self.jobs],
            "score": SCORES[data.task],
            "picture": None if self.plane is None else self.plane.to_json(),
            "notes": list(self.notes),
        }


def _counted(count: int, word: str, zh: str) -> Words:
    return Words(f"{count:,} row{'s' * (count != 1)} {word}{'s' * (count == 1)}", f"{count:,} 个样本{zh}")


def open_state(state: LabState, files: Mapping[str, Path]) -> OpenState:
    """Find the data, divide it, lay out the nets. files: uploads by name.

    InputError, with the words of the command line, where the data or the recipe do not fit.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        given = data_of(state, files)
        recipe = state.whole_recipe()
        parts, cut = _cut(as_split(recipe, given), state)
        recipe, parts = settled(recipe, parts, state.count)
        work = laid_out(recipe, parts, [*range(state.seed, state.seed + state.count)])
        jobs = work.jobs if state.widths is None else _of_widths(work.jobs, state.widths)
    notes = [str(each.message) for each in caught if issubclass(each.category, UserWarning)]
    notes += [REFIT] * recipe.refit
    if isinstance(given, Table):
        notes += given.notes
    rows = np.concatenate([parts.train, parts.valid])
    return OpenState(
        state, jobs[0].recipe, parts, jobs, work.examples, plane_of(parts.data, rows), (*cut, *dict.fromkeys(notes))
    )


def data_of(state: LabState, files: Mapping[str, Path]) -> Dataset | Table:
    """The rows of a state."""
    data = state.data
    if "points" in data:
        return _drawn(data["points"])
    if "file" in data:
        if data["file"] not in files or not os.path.lexists(files[data["file"]]):
            rule = f"the file {data['file']!r} is not here any more"
            raise FileGone(problem(WHERE, rule, fix="Drop it on the page again."))
        table = named_as(data["file"], files[data["file"]], lambda path: read_table(path, target=data["target"]))
        return replace(table, name=Path(data["file"]).stem)
    own = {name: value for name, value in data.items() if name not in ("name", "rows")}
    if "rows" in data and own_rows(data["name"]):
        own["n_train"] = data["rows"]
    return load(data["name"], **own)


def _drawn(points: list[list[float]]) -> Dataset:
    """A data set of points that somebody drew."""
    rows = np.asarray(points, np.float64)
    if rows.shape[1] == 2:
        return Dataset(
            name="points",
            x=rows[:, :1],
            y=rows[:, 1:],
            task="regression",
            features=("x",),
            scaling="standard",
            scale_targets=True,
            about="Points drawn by hand",
        )
    codes, found = np.unique(rows[:, 2].astype(np.int32), return_inverse=True)
    if len(codes) < 2:
        fix = "Draw points of another class as well."
        raise InputError(problem(WHERE, "the points must be of two classes or more", got=len(codes), fix=fix))
    return Dataset(
        name="points",
        x=rows[:, :2],
        y=found.astype(np.int32),
        task="classification",
        classes=tuple(f"class {code + 1}" for code in codes),
        features=("x1", "x2"),
        scaling="standard",
        about="Points drawn by hand",
    )


def _cut(parts: Split, state: LabState) -> tuple[Split, list[str]]:
    """The split with at most as many training and validation rows as the lab trains on, and what to say of it."""
    there = len(parts.train) + len(parts.valid)
    wanted = MOST_ROWS
    if "name" in state.data and not own_rows(state.data["name"]):
        wanted = min(wanted, state.data.get("rows", MOST_ROWS))
    if there <= wanted:
        return parts, []
    train = max(1, round(wanted * len(parts.train) / there))  # both parts stand in a random order
    valid = wanted - train
    folds = None if parts.folds is None else parts.folds[:train]
    cut = Split(parts.data, parts.train[:train], parts.valid[:valid], parts.rows("test"), parts.seed, folds)
    return cut, [f"Of {there:,} rows, {wanted:,} drawn at random are trained and validated on."]


def _of_widths(jobs: tuple[Job, ...], widths: list[int]) -> tuple[Job, ...]:
    """A net for every width; nets of one width have seeds counted up, and all widths have the same seeds."""
    made, seen = [], dict[int, int]()
    for width in widths:
        number = seen.get(width, 0)
        seen[width] = number + 1
        recipe = jobs[number].recipe
        made.append(Job(recipe.replace(hidden=(width,) * len(recipe.hidden)), rows=jobs[number].rows))
    return tuple(made)
