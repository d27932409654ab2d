"""Opening sealed rows for what has scikit-learn's interface: known by what it predicts, whatever it is inside."""

import hashlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from goodfit.arguments import public
from goodfit.data import Dataset, Sealed
from goodfit.errors import InputError, problem
from goodfit.models.scores import Score, score_classification, score_regression
from goodfit.runs.opening import Opened, check_any, open_predictions

WHERE = "Test rows"


@public
def open_estimator(estimator: Any, rows: Sealed) -> Opened:
    """Record an opening of these rows by a fitted estimator, then score its predictions.

    estimator: anything that predicts from inputs as `split.x` gives them, of goodfit, scikit-learn or others; classes
    as codes, as `split.y` gives them, or by their names. What it predicts for the rows is what the ledger knows it by:
    another estimator with the very same predictions costs nothing new. InputError where it cannot predict them.
    rows: the sealed rows of a split, `split.test`
    """
    check_any(rows)
    data, x = rows.data, rows.data.x[rows.rows]
    try:
        predicted = np.asarray(estimator.predict(x))
    except Exception as error:
        rule = f"{type(estimator).__name__} must be fitted and predict for them: {str(error).rstrip('.')}"
        raise InputError(problem(WHERE, rule)) from error
    outputs = _as_targets(predicted, data, len(rows), estimator)
    digest = hashlib.blake2b(f"{outputs.dtype} {outputs.shape}".encode(), digest_size=16)
    digest.update(np.ascontiguousarray(outputs).data)
    return open_predictions(rows, digest.hexdigest(), lambda: _score(outputs, rows))


def _as_targets(predicted: NDArray[Any], data: Dataset, n_rows: int, estimator: Any) -> NDArray[Any]:
    """Predictions in the form of the data set's targets."""
    wide = (n_rows,) if data.task == "classification" else (n_rows, data.n_outputs)
    if data.task == "regression" and predicted.shape == (n_rows,) and data.n_outputs == 1:
        predicted = predicted[:, None]
    if predicted.shape != wide:
        rule = f"predictions of {type(estimator).__name__} must be of shape {wide}"
        raise InputError(problem(WHERE, rule, got=predicted.shape))
    if data.task == "classification":
        return _codes(predicted, np.asarray(getattr(estimator, "classes_", predicted)), data)
    numbers: NDArray[Any] = predicted.astype(np.float64)
    if not np.isfinite(numbers).all():
        raise InputError(problem(WHERE, f"predictions of {type(estimator).__name__} must be finite"))
    return numbers


def _codes(predicted: NDArray[Any], known: NDArray[Any], data: Dataset) -> NDArray[np.int64]:
    """Predicted classes as codes. known: all classes that may be predicted."""
    if known.dtype.kind in "ui" and known.min() >= 0 and known.max() < len(data.classes):
        return predicted.astype(np.int64)
    places = {name: code for code, name in enumerate(data.classes)}
    strange = [str(name) for name in known if str(name) not in places]
    if strange:
        rule = f"classes must be codes from 0 to {len(data.classes) - 1}, or names of {data.name!r}"
        raise InputError(problem(WHERE, rule, got=strange[0]))
    return np.array([places[str(name)] for name in predicted], np.int64)


def _score(outputs: NDArray[Any], rows: Sealed) -> Score:
    data = rows.data
    y, weight = data.y[rows.rows], data.weight_of(rows.rows)
    if data.task == "regression":
        return score_regression(outputs[None].astype(np.float32), y, weight=weight)
    if data.task == "multilabel":
        return score_classification((outputs == y).all(-1)[None], name="exact match", weight=weight)
    return score_classification((outputs == y)[None], weight=weight)
