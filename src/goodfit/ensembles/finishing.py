"""From the rounds of a fit to a run: the choice of members, the temperature, the figures that are told of both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from goodfit.ensembles.choosing import Choice, choose, difference, evidence_of, row_losses
from goodfit.ensembles.rounds import FoldRows, Member, Trained
from goodfit.ensembles.sentences import sentences
from goodfit.models.temperature import best_temperatures, probabilities_at, runs_to_bound
from goodfit.models.tempering import tempered_net
from goodfit.models.trained_net import TrainedNet
from goodfit.runs.watching import values_of
from goodfit.training.history import History
from goodfit.training.recipe import Recipe

MOST_FOR_TEMPERATURE = 4000  # rows by which the one number is fitted
LOSSES = {"classification": "log-loss", "multilabel": "log-loss", "regression": "scaled squared error"}


@dataclass(frozen=True, eq=False)
class Ensemble:
    """What predicts, and what is known of it.

    members: those that count, the one that counts most first; counts: how often each does
    choice: among all that were tried, the default first
    temperature: by which logits are divided; 1 for none
    nested, chosen: [N] losses of the choice with the temperature
    tried, nets: how many settings and nets were trained
    half: [N] nested losses, without temperature, after the first half of the rounds; None with fewer than three
    """

    members: tuple[Member, ...]
    counts: tuple[int, ...]
    choice: Choice
    temperature: float
    nested: NDArray[np.float64]
    chosen: NDArray[np.float64]
    tried: int
    nets: int
    half: NDArray[np.float64] | None


def ensemble_of(rows: FoldRows, done: Sequence[Trained]) -> Ensemble:
    """The ensemble of all members of these rounds."""
    members = [member for each in done for member in each.members]
    task = rows.parts.data.task
    choice = choose(task, np.stack([member.evidence for member in members]), rows.folds, weight=rows.weight)
    value, nested, chosen = _tempered(rows, members, choice)
    order = sorted(np.flatnonzero(choice.counts).tolist(), key=lambda place: -choice.counts[place])
    half = None
    if len(done) > 2:
        early = [member for member in members if member.number < (len(done) + 1) // 2]
        half = choose(task, np.stack([member.evidence for member in early]), rows.folds, weight=rows.weight).nested
    return Ensemble(
        tuple(members[place] for place in order),
        tuple(int(choice.counts[place]) for place in order),
        choice,
        value,
        nested,
        chosen,
        sum(len(each.planned.recipes) for each in done),
        sum(len(each.planned.recipes) for each in done) * rows.fold_count,
        half,
    )


def _tempered(
    rows: FoldRows, members: Sequence[Member], choice: Choice
) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
    """(temperature, nested losses, losses of the chosen ensemble) with the temperature where it helps, and the rows
    determine one; else without.

    The temperature of a fold is fitted with its choice, on the rows of the other folds.
    """
    task, y = rows.parts.data.task, rows.y
    if task == "regression":
        return 1.0, choice.nested, choice.chosen
    count = len(rows.folds)
    some = np.sort(np.random.default_rng(0).permutation(count)[:MOST_FOR_TEMPERATURE])

    def of(counts: NDArray[Any], on: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        used = np.flatnonzero(counts)
        logits = np.stack([members[int(place)].outputs[on] for place in used])
        return logits.astype(np.float64), counts[used] / counts.sum()

    def fitted(counts: NDArray[Any], on: NDArray[Any]) -> float:
        logits, shares = of(counts, on)
        return best_temperatures(task, logits, y[on], [np.arange(len(on))], shares)[0]

    def losses(counts: NDArray[Any], on: NDArray[Any], at: float) -> NDArray[np.float64]:
        logits, shares = of(counts, on)
        values = probabilities_at(task, logits, at, shares)
        found = np.asarray(row_losses(task, evidence_of(task, values, y[on])), np.float64)
        return found if rows.weight is None else found * rows.weight[on]

    nested = np.zeros(count)
    for fold, counts in enumerate(choice.by_fold):
        own = np.flatnonzero(rows.folds == fold)
        nested[own] = losses(counts, own, fitted(counts, some[rows.folds[some] != fold]))
    value = fitted(choice.counts, some)
    if runs_to_bound(value) or not nested.mean() < choice.nested.mean():
        return 1.0, choice.nested, choice.chosen
    return value, nested, losses(choice.counts, np.arange(count), value)


def nets_of(found: Ensemble) -> tuple[TrainedNet, ...]:
    """The nets that predict, member by member in the order of folds, with how often each counts."""
    nets = [
        replace(net, count=count)
        for member, count in zip(found.members, found.counts, strict=True)
        for net in member.nets
    ]
    if found.temperature == 1:
        return tuple(nets)
    return tuple(tempered_net(net, found.temperature) for net in nets)


def history_of(found: Ensemble, rows: FoldRows) -> History:
    """What was measured of these nets in training."""
    trained = [each for member in found.members for each in member.trained]
    examples = rows.examples(found.members[0].recipe)
    epochs = max(len(each.metrics) for each, _ in trained)
    tables: dict[str, NDArray[Any]] = {}
    for net, (each, at) in enumerate(trained):
        for name, values in values_of(each.metrics, examples).items():
            table = tables.setdefault(name, np.full((epochs, len(trained)), np.nan, np.float32))
            table[: len(values), net] = values[:, at]
    counters = {
        name: np.asarray([getattr(each, name)[at] for each, at in trained])
        for name in ("best_epoch", "stopped_epoch", "frozen")
    }
    seeds = np.asarray([net.seed for member in found.members for net in member.nets])
    return History(np.arange(1, epochs + 1), seeds, tables, **counters)


def facts_of(
    found: Ensemble, done: Sequence[Trained], default: Recipe, seconds: float, spent: float, rows: FoldRows
) -> dict[str, Any]:
    """What a model file, a report and `--json` tell of the ensemble, as JSON has it. default: the recipe as a whole."""
    first = next(member for member in done[0].members if member.stage == "default")
    base = {**first.recipe.to_dict(), "seed": default.seed, "epochs": epochs_of(first)}
    choice = found.choice
    over = {"weight": rows.weight, "groups": rows.groups}
    gain = difference(choice.first, found.nested, **over)
    facts: dict[str, Any] = {
        "loss": LOSSES[rows.parts.data.task],
        "seed": base["seed"],
        "epochs": base["epochs"],
        "default_epochs": default.epochs,
        "seconds": seconds,
        "spent": round(spent, 1),
        "rounds": len(done),
        "settings": found.tried,
        "nets": found.nets,
        "temperature": found.temperature,
        "nested": float(np.mean(found.nested)),
        "chosen": float(np.mean(found.chosen)),
        "default": float(np.mean(choice.first)),
        "gain": [_rounded(each) for each in gain],
        "members": [
            {
                "count": count,
                "share": round(count / sum(found.counts), 4),
                "loss": member.loss,
                "stage": member.stage,
                "fields": _fields(member, base),
            }
            for member, count in zip(found.members, found.counts, strict=True)
        ],
    }
    if rows.groups is not None:
        facts["groups"] = len(np.unique(rows.groups))
    if found.half is not None:
        facts["half"] = float(np.mean(found.half))
        facts["later"] = [_rounded(each) for each in difference(found.half, choice.nested, **over)]
    return {**facts, "sentences": sentences(facts)}


def epochs_of(member: Member) -> int:
    """Those of its recipe, unless the deadline stopped a net that had not run out of patience: then those it had."""
    recipe, longest = member.recipe, 0
    for each, at in member.trained:
        waited = each.stopped_epoch[at] - each.best_epoch[at]
        if each.frozen[at] or 0 < recipe.patience <= waited:
            continue
        longest = max(longest, int(each.stopped_epoch[at]))
    return longest or recipe.epochs


def _rounded(value: float) -> float:
    """Six digits that count, so that what is small does not become 0."""
    return float(f"{value:.6g}")


def _fields(member: Member, base: dict[str, Any]) -> dict[str, Any]:
    """What a member was trained by that the default was not."""
    own = {**member.recipe.to_dict(), "epochs": epochs_of(member)}
    return {name: value for name, value in own.items() if value != base[name] and name != "seed"}
