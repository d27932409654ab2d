"""The fitted attributes, scikit-learn's and goodfit's own."""

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from goodfit.estimators.inputs import GivenRows
from goodfit.estimators.population import FitOutcome
from goodfit.estimators.prediction import as_weights, net_attributes
from goodfit.training.history import History
from goodfit.training.population import NetArrays

NOT_FINITE = (  # in scikit-learn's words
    "Solver produced non-finite parameter weights. The input data may contain large values and need to be preprocessed."
)
Values = Mapping[str, NDArray[np.floating]]
"""Metric -> [E, P], named as in a History."""


def begin(estimator: Any, sizes: Sequence[int], initial: Sequence[NetArrays]) -> None:
    """Set what a first fit begins with. sizes: of all layers, from inputs to outputs."""
    set_nets(estimator, initial)
    estimator.n_layers_ = len(sizes)
    estimator.n_iter_ = estimator.t_ = 0
    estimator._measured, estimator._kept, estimator._settled = [], None, False


def set_nets(estimator: Any, nets: Sequence[NetArrays], frozen: NDArray[np.bool_] | None = None) -> None:
    """Set the nets that predict. frozen: [P] nets that do not, since they met values that are not finite."""
    vars(estimator).update(net_attributes([as_weights(net) for net in nets]))
    estimator._sound = [net for net in range(len(nets)) if frozen is None or not frozen[net]]


def record(estimator: Any, outcome: FitOutcome, given: GivenRows, *, incremental: bool) -> None:
    """Set what a fit ends with."""
    done, trained = epochs_done(estimator), len(outcome.metrics)
    shift = done - (outcome.kept.epochs - trained if outcome.kept else 0)  # of epochs that another solver did
    estimator._measured.append(measured(estimator, outcome, given))
    estimator._kept = outcome.kept
    estimator._ended = outcome.best + shift * (outcome.best > 0), outcome.stopped + shift, outcome.frozen
    estimator.n_iter_ = len(outcome.metrics)
    estimator.t_ += len(given.train) * len(outcome.metrics)
    settled = outcome.best_nets is not None and bool(outcome.converged.all())
    estimator._settled = incremental and settled
    best = outcome.best_nets if settled or not incremental else None
    set_nets(estimator, best or outcome.nets, unsound(outcome) if best else outcome.frozen)
    set_curves(estimator, best=outcome.best_nets is not None)


def unsound(outcome: FitOutcome) -> NDArray[np.bool_]:
    """Nets that do not predict, [P], where the best epoch of each is kept: diverged before they had a best epoch.

    Where all have, they predict all the same, with the weights that they started with, as scikit-learn's net does.
    """
    lost: NDArray[np.bool_] = outcome.frozen & (outcome.best == 0)
    return lost if not lost.all() else np.zeros_like(lost)


def epochs_done(estimator: Any) -> int:
    """Epochs, or iterations of 'lbfgs', of all fits that went on from one another."""
    return sum(len(piece["train_loss"]) for piece in estimator._measured)


def set_curves(estimator: Any, *, best: bool) -> None:
    """Set the curves: means over the nets that still trained. best: whether the net of the best epoch was kept."""
    estimator.loss_curve_ = _curve(estimator, "train_loss")
    estimator.loss_ = estimator.loss_curve_[-1]
    estimator.best_loss_ = None if best else min(estimator.loss_curve_)
    estimator.validation_loss_curve_ = _curve(estimator, "valid_loss") or None
    estimator.validation_scores_ = scores = _curve(estimator, "valid_score") or None
    defined = [score for score in scores or () if not np.isnan(score)]  # R² of equal targets is not
    estimator.best_validation_score_ = None if scores is None else max(defined, default=np.nan)


def _curve(estimator: Any, metric: str) -> list[float]:
    pieces = [values[metric] for values in estimator._measured if metric in values]
    pieces = [np.where(np.isfinite(piece), piece, np.nan) for piece in pieces]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # an epoch of which no net is left
        return [float(value) for piece in pieces for value in np.nanmean(piece, axis=1)]


def measured(estimator: Any, outcome: FitOutcome, given: GivenRows) -> Values:
    """What a training measured, in scikit-learn's conventions."""
    metrics = outcome.metrics.astype(np.float64)
    values = {"train_loss": metrics[:, 0], "train_score": metrics[:, 1]}
    if given.valid is not None:
        averaged = estimator.n_outputs_ if estimator.loss == "squared_error" else 1
        values["valid_loss"] = metrics[:, 2] / averaged
        values["valid_score"] = metrics[:, 3]
    if outcome.judged is not None:
        values["valid_score"] = outcome.judged
    return values


def history(estimator: Any) -> History:
    """All nets, all epochs, over all fits that went on from one another."""
    pieces = estimator._measured
    names = [name for name in pieces[-1] if all(name in piece for piece in pieces)]
    values = {name: np.concatenate([piece[name] for piece in pieces]) for name in names}
    best, stopped, frozen = estimator._ended
    return History(
        np.arange(1, len(values["train_loss"]) + 1), np.asarray(estimator._seeds), values, best, stopped, frozen
    )
