"""A step in slow motion: beside NumPy by hand, finite differences of our own, and the training that it shows."""

from __future__ import annotations

import functools
import json
import re
from typing import Any

import numpy as np
import pytest

import goodfit as gf
from goodfit.data import Dataset, Split
from goodfit.inspection import describe_net
from goodfit.lab.chinese import in_chinese
from goodfit.lab.explaining import AT_A_KINK, explain, strip
from goodfit.models.trained_net import TrainedNet
from goodfit.training.initialise import initial_layers

RNG = np.random.default_rng(0)
X = RNG.normal(size=(6, 2))
Y = np.array([0, 1, 1, 0, 1, 0])


def a_net(**more: Any) -> TrainedNet:
    weights = [RNG.normal(size=(3, 2)), RNG.normal(size=(2, 3))]
    return describe_net(weights, [RNG.normal(size=3), RNG.normal(size=2)], "tanh", **more)


def objective(weights: list[np.ndarray], biases: list[np.ndarray], l2: float) -> float:
    """Mean cross-entropy with the L2 penalty, in NumPy."""
    h = np.tanh(X @ weights[0].T + biases[0])
    z = h @ weights[1].T + biases[1]
    z = z - z.max(1, keepdims=True)
    losses = np.log(np.exp(z).sum(1)) - z[np.arange(len(Y)), Y]
    return float(losses.mean() + l2 / 2 * sum((w**2).sum() for w in weights))


@functools.cache
def told_with_a_penalty() -> tuple[TrainedNet, dict[str, Any]]:
    net = a_net()
    return net, explain(net, gf.Recipe(hidden=3, activation="tanh", optimizer="sgd", l2=0.1), X, Y)


def test_what_is_told_in_words_and_not_in_symbols_alone_is_told_in_chinese_too() -> None:
    _, found = told_with_a_penalty()
    told = [*(node["formula"] for node in found["nodes"]), *(edge["rule"] for edge in found["edges"])]
    worded = {text for text in told if re.search("[a-z]{3,},? (?:[a-z]+ )*[a-z]{2,}", text)}
    assert len(worded) >= 6
    assert worded == set(in_chinese({"say": "told", "value": found})) & set(told)


def test_each_gradient_stands_beside_a_difference_that_numpy_finds_too() -> None:
    net, found = told_with_a_penalty()
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    weights, biases = ([each.astype(np.float64) for each in own] for own in (net.weights, net.biases))
    assert found["update"]["before"] == pytest.approx(objective(weights, biases, 0.1), rel=1e-6)
    nodes = {node["name"]: node for node in found["nodes"]}
    for letter, tensors in (("W", weights), ("b", biases)):
        for layer, tensor in enumerate(tensors):
            name = f"{letter}{layer + 1}"
            told = found["differences"][name]
            assert told["right"]
            assert told["at"] == list(range(tensor.size))
            for place in told["at"]:
                moved = []
                for step in (1e-5, -1e-5):
                    tensor.flat[place] += step
                    moved.append(objective(weights, biases, 0.1))
                    tensor.flat[place] -= step
                by_hand = (moved[0] - moved[1]) / 2e-5
                assert told["difference"][place] == pytest.approx(by_hand, abs=1e-7)
                assert told["gradient"][place] == pytest.approx(by_hand, abs=1e-7)
            assert np.ravel(nodes[name]["gradient"]) == pytest.approx(told["gradient"], rel=1e-9)


def test_a_step_of_plain_sgd_is_the_rate_times_the_gradient() -> None:
    net, recipe = a_net(), gf.Recipe(hidden=3, activation="tanh", optimizer="sgd", learning_rate=0.1, l2=0.1)
    for rate in (None, 0.5):
        found = explain(net, recipe, X, Y, rate=rate)
        for name, moved in found["update"]["tensors"].items():
            gradient = np.reshape(found["differences"][name]["gradient"], np.shape(moved["before"]))
            expected = np.array(moved["before"]) - (rate or 0.1) * gradient
            assert np.array(moved["after"]) == pytest.approx(expected, abs=1e-6)
        assert found["update"]["rate"] == (rate or 0.1)
    assert found["update"]["after"] < found["update"]["before"]


@pytest.mark.parametrize("optimizer", ["adamw", "lion"])
def test_the_update_is_that_of_a_training(optimizer: str) -> None:
    """One epoch of one batch from the same nets, as `gf.train` trains it."""
    recipe = gf.Recipe(
        hidden=3,
        activation="tanh",
        dropout=0.0,
        optimizer=optimizer,
        l1=0.01,
        seed=4,
        schedule="constant",
        batch_size=6,
        epochs=1,
        valid=0.0,
    )
    rows = np.arange(6)
    parts = Split(Dataset("rows", X, Y, "classification", ("a", "b"), scaling="standard"), rows, rows[:0], rows[:0])
    first = gf.train(recipe, parts, leaks="off").nets[0]
    second = gf.train(recipe, parts, start=first, leaks="off").nets[0]
    found = explain(first, recipe, X, Y)["update"]["tensors"]
    for layer in range(2):
        assert np.array(found[f"W{layer + 1}"]["after"]) == pytest.approx(second.weights[layer], abs=1e-6)
        assert np.array(found[f"b{layer + 1}"]["after"]) == pytest.approx(second.biases[layer], abs=1e-6)


def test_what_a_step_leaves_out_is_said() -> None:
    recipe = gf.Recipe(hidden=3, activation="tanh", dropout=0.5, label_smoothing=0.1, schedule="cosine", warmup=2.0)
    told = explain(a_net(), recipe, X, Y)["left_out"]
    assert [text.partition(" ")[0] for text in told] == ["Dropout", "Label"]


def test_a_kink_is_told() -> None:
    """Without biases, the second layer of a net whose first is dead has z = 0."""
    weights = [-np.ones((2, 2)), np.ones((2, 2)), RNG.normal(size=(2, 2))]
    net = describe_net(weights, [np.zeros(2)] * 3, "relu")
    found = explain(net, gf.Recipe(hidden=(2, 2), activation="relu", dropout=0.0), np.abs(X) + 1, Y)
    assert found["left_out"] == [AT_A_KINK]
    assert not found["differences"]["b2"]["right"]


@pytest.mark.parametrize(
    ("fields", "match"),
    [
        ({"hidden": (), "loss": "quantile"}, "steps between levels in the place of outputs, which the graph does not"),
        ({"hidden": 3, "train_mixture": True}, "a trained mixture is a parameter more in every unit"),
    ],
)
def test_a_step_that_would_be_shown_in_part_is_refused(fields: dict[str, Any], match: str) -> None:
    net = describe_net([np.ones((1, 2))], [np.zeros(1)], (), task="regression")
    with pytest.raises(gf.InputError, match=match):
        explain(net, gf.Recipe(**fields), X, Y.astype(float))


def test_too_many_rows_are_refused() -> None:
    with pytest.raises(gf.InputError, match="at most 64 rows"):
        explain(a_net(), gf.Recipe(hidden=3, activation="tanh"), np.zeros((65, 2)), np.zeros(65, int))


def test_the_strip_shows_what_each_layer_makes_of_signal_and_gradient() -> None:
    """Beside NumPy for one layer; and the theory of the initialiser holds for layers that are wide."""
    net, recipe = a_net(), gf.Recipe(hidden=3, activation="tanh")
    first, last = strip(net, recipe, X, Y)
    z = X @ net.weights[0].T.astype(float) + net.biases[0]
    assert first["signal"] == pytest.approx((z**2).mean(), rel=1e-6)
    assert first["variance"] == pytest.approx(np.tanh(z).var(), rel=1e-6)
    told = explain(net, recipe, X, Y)["differences"]
    for layer, each in ((1, first), (2, last)):
        assert each["gradient"] == pytest.approx(np.linalg.norm(told[f"W{layer}"]["gradient"]), rel=1e-6)
    assert (first["units"], last["units"], last["name"], last["twins"]) == (3, 2, "output", None)
    alike = describe_net([np.ones((3, 2)), np.ones((2, 3))], [np.zeros(3), np.zeros(2)], "tanh")
    assert strip(alike, recipe, X, Y)[0]["twins"] == 1.0
    wide = gf.Recipe(hidden=(128, 128), activation="relu", init="he-normal", seed=1)
    rng = np.random.default_rng(0)
    layers = initial_layers(wide, 100, 2)
    drawn = describe_net([w for w, _ in layers], [b for _, b in layers], "relu")
    *found, _ = strip(drawn, wide, rng.normal(size=(64, 100)), rng.integers(0, 2, 64))
    assert [each["signal"] for each in found] == pytest.approx([each["expected"] for each in found], rel=0.3)
    assert strip(drawn, gf.Recipe(hidden=(4,)), rng.normal(size=(4, 100)), [0, 1, 0, 1])[0]["expected"] is None
