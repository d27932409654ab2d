"""What holds a net back: penalties and dropout, a bottleneck, depth, targets that are too small; and what mends it."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest
from evidence_help import RECIPE, find, measured, variant_test
from inspection_help import random_net, subject

import goodfit as gf
from goodfit.inspection.constant import least_constant
from goodfit.inspection.findings.data import SPREAD_BELOW
from goodfit.inspection.findings.outcomes import restart
from goodfit.inspection.learning_rates import FREE
from goodfit.inspection.measuring import measure
from goodfit.inspection.shapes import DEEP, NARROW, WIDE, widened
from goodfit.inspection.subject import subject_of
from goodfit.inspection.variants import LEFT_BELOW, PENALTIES, variant_recipes, variant_tests

STUCK = measured().loss  # as good as a constant prediction
STRONG = RECIPE.replace(l2=3.0, dropout=0.5)


def held(code: str, losses: dict[str, float], **more: Any) -> Any:
    return find(code, constant=STUCK, variants=variant_test(**losses), **more)


@pytest.mark.parametrize("factor", [0.98, 1.02])
def test_over_regularised_at_its_limit(factor: float) -> None:
    """Of a drop of 0.8 without, LEFT_BELOW is left with it."""
    at = 1 - 0.8 * LEFT_BELOW * factor
    found = held("over-regularised", {"mended": 0.2, "l2": at}, recipe=RECIPE.replace(l2=3.0))
    assert found.status == ("issue" if factor < 1 else "ok")
    assert found.value == pytest.approx(LEFT_BELOW * factor)
    assert (found.place, found.advice) == (("l2", {"l2": 0.0}) if factor < 1 else ("", {}))
    assert "with l2 3" in found.text


def test_those_that_hold_back_alone_are_named() -> None:
    both = held("over-regularised", {"mended": 0.2, "penalties": 1.0, "l2": 1.0, "dropout": 0.3}, recipe=STRONG)
    assert (both.status, both.place, both.advice) == ("issue", "l2", {"l2": 0.0})
    both = held("over-regularised", {"mended": 0.2, "penalties": 1.0, "l2": 1.0, "dropout": 0.9}, recipe=STRONG)
    assert (both.place, both.advice) == ("l2, dropout", {"l2": 0.0, "dropout": 0.0})
    together = held("over-regularised", {"mended": 0.2, "penalties": 1.0, "l2": 0.3, "dropout": 0.3}, recipe=STRONG)
    assert together.place == "l2, dropout"


def test_where_nothing_can_be_told_of_penalties() -> None:
    assert find("over-regularised").status == "ok"  # none
    assert find("over-regularised", recipe=STRONG).status == "ok"  # it learned
    for untold in (None, variant_test(mended=0.99, penalties=1.0, l2=1.0, dropout=1.0)):
        assert find("over-regularised", constant=STUCK, recipe=STRONG, variants=untold).status == "cannot tell"
    few = variant_test(rows=16, mended=0.2, l2=0.6)
    few.losses["l2"][:] = np.linspace(-3, 4.2, 16)  # type: ignore[index]
    found = find("over-regularised", constant=STUCK, recipe=RECIPE.replace(l2=3.0), variants=few)
    assert found.text.endswith("On so few rows this may be chance.")


def test_a_bottleneck_and_depth() -> None:
    narrow = measure(subject(random_net((4, 6, 1, 6, 3))), RECIPE, epoch=5, curvature=False)
    recipe = RECIPE.replace(hidden=(6, 1, 6))
    how: dict[str, Any] = {"constant": narrow.loss, "recipe": recipe}
    found = find("bottleneck", narrow, None, variants=variant_test(mended=0.2, bottleneck=0.7), **how)
    assert (found.status, found.place, found.advice) == ("issue", "hidden 2", {"hidden": (6, WIDE, 6)})
    assert find("bottleneck", narrow, None, variants=variant_test(mended=0.2, bottleneck=0.3), **how).status == "ok"
    less = variant_test(mended=0.2, bottleneck=0.38)  # 0.62 / 0.8 of what wider layers let through
    assert find("bottleneck", narrow, None, variants=less, **how).status == "issue"
    assert find("bottleneck", narrow, None, **how).status == "cannot tell"
    assert find("bottleneck").text == f"Every hidden layer has more than {NARROW} units."
    deep = measure(subject(random_net((4, *[6] * 6, 3))), epoch=5, curvature=False)
    how = {"constant": deep.loss, "recipe": RECIPE.replace(hidden=(6,) * 6)}
    found = find("too-deep", deep, None, variants=variant_test(mended=0.2, depth=0.9), **how)
    assert (found.status, found.advice) == ("issue", {"hidden": (6,) * DEEP})
    assert find("too-deep", deep, None, variants=variant_test(mended=0.2, depth=0.3), **how).status == "ok"
    assert find("too-deep").text == f"There are no more than {DEEP} hidden layers."


def test_variants_put_back_one_thing_each() -> None:
    base = RECIPE.replace(hidden=(9, 1, 9, 9, 9, 9), l2=3.0, dropout=(0.1, 0.2, 0.3, 0.4, 0.5, 0.6))
    found = variant_recipes(base)
    assert set(found) == {"mended", "l2", "dropout", "penalties", "bottleneck", "depth"}
    mended = found["mended"]
    assert all(not np.any(getattr(mended, name)) for name in PENALTIES)
    assert mended.hidden == (9, WIDE, 9, 9)
    assert (found["l2"].l2, found["l2"].dropout, found["l2"].hidden) == (3.0, 0.0, mended.hidden)
    assert found["dropout"].dropout == (0.1, 0.2, 0.3, 0.4)
    assert found["bottleneck"].hidden == (9, 1, 9, 9)
    assert found["depth"].hidden == (9, WIDE, 9, 9, 9, 9)
    last = variant_recipes(RECIPE.replace(hidden=(9, 9, 9, 9, 9, 2)))
    assert last["bottleneck"].hidden == (9, 9, 9, 2)  # that layer is not among those that stay
    assert set(variant_recipes(RECIPE)) == {"mended"}
    assert widened(RECIPE) == {}


@pytest.mark.parametrize(("spread", "expected"), [(SPREAD_BELOW * 1.01, "ok"), (SPREAD_BELOW * 0.99, "issue")])
def test_small_targets(spread: float, expected: str) -> None:
    net = random_net((4, 6, 2), task="regression")
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((100, 4)), rng.standard_normal((100, 2))
    y = (y - y.mean(0)) / y.std(0) * spread
    found = find("targets-small", measure(subject_of(net, x, y), curvature=False), None)
    assert (found.status, found.data_advice) == (expected, {"scale_targets": True} if expected == "issue" else {})
    assert find("targets-small").status == "ok"  # classes
    same = measure(subject_of(net, x, np.ones((100, 2))), curvature=False)
    assert find("targets-small", same, None).status == "cannot tell"
    assert find("outputs-out-of-range", same, None).status == "cannot tell"


@pytest.mark.parametrize("size", [1e-9, 1.0, 1e6])
def test_the_best_constant_is_found_at_any_scale(size: float) -> None:
    target = np.random.default_rng(0).standard_normal((1, 200)) ** 3 * size
    for delta in (0.1, 10.0):
        grid = np.linspace(target.min(), target.max(), 20001)[:, None]
        r = np.abs(target - grid)
        total = np.where(r <= delta * size, r * r / 2, delta * size * (r - delta * size / 2)).mean(1)
        assert least_constant("huber", target, 1, delta * size) == pytest.approx(total.min(), rel=1e-4)
    assert least_constant("squared-error", target, 1) == pytest.approx(target.var() / 2)


def test_a_restart_holds_nothing_back() -> None:
    strong = STRONG.replace(optimizer="adamw", weight_decay=1.0, l1=1.0, input_dropout=0.5)
    assert {name: getattr(strong.replace(**restart(strong)), name) for name in FREE} == FREE


BASE = gf.Recipe(hidden=(16, 16), activation="relu", init="he-normal", dropout=0, optimizer="adamw", weight_decay=0.0,
                 learning_rate=0.01, epochs=15, schedule="constant", batch_size=32, keep_best=False)  # fmt: skip


@functools.cache
def blobs() -> gf.data.Split:
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 5, 320)
    x = rng.normal(0, 3, (5, 4))[codes] + rng.normal(size=(320, 4))
    return gf.data.split(gf.data.Dataset("blobs", x, codes, "classification", tuple("abcde")), valid=0.25, test=0)


def test_what_holds_back_is_told_by_training() -> None:
    """Six recipes of which five are held back by one thing, and one by nothing, as one population."""
    named = {
        "l2": {"l2": 3.0},
        "weight_decay": {"weight_decay": 90.0},
        "dropout": {"dropout": 0.95},
        "bottleneck": {"hidden": (16, 1)},
        "depth": {"hidden": (16,) * 20},
    }
    base = BASE.replace(activation="leaky-relu")
    recipes = [base.replace(**changes) for changes in named.values()]
    recipes[-1] = recipes[-1].replace(optimizer="sgd", learning_rate=0.05)
    sound = base.replace(dropout=0.2, l2=1e-3, hidden=(64, 64))
    tests = variant_tests([(each, None) for each in (*recipes, sound)], blobs())
    for name, test in zip(named, tests, strict=False):
        assert test is not None
        assert test.share(name) < LEFT_BELOW
        assert test.sure(name)
        assert test.reached("mended") > 0.6
    last = tests[-1]
    assert last is not None
    assert min(last.share(name) for name in ("l2", "dropout", "penalties")) > LEFT_BELOW
    assert variant_tests([(sound, None)], gf.data.split(gf.data.load("iris"), valid=0.9, test=0)) == [None]


def test_two_faults_are_named_and_mended() -> None:
    """Five blobs are told apart by the recipe that is advised; with the two faults it tells a fifth or two."""
    run = gf.train(BASE.replace(l2=3.0, learning_rate=1e-5), blobs())
    found = gf.inspect(run, curvature=False)
    assert {each.code for each in found.issues} >= {"over-regularised", "learning-rate-low"}
    assert found.advice.recipe["l2"] == 0.0
    mended = gf.train(found.advice.applied(run.recipe), blobs()).nets[0]
    assert mended.score(blobs().x("valid"), blobs().y("valid")).value > 0.8


def test_small_targets_are_named_and_mended() -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((300, 3))
    y = 1e-6 * (np.sin(2 * x[:, :1]) + x[:, 1:2])
    parts = gf.data.split(gf.data.Dataset("tiny", x, y, "regression"), valid=0.3, test=0)
    found = gf.inspect(gf.train(BASE, parts), curvature=False)
    assert found["targets-small"].status == "issue"
    assert found["outputs-out-of-range"].status == "cannot tell"
    assert "clip_norm" not in found.advice.recipe
    assert found.advice.data == {"scale_targets": True}
    trial = found.try_advice(range(2))
    assert min(trial.after) > 0.7 > max(trial.before)
