"""What `fit` is given, checked, coded and divided into rows that train and rows that validate."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.base import is_classifier
from sklearn.model_selection import train_test_split
from sklearn.utils.validation import _check_sample_weight, validate_data

from goodfit.data.encoding import PiecewiseEncoding, edges_of, encoded_columns
from goodfit.errors import InputError, problem
from goodfit.estimators.settings import watched
from goodfit.estimators.targets import WeightedRows, coded
from goodfit.host import host_memory

SPARSE = ["csr", "csc"]
Columns = NDArray[np.int32]
MOST_MEMORY = 0.5  # of what is free, that a sparse X may take when it is filled up


@dataclass(frozen=True)
class GivenRows:
    """Rows to train on, rows to validate on, and the latter as the user gave them: (X, y, weight), for scorers."""

    train: WeightedRows
    valid: WeightedRows | None = None
    raw_valid: tuple[Any, Any, Any] | None = None


def checked_x(estimator: Any, x: Any) -> Any:
    """X for a prediction: dense, or sparse by rows or columns."""
    return validate_data(estimator, x, accept_sparse=SPARSE, reset=False)


def checked_weight(weight: Any, x: Any) -> NDArray[np.floating]:
    """Row weights [n], none of them negative, and not all of them zero."""
    checked: NDArray[np.floating] = _check_sample_weight(weight, x, ensure_non_negative=True)
    if not checked.any():
        raise InputError(problem("fit", "'sample_weight' must not be zero for all samples"))
    return checked


def dense(x: Any, dtype: Any) -> NDArray[np.floating]:
    """X as a dense array of the type of the arithmetic; InputError where a sparse one would not fit in memory."""
    if not sparse.issparse(x):
        return np.asarray(x, dtype)
    wanted, free = float(x.shape[0]) * x.shape[1] * np.dtype(dtype).itemsize, host_memory()
    if wanted > MOST_MEMORY * free:
        rule = f"X of shape {x.shape} must fit in memory as a dense array, which takes {wanted / 2**30:.1f} GiB"
        fix = "Reduce its columns first, for example with TruncatedSVD, or give fewer rows at a time to partial_fit."
        raise InputError(problem("fit", f"{rule}; {free / 2**30:.1f} GiB are free", fix=fix))
    return np.asarray(x.toarray(), dtype)


@dataclass(frozen=True)
class Encoded:
    """All rows that were given. raw: y, checked; table: y as columns of numbers or truth values."""

    rows: WeightedRows
    raw: Any
    table: NDArray[Any]


def encoded(estimator: Any, x: Any, y: Any, sample_weight: Any, *, reset: bool, incremental: bool) -> Encoded:
    """Check and code what `fit` was given. Sets what the data decide: n_outputs_ and out_activation_ among it."""
    x, raw, table = estimator._encoded(x, y, reset=reset, incremental=incremental)
    weight = None if sample_weight is None else checked_weight(sample_weight, x)
    weight = estimator._row_weights(raw, weight, incremental=incremental)
    dtype = arithmetic(estimator, x)
    estimator.n_outputs_ = table.shape[1]
    estimator.out_activation_ = link = estimator._link()
    rows = WeightedRows(dense(x, dtype), coded(table, link, dtype), None if weight is None else weight.astype(dtype))
    if rows.weight is not None and not rows.weight.any():
        rule = "'sample_weight' and 'class_weight' must not leave all samples with weight zero"
        raise InputError(problem(type(estimator).__name__, rule))
    return Encoded(rows, raw, table)


def divided(estimator: Any, found: Encoded, draws: Any) -> GivenRows:
    """Rows that train and rows that validate, if any do. draws: the generator that sets a share of them aside."""
    if estimator.validation_data is not None:
        return GivenRows(found.rows, *_own_valid(estimator, found.rows.x.dtype))
    if watched(estimator) == "nothing" or estimator.solver == "lbfgs":
        return GivenRows(found.rows)
    return _share_of(estimator, found.rows, found.raw, found.table, draws)


def columns_to_encode(estimator: Any, x: NDArray[np.floating], *, first: bool, incremental: bool) -> Columns:
    """The columns that get components: those of all rows, since weights are drawn before some rows are set aside.

    first: else they are those of the fit before; incremental: a later batch encodes no more columns than the first.
    """
    had = None if first else fitted_before(estimator)
    if estimator.encoding == "none" or (had is None and incremental and not first):
        return np.zeros(0, np.int32)
    return encoded_columns(x) if had is None else had.columns


def fitted_before(estimator: Any) -> PiecewiseEncoding | None:
    """The encoding of a fitted estimator; one of an older goodfit, unpickled, has none."""
    found: PiecewiseEncoding | None = getattr(estimator, "encoding_", None)
    return found


def fitted_encoding(estimator: Any, given: GivenRows, columns: Columns) -> PiecewiseEncoding | None:
    """The encoding of these columns, its edges from the rows that train."""
    if not len(columns):
        return None
    return PiecewiseEncoding(columns, np.stack([edges_of(given.train.x[:, each], estimator.bins) for each in columns]))


def with_encoding(encoding: PiecewiseEncoding | None, given: GivenRows) -> GivenRows:
    """The rows that the engine sees, encoded; scorers see them as they were given."""
    if encoding is None:
        return given
    valid = None if given.valid is None else replace(given.valid, x=encoding.apply(given.valid.x))
    return replace(given, train=replace(given.train, x=encoding.apply(given.train.x)), valid=valid)


def arithmetic(estimator: Any, x: Any) -> Any:
    """The type of all arithmetic."""
    return x.dtype if estimator.dtype == "auto" else np.dtype(estimator.dtype)


def _own_valid(estimator: Any, dtype: Any) -> tuple[WeightedRows, tuple[Any, Any, Any]]:
    """The rows of `validation_data`."""
    where = type(estimator).__name__
    if len(estimator.validation_data) not in (2, 3):
        rule = "'validation_data' must be (X, y) or (X, y, sample_weight)"
        raise InputError(problem(where, rule, got=len(estimator.validation_data)))
    x, y, weight = (*estimator.validation_data, None)[:3]
    try:
        x = validate_data(estimator, x, accept_sparse=SPARSE, reset=False, dtype=(np.float64, np.float32))
        raw, table = estimator._encoded_more(y)
        if len(raw) != x.shape[0]:
            raise ValueError(f"X has {x.shape[0]} rows, and y has {len(raw)}")
        if len(raw) < 2 and not is_classifier(estimator) and watched(estimator) == "score":
            raise ValueError("R² needs two rows or more")
        weight = None if weight is None else checked_weight(weight, x).astype(dtype)
    except (TypeError, ValueError) as error:
        raise InputError(
            problem(where, f"'validation_data' must fit the training data: {str(error).rstrip('.')}")
        ) from error
    return WeightedRows(dense(x, dtype), coded(table, estimator.out_activation_, dtype), weight), (x, raw, weight)


def _share_of(estimator: Any, rows: WeightedRows, raw: Any, table: NDArray[Any], draws: Any) -> GivenRows:
    """A share of the rows set aside, as scikit-learn's MLP does it: stratified for two classes only."""
    stratify = raw if is_classifier(estimator) and table.shape[1] == 1 else None
    share = estimator.validation_fraction
    places = train_test_split(np.arange(len(rows)), random_state=draws, test_size=share, stratify=stratify)
    train, valid = (
        WeightedRows(rows.x[at], rows.y[at], None if rows.weight is None else rows.weight[at]) for at in places
    )
    for part, what in ((train, "training"), (valid, "validation")):
        if part.weight is not None and not part.weight.any():
            rule = f"the {what} set that 'early_stopping' splits off must have samples with a weight above zero"
            fix = "Increase 'validation_fraction', or give 'validation_data'."
            raise InputError(problem(type(estimator).__name__, rule, fix=fix))
    if len(valid) < 2:
        raise ValueError("The validation set is too small. Increase 'validation_fraction' or the size of your dataset.")
    return GivenRows(train, valid, (valid.x, raw[places[1]], valid.weight))
