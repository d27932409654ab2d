"""What a page asks of the nets that it watches: one step explained, what inspect finds, the sealed test set."""

from __future__ import annotations

from typing import Any

from goodfit.errors import InputError, problem
from goodfit.inspection.inspecting import inspect
from goodfit.lab.changing import WHERE
from goodfit.lab.explaining import explain, strip
from goodfit.lab.playing import sound
from goodfit.lab.tracks import Track
from goodfit.plain_json import plain
from goodfit.runs.opening import openings_of
from goodfit.training.carrying import optimizer_arrays
from goodfit.training.population import Job
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
    found = inspect(track.nets()[net], parts.with_valid(net), recipe=recipe, retrain=False)
    told: dict[str, Any] = plain(
        {
            "net": net,
            "epoch": track.epoch,
            "findings": [each.to_json() for each in found.findings],
            "advice": found.advice.recipe,
            "note": found.note,
        }
    )
    return told


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
    told: dict[str, Any] = plain({**found, "epoch": track.epoch, "nets": len(nets), "sentence": str(opened)})
    return told


def _job(track: Track, net: int) -> Job:
    if net >= len(track.jobs):
        raise InputError(problem(WHERE, f"'net' must be from 0 to {len(track.jobs) - 1}", got=net))
    return track.jobs[net]
