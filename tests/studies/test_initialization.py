"""Section 4.8 in its small form: the claims, and signals and gradients against the formulas of the derivation."""

from __future__ import annotations

import numpy as np
import pytest
from studies_help import Small

from goodfit.nets.initialisers import INITIALISERS
from goodfit.studies import run
from goodfit.studies.initialization.signal_flow import SLOPES, flow, growth, predicted_flow
from goodfit.training import Recipe

pytestmark = pytest.mark.xdist_group("initialization")  # a worker runs its small form once

SURE = ("uniform-variance", "uniform-bound", "eases", "xavier-trains")


def test_the_claims(small: Small) -> None:
    result = small("initialization")
    assert {name: result.claim(name).status for name in SURE} == dict.fromkeys(SURE, "holds")
    assert result.claim("derivation").found.value == pytest.approx(1, abs=0.1)
    refuted = ("xavier-unequal", "default-trains", "xavier-relu")
    assert {name: result.claim(name).status for name in refuted} == dict.fromkeys(refuted, "does not hold")
    assert result.claim("xavier-unequal").found.value == pytest.approx(2 * 128 / (128 + 32), rel=0.1)


@pytest.mark.parametrize(("init", "factor"), [("xavier-normal", 1.0), ("he-normal", 2.0), ("torch", 1 / 3)])
def test_linear_layers_multiply_by_n_in_variance(init: str, factor: float) -> None:
    """Mean squares of 300 nets: those of a product of 3 matrices of 64 units vary by a few percent each."""
    recipe = Recipe(hidden=(64, 64), activation="identity", init=init)
    found = [flow(recipe.replace(seed=seed), 64, 64) for seed in range(300)]
    forward, backward = (np.mean(each, axis=0) for each in zip(*found, strict=True))
    np.testing.assert_allclose(forward, factor ** np.arange(1, 4), rtol=0.05)
    np.testing.assert_allclose(backward, factor ** np.arange(2, -1, -1.0), rtol=0.05)
    expected = predicted_flow(recipe, 64, 64)
    np.testing.assert_allclose(expected[0], factor ** np.arange(1, 4))
    np.testing.assert_allclose(expected[1], factor ** np.arange(2, -1, -1.0))


def test_relu_halves() -> None:
    recipe = Recipe(hidden=(64,) * 20, activation="relu", init="xavier-normal")
    forward, backward = predicted_flow(recipe, 64, 64)
    assert growth(forward) == pytest.approx(0.5, rel=1e-3)
    assert growth(backward[::-1]) == pytest.approx(0.5, rel=1e-3)


@pytest.mark.parametrize("activation", ["identity", "tanh", "relu"])
def test_gradients_are_those_of_jax(activation: str) -> None:
    from goodfit.inspection import describe_net, subject_of
    from goodfit.inspection.passes import run_passes
    from goodfit.training.initialise import initial_layers

    recipe = Recipe(hidden=(6, 5), activation=activation, init="he-normal", init_bias="torch")
    weights, biases = zip(*initial_layers(recipe, 4, 3), strict=True)
    x = np.random.default_rng(0).normal(size=(8, 4)).astype(np.float32)
    net = describe_net(weights, biases, activation, task="regression")
    passes = run_passes(subject_of(net, x, np.zeros((8, 3))))
    gradient, size = passes.z_gradients[-1].T, (passes.z_gradients[0] ** 2).mean()
    for layer in (2, 1):
        gradient = (gradient @ weights[layer].astype(float)) * SLOPES[activation](passes.z[layer - 1].T)
    assert (gradient**2).mean() == pytest.approx(size, rel=1e-6)


def test_the_uniform_bound() -> None:
    weights = INITIALISERS["xavier-uniform"].draw(np.random.default_rng(0), 300, 100, 1.0)
    bound = np.sqrt(6 / 400)
    assert 0.999 * bound < np.abs(weights).max() <= bound
    assert weights.var() == pytest.approx(2 / 400, rel=0.02)


def test_extremes_are_told_of() -> None:
    result = run("initialization", seeds=2, trained=2, layers=2, width=4, epochs=1, rates=(1.0,))
    assert len(result.tables["growth"]["init"]) == 15
