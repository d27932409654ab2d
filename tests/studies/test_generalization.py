"""Sections 4.3.1 and 4.3.2 in their small form: the claims, and what test sets do against theory."""

from __future__ import annotations

import numpy as np
import pytest
from studies_help import Small

from goodfit.studies import find, run
from goodfit.studies.common.trained import misses, outputs, squared_errors
from goodfit.studies.generalization.measure import rows_of
from goodfit.training import Recipe
from goodfit.training.population import NetArrays

pytestmark = pytest.mark.xdist_group("generalization")  # a worker runs its small form once

SURE = (
    "complex-apart",
    "complex-trains",
    "many-parameters",
    "large-range",
    "few-rows",
    "test-off",
    "unlike-rows",
    "best-optimistic",
    "widened-interval",
    "mixed-in",
)


def test_the_claims(small: Small) -> None:
    result = small("generalization")
    assert {name: result.claim(name).status for name in SURE} == dict.fromkeys(SURE, "holds")
    assert result.claim("plain-interval").status != "holds"
    assert result.claim("kept-apart").status != "does not hold"


def test_labels_are_wrong_as_often_as_asked() -> None:
    """The surface by hand; four standard errors of 20,000 rows."""
    x, y = rows_of(3, 20_000, 0.1, "rows")
    side = x[:, 0] + x[:, 1] + 0.5 * (x[:, 2] ** 2 - 1) + 0.5 * x[:, 3] * x[:, 4] > 0
    assert np.mean(side != y) == pytest.approx(0.1, abs=4 * np.sqrt(0.09 / 20_000))
    assert x.shape == (20_000, 10)
    np.testing.assert_allclose(x.std(0), 1, atol=0.03)
    moved, _ = rows_of(3, 20_000, 0.1, "rows", shift=2)
    np.testing.assert_allclose(moved.mean(0), [*np.zeros(9), 2], atol=0.03)


def test_a_test_set_is_off_as_the_binomial_law_says(small: Small) -> None:
    """The root mean square over 400 test sets of 100 rows has a standard error of 3.5 %."""
    table = small("generalization").tables["test_sets"]
    assert table["rows"][0] == 100
    assert table["deviation"][0] == pytest.approx(table["binomial"][0], rel=0.15)


def test_more_looks_are_more_optimistic_and_widening_holds(small: Small) -> None:
    table = small("generalization").tables["looks"]
    assert table["looks"] == [1, 2, 5, 10, 20]
    assert abs(table["mean"][0]) < 0.01
    assert table["mean"] == sorted(table["mean"])
    assert min(table["widened"]) > 0.92


def test_one_value_of_a_parameter_leaves_its_cause_open() -> None:
    small = {**find("generalization").small, "rows": (50,), "widths": (4,), "l2": (0.0,), "tries": 2, "seeds": 2}
    result = run("generalization", **small)
    for name in ("many-parameters", "large-range", "few-rows", "ever-worse"):
        assert result.claim(name).status == "cannot tell"


def test_fresh_rows_by_hand() -> None:
    net = NetArrays(
        (np.array([[1.0, -1.0], [2.0, 0.5]]), np.array([[1.0, -1.0], [0.0, 1.0]])),
        (np.array([0.0, 1.0]), np.array([0.5, 0.0])),
        (None,),
    )
    recipe = Recipe(hidden=(2,), activation="relu", dropout=0)
    x = np.array([[1.0, 0.0], [0.0, 3.0]], np.float32)
    # hidden: [1, 3] and [0, 2.5]; outputs: 1 - 3 + 0.5 and 3; 0 - 2.5 + 0.5 and 2.5
    np.testing.assert_allclose(outputs(recipe, net, x), [[-1.5, 3.0], [-2.0, 2.5]], atol=1e-6)
    assert misses(recipe, [net], x, np.array([1, 0])).tolist() == [[False, True]]
    one = NetArrays((net.weights[0], net.weights[1][:1]), (net.biases[0], net.biases[1][:1]), (None,))
    assert squared_errors(recipe, [one], x, np.array([0.5, -2.0])).tolist() == pytest.approx([2.0])
