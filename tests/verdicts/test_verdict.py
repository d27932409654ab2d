"""Verdicts from end to end, on data whose fault is known."""

from __future__ import annotations

import dataclasses
import json
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import goodfit as gf
from goodfit.data.synthetic import moons, xor
from goodfit.selection.preparing import learning_rows
from goodfit.verdicts import Verdict, judge_run
from goodfit.verdicts.judging import VerdictRequest, lay_out
from goodfit.verdicts.judging_runs import is_cheap, kept_verdict, lay_out_run, predicted_seconds
from goodfit.verdicts.result import VERDICT
from goodfit.verdicts.words import more

STARVED = gf.Recipe(
    hidden=(), dropout=0, optimizer="adam", learning_rate=0.03, schedule="constant", epochs=30, batch_size=32
)


@pytest.fixture(scope="module")
def starved() -> Verdict:
    return gf.verdict(STARVED, xor(n_train=200, n_test=20), quick=True)


def test_a_line_through_xor_is_told_to_grow(starved: Verdict) -> None:
    assert starved.kind == "underfit"
    assert starved.best is not None
    assert starved.best.side == "freer"
    assert starved.advice == starved.best.applied(STARVED)
    assert starved.sentence.startswith(f"Underfit: {starved.best.name} ({starved.best.change}) lowers the log loss on")
    assert str(starved) == starved.sentence
    assert repr(starved) == "Verdict('xor', underfit)"


def test_the_rows_say_what_each_probe_gained(starved: Verdict) -> None:
    rows = {row["name"]: row for row in starved.rows()}
    assert "half the data" not in rows
    base = starved.decision.remaining[1]
    for row in rows.values():
        assert row["score"] == pytest.approx(base - row["difference"])
        assert row["low"] <= row["difference"] <= row["high"]
    assert rows["a hidden layer"]["status"] == "better"


def test_a_verdict_is_kept_as_json_with_the_advice_as_a_recipe(starved: Verdict, tmp_path: Path) -> None:
    starved.write(tmp_path)
    found = json.loads((tmp_path / VERDICT).read_text("utf-8"))
    assert found["kind"] == "underfit"
    assert found["measured_by"] == "log loss"
    assert found["higher_is_better"] is False
    assert 0 < found["advice"]["low"] <= found["advice"]["gain"] <= found["advice"]["measured"]
    assert found["advice"]["measured"] == pytest.approx(max(p["difference"] for p in found["probes"] if p["low"] == max(
        q["low"] for q in found["probes"] if q["status"] == "better")))  # fmt: skip
    assert gf.Recipe.from_file(tmp_path / "advice.json") == starved.advice
    kept = kept_verdict(tmp_path)
    assert kept is not None
    assert (kept.sentence, kept.advice) == (starved.sentence, starved.advice)
    assert kept_verdict(tmp_path / "nothing") is None


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"sentence": "a", "advice": 3}', "\\xff"])
def test_a_damaged_verdict_is_one_message(content: str, tmp_path: Path) -> None:
    (tmp_path / VERDICT).write_bytes(content.encode("latin-1"))
    with pytest.raises(gf.InputError, match=r"verdict\.json: must be a verdict, but it is damaged\. Delete it"):
        kept_verdict(tmp_path)


def test_the_same_seed_gives_the_same_verdict(starved: Verdict) -> None:
    again = gf.verdict(STARVED, xor(n_train=200, n_test=20), quick=True)
    np.testing.assert_array_equal(again.errors, starved.errors)


def test_steps_that_are_too_large_diverge_and_smaller_ones_repair_them() -> None:
    recipe = STARVED.replace(hidden=(8,), optimizer="sgd", learning_rate=200.0, keep_best=False)
    found = gf.verdict(recipe, moons(n_train=200, n_test=20, noise=0.1), quick=True)
    assert found.kind == "diverged"
    assert found.sentence.startswith("Diverged: ")


def test_a_rate_that_is_far_too_large_is_mended_by_one_that_is_far_lower() -> None:
    recipe = STARVED.replace(hidden=(8,), optimizer="sgd", learning_rate=3000.0, keep_best=False, epochs=10)
    found = gf.verdict(recipe, moons(n_train=200, n_test=20, noise=0.1), quick=True)
    assert found.kind == "diverged"
    assert found.advice is not None
    assert found.advice.learning_rate <= 30
    assert "much lower learning rate" in {row["name"] for row in found.rows()}


def test_a_net_that_never_learned_is_said_to_be_no_better_than_a_constant() -> None:
    recipe = STARVED.replace(hidden=(8,), learning_rate=1e-7, epochs=10)
    found = gf.verdict(recipe, moons(n_train=200, n_test=20, noise=0.1), quick=True)
    assert found.kind == "underfit"
    assert found.decision.learned != "yes"
    assert "constant" in found.sentence
    assert any("goodfit inspect" in reason for reason in found.reasons)
    assert found.advice is None or found.advice.learning_rate > 1e-6


def test_little_time_is_kept_to_with_fewer_rows_which_the_verdict_says() -> None:
    data = moons(n_train=4000, n_test=20, noise=0.1)
    found = gf.verdict(STARVED.replace(hidden=(8,), epochs=20), data, folds=3, minutes=0.002)
    assert 1000 <= found.measured_rows < found.learning_rows == 4000
    assert f"measured on {found.measured_rows:,} of 4,000 rows" in found.sentence
    assert {"longer", "higher learning rate"}.isdisjoint(row["name"] for row in found.rows())
    if found.kind == "cannot tell":
        assert "--minutes" in found.reasons[-1]


def test_what_is_settled_is_not_repeated() -> None:
    data = moons(n_train=200, n_test=20, noise=0.1)
    found = gf.verdict(STARVED.replace(hidden=(8,), epochs=5), data, repeats=3, folds=3)
    alternatives = len(found.probes) + 1
    assert found.nets < found.repeats * 3 * (1 + alternatives)
    measured = np.isfinite(found.errors).sum(axis=1)
    assert measured[0] == 3 * found.repeats
    assert set(measured.tolist()) <= {3, 6, 9}
    assert len(set(measured.tolist())) > 1 or found.repeats == 1


def test_numbers_are_judged_by_r_squared() -> None:
    rng = np.random.default_rng(0)
    x = rng.uniform(-3, 3, (300, 1))
    data = gf.data.Dataset("wave", x, np.sin(2 * x[:, 0]), "regression", scaling="standard", scale_targets=True)
    recipe = STARVED.replace(hidden=(), epochs=20)
    found = gf.verdict(recipe, data, quick=True)
    assert found.kind == "underfit"
    assert found.what == "R²"
    assert " raises R² on held-out data by " in found.sentence
    assert found.to_json()["higher_is_better"] is True
    assert found.to_json()["constant"] == 0.0


def test_a_score_may_judge() -> None:
    found = gf.verdict(STARVED.replace(epochs=5), moons(n_train=200, n_test=20, noise=0.1), quick=True, by="score")
    assert found.what == "accuracy"
    assert found.constant == pytest.approx(0.5)


def test_a_run_is_judged_on_its_own_rows_and_keeps_the_verdict(tmp_path: Path) -> None:
    recipe = STARVED.replace(epochs=8)
    run = gf.train(recipe, "moons", out=tmp_path / "run")
    told: list[Any] = []
    found = judge_run(
        tmp_path / "run", asked=VerdictRequest(quick=True), plan=lambda layout, seconds, own: told.append(layout)
    )
    assert (tmp_path / "run" / VERDICT).exists()
    assert found.early
    assert found.share == pytest.approx(found.seconds / (run.seconds["compile"] + run.seconds["train"]))
    assert run.split is not None
    held_out = np.concatenate([fold.valid for fold in told[0].folds.all])
    assert set(held_out) == {*run.split.train.tolist(), *run.split.valid.tolist()}
    assert set(held_out).isdisjoint(run.split.rows("test").tolist())


def test_the_cost_of_a_verdict_is_told_beforehand() -> None:
    run = gf.train(STARVED.replace(epochs=3), "moons")
    assert run.split is not None
    few, many = (lay_out_run(run, run.split.data, VerdictRequest(repeats=repeats)) for repeats in (1, 10))
    seconds = [predicted_seconds(run, layout) for layout in (few, many)]
    assert 0 < seconds[0] < seconds[1]
    assert many.planned.nets == 10 * few.planned.nets
    assert is_cheap(run, 1.0)
    assert not is_cheap(run, 1e6)


def test_what_cannot_be_asked_for_is_told_at_once() -> None:
    with pytest.raises(gf.InputError) as caught:
        gf.verdict(STARVED, "moons", by="loses", margin=2.0, seeds=0, minutes=0, repeats=-1)  # type: ignore[arg-type]
    assert caught.value.problems == (
        "Verdict: 'margin' must be a fraction above 0 and below 1; got 2.0.",
        "Verdict: 'minutes' must be a number above 0; got 0. Use None for no limit.",
        "Verdict: 'repeats' must be an integer >= 1; got -1. Use None for as many as there is time for.",
        "Verdict: 'by' must be score or loss; got 'loses'.",
        "Verdict: 'seeds' must be an integer >= 1, or a list of seeds; got 0.",
    )
    with pytest.raises(gf.InputError, match=r"Folds: there must be at least two folds; got 1\."):
        gf.verdict(STARVED, "moons", folds=1)


@pytest.mark.parametrize("repeats", [0, 1.5, "two", True])
def test_repeats_that_are_none_are_refused(repeats: Any) -> None:
    with pytest.raises(gf.InputError, match=r"erdict: 'repeats' must be (an integer >= 1|a whole number)"):
        gf.verdict(STARVED, "moons", repeats=repeats)


def test_numbers_are_taken_however_they_are_given() -> None:
    learning = learning_rows(STARVED, gf.data.load("xor"), None, None)
    layouts = [
        lay_out(learning, STARVED, VerdictRequest(folds=folds, repeats=None, minutes=minutes), early=False)
        for folds, minutes in ((4, None), (np.int64(4), math.inf))
    ]
    assert layouts[0].sizes == layouts[1].sizes
    assert len(layouts[1].folds.repeats) == len(layouts[0].folds.repeats) == 3


def test_what_would_tell_more_of_a_quick_verdict_is_one_that_is_not() -> None:
    data = moons(n_train=4000, n_test=20, noise=0.1)
    recipe = STARVED.replace(hidden=(8,), epochs=8, learning_rate=1e-6)
    found = gf.verdict(recipe, data, folds=3, minutes=0.001, quick=True)
    assert found.kind == "cannot tell"
    assert "fewer steps than the recipe's own predict no better than a constant" in found.sentence
    assert "has not learned" not in found.sentence
    assert re.search(r"'goodfit verdict' with --minutes \d+ and without --quick\.$", more(found))
    assert "--quick" not in more(dataclasses.replace(found, quick=False))


def test_a_run_that_is_not_done_is_refused(tmp_path: Path) -> None:
    with pytest.raises(gf.InputError, match=r"must be the folder of a run"):
        judge_run(tmp_path)


def test_a_good_fit_says_in_its_sentence_what_was_not_asked(starved: Verdict) -> None:
    decision = dataclasses.replace(starved.decision, kind="good fit", best=None, learned="yes")
    told = dataclasses.replace(starved, decision=decision, shortened=4).sentence
    assert told.startswith("Good fit: as far as trainings of 4 of 30 epochs tell, none of ")
    assert told.endswith(", nor would twice the data help.")  # all larger nets and longer trainings were asked
    kept = [place for place, probe in enumerate(starved.probes) if probe.side not in ("freer", "longer")]
    gains = tuple(starved.decision.gains[place] for place in kept)
    probes = tuple(starved.probes[place] for place in kept)
    found = dataclasses.replace(starved, probes=probes, decision=dataclasses.replace(decision, gains=gains))
    assert found.sentence.startswith("Good fit: none of ")
    assert found.sentence.endswith("; not asked: a hidden layer, longer, higher learning rate.")
