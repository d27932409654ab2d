"""Section 4.3.3 in its small form: the claims, and polynomials against NumPy's and by leaving rows out."""

from __future__ import annotations

import numpy as np
import pytest
from studies_help import Small

from goodfit.studies import run
from goodfit.studies.capacity import measure as capacities

pytestmark = pytest.mark.xdist_group("capacity")  # a worker runs its small form once

SURE = (
    "under-train",
    "under-both",
    "over-train",
    "over-fresh",
    "over-gap",
    "few-rows",
    "l2-polynomial",
    "data-polynomial",
    "second-descent",
)


def test_the_claims(small: Small) -> None:
    result = small("capacity")
    assert {name: result.claim(name).status for name in SURE} == dict.fromkeys(SURE, "holds")
    assert result.claim("second-below").status == "does not hold"
    assert result.claim("best-inside").found.value > 0.8  # 20 data sets are too few for an interval above 0.9


def test_the_training_error_never_rises_with_the_degree(small: Small) -> None:
    table = small("capacity").tables["errors"]
    trained = [
        value for value, varied in zip(table["train_median"], table["varied"], strict=True) if varied == "degree"
    ]
    assert len(trained) == 11
    assert trained == sorted(trained, reverse=True)


@pytest.mark.parametrize("degree", [0, 3, 7])
def test_least_squares_is_numpys_polynomial(degree: int) -> None:
    x, y = capacities.rows_of(1, 30, 0.3)
    found = capacities.features(capacities.line(), degree) @ capacities.least_squares(x, y, degree)
    np.testing.assert_allclose(found, np.polyval(np.polyfit(x, y, degree), capacities.line()), atol=1e-8)


def test_past_the_rows_the_shortest_fit_meets_them_all() -> None:
    x, y = capacities.rows_of(1, 20, 0.3)
    inputs, found = capacities.features(x, 60), capacities.least_squares(x, y, 60)
    np.testing.assert_allclose(inputs @ found, y, atol=1e-8)
    rows_only = inputs.T @ np.linalg.solve(inputs @ inputs.T, y)  # the shortest lies in the span of the rows
    np.testing.assert_allclose(found, rows_only, atol=1e-6)


def test_leaving_each_row_out_in_closed_form_is_leaving_it_out() -> None:
    """The penalty is l2 times the number of rows, and keeps that of all rows where one is left out."""
    x, y = capacities.rows_of(2, 20, 0.3)
    l2, degree = 0.01, 6
    penalty = 20 * l2 * np.diag([0.0] + [1.0] * degree)
    squares = []
    for row in range(20):
        keep = np.arange(20) != row
        inputs = capacities.features(x[keep], degree)
        c = np.linalg.solve(inputs.T @ inputs + penalty, inputs.T @ y[keep])
        squares.append(float((capacities.features(x[row : row + 1], degree) @ c)[0] - y[row]) ** 2)
    assert capacities.ridge(x, y, degree, l2)[1] == pytest.approx(np.mean(squares))


def test_errors_on_fresh_rows_count_the_noise() -> None:
    """With ever so many rows, the best polynomial's error is the noise's variance and what its degree leaves out."""
    result = run("capacity", seeds=2, nets=2, rows=200, noise=0.5, degree=9, widths=(2,), epochs=50)
    at = result.tables["errors"]["value"].index(9)
    assert result.tables["errors"]["fresh_median"][at] == pytest.approx(0.25 * (1 + 10 / 200), rel=0.15)
    for name in ("width-under", "width-over", "width-second"):
        assert result.claim(name).status == "cannot tell"


def test_the_ends_of_the_parameters() -> None:
    result = run("capacity", seeds=2, nets=2, rows=20, noise=0.0, degree=2, widths=(1, 2), epochs=50)
    assert result.tables["best"]["best"][0] in (0, 1, 2)
