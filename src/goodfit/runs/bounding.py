"""What prediction intervals and sets are made from: errors of a run's nets on rows that they had not learned from."""

from __future__ import annotations

from collections.abc import Sequence

from goodfit.data import Split
from goodfit.errors import InputError
from goodfit.models.averaging import values_together
from goodfit.models.conformal import Conformal, conformal_classes, conformal_numbers, conformal_quantiles
from goodfit.models.quantiles import levels_in, quantiles_together
from goodfit.models.trained_net import TrainedNet
from goodfit.runs.members import OutOfFold


def conformal_rows(nets: Sequence[TrainedNet], parts: Split, out_of_fold: OutOfFold | None) -> Conformal | None:
    """From out-of-fold predictions, else from those for validation rows.

    None without either, for multilabel targets, and where a prediction is not finite.
    """
    task = nets[0].task
    if task == "multilabel" or (out_of_fold is None and not len(parts.valid)):
        return None
    if nets[0].head is not None:
        return _of_quantiles(nets, parts, out_of_fold)
    if out_of_fold is not None:
        values, y, source = out_of_fold.values, parts.data.y[out_of_fold.rows], "out-of-fold"
    else:
        try:
            values = values_together(nets, parts.x("valid"))[0]
        except InputError:
            return None
        y, source = parts.y("valid"), "validation"
    return (conformal_numbers if task == "regression" else conformal_classes)(values, y, source)


def _of_quantiles(nets: Sequence[TrainedNet], parts: Split, out_of_fold: OutOfFold | None) -> Conformal | None:
    """The same of nets that give quantiles."""
    if out_of_fold is None:
        values, y, source = quantiles_together(nets, parts.x("valid")), parts.y("valid"), "validation"
    elif out_of_fold.quantiles is None:  # of a run from a folder, whose model file has what was made of them
        return None
    else:
        values, y, source = out_of_fold.quantiles, parts.data.y[out_of_fold.rows], "out-of-fold"
    return conformal_quantiles(values, y, levels_in(nets[0]), source)
