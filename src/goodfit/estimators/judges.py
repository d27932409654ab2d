"""What early stopping watches: the engine's own loss or score, or a scorer on the host."""

import copy
import functools
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.base import is_classifier
from sklearn.metrics import r2_score

from goodfit.estimators.inputs import GivenRows
from goodfit.estimators.population import Judge
from goodfit.estimators.prediction import as_weights, net_attributes
from goodfit.estimators.settings import watched
from goodfit.training.population import NetArrays


def judge_of(estimator: Any, given: GivenRows) -> Judge | None:
    """Who scores the nets on the host after every epoch, where the engine cannot: a scorer, or R² without a spread."""
    what = watched(estimator)
    if given.raw_valid is None or what in ("nothing", "loss"):
        return None
    x, y, weight = given.raw_valid
    if callable(what):
        takes_weights = weight is not None and hasattr(what, "_score_func")
        return functools.partial(_scored, estimator, what, x, y, {"sample_weight": weight} if takes_weights else {})
    return (
        functools.partial(_scored, estimator, _r2, x, y, {"sample_weight": weight}) if _flat(estimator, given) else None
    )


def recorder_of(estimator: Any, given: GivenRows) -> Judge | None:
    """Who scores the nets where nobody stops by the score and the engine has none: R² without a spread.

    It is scikit-learn's 0.0 (1.0 where the predictions are exact), whatever is watched.
    """
    if given.raw_valid is None or watched(estimator) not in ("nothing", "loss") or not _flat(estimator, given):
        return None
    x, y, weight = given.raw_valid
    return functools.partial(_scored, estimator, _r2, x, y, {"sample_weight": weight})


def _flat(estimator: Any, given: GivenRows) -> bool:
    """Whether some target is the same in all validation rows, so that the engine's R² is not defined."""
    return not (is_classifier(estimator) or (given.valid is not None and np.isfinite(given.valid.variances).all()))


def _scored(estimator: Any, scorer: Callable[..., Any], x: Any, y: Any, more: dict[str, Any], net: NetArrays) -> float:
    """The scorer's word on the estimator as it would be with this net alone."""
    fitted = copy.copy(estimator)
    vars(fitted).update(net_attributes([as_weights(net)]))
    vars(fitted).pop("feature_names_in_", None)  # the rows were checked before, and are plain arrays now
    with np.errstate(all="ignore"):  # a net on its way to diverge overflows
        try:
            return float(scorer(fitted, x, y, **more))
        except ValueError:  # metrics refuse predictions that are not finite, for which scikit-learn's own score is nan
            if np.isfinite(fitted._mean_output(x)).all():
                raise
            return np.nan


def _r2(estimator: Any, x: Any, y: Any, sample_weight: Any) -> float:
    return float(r2_score(y, estimator.predict(x), sample_weight=sample_weight))
