"""What a page asks of the nets that it watches: one step explained, what inspect finds, the sealed test set."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from goodfit.errors import InputError, problem
from goodfit.inspection.findings.finding import Finding, Losses
from goodfit.inspection.inspecting import inspect
from goodfit.lab.changing import WHERE
from goodfit.lab.explaining import explain, strip
from goodfit.lab.greeting import fields_told
from goodfit.lab.intervals_told import opening_told, with_interval
from goodfit.lab.painting import sound
from goodfit.lab.results import SCORES
from goodfit.lab.tracks import Track
from goodfit.plain_json import plain
from goodfit.runs.opening import openings_of
from goodfit.studies.words import Words
from goodfit.training.carrying import optimizer_arrays
from goodfit.training.population import Job
from goodfit.training.recipe import Recipe
from goodfit.training.settings import schedule_of


def explained(track: Track, net: int, rows: int, batch: int) -> dict[str, Any]:
    """The next step of a net, on the first rows of its batch; `explaining.explain` has what it is made of.

    batch: of the epoch; dropout and the like are left out, as the answer says.
    """
    job, cohort = _job(track, net), track.cohort
    place = cohort.grid.place[net]
    order = cohort.orders[int(place[0]) * cohort.grid.groups + int(place[1])]
    if track.ended:
        raise InputError(problem(WHERE, "the training has come to its end", fix="Rewind it."))
    drawn = order.epochs(track.epoch, 1)[0, batch]
    chosen = drawn[drawn >= 0][:rows]
    factor = float(schedule_of(job).factors(track.epoch, 1, track.steps)[0, batch])
    now = track.after_batches(batch) if batch else track.state
    state = None
    if len({each.recipe.hidden for each in track.jobs}) == 1:  # a padded state does not fit a net alone
        laid = optimizer_arrays(now, cohort.grid, cohort.settings().rates.forms)
        state = {name: values[net] for name, values in laid.items()}
    data, rate = track.opened.data, job.recipe.learning_rate * factor
    own, x, y = track.nets_at(now)[net], data.x[chosen], data.y[chosen]
    found = explain(own, job.recipe, x, y, rate=rate, optimizer=state)
    found["strip"] = strip(own, job.recipe, x, y)
    return {**found, "net": net, "epoch": track.epoch, "batch": batch, "data_rows": chosen.tolist()}


def findings(track: Track, net: int) -> dict[str, Any]:
    """What `goodfit inspect` finds in a net as it is, in its words. Nothing is trained for it."""
    job, parts = _job(track, net), track.opened.parts
    recipe = job.recipe.replace(fold_members=0) if job.recipe.fold_members else job.recipe
    found = inspect(track.nets()[net], parts.with_valid(net), recipe=recipe, losses=_losses(track, net), retrain=False)
    told: dict[str, Any] = plain(
        {
            "net": net,
            "epoch": track.epoch,
            "findings": [_told(each, recipe, track.opened.inputs) for each in found.findings],
            "advice": found.advice.recipe,
            "note": found.note,
        }
    )
    return told


def _losses(track: Track, net: int) -> Losses:
    """What the training of a net has been so far."""
    own = track.metrics[:, track.names.index("train_loss"), net].astype(np.float64)
    trained = np.flatnonzero(np.isfinite(own))
    return Losses(own, bool(track.frozen[net]), int(trained[-1]) + 1 if len(trained) else 0)


def _told(finding: Finding, recipe: Recipe, inputs: Sequence[str]) -> dict[str, Any]:
    """A finding, with those fields alone of its advice that the recipe does not have, also in words.

    Units are counted from 1, as in the drawing, and inputs have their names.
    """

    def named(text: str) -> str:
        return re.sub(r"\b[Ii]nput (\d+)", lambda found: inputs[int(found[1])], text)

    now = recipe.to_dict()
    advice = {name: value for name, value in plain(finding.advice).items() if now[name] != value}
    place = re.sub(r"unit (\d+)", lambda found: f"unit {int(found[1]) + 1}", named(finding.place))
    told = {"place": place, "text": named(finding.text), "advice": advice, "change": vars(fields_told(advice))}
    return {**finding.to_json(), **told}


def sealed(track: Track) -> dict[str, Any]:
    """How often the test rows of the open data were opened, by whatever was scored on them."""
    rows = track.opened.parts.test
    return {"rows": len(rows), "openings": openings_of(rows) if len(rows) else 0}


def unsealed(track: Track) -> dict[str, Any]:
    """Score the nets on the test rows, once it stands in the ledger."""
    nets = [*sound(track.nets(), track.frozen)]
    opened = track.opened.parts.test.open(nets)
    found = opened.to_json()
    del found["ledger"]  # where it lies is nobody's business who looks at the page from elsewhere
    who = _scored(track, len(nets))
    score, told_in = opened.score, opening_told(opened)
    ends = with_interval(score.value, score.low, score.high, 4)
    name = SCORES.get(score.name, Words(score.name, score.name))
    said = {
        "en": f"{who.en} {name.en.capitalize()} {ends.en}. {told_in.en}",
        "zh": f"{who.zh}{name.zh} {ends.zh}。{told_in.zh}",
    }
    told: dict[str, Any] = plain({**found, "epoch": track.epoch, "nets": len(nets), "sentence": said})
    return told


def _scored(track: Track, nets: int) -> Words:
    """Which nets were scored, and after which epoch."""
    every, seed = len(track.jobs), track.jobs[0].recipe.seed
    en = f"Scored after epoch {track.epoch} of {track.cohort.epochs}: "
    zh = f"第 {track.epoch} 轮之后评分，共 {track.cohort.epochs} 轮："
    if nets == every == 1:
        return Words(f"{en}the one net (seed {seed}).", f"{zh}唯一的网络（种子 {seed}）。")
    if nets == every:
        return Words(f"{en}all {every} nets, predicting together.", f"{zh}全部 {every} 个网络，合在一起预测。")
    return Words(
        f"{en}{nets} of {every} nets, predicting together; the others diverged.",
        f"{zh}{every} 个网络中的 {nets} 个，合在一起预测；其余已发散。",
    )


def _job(track: Track, net: int) -> Job:
    if net >= len(track.jobs):
        raise InputError(problem(WHERE, f"'net' must be from 1 to {len(track.jobs)}", got=net + 1))
    return track.jobs[net]
