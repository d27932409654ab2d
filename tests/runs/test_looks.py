"""What the next look costs: levels by their sums, intervals by SciPy, and coverage with a user who climbs."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import stats

import goodfit as gf
from goodfit.data import Ledger, Opening
from goodfit.errors import InputError
from goodfit.intervals import chernoff, lasting_level, level_of_openings
from goodfit.models.scores import score_classification, score_regression
from goodfit.models.tails import UNSEEN_ERRORS, UNSEEN_TARGETS
from goodfit.runs.looks import MOST, log_answers, outlooks, r2_answers
from goodfit.studies.test_reuse.measure import flipping, holds_adaptive, limit_of, voting


def line(number: int, of: int, hits: int = 70, rows: int = 100, nets: int = 1, **more: Any) -> Opening:
    """An opening of one family, with an accuracy."""
    score = score_classification(np.tile(np.arange(rows) < hits, (nets, 1)))
    score = score.at_level(level_of_openings(number))
    about = Opening(number, f"2026-01-0{number}", "iris", rows, "set", f"model {number}", None, "score", number)
    return replace(about, score=score.to_dict(), of=of, **more)


def test_the_levels_of_all_openings_add_up_to_the_promise() -> None:
    assert sum(1 - lasting_level(nth) for nth in range(1, 100_000)) == pytest.approx(0.05, abs=1e-6)
    assert lasting_level(1) == 0.975
    assert all(lasting_level(nth) >= level_of_openings(nth) for nth in range(1, 50))


def test_the_next_look_at_the_newest_score() -> None:
    (found,) = outlooks([line(1, 3), line(2, 3), line(3, 3, 60)])
    planned, lasting, adaptive = found.looks
    assert (found.openings, found.rows, found.score, found.value) == (3, 100, "accuracy", 0.6)
    assert found.joint == pytest.approx(0.95)
    for look, level in ((planned, 1 - 0.05 / 4), (lasting, 1 - 0.05 / 20)):
        exact = stats.binomtest(60, 100).proportion_ci(level, "exact")
        assert (look.low, look.high) == pytest.approx((exact.low, exact.high))
        assert look.half == pytest.approx((exact.high - exact.low) / 2)
    missing = math.log(0.05 / 20) - 3 * math.log(101)
    assert adaptive.log_missing == pytest.approx(missing)
    exact = stats.binomtest(60, 100).proportion_ci(1 - math.exp(missing), "exact")
    assert (adaptive.low, adaptive.high) == pytest.approx((exact.low, exact.high), abs=1e-4)
    assert planned.left is None


def test_how_many_looks_are_left() -> None:
    """Counted one by one, with SciPy's intervals."""
    lines = [line(1, 2), line(2, 2)]
    (found,) = outlooks(lines, 0.29)
    for look, level in zip(found.looks[:2], (level_of_openings, lasting_level), strict=True):
        left = 0
        while np.diff(stats.binomtest(70, 100).proportion_ci(level(2 + left + 1), "exact"))[0] <= 0.29:
            left += 1
        assert look.left == left > 0
    assert found.looks[2].left == 0
    assert [look.left for look in outlooks(lines, 0.01)[0].looks] == [0, 0, 0]
    assert [look.left for look in outlooks(lines, 1.0)[0].looks] == [MOST, MOST, MOST]


def test_answers_that_can_be_counted_and_others() -> None:
    assert log_answers(line(1, 1)) == pytest.approx(math.log(101))
    assert log_answers(line(1, 1, nets=3)) == pytest.approx(3 * math.log(101))
    assert log_answers(replace(line(1, 1), kind="curve", score=None)) == math.inf
    several = {**(line(1, 1, nets=3).score or {}), "method": "told in other words"}
    assert log_answers(replace(line(1, 1), score=several)) == math.inf  # how many cannot be read
    assert log_answers(replace(line(1, 1), score=None)) == pytest.approx(math.log(101))
    weighted = score_classification(np.arange(100)[None] < 70, weight=1.0 + np.arange(100) % 3).to_dict()
    assert log_answers(replace(line(1, 1), score=weighted)) == math.inf  # as many as subsets of the rows
    (found,) = outlooks([replace(line(1, 1), score=weighted)], 0.9)
    assert math.isnan(found.looks[2].low)
    assert found.looks[0].low < weighted["value"] < found.looks[0].high
    rng = np.random.default_rng(0)
    r2 = score_regression(rng.normal(size=(1, 30, 1)), rng.normal(size=(30, 1))).to_dict()
    (found,) = outlooks([replace(line(1, 1), score=r2, kind="compare")], 0.5)
    assert [math.isnan(look.low) for look in found.looks] == [False, False, True]
    assert found.looks[2].left == 0
    seen = [line(1, 2), line(2, 2), replace(line(2, 2), number=3, kind="compare", again=True)]
    assert math.isnan(outlooks(seen)[0].looks[2].low)  # a comparison showed losses, though of a model seen before


def test_r2_after_answers_of_r2_is_scheffes() -> None:
    """By SciPy's law of Fisher; with one model it is the lasting interval, and with as many answers as rows none."""
    rng = np.random.default_rng(0)
    target = rng.normal(size=(40, 1))
    score = score_regression(target[None] + rng.normal(size=(1, 40, 1)), target)
    lasting = score.at_level(lasting_level(1))
    assert score.after_answers(0, lasting_level(1)) == (lasting.low, lasting.high)
    told = [replace(line(nth, 3, rows=40), score=score.to_dict()) for nth in (1, 2, 3)]
    (found,) = outlooks(told, 30.0)
    adaptive = found.looks[2]
    assert adaptive.log_missing == pytest.approx(math.log(0.05 / 20))
    t = math.sqrt(4 * stats.f.ppf(lasting_level(4), 4, 36))
    basis, skew = score.basis or 0.0, score.skew or 0.0
    down, up = (
        basis * (t * (1 + math.sqrt(unseen / 40)) + 3 * t**2 * max(0, sign * skew) / math.sqrt(40))
        for unseen, sign in ((UNSEEN_TARGETS, -1), (UNSEEN_ERRORS, 1))
    )
    ends = 1 - (1 - score.value) * math.exp(up), 1 - (1 - score.value) * math.exp(-down)
    assert (adaptive.low, adaptive.high) == pytest.approx(ends)
    assert 0 < (adaptive.left or 0) < (found.looks[1].left or 0)
    assert math.isnan(score.after_answers(39, 0.95)[0])
    assert r2_answers(replace(told[0], score={**score.to_dict(), "method": "log scale of 1 - R², mean of 5 nets"})) == 5
    mixed = outlooks([line(1, 2, rows=40), replace(told[1], of=2)])[0]
    assert math.isnan(mixed.looks[2].low)  # an accuracy of the same rows tells more than a dimension of the errors


def test_r2_with_a_user_who_climbs_by_the_answers() -> None:
    """100 test sets of 200 rows, 20 looks each: predictions that know nothing, and the best sum of those before."""
    rows, looks, sets = 200, 20, 100
    held = dict.fromkeys(("planned", "lasting", "adaptive"), 0)
    for seed in range(sets):
        rng = np.random.default_rng(seed)
        target, tried = rng.normal(size=rows), rng.normal(size=(looks, rows))
        good = dict.fromkeys(held, True)
        for look in range(looks):
            parts = np.zeros(looks)
            parts[:look] = np.linalg.lstsq(tried[:look].T, target, rcond=None)[0]
            parts[:look] /= max(float(np.linalg.norm(parts)), 1e-300)
            parts[look] = 0.05
            score = score_regression((parts @ tried)[None, :, None], target[:, None])
            ends = {
                "planned": score.at_level(level_of_openings(looks)),
                "lasting": score.at_level(lasting_level(look + 1)),
            }
            both = {name: (each.low, each.high) for name, each in ends.items()}
            both["adaptive"] = score.after_answers(look, lasting_level(look + 1))
            for name, (low, high) in both.items():
                good[name] &= low <= -float(parts @ parts) <= high  # of new rows, whose targets have variance 1
        held = {name: count + good[name] for name, count in held.items()}
    assert held["adaptive"] >= 0.95 * sets
    assert held["planned"] < held["lasting"] < held["adaptive"]


def test_sets_that_turned_out_to_overlap_and_sets_without_a_score() -> None:
    late = [replace(line(1, 2), nth=1), replace(line(2, 2), nth=1)]
    assert outlooks(late)[0].joint == pytest.approx(1 - 0.025 - 0.025 - 0.05 / 3)
    curve = replace(line(1, 1), kind="curve", score=None)
    (found,) = outlooks([curve])
    assert found.looks == ()
    assert found.to_json()["value"] is None
    two = [line(1, 1), replace(line(2, 1), nth=1, family=1, data="wine")]
    assert [each.data for each in outlooks(two)] == ["iris", "wine"]
    assert outlooks([]) == []


@pytest.mark.parametrize("width", [0.0, -1.0, math.nan, math.inf])
def test_a_width_that_is_none(width: float) -> None:
    with pytest.raises(InputError, match="Ledger: 'width' must be a number > 0; got"):
        outlooks([], width)


def test_the_lasting_interval_of_an_opening_stays() -> None:
    parts = gf.data.split(gf.data.load("iris"))
    recipe = gf.Recipe(hidden=(4,), epochs=2, batch_size=32)
    first = gf.train(recipe, parts).test()
    assert first.lasting.level == 0.975
    assert first.lasting.low <= first.score.low
    second = gf.train(recipe.replace(seed=1), parts).test()
    assert second.lasting.level == pytest.approx(1 - 0.05 / 6)
    assert Ledger().openings()[0].nth == 1  # by which its lasting interval is told again
    assert gf.runs.Opened.to_json(second)["lasting"]["level"] == second.lasting.level


def test_intervals_with_a_user_who_climbs_by_the_answers() -> None:
    """20 test sets of 500 rows and 100 looks each: the true accuracy of coin flips is 1/2, whatever is made of them."""
    rows, looks, sets = 500, 100, 20
    planned, lasting = (limit_of(rows, looks, level) for level in (level_of_openings, lasting_level))
    held = {"planned": 0, "lasting": 0, "adaptive": 0, "lasting, planned models": 0}
    for seed in range(sets):
        rng = np.random.default_rng(seed)
        climbs = [flipping(rng, rows, looks), voting(rng, rows, looks)]
        held["planned"] += all(hits[-1] <= planned[-1] for hits in climbs)
        held["lasting"] += all((hits <= lasting).all() for hits in climbs)
        held["adaptive"] += all(
            holds_adaptive(rows, int(hits), look) for each in climbs for look, hits in enumerate(each, start=1)
        )
        flips = rng.binomial(rows, 0.5, looks)
        held["lasting, planned models"] += bool(((flips <= lasting) & (flips >= rows - lasting)).all())
    assert held["planned"] < 0.5 * sets
    assert held["lasting"] < 0.5 * sets
    assert held["adaptive"] == sets
    assert held["lasting, planned models"] >= 0.85 * sets  # 95 % promised; a standard error of 5 %


def test_the_adaptive_interval_covers_by_its_count() -> None:
    """A deterministic user with k answers ends with one of at most (N + 1)^(k - 1) models: all are within at once."""
    rows = 40
    low, high = chernoff(0.5, rows, math.log(0.05 / 6) - math.log(rows + 1))
    held = 0
    for seed in range(300):  # the user looks once, and by the answer picks one of N + 1 models that were drawn before
        pool = np.random.default_rng(seed).binomial(rows, 0.5, rows + 1)
        worst = np.abs(pool / rows - 0.5).max()
        held += worst <= min(0.5 - low, high - 0.5)
    assert held >= 0.95 * 300
