"""What every row gives to a model's scores, so that two models are compared row by row on the same rows."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from goodfit.models.averaging import decided
from goodfit.models.stacked import stacked_outputs
from goodfit.models.trained_net import TrainedNet
from goodfit.training.metrics import SCORE_NAMES, hits, log_losses

LOG_LOSS, BRIER, SQUARED, ABSOLUTE = "log loss", "Brier score", "mean squared error", "mean absolute error"

Values = NDArray[np.float64]


def row_scores(nets: Sequence[TrainedNet], x: NDArray[Any], y: NDArray[Any]) -> dict[str, Values]:
    """Measure -> what every row gives to it, the mean over nets.

    x: inputs [N, D] as the nets take them. y: targets as a data set has them.
    classification and multilabel: [N] hits (of accuracy or exact match), log loss in nats and Brier score, each of the
    row; multilabel: the latter two are sums over labels. regression: "R²" and "mean squared error" squared errors
    [N, C], "mean absolute error" [N], the mean over outputs; in the targets' own unit.
    The Brier score of a row is the sum over classes of (probability - 1 for the right class, else 0)², 0 to 2.
    Source: Brier (1950), Verification of forecasts expressed in terms of probability.
    """
    task = nets[0].task
    of_net = _of_regression if task == "regression" else _of_classes
    totals: dict[str, Values] = {}
    for place, z in stacked_outputs(nets, x):
        for name, values in of_net(nets[place], z, y).items():
            totals[name] = totals.get(name, 0.0) + values
    return {name: values / len(nets) for name, values in totals.items()}


def value_scores(task: str, values: NDArray[Any], y: NDArray[Any]) -> dict[str, Values]:
    """The same of predictions [N, C] that several nets made together: probabilities, or numbers."""
    values = values.astype(np.float64)
    return _of_numbers(values, y) if task == "regression" else _of_chances(task, decided(task, values), values, y)


def _of_classes(net: TrainedNet, z: NDArray[Any], y: NDArray[Any]) -> dict[str, Values]:
    predicted = net.predictions_of(z)
    chances = net.probabilities_of(z.astype(np.float64))  # float32 has no 1 - 1e-9, whose log loss is not 0
    return _of_chances(net.task, predicted, chances, y)


def _of_chances(task: str, predicted: NDArray[Any], chances: NDArray[Any], y: NDArray[Any]) -> dict[str, Values]:
    truth = y if task == "multilabel" else np.eye(chances.shape[1])[y]
    return {
        SCORE_NAMES[task]: hits(task, predicted, y).astype(np.float64),
        LOG_LOSS: np.asarray(log_losses(task, chances, y), np.float64),
        BRIER: ((chances - truth) ** 2).sum(-1),
    }


def _of_regression(net: TrainedNet, z: NDArray[Any], y: NDArray[Any]) -> dict[str, Values]:
    with np.errstate(over="ignore", invalid="ignore"):
        return _of_numbers(net.predictions_of(z).astype(np.float64), y)


def _of_numbers(predicted: NDArray[Any], y: NDArray[Any]) -> dict[str, Values]:
    with np.errstate(over="ignore", invalid="ignore"):  # what overflows has no interval, which says why
        apart = predicted - y
        squares = apart**2
    return {SCORE_NAMES["regression"]: squares, SQUARED: squares, ABSOLUTE: np.abs(apart).mean(-1)}
