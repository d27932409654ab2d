"""L-BFGS against SciPy's optimum of a convex problem, and as a population."""

from __future__ import annotations

import math
from typing import Any

import jax
import numpy as np
import pytest
from engine_reference import PLAIN, Numbers, fit64, log_sum, make_examples, scaled
from scipy.optimize import minimize

from goodfit.training import optimisers
from goodfit.training.examples import Examples
from goodfit.training.memory import net_bytes
from goodfit.training.population import Job

SOFTMAX = PLAIN.replace(hidden=(), optimizer="lbfgs", learning_rate=1.0, epochs=60)
L2 = (0.01, 0.1, 1.0)


def weighted() -> Examples:
    weights = np.random.default_rng(2).uniform(0, 2, (2, 32))
    weights[1, ::3] = 0.0
    return make_examples(weights=weights, parts={})


def optimum(examples: Examples, l2: float, weight: Numbers, smoothing: float) -> tuple[Numbers, float]:
    """The best weights and biases, flat, and the objective there."""
    inputs, targets = scaled(examples)
    x, y, w = inputs[examples.train], targets[examples.train], weight[examples.train]
    goal = (1 - smoothing) * np.eye(3)[y] + smoothing / 3

    def objective(flat: Numbers) -> tuple[float, Numbers]:
        weights, biases = flat[:9].reshape(3, 3), flat[9:]
        z = x @ weights.T + biases
        logs = z - log_sum(z)[:, None]
        delta = (np.exp(logs) - goal) * (w / w.sum())[:, None]
        value = -(w * (goal * logs).sum(1)).sum() / w.sum() + l2 / 2 * (weights**2).sum()
        return value, np.concatenate([(delta.T @ x + l2 * weights).ravel(), delta.sum(0)])

    found = minimize(objective, np.zeros(12), jac=True, method="BFGS", options={"gtol": 1e-10, "maxiter": 2000})
    return found.x, float(found.fun)


@pytest.fixture(scope="module")
def population() -> tuple[list[Job], Any]:
    jobs = [Job(SOFTMAX.replace(l2=l2, label_smoothing=0.1 * rows), rows) for l2 in L2 for rows in range(2)]
    return jobs, fit64(jobs, weighted())


def test_reaches_the_optimum_of_scipy(population: Any) -> None:
    jobs, fitted = population
    examples = weighted()
    for job, net in zip(jobs, fitted.nets, strict=True):
        flat, _ = optimum(examples, job.recipe.l2, examples.weights[job.rows], job.recipe.label_smoothing)
        np.testing.assert_allclose(net.weights[0].ravel(), flat[:9], atol=1e-6)
        np.testing.assert_allclose(net.biases[0] - net.biases[0].mean(), flat[9:] - flat[9:].mean(), atol=1e-6)
    assert not fitted.frozen.any()
    losses = fitted.metrics[:, 0, 4]  # a net without smoothing, whose plain loss is then its objective but for L2
    assert fitted.metrics.shape == (60, 2, 6)
    assert losses[-1] < losses[0]


def test_a_net_of_a_population_is_the_net_alone(population: Any) -> None:
    jobs, fitted = population
    alone = fit64(jobs[3:4], weighted())
    np.testing.assert_allclose(alone.metrics[..., 0], fitted.metrics[..., 3], rtol=1e-8)
    np.testing.assert_allclose(alone.nets[0].weights[0], fitted.nets[3].weights[0], atol=1e-7)


def test_the_memory_of_a_net_counts_the_steps_that_are_remembered() -> None:
    """The state's own arrays, with weights, gradient and what replaces them, are nearly all of it in a wide net."""
    widths = (300, 400, 300)
    weights = {"w": np.zeros((300 + 1) * 400 + (400 + 1) * 300, np.float32)}
    state = jax.tree.leaves(jax.eval_shape(optimisers.lbfgs().init, weights))
    held = sum(4 * math.prod(leaf.shape) for leaf in state) + 3 * weights["w"].nbytes
    assert held <= net_bytes(widths, 1, optimizer="lbfgs") <= 1.2 * held
