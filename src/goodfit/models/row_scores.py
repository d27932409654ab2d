"""What every row gives to a model's scores, so that two models are compared row by row on the same rows."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

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


def _of_classes(net: TrainedNet, z: NDArray[Any], y: NDArray[Any]) -> dict[str, Values]:
    right = hits(net.task, net.predictions_of(z), y)
    chances = net.probabilities_of(z.astype(np.float64))  # float32 has no 1 - 1e-9, whose log loss is not 0
    truth = y if net.task == "multilabel" else np.eye(net.n_outputs)[y]
    return {
        SCORE_NAMES[net.task]: right.astype(np.float64),
        LOG_LOSS: np.asarray(log_losses(net.task, chances, y), np.float64),
        BRIER: ((chances - truth) ** 2).sum(-1),
    }


def _of_regression(net: TrainedNet, z: NDArray[Any], y: NDArray[Any]) -> dict[str, Values]:
    with np.errstate(over="ignore", invalid="ignore"):  # what overflows has no interval, which says why
        apart = net.predictions_of(z).astype(np.float64) - y
        squares = apart**2
    return {SCORE_NAMES[net.task]: squares, SQUARED: squares, ABSOLUTE: np.abs(apart).mean(-1)}
