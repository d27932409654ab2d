from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from goodfit.data import Dataset, synthetic
from goodfit.errors import InputError

DRAW = {
    name: getattr(synthetic, name)
    for name in ("polynomial", "linear", "moons", "circles", "spirals", "xor", "blobs", "sine")
}


def test_polynomial_by_the_formula() -> None:
    data = synthetic.polynomial(seed=3, noise=0)
    assert data.x.shape == (200, 20)
    assert data.test.tolist() == list(range(100, 200))
    for row in (0, 57, 199):
        x = float(data.x[row, 1])
        powers = [x**i / math.factorial(i) for i in range(20)]
        np.testing.assert_allclose(data.x[row], powers, rtol=1e-5)
        y = 5 + 1.2 * x - 3.4 * x**2 / 2 + 5.6 * x**3 / 6
        assert float(data.y[row, 0]) == pytest.approx(y, rel=1e-5)


def test_polynomial_noise_and_inputs_are_normal() -> None:
    quiet, noisy = synthetic.polynomial(n_train=4000, noise=0), synthetic.polynomial(n_train=4000)
    noise = (noisy.y - quiet.y)[:, 0]
    assert noise.std() == pytest.approx(0.1, rel=0.06)  # 5 deviations of 1 / sqrt(2 * 4000)
    assert abs(noise.mean()) < 0.1 * 5 / math.sqrt(4000)
    x = quiet.x[:, 1]
    assert x.std() == pytest.approx(1, rel=0.06)
    assert np.mean(np.abs(x) < 1) == pytest.approx(0.6827, abs=0.04)
    assert abs(np.corrcoef(x, noise)[0, 1]) < 5 / math.sqrt(4000)


def test_fewer_features_are_the_first_ones_of_the_same_rows() -> None:
    wide, narrow = synthetic.polynomial(n_features=21), synthetic.polynomial(n_features=2)
    assert narrow.x.tolist() == wide.x[:, :2].tolist()
    assert narrow.y.tolist() == wide.y.tolist()
    assert narrow.features == ("1", "x")
    assert wide.features[20] == "x^20/20!"


def test_linear_by_the_formula() -> None:
    data = synthetic.linear(noise=0)
    assert data.x.shape == (120, 200)
    assert len(data) - len(data.test) == 20
    for row in (0, 19, 119):
        assert float(data.y[row, 0]) == pytest.approx(0.05 + 0.01 * math.fsum(map(float, data.x[row])), abs=1e-6)
    noise = synthetic.linear(n_train=4000).y - synthetic.linear(n_train=4000, noise=0).y
    assert noise.std() == pytest.approx(0.01, rel=0.06)


def test_moons_lie_on_two_half_circles() -> None:
    data = synthetic.moons(noise=0)
    x, y = data.x.T.astype(float)
    upper = data.y == 0
    np.testing.assert_allclose(np.hypot(x, y)[upper], 1, atol=1e-6)
    np.testing.assert_allclose(np.hypot(x - 1, y - 0.5)[~upper], 1, atol=1e-6)
    assert y[upper].min() >= -1e-6
    assert y[~upper].max() <= 0.5 + 1e-6


def test_circles_have_their_radii() -> None:
    data = synthetic.circles(noise=0, factor=0.3)
    radius = np.hypot(*data.x.T.astype(float))
    np.testing.assert_allclose(radius, np.where(data.y == 0, 1, 0.3), atol=1e-6)


@pytest.mark.parametrize(("n_classes", "turns"), [(2, 1.5), (3, 1.0), (5, 0.0)])
def test_spirals_wind_as_they_should(n_classes: int, turns: float) -> None:
    data = synthetic.spirals(noise=0, n_classes=n_classes, turns=turns)
    assert data.n_outputs == n_classes
    x, y = data.x.T.astype(float)
    r = np.hypot(x, y)
    assert r.max() <= 1 + 1e-6
    arm = np.angle((x + 1j * y) * np.exp(-2j * np.pi * (turns * r + data.y / n_classes)))
    assert np.abs(arm[r > 0.01]).max() < 1e-3


def test_xor_by_the_signs() -> None:
    data = synthetic.xor()
    x, y = data.x.T
    assert ((x > 0) != (y > 0)).astype(int).tolist() == data.y.tolist()
    assert np.abs(data.x).max() <= 1
    corners = corner_counts(x, y)
    assert min(corners) > 150  # 800 points over four corners: mean 200, deviation 10


def corner_counts(x: np.ndarray, y: np.ndarray) -> list[int]:
    return [int(np.sum((np.sign(x) == a) & (np.sign(y) == b))) for a in (-1, 1) for b in (-1, 1)]


def test_blobs_lie_about_a_circle() -> None:
    data = synthetic.blobs(noise=0, n_classes=4, n_test=0)
    centres = [(1, 0), (0, 1), (-1, 0), (0, -1)]
    np.testing.assert_allclose(data.x, [centres[code] for code in data.y], atol=1e-6)
    assert data.classes == ("blob 1", "blob 2", "blob 3", "blob 4")


def test_sine_by_the_formula() -> None:
    data = synthetic.sine(noise=0, periods=1.5, n_train=500)
    assert (abs(data.x).max() <= 1, data.features, data.task) == (True, ("x",), "regression")
    np.testing.assert_allclose(data.y, np.sin(1.5 * math.pi * data.x.astype(float)), atol=1e-6)
    noise = synthetic.sine(n_train=4000).y - synthetic.sine(n_train=4000, noise=0).y
    assert noise.std() == pytest.approx(0.2, rel=0.06)


@pytest.mark.parametrize("name", ["moons", "circles", "spirals", "xor", "blobs"])
def test_noise_has_its_size_and_classes_their_share(name: str) -> None:
    quiet, noisy = DRAW[name](n_train=3000, noise=0), DRAW[name](n_train=3000, noise=0.2)
    assert (noisy.x - quiet.x).std() == pytest.approx(0.2, rel=0.06)
    for rows in (quiet.y[:3000], quiet.y[3000:]):
        counts = np.bincount(rows)
        assert counts.max() - counts.min() <= 1


@pytest.mark.parametrize("name", DRAW)
def test_seeds_and_streams(name: str) -> None:
    draw = DRAW[name]
    first: Dataset = draw(seed=1)
    n_train = len(first) - len(first.test)
    assert first.x.tobytes() == draw(seed=1).x.tobytes()
    assert first.x.tobytes() != draw(seed=2).x.tobytes()
    more = draw(seed=1, n_train=n_train + 5)
    assert more.x[:n_train].tobytes() == first.x[:n_train].tobytes()
    assert more.x[more.test].tobytes() == first.x[first.test].tobytes()
    assert more.y[more.test].tobytes() == first.y[first.test].tobytes()
    assert first.x[: len(first.test)].tobytes() != first.x[first.test][:n_train].tobytes()
    assert draw(n_test=0).test.size == 0


@pytest.mark.parametrize(
    ("name", "parameters", "message"),
    [
        ("polynomial", {"n_features": 22}, r"'n_features' must be at most 21, which is degree 20; got 22"),
        ("polynomial", {"n_features": 0}, r"polynomial: 'n_features' must be an integer >= 1; got 0"),
        ("polynomial", {"noise": -1}, r"'noise' must be a finite number >= 0; got -1"),
        ("linear", {"n_inputs": 2.0}, r"linear: 'n_inputs' must be an integer >= 1; got 2\.0"),
        ("linear", {"n_train": True}, r"'n_train' must be an integer >= 1"),
        ("moons", {"noise": float("inf")}, r"'noise' must be a finite number"),
        ("moons", {"n_train": 1}, r"'n_train' must be an integer >= 2; got 1"),
        ("circles", {"factor": 1.0}, r"circles: 'factor' must be a number in \(0, 1\); got 1\.0"),
        ("circles", {"factor": "x"}, r"'factor' must be a number in \(0, 1\)"),
        ("spirals", {"n_classes": 1}, r"'n_classes' must be an integer >= 2; got 1"),
        ("spirals", {"turns": None}, r"'turns' must be a finite number >= 0; got None"),
        ("xor", {"seed": -3}, r"xor: 'seed' must be an integer >= 0; got -3"),
    ],
)
def test_bad_parameters(name: str, parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        DRAW[name](**parameters)


def test_all_problems_at_once() -> None:
    with pytest.raises(InputError) as caught:
        synthetic.polynomial(n_train=0, n_test=-1, noise=-1)
    assert len(caught.value.problems) == 3
