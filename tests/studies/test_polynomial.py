"""Section 4.3.4 in its small form: the claims, and the fits against least squares."""

from __future__ import annotations

import numpy as np
import pytest
from studies_help import Small

from goodfit.data import load
from goodfit.studies import run
from goodfit.studies.polynomial import measure

pytestmark = pytest.mark.xdist_group("polynomial")  # a worker runs its small form once

SURE = ("few-underfits", "many-overfits", "high-powers", "notes-inside")


def test_the_claims(small: Small) -> None:
    result = small("polynomial")
    assert {name: result.claim(name).status for name in SURE} == dict.fromkeys(SURE, "holds")
    assert 1 < result.claim("right-fits").found.value < 6
    assert all(each.status != "does not hold" for each in result.claims)


def test_the_rows_that_the_notes_print() -> None:
    """By hand: at x = -1.1468065 the cubic is -0.019647, so that the label is 0.0445 off, and the other 0.19.

    x is printed to 8 decimals, so that its 19th power is known to 19 times half of the last, relative to x.
    """
    result = run("polynomial", seeds=2, epochs=10, long_epochs=10)
    assert result.claim("notes-features").found.value < 19 * 0.5e-8 / 0.03716067
    assert result.claim("notes-labels").found.value == pytest.approx(1.9, abs=0.02)
    x = measure.NOTED_X[1]
    cubic = 5 + 1.2 * x - 3.4 * x**2 / 2 + 5.6 * x**3 / 6
    assert measure.NOTED_LABELS[1] - cubic == pytest.approx(-0.0445, abs=5e-4)


def test_a_straight_line_ends_at_least_squares() -> None:
    """Two features, 100 rows: SGD at a constant rate hovers about the minimum, within a tenth of the weights."""
    result = run("polynomial", seeds=5, epochs=400, long_epochs=10)
    solved = []
    for seed in range(5):
        data = load("polynomial", seed=seed, n_features=2)
        solved.append(np.linalg.lstsq(data.x[:100].astype(float), data.y[:100, 0].astype(float), rcond=None)[0])
    weights = np.array(result.tables["weights"]["mean"])[4:6]
    np.testing.assert_allclose(weights, np.mean(solved, axis=0), rtol=0.1)


def test_without_noise_the_right_terms_are_found_exactly() -> None:
    result = run("polynomial", seeds=4, noise=0.0, epochs=3000, long_epochs=10)
    np.testing.assert_allclose(result.tables["weights"]["mean"][:4], [5, 1.2, -3.4, 5.6], atol=0.02)
    assert result.tables["losses"]["test_median"][0] < 1e-3


def test_the_same_seeds_give_the_same_numbers() -> None:
    first, second = (run("polynomial", seeds=2, epochs=20, long_epochs=20) for _ in range(2))
    assert first.tables == second.tables


@pytest.mark.parametrize("seed", [0, 7])
def test_seeds_begin_where_asked(seed: int) -> None:
    both = run("polynomial", seeds=3, seed=seed, epochs=20, long_epochs=20).tables["weights"]
    later = run("polynomial", seeds=3, seed=seed + 1, epochs=20, long_epochs=20).tables["weights"]
    assert both["low"] != later["low"]
