from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goodfit.errors import InputError
from goodfit.models import trained_net
from goodfit.models.trained_net import TrainedNet
from goodfit.nets.activations import ACTIVATIONS
from goodfit.nets.numpy_activations import FUNCTIONS


def by_hand(**changes: Any) -> TrainedNet:
    """2-2-2, relu: h = relu([u - v, v + 1]), z = [h0 + 2 h1, 3 h0 - 1] of scaled inputs u = (x0 - 1) / 2, v = x1."""
    fields: dict[str, Any] = {
        "weights": ([[1, -1], [0, 1]], [[1, 2], [3, 0]]),
        "biases": ([0, 1], [0, -1]),
        "activations": ("relu",),
        "task": "classification",
        "classes": ("cat", "dog"),
        "shift": [1, 0],
        "scale": [0.5, 1],
        "seed": 7,
    }
    return TrainedNet(**(fields | changes))


X = np.array([[5, 1], [1, -3], [9, 0]])
# scaled (2, 1), (0, -3), (4, 0); h (1, 2), (3, 0), (4, 1); z (5, 2), (3, 8), (6, 11)
Z = np.array([[5.0, 2.0], [3.0, 8.0], [6.0, 11.0]])


def random_net(rng: np.random.Generator, sizes: list[int], activations: list[str], **fields: Any) -> TrainedNet:
    shapes = list(zip(sizes[1:], sizes[:-1], strict=True))
    return TrainedNet(
        weights=tuple(rng.normal(size=shape) for shape in shapes),
        biases=tuple(rng.normal(size=out) for out, _ in shapes),
        activations=tuple(activations),
        slopes=tuple(0.3 if name == "prelu" else None for name in activations),
        shift=rng.normal(size=sizes[0]),
        scale=rng.uniform(0.5, 2, size=sizes[0]),
        **({"task": "regression"} | fields),
    )


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_activations_are_those_of_training(name: str) -> None:
    z = np.concatenate([np.linspace(-12, 12, 4001), [-1e30, -1e4, -100, -0.0, 0.0, 100, 1e4, 1e30]]).astype(np.float32)
    more = (np.float32(0.2),) if name == "prelu" else ()
    ours, theirs = FUNCTIONS[name](z, *map(float, more)), np.asarray(ACTIVATIONS[name].function(z, *more))
    assert ours.dtype == np.float32
    # a few roundings; gelu's left tail is more precise here, by up to 1e-6
    np.testing.assert_allclose(ours, theirs, rtol=3e-6, atol=2e-6)


def test_every_activation_has_its_numpy_version() -> None:
    assert FUNCTIONS.keys() == ACTIVATIONS.keys()


def test_outputs_worked_by_hand() -> None:
    np.testing.assert_array_equal(by_hand().outputs(X), Z)


def test_classification() -> None:
    net = by_hand()
    assert net.predict(X).tolist() == [0, 1, 1]
    assert net.predict(X).dtype == np.int32
    probabilities = net.predict_proba(X)
    np.testing.assert_allclose(probabilities, np.exp(Z) / np.exp(Z).sum(1, keepdims=True), rtol=1e-6)
    score = net.score(X, np.array([0, 1, 0]))
    assert (score.name, score.value, score.rows) == ("accuracy", pytest.approx(2 / 3), 3)


def test_probabilities_do_not_overflow() -> None:
    np.testing.assert_array_equal(by_hand(scale=1e6).predict_proba([[0, 1]]), [[1, 0]])
    net = by_hand(weights=([[1e4, 1e4]],), biases=([0],), activations=(), task="multilabel", classes=("a",), scale=1)
    np.testing.assert_allclose(net.predict_proba([[2, 0], [-2, 0]]), [[1], [0]])


def test_the_first_of_equal_classes_wins() -> None:
    net = by_hand(weights=(np.zeros((3, 2)),), biases=(np.ones(3),), activations=(), classes=("a", "b", "c"))
    assert net.predict(X).tolist() == [0, 0, 0]


def test_multilabel() -> None:
    net = by_hand(task="multilabel", biases=([0, 1], [-5, -5]))  # outputs (0, -2), (-2, 4), (1, 7)
    assert net.predict(X).tolist() == [[0, 0], [0, 1], [1, 1]]
    np.testing.assert_allclose(net.predict_proba(X), 1 / (1 + np.exp(-(Z - [5, 4]))), rtol=1e-6)
    score = net.score(X, np.array([[0, 0], [0, 1], [1, 0]]))
    assert (score.name, score.value) == ("exact match", pytest.approx(2 / 3))


def test_regression_predicts_in_the_unit_of_the_targets() -> None:
    net = by_hand(task="regression", classes=(), target_shift=[10, 0], target_scale=[2, 0.1])
    np.testing.assert_allclose(net.predict(X), Z / [2, 0.1] + [10, 0], rtol=1e-6)
    np.testing.assert_array_equal(net.outputs(X), Z)
    assert net.score(X, net.predict(X)).value == 1
    with pytest.raises(InputError, match="must be a classifier to give probabilities; got 'regression'"):
        net.predict_proba(X)


def test_with_the_link_exp_predictions_are_powers() -> None:
    net = by_hand(task="regression", classes=(), link="exp", biases=([0, 1], [-5, -9]))
    np.testing.assert_allclose(net.predict(X), np.exp(Z - [5, 8]), rtol=1e-6)
    np.testing.assert_array_equal(net.outputs(X), Z - [5, 8])
    assert net.score(X, np.exp(Z - [5, 8])).value == pytest.approx(1)
    large = by_hand(task="regression", classes=(), link="exp", scale=1e4)
    assert np.isinf(large.predict([[5, 1]])).any()  # and no warning


@pytest.mark.parametrize("task", ["classification", "multilabel", "regression"])
def test_in_float64_the_numbers_are_those_of_float32_but_for_their_rounding(task: str) -> None:
    fields: dict[str, Any] = {"task": task, "classes": () if task == "regression" else ("a", "b", "c")}
    net = random_net(np.random.default_rng(5), [4, 6, 3], ["silu"], **fields)
    x = np.random.default_rng(6).normal(size=(50, 4))
    for method in (net.outputs, net.predict, *([] if task == "regression" else [net.predict_proba])):
        single, double = method(x), method(x, np.float64)
        np.testing.assert_allclose(single, double, rtol=1e-4, atol=1e-6)
        if method == net.outputs:
            assert (single.dtype, double.dtype) == (np.float32, np.float64)
            assert (double != double.astype(np.float32)).any()


def test_slopes_are_float32_like_all_other_numbers() -> None:
    assert by_hand(activations=("prelu",), slopes=(0.1,)).slopes == (float(np.float32(0.1)),)


def test_one_output_takes_targets_with_one_axis() -> None:
    net = random_net(np.random.default_rng(0), [3, 1], [])
    x = np.random.default_rng(1).normal(size=(6, 3))
    assert net.score(x, net.predict(x)[:, 0]).value == 1


@given(
    sizes=st.lists(st.integers(1, 6), min_size=2, max_size=5),
    data=st.data(),
    seed=st.integers(0, 2**32 - 1),
)
def test_any_net_agrees_with_a_plain_float64_pass_through_the_activations_of_training(
    sizes: list[int], data: st.DataObject, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    count = len(sizes) - 2
    activations = data.draw(st.lists(st.sampled_from(sorted(ACTIVATIONS)), min_size=count, max_size=count))
    net = random_net(rng, sizes, activations)
    x = rng.normal(size=(5, sizes[0]))
    h = ((x - net.shift) * net.scale).T
    for layer, name in enumerate(activations):
        slope = (0.3,) if name == "prelu" else ()
        h = np.asarray(ACTIVATIONS[name].function(net.weights[layer] @ h + net.biases[layer][:, None], *slope))
    expected = (net.weights[-1] @ h + net.biases[-1][:, None]).T
    np.testing.assert_allclose(net.outputs(x), expected, rtol=1e-3, atol=1e-3 * max(1, np.abs(expected).max()))


def test_blocks_of_rows_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(2)
    net, x = random_net(rng, [5, 7, 3], ["tanh"]), rng.normal(size=(23, 5))
    whole = net.outputs(x)
    monkeypatch.setattr(trained_net, "BLOCK_NUMBERS", 30)  # four rows
    np.testing.assert_allclose(net.outputs(x), whole, rtol=1e-5, atol=1e-5)
    monkeypatch.setattr(trained_net, "BLOCK_NUMBERS", 1)
    np.testing.assert_allclose(net.outputs(x), whole, rtol=1e-5, atol=1e-5)
    assert net.outputs(x[:0]).shape == (0, 3)


def test_pixels_stay_bytes_until_their_block_comes() -> None:
    net = random_net(np.random.default_rng(3), [4, 2], [])
    pixels = np.random.default_rng(4).integers(0, 256, (9, 4), dtype=np.uint8)
    np.testing.assert_array_equal(net.outputs(pixels), net.outputs(pixels.astype(np.float32)))


def test_sizes_parameters_and_repr() -> None:
    net = random_net(np.random.default_rng(0), [4, 3, 2], ["prelu"])
    assert (net.sizes, net.n_inputs, net.n_outputs, net.n_parameters) == ((4, 3, 2), 4, 2, 12 + 3 + 6 + 2 + 1)
    assert repr(net) == "TrainedNet(4-3-2, prelu, regression, seed 0)"
    assert repr(random_net(np.random.default_rng(0), [4, 2], [])) == (
        "TrainedNet(4-2, no hidden layer, regression, seed 0)"
    )


def test_predicting_does_not_start_jax() -> None:
    code = (
        "import sys; from goodfit.models.trained_net import TrainedNet; "
        "net = TrainedNet(([[1.0]], [[1.0], [2.0]]), ([0.0], [0.0, 1.0]), ('gelu',), 'classification', ('a', 'b'));"
        "net.score([[1.0]], [0]); assert 'jax' not in sys.modules and 'matplotlib' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"weights": ()}, "must have a weight and a bias per layer"),
        ({"biases": ([0, 1],)}, "got '2 weights, 1 biases, 1 activations'"),
        ({"activations": ("relu", "relu")}, "an activation per hidden layer"),
        ({"weights": ([[1, -1], [0, 1]], [[1, 2, 3], [3, 0, 3]])}, "layer 1 must fit the layer before it"),
        ({"biases": ([0, 1, 2], [0, -1])}, "layer 0 must fit"),
        ({"weights": ([1, 2], [[1, 2], [3, 0]])}, "layer 0 must fit"),
        ({"weights": ([[1, np.nan], [0, 1]], [[1, 2], [3, 0]])}, "every weight of layer 0 must be finite"),
        ({"biases": ([0, 1], [np.inf, 0])}, "every bias of layer 1 must be finite"),
        ({"activations": ("rleu",)}, "activation of layer 0 must be a known one; got 'rleu'. Did you mean 'relu'?"),
        ({"activations": ("prelu",)}, "must have a finite slope if it is prelu"),
        ({"slopes": (0.1,)}, "and none if it is not"),
        ({"slopes": (0.1, 0.2)}, "'slopes' must have one entry per hidden layer"),
        ({"activations": ("prelu",), "slopes": (float("nan"),)}, "must have a finite slope"),
        ({"shift": [1, 2, 3]}, "'shift' must be 2 finite numbers, or one for all"),
        ({"scale": [1, np.inf]}, "'scale' must be 2 finite numbers"),
        ({"target_scale": 0}, "'target_scale' must be > 0 everywhere"),
        ({"task": "classificaton"}, "'task' must be a known one; got 'classificaton'. Did you mean 'classification'"),
        ({"classes": ("cat",)}, "'classes' must name the 2 classes of classification"),
        ({"task": "regression"}, "'classes' must name the 0 classes of regression"),
        ({"link": "log"}, "'link' must be a known one; got 'log'. Valid: identity, exp."),
        ({"link": "exp"}, "'link' exp is for regression on unscaled targets; got 'classification'"),
        (
            {"link": "exp", "task": "regression", "classes": (), "target_shift": 1},
            "'link' exp is for regression on unscaled targets; got 'regression of scaled targets'",
        ),
    ],
)
def test_a_net_that_makes_no_sense_is_an_input_error(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as caught:
        by_hand(**changes)
    assert message in str(caught.value)


def test_all_problems_are_named_at_once() -> None:
    with pytest.raises(InputError, match="known one") as caught:
        by_hand(activations=("rleu",), biases=([0, np.nan], [0, np.nan]))
    assert len(caught.value.problems) == 3


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.zeros((2, 3)), r"2-d array of numbers with 2 columns; got 'float64 of shape \(2, 3\)'"),
        (np.zeros(2), r"got 'float64 of shape \(2,\)'"),
        ([["a", "b"]], "with 2 columns"),
        ([[1, np.nan], [2, np.inf], [3, 4]], r"column 1 is not in 2 rows \(0, 1\), 2 values in all; got nan. Impute"),
    ],
)
def test_inputs_that_cannot_be_used_are_input_errors(x: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        by_hand().predict(x)


def test_targets_of_another_shape_are_an_input_error() -> None:
    with pytest.raises(InputError, match=r"Targets: must be of shape \(3,\); got \(2,\)"):
        by_hand().score(X, [0, 1])


@pytest.mark.parametrize("ragged", [[[1, 2], [3]], [[1, "a"], [3]], [[[1], 2]]])
def test_lists_of_different_lengths_are_named(ragged: Any) -> None:
    found = TrainedNet((np.ones((2, 2)),), (np.zeros(2),), (), "classification", ("a", "b"))
    for read in (found.predict, found.predict_proba, found.outputs, lambda x: found.score(x, [0])):
        with pytest.raises(InputError, match="Inputs: must be an array of numbers; got "):
            read(ragged)
    with pytest.raises(InputError, match="Targets: must be an array of numbers; got "):
        found.score([[1, 2]], ragged)
    with pytest.raises(InputError, match="Net: must be an array of numbers; got "):
        TrainedNet((ragged,), (np.zeros(2),), (), "classification", ("a", "b"))


@pytest.mark.parametrize(("outputs", "targets"), [(2, ("a", "b", "a")), (2, ("a",)), (2, ("a", "a")), (1, ("a",))])
def test_several_targets_have_one_name_each(outputs: int, targets: tuple[str, ...]) -> None:
    with pytest.raises(InputError, match="'targets' must name each target of a regression with several, or none"):
        TrainedNet((np.ones((outputs, 2)),), (np.zeros(outputs),), (), "regression", targets=targets)
