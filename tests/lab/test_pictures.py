"""What is drawn: against predictions worked out net by net, and by hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from lab_help import SMALL

from goodfit.data import load
from goodfit.errors import InputError
from goodfit.lab.opening import open_state
from goodfit.lab.pictures import boundary, plane_of, points_of, units
from goodfit.lab.states import MOST_ROWS, checked_state
from goodfit.models import TrainedNet


def net(inputs: int, outputs: int, seed: int, **fields: Any) -> TrainedNet:
    rng = np.random.default_rng(seed)
    classes = tuple("abcdef"[:outputs])
    return TrainedNet(
        weights=(rng.normal(size=(4, inputs)), rng.normal(size=(3, 4)), rng.normal(size=(outputs, 3))),
        biases=(rng.normal(size=4), rng.normal(size=3), rng.normal(size=outputs)),
        activations=("tanh", "relu"),
        **({"task": "classification", "classes": classes, "shift": np.full(inputs, 0.5)} | fields),
    )


@pytest.mark.parametrize("classes", [2, 3])
def test_a_boundary_is_the_mean_over_nets_and_its_spread_the_deviation(classes: int) -> None:
    data = load("moons" if classes == 2 else "spirals", n_train=60)
    plane = plane_of(data, np.arange(60))
    assert plane is not None
    grid = plane.inputs(5)
    assert grid.shape == (25, 2)
    np.testing.assert_allclose(grid[0], [plane.x[0], plane.y[0]], rtol=1e-6)
    np.testing.assert_allclose(grid[4], [plane.x[1], plane.y[0]], rtol=1e-6)  # along x first
    np.testing.assert_allclose(grid[-1], [plane.x[1], plane.y[1]], rtol=1e-6)
    nets = [net(2, classes, seed) for seed in range(4)]
    found = boundary(nets, plane, grid, 5)
    each = np.stack([own.predict_proba(grid) for own in nets]).astype(np.float64)  # [P, N, C]
    mean, leading = each.mean(0), each.mean(0).argmax(1)
    shown = mean[:, 1:] if classes == 2 else mean
    np.testing.assert_allclose(found["mean"], shown.T.reshape(-1, 5, 5), atol=1e-5)
    spread = each.std(0)[np.arange(25), leading]
    np.testing.assert_allclose(found["spread"], spread.reshape(5, 5), atol=1e-5)


def test_units_are_what_each_layer_gives() -> None:
    data = load("moons", n_train=60)
    plane = plane_of(data, np.arange(60))
    assert plane is not None
    grid, own = plane.inputs(3), net(2, 2, 0)
    found = units(own, plane, grid, 3)
    first = np.tanh((grid - 0.5) @ own.weights[0].T + own.biases[0])
    second = np.maximum(first @ own.weights[1].T + own.biases[1], 0)
    expected = np.concatenate([first.T, second.T]).reshape(7, 3, 3)
    np.testing.assert_allclose(found["units"], expected, atol=1e-5)
    half = net(2, 2, 0, mixtures=(np.full(4, 0.5), np.zeros(3)))  # of each activation; the rest of z as it is
    z = (grid - 0.5) @ own.weights[0].T + own.biases[0]
    first = 0.5 * z + 0.5 * np.tanh(z)
    expected = np.concatenate([first.T, (first @ own.weights[1].T + own.biases[1]).T]).reshape(7, 3, 3)
    np.testing.assert_allclose(units(half, plane, grid, 3)["units"], expected, atol=1e-5)
    assert [found[name].shape for name in ("w0", "b0", "w2", "b2")] == [(4, 2), (4,), (2, 3), (2,)]


def test_the_polynomial_is_a_curve_of_its_one_variable() -> None:
    data = load("polynomial", n_features=5, n_train=50)
    plane = plane_of(data, np.arange(50))
    assert plane is not None
    assert (plane.kind, plane.names) == ("line", ("x", "target"))
    inputs = plane.inputs(7)
    for power in range(5):
        np.testing.assert_allclose(inputs[:, power], inputs[:, 1] ** power / math.factorial(power), rtol=1e-4)
    nets = [net(5, 1, seed, task="regression", classes=()) for seed in range(3)]
    found = boundary(nets, plane, inputs, 7)
    each = np.stack([own.predict(inputs)[:, 0] for own in nets])
    np.testing.assert_allclose(found["mean"], each.mean(0)[None], rtol=1e-4)
    np.testing.assert_allclose(found["nets"], each, rtol=1e-4)
    assert plane_of(load("polynomial", n_features=1), np.arange(9)) is None


def test_many_inputs_are_drawn_along_their_main_directions() -> None:
    data = load("digits")
    rows = np.arange(200)
    plane = plane_of(data, rows)
    assert plane is not None
    x = data.x[rows].astype(np.float64)
    variance = np.linalg.eigvalsh(np.cov(x.T))
    np.testing.assert_allclose(plane.place(x).var(0, ddof=1), variance[[-1, -2]], rtol=1e-6)
    assert f"{variance[-2:].sum() / variance.sum():.0%} of their variance" in plane.sentence
    found, there = points_of(data, plane, (rows, rows[:20]))
    assert (len(found["y"]), there, set(found["part"])) == (220, 220, {0, 1})


def test_points_that_somebody_drew() -> None:
    points = [[0.1 * k, (-1) ** k, k % 2] for k in range(20)]
    opened = open_state(checked_state({**SMALL, "data": {"points": points}, "recipe": {"valid": 0.25}}), {})
    assert (opened.told()["task"], opened.data.classes) == ("classification", ("class 1", "class 2"))
    curve = open_state(checked_state({**SMALL, "recipe": {}, "data": {"points": [point[:2] for point in points]}}), {})
    assert curve.told()["picture"]["kind"] == "line"
    with pytest.raises(InputError, match="must be of two classes or more; got 1"):
        open_state(checked_state({**SMALL, "data": {"points": [[1, 2, 0]] * 9}}), {})


def test_no_more_rows_than_the_lab_trains_on() -> None:
    opened = open_state(checked_state({**SMALL, "data": {"name": "digits", "rows": 200}}), {})
    assert (opened.told()["rows"]["train"], opened.told()["rows"]["valid"]) == (150, 50)
    assert opened.notes[0] == "Of 1,438 rows, 200 drawn at random are trained and validated on."
    assert MOST_ROWS == 10_000
