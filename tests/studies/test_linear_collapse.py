"""Section 4.1.1.1 in its small form: the claims, folding by hand, straight lines by geometry."""

from __future__ import annotations

import numpy as np
import pytest
from studies_help import Small

from goodfit.inspection import describe_net, fold
from goodfit.studies import run
from goodfit.studies.common.trained import hidden_values
from goodfit.studies.linear_collapse.straightness import bend, best_line, fold_by_hand, fold_errors

pytestmark = pytest.mark.xdist_group("linear-collapse")  # a worker runs its small form once


def test_the_claims(small: Small) -> None:
    result = small("linear-collapse")
    sure = ("folds", "simple-fails", "hidden-solves", "more-layers", "float32", "small-straight")
    assert {name: result.claim(name).status for name in sure} == dict.fromkeys(sure, "holds")
    assert all(each.status != "does not hold" for each in result.claims)


def test_no_linear_net_beats_the_best_straight_line(small: Small) -> None:
    rows = [*zip(*small("linear-collapse").tables["accuracy"].values(), strict=True)]
    mean = {(name, net, layers): value for name, net, layers, value, *_ in rows}
    for (name, net, _), value in mean.items():
        if net in ("none", "linear"):
            assert value <= mean[name, "line", 0] + 1e-6


def test_the_fold_by_hand_is_the_library_s() -> None:
    rng = np.random.default_rng(0)
    weights = [rng.normal(size=shape) for shape in ((5, 3), (4, 5), (2, 4))]
    biases = [rng.normal(size=len(weight)) for weight in weights]
    w, b = fold_by_hand(weights, biases)
    np.testing.assert_allclose(w, weights[2] @ weights[1] @ weights[0], rtol=1e-12)
    one = fold(describe_net(weights, biases, "identity"))
    np.testing.assert_allclose(w, one.weights[0], rtol=1e-5)
    np.testing.assert_allclose(b, one.biases[0], rtol=1e-5)


def test_rounding_is_of_the_size_that_the_types_have() -> None:
    table = fold_errors((0, 1), (1, 4), (8,))
    assert max(table["algebra"]) < 1e-14
    assert max(table["folded"]) < 4 * np.finfo(np.float32).eps
    assert max(table["single"]) < 40 * np.finfo(np.float32).eps


def square(points: int) -> np.ndarray:
    return np.random.default_rng(0).uniform(-1, 1, (points, 2))


def test_the_best_line_of_xor_is_right_on_two_thirds() -> None:
    """Geometry: x2 - x1 > 2/3 against the rest. A share of 40,000 points has a standard error of 0.0024."""
    x = square(40_000)
    assert best_line(x, (x[:, 0] * x[:, 1] < 0).astype(int)) == pytest.approx(2 / 3, abs=0.01)


def test_the_best_line_of_circles_cuts_off_a_third() -> None:
    """A tangent of the inner circle of half the radius: beyond it lies the arc of 120 degrees."""
    angles = 2 * np.pi * np.arange(3000) / 3000
    circle = np.stack([np.cos(angles), np.sin(angles)], 1)
    x, y = np.concatenate([circle, circle / 2]), np.repeat([0, 1], 3000)
    assert best_line(x, y) == pytest.approx(2 / 3, abs=0.01)


def test_a_line_that_divides_all() -> None:
    x = square(400)
    assert best_line(x, (x[:, 0] > 0.11).astype(int)) == 1.0
    assert best_line(x, (x[:, 0] < 0.11).astype(int)) == 1.0


def test_how_much_relu_bends() -> None:
    """Of max(0, Z), Z from N(0, 1), a line tells 1/4 of E max(0, Z)^2 - (E max(0, Z))^2 = 1/2 - 1/(2 pi)."""
    x = np.random.default_rng(0).normal(size=(200_000, 1))
    assert bend(x, np.maximum(x, 0)) == pytest.approx(1 - 0.25 / (0.5 - 0.5 / np.pi), abs=0.01)
    assert bend(x, 3 * x + 1) < 1e-20
    assert np.isnan(bend(x, np.ones_like(x)))
    assert np.isnan(bend(x, np.full_like(x, np.inf)))


def test_hidden_values_end_where_the_outputs_begin() -> None:
    rng = np.random.default_rng(0)
    weights = [rng.normal(size=shape) for shape in ((5, 3), (4, 5), (2, 4))]
    net = describe_net(weights, [np.zeros(len(weight)) for weight in weights], ("tanh", "prelu"), slopes=(None, 0.3))
    x = rng.normal(size=(7, 3))
    last = [*hidden_values(net, x)][-1]
    np.testing.assert_allclose(last @ net.weights[2].T, net.outputs(x, np.float64), rtol=1e-6)


def test_extremes_are_told_of() -> None:
    result = run("linear-collapse", seeds=2, layers=2, epochs=3, rows=50, width=1, learning_rate=1.0, first="prelu")
    assert result.claim("folds").status == "holds"
    assert result.claim("hidden-solves").status != "holds"
