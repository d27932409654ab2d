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
    if is_classifier(estimator) or (given.valid is not None and np.isfinite(given.valid.variances).all()):
        return None
    return functools.partial(_scored, estimator, _r2, x, y, {"sample_weight": weight})


def _scored(estimator: Any, scorer: Callable[..., Any], x: Any, y: Any, more: dict[str, Any], net: NetArrays) -> float:
    """The scorer's word on the estimator as it would be with this net alone."""
    fitted = copy.copy(estimator)
    vars(fitted).update(net_attributes([as_weights(net)]))
    vars(fitted).pop("feature_names_in_", None)  # the rows were checked before, and are plain arrays now
    return float(scorer(fitted, x, y, **more))


def _r2(estimator: Any, x: Any, y: Any, sample_weight: Any) -> float:
    return float(r2_score(y, estimator.predict(x), sample_weight=sample_weight))
