"""`MLPClassifier`."""

from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin, _fit_context
from sklearn.preprocessing import LabelBinarizer
from sklearn.utils import check_array, column_or_1d, compute_sample_weight
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import _check_partial_fit_first_call, type_of_target, unique_labels
from sklearn.utils.validation import validate_data

from goodfit.errors import InputError, problem
from goodfit.estimators import fitting
from goodfit.estimators.base import BaseMLP, takes_batches
from goodfit.estimators.inputs import SPARSE
from goodfit.estimators.parameters import CLASSIFIER, SHARED, constraints, documented


@documented({**SHARED, **CLASSIFIER})
class MLPClassifier(ClassifierMixin, BaseMLP):  # type: ignore[misc]
    """A multilayer perceptron for classes, or for several labels a row: scikit-learn's, and more.

    Each parameter of scikit-learn's MLPClassifier has its name, meaning and default here, and with the same integer
    `random_state` trains the same net, up to rounding. The rest is goodfit's own.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    classes_ : the labels, in the order of the columns of `predict_proba`
    coefs_, intercepts_ : lists of the weights [in, out] and biases [out] of every layer, of the first net
    nets_ : the same of every net
    loss_, best_loss_, loss_curve_ : the objective (penalties included) at the end, at its least, and in every epoch
    validation_loss_curve_, validation_scores_, best_validation_score_ : on the validation rows, None without them
    history_ : loss and score of all nets in all epochs, a goodfit History
    encoding_ : the columns and edges of the encoding, None without one
    n_iter_, t_ : epochs of the last fit; rows seen in all
    n_layers_, n_outputs_, out_activation_, n_features_in_, feature_names_in_ : as in scikit-learn

    Curves of several nets are means over those that still trained.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from goodfit import MLPClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> net = MLPClassifier(max_iter=400, dropout=0.1, n_nets=3, random_state=0).fit(X, y)
    >>> net.predict_proba(X[:1]).shape
    (1, 3)
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {**BaseMLP._parameter_constraints, **constraints(CLASSIFIER)}

    def __init__(
        self,
        hidden_layer_sizes: Any = (100,),
        activation: Any = "relu",
        *,
        solver: str = "adam",
        alpha: float = 0.0001,
        batch_size: int | str = "auto",
        learning_rate: str = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: Any = None,
        tol: float = 1e-4,
        verbose: bool | int = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: Any = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: float = 10,
        max_fun: int = 15000,
        dropout: Any = 0.0,
        input_dropout: float = 0.0,
        l1: float = 0.0,
        weight_decay: float | None = None,
        init: str | None = None,
        init_scale: float | None = None,
        init_bias: float | str | None = None,
        class_weight: Any = None,
        label_smoothing: float = 0.0,
        schedule: Any = None,
        clip_norm: float | None = None,
        validation_data: Any = None,
        n_nets: int = 1,
        dtype: str = "auto",
        encoding: str = "none",
        bins: int = 16,
        loss: str = "log_loss",
    ) -> None:
        """Keep the parameters; `fit` checks them."""
        self._keep(locals())

    @available_if(takes_batches)  # type: ignore[untyped-decorator]
    @_fit_context(prefer_skip_nested_validation=True)  # type: ignore[untyped-decorator]
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None, classes: Any = None) -> Self:
        """Train one epoch on these rows, going on from the last call.

        classes: all labels that may come, needed at the first call (not for several labels a row). With early stopping,
        `n_iter_no_change` calls without improvement bring the best weights back, and later calls change nothing.
        """
        if _check_partial_fit_first_call(self, classes):
            labels = y if type_of_target(y).startswith("multilabel") else classes
            self._label_binarizer = LabelBinarizer().fit(labels)
        fitting.fit(self, X, y, sample_weight, incremental=True)
        return self

    def predict(self, X: Any) -> NDArray[Any]:
        """The likeliest class of every row [n_samples], or its labels [n_samples, n_labels]."""
        found = self._mean_output(X)
        labels: NDArray[Any] = self._label_binarizer.inverse_transform(found.ravel() if self.n_outputs_ == 1 else found)
        return labels

    def predict_proba(self, X: Any) -> NDArray[Any]:
        """Probabilities [n_samples, n_classes], in the order of `classes_`; means over the nets."""
        found = self._mean_output(X)
        return np.hstack([1 - found, found]) if self.n_outputs_ == 1 else found

    def predict_log_proba(self, X: Any) -> NDArray[Any]:
        """Logarithms of `predict_proba`."""
        found = self.predict_proba(X)
        with np.errstate(divide="ignore"):  # a probability of zero has the logarithm minus infinity
            logarithms: NDArray[Any] = np.log(found)
        return logarithms

    def __sklearn_tags__(self) -> Any:
        """What scikit-learn may expect."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags

    def _encoded(self, X: Any, y: Any, *, reset: bool, incremental: bool) -> tuple[Any, Any, NDArray[Any]]:
        X, y = validate_data(
            self, X, y, accept_sparse=SPARSE, multi_output=True, dtype=(np.float64, np.float32), reset=reset
        )
        y = _as_labels(y)
        if not hasattr(self, "classes_") or not (self.warm_start or incremental):
            self._label_binarizer = LabelBinarizer().fit(y)
            self.classes_ = self._label_binarizer.classes_
        else:
            self._check_known(unique_labels(y))
        return X, y, _columns(self._label_binarizer, y)

    def _check_known(self, labels: NDArray[Any]) -> None:
        """A fit that goes on from another meets the same classes; ValueError in scikit-learn's words."""
        if self.warm_start:
            if set(labels) != set(self.classes_):
                raise ValueError(
                    "warm_start can only be used where `y` has the same classes as in the previous call to fit. "
                    f"Previously got {self.classes_}, `y` has {labels}"
                )
        elif len(np.setdiff1d(labels, self.classes_, assume_unique=True)):
            raise ValueError(
                f"`y` has classes not in `self.classes_`. `self.classes_` has {self.classes_}. 'y' has {labels}."
            )

    def _encoded_more(self, y: Any) -> tuple[Any, NDArray[Any]]:
        y = _as_labels(check_array(y, ensure_2d=False, dtype=None, input_name="y"))
        unknown = np.setdiff1d(unique_labels(y), self.classes_)
        if len(unknown):
            raise ValueError(f"y has classes that are not in the training data: {unknown.tolist()}")
        return y, _columns(self._label_binarizer, y)

    def _link(self) -> str:
        return "softmax" if self._label_binarizer.y_type_ == "multiclass" else "logistic"

    def _row_weights(self, y: Any, given: NDArray[Any] | None, *, incremental: bool) -> NDArray[Any] | None:
        if self.class_weight is None:
            return given
        if incremental and self.class_weight == "balanced":
            rule = "'class_weight' must not be 'balanced' in partial_fit, which sees only part of the data at a time"
            fix = "Give a dict: sklearn.utils.compute_class_weight makes one from all labels."
            raise InputError(problem(type(self).__name__, rule, fix=fix))
        weights: NDArray[Any]
        if self.class_weight == "balanced" and given is not None:
            weights = _balanced(y, given)
        else:
            weights = compute_sample_weight(self.class_weight, y)
        return weights if given is None else weights * given


def _balanced(y: NDArray[Any], given: NDArray[Any]) -> NDArray[Any]:
    """What "balanced" multiplies the weight of every row by, [n]: all classes get the same weight, row weights counted.

    total / (classes * weight of the class), and over several labels the product; a row of weight 0 counts as if it were
    left out. scikit-learn's compute_sample_weight counts rows, whatever they weigh.
    """
    found: NDArray[Any] = np.ones(len(y))
    for labels in y.reshape(len(y), -1).T:
        codes = np.unique(labels, return_inverse=True)[1]
        counts = np.bincount(codes, weights=given)
        some = counts > 0
        found *= np.divide(given.sum(), some.sum() * counts, out=np.zeros(len(counts)), where=some)[codes]
    return found


def _as_labels(y: Any) -> Any:
    """Labels, one column of them flattened with scikit-learn's warning, a sparse table filled up."""
    if hasattr(y, "toarray"):
        return y.toarray()
    return column_or_1d(y, warn=True) if y.ndim == 2 and y.shape[1] == 1 else y


def _columns(binarizer: LabelBinarizer, y: Any) -> NDArray[Any]:
    found = binarizer.transform(y)
    return np.asarray(found.toarray() if hasattr(found, "toarray") else found).astype(bool)
