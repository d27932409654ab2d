"""What a training is to go on from, from all the forms in which trained nets are given."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from goodfit.data import Dataset, Table
from goodfit.errors import GoodfitError, InputError, problem
from goodfit.models.model_file import Model, load_model
from goodfit.models.trained_net import TrainedNet
from goodfit.models.whereabouts import MODEL_FILE, existing_model_path
from goodfit.runs.folder import load
from goodfit.runs.known_rows import Known, known_rows, without_folds
from goodfit.runs.members import fold_of
from goodfit.runs.opening_runs import own_split
from goodfit.runs.record import RUN, RunRecord
from goodfit.runs.rows_again import data_of, read_split
from goodfit.runs.run import Run
from goodfit.runs.start_files import OPTIMIZER, read_state
from goodfit.runs.starting import WHERE, Start
from goodfit.training.recipe import Recipe
from goodfit.training.recipe_files import SEARCH_FILE

CALL = "goodfit.train(None, data, start={})"
CHANGED = "Name the data to go on with: goodfit train DATA --from ..."


def start_of(given: Any) -> Start:
    """What a training is to go on from: a Run, a run's folder, a model file, a Model or a TrainedNet.

    InputError where it is none of these, and where its nets have not all the same inputs, outputs and scaling.
    """
    source = "" if not isinstance(given, str | os.PathLike) else os.fspath(given)
    if source:
        given = _opened(Path(source))
    elif isinstance(given, TrainedNet):
        given = Model((given,))
    if isinstance(given, Run):
        start = of_run(given, source or str(given.folder or "a run in memory"))
    else:
        searched = (given.data or {}).get("fingerprint") if source and _is_winner(Path(source)) else None
        start = Start(given.nets, source or "a model in memory", given.recipe, searched=searched)
    first = start.first
    if any(net.members is not None for net in start.nets):
        rule = "its nets have members that share weights, from which no training can start"
        raise InputError(problem(WHERE, rule, fix="Train anew, or start from a net of one member."))
    for number, net in enumerate(start.nets):
        if not _alike(net, first):
            rule = "its nets must have the same layers and scaling to go on together; one differs"
            raise InputError(problem(WHERE, rule, net=(number, len(start.nets)), fix="Start from one: model.nets[0]."))
    return start


def _alike(net: TrainedNet, other: TrainedNet) -> bool:
    kinds = ((each.sizes, each.activations, each.link, bool(each.mixtures)) for each in (net, other))
    same = len(set(kinds)) == 1
    return same and all(map(np.array_equal, _numbers(net), _numbers(other)))


def _numbers(net: TrainedNet) -> list[NDArray[Any]]:
    """All by which a net scales."""
    found = [net.shift, net.scale, net.bend, net.target_shift, net.target_scale]
    encoding = net.encoding
    found += [np.zeros(0)] * 2 if encoding is None else encoding.fixed
    if net.transform is None:
        return [*found, *[np.zeros(0)] * 3]
    knots = np.zeros(0) if net.transform.knots is None else net.transform.knots
    return [*found, np.array(net.transform.kinds), net.transform.numbers, knots]


def _opened(path: Path) -> Run | Model:
    """The run in a folder, or the model in a file; a folder of another kind says itself what is wrong with it."""
    if os.path.exists(path / RUN):
        return load(path)
    return _model_in(path)


def _is_winner(path: Path) -> bool:
    """Whether this is the folder of a search, or the model file that it left there."""
    folder = path.parent if path.name == MODEL_FILE else path
    return os.path.exists(folder / SEARCH_FILE)


def of_run(run: Run, source: str) -> Start:
    """The start that a finished run is."""
    state = run.optimizer
    if state is None and run.folder is not None:
        state, _ = read_state(run.folder / OPTIMIZER)
    return Start(run.nets, source, run.recipe, state, known=_known(run))


def _known(run: Run) -> Known | None:
    """Prints of the rows that a run, and whatever it went on from, learned from and chose epochs by; see `KNOWN`."""
    earlier: Known | None = {} if run.start is None else run.start.start.known
    if earlier is None:
        return None
    try:
        parts = run.split or own_split(run.folder, None)
    except GoodfitError:  # its data are not there any more, or others
        return None
    if earlier and run.start is not None:
        start = run.start.start
        own = [fold_of(net, run.recipe.fold_members or 1) for net in range(len(run.nets))]
        if [start.left_out_by(net) for net in range(len(run.nets))] != own:
            earlier = without_folds(earlier)
    return known_rows(parts, earlier)


def recipe_in(path: Path) -> Recipe:
    """The recipe of a run, or that of a model file; InputError where it has none."""
    if os.path.exists(path / RUN):
        return Recipe.from_file(path)
    recipe = _model_in(path).recipe
    if recipe is None:
        raise InputError(problem(str(path), "comes without a recipe, so one must be given", fix="Name one: --recipe."))
    return recipe


def table_choices_in(path: Path) -> dict[str, Any]:
    """How the table was read that a run or model was trained on, as far as it says so: target, ids, kinds, ..."""
    if os.path.exists(path / RUN):
        return dict(RunRecord.read(path).origin or {})
    found = _model_in(path).about.get("table")
    return dict(found) if isinstance(found, dict) else {}


def data_in(path: Path) -> str | Table:
    """What a run was trained on: the name of the data set, or its table, read again.

    InputError where the data are not there any more or have changed, and for a model file, which does not hold them.
    """
    if not os.path.exists(path / RUN):
        rule, fix = "does not say which data it was trained on", "Name data: goodfit train DATA --from ..."
        raise InputError(problem(str(path), rule, fix=fix))
    found = RunRecord.read(path)
    data = data_of(path, found, None, CALL)
    read_split(path, data, found, "continued", CHANGED)
    return found.data if isinstance(data, Dataset) else data


def _model_in(path: Path) -> Model:
    return load_model(existing_model_path(path))
