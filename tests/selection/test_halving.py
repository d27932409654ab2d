"""Halving and Hyperband inside populations: who leaves is gone, who stays trains as if nobody had left."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from goodfit.data import table
from goodfit.errors import GoodfitError, InputError
from goodfit.reports import search_page
from goodfit.selection import Selection, select
from goodfit.selection.halving import RungPlan
from goodfit.selection.layout import lay_out
from goodfit.selection.methods import SearchRequest
from goodfit.selection.search import resume
from goodfit.selection.sheets import row_values
from goodfit.training import Cohort, Fitted, Job, cohort_of, fit, session
from goodfit.training.settings import schedule_of
from searching import BASE, Stop, dataset, killed_after

VARY: dict[str, Any] = {"hidden": [3, (5, 4), 8], "momentum": [0.0, 0.9], "learning_rate": [0.001, 0.1]}
HOW: dict[str, Any] = {"vary": VARY, "folds": 3, "seeds": 2, "by": "loss"}


def halved(**more: Any) -> Selection:
    return select(BASE, dataset(), **{**HOW, "method": "halving", **more})


def test_finalists_are_what_they_would_be_had_nobody_left() -> None:
    """With dropout, momentum and a cosine schedule with warm-up, in cohorts of other widths and depths on the way."""
    found, whole = halved(), select(BASE, dataset(), **HOW)
    assert [len(found.settings), len(found.stopped)] == [2, 10]
    for setting, scores, losses in zip(found.settings, found.scores, found.losses, strict=True):
        same = whole.settings.index(setting)
        np.testing.assert_allclose(losses, whole.losses[same], rtol=1e-4)
        np.testing.assert_allclose(scores, whole.scores[same], atol=0.051)  # a row near the boundary may change sides
    assert found.best.epochs == BASE.epochs


def test_halved_nets_leave_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    trained: list[tuple[int, int, int]] = []

    def watched(cohort: Cohort, **how: Any) -> Fitted:
        first = how["start"][0] if how["start"] else 0
        trained.append((len(cohort.jobs), first, cohort.epochs))
        assert cohort.grid.shape[0] * cohort.grid.groups * cohort.grid.nets <= len(cohort.jobs) + 1
        return fit(cohort, **how)

    monkeypatch.setattr(session, "fit", watched)
    plans: list[RungPlan] = []
    halved(plan=lambda _, planned: plans.append(planned))
    nets = 3 * 2
    assert trained == [(12 * nets, 0, 1), (4 * nets, 1, 3), (2 * nets, 3, 9)]
    assert str(plans[0]).startswith("72 nets to epoch 1 -> 24 nets to epoch 3 -> 12 nets to epoch 9; about 3 compiled")
    assert plans[0].share == pytest.approx((12 * 1 + 4 * 2 + 2 * 6) / (12 * 9))
    assert plans[0].seconds > 0


def test_the_worst_by_held_out_rows_leave() -> None:
    """What a setting left with is the loss of its nets after that epoch of the whole schedule, trained alone."""
    found, search = halved(), lay_out(dataset(), VARY, SearchRequest(BASE, folds=3, seeds=2, by="loss"))
    first = {str(each.setting): each for each in found.stopped if each.epochs == 1}
    assert len(first) == 8
    sheet, means = search.sheets()[0], {}
    for setting, recipe in enumerate(search.recipes):
        losses = []
        for number, job in enumerate(sheet.jobs):
            if sheet.fits[number].setting != setting:
                continue
            short = Job(job.recipe.replace(epochs=1, warmup=0.0), rows=job.rows, schedule=schedule_of(job))
            arrays = fit(cohort_of([short], sheet.examples, 1)).nets[0]
            held_out = sheet.fits[number].held_out
            own = replace(sheet, jobs=(*sheet.jobs[:number], short, *sheet.jobs[number + 1 :]))
            net = own.net(number, arrays)
            outputs = net.outputs(sheet.data.x[held_out])
            losses.append(row_values(net, outputs, sheet.data.y[held_out])[1])
        means[str(search.settings[setting])] = float(np.mean([each.mean() for each in losses]))
        assert recipe.epochs == 9
    order = sorted(means, key=lambda name: means[name])
    assert set(order[4:]) == set(first)
    for name, each in first.items():
        assert each.loss == pytest.approx(means[name], rel=1e-4)
        assert each.measured("loss") == each.loss


def test_only_finalists_have_intervals_and_the_optimism_says_what_it_leaves_out(tmp_path: Path) -> None:
    found = halved(out=tmp_path)
    rows = found.rows()
    assert [row["rank"] for row in rows] == [1, 2] + [None] * 10
    assert [row["epochs"] for row in rows] == [9, 9] + [3] * 2 + [1] * 8
    assert np.isfinite([row["low"] for row in rows[:2]]).all()
    assert np.isnan([row["low"] for row in rows[2:]]).all()
    losses = [row["loss"] for row in rows]
    assert losses[4:] == sorted(losses[4:])
    assert "earlier rungs on the same held-out data" in found.uncorrected
    assert found.comparison.folds == 3
    with (tmp_path / "settings.csv").open() as file:
        table = list(csv.DictReader(file))
    assert [row["rank"] for row in table] == ["1", "2"] + [""] * 10
    kept = json.loads((tmp_path / "selection.json").read_text())
    assert kept["settings"][-1]["low"] is None
    assert kept["uncorrected"] == found.uncorrected
    assert f"; {found.uncorrected}." in search_page(tmp_path).html()
    assert "12 settings" in repr(found)
    one = select(BASE, dataset(), vary={"l2": [0.0, 0.1, 0.2, 0.4]}, folds=3, method="halving")
    with pytest.raises(InputError, match="needs a search that trains every setting for all epochs; this one stopped"):
        one.curve()


def test_hyperband_compares_the_finalists_of_all_brackets() -> None:
    vary = ["learning_rate=1e-4..1:log", "l2=1e-5..1e-1:log"]
    plans: list[Any] = []
    found = select(
        BASE,
        dataset(),
        vary=vary,
        folds=3,
        method="hyperband",
        budget=17,
        plan=lambda _, planned: plans.append(planned),
    )
    assert [[rung.settings for rung in bracket] for bracket in plans[0].brackets] == [[9, 3, 1], [5, 1], [3]]
    assert "bracket 2: 15 nets to epoch 3 -> 3 nets to epoch 9" in str(plans[0])
    assert len(found.settings) == 1 + 1 + 3
    assert len(found.stopped) == 8 + 4
    assert len({str(each) for each in (*found.settings, *(each.setting for each in found.stopped))}) == 17
    alone = select(BASE, dataset(), vary={name: [found.settings[0][name]] for name in found.settings[0]}, folds=3)
    np.testing.assert_allclose(found.losses[0], alone.losses[0], rtol=1e-4)


def test_a_setting_that_diverges_leaves_and_none_left_is_said() -> None:
    found = halved(vary={"learning_rate": [1e38, 0.1, 0.05, 0.01]})
    last = found.stopped[-1]
    assert (last.setting["learning_rate"], last.failed_folds) == (1e38, 3)
    assert np.isnan(last.loss)
    with pytest.raises(GoodfitError, match=r"after epoch \d in every setting a net diverged on some fold"):
        halved(vary={"learning_rate": [2e38, 2.5e38, 3e38]})


@pytest.mark.parametrize("reports", [0, 1, 2, 3, 5])
def test_killed_between_or_within_rungs_it_goes_on(
    tmp_path: Path, reports: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever was reported last; states are checkpointed after every chunk, and small populations take turns."""
    monkeypatch.setattr("goodfit.training.store.FEWEST_SECONDS", 0.0)
    monkeypatch.setattr("goodfit.training.store.SHARE_OF_TIME", float("inf"))
    whole = halved()
    with pytest.raises(Stop):
        halved(out=tmp_path, progress=killed_after(reports))
    again = halved(out=tmp_path)
    np.testing.assert_array_equal(again.losses, whole.losses)
    assert [each.setting for each in again.stopped] == [each.setting for each in whole.stopped]
    assert [each.loss for each in again.stopped] == [each.loss for each in whole.stopped]
    assert not list(tmp_path.glob("*/states-*"))  # they are of no more use

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("nothing is left to be trained")

    monkeypatch.setattr(session, "fit", refuse)
    np.testing.assert_array_equal(halved(out=tmp_path).losses, whole.losses)


def test_small_populations_take_turns_and_tables_have_one_for_each_fold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(0)
    colour = rng.choice(["red", "green"], 60)
    frame = {"colour": colour, "size": rng.normal(size=60), "kind": np.where(rng.random(60) > 0.5, "a", "b")}
    how: dict[str, Any] = {"vary": {"l2": [0.0, 0.1, 0.2, 0.4]}, "folds": 3, "method": "halving", "by": "loss"}
    for data, turns in ((dataset(), [12, 6]), (table(frame, "kind"), [12, 6])):
        whole = select(BASE, data, **how)
        with monkeypatch.context() as patched:
            patched.setattr("goodfit.selection.layout.MOST_MEMORY", 0.0)
            folder = tmp_path / str(len(list(tmp_path.iterdir())))
            small = select(BASE, data, **how, out=folder)
        kept = [len(list(folder.glob(f"bracket-0/rung-{rung}/turn-*"))) for rung in (0, 1)]
        assert kept == turns
        assert [each.setting for each in small.stopped] == [each.setting for each in whole.stopped]
        np.testing.assert_allclose(small.losses, whole.losses, rtol=1e-4)


SCRIPT = """
import os, signal, goodfit
count = 0
def watch(progress):
    global count
    count += 1
    if count == 4:
        os.kill(os.getpid(), signal.SIGKILL)
recipe = goodfit.Recipe(hidden=(4,), epochs=9, batch_size=32)
how = {"method": "halving", "budget": 9, "folds": 3}
goodfit.select(recipe, "moons", vary=["l2=1e-4..1e-1:log"], **how, out="s", progress=watch)
"""


def test_a_process_that_is_killed_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    killed = subprocess.run([sys.executable, "-c", SCRIPT], cwd=tmp_path, check=False)
    assert killed.returncode == -9
    assert (tmp_path / "s" / "bracket-0" / "rung-0" / "turn-0000.safetensors").exists()
    sizes: list[int] = []
    monkeypatch.setattr(session, "fit", lambda cohort, **how: sizes.append(len(cohort.jobs)) or fit(cohort, **how))  # type: ignore[func-returns-value]
    found = resume(tmp_path / "s")
    assert 27 not in sizes  # the first rung is not trained again
    whole = resume(tmp_path / "s")
    np.testing.assert_array_equal(found.losses, whole.losses)
    recipe = found.recipes[0].replace(seed=0)
    alone = select(recipe, "moons", vary={"l2": [found.settings[0]["l2"]]}, folds=3)
    np.testing.assert_allclose(found.losses[0], alone.losses[0], rtol=1e-4)


def test_states_that_are_gone_are_missed(tmp_path: Path) -> None:
    with pytest.raises(Stop):
        halved(out=tmp_path, progress=killed_after(1))
    for path in tmp_path.glob("*/states-0/*"):
        path.unlink()
    with pytest.raises(InputError, match="must hold the states of all nets that continue; 24 are missing"):
        halved(out=tmp_path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"factor": 1}, "'factor' must be an integer >= 2; got 1"),
        ({"least_epochs": 0}, "'least_epochs' must be an integer >= 1; got 0"),
        ({"least_epochs": 4}, "two rungs need at least 12 epochs, 3 times those of the first rung; got 9"),
        ({"budget": 2, "vary": ["l2=1e-4..1:log"]}, "halving needs more than 2 settings"),
        ({"vary": {"epochs": [3, 9, 27]}}, "'epochs' is allocated by halving, so it cannot be varied"),
        ({"method": "grid", "factor": 3}, "'factor' is for the methods halving and hyperband; got 3. Omit it"),
        ({"ask": 3}, "'ask' is for method optuna; got 3"),
        ({"method": "halfing"}, "hyperband or optuna; got 'halfing'. Did you mean 'halving'?"),
        ({"vary": ["l2=0,1", "l2=2"]}, "'l2' is varied twice; got 'l2=2'. Give all its values at once"),
        ({"vary": ["batch_size=8..10:5"]}, "settings 0 and 1 are the same recipe: batch_size 8 and batch_size 8"),
        (
            {"vary": {"patience": [3, 5, 6]}},
            "settings 0 and 1 are the same recipe, for a search trains every net for all its epochs and keeps the last "
            "weights: patience 3 and patience 5. Leave one of them out",
        ),
    ],
)
def test_halvings_that_cannot_be(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        halved(**changes)


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(InputError) as caught:
        halved(factor=1, budget=0, by="luck", vary=["l2", "l1=0,0", "hiden=3"])
    text = str(caught.value)
    for part in ("'factor'", "'budget'", "'by'", "'--vary' must be FIELD=VALUES"):
        assert part in text


def test_another_halving_is_another_search(tmp_path: Path) -> None:
    halved(out=tmp_path)
    for changes in ({"method": "grid"}, {"factor": 2}, {"least_epochs": 3}):
        with pytest.raises(InputError, match="holds a different search"):
            halved(out=tmp_path, **changes)
