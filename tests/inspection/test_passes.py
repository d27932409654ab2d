"""One forward and one backward pass against TrainedNet, the engine's forward pass, and differences by hand."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from inspection_help import random_net, rows_for, subject

from goodfit.inspection.passes import parameters_of, run_passes
from goodfit.inspection.precision import LARGEST, SMALLEST, exact, overflows, underflows
from goodfit.inspection.subject import subject_of
from goodfit.nets.activations import ACTIVATIONS
from goodfit.nets.forward import Architecture, Present, forward
from goodfit.nets.numpy_activations import FUNCTIONS

CASES = [
    ("tanh", {"task": "classification"}),
    ("prelu", {"task": "regression", "slopes": (0.3, 0.1), "target_shift": [1.0], "target_scale": [2.0]}),
    ("gelu", {"task": "multilabel", "shift": 0.5, "scale": 2.0}),
]


def made(activation: str, fields: dict[str, Any]) -> Any:
    outputs = 1 if fields["task"] == "regression" else 3
    return random_net((4, 6, 5, outputs), activation, **fields)


@pytest.mark.parametrize(("activation", "fields"), CASES)
def test_the_outputs_are_those_of_the_net_and_of_the_engine(activation: str, fields: dict[str, Any]) -> None:
    net = made(activation, fields)
    found = subject(net)
    passes = run_passes(found)
    expected = net.outputs(found.raw_x, np.float64)
    np.testing.assert_allclose(passes.z[-1].T, expected, rtol=1e-6)
    with exact():
        shape = Architecture(4, (6, 5), net.n_outputs, net.activations)
        present = Present((jnp.ones((1, 1, 6)), jnp.ones((1, 1, 5))), jnp.ones((1, 1, 2), bool))
        engine = forward(parameters_of(net), jnp.asarray(found.x)[None], shape, present)
        np.testing.assert_array_equal(np.asarray(engine)[0, 0], passes.z[-1])


@pytest.mark.parametrize(("activation", "fields"), CASES)
def test_gradients_are_those_of_differences(activation: str, fields: dict[str, Any]) -> None:
    """Every gradient against central differences of a forward pass written out in NumPy, row by row."""
    net = made(activation, fields)
    found = subject(net, rows=3)
    passes = run_passes(found)
    step = 1e-5

    def loss(row: int, layer: int, where: str, unit: int, shift: float) -> float:
        h = found.x[row]
        for at, (weight, bias) in enumerate(zip(net.weights, net.biases, strict=True)):
            z = weight.astype(np.float64) @ h + bias
            if where == "z" and at == layer:
                z[unit] += shift
            if at < len(net.activations):
                h = function(net.activations[at], z, net.slopes[at])
                if where == "a" and at == layer:
                    h[unit] += shift
        return row_loss(net.task, z, found.target[..., row])

    for row, layer, unit in [(0, 0, 2), (1, 1, 4), (2, 1, 0)]:
        for where, gradients in (("z", passes.z_gradients), ("a", passes.a_gradients)):
            moved = [loss(row, layer, where, unit, sign * step) for sign in (1, -1)]
            assert gradients[layer][unit, row] == pytest.approx((moved[0] - moved[1]) / (2 * step), rel=1e-6, abs=1e-9)
    mean = np.mean([loss(row, 0, "", 0, 0.0) for row in range(3)])
    assert passes.loss == pytest.approx(mean, rel=1e-9)


def function(name: str, z: np.ndarray, slope: float | None) -> np.ndarray:
    return FUNCTIONS[name](z) if slope is None else FUNCTIONS[name](z, slope)


def row_loss(task: str, z: np.ndarray, target: Any) -> float:
    if task == "classification":
        return float(np.log(np.exp(z).sum()) - z[target])
    if task == "multilabel":
        return float((np.log1p(np.exp(z)) - z * target).sum())
    return float(0.5 * ((z - target) ** 2).sum())


def test_weight_gradients_are_outer_products_of_what_goes_forward_and_what_comes_back() -> None:
    found = subject(random_net((4, 6, 5, 3)))
    passes = run_passes(found)
    before = [found.x.T, *passes.a]
    for layer, (gradient, of_bias) in enumerate(zip(passes.weight_gradients, passes.bias_gradients, strict=True)):
        np.testing.assert_allclose(gradient, passes.z_gradients[layer] @ before[layer].T / 40, rtol=1e-9, atol=1e-15)
        np.testing.assert_allclose(of_bias, passes.z_gradients[layer].mean(1), rtol=1e-9, atol=1e-15)
    for layer in range(2):
        back = passes.z_gradients[layer + 1]
        np.testing.assert_allclose(passes.a_gradients[layer], found.net.weights[layer + 1].T @ back, rtol=1e-9)
        np.testing.assert_allclose(passes.z_gradients[layer], passes.a_gradients[layer] * passes.slopes_z[layer])


@pytest.mark.parametrize("name", sorted(set(ACTIVATIONS) - {"prelu"}))
def test_slopes_are_those_of_differences(name: str) -> None:
    passes = run_passes(subject(random_net((4, 6, 3), name)))
    z, step = passes.z[0], 1e-6
    expected = (function(name, z + step, None) - function(name, z - step, None)) / (2 * step)
    np.testing.assert_allclose(passes.slopes_z[0], expected, atol=1e-7)


def test_float64_is_used_here_alone() -> None:
    assert run_passes(subject(random_net((4, 6, 3)))).z[0].dtype == np.float64
    assert jnp.ones(2).dtype == jnp.float32


def test_what_float32_loses_and_cannot_hold_is_counted() -> None:
    values = np.array([0.0, 1.0, SMALLEST, SMALLEST / 2, -SMALLEST / 4, LARGEST, -2 * LARGEST, np.inf, np.nan, 2.0])
    assert underflows(values) == 0.2
    assert overflows(values) == 0.3
    assert underflows(np.empty(0)) == overflows(np.empty(0)) == 0.0


def test_rows_are_those_of_the_loss_that_was_asked_for() -> None:
    net = random_net((4, 6, 1), task="regression")
    x, y = rows_for(net)
    for loss, expected in (("absolute-error", 1.0), ("squared-error", None), ("huber", 0.5)):
        found = run_passes(subject_of(net, x, y, loss=loss, huber_delta=0.5)).z_gradients[-1]
        assert expected is None or np.abs(found).max() == pytest.approx(expected)
