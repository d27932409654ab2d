"""Whole inspections: of runs, models and bare nets; the advice, and what trying it shows."""

from __future__ import annotations

import functools
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from evidence_help import evidence, measured, range_test
from inspection_help import random_net, rows_for, subject

import goodfit as gf
from goodfit.errors import InputError
from goodfit.figures import svg
from goodfit.inspection.advising import Advice, advise
from goodfit.inspection.findings import Finding
from goodfit.inspection.folding import fold, straightness
from goodfit.inspection.inspecting import initial_net, inspect, rows_of, sharpness_words, subject_for
from goodfit.inspection.learning_rates import REACH, range_tests
from goodfit.inspection.probe import run_probe
from goodfit.inspection.subject import subject_of
from goodfit.inspection.tables import flow_table, layer_rows
from goodfit.training import Examples

SLOW = gf.Recipe(hidden=(8,), activation="tanh", init="xavier-normal", dropout=0, optimizer="sgd", learning_rate=1e-5,
                 epochs=6, schedule="constant", batch_size=32)  # fmt: skip


@functools.cache
def moons() -> gf.data.Split:
    return gf.data.split(gf.data.load("moons", n_train=200, n_test=0), valid=0.2, test=0)


@functools.cache
def slow_run() -> gf.Run:
    return gf.train(SLOW, moons(), seeds=[0, 3])


@functools.cache
def inspected() -> gf.inspection.Inspection:
    return inspect(slow_run(), which=1)


def test_a_run_that_is_too_slow() -> None:
    found = inspected()
    assert {each.code for each in found.issues} >= {"learning-rate-low", "updates-small"}
    rate = found.advice.recipe["learning_rate"]
    assert set(found.advice.recipe) == {"learning_rate"}
    assert rate > 1e-3
    assert found.measurement.subject.net is slow_run().nets[1]
    assert found["learning-rate-low"].advice == {"learning_rate": rate}
    assert "learning-rate-low" in repr(found)
    with pytest.raises(InputError, match=r"no such finding; got 'dead-unit'\. Did you mean 'dead-units'"):
        found["dead-unit"]


def test_what_trained_the_other_settings_of_an_ensemble_is_not_known() -> None:
    """The recipe that goes with an ensemble is that of its first setting, whose nets are as many as folds."""
    about = {"recipe": SLOW.replace(fold_members=2).to_dict(), "ensemble": {}}
    model = gf.Model(slow_run().nets * 2, about)
    first, other = (inspect(model, moons(), which=which, curvature=False, retrain=False) for which in (1, 2))
    assert (first.recipe is None, other.recipe is None) == (False, True)
    assert {each.code: each.status for each in other.findings}["updates-small"] == "cannot tell"
    run = replace(slow_run(), ensemble={}, recipe=SLOW.replace(fold_members=2))
    assert inspect(run, which=1, curvature=False, retrain=False).recipe is not None


def test_the_initial_net_is_the_one_that_training_began_with() -> None:
    begun = inspected().evidence.initial
    assert begun is not None
    unmoved = gf.train(SLOW.replace(learning_rate=1e-30, epochs=1), moons(), seeds=[3]).nets[0]
    for drawn, kept in zip(begun.subject.net.weights, unmoved.weights, strict=True):
        np.testing.assert_array_equal(drawn, kept)
    assert initial_net(SLOW, random_net((2, 9, 2)), None) is None


def test_trying_the_advice() -> None:
    trial = inspected().try_advice(range(3))
    assert trial.part == "valid"
    assert trial.difference == pytest.approx(np.mean(trial.after - trial.before))
    assert trial.low < trial.difference < trial.high
    assert trial.train_loss[1] < trial.train_loss[0]
    half = 4.302652729911275 * np.std(trial.after - trial.before, ddof=1) / math.sqrt(3)  # Student's t, 2 of freedom
    assert trial.high == pytest.approx(min(1.0, trial.difference + half))  # no difference of accuracies is above 1
    assert -1 <= trial.low <= trial.difference - half + 1e-12
    alone = inspected().try_advice([0])
    assert math.isnan(alone.low)
    assert alone.to_json()["seeds"] == (0,)


def test_a_run_from_its_folder_finds_its_rows(tmp_path: Path) -> None:
    run = gf.train(SLOW.replace(epochs=1), "iris", out=tmp_path / "run")
    known = inspect(run, curvature=False, retrain=False)
    loaded = inspect(gf.runs.load(tmp_path / "run"), curvature=False, retrain=False)
    np.testing.assert_array_equal(loaded.measurement.subject.x, known.measurement.subject.x)
    assert [each.status for each in loaded.findings] == [each.status for each in known.findings]
    model = gf.load_model(tmp_path / "run" / "model.safetensors")
    of_model = inspect(model, gf.data.load("iris"), curvature=False, retrain=False)
    assert of_model.recipe == run.recipe
    assert of_model["labels-constant"].status == "ok"


def test_a_net_alone() -> None:
    net = random_net((4, 6, 3))
    found = inspect(net, *rows_for(net))
    assert (found.recipe, found.advice.recipe, found.note) == (None, found.advice.recipe, "")
    assert found["updates-small"].status == "cannot tell"
    assert math.isfinite(found.measurement.sharpness)
    with pytest.raises(InputError, match="trying the advice needs the recipe and the data"):
        found.try_advice()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (("net",), "'net' must be a Run, a Model or a TrainedNet; got 'net'"),
        ((random_net((4, 6, 3)),), "'x' and 'y' must be given: the data of the net are unknown"),
        ((random_net((4, 6, 3)), np.ones((5, 4))), "'y' must be given: gradients need the targets"),
        ((random_net((4, 6, 3)), gf.data.load("digits")), "the net takes 4 features; 'digits' has a different number"),
        ((random_net((4, 6, 2)), gf.data.load("iris")), "the net is for classification with 2 outputs; 'iris' is not"),
    ],
)
def test_what_cannot_be_inspected(given: tuple[Any, ...], message: str) -> None:
    with pytest.raises(InputError, match=message):
        inspect(*given)


def test_nets_that_are_not_there() -> None:
    with pytest.raises(InputError, match="'which' must be a net from 0 to 1; got 2"):
        inspect(slow_run(), which=2)
    lost = replace(slow_run(), split=None)
    with pytest.raises(InputError, match="the data of the run are unknown"):
        inspect(lost)


def test_without_training_rates_are_not_told() -> None:
    found = inspect(slow_run(), curvature=False, retrain=False)
    assert found["learning-rate-low"].status == "cannot tell"
    assert math.isnan(found.measurement.sharpness)
    assert found.advice.recipe.keys() == {"learning_rate"}  # by the updates that are too small


def test_advice_that_is_not_there_cannot_be_tried() -> None:
    with pytest.raises(InputError, match="there is no advice to try"):
        replace(inspected(), advice=Advice({}, {})).try_advice()


def finding(code: str, advice: dict[str, Any], **more: Any) -> Finding:
    return Finding(code, "issue", 1.0, 1.0, "", "", advice, **more)


def test_advice_builds_first_and_tests_rates_again() -> None:
    asked: list[Advice] = []

    def again(advice: Advice) -> None:
        asked.append(advice)

    given = [
        finding("inputs-unscaled", {"scaling": "standard"}),
        finding("symmetric-units", {"init": "xavier-normal"}),
        finding("vanishing-gradient", {"activation": "relu", "init": "he-normal"}),
        finding("learning-rate-low", {"learning_rate": 5.0}),
        finding("outputs-out-of-range", {}, data_advice={"scale_targets": True}),
    ]
    advice = advise(given, evidence(), again)
    assert advice == Advice({"scaling": "standard", "activation": "relu", "init": "he-normal"}, {"scale_targets": True})
    assert [each.recipe for each in asked] == [advice.recipe | {}]


def test_a_net_built_anew_gets_the_rate_that_suits_it() -> None:
    built = [finding("inputs-unscaled", {"scaling": "standard"})]
    bent = range_test([1.0, 0.0, 0.5, 0.89, 1.0], at=3)
    told = advise(built, evidence(constant=1.0), lambda _: bent)
    assert told.recipe == {"scaling": "standard", "learning_rate": 0.01}
    for losses in ([1.0, 0.0, 0.5, 0.09, 1.0], [1.0, 1.0, 0.96, 1.0, 1.0]):  # it suits; nothing learns at all
        kept = advise(built, evidence(constant=1.0), lambda _, losses=losses: range_test(losses, at=3))
        assert kept.recipe == {"scaling": "standard"}


def test_advice_on_steps_alone() -> None:
    rates = finding("learning-rate-high", {"learning_rate": 0.01})
    broken = finding("loss-not-finite", {"learning_rate": 0.02, "clip_norm": 1.0})
    assert advise([broken, rates], evidence(), lambda _: None).recipe == {"learning_rate": 0.01}
    assert advise([broken], evidence(), lambda _: None).recipe == {"learning_rate": 0.02, "clip_norm": 1.0}
    stuck = finding("constant-prediction", {})
    assert advise([stuck], evidence(), lambda _: None).recipe["optimizer"] == "adamw"
    labels = finding("labels-shuffled", {})
    assert not advise([stuck, labels], evidence(), lambda _: None)
    layer = finding("redundant-layer", {"hidden": (6,)})
    assert advise([layer, stuck], evidence(), lambda _: None).recipe == {"hidden": (6,)}
    same = finding("updates-large", {"learning_rate": evidence().recipe.learning_rate})  # type: ignore[union-attr]
    assert not advise([same], evidence(), lambda _: None)


def test_advice_on_the_data() -> None:
    data = gf.data.Dataset("far", np.ones((10, 2)), np.arange(10.0) * 1000, "regression")
    parts = gf.data.split(data, valid=0.2, test=0)
    assert Advice({}, {"scale_targets": True}).split(parts).data.scale_targets
    assert Advice({}, {}).split(parts) is parts


def test_a_folded_net_is_the_same_net() -> None:
    net = random_net((4, 6, 5, 7, 3), ("identity", "prelu", "identity"), slopes=(None, 0.3, None))
    smaller = fold(net)
    assert (smaller.sizes, smaller.activations, smaller.slopes) == ((4, 5, 3), ("prelu",), (np.float32(0.3),))
    x, _ = rows_for(net, 100)
    expected = net.outputs(x, np.float64)
    np.testing.assert_allclose(smaller.outputs(x, np.float64), expected, atol=1e-6 * np.abs(expected).max())
    stack = random_net((10, *[30] * 6, 4), "identity")
    x, _ = rows_for(stack, 50)
    expected = stack.outputs(x, np.float64)
    assert fold(stack).sizes == (10, 4)
    np.testing.assert_allclose(fold(stack).outputs(x, np.float64), expected, atol=1e-6 * np.abs(expected).max())
    with pytest.raises(InputError, match="must have a hidden layer without a nonlinearity to be folded"):
        fold(smaller)


def test_straightness() -> None:
    z = np.random.default_rng(0).standard_normal((3, 1000))
    assert straightness(z, 2 * z + 1) == pytest.approx(1.0)
    assert straightness(z, np.maximum(z, 0)) == pytest.approx(1 / 4 / (1 / 2 - 1 / (2 * math.pi)), abs=0.03)
    assert math.isnan(straightness(z, np.ones_like(z)))


def test_the_probe_tells_labels_from_shuffled_ones() -> None:
    net = random_net((2, 6, 2))
    data = gf.data.load("moons", n_train=300, n_test=0)
    real = run_probe(subject_of(net, data.x, data.y))
    assert real.best > 20
    scores = [run_probe(subject_of(net, data.x, np.random.default_rng(s).permutation(data.y))) for s in range(10)]
    assert max(each.best for each in scores) < 4
    assert not run_probe(subject_of(net, data.x, np.zeros(300, int))).varies
    numbers = random_net((2, 6, 1), task="regression")
    assert run_probe(subject_of(numbers, data.x, data.x[:, :1])).ridge > 20


def test_the_ridge_leaves_each_row_out() -> None:
    """The shortcut for leave-one-out predictions against as many fits of scikit-learn's."""
    from sklearn.linear_model import Ridge

    from goodfit.inspection import probe

    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((12, 3)), rng.standard_normal((12, 1))
    x -= x.mean(0)
    found = probe._left_out(probe._hat(x), y)
    with_one = np.concatenate([x, np.ones((12, 1))], axis=1)
    strength = probe.RIDGE * 12 * (x * x).mean()
    for row in range(12):
        rest = np.arange(12) != row
        fitted = Ridge(strength, fit_intercept=False).fit(with_one[rest], y[rest])
        assert found[row, 0] == pytest.approx(float(fitted.predict(with_one[[row]]).ravel()[0]), rel=1e-6)


def test_range_tests_are_trainings() -> None:
    examples = Examples.of_split(moons())
    recipes = [SLOW.replace(learning_rate=0.1), SLOW.replace(learning_rate=1e-6)]
    own, far = range_tests(recipes, examples)
    assert len(own.rates) == 2 * REACH + 1
    assert own.rates[own.at] == pytest.approx(0.1)
    assert far.rates[-1] == pytest.approx(0.1)  # as far as the optimiser's usual rate
    assert far.rates[far.at] == pytest.approx(1e-6)
    assert own.whole
    alone = gf.train(recipes[0].replace(valid=0.2), moons()).history["train_loss"][:, 0]
    assert own.own == pytest.approx(float(alone[-1]), rel=1e-4)


def test_long_range_tests_are_shortened(monkeypatch: pytest.MonkeyPatch) -> None:
    from goodfit.inspection import learning_rates

    monkeypatch.setattr(learning_rates, "MOST_WORK", 2**14)
    monkeypatch.setattr(learning_rates, "FEWEST_ROWS", 32)
    assert not range_tests([SLOW], Examples.of_split(moons()))[0].whole


def test_diverged_rates_have_an_infinite_loss() -> None:
    (wild,) = range_tests([SLOW.replace(activation="relu", learning_rate=1e6)], Examples.of_split(moons()))
    assert math.isinf(wild.losses[-1])
    assert math.isfinite(wild.losses[0])


def test_rows_for_the_steps_are_training_rows() -> None:
    found = rows_of(slow_run(), [0, 2])
    train = np.sort(moons().train)
    np.testing.assert_array_equal(found.rows, train[[0, 2]])
    np.testing.assert_array_equal(found.raw_x, moons().data.x[train[[0, 2]]])
    with pytest.raises(InputError, match="a row must be a training example, from 0 to 159; got 160"):
        rows_of(slow_run(), [160])
    assert len(subject_for(slow_run()).rows) == 160


def test_the_flow_as_table_and_figure() -> None:
    found = inspected()
    table = flow_table(found.measurement, found.issues)
    assert [layer.name for layer in table.layers] == ["inputs", "hidden 1", "output"]
    x = found.measurement.subject.x
    assert table.layers[0].activations[2] == pytest.approx(np.median(x))
    assert np.isnan(table.layers[0].gradients).all()
    sizes = np.abs(found.measurement.passes.z_gradients[0])
    assert table.layers[1].gradients[0] == pytest.approx(np.quantile(sizes, 0.05))
    assert table.layers[2].issues == ("updates-small",)
    assert "learning-rate-low" in table.elsewhere
    assert table.rows()[0]["layer"] == "inputs"
    assert svg(found.figure()) == svg(found.figure())
    assert flow_table(found.evidence.start, found.issues).title.endswith("at the start of training")
    assert layer_rows(found.measurement)[0]["name"] == "hidden 1"


def test_an_inspection_as_json() -> None:
    found = inspected().to_json()
    assert {each["code"] for each in found["findings"]} == set(gf.inspection.CHECKS)
    assert found["range_test"]["rates"]
    assert found["initial"]["epoch"] == 0


def test_words_on_curvature() -> None:
    assert sharpness_words(measured()) == "not measured"
    assert sharpness_words(replace(measured(), sharpness=3.0)) == "3, below 2 / learning rate = 20"
    assert sharpness_words(replace(measured(), sharpness=30.0)) == "30, above 2 / learning rate = 20"
    assert sharpness_words(replace(measured(), sharpness=30.0, stable=math.nan)) == "30"


def test_a_subject_is_sampled_and_that_is_noted() -> None:
    net = random_net((4, 6, 3))
    assert subject(net).note == ""
    assert inspect(net, *rows_for(net, 50), rows=20, curvature=False).note.startswith(
        "Measured on a random 20 of 50 rows"
    )
