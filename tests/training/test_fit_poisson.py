"""Training on the Poisson loss, against scikit-learn's nets and against the statistics of counts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from engine_reference import PLAIN, fit64, make_examples
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPRegressor

import goodfit as gf
from goodfit.data import Dataset
from goodfit.training.examples import Examples, Scaling
from goodfit.training.initialise import initial_layers
from goodfit.training.population import Job

ALPHA = 2.0
WHOLE = PLAIN.replace(hidden=(6, 4), batch_size=23, keep_best=False, loss="poisson", learning_rate=0.02, epochs=7)


def counts() -> Examples:
    """The examples of the other tests, with two columns of counts as targets, which are not scaled."""
    examples = make_examples("regression", parts={})
    y = np.random.default_rng(1).poisson(2.0, (len(examples.x), 2)).astype(examples.y.dtype)
    own = examples.scaling
    scaling = Scaling(own.shift, own.scale, np.zeros(2, np.float32), np.ones(2, np.float32))
    return Examples(examples.x, y, "regression", 2, examples.train, scaling)


def peer(examples: Examples, recipe: gf.Recipe) -> Any:
    """scikit-learn's net with goodfit's initial weights, trained by full batches."""
    scaling = examples.scaling
    x = ((examples.x.astype(float) - scaling.shift) * scaling.scale)[examples.train]
    y = examples.y[examples.train].astype(float)
    model = MLPRegressor(
        loss="poisson",
        hidden_layer_sizes=recipe.hidden,
        activation=recipe.activation,
        alpha=ALPHA,
        solver="sgd",
        momentum=0.0,
        nesterovs_momentum=False,
        batch_size=len(x),
        learning_rate_init=recipe.learning_rate,
        max_iter=1,
        warm_start=True,
        tol=0.0,
    )
    with pytest.warns(ConvergenceWarning):
        model.fit(x, y)  # only so that it knows its shapes
    layers = initial_layers(recipe, examples.x.shape[1], examples.outputs)
    model.coefs_ = [w.T.astype(float) for w, _ in layers]
    model.intercepts_ = [b.astype(float) for _, b in layers]
    model.loss_curve_.clear()
    model.set_params(max_iter=recipe.epochs, n_iter_no_change=1000)
    with pytest.warns(ConvergenceWarning):
        return model.fit(x, y)


def test_the_weights_are_those_of_scikit_learn() -> None:
    examples = counts()
    fitted = fit64([Job(WHOLE.replace(l2=ALPHA / 23))], examples)
    model = peer(examples, WHOLE)
    assert model.out_activation_ == "exp"
    for ours, theirs in zip(fitted.nets[0].weights, model.coefs_, strict=True):
        np.testing.assert_allclose(ours, theirs.T, rtol=1e-9, atol=1e-11)
    for ours, theirs in zip(fitted.nets[0].biases, model.intercepts_, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-11)


def test_a_run_predicts_rates_and_scores_them() -> None:
    """y ~ Poisson(exp(x0 - x1)): Poisson regression finds the slopes 1 and -1 within 4 standard errors, about 0.05."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(4000, 2)) / 2
    y = rng.poisson(np.exp(x[:, 0] - x[:, 1])).astype(float)
    data = Dataset("counts", x, y, "regression", scaling="none", scale_targets=True)
    recipe = gf.Recipe(hidden=(), loss="poisson", optimizer="lbfgs", epochs=15, keep_best=False)
    run = gf.train(recipe, data)
    net = run.nets[0]
    assert net.link == "exp"
    np.testing.assert_allclose(net.weights[0], [[1, -1]], atol=0.1)
    predicted = net.predict(x)
    np.testing.assert_allclose(predicted, np.exp(net.outputs(x)), rtol=1e-6)
    rows = run.history["train_score"][-1, 0]  # R² of predictions, not of their logarithms
    assert rows == pytest.approx(run.scores["train"].value, abs=1e-4)
    assert run.scores["train"].value > 0.3
    assert "Poisson" in run.figure().axes[0].get_ylabel()
