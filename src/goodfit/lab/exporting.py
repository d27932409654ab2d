"""A state taken out of the lab: as a command line, a Python cell, a notebook, a recipe file, a replay.

Each trains the lab's nets again, to the bit. The command line knows data sets by their names alone; of others the
command is the Python cell, given to Python.
"""

from __future__ import annotations

import json
import pprint
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from goodfit.arguments import public
from goodfit.data import describe
from goodfit.errors import InputError, nearest, problem
from goodfit.lab.opening import OpenState, open_state
from goodfit.lab.outcomes import Watch
from goodfit.lab.replay import record, replay
from goodfit.lab.states import LabState, own_rows
from goodfit.reports.languages import Language
from goodfit.training import Recipe
from goodfit.training.recipe_fields import to_text

Kind = Literal["command", "python", "notebook", "recipe", "replay"]
_END = "GOODFIT"  # of what a shell gives to Python: a line that no cell has
_WIDTHS = """\
import numpy as np

from goodfit.runs.checks import fitted_recipe
from goodfit.training import Examples, Job, cohort_of, fit
from goodfit.training.examples import scaled_by
from goodfit.training.fitting import metric_names
from goodfit.training.devices import prepare
"""


@dataclass(frozen=True)
class ExportedState:
    """What was made. name: of a file to keep it in; mime: its kind; text: all of it."""

    name: str
    mime: str
    text: str


@public
def export(
    state: LabState,
    kind: str,
    files: Mapping[str, Path] | None = None,
    *,
    language: Language = "en",
    watch: Watch | None = None,
) -> ExportedState:
    """A state in another form; of two branches A, as B is when it is kept alone.

    kind: "command", "python", "notebook", "recipe" or "replay", which trains the state first
    files: uploads by name; a cell reads a table from beside itself, by the name that it was uploaded with
    language: of a replay
    watch: called with the share of a replay's training that is done

    InputError for an unknown kind, or a state that cannot be had in this form.
    """
    if kind not in get_args(Kind):
        raise InputError(problem("Export", "unknown form", got=kind, fix=nearest(kind, get_args(Kind))))
    state = state.model_copy(update={"branch": None})
    if kind == "replay":
        return ExportedState("replay.html", "text/html", replay(record(state, files, watch=watch), language))
    opened = open_state(state, files or {})
    if kind == "command":
        return ExportedState("train.sh", "text/x-shellscript", command_of(opened))
    if kind == "python":
        return ExportedState("train.py", "text/x-python", cell_of(opened))
    if kind == "notebook":
        return ExportedState("train.ipynb", "application/x-ipynb+json", notebook_of(opened))
    return ExportedState("recipe.json", "application/json", recipe_of(opened))


def recipe_of(opened: OpenState) -> str:
    """The recipe file: every field, as it trains on these rows."""
    if opened.state.acts:
        fix = "Take the Python cell, which makes them again."
        raise InputError(problem("Export", "a recipe has no changes on the way", got=len(opened.state.acts), fix=fix))
    if opened.state.widths is not None:
        fix = "Take the Python cell, which trains all of them."
        raise InputError(problem("Export", "a recipe has one width", got=opened.state.widths, fix=fix))
    return opened.recipe.to_json()


def command_of(opened: OpenState) -> str:
    """A line for a shell."""
    state = opened.state
    if not _is_plain(state) or _is_cut(opened) or state.widths is not None or state.acts:
        return f"python - <<'{_END}'\n{cell_of(opened)}{_END}\n"
    words = ["goodfit", "train", state.data["name"]]
    for name, value in {**state.recipe, "seed": state.seed}.items():
        flag = Recipe.fields()[name].flag
        if isinstance(value, bool):
            words.append(f"--{flag}" if value else f"--no-{flag}")
        else:
            words += [f"--{flag}", to_text(value)]
    return shlex.join([*words, "--seeds", str(state.count)]) + "\n"


def _is_plain(state: LabState) -> bool:
    """Whether the data are a data set as its name alone gives it."""
    if "name" not in state.data:
        return False
    usual = describe(state.data["name"]).parameters
    own = {("n_train" if name == "rows" else name): value for name, value in state.data.items() if name != "name"}
    return all(usual.get(name, value) == value for name, value in own.items())


def cell_of(opened: OpenState) -> str:
    """Python that ends with the nets in `nets`, and without widths with the whole run in `run`."""
    if opened.state.acts:
        return _changed_cell(opened.state)
    state, recipe = opened.state, {**opened.state.recipe, "seed": opened.state.seed}
    fields = "".join(f"    {name}={_python(value)},\n" for name, value in recipe.items())
    lines = ["import goodfit as gf", "", f"recipe = gf.Recipe(\n{fields})", *_data_lines(state)]
    if _is_cut(opened):
        lines += _cut_lines(opened)
    if state.widths is None:
        lines += [f"run = gf.train(recipe, data, seeds={state.count})", "nets = run.nets", "print(run)"]
        return "\n".join(lines) + "\n"
    return _WIDTHS + "\n".join([*lines, *_width_lines(opened)]) + "\n"


def _changed_cell(state: LabState) -> str:
    """A training with changes on its way: the lab's own, from its state."""
    shown = pprint.pformat(state.to_json(), width=100, sort_dicts=False)
    files = {state.data["file"]: state.data["file"]} if "file" in state.data else {}
    said = "  # that was dropped on the page: run this in its folder" if files else ""
    return f"""\
from pathlib import Path

from goodfit.lab.opening import open_state
from goodfit.lab.states import checked_state
from goodfit.lab.tracks import Track

state = checked_state({shown})
files = {{name: Path(path) for name, path in {files!r}.items()}}{said}
track = Track(open_state(state, files))
for act in state.acts:
    track.do(act)  # trains until its epoch, and makes the change
track.train(until=track.cohort.epochs)
nets = track.nets()
for name in track.names:
    print(name, *track.standing(name, track.epoch))  # of each net
"""


def _python(value: Any) -> str:
    return repr(tuple(value)) if isinstance(value, list) else repr(value)


def _data_lines(state: LabState) -> list[str]:
    """Lines that end with the rows in `data`."""
    if "file" in state.data:
        path, target = state.data["file"], state.data["target"]
        said = "# the file that was dropped on the page: run this in its folder"
        return [said, f"data = gf.data.read_table({path!r}, target={target!r})"]
    if "points" in state.data:
        return _point_lines(state.data["points"])
    own = {name: value for name, value in state.data.items() if name not in ("name", "rows")}
    if "rows" in state.data and own_rows(state.data["name"]):
        own["n_train"] = state.data["rows"]
    given = "".join(f", {name}={value!r}" for name, value in own.items())
    return [f"data = gf.data.load({state.data['name']!r}{given})"]


def _point_lines(points: list[list[float]]) -> list[str]:
    """The data set of drawn points, as the lab makes it."""
    shown = ",\n".join("    " + ", ".join(map(repr, points[at : at + 4])) for at in range(0, len(points), 4))
    lines = ["import numpy as np", "", f"points = np.array([\n{shown},\n], float)"]
    if len(points[0]) == 2:
        more = 'features=("x",), scaling="standard", scale_targets=True'
        return [*lines, f'data = gf.data.Dataset("points", points[:, :1], points[:, 1:], "regression", {more})']
    return [
        *lines,
        "codes, y = np.unique(points[:, 2].astype(np.int32), return_inverse=True)",
        'classes = tuple(f"class {code + 1}" for code in codes)',
        'more = dict(classes=classes, features=("x1", "x2"), scaling="standard")',
        'data = gf.data.Dataset("points", points[:, :2], y.astype(np.int32), "classification", **more)',
    ]


def _is_cut(opened: OpenState) -> bool:
    """Whether the lab trains on a part of the rows alone."""
    parts = opened.parts
    return len(parts.train) + len(parts.valid) + len(parts.test) < len(opened.data)


def _cut_lines(opened: OpenState) -> list[str]:
    """The same rows of a split that the lab trains on."""
    if opened.parts.folds is not None:
        fix = "Set 'fold_members' to 0."
        raise InputError(problem("Export", "a part of the rows has no folds of its own outside the lab", fix=fix))
    train, valid = len(opened.parts.train), len(opened.parts.valid)
    divided = "data.split" if "file" in opened.state.data else "gf.data.split"
    given = "" if "file" in opened.state.data else "data, "
    return [
        f"parts = {divided}({given}valid=recipe.valid, seed=recipe.seed)",
        f"rows = parts.train[:{train}], parts.valid[:{valid}], parts.rows('test')",
        "data = gf.data.Split(parts.data, *rows, parts.seed)",
    ]


def _width_lines(opened: OpenState) -> list[str]:
    """Nets of several widths, in one population, as the lab trains them."""
    if opened.parts.folds is not None:
        raise InputError(problem("Export", "nets of several widths cannot have folds", fix="Set 'fold_members' to 0."))
    split = "data" if _is_cut(opened) else "gf.data.split(data, valid=recipe.valid, seed=recipe.seed)"
    if "file" in opened.state.data and not _is_cut(opened):
        split = "data.split(valid=recipe.valid, seed=recipe.seed)"
    jobs = [(job.recipe.hidden, job.recipe.seed) for job in opened.jobs]
    return [
        f"parts = {split}",
        "recipe = fitted_recipe(recipe, parts)",
        "examples = Examples.of_split(parts, **scaled_by(recipe))",
        f"widths = {jobs!r}",
        "jobs = [Job(recipe.replace(hidden=hidden, seed=seed)) for hidden, seed in widths]",
        "found = fit(cohort_of(jobs, examples, prepare()))",
        "nets = found.nets",
        "for name, values in zip(metric_names(examples.parts), found.metrics[-1]):",
        "    print(name, *values)  # of each net",
    ]


def notebook_of(opened: OpenState) -> str:
    """A notebook, of format 4.5: what it is, the cell, and the curves."""
    data = opened.data.name
    about = f"# {opened.state.count} nets on {data}\n\nFrom the lab of goodfit: the same recipe, rows and seeds."
    cells = [_cell("markdown", about, 0), _cell("code", cell_of(opened), 1)]
    if opened.state.widths is None and not opened.state.acts:
        cells.append(_cell("code", "run.figure()", 2))
    found = {
        "cells": cells,
        "metadata": {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(found, indent=1, ensure_ascii=False) + "\n"


def _cell(kind: str, text: str, number: int) -> dict[str, Any]:
    more: dict[str, Any] = {} if kind == "markdown" else {"execution_count": None, "outputs": []}
    source = text.rstrip("\n").splitlines(keepends=True)
    return {"cell_type": kind, "id": f"cell-{number}", "metadata": {}, **more, "source": source}
