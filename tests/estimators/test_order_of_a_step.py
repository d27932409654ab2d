"""In which order a step clips, schedules, remembers and penalises: estimators against PyTorch's formulas in NumPy.

The formulas are those of the pages of torch.nn.utils.clip_grad_norm_ and of torch.optim's SGD, Adam, AdamW and RMSprop,
and for Lion algorithm 2 of Chen et al. (2023). In one thing SGD follows scikit-learn instead: a step keeps the learning
rate that it was made with in the momentum. At a constant rate the two are the same.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from estimators_help import NUMBER_X, NUMBERS, UNCONVERGED, ours

EPOCHS, BATCH, STEPS, RATE, CLIP = 5, 20, 3, 0.05, 0.5
X, Y = NUMBER_X, NUMBERS[:, None]
Arrays = list[np.ndarray]

SOLVERS: dict[str, dict[str, Any]] = {
    "sgd": {"solver": "sgd", "momentum": 0.0},
    "momentum": {"solver": "sgd", "momentum": 0.8, "nesterovs_momentum": False},
    "nesterov": {"solver": "sgd", "momentum": 0.8},
    "adam": {"solver": "adam", "beta_1": 0.7, "beta_2": 0.9, "epsilon": 1e-14},
    "adamw": {"solver": "adamw", "beta_1": 0.7, "beta_2": 0.9, "epsilon": 1e-14, "weight_decay": 0.5},
    "rmsprop": {"solver": "rmsprop", "beta_2": 0.9, "epsilon": 1e-14},
    "lion": {"solver": "lion", "beta_1": 0.7, "beta_2": 0.9, "weight_decay": 0.5},
}
SCHEDULES: dict[str, tuple[dict[str, Any], Callable[[float], float]]] = {  # of the time in epochs
    "constant": ({}, lambda t: 1.0),
    "step": ({"schedule": {"schedule": "step", "schedule_rate": 0.3, "schedule_epochs": 2}}, lambda t: 0.3 ** (t // 2)),
    "exponential": (
        {"schedule": {"schedule": "exponential", "schedule_rate": 0.3, "schedule_epochs": 2}},
        lambda t: 0.3 ** (t / 2),
    ),
    "cosine": ({"schedule": "cosine"}, lambda t: (1 + math.cos(math.pi * t / EPOCHS)) / 2),
    "warm-up": ({"schedule": {"schedule": "constant", "warmup": 2}}, lambda t: min(1.0, (t + 1 / STEPS) / 2)),
}
POLICIES: dict[str, tuple[dict[str, Any], Callable[[float], float]]] = {  # scikit-learn's own, of sgd
    "invscaling": (
        {"learning_rate": "invscaling", "power_t": 0.3},
        lambda t: (int(t) * len(X) + 1) ** -0.3,
    ),
    # nothing improves by so large a tol: the third and the fifth epoch lower the rate
    "adaptive": (
        {"learning_rate": "adaptive", "tol": 1e9, "n_iter_no_change": 1},
        lambda t: 1.0 if t < 3 else 0.2 if t < 5 else 0.04,
    ),
}
PENALTIES = {"alpha": {"alpha": 3.0}, "alpha and l1": {"alpha": 3.0, "l1": 0.3}}


def gradient(net: Arrays, x: np.ndarray, y: np.ndarray, alpha: float) -> Arrays:
    """Of mean (p - y)^2 / 2 + alpha / (2 rows) sum w^2, for one layer of tanh."""
    w1, b1, w2, b2 = net
    hidden = np.tanh(x @ w1 + b1)
    delta = (hidden @ w2 + b2 - y) / len(x)
    back = delta @ w2.T * (1 - hidden**2)
    return [
        x.T @ back + alpha * w1 / len(x),
        back.sum(0),
        hidden.T @ delta + alpha * w2 / len(x),
        delta.sum(0),
    ]


def directions(given: dict[str, Any]) -> Callable[[Arrays], Arrays]:
    """From a gradient to what the learning rate scales."""
    first, second = [0.0] * 4, [0.0] * 4
    solver, step = given["solver"], 0
    m, b1, b2 = given.get("momentum", 0), given.get("beta_1", 0), given.get("beta_2", 0)

    def one(i: int, g: np.ndarray) -> np.ndarray:
        if solver == "sgd":
            first[i] = m * first[i] + g
            return g + m * first[i] if given.get("nesterovs_momentum", True) else first[i]
        if solver == "lion":
            sign = np.sign(b1 * first[i] + (1 - b1) * g)
            first[i] = b2 * first[i] + (1 - b2) * g
            return sign
        first[i], second[i] = b1 * first[i] + (1 - b1) * g, b2 * second[i] + (1 - b2) * g * g
        if solver == "rmsprop":
            return g / (np.sqrt(second[i]) + 1e-14)
        return first[i] / (1 - b1**step) / (np.sqrt(second[i] / (1 - b2**step)) + 1e-14)

    def of(grads: Arrays) -> Arrays:
        nonlocal step
        step += 1
        return [one(i, g) for i, g in enumerate(grads)]

    return of


def by_hand(net: Arrays, given: dict[str, Any], factor: Callable[[float], float], clip: float | None) -> Arrays:
    """The net after EPOCHS epochs of STEPS batches."""
    direction = directions(given)
    for step in range(EPOCHS * STEPS):
        f, at = factor(step / STEPS), slice(BATCH * (step % STEPS), BATCH * (step % STEPS + 1))
        grads = gradient(net, X[at], Y[at], given["alpha"])
        if clip is not None:
            norm = math.sqrt(sum((g * g).sum() for g in grads))
            grads = [g * min(1.0, clip / norm) for g in grads]
        if given["solver"] == "sgd":
            moves = direction([f * g for g in grads])
        else:
            moves = [f * move for move in direction(grads)]
        decay = RATE * f * given.get("weight_decay", 0.0)
        new = [w - RATE * move - (decay * w if w.ndim == 2 else 0.0) for w, move in zip(net, moves, strict=True)]
        reach = RATE * f * given.get("l1", 0.0)
        net = [np.sign(w) * np.maximum(abs(w) - reach, 0.0) if w.ndim == 2 else w for w in new]
    return net


@functools.cache
def beginning() -> tuple[np.ndarray, ...]:
    net = ours("MLPRegressor", hidden_layer_sizes=(4,), activation="tanh", solver="sgd", learning_rate_init=1e-300)
    net.set_params(max_iter=1, momentum=0, alpha=0).fit(X, Y[:, 0])
    return net.coefs_[0], net.intercepts_[0], net.coefs_[1], net.intercepts_[1]


@UNCONVERGED
@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("clip", [None, CLIP], ids=["no clipping", "clipping"])
@pytest.mark.parametrize("solver", SOLVERS)
def test_every_schedule(solver: str, clip: float | None, penalty: str) -> None:
    given = {**SOLVERS[solver], **PENALTIES[penalty]}
    known = {**SCHEDULES, **POLICIES} if given["solver"] == "sgd" else SCHEDULES
    for name, (more, factor) in known.items():
        net = ours(
            "MLPRegressor",
            hidden_layer_sizes=(4,),
            activation="tanh",
            learning_rate_init=RATE,
            max_iter=EPOCHS,
            **{"batch_size": BATCH, "shuffle": False, "tol": 0.0, "n_iter_no_change": 99, **given, **more},
            clip_norm=clip,
        ).fit(X, Y[:, 0])
        expected = by_hand(list(beginning()), given, factor, clip)
        got = [net.coefs_[0], net.intercepts_[0], net.coefs_[1], net.intercepts_[1]]
        for one, other in zip(got, expected, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-7, atol=1e-9, err_msg=name)


def test_clipping_is_needed() -> None:
    """Else the tests above would say nothing of its order."""
    grads = gradient(list(beginning()), X[:BATCH], Y[:BATCH], 3.0)
    assert math.sqrt(sum((g * g).sum() for g in grads)) > 1.5 * CLIP
