"""Rounds: settings that train together on all folds, each written down before it begins, and what they said of rows
that they had not learned from.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from goodfit.checked_json import damaged, read_model
from goodfit.data import Split
from goodfit.data.dividing import group_codes, own_groups
from goodfit.ensembles.choosing import evidence_of, row_losses
from goodfit.ensembles.space import OFF
from goodfit.files import write_atomically
from goodfit.models.stacked import stacked_outputs
from goodfit.models.trained_net import TrainedNet
from goodfit.training.examples import Examples, scaled_by
from goodfit.training.fitting import Changes, Report, TrainedNets
from goodfit.training.keeping import PackTrained, keep_nets
from goodfit.training.observer import Observer
from goodfit.training.population import Job, NetArrays
from goodfit.training.recipe import LARGEST_SEED, Recipe
from goodfit.training.session import run
from goodfit.training.store import Store
from goodfit.training.turns import JobList, SessionPlan, Turn, plan_session

KIND = "round"
FILE = "round.json"
VARIED = ("learning_rate", "dropout", "weight_decay", "epochs", "seed", *OFF)  # fields that no program depends on
Stage = Literal["default", "short", "whole"]


class Planned(BaseModel):
    """round.json: what a round trains, kept before it begins, so that a fit that was killed keeps its decisions.

    stage: "default", "short" (settings with few epochs), "whole" (the best of these with all epochs); seed: of the net
    that leaves fold 0 out, counted up over folds; recipes: the settings; seconds: that it was to take; whole: a
    digest of the rest, since another plan would be taken for what the round's nets were trained by.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    stage: Stage
    seed: Annotated[int, Field(ge=0, le=LARGEST_SEED)]
    recipes: Annotated[list[dict[str, Any]], Field(min_length=1)]
    seconds: Annotated[float, Field(ge=0)]
    whole: str = ""

    @classmethod
    def of(cls, stage: Stage, seed: int, recipes: Sequence[Recipe], seconds: float) -> Planned:
        """A round of these settings."""
        return cls(stage=stage, seed=seed, recipes=[each.to_dict() for each in recipes], seconds=seconds)

    @property
    def digest(self) -> str:
        """Of all but itself."""
        text = json.dumps(self.model_dump(mode="json", exclude={"whole"}), sort_keys=True)
        return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()

    @property
    def shape(self) -> str:
        """What decides the program that trains it, as a text."""
        first = {name: value for name, value in self.recipes[0].items() if name not in VARIED}
        return json.dumps([len(self.recipes), first, [bool(self.recipes[0][name]) for name in OFF]])

    def write(self, folder: Path) -> None:
        """Write it into the folder of the round."""
        folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps({**self.model_dump(mode="json"), "whole": self.digest}, indent=2)
        write_atomically(folder / FILE, f"{text}\n".encode())

    @classmethod
    def read(cls, folder: Path) -> Planned | None:
        """From the folder of a round; None where it was not planned. InputError where it is damaged."""
        path = folder / FILE
        if not os.path.lexists(path):
            return None
        must, fix = "the plan of a round", "Remove the folder of the fit, or give another, and start again."
        found = read_model(path, cls, must=must, fix=fix)
        if found.whole != found.digest:
            raise damaged(path, must=must, fix=fix)
        return found


@dataclass(frozen=True)
class FoldRows:
    """What all rounds have in common: the rows and their folds.

    memory: bytes that one turn may take
    """

    parts: Split
    memory: float
    _examples: dict[str, Examples] = field(default_factory=dict)

    @property
    def folds(self) -> NDArray[np.int32]:
        """The fold of every training row."""
        assert self.parts.folds is not None
        return self.parts.folds

    @property
    def fold_count(self) -> int:
        """K."""
        return int(self.folds.max()) + 1

    @property
    def y(self) -> NDArray[Any]:
        """The targets of the training rows."""
        targets: NDArray[Any] = self.parts.data.y[self.parts.train]
        return targets

    @cached_property
    def weight(self) -> NDArray[np.float32] | None:
        """How much each training row counts, with mean 1; None where all count alike."""
        found = self.parts.data.weight_of(self.parts.train)
        return None if found is None else np.asarray(found / found.mean(), np.float32)

    @cached_property
    def groups(self) -> NDArray[np.int64] | None:
        """The group of each training row, counted from 0, one of its own where it has none; None without groups."""
        groups = self.parts.data.groups
        return None if groups is None else own_groups(group_codes(groups[self.parts.train]))

    @cached_property
    def target_scale(self) -> NDArray[np.float64]:
        """[C] by what errors of numbers are divided: the standard deviations of the targets of training rows."""
        deviations = np.asarray(self.y, np.float64).std(0)
        return np.asarray(np.where(deviations > 0, deviations, 1.0))

    def examples(self, recipe: Recipe) -> Examples:
        """The rows as a recipe scales and encodes them."""
        how = scaled_by(recipe)
        key = json.dumps(how, sort_keys=True)
        if key not in self._examples:
            self._examples[key] = Examples.of_split(self.parts, **how)
        return self._examples[key]

    def works(self, planned: Planned) -> tuple[list[JobList], list[list[int]]]:
        """(jobs of every scaling and encoding, which settings each has), K jobs a setting, one for each fold."""
        recipes = [Recipe.from_mapping(each) for each in planned.recipes]
        alike: dict[int, list[int]] = {}
        for place, recipe in enumerate(recipes):
            alike.setdefault(id(self.examples(recipe)), []).append(place)
        works = []
        for places in alike.values():
            jobs = [
                Job(recipes[place].replace(seed=planned.seed + fold), rows=fold)
                for place in places
                for fold in range(self.fold_count)
            ]
            works.append(JobList(tuple(jobs), self.examples(recipes[places[0]])))
        return works, [*alike.values()]

    def plan(self, planned: Planned) -> SessionPlan:
        """The turns of a round."""
        return plan_session(self.works(planned)[0], self.memory)


@dataclass(frozen=True, eq=False)
class Member:
    """One setting, trained on all folds but one, K times.

    recipe: with the seed of its first net; stage, number: of its round
    nets: one for each fold, that leaves it out; trained: of each, the turn that it was trained in, and its place there
    outputs: [N, C] logits, or numbers in the unit of the targets, of the net that did not learn from the row
    evidence: [N, E] what decides its losses; loss: their mean
    """

    recipe: Recipe
    stage: Stage
    number: int
    nets: tuple[TrainedNet, ...]
    trained: tuple[tuple[TrainedNets, int], ...]
    outputs: NDArray[np.float32]
    evidence: NDArray[np.float32]
    loss: float


@dataclass(frozen=True)
class Trained:
    """A round that was trained. seconds: "compile" and "train"; expected: seconds of training by the planner."""

    planned: Planned
    members: tuple[Member, ...]
    seconds: Mapping[str, float]
    expected: float
    programs: int

    def with_members(self, places: Container[int]) -> Trained:
        """The round with the members at these places and no others."""
        return replace(self, members=tuple(each for place, each in enumerate(self.members) if place in places))


def bounded(done: Sequence[Trained], most: int, newest: int) -> list[Trained]:
    """Rounds without the members that are not among the best, whose nets are let go.

    most: members that stay, beside the default and those of so many of the newest rounds
    """
    losses = sorted(member.loss for each in done for member in each.members)
    limit = losses[most - 1] if len(losses) > most else np.inf
    kept = []
    for number, each in enumerate(done):
        free = number == 0 or number >= len(done) - newest
        places = [place for place, member in enumerate(each.members) if free or member.loss <= limit]
        kept.append(each if len(places) == len(each.members) else each.with_members(places))
    return kept


class _Deadline(Observer):
    """Stops all nets where the time is over, and tells how far the fit is."""

    def __init__(self, deadline: float, tell: Callable[[], None]) -> None:
        self.deadline, self.tell = deadline, tell

    def chunk(self, turn: Turn, report: Report) -> Changes | None:
        self.tell()
        return {"active": np.zeros(len(turn.jobs), bool)} if time.perf_counter() > self.deadline else None


def train_round(
    rows: FoldRows, number: int, planned: Planned, folder: Path, deadline: float, tell: Callable[[], None]
) -> Trained:
    """Train what of a round is not in its folder yet.

    deadline: time of `perf_counter` at which all nets stop, with what they have
    """
    works, places = rows.works(planned)
    turns = plan_session(works, rows.memory)
    kept = run(
        works,
        keep_nets,
        planned=turns,
        kept_in=(Store(folder, KIND), PackTrained()),
        observers=[_Deadline(deadline, tell)],
    )
    found: dict[tuple[int, int], tuple[NetArrays, TrainedNets, int]] = {}  # (setting, fold) -> its net
    for turn, trained in zip(turns.turns, kept, strict=True):
        for at, (job, arrays) in enumerate(zip(turn.jobs, trained.nets, strict=True)):
            setting, fold = divmod(job, rows.fold_count)
            found[places[turn.work][setting], fold] = arrays, replace(trained, nets=()), at
    members = _members(rows, number, planned, found)
    seconds = {what: sum(each.seconds.get(what, 0.0) for each in kept) for what in ("compile", "train")}
    return Trained(planned, members, seconds, turns.training_seconds, turns.programs)


def _members(
    rows: FoldRows, number: int, planned: Planned, found: Mapping[tuple[int, int], tuple[NetArrays, TrainedNets, int]]
) -> tuple[Member, ...]:
    """The settings whose nets and losses stayed finite, with what they say of the rows of their nets' folds."""
    data, count = rows.parts.data, rows.fold_count
    recipes = [Recipe.from_mapping(each).replace(seed=planned.seed) for each in planned.recipes]
    nets = {
        (place, fold): TrainedNet.of(
            found[place, fold][0], recipe.replace(seed=planned.seed + fold), data, rows.examples(recipe).scaling
        )
        for place, recipe in enumerate(recipes)
        for fold in range(count)
    }
    outputs = np.zeros((len(recipes), len(rows.folds), data.n_outputs), np.float32)
    for fold in range(count):
        own = np.flatnonzero(rows.folds == fold)
        of_fold = [nets[place, fold] for place in range(len(recipes))]
        for place, z in stacked_outputs(of_fold, data.x[rows.parts.train[own]]):
            outputs[place, own] = of_fold[place].predictions_of(z) if data.task == "regression" else z
    members = []
    for place, recipe in enumerate(recipes):
        trained = [found[place, fold][1:] for fold in range(count)]
        with np.errstate(over="ignore", invalid="ignore"):  # of nets that have grown large
            evidence = evidence_of(data.task, values_at(data.task, outputs[place]), rows.y, rows.target_scale)
            losses = row_losses(data.task, evidence)
        finite = np.isfinite(outputs[place]).all() and np.isfinite(losses).all()
        if not finite or any(each.frozen[at] for each, at in trained):
            continue
        loss = float((losses if rows.weight is None else losses * rows.weight).mean(dtype=np.float64))
        of_recipe = tuple(nets[place, fold] for fold in range(count))
        members.append(Member(recipe, planned.stage, number, of_recipe, tuple(trained), outputs[place], evidence, loss))
    return tuple(members)


def values_at(task: str, outputs: NDArray[Any], temperature: float = 1.0) -> NDArray[Any]:
    """Probabilities of logits [N, C], divided by a temperature; numbers as they are."""
    from goodfit.models.temperature import probabilities_at

    if task == "regression":
        return outputs
    return probabilities_at(task, outputs[None].astype(np.float64), temperature)
