"""Rows of a table for a net that was trained on one: what it learned of the columns is applied, not learned again."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from goodfit.arguments import public
from goodfit.data import Dataset, Table
from goodfit.data.tables import read_frame
from goodfit.data.tables.frames import Frame, frame_of
from goodfit.data.tables.row_columns import times_of, weighed
from goodfit.data.tables.targets import Target, class_places, find_targets, own_order, target_names
from goodfit.errors import InputError, Problems, nearest, problem
from goodfit.inspection.subject import WHERE
from goodfit.models.model_file import Model
from goodfit.words import as_listed

SHOWN = 8  # names in a message


@dataclass(frozen=True)
class TableRows:
    """Rows of a table as the nets take them.

    data: the rows, after preprocessing
    notes: what was filled in or left out, sentences for people.
    """

    data: Dataset
    notes: tuple[str, ...]


@public
def table_rows(model: Model, given: Any, *, target: str | Sequence[str] | None = None) -> TableRows:
    """The rows of a table that have a target, preprocessed as when the model was trained.

    Rows are divided as they were in training: by the column of its group or time, if there was one, which must then be
    there; they are weighed as they were in training.

    model: whose preprocessing is applied
    given: a table file, a Table, a data frame or a dict of columns, in any order.
    target: the column that the nets predict, or a list of several; the model of a run on a table file knows it.
    InputError names all columns that are missing, a target that is none of them, values that cannot be read, and
    classes that the nets do not know.
    """
    if model.preprocessing is None:
        rule = "the nets were trained on numbers without column names, so they take a data set and no table"
        raise InputError(problem(WHERE, rule, got=given if isinstance(given, str) else type(given).__name__))
    frame = _frame(given)
    kept = _kept(model)
    chosen = _targets(model, given, target)
    columns, problems = {column.name for column in model.preprocessing.columns}, Problems()
    inputs: tuple[np.ndarray, list[str]] = np.zeros((0, 0)), []
    spare = [name for name in frame.names if name not in columns]
    if not chosen:
        fix = f"Columns that are no inputs: {_listed(spare)}."
        problems.add(frame.name, "needs the column that the nets predict: --target, or target=", fix=fix)
    for name in chosen:
        if name in columns:
            problems.add(frame.name, "the target must not be one of the nets' inputs", got=name)
        elif name not in frame.names:
            problems.add(frame.name, "must have the target among its columns", got=name, fix=nearest(name, spare))
    if chosen and model.task == "regression" and len(chosen) != model.nets[0].n_outputs:
        problems.add(frame.name, f"must have the {model.nets[0].n_outputs} targets of the nets", got=chosen)
    divided: dict[str, str] = {option: kept[option] for option in ("group", "time") if option in kept}
    for option, name in divided.items():
        if name not in frame.columns:
            rule = f"must have the column {name!r}, which defined the {option} split in training"
            problems.add(frame.name, rule)
    told: list[str] = []
    if "weight" in kept:
        frame, told = weighed(frame, kept["weight"], problems)
        divided |= {"weight": kept["weight"]} if kept["weight"] in frame.columns else {}
    try:
        inputs = model.preprocessing.transform(frame)
    except InputError as error:
        problems.found += error.problems
    problems.raise_if_any()
    return _rows(model, frame, (inputs[0], [*told, *inputs[1]]), chosen, divided)


def _targets(model: Model, given: Any, target: str | Sequence[str] | None) -> tuple[str, ...]:
    """The target columns: as said, as the model's own table had them, or as the given one has; () if none is known."""
    if target is not None:
        return own_order(target_names(target), model.targets)
    about = model.about.get("table")
    known = about.get("target") if isinstance(about, Mapping) else None
    if isinstance(known, str):
        return (known,)
    return model.targets or (given.target.columns if isinstance(given, Table) else ())


def _frame(given: Any) -> Frame:
    if isinstance(given, Table):
        return given.frame
    return read_frame(given) if isinstance(given, str | os.PathLike) else frame_of(given)


def _kept(model: Model) -> dict[str, str]:
    """What the writer of the model said of its table; the entry may hold anything."""
    about = model.about.get("table")
    if not isinstance(about, Mapping):
        return {}
    return {name: value for name, value in about.items() if isinstance(value, str)}


def _listed(names: list[str]) -> str:
    more = ", ..." if len(names) > SHOWN else ""
    return ", ".join(map(as_listed, names[:SHOWN])) + more if names else "none"


def _rows(
    model: Model,
    frame: Frame,
    made: tuple[np.ndarray, list[str]],
    names: tuple[str, ...],
    divided: Mapping[str, str],
) -> TableRows:
    net, problems = model.nets[0], Problems()
    task: Any = net.task
    if task == "multilabel":
        rule = "a table has one target; the nets are multilabel"
        raise InputError(problem(frame.name, rule, fix="Give inputs and targets as arrays."))
    found = find_targets(frame, names, task, problems)
    problems.raise_if_any()
    target = _known(found, net.classes, frame, problems)  # type: ignore[arg-type]
    own: dict[str, Any] = {}
    if "time" in divided:
        own["time"] = times_of(frame, divided["time"], problems)[target.rows]
    if "group" in divided:
        column = frame.columns[divided["group"]]
        own["groups"] = np.array([*column.categories(), None], object)[column.codes][target.rows]
    if "weight" in divided:
        own["weight"] = frame.columns[divided["weight"]].numbers()[target.rows]
    problems.raise_if_any()
    x, notes = made
    lost = frame.rows - len(target.rows)
    if lost:
        notes = [*notes, f"{lost:,} of {frame.rows:,} rows left out, since their target is missing."]
    data = Dataset(
        os.path.basename(frame.name),
        x[target.rows],
        target.y,
        task,
        net.classes,
        () if model.preprocessing is None else model.preprocessing.features,
        targets=net.targets,
        scaling="none",
        scale_targets=task == "regression" and net.link == "identity",
        preprocessing=model.preprocessing,
        **own,
    )
    return TableRows(data, tuple(notes))


def _known(found: Target, classes: tuple[str, ...], frame: Frame, problems: Problems) -> Target:
    """The target with the nets' codes of its classes."""
    if found.task == "regression":
        return found
    places = class_places(classes, found.classes)
    strange = [name for name, place in zip(found.classes, places, strict=True) if place is None]
    if strange:
        rule = f"the target {found.name!r} must have the classes that the nets know: {_listed(list(classes))}"
        problems.add(frame.name, rule, got=strange[0])
        return found
    codes = np.array(places, np.int32)
    return Target(found.name, found.task, found.rows, codes[found.y], classes)
