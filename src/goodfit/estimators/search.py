"""`PopulationSearchCV`: scikit-learn's search, with all fits of goodfit's estimators trained as populations."""

import time
import warnings
from collections.abc import Iterator
from numbers import Integral
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from sklearn.base import _fit_context, clone, is_classifier
from sklearn.model_selection import ParameterGrid, ParameterSampler, check_cv
from sklearn.model_selection._search import BaseSearchCV
from sklearn.utils._param_validation import HasMethods, Interval
from sklearn.utils.metadata_routing import get_routing_for_object
from sklearn.utils.metaestimators import _safe_split
from sklearn.utils.validation import _check_method_params, indexable

from goodfit.estimators import together
from goodfit.training.elsewhere import elsewhere

if TYPE_CHECKING:
    pass


class PopulationSearchCV(BaseSearchCV):  # type: ignore[misc]
    """Search over parameters by cross-validation; all nets of all candidates and folds train together.

    The results are those of GridSearchCV (or of RandomizedSearchCV) with the same estimator, up to rounding: the same
    folds, the same `random_state`, the same nets; only sooner. The estimator is a goodfit MLPClassifier or
    MLPRegressor, or anything with one inside, such as a Pipeline. Fits that need the host while they train (early
    stopping, solver 'lbfgs', verbose) are trained one after another, as GridSearchCV does.

    Parameters
    ----------
    estimator : estimator
        What is fitted.
    param_grid : dict or list of dicts
        Parameter -> the values to try. With `n_iter`, also distributions with a method `rvs`.
    n_iter : int or None, default=None
        None tries every combination; a number draws so many at random.
    scoring, refit, cv, verbose, error_score, return_train_score
        As in GridSearchCV.
    random_state : int, RandomState instance or None, default=None
        Of the candidates that are drawn.
    executor : object with `submit` of `concurrent.futures`, or None, default=None
        Trains the populations elsewhere, see docs/clusters.md; None trains them here. A file of the search lacks it.

    Attributes
    ----------
    cv_results_, best_estimator_, best_params_, best_score_, best_index_, scorer_, n_splits_, refit_time_ : as there
    n_populations_ : populations that were trained
    population_seconds_ : what training them took; `mean_fit_time` of a candidate is its share of that
    """

    cv: Any
    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **{
            name: rule
            for name, rule in BaseSearchCV._parameter_constraints.items()
            if name not in ("n_jobs", "pre_dispatch")
        },
        "param_grid": [dict, list],
        "n_iter": [None, Interval(Integral, 1, None, closed="left")],
        "random_state": ["random_state"],
        "executor": [None, HasMethods("submit")],
    }

    def __init__(
        self,
        estimator: Any,
        param_grid: Any,
        *,
        n_iter: int | None = None,
        scoring: Any = None,
        refit: Any = True,
        cv: Any = None,
        verbose: int = 0,
        error_score: Any = np.nan,
        return_train_score: bool = False,
        random_state: Any = None,
        executor: Any = None,
    ) -> None:
        """Keep the parameters; `fit` checks them."""
        super().__init__(
            estimator,
            scoring=scoring,
            refit=refit,
            cv=cv,
            verbose=verbose,
            error_score=error_score,
            return_train_score=return_train_score,
        )
        self.param_grid = param_grid
        self.n_iter = n_iter
        self.random_state = random_state
        self.executor = executor

    def __sklearn_clone__(self) -> Self:
        """A copy with the same executor, which cannot be copied."""
        given = {
            name: clone(value, safe=False) for name, value in self.get_params(deep=False).items() if name != "executor"
        }
        return type(self)(**given, executor=self.executor)

    def __getstate__(self) -> dict[str, Any]:
        """What pickle takes: all but the executor."""
        state: dict[str, Any] = super().__getstate__()
        return {**state, "executor": None}

    @_fit_context(prefer_skip_nested_validation=False)  # type: ignore[untyped-decorator]
    def fit(self, X: Any, y: Any = None, **params: Any) -> Self:
        """Search, and refit the best candidate on all rows.

        X, y: as the estimator's fit takes them
        params: `groups`, and what the estimator's fit takes.
        """
        X, y = indexable(X, y)
        candidates = self._candidates()
        routed = self._get_routed_params_for_fit(params)
        asked: Any = self.cv
        folds = check_cv(asked, y, classifier=is_classifier(self.estimator))
        splits = list(folds.split(X, y, **routed.splitter.split))
        began = time.perf_counter()
        with together.taking() as notes:
            for parameters, (train, x, targets) in _fits(candidates, _subsets(self.estimator, X, y, splits)):
                given = _check_method_params(X, params=routed.estimator.fit, indices=train)
                _note(clone(self.estimator).set_params(**clone(parameters, safe=False)), x, targets, given)
        with elsewhere(self.executor):
            self.n_populations_ = together.train(notes)
        self.population_seconds_ = time.perf_counter() - began
        self.cv, self._drawn = _KnownSplits(folds, splits), candidates
        try:
            with together.giving_out(notes):
                super().fit(X, y, **params)
        finally:
            self.cv = asked
            del self._drawn
        share = self.population_seconds_ / (len(candidates) * len(splits))
        self.cv_results_["mean_fit_time"] = self.cv_results_["mean_fit_time"] + share
        return self

    def _candidates(self) -> list[dict[str, Any]]:
        if self.n_iter is None:
            return list(ParameterGrid(self.param_grid))
        return list(ParameterSampler(self.param_grid, self.n_iter, random_state=self.random_state))

    def _run_search(self, evaluate_candidates: Any, **more: Any) -> None:
        """What BaseSearchCV asks for: evaluate the candidates that were trained."""
        evaluate_candidates(self._drawn)


class _KnownSplits:
    """A splitter whose splits are known, and that asks for what the user's asks for: `groups` with metadata routing."""

    def __init__(self, folds: Any, splits: list[Any]) -> None:
        self.folds, self.splits = folds, splits

    def split(self, X: Any, y: Any = None, **given: Any) -> Iterator[Any]:
        """The same splits again."""
        return iter(self.splits)

    def get_n_splits(self, X: Any = None, y: Any = None, **given: Any) -> int:
        """How many they are."""
        return len(self.splits)

    def get_metadata_routing(self) -> Any:
        """What the user's splitter asks for."""
        return get_routing_for_object(self.folds)


def _subsets(estimator: Any, x: Any, y: Any, splits: list[Any]) -> list[tuple[Any, Any, Any]]:
    """(places, X, y) of every fold's training rows, cut once for all candidates."""
    return [(train, *_safe_split(estimator, x, y, train)) for train, _ in splits]


def _fits(candidates: list[Any], subsets: list[Any]) -> Iterator[tuple[Any, Any]]:
    """Candidates and folds in the order in which BaseSearchCV fits them."""
    return ((parameters, subset) for parameters in candidates for subset in subsets)


def _note(estimator: Any, x: Any, y: Any, given: dict[str, Any]) -> None:
    """Have a fit noted. One that fails before it comes to a net fails again where it counts."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # they come again with the fit itself
            estimator.fit(x, y, **given)
    except together.Noted:
        return
    except Exception:  # noqa: BLE001 - whatever it is, error_score decides what becomes of it
        return
