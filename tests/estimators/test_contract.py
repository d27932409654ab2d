"""scikit-learn's own checks of an estimator, with none expected to fail.

The nets for tables are spared one, of whole weights that equal repeated rows: these fall into other folds and batches.
`tests/runs/test_row_weights.py` has it where nets are trained on all rows in one batch.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sklearn.utils.estimator_checks import (
    check_sample_weight_equivalence_on_dense_data,
    estimator_checks_generator,
    parametrize_with_checks,
)

import goodfit as gf

# The checks fit nets of default settings to a few rows of noise, and most of these fits end at the last epoch.
pytestmark = pytest.mark.filterwarnings(
    r"ignore:Stochastic Optimizer. Maximum iterations \(200\) reached:sklearn.exceptions.ConvergenceWarning"
)


# short, since each check has data of another shape, for which a program is compiled; some of it is one column that
# equals the target, of which the leak guard would warn
QUICK = {"hidden": (4,), "epochs": 10, "encoding": "none", "learning_rate": 0.05}
TABLES = [gf.TableClassifier(QUICK, leaks="off"), gf.TableRegressor(QUICK, leaks="off")]


@parametrize_with_checks([gf.MLPClassifier(), gf.MLPRegressor()])
def test_every_check_passes(estimator: Any, check: Any) -> None:
    check(estimator)


def checks_of_tables() -> Iterator[Any]:
    for each in TABLES:
        for estimator, check in estimator_checks_generator(each):
            if check.func is not check_sample_weight_equivalence_on_dense_data:
                yield pytest.param(estimator, check, id=f"{type(estimator).__name__}-{check.func.__name__}")


@pytest.mark.parametrize(("estimator", "check"), list(checks_of_tables()))
def test_every_check_of_tables_passes(estimator: Any, check: Any) -> None:
    check(estimator)


@pytest.mark.parametrize(
    "estimator",
    [gf.MLPClassifier(solver="lbfgs"), gf.MLPRegressor(solver="sgd", tol=1e-2, random_state=42)],
    ids=["classifier", "regressor"],
)
def test_rows_of_weight_two_equal_rows_twice(estimator: Any) -> None:
    """With the settings that scikit-learn gives its own nets for this check: they must find their minimum."""
    check_sample_weight_equivalence_on_dense_data(type(estimator).__name__, estimator)
