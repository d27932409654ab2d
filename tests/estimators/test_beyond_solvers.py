"""The solvers and schedules that scikit-learn has not, step by step, against their papers' formulas in NumPy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import optax
import pytest
from estimators_help import FLOWERS, KINDS, NUMBER_X, NUMBERS, UNCONVERGED, assert_same_net, ours, still

pytestmark = UNCONVERGED

STEPS, RATE, ALPHA, DECAY = 6, 0.03, 0.2, 0.4
LINE = {"hidden_layer_sizes": (), "batch_size": 60, "shuffle": False, "learning_rate_init": RATE}

State = dict[str, Any]


def adamw(g: Any, w: Any, t: int, state: State, decayed: Any) -> Any:
    """Loshchilov & Hutter's, with epsilon where scikit-learn's Adam has it: before the correction for bias."""
    state["m"] = 0.8 * state.get("m", 0) + 0.2 * g
    state["v"] = 0.95 * state.get("v", 0) + 0.05 * g**2
    size = RATE * np.sqrt(1 - 0.95**t) / (1 - 0.8**t)
    return w - size * state["m"] / (np.sqrt(state["v"]) + 0.01) - RATE * DECAY * w * decayed


def rmsprop(g: Any, w: Any, t: int, state: State, decayed: Any) -> Any:
    """Hinton's lecture 6e, epsilon outside the root as in PyTorch."""
    state["v"] = 0.95 * state.get("v", 0) + 0.05 * g**2
    return w - RATE * g / (np.sqrt(state["v"]) + 0.01)


def lion(g: Any, w: Any, t: int, state: State, decayed: Any) -> Any:
    """Chen et al. (2023), algorithm 2."""
    direction = np.sign(0.8 * state.get("m", 0) + 0.2 * g)
    state["m"] = 0.95 * state.get("m", 0) + 0.05 * g
    return w - RATE * (direction + DECAY * w * decayed)


RULES: dict[str, tuple[Callable[..., Any], dict[str, Any]]] = {
    "adamw": (adamw, {"beta_1": 0.8, "beta_2": 0.95, "epsilon": 0.01, "weight_decay": DECAY}),
    "rmsprop": (rmsprop, {"beta_2": 0.95, "epsilon": 0.01}),
    "lion": (lion, {"beta_1": 0.8, "beta_2": 0.95, "weight_decay": DECAY}),
}


def by_hand(rule: Callable[..., Any], start: Any) -> Any:
    """A linear net [3 weights, then its bias] after some steps on all rows; biases neither decay nor are penalised."""
    x = np.column_stack([NUMBER_X, np.ones(60)])
    w, decayed, state = np.append(start.coefs_[0], start.intercepts_[0]), np.array([1, 1, 1, 0]), {}
    for t in range(1, STEPS + 1):
        gradient = x.T @ (x @ w - NUMBERS) / 60 + ALPHA / 60 * w * decayed
        w = rule(gradient, w, t, state, decayed)
    return w


@pytest.mark.parametrize("solver", RULES)
def test_steps_by_hand(solver: str) -> None:
    rule, given = RULES[solver]
    net = ours("MLPRegressor", **LINE, solver=solver, alpha=ALPHA, max_iter=STEPS, **given).fit(NUMBER_X, NUMBERS)
    found = np.append(net.coefs_[0], net.intercepts_[0])
    np.testing.assert_allclose(found, by_hand(rule, still(net, NUMBER_X, NUMBERS)), rtol=1e-9)


@pytest.mark.parametrize("solver", ["adamw", "lion"])
def test_the_weight_decay_that_is_not_given(solver: str) -> None:
    plain, same, none = (
        ours("MLPRegressor", **LINE, solver=solver, weight_decay=decay).fit(NUMBER_X, NUMBERS)
        for decay in (None, 0.01, 0.0)
    )
    assert_same_net(plain, same)
    assert not np.allclose(plain.coefs_[0], none.coefs_[0], rtol=1e-6)


def test_adamw_without_decay_is_adam() -> None:
    assert_same_net(ours(solver="adamw", weight_decay=0.0).fit(FLOWERS, KINDS), ours().fit(FLOWERS, KINDS))


@pytest.mark.parametrize("solver", RULES)
def test_every_solver_learns(solver: str) -> None:
    net = ours(solver=solver, hidden_layer_sizes=(50,), max_iter=100, learning_rate_init=0.002).fit(FLOWERS, KINDS)
    assert net.score(FLOWERS, KINDS) > 0.9


EPOCHS = 20
SCHEDULES: dict[str, tuple[Any, Callable[[int], Any]]] = {
    "cosine": ("cosine", optax.cosine_decay_schedule(RATE, EPOCHS)),
    "one-cycle": ("one-cycle", optax.cosine_onecycle_schedule(EPOCHS, RATE, 0.3, 25, np.inf)),
    "step": ("step", optax.exponential_decay(RATE, 10, 0.1, staircase=True)),
    "exponential": ("exponential", optax.exponential_decay(RATE, 10, 0.1)),
    "constant": ("constant", optax.constant_schedule(RATE)),
    "a dict": (
        {"schedule": "exponential", "schedule_rate": 0.5, "schedule_epochs": 4},
        optax.exponential_decay(RATE, 4, 0.5),
    ),
    "a floor": ({"schedule": "cosine", "final_rate": 0.25}, optax.cosine_decay_schedule(RATE, EPOCHS, 0.25)),
    "a warm-up": (
        {"schedule": "cosine", "warmup": 3},
        lambda t: RATE * (t + 1) / 3 if t < 3 else optax.cosine_decay_schedule(RATE, EPOCHS - 3)(t - 3),
    ),
}


def rates(**given: Any) -> Any:
    """The learning rate of every epoch but the last, seen in the loss.

    One input, always 1, and a target far above: weight and bias rise by the learning rate in every step of gradient
    descent on the absolute error, which therefore falls by twice as much.
    """
    line = {**LINE, "batch_size": 5, "loss": "absolute_error", "solver": "sgd", "momentum": 0.0, "alpha": 0.0}
    net = ours("MLPRegressor", **{**line, "max_iter": EPOCHS, "n_iter_no_change": EPOCHS, **given})
    return -np.diff(net.fit(np.ones((5, 1)), np.full(5, 100.0)).loss_curve_) / 2


@pytest.mark.parametrize("name", SCHEDULES)
def test_the_rate_of_every_epoch(name: str) -> None:
    given, expected = SCHEDULES[name]
    np.testing.assert_allclose(rates(schedule=given), [float(expected(t)) for t in range(EPOCHS - 1)], rtol=1e-5)


def test_without_a_schedule_the_rate_is_scikit_learns() -> None:
    np.testing.assert_allclose(rates(), RATE)
    falling = rates(learning_rate="invscaling", power_t=0.7)
    np.testing.assert_allclose(falling[1:], RATE / (5.0 * np.arange(1, EPOCHS - 1) + 1) ** 0.7, rtol=1e-9)


@pytest.mark.parametrize("solver", ["adam", "adamw", "rmsprop", "lion"])
def test_other_solvers_follow_a_schedule(solver: str) -> None:
    """Over two epochs of one step, the second of which has nearly no rate left."""
    given = {"solver": solver, "max_iter": 2, "batch_size": 150}
    one = ours(**{**given, "max_iter": 1}).fit(FLOWERS, KINDS)
    two = ours(**given, schedule={"schedule": "exponential", "schedule_rate": 1e-12, "schedule_epochs": 1})
    assert_same_net(two.fit(FLOWERS, KINDS), one, rtol=1e-6, atol=1e-9)


def test_a_fit_that_goes_on_begins_its_schedule_anew() -> None:
    given = {"shuffle": False, "solver": "sgd", "momentum": 0.0, "schedule": "cosine", "max_iter": 4}
    twice = ours(**given, warm_start=True).fit(FLOWERS, KINDS).fit(FLOWERS, KINDS)
    first = ours(**given).fit(FLOWERS, KINDS)
    by_parts = ours(**given, warm_start=True).fit(FLOWERS, KINDS)
    assert_same_net(by_parts, first)
    assert len(twice.history_) == 8
    assert twice.loss_ < first.loss_
