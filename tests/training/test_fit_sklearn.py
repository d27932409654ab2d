"""Steps of the engine against scikit-learn's multilayer perceptrons, which divide the L2 penalty by the rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from engine_reference import PLAIN, fit64, make_examples, scaled
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier, MLPRegressor

from goodfit.training.examples import Examples
from goodfit.training.initialise import initial_layers
from goodfit.training.population import Job
from goodfit.training.recipe import Recipe

WHOLE = PLAIN.replace(hidden=(6, 4), batch_size=23, keep_best=False)
ALPHA = 2.0


def peer(kind: type, recipe: Recipe, examples: Examples, **options: Any) -> Any:
    """scikit-learn's net with goodfit's initial weights, trained by full batches for the recipe's epochs."""
    inputs, targets = scaled(examples)
    x, y = inputs[examples.train], targets[examples.train]
    y = y.ravel() if examples.outputs == 1 else y
    model = kind(
        hidden_layer_sizes=recipe.hidden,
        activation=recipe.activation,
        alpha=ALPHA,
        batch_size=len(x),
        learning_rate_init=recipe.learning_rate,
        max_iter=1,
        warm_start=True,
        tol=0.0,
        **options,
    )
    with pytest.warns(ConvergenceWarning):
        model.fit(x, y)  # only so that it knows its shapes
    layers = initial_layers(recipe, examples.x.shape[1], examples.outputs)
    model.coefs_ = [w.T.astype(float) for w, _ in layers]
    model.intercepts_ = [b.astype(float) for _, b in layers]
    model.set_params(max_iter=recipe.epochs, n_iter_no_change=1000)
    with pytest.warns(ConvergenceWarning):
        return model.fit(x, y)


def check_equal(fitted: Any, model: Any) -> None:
    for ours, theirs in zip(fitted.nets[0].weights, model.coefs_, strict=True):
        np.testing.assert_allclose(ours, theirs.T, rtol=1e-9, atol=1e-11)
    for ours, theirs in zip(fitted.nets[0].biases, model.intercepts_, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("epochs", [1, 6])
def test_classifier(epochs: int) -> None:
    examples = make_examples(parts={})
    recipe = WHOLE.replace(activation="relu", l2=ALPHA / 23, epochs=epochs)
    model = peer(MLPClassifier, recipe, examples, solver="sgd", momentum=0.0, nesterovs_momentum=False)
    check_equal(fit64([Job(recipe)], examples), model)


@pytest.mark.parametrize("nesterov", [False, True])
def test_regressor_with_momentum(nesterov: bool) -> None:
    examples = make_examples("regression", parts={})
    examples = Examples(examples.x, examples.y[:, :1], "regression", 1, examples.train, first_target(examples))
    recipe = WHOLE.replace(l2=ALPHA / 23, momentum=0.9, nesterov=nesterov, learning_rate=0.02, epochs=7)
    model = peer(MLPRegressor, recipe, examples, solver="sgd", momentum=0.9, nesterovs_momentum=nesterov)
    fitted = fit64([Job(recipe)], examples)
    check_equal(fitted, model)
    half_squares = fitted.metrics[:, 0, 0]  # before each step; scikit-learn adds the penalty to its curve
    assert half_squares[-1] < half_squares[0]
    variance = (examples.y[examples.train] * examples.scaling.target_scale).astype(float).var()
    np.testing.assert_allclose(fitted.metrics[:, 1, 0], 1 - 2 * half_squares / variance, rtol=1e-6, atol=1e-9)


def first_target(examples: Examples) -> Any:
    scaling = examples.scaling
    return type(scaling)(scaling.shift, scaling.scale, scaling.target_shift[:1], scaling.target_scale[:1])


def test_adam_where_epsilon_vanishes() -> None:
    """scikit-learn adds epsilon before it corrects the bias of the second moment."""
    examples = make_examples(parts={})
    recipe = WHOLE.replace(optimizer="adam", learning_rate=0.03, l2=ALPHA / 23, epochs=5, epsilon=1e-14)
    check_equal(fit64([Job(recipe)], examples), peer(MLPClassifier, recipe, examples, solver="adam", epsilon=1e-14))
