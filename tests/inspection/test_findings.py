"""Every code: it fires, it is silent, it cannot tell, and what it says at its limit."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from evidence_help import RECIPE, changed, evidence, find, measured, range_test, status
from inspection_help import drawn_net, random_net, rows_for, subject

import goodfit as gf
from goodfit.inspection.findings import (
    CHECKS,
    Losses,
    data,
    examine,
    gradients,
    held_back,
    layers,
    outcomes,
    starts,
    steps,
    units,
)
from goodfit.inspection.measuring import measure
from goodfit.inspection.probe import PassProbe
from goodfit.inspection.subject import describe_net, subject_of


def test_sound_evidence_has_no_issue() -> None:
    found = examine(evidence())
    assert [each.code for each in found] == list(CHECKS)
    assert {each.code: each.status for each in found if each.status != "ok"} == {}


def test_a_net_alone_can_be_judged_in_part() -> None:
    known = {"recipe": None, "steps": None, "losses": None, "rates": None, "probe": None}
    found = {each.code: each.status for each in examine(evidence(replace(measured(), epoch=None), None, **known))}
    unknown = {"initial-variance", "wrong-initialiser", "learning-rate-high", "learning-rate-low", "updates-small",
               "updates-large", "labels-shuffled"}  # fmt: skip
    assert {code for code, each in found.items() if each == "cannot tell"} == unknown
    assert "issue" not in found.values()


@pytest.mark.parametrize("factor", [0.999, 1.001])
def test_gradients_at_their_limits(factor: float) -> None:
    outputs = measured().layers[-1].z_gradient
    low = changed(measured(), 0, z_gradient=outputs * gradients.VANISHES_BELOW * factor)
    found = find("vanishing-gradient", low)
    assert (found.status == "issue") is (factor < 1)
    assert found.place == "hidden 1"
    assert found.value == pytest.approx(gradients.VANISHES_BELOW * factor)
    assert found.advice == ({"activation": "relu", "init": "he-normal", "init_scale": None, "init_bias": "zeros",
                             "init_bias_value": 0.0} if factor < 1 else {})  # fmt: skip
    high = changed(measured(), 1, z_gradient=outputs * gradients.EXPLODES_ABOVE * factor)
    assert (find("exploding-gradient", high).status == "issue") is (factor > 1)
    assert find("exploding-gradient", None, high).place == "hidden 2"


@pytest.mark.parametrize("code", ["vanishing-gradient", "exploding-gradient"])
def test_gradients_that_cannot_be_compared(code: str) -> None:
    flat = changed(measured(), 2, z_gradient=0.0)
    assert status(code, flat, None) == "cannot tell"
    linear = measure(subject(random_net((4, 3))), curvature=False)
    assert find(code, linear, None).text == "There is no hidden layer."
    assert status("exploding-gradient", changed(measured(), 0, z_gradient=math.nan)) == "issue"


@pytest.mark.parametrize(("share", "expected"), [(0.49, "ok"), (0.5, "ok"), (0.51, "issue")])
def test_saturated_units(share: float, expected: str) -> None:
    begun = changed(measured(), 1, saturated=share)
    found = find("saturated-units", None, replace(begun, epoch=0))
    assert (found.status, found.place) == (expected, "hidden 2")
    assert "at initialisation" in found.text
    assert found.advice.get("init") == ("xavier-normal" if expected == "issue" else None)
    assert status("saturated-units", begun) == "ok"  # a trained net may use the flat ends
    assert status("saturated-units", changed(measured(), 1, saturated=units.SATURATED_AFTER + 0.01)) == "issue"
    assert math.isnan(find("saturated-units", measured("relu"), None).value)


def test_sigmoid_layers_are_advised_to_be_others() -> None:
    bad = replace(changed(measured("sigmoid"), 0, saturated=0.9), epoch=0)
    assert find("saturated-units", measured("sigmoid"), bad).advice["activation"] == "relu"


@pytest.mark.parametrize(("share", "expected"), [(0.4, "ok"), (0.5, "ok"), (0.6, "issue")])
def test_dead_units(share: float, expected: str) -> None:
    assert status("dead-units", changed(measured(), 0, dead=share)) == expected
    assert status("dead-units", None, changed(measured(), 0, dead=share)) == expected


def test_dead_on_few_rows_may_live_on_others() -> None:
    net = describe_net([-np.ones((6, 4)), np.ones((3, 6))], [np.full(6, -9.0), np.zeros(3)], "relu")
    few, many = (measure(subject(net, rows=rows), curvature=False) for rows in (units.FEWEST_ROWS - 1, 20))
    assert find("dead-units", few, None).text.startswith("Units dead on 19 rows may be active on others")
    assert status("dead-units", few, None) == "cannot tell"
    assert find("dead-units", many, None).advice["activation"] == "leaky-relu"
    assert "100% of the units" in find("dead-units", many, None).text


def twins(equal: int, of: int = 20) -> Any:
    """A net whose first layer has so many equal units."""
    net = random_net((4, of, 3), "tanh")
    weight, bias = net.weights[0].copy(), net.biases[0].copy()
    weight[:equal], bias[:equal] = weight[0], bias[0]
    return measure(subject(replace(net, weights=(weight, net.weights[1]), biases=(bias, net.biases[1]))), epoch=5,
                   curvature=False)  # fmt: skip


def test_symmetric_units() -> None:
    assert [status("symmetric-units", twins(equal)) for equal in (0, 2, 3, 20)] == ["ok", "ok", "issue", "issue"]
    assert find("symmetric-units", twins(3)).place == "hidden 1, unit 0"
    constant = measure(subject(drawn_net((4, 6, 3), "tanh", "constant", scale=0.3)), epoch=0, curvature=False)
    found = find("symmetric-units", constant, constant)
    assert found.text.endswith("without dropout they stay equal for ever.")
    assert found.advice["init"] == "xavier-normal"
    assert status("symmetric-units", measured(), constant) == "issue"
    dropped = RECIPE.replace(dropout=0.5)
    assert status("symmetric-units", measured(), constant, recipe=dropped) == "ok"  # dropout has parted them
    assert status("symmetric-units", constant, constant, recipe=dropped) == "issue"


def test_pruned_units_are_no_twins() -> None:
    zeros = measure(subject(drawn_net((4, 6, 3), "tanh", "zeros")), epoch=5, curvature=False)
    assert status("symmetric-units", zeros, None) == "issue"
    assert status("symmetric-units", zeros, None, recipe=RECIPE.replace(l1=0.1)) == "ok"


def test_linear_collapse() -> None:
    net = random_net((4, 6, 5, 3), ("identity", "tanh"))
    found = find("linear-collapse", measure(subject(net), curvature=False), None)
    assert (found.status, found.value, found.place) == ("issue", 1, "hidden 1")
    assert found.advice["activation"] == ("relu", "tanh")
    assert "equals one with 1 hidden layers" in found.text
    alone = find("linear-collapse", measure(subject(random_net((4, 6, 3), "identity")), curvature=False), None)
    assert alone.advice["activation"] == "relu"
    assert "no hidden layer" in alone.text
    assert status("linear-collapse") == "ok"


def bent(bias: float) -> Any:
    """Two ReLU layers, the second of which bends the less, the larger its biases are."""
    net = random_net((4, 6, 6, 3), "relu")
    biases = (net.biases[0], net.biases[1] + bias, net.biases[2])
    return measure(subject(replace(net, biases=biases)), epoch=5, curvature=False)


def test_redundant_layer() -> None:
    found = find("redundant-layer", bent(30.0), None)
    assert (found.status, found.place, found.advice) == ("issue", "hidden 2", {"hidden": (6,)})
    assert found.value == pytest.approx(1.0)
    several = RECIPE.replace(hidden=(6, 6), activation=("tanh", "relu"), dropout=(0.1, 0.2))
    advice = find("redundant-layer", bent(30.0), None, recipe=several).advice
    assert advice == {"hidden": (6,), "activation": ("tanh",), "dropout": (0.1,)}
    assert status("redundant-layer", bent(0.0), None) == "ok"
    flat = measure(subject(drawn_net((4, 6, 3), "tanh", "zeros")), curvature=False)
    assert status("redundant-layer", flat, None) == "cannot tell"
    assert math.isnan(
        find("redundant-layer", measure(subject(random_net((4, 6, 3), "identity")), curvature=False)).value
    )


@pytest.mark.parametrize("factor", [0.999, 1.001])
def test_redundant_at_its_limit(factor: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layers, "straightness", lambda z, a: layers.REDUNDANT_ABOVE * factor)
    assert status("redundant-layer") == ("issue" if factor > 1 else "ok")


@pytest.mark.parametrize("factor", [0.999, 1.001])
def test_initial_variance_at_its_limits(factor: float) -> None:
    small = replace(changed(measured(), 1, signal=starts.SMALL_BELOW * factor), epoch=0)
    found = find("initial-variance", None, small)
    assert (found.status, found.place) == ("issue" if factor < 1 else "ok", "hidden 2")
    large = replace(changed(measured(), 2, signal=starts.LARGE_ABOVE * factor), epoch=0)
    found = find("initial-variance", None, large)
    assert (found.status, found.place) == ("issue" if factor > 1 else "ok", "output")
    assert status("initial-variance", None, replace(changed(measured(), 2, signal=1e-9), epoch=0)) == "ok"


def test_initial_variance_of_unscaled_inputs_is_not_told() -> None:
    net = random_net((4, 6, 5, 3))
    x, y = rows_for(net)
    wild = measure(subject_of(net, x * 100, y), RECIPE, epoch=0, curvature=False)
    assert status("initial-variance", wild, wild) == "cannot tell"
    assert status("initial-variance", measured(), None) == "cannot tell"


@pytest.mark.parametrize(
    ("init", "activation", "depth", "expected"),
    [
        ("xavier-normal", "relu", 3, "ok"),
        ("xavier-normal", "relu", 14, "issue"),  # 1/2 a layer
        ("he-normal", "relu", 50, "ok"),
        ("xavier-normal", "sigmoid", 8, "issue"),
        ("xavier-normal", "tanh", 8, "ok"),
        ("constant", "relu", 8, "cannot tell"),
    ],
)
def test_wrong_initialiser(init: str, activation: str, depth: int, expected: str) -> None:
    recipe = gf.Recipe(hidden=(64,) * depth, init=init, activation=activation)
    found = find("wrong-initialiser", recipe=recipe)
    assert found.status == expected
    if expected == "issue":
        assert (found.advice.get("activation", "relu"), found.advice["init"]) == ("relu", "he-normal")
    assert status("wrong-initialiser", recipe=None) == "cannot tell"
    assert status("wrong-initialiser", recipe=gf.Recipe(hidden=())) == "ok"


@pytest.mark.parametrize("factor", [0.99, 1.01])
def test_wrong_initialiser_at_its_limit(factor: float) -> None:
    """ReLU halves the mean square: with N(0, s^2) weights 64 wide, (32 s^2) of it is left after two layers."""
    scale = math.sqrt(starts.SMALL_BELOW * factor / 32 / (4 * 1.0)) ** 0.5
    recipe = gf.Recipe(hidden=(64, 64), activation="relu", init="normal", init_scale=scale)
    value = find("wrong-initialiser", recipe=recipe).value
    assert value == pytest.approx(4 * scale**2 * 32 * scale**2, rel=1e-3)
    assert status("wrong-initialiser", recipe=recipe) == ("issue" if factor < 1 else "ok")


def with_inputs(factor: float, shift: float = 0.0) -> Any:
    net = random_net((4, 6, 5, 3))
    x, y = rows_for(net, 200)
    x = x / np.sqrt((x.astype(np.float64) ** 2).mean(0))  # root mean square 1 in every column
    return measure(subject_of(net, x * factor + shift, y), curvature=False)


@pytest.mark.parametrize(
    ("factor", "shift", "expected"),
    [(9.99, 0, "ok"), (10.01, 0, "issue"), (0.0501, 0, "ok"), (0.0499, 0, "issue"), (1, 50, "issue"), (1, 0, "ok")],
)
def test_inputs(factor: float, shift: float, expected: str) -> None:
    found = find("inputs-unscaled", with_inputs(factor, shift))
    assert found.status == expected
    assert found.advice == ({"scaling": "standard"} if expected == "issue" else {})


def with_targets(size: float, outputs: float = 1.0) -> Any:
    net = random_net((4, 6, 2), task="regression", spread=1.0)
    x, y = rows_for(net, 100)
    y = y / np.sqrt((y**2).mean()) * size
    net = replace(net, weights=(net.weights[0], net.weights[1] * outputs))
    return measure(subject_of(net, x, y), curvature=False)


@pytest.mark.parametrize(("size", "expected"), [(1.0, "ok"), (9.9, "ok"), (10.1, "issue")])
def test_targets_out_of_reach(size: float, expected: str) -> None:
    found = find("outputs-out-of-range", with_targets(size))
    assert found.status == expected
    assert found.data_advice == ({"scale_targets": True} if expected == "issue" else {})


def test_predictions_out_of_range() -> None:
    found = find("outputs-out-of-range", with_targets(1.0, 50.0))
    assert (found.status, found.limit) == ("issue", data.OUTSIDE_ABOVE)
    assert found.value > 0.5
    assert math.isnan(find("outputs-out-of-range").value)  # classes


def test_constant_labels() -> None:
    net = random_net((4, 6, 5, 3))
    x, _ = rows_for(net)
    same = measure(subject_of(net, x, np.zeros(40, int)), curvature=False)
    assert (find("labels-constant", same).status, find("labels-constant", same).value) == ("issue", 1)
    assert status("labels-constant") == "ok"
    one = measure(subject_of(net, x[:1], np.zeros(1, int)), curvature=False)
    assert status("labels-constant", one) == "cannot tell"


@pytest.mark.parametrize(
    ("told", "rows", "expected"),
    [
        (data.TOLD_ABOVE, 500, "ok"),
        (data.TOLD_ABOVE - 0.01, 500, "cannot tell"),
        (data.NOT_TOLD_BELOW, 500, "cannot tell"),
        (data.NOT_TOLD_BELOW - 0.01, 500, "issue"),
        (0.0, data.FEWEST_PROBED, "issue"),
        (0.0, data.FEWEST_PROBED - 1, "cannot tell"),
        (math.nan, 500, "cannot tell"),
    ],
)
def test_shuffled_labels(told: float, rows: int, expected: str) -> None:
    assert status("labels-shuffled", probe=PassProbe(told, -1.0, True, rows)) == expected
    assert status("labels-shuffled", probe=None) == "cannot tell"


@pytest.mark.parametrize(
    ("share", "expected"), [(0.9799, "ok"), (0.9801, "issue"), (1.2, "issue"), (math.nan, "issue")]
)
def test_constant_prediction(share: float, expected: str) -> None:
    found = find("constant-prediction", constant=measured().loss / share)
    assert found.status == (expected if not math.isnan(share) else "cannot tell")
    assert (found.advice.get("optimizer") == "adamw") is (found.status == "issue")
    assert status("constant-prediction", constant=0.0) == "cannot tell"
    alone = find("constant-prediction", constant=measured().loss, losses=None)
    assert alone.text.endswith("It is unknown whether the net was trained.")


def test_a_loss_that_is_not_finite() -> None:
    found = find("loss-not-finite", losses=Losses(np.array([1.0, np.nan]), True, 2))
    assert (found.status, found.value) == ("issue", 2)
    assert found.place.startswith("epoch 2, ")
    assert found.advice == {"learning_rate": 0.01, "clip_norm": 1.0}
    assert find("loss-not-finite").text == "Every loss in training was finite."
    assert find("loss-not-finite", losses=None).text == "The loss of these rows is finite."
    quasi = find("loss-not-finite", losses=Losses(np.ones(1), True, 1), recipe=None)
    assert quasi.advice["optimizer"] == "adamw"


def test_the_first_layer_that_overflows_is_named() -> None:
    net = random_net((4, 6, 5, 3), "relu")
    weights = (net.weights[0], net.weights[1] * 1e20, net.weights[2] * 1e30)
    grown = measure(subject(replace(net, weights=weights)), curvature=False)
    assert outcomes.first_broken(grown) == "output"
    found = find("loss-not-finite", grown, None, losses=None)
    assert (found.status, found.place) == ("issue", "output")
    assert outcomes.first_broken(measured()) is None
    back = replace(net, weights=(net.weights[0], net.weights[1] * 1e-30, net.weights[2] * 1e30),
                   biases=(net.biases[0] * 0 + 1e-3, net.biases[1] * 0, net.biases[2]))  # fmt: skip
    assert outcomes.first_broken(measure(subject(back), curvature=False)) is None


LOW, HIGH = steps.LOW_BELOW, steps.HIGH_BELOW


@pytest.mark.parametrize(
    ("code", "losses", "expected"),
    [  # a constant prediction has 1; the own rate is the seventh; rates are half decades apart
        ("learning-rate-high", [1, 1, 1, 0.5, 0.0, 0.3, 1 - HIGH, 1, 1], "ok"),
        ("learning-rate-high", [1, 1, 1, 0.5, 0.0, 0.3, 1.01 - HIGH, 1, 1], "issue"),
        ("learning-rate-high", [1, 1, 1, 1.0, 0.0, 0.3, math.inf, math.inf, math.inf], "issue"),
        ("learning-rate-high", [1, 1, 1, 1.0, 1.0, 0.0, 1.0, 1, 1], "ok"),  # the next rate is tuning
        ("learning-rate-high", [1, 1, 1, 1.0, 0.96, 1.0, 1.0, 1, 1], "cannot tell"),
        ("learning-rate-low", [1, 1, 1, 1, 1, 1, 1 - LOW, 0.2, 0.0], "ok"),
        ("learning-rate-low", [1, 1, 1, 1, 1, 1, 1.01 - LOW, 0.2, 0.0], "issue"),
        ("learning-rate-low", [1, 1, 1, 1, 1, 1, 1.0, 0.0, 1.0], "ok"),
        ("learning-rate-low", [1, 1, 1, 1, 1, 1, 1.0, 1.0, 0.97], "cannot tell"),
    ],
)
def test_learning_rates(code: str, losses: list[float], expected: str) -> None:
    found = find(code, rates=range_test(losses), constant=1.0)
    assert found.status == expected
    assert ("learning_rate" in found.advice) is (expected == "issue")
    assert status(code, rates=None) == "cannot tell"


def test_a_shortened_test_does_not_overrule_the_training_itself() -> None:
    short = replace(range_test([1, 1, 1, 1, 1, 1, 1.0, 0.2, 0.0]), whole=False)
    learned = {"constant": measured().loss * 4}
    slow = replace(short, losses=short.losses * learned["constant"], constant=learned["constant"])
    assert find("learning-rate-low", rates=slow, **learned).text.startswith(
        "In a shortened range test: learning rate 0.1 ends"
    )
    assert status("learning-rate-low", rates=slow, **learned) == "ok"
    assert status("learning-rate-low", rates=replace(slow, whole=True), **learned) == "issue"
    assert status("learning-rate-low", rates=slow, constant=measured().loss * 1.5, losses=None) == "issue"


def test_the_advised_rate_is_the_best_or_a_little_below() -> None:
    assert steps.advised_rate(range_test([1, 0.5, 0.0, 0.2, 1], 4)) == pytest.approx(0.01)
    assert steps.advised_rate(range_test([1, 0.01, 0.0, 0.2, 1], 4)) == pytest.approx(0.1 / 10**1.5)
    assert steps.advised_rate(range_test([0.0, 0.5, 1.0], 2)) == pytest.approx(0.01)


@pytest.mark.parametrize("factor", [0.9, 1.1])
def test_updates_at_their_limits(factor: float) -> None:
    still = measured()
    for layer in range(3):
        still = changed(still, layer, update=steps.TRAVEL_BELOW * factor / 1000)
    found = find("updates-small", None, still)
    assert found.status == ("issue" if factor < 1 else "ok")
    assert found.value == pytest.approx(steps.TRAVEL_BELOW * factor)
    if factor < 1:
        assert found.advice == {"learning_rate": float(f"{0.1 / found.value:.3g}")}
    pushed = find("updates-small", None, still, recipe=RECIPE.replace(momentum=0.9))
    assert pushed.value == pytest.approx(10 * found.value)
    large = find("updates-large", None, changed(measured(), 1, update=steps.STEP_ABOVE * factor))
    assert (large.status, large.place) == ("issue" if factor > 1 else "ok", "hidden 2")


def test_updates_that_have_no_length() -> None:
    lbfgs = measured()
    for layer in range(3):
        lbfgs = changed(lbfgs, layer, update=math.nan)
    for code in ("updates-small", "updates-large"):
        assert status(code, None, lbfgs) == "cannot tell"
        assert status(code, recipe=None) == "cannot tell"


def test_findings_as_json() -> None:
    found = find("inputs-unscaled", with_inputs(100.0)).to_json()
    assert found["advice"] == {"scaling": "standard"}
    assert set(found) == {"code", "status", "value", "limit", "place", "text", "advice", "data_advice"}


def test_every_limit_is_a_constant_with_a_source() -> None:
    modules = (data, gradients, held_back, layers, outcomes, starts, steps, units)
    constants = {name: getattr(module, name) for module in modules for name in dir(module) if name.isupper()}
    for check in CHECKS.values():
        assert check.source
        for name, value in check.limits.items():
            assert constants[name] == value
