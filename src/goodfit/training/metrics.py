"""What a score is, for a row, for rows and for the parts of a training: the one place that knows.

classification: accuracy, the share of rows whose class has the largest output.
multilabel: exact match, the share of rows with every label right.
regression: R², 1 - sum (t - p)² / sum (t - mean t)², of each output over the rows that are scored, with their own mean;
then the mean over outputs. That is `sklearn.metrics.r2_score`. It is not defined (nan) where fewer than two rows count,
or an output's targets are all the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from jaxtyping import Array, Float

    from goodfit.training.examples import Examples

SCORE_NAMES = {"classification": "accuracy", "multilabel": "exact match", "regression": "R²"}  # of each task
TEMPERATURES = (0.05, 20.0)  # by which outputs may be divided, so that a net is as sure as it is right
SMALLEST_CHANCE = 1e-15  # of the right class, below which a row's loss is not counted higher


def variances(targets: NDArray[Any], weights: NDArray[Any] | None = None) -> NDArray[np.float64]:
    """What R² divides by: the variance of every output over some rows, [C], about their own mean.

    targets: [N, C]; weights: [N], how much each row counts.
    nan where R² is not defined.
    """
    if weights is not None:
        targets, weights = targets[weights > 0], weights[weights > 0]
    values = targets.astype(np.float64)
    if len(values) < 2:
        return np.full(targets.shape[1], np.nan)
    mean = np.average(values, axis=0, weights=weights)
    found = np.average((values - mean) ** 2, axis=0, weights=weights)
    # Targets that are all the same leave a rounding error, by which nothing can be divided.
    return np.where(np.ptp(values, axis=0) > 0, found, np.nan)


def r2(predicted: NDArray[Any], targets: NDArray[Any], weights: NDArray[Any] | None = None) -> NDArray[np.float64]:
    """R² of predictions [..., N, C] for targets [N, C], [...]. weights: [N], how much each row counts."""
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        squares = (np.asarray(predicted, np.float64) - targets) ** 2
        mean = np.average(squares, axis=-2, weights=weights)
        found: NDArray[np.float64] = (1 - mean / variances(np.asarray(targets), weights)).mean(axis=-1)
    return found


def r2_of_rows(
    predicted: NDArray[Any], targets: NDArray[Any], weights: NDArray[Any] | None = None
) -> NDArray[np.float64]:
    """What every row gives to R², [..., N]: their mean is R² of predictions [..., N, C] for targets [N, C].

    weights: [N], how much each row counts in that mean.
    """
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        squares = (np.asarray(predicted, np.float64) - targets) ** 2
        found: NDArray[np.float64] = (1 - squares / variances(np.asarray(targets), weights)).mean(axis=-1)
    return found


def hits(task: str, predicted: NDArray[Any], targets: NDArray[Any]) -> NDArray[np.bool_]:
    """Whether every row is right, [..., N]: predicted codes [..., N], or labels of 0 and 1 [..., N, C]."""
    right = np.asarray(predicted == targets)
    return np.asarray(right.all(axis=-1)) if task == "multilabel" else right


def log_losses(task: str, chances: NDArray[Any], targets: NDArray[Any]) -> NDArray[np.floating]:
    """The log loss of every row in nats, [N], from probabilities [N, C] and codes [N], or labels of 0 and 1 [N, C]."""
    if task == "classification":
        own = chances[np.arange(len(targets)), targets]
        return np.asarray(-np.log(np.maximum(own, SMALLEST_CHANCE)))
    right = np.where(targets > 0.5, chances, 1 - chances)
    found: NDArray[np.floating] = -np.log(np.maximum(right, SMALLEST_CHANCE)).sum(axis=1)
    return found


def score_row(task: str, z: Float[Array, "... C B"], target: Array, link: str, squares: Array | None = None) -> Array:
    """The score of every row inside a compiled program, in the type of z, [..., B].

    classification: 1 where the row's class has the largest output, the first among equals, else 0.
    multilabel: 1 where every label is right (an output says yes when it is > 0), else 0.
    regression: the row's part of what R² leaves unexplained: squared differences of prediction and target, weighed by
    `squares` [..., C] and summed over outputs. With `square_weights`, R² is 1 less their mean over the rows.
    link: the name in LINKS of what makes predictions of the outputs, read for regression alone.
    An output that is nan makes the first two 0 and the last nan.
    """
    import jax.numpy as jnp

    from goodfit.nets.losses import LINKS, chosen_class

    if task == "regression":
        difference = LINKS[link](z) - target
        unexplained = difference * difference
        return unexplained.sum(-2) if squares is None else (unexplained * squares[..., None]).sum(-2)
    if task == "multilabel":
        right: Array = jnp.where(target > 0.5, z > 0, z <= 0).all(-2)
    else:
        right = chosen_class(z, target)
    return right.astype(z.dtype)


def square_weights(examples: Examples) -> tuple[NDArray[np.float64], ...]:
    """By what squared errors are weighed so that they become 1 - R²: for the training rows and then every part, [G, C].

    1 / (C variance) of every output, over those rows with the weights that each of G sets of nets has for them, in the
    unit of `score_scale`. Empty for other tasks than regression.
    """
    if examples.task != "regression":
        return ()
    parts: Mapping[str, NDArray[np.int32]] = {"train": examples.train, **examples.parts}
    found, scale = [], score_scale(examples).astype(np.float64)
    for name, rows in parts.items():
        weights = examples.learning_weights if name == "train" else examples.weights_of(name)
        spread = _of_sets(examples, rows[rows >= 0], weights) * scale**2
        found.append(1 / (spread * examples.outputs))
    return tuple(found)


def score_scale(examples: Examples) -> NDArray[np.floating]:
    """What differences of predictions and numeric targets are multiplied by in a program's scores, [C].

    As the targets are scaled; where they are transformed, scores are told of the targets in their own unit, which is
    scaled by their spread over the training rows.
    """
    if examples.scaling.transform is None:
        return examples.scaling.target_scale
    spread = examples.y[examples.train].astype(np.float64).std(axis=0)
    return 1 / np.where(spread > 0, spread, 1.0)


def _of_sets(examples: Examples, rows: NDArray[np.int32], weights: NDArray[Any] | None) -> NDArray[np.float64]:
    """The variances of some rows' targets, [G, C], for every set of weights, or every stacked data set."""
    if examples.set_rows:
        sets = examples.y.reshape(-1, examples.set_rows, examples.outputs)
        return np.stack([variances(targets[rows]) for targets in sets])
    targets = examples.y[rows]
    if weights is None:
        return variances(targets)[None]
    return np.stack([variances(targets, own[rows]) for own in weights])
