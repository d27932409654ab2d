"""`TableClassifier` and `TableRegressor`: `goodfit.train` on a table, with scikit-learn's interface."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from numbers import Integral
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, _fit_context
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_y, check_consistent_length, check_is_fitted, validate_data

from goodfit.data import Table
from goodfit.data.tables.frames import columns_of, frame_from
from goodfit.data.tables.making import table
from goodfit.data.tables.targets import TableTask
from goodfit.ensembles.job import fit
from goodfit.errors import InputError, problem
from goodfit.estimators.inputs import checked_weight
from goodfit.estimators.parameters import TABLES, constraints, documented
from goodfit.estimators.together import put_off
from goodfit.models.scores import Score
from goodfit.notices import warn
from goodfit.runs.defaults import Asked, named_recipe
from goodfit.runs.run import Run
from goodfit.runs.training import train
from goodfit.training.recipe import LARGEST_SEED, Recipe

TARGET = "target"  # the column of `y` where it has no name of its own
WEIGHT = "weight"  # the column of `sample_weight`
WHERE = "table"  # what errors call X with y, as those of `goodfit.data.table`
FEWEST_ROWS = 2


class BaseTable(BaseEstimator):  # type: ignore[misc]
    """What both share: the table of X and y, its training, and what is known of it afterwards."""

    _task: ClassVar[TableTask]
    _method: ClassVar[str]
    """Of the model, that gives what out-of-fold predictions are of."""
    _parameter_constraints: ClassVar[dict[str, Any]] = constraints(TABLES)

    def __init__(
        self,
        recipe: Any = None,
        *,
        n_nets: int | None = None,
        ids: Any = (),
        kinds: Any = None,
        leaks: str = "warn",
        seconds: float | None = None,
        random_state: Any = None,
    ) -> None:
        """Keep the parameters; `fit` checks them."""
        self.recipe = recipe
        self.n_nets = n_nets
        self.ids = ids
        self.kinds = kinds
        self.leaks = leaks
        self.seconds = seconds
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=True)  # type: ignore[untyped-decorator]
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train on all rows of X [n_samples, n_features], with targets y [n_samples], or, for a regressor, several
        [n_samples, n_targets].

        X: data frame of pandas, polars or Arrow, whose columns are read as `goodfit.data.table` reads them; or an array
        of numbers or texts. Missing values may be in X, not in y. ValueError for data or parameters that do not fit.
        y: classes, labels of any kind, or numbers
        sample_weight: [n_samples] how much each row counts in the loss and in `score_`, >= 0; None: all alike. A row of
        weight 0 is left out.
        """
        put_off()
        columns = self._columns(X, y, reset=True)
        weight = None if sample_weight is None else checked_weight(sample_weight, X)
        kept = slice(None) if weight is None else weight > 0
        targets = self._targets(y, kept)
        check_consistent_length(X, targets)
        made = self._table(columns, targets, _names_of(y, targets), weight)
        self.run_ = run = self._trained(made)
        if run.frozen:
            rule = f"{len(run.frozen)} of {len(run.nets)} nets diverged, and predict only if all did"
            warn(problem(type(self).__name__, rule, fix="Use a smaller learning_rate in 'recipe'."), ConvergenceWarning)
        self.model_ = run.model
        self.score_: Score | None = run.scores.get("valid")
        self.out_of_fold_ = None
        if run.out_of_fold is not None:
            found = run.out_of_fold.values
            values = np.full((len(targets), found.shape[1]), np.nan, found.dtype)  # of folds whose nets diverged
            if weight is not None and not weight.all():  # no net learned from rows of weight 0
                values[weight == 0] = self._predicted(X, self._method)[weight == 0]
            values[np.arange(len(targets))[kept][run.out_of_fold.rows]] = found
            self.out_of_fold_ = self._as_given(values)
        return self

    def _trained(self, made: Table) -> Run:
        """The run of the table: of one recipe, or, where a time is given, of `goodfit.fit`."""
        if self.seconds is None:
            return train(self._asked(), made, seeds=self.n_nets, leaks=self.leaks)
        given = [name for name in ("recipe", "n_nets") if getattr(self, name) is not None]
        if given:
            rule = f"takes no {' and no '.join(repr(name) for name in given)} beside 'seconds', which tries many"
            raise InputError(problem(type(self).__name__, rule, fix="Leave one of them out."))
        asked = self._asked()
        assert isinstance(asked, Mapping)
        return fit(made, seconds=self.seconds, seed=asked["seed"], leaks=self.leaks)

    def _columns(self, X: Any, y: Any = "no_validation", *, reset: bool) -> list[tuple[str, Any]]:
        """(name, column) pairs of X; after the fit, by the names that the columns had there."""
        if any(hasattr(type(X), name) for name in ("columns", "column_names")):  # not of X: a lazy frame would warn
            found = columns_of(X, WHERE)
            validate_data(self, X, y, reset=reset, skip_check_array=True)
        else:
            given = {"dtype": None, "ensure_all_finite": False, "ensure_min_samples": FEWEST_ROWS if reset else 1}
            checked = validate_data(self, X, reset=reset, **given)
            if y is None:
                validate_data(self, X, y, reset=False, skip_check_array=True)
            found = [(f"x{place}", column) for place, column in enumerate(checked.T)]
        if reset:
            self._names = [name for name, _ in found]
        return list(zip(self._names, (column for _, column in found), strict=True))

    def _table(
        self, columns: list[tuple[str, Any]], targets: NDArray[Any], names: list[str], weight: NDArray[Any] | None
    ) -> Table:
        """The table of inputs, targets and weights, of which no test rows are sealed."""
        of_rows, given, target = WEIGHT, [*columns], list[str]()
        for name, own in zip(names, targets.reshape(len(targets), -1).T, strict=True):
            while name in (*self._names, *target):
                name += "_"
            target.append(name)
            given.append((name, own))
        while of_rows in (*target, *self._names):
            of_rows += "_"
        given += [] if weight is None else [(of_rows, np.asarray(weight, np.float64))]
        how: dict[str, Any] = {"ids": self.ids, "task": self._task, "kinds": self.kinds, "test": 0}
        made = table(frame_from(WHERE, given), target, weight=None if weight is None else of_rows, **how)
        return replace(made, target=replace(made.target, classes=self._class_names()))

    def _asked(self) -> Asked:
        """The recipe with the seed of `random_state`; one of its own stays where that is None."""
        asked = named_recipe(self.recipe)
        seed = self.random_state
        own = asked.model_fields_set if isinstance(asked, Recipe) else asked if isinstance(asked, Mapping) else ()
        if seed is None and "seed" in own:
            return asked
        seed = int(seed) if isinstance(seed, Integral) else int(check_random_state(seed).randint(LARGEST_SEED // 2))
        if isinstance(asked, Recipe):
            return asked.replace(seed=seed)
        return {**(asked if isinstance(asked, Mapping) else {}), "seed": seed}

    def _predicted(self, X: Any, method: str) -> NDArray[Any]:
        """What a method of the model gives for new rows."""
        check_is_fitted(self)
        found: NDArray[Any] = getattr(self.model_, method)(frame_from(WHERE, self._columns(X, reset=False)))
        return found

    def _bounded(self, X: Any, method: str, coverage: float, **how: Any) -> NDArray[Any]:
        """Intervals or sets of the model for new rows; ValueError for a coverage that is none, and without errors on
        rows that the nets had not learned from.
        """
        check_is_fitted(self)
        found: NDArray[Any] = getattr(self.model_, method)(
            frame_from(WHERE, self._columns(X, reset=False)), coverage, **how
        )
        return found

    def __sklearn_is_fitted__(self) -> bool:
        """Whether there are nets to predict with."""
        return hasattr(self, "model_")

    def __getstate__(self) -> dict[str, Any]:
        """What a pickle holds: the nets and what is known of them, and no row of X."""
        state: dict[str, Any] = super().__getstate__()
        if "run_" in state:
            run: Run = state["run_"]
            state = {**state, "run_": replace(run, split=None, optimizer=None, stored=self.model_)}
        return state

    def __sklearn_tags__(self) -> Any:
        """What scikit-learn may expect: missing values, texts and categories are welcome."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        return tags

    @abstractmethod
    def _targets(self, y: Any, kept: Any) -> NDArray[Any]:
        """The targets, checked: codes of classes, or numbers; of rows that are not kept, any."""

    @abstractmethod
    def _class_names(self) -> tuple[str, ...]:
        """The names of the classes in the model, () without classes."""

    @abstractmethod
    def _as_given(self, values: NDArray[Any]) -> NDArray[Any]:
        """Out-of-fold predictions [n, C] in the form of this estimator's own."""


@documented(TABLES)
class TableClassifier(ClassifierMixin, BaseTable):  # type: ignore[misc]
    """The default recipe for tables, for classes: numbers, categories, dates and missing values as they come.

    `fit` is `goodfit.train` on the table of X and y with no test set: five nets are trained, each validated on a fold
    of the rows that it did not learn from, and predict together, so that every row counts. docs/tables-default.md says
    how the recipe was chosen.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    classes_ : the classes, in the order of the columns of `predict_proba`
    out_of_fold_ : [n_samples, n_classes] probabilities of every training row, in the order given, by the nets that did
        not learn from it; None where the recipe has no folds
    score_ : the accuracy of `out_of_fold_`, a goodfit Score with its 95 % interval (`value`, `low`, `high`); without
        folds that on the validation rows, None where there are none
    model_ : the nets as a goodfit Model, with `save` and `export`
    run_ : the goodfit Run, with its recipe, history and measures; in a pickle, without the rows
    n_features_in_, feature_names_in_ : as in scikit-learn

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from goodfit import TableClassifier
    >>> X, y = load_iris(return_X_y=True, as_frame=True)
    >>> nets = TableClassifier(random_state=0, leaks="off").fit(X, y)
    >>> nets.predict_proba(X.head(1)).shape, nets.out_of_fold_.shape
    ((1, 3), (150, 3))
    """

    _task: ClassVar[TableTask] = "classification"
    _method: ClassVar[str] = "predict_proba"

    def predict(self, X: Any) -> NDArray[Any]:
        """The likeliest class of every row [n_samples]."""
        found = self.predict_proba(X)
        labels: NDArray[Any] = self.classes_[found.argmax(axis=1)]
        return labels

    def predict_proba(self, X: Any) -> NDArray[Any]:
        """Probabilities [n_samples, n_classes], float32, in the order of `classes_`; means over the nets."""
        return self._predicted(X, "predict_proba")

    def predict_sets(self, X: Any, coverage: float = 0.9) -> NDArray[np.bool_]:
        """Prediction sets: bool [n_samples, n_classes], whether a class, in the order of `classes_`, is in the set of a
        row. They hold the class of new rows like those of the fit with this probability; see docs/intervals.md.

        X: data frame or array, as `fit` takes it
        coverage: above 0 and below 1, default 0.9
        ValueError for another, and where the recipe had neither folds nor validation rows.
        """
        return self._bounded(X, "predict_sets", coverage)

    def predict_log_proba(self, X: Any) -> NDArray[Any]:
        """Logarithms of `predict_proba`."""
        found = self.predict_proba(X)
        with np.errstate(divide="ignore"):  # a probability of zero has the logarithm minus infinity
            logarithms: NDArray[Any] = np.log(found)
        return logarithms

    def _targets(self, y: Any, kept: Any) -> NDArray[Any]:
        y = _check_y(y, estimator=self)
        check_classification_targets(y)
        self.classes_ = np.unique(y[kept])
        return np.asarray(np.minimum(np.searchsorted(self.classes_, y), len(self.classes_) - 1))

    def _class_names(self) -> tuple[str, ...]:
        return tuple(_name_of(each) for each in self.classes_.tolist())

    def _as_given(self, values: NDArray[Any]) -> NDArray[Any]:
        return values


@documented(TABLES)
class TableRegressor(RegressorMixin, BaseTable):  # type: ignore[misc]
    """The default recipe for tables, for numbers: inputs as `TableClassifier` takes them. Several targets, y
    [n_samples, n_targets], are predicted by one net; a data frame of them gives their names.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    out_of_fold_ : [n_samples] or [n_samples, n_targets] what is predicted for every training row, in the order given,
        by the nets that did not learn from it; None where the recipe has no folds
    score_ : R² of `out_of_fold_` (its mean over targets), a goodfit Score as of `TableClassifier`, with the errors'
        sizes in `errors`
    model_, run_, n_features_in_, feature_names_in_ : as of `TableClassifier`

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from goodfit import TableRegressor
    >>> X, y = load_diabetes(return_X_y=True, as_frame=True)
    >>> nets = TableRegressor(random_state=0).fit(X, y)
    >>> nets.predict(X.head(2)).shape
    (2,)
    """

    _task: ClassVar[TableTask] = "regression"
    _method: ClassVar[str] = "predict"

    def predict(self, X: Any) -> NDArray[Any]:
        """The numbers that are predicted, in the unit of y, means over the nets: [n_samples], float32, or of several
        targets [n_samples, n_targets], float64.
        """
        return self._as_given(self._predicted(X, "predict"))

    def predict_interval(self, X: Any, coverage: float = 0.9, *, adaptive: bool = False) -> NDArray[Any]:
        """Prediction intervals [n_samples, 2], or [n_samples, n_targets, 2], low and high in the unit of y, which hold
        the numbers of new rows like those of the fit with this probability, each target by itself; see
        docs/intervals.md.

        X: data frame or array, as `fit` takes it
        coverage: above 0 and below 1, default 0.9
        adaptive: whether they are wider where errors at such predictions were larger
        ValueError for another coverage, and where the recipe had neither folds nor validation rows.
        """
        return self._as_given(self._bounded(X, "predict_interval", coverage, adaptive=adaptive))

    def _targets(self, y: Any, kept: Any) -> NDArray[Any]:
        found = np.asarray(_check_y(y, multi_output=_width(y) > 1, y_numeric=True, estimator=self), np.float64)
        self._one_dimension = found.ndim == 1
        return found

    def _class_names(self) -> tuple[str, ...]:
        return ()

    def _as_given(self, values: NDArray[Any]) -> NDArray[Any]:
        # of several targets scikit-learn's contract asks for the type of its own regressors
        return values[:, 0] if self._one_dimension else values.astype(np.float64)

    def __sklearn_tags__(self) -> Any:
        """What scikit-learn may expect: several targets, too."""
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


def _width(y: Any) -> int:
    """How many targets there are."""
    shape = np.asarray(y).shape
    return int(shape[1]) if len(shape) == 2 else 1


def _names_of(y: Any, targets: NDArray[Any]) -> list[str]:
    """The names of the targets: those of a data frame or a series, else "target", or "target 1" and so on."""
    if targets.ndim == 1:
        name = getattr(y, "name", None)
        return [name if isinstance(name, str) and name else TARGET]
    own = [*getattr(y, "columns", ())]
    right = len(own) == targets.shape[1] and all(isinstance(name, str) and name for name in own)
    return own if right else [f"{TARGET} {place + 1}" for place in range(targets.shape[1])]


def _name_of(label: Any) -> str:
    """A class as a table names it: whole numbers are written without a point."""
    return str(int(label)) if isinstance(label, float) and label == int(label) else str(label)
