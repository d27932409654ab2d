"""Section 4.7.3 in its small form: the claims, and equal units against gradient descent written out in NumPy."""

from __future__ import annotations

import math

import numpy as np
import pytest
from studies_help import Small

from goodfit.inspection.passes import run_passes
from goodfit.studies import run
from goodfit.studies.catalogue import find
from goodfit.studies.parameters import checked
from goodfit.studies.symmetry.measure import APART, _distance, _noisy, _subject, epochs_until_apart

pytestmark = pytest.mark.xdist_group("symmetry")  # a worker runs its small form once

HOLD = ("permuted", "forward", "backward", "kept", "limits", "dropout", "others", "one-unit", "noise", "waiting")


def test_the_claims(small: Small) -> None:
    result = small("symmetry")
    assert {name: result.claim(name).status for name in HOLD} == dict.fromkeys(HOLD, "holds")


def test_what_keeps_units_equal_and_what_does_not(small: Small) -> None:
    table = small("symmetry").tables["trainings"]
    equal = dict(zip(table["training"], table["equal"], strict=True))
    apart = {"random", "constant and noise", "constant, dropout"}
    assert {name for name, share in equal.items() if share == 0} == apart
    assert {name for name, share in equal.items() if share == 1} == set(equal) - apart


def test_weights_of_zero_learn_the_shares_of_the_classes_alone(small: Small) -> None:
    """No gradient reaches any weight; a constant answer is right for about a tenth of the digits."""
    table = small("symmetry").tables["trainings"]
    zero = table["training"].index("zero")
    assert table["distance"][zero] == 0
    assert table["high"][zero] < 0.15


def test_equal_units_keep_equal_under_gradient_descent_by_hand() -> None:
    """Four equal tanh units in plain NumPy, 50 steps of gradient descent: bit for bit the same weights."""
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((40, 3)), rng.standard_normal((40, 1))
    inner, outer = np.full((3, 4), 0.3), np.full((4, 1), 0.3)
    for _ in range(50):
        hidden = np.tanh((x[:, :, None] * inner).sum(1))
        error = (hidden[:, :, None] * outer).sum(1) - y
        back = error * outer.T * (1 - hidden**2)
        outer = outer - 0.1 * (hidden[:, :, None] * error[:, None]).mean(0)
        inner = inner - 0.1 * (x[:, :, None] * back[:, None]).mean(0)
    assert (inner == inner[:, :1]).all()
    assert (outer == outer[:1]).all()
    assert inner.std() > 0.01


def test_equal_units_do_what_one_does() -> None:
    """The outputs of equal units are those of one unit times their number."""
    given = checked("study", find("symmetry").parameters, {"width": 5})
    net, subject = _subject(given, 3, "constant")
    hidden = np.maximum(subject.x @ net.weights[0][0].astype(float), 0)
    np.testing.assert_allclose(run_passes(subject).z[-1], 5 * np.outer(net.weights[1][:, 0], hidden), rtol=1e-6)


def test_the_distance_of_two_units_by_hand() -> None:
    given = checked("study", find("symmetry").parameters, {"width": 2})
    net = _noisy(given, 0, 0.0)
    assert _distance(net) == 0
    net.weights[0][1] *= 2  # 64 weights of 0.1 doubled; ten weights out stay
    assert _distance(net) == pytest.approx(math.sqrt(64) / math.sqrt(4 * 64 + 10), rel=1e-6)


def test_epochs_until_apart() -> None:
    curve = np.array([[0.0, 0.05, APART, 1.0], [0.0, 0.01, 0.02, 0.03], [1.0, 1.0, 1.0, 1.0]])
    np.testing.assert_array_equal(epochs_until_apart(curve), [2, np.inf, 0])


def test_one_size_of_noise_leaves_nothing_to_compare() -> None:
    result = run("symmetry", seeds=2, width=2, epochs=1, noise=(1e-3,))
    assert result.claim("waiting").status == "cannot tell"
    assert result.claim("kept").status == "holds"
