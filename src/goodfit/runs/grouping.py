"""Runs in groups: the mean and the spread over seeds of any metric, over the nets of all runs that a group holds."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from goodfit.arguments import public
from goodfit.errors import InputError, Problems, nearest, problem
from goodfit.intervals import LEVEL, NOT_NEGATIVE, SCORE_BOUNDS, about
from goodfit.models import load_model
from goodfit.plain_json import plain
from goodfit.runs import record, rows_again
from goodfit.training.history import History
from goodfit.training.metrics import SCORE_NAMES
from goodfit.training.recipe import Recipe
from goodfit.training.recipe_fields import to_text

RECIPE, DATA, SEED = "recipe", ("data", "dataset"), "seed"
FIT = "fit"  # the command whose runs hold nets of several recipes
PARTS = "valid", "train"
OF_NETS = "best_epoch", "stopped_epoch"
SECONDS = "seconds"
SCORES = {"accuracy": "accuracy", "exact_match": "exact match", "r2": "R²"}  # as a metric's name -> of a score
METRICS = (
    *(f"{part}_{kind}" for part in PARTS for kind in ("score", "loss")),
    *OF_NETS,
    SECONDS,
    *(f"{part}_{name}" for part in PARTS for name in SCORES),
)
ONE, EQUAL = (
    "no interval: it takes two seeds",
    "no interval: all nets agree, which does not say how far others would be",
)


@dataclass(frozen=True)
class RunGroup:
    """Runs on one data set that agree in what they were grouped by.

    data: name of the data set; groups of different data may share it.
    fields: what they agree in, name -> value as a flag takes it; for "recipe", the fields in which the groups differ.
    name: of the metric, "accuracy" for a validation score of classifiers, "train accuracy" for one in training.
    runs: their folders
    count: nets (for seconds: runs), the same net of two runs counted once
    diverged: nets that are left out, since their loss was no longer finite.
    mean, spread: over nets, the latter the standard deviation (ddof 1), nan for one.
    low, high: the 95 % interval of the mean over seeds, nan where there is none: then `reason` says why.
    varied: what else differs within the group, beside the seed ("split", fields of the recipe), so that the spread is
    not over seeds alone.
    """

    data: str
    fields: Mapping[str, str]
    name: str
    runs: tuple[Path, ...]
    count: int
    diverged: int
    mean: float
    spread: float
    low: float
    high: float
    reason: str = ""
    varied: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The fields as JSON has them."""
        found: dict[str, Any] = plain({**self.__dict__, "fields": dict(self.fields), "runs": [*map(str, self.runs)]})
        return found


@dataclass(frozen=True)
class _Kept:
    """A run that is done, as far as a group needs it. split: a digest of which rows train, validate and test."""

    folder: Path
    record: record.RunRecord
    recipe: Recipe
    history: History
    split: str


@public
def group_runs(
    root: str | os.PathLike[str], by: str | Sequence[str] = RECIPE, *, metric: str = "valid_score"
) -> list[RunGroup]:
    """The finished runs in a folder in groups, with the mean and the spread of a metric over all nets of each.

    Groups are in order of their means, best first, the data sets one after another. Runs without the metric are left
    out, and those of `fit`, whose nets are of several settings. Test sets are sealed. Runs on different data sets are
    never in one group; "data" alone makes one for each.

    root: the folder
    by: "recipe" (all of it but the seed), or names of recipe fields, such as ["hidden", "learning_rate"]; one text may
    hold several, with commas.
    metric: of the kept weights of each net: valid_score (or by its name: valid_accuracy, valid_r2), valid_loss, and the
    same of train, as the history has them (running means, with dropout); best_epoch, stopped_epoch; seconds, which a
    run's training took with all its nets.
    InputError where the folder, a field or the metric is not known.
    """
    names = _names(by)
    part, kind, score = _metric(metric)
    found = [each for each in _kept(Path(root)) if _has(each, part, kind, score)]
    gathered: dict[tuple[str, ...], list[_Kept]] = {}
    prints = {
        name: len({each.record.data_print for each in found if each.record.data == name})
        for name in {each.record.data for each in found}
    }
    for each in found:
        data = _data(each, alone=prints[each.record.data] == 1)
        gathered.setdefault((data, *_key(each.recipe, names)), []).append(each)
    told = _told([runs[0].recipe for runs in gathered.values()], names)
    groups = [_group(runs, fields, part, kind) for runs, fields in zip(gathered.values(), told, strict=True)]
    sign, whose = -1 if kind == "score" else 1, [key[0] for key in gathered]

    def place(number: int) -> tuple[str, str, str, float]:
        return groups[number].data, groups[number].name, whose[number], _last_if_nan(sign * groups[number].mean)

    return [groups[number] for number in sorted(range(len(groups)), key=place)]


def _names(by: str | Sequence[str]) -> tuple[str, ...]:
    """What to group by, as fields of a recipe; ("recipe",) for all of it."""
    given = [name.strip() for each in ([by] if isinstance(by, str) else by) for name in each.split(",")]
    known, problems = Recipe.fields(), Problems()
    names = [name.replace("-", "_") for name in given if name not in DATA]  # data sets are told apart in any case
    for name in names:
        if name not in (RECIPE, *known):
            fix = nearest(name, [RECIPE, DATA[0], *known])
            problems.add("runs", "a group must be by 'recipe', 'data' or fields of the recipe", got=name, fix=fix)
    if not given:
        problems.add("runs", "a group must be by something; got nothing")
    problems.raise_if_any()
    return (RECIPE,) if RECIPE in names else tuple(dict.fromkeys(names))


def _metric(metric: str) -> tuple[str, str, str | None]:
    """(part, kind, name of the score where it was named) of a metric."""
    if metric in (*OF_NETS, SECONDS):
        return "", metric, None
    part, _, kind = metric.lower().replace("²", "2").replace(" ", "_").partition("_")
    if part not in PARTS:
        part, kind = PARTS[0], metric.lower().replace("²", "2").replace(" ", "_")
    if part == "test" or metric.startswith("test"):
        fix = "Open it with 'goodfit test', one run at a time."
        raise InputError(problem("runs", "the test set is sealed: its scores are in the ledger", got=metric, fix=fix))
    if kind in ("score", "loss"):
        return part, kind, None
    if kind not in SCORES:
        raise InputError(problem("runs", "'metric' must be a known one", got=metric, fix=nearest(metric, METRICS)))
    return part, "score", SCORES[kind]


def _kept(root: Path) -> Iterator[_Kept]:
    """The finished runs of one recipe in a folder, by name. Others are passed over; `list_runs` says what is wrong."""
    if not os.path.isdir(root):
        raise InputError(problem(str(root), "must be a folder that holds runs"))
    try:
        folders = sorted(root.iterdir())
    except OSError as error:
        raise InputError(problem(str(root), f"must be readable: {error.strerror or error}")) from error
    for folder in folders:
        if not os.path.lexists(folder / record.RUN):
            continue
        try:
            found = record.RunRecord.read(folder)
            if found.state == "done" and found.call.get("command") != FIT:
                history = History.from_events(folder / record.EVENTS, until=max(1, found.epochs))
                recipe = Recipe.from_file(folder / record.RECIPE)
                yield _Kept(folder, found, recipe, history, rows_again.split_print(folder))
        except InputError:
            continue


def _data(each: _Kept, *, alone: bool) -> str:
    """What tells a run's data from others, of which some may have the same name. alone: none have.

    That is their digest. A table's changes with the rows that its preprocessing was fitted on: what tells it is the
    file with the choices made for it, and the name of one that was given as a data frame.
    """
    table = each.record.table
    if table is not None:
        return table.model_dump_json()
    return each.record.data if not alone and _is_frame(each.folder) else each.record.data_print


def _is_frame(folder: Path) -> bool:
    """Whether a run without a table file was trained on a table all the same."""
    try:
        return load_model(folder / record.MODEL).preprocessing is not None
    except InputError:
        return False


def _has(each: _Kept, part: str, kind: str, score: str | None) -> bool:
    if kind == SECONDS:
        return "train" in each.record.seconds
    named = score is None or SCORE_NAMES[each.record.task] == score
    return named and (not part or f"{part}_{kind}" in each.history.values)


def _key(recipe: Recipe, names: Sequence[str]) -> tuple[str, ...]:
    fields = _fields(names)
    return tuple(to_text(getattr(recipe, name)) for name in fields)


def _fields(names: Sequence[str]) -> list[str]:
    return [name for name in Recipe.fields() if name != SEED] if names == (RECIPE,) else [*names]


def _told(recipes: Sequence[Recipe], names: Sequence[str]) -> list[dict[str, str]]:
    """What each group agrees in; of a whole recipe, the fields in which the groups differ."""
    table = [dict(zip(_fields(names), _key(recipe, names), strict=True)) for recipe in recipes]
    if names != (RECIPE,):
        return table
    differ = [name for name in _fields(names) if len({line[name] for line in table}) > 1]
    return [{name: line[name] for name in differ} for line in table]


def _group(runs: Sequence[_Kept], fields: Mapping[str, str], part: str, kind: str) -> RunGroup:
    values: dict[Any, float] = {}  # what tells a net from others -> its value
    diverged: set[Any] = set()
    for run in runs:
        whole = _key(run.recipe, (RECIPE,)), run.record.data_print, run.split
        if kind == SECONDS:
            values[run.folder] = float(run.record.seconds["train"])
            continue
        for net, value in enumerate(_of_nets(run.history, part, kind)):
            key = (*whole, int(run.history.seeds[net]))
            if run.history.frozen[net] or not math.isfinite(value):
                diverged.add(key)
            else:
                values[key] = float(value)
    each = np.array([*values.values()])
    name = SCORE_NAMES[runs[0].record.task] if kind == "score" else kind
    bounds = SCORE_BOUNDS[name] if kind == "score" else NOT_NEGATIVE
    name = f"{part} {name}" if part == "train" else name
    mean = float(each.mean()) if len(each) else math.nan
    spread = float(each.std(ddof=1)) if len(each) > 1 else math.nan
    reason = ONE if len(each) < 2 else EQUAL if spread == 0 else ""
    low, high = (math.nan,) * 2 if reason else about(mean, spread / math.sqrt(len(each)), len(each) - 1, LEVEL, bounds)
    folders = tuple(run.folder for run in runs)
    return RunGroup(
        runs[0].record.data, fields, name, folders, len(each), len(diverged - values.keys()), mean, spread, low, high,
        reason, _varied(runs),
    )  # fmt: skip


def _of_nets(history: History, part: str, kind: str) -> np.ndarray:
    """The metric of each net at the epoch whose weights it kept, [P]; nan where it was not measured."""
    if kind in OF_NETS:
        return np.asarray(getattr(history, kind), np.float64)
    table = history[f"{part}_{kind}"]  # [E, P]
    at = np.searchsorted(history.epochs, history.best_epoch)
    there = (at < len(history.epochs)) & (history.epochs[np.minimum(at, len(history.epochs) - 1)] == history.best_epoch)
    chosen = table[np.minimum(at, len(history.epochs) - 1), np.arange(history.n_nets)]
    return np.where(there, chosen, np.nan).astype(np.float64)


def _varied(runs: Sequence[_Kept]) -> tuple[str, ...]:
    """What differs within a group beside the seed."""
    lines = [dict(zip(_fields((RECIPE,)), _key(run.recipe, (RECIPE,)), strict=True)) for run in runs]
    fields = [name for name in lines[0] if len({line[name] for line in lines}) > 1]
    split = ["split"] if len({run.split for run in runs}) > 1 else []
    data = ["data"] if not split and len({run.record.data_print for run in runs}) > 1 else []
    return (*fields, *split, *data)


def _last_if_nan(value: float) -> float:
    return math.inf if math.isnan(value) else value
