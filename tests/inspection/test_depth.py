"""Advice to have fewer layers, where depth itself is what is left: when it is given, when not, and at its limit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from evidence_help import changed, evidence, find, measured, range_test

import goodfit as gf
from goodfit.inspection.advising import Advice, advise
from goodfit.inspection.findings import Finding
from goodfit.inspection.findings.finding import mended, sound_layers
from goodfit.inspection.findings.gradients import VANISHES_BELOW
from goodfit.inspection.learning_rates import SUITS, RangeTest
from goodfit.inspection.shapes import DEEP, shorter

HE = gf.Recipe(hidden=(9, 8, 7, 6, 5, 4), activation="relu", init="he-normal", dropout=0)
XAVIER = HE.replace(init="xavier-normal")
SHORT = (9, 8, 7, 6)


@pytest.mark.parametrize("depth", [0, DEEP - 1, DEEP, DEEP + 1, 20])
def test_the_first_layers_stay(depth: int) -> None:
    recipe = HE.replace(hidden=(8,) * depth)
    assert shorter(recipe) == ({"hidden": (8,) * DEEP} if depth > DEEP else {})
    assert shorter(None) == {}


def test_what_is_given_layer_by_layer_stays_with_its_layer() -> None:
    names = ("relu", "tanh", "relu", "tanh", "gelu", "gelu")
    recipe = HE.replace(activation=names, dropout=(0.1, 0.2, 0.3, 0.4, 0.5, 0.6))
    fields = {"hidden": SHORT, "activation": names[:4], "dropout": (0.1, 0.2, 0.3, 0.4)}
    assert shorter(recipe) == fields
    assert recipe.replace(**shorter(recipe)).hidden == SHORT
    late = recipe.replace(dropout=(0, 0, 0, 0, 0.5, 0.5), dropout_schedule="flat-cosine")
    assert late.replace(**shorter(late)).dropout_schedule == "constant"  # nothing is left that it would change


@pytest.mark.parametrize("same", [{}, {"activation": ("relu",) * 6}])
def test_layers_are_left_out_where_all_else_is_right(same: dict[str, Any]) -> None:
    right = mended(sound_layers(), HE.replace(**same))
    assert right == {**sound_layers(), "hidden": SHORT}
    for wrong in (XAVIER, HE.replace(activation="tanh"), HE.replace(init_bias="constant"), None):
        assert mended(sound_layers(), wrong) == sound_layers()
    assert mended(sound_layers(), HE.replace(hidden=(8,) * DEEP)) == sound_layers()


def weak(factor: float) -> Any:
    return changed(measured(), 0, z_gradient=measured().layers[-1].z_gradient * VANISHES_BELOW * factor)


@pytest.mark.parametrize("factor", [0.999, 1.001])
def test_gradients_that_vanish_all_the_same(factor: float) -> None:
    found = find("vanishing-gradient", weak(factor), recipe=HE)
    assert found.advice.get("hidden") == (SHORT if factor < 1 else None)
    assert "hidden" not in find("vanishing-gradient", weak(factor), recipe=XAVIER).advice  # its start is wrong
    assert "hidden" not in find("vanishing-gradient", weak(factor), recipe=None).advice
    wild = changed(measured(), 0, z_gradient=measured().layers[-1].z_gradient * 1e9)
    assert find("exploding-gradient", wild, recipe=HE).advice["hidden"] == SHORT


def test_signals_that_are_off_all_the_same() -> None:
    off = changed(measured(), 1, signal=1e-9)
    assert find("initial-variance", None, off, recipe=HE).advice["hidden"] == SHORT
    assert "hidden" not in find("initial-variance", None, off, recipe=XAVIER).advice


def test_a_loss_that_does_not_move() -> None:
    stuck = measured().loss
    assert find("constant-prediction", constant=stuck, recipe=HE).advice["hidden"] == SHORT
    assert "hidden" not in find("constant-prediction", constant=stuck, recipe=HE.replace(hidden=(8, 8))).advice
    assert find("constant-prediction", constant=stuck * 2, recipe=HE).advice == {}
    tuples = HE.replace(activation=("tanh",) * 6)
    HE.replace(**find("constant-prediction", constant=stuck, recipe=tuples).advice)


def rates_with(drop: float, constant: float) -> RangeTest:
    """A range test whose best rate ends so far below a constant prediction."""
    return range_test([constant] * 5 + [constant - drop / 2, constant - drop], constant=constant)


@pytest.mark.parametrize(("short", "chosen"), [(2.0, True), (SUITS * 1.01, True), (SUITS * 0.99, False)])
def test_depth_is_judged_by_the_loss_that_a_shorter_net_ends_with(short: float, chosen: bool) -> None:
    """The start is built anew, and both depths are tested with it."""
    given, asked = evidence(recipe=XAVIER), []

    def test_again(advice: Advice) -> RangeTest:
        asked.append(advice.recipe.get("hidden", XAVIER.hidden))
        return rates_with(short if asked[-1] == SHORT else 1.0, given.constant)

    wrong = Finding("wrong-initialiser", "issue", 0, 0, "", "", {"init": "he-normal"})
    advice = advise([wrong], given, test_again)
    assert asked == [XAVIER.hidden, SHORT]
    assert advice.recipe.get("hidden") == (SHORT if chosen else None)
    assert advice.recipe["init"] == "he-normal"


def test_depth_is_not_judged_where_nothing_is_tested_or_to_be_left_out() -> None:
    wrong = Finding("wrong-initialiser", "issue", 0, 0, "", "", {"init": "he-normal"})
    assert advise([wrong], evidence(recipe=XAVIER), lambda _: None).recipe == {"init": "he-normal"}
    asked: list[Advice] = []

    def test_again(advice: Advice) -> RangeTest:
        asked.append(advice)
        return rates_with(0.1, 1.0)

    advise([wrong], evidence(recipe=XAVIER.replace(hidden=(8,) * DEEP)), test_again)
    assert len(asked) == 1


def test_layers_of_other_findings_are_left_out_too() -> None:
    """A finding that keeps all layers names an activation for each."""
    linear = Finding("linear-collapse", "issue", 0, 0, "", "", {"activation": ("relu",) * 6})
    off = Finding("initial-variance", "issue", 0, 0, "", "", {"hidden": SHORT})
    given = evidence(recipe=HE.replace(activation=("identity",) * 6))
    advice = advise([linear, off], given, lambda _: None)
    assert advice.recipe == {"hidden": SHORT, "activation": ("relu",) * 4}
    advice.applied(HE)


def test_a_deep_net_with_the_right_start_is_mended() -> None:
    """Twenty ReLU layers of 8 units do not learn by SGD; four do."""
    parts = gf.data.split(gf.data.load("moons", n_train=300, n_test=0), valid=0.3, test=0)
    deep = HE.replace(hidden=(8,) * 20, optimizer="sgd", learning_rate=0.05, epochs=30, batch_size=32)
    found = gf.inspect(gf.train(deep, parts), curvature=False, retrain=False)
    assert found["wrong-initialiser"].status == "ok"
    assert found["constant-prediction"].status == "issue"
    assert found.advice.recipe["hidden"] == (8,) * DEEP
    trial = found.try_advice(range(3))
    assert np.median(trial.after) > 0.85 > np.median(trial.before)
