"""What several nets predict together: the mean of their probabilities, or of their numbers, as often as each counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from goodfit.errors import InputError, problem
from goodfit.models.trained_net import TrainedNet
from goodfit.words import rows_text

if TYPE_CHECKING:
    from jaxtyping import Float


def mean_values(nets: Sequence[TrainedNet], x: Any) -> Float[np.ndarray, "N C"]:
    """Probabilities, or for regression numbers in the targets' unit, mean over nets, for raw inputs [N, D]: float32.
    A net counts as often as its `count` says.

    nets: at least one, all of one task, with the same inputs and outputs. InputError where the inputs do not fit, and
    where what a net gives for them is not finite in float32.

    Everything is computed in float64 and rounded once, at the end. Machines differ in the order of their sums and in
    the last bit of exp: in float64 that is so little that rounding takes it away, but for one number in many millions.
    """
    mean: Float[np.ndarray, "N C"] = values_together(nets, x)[0].astype(np.float32)
    return mean


def values_together(
    nets: Sequence[TrainedNet], x: Any, where: str = "Net"
) -> tuple[Float[np.ndarray, "N C"], tuple[int, ...]]:
    """(the same in float64, places of nets that predict one class for all rows): what is measured.

    Log losses need float64: float32 has no 1 - 1e-9. where: what the nets are of, for errors, which are the same.
    """
    total, single = np.zeros(1), []
    for number, net in enumerate(nets):
        values = net.predict(x, np.float64) if net.task == "regression" else net.predict_proba(x, np.float64)
        finite = np.abs(values) <= np.finfo(np.float32).max
        if not finite.all():
            rows = rows_text(np.flatnonzero(~finite.all(1)))
            rule = f"must give finite predictions; for {rows} it does not"
            fix = "Its weights are too large for these inputs: check for extreme inputs, or leave the net out."
            raise InputError(problem(where, rule, net=(number, len(nets)), fix=fix))
        if net.task == "classification" and len(values) and not np.ptp(decided(net.task, values)):
            single.append(number)
        total = total + (values if net.count == 1 else values * net.count)
    return total / sum(net.count for net in nets), tuple(single)


def decided(task: str, values: Float[np.ndarray, "N C"]) -> np.ndarray:
    """Predictions from `mean_values`, in the form of a data set's targets.

    classification: int32 codes [N], the first of equals; multilabel: float32 [N, C] of 0 and 1, 1 where the probability
    is above one half; regression: the values themselves. All in float32, whichever precision the values have: what is
    measured is decided as what is predicted, ties among it.
    """
    rounded = values.astype(np.float32, copy=False)
    if task == "classification":
        codes: np.ndarray = rounded.argmax(1).astype(np.int32)
        return codes
    return (rounded > 0.5).astype(np.float32) if task == "multilabel" else rounded


def named(task: str, classes: Sequence[str], predicted: np.ndarray) -> np.ndarray:
    """What `decided` gives, with the names of the classes in the place of their codes: an object array [N] of str.

    Labels and numbers stay as they are. Objects, since an array of NumPy's own texts cuts names off at a NUL and takes
    the room of the longest name for each row.
    """
    return np.array(classes, object)[predicted] if task == "classification" else predicted
