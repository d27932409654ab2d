"""Opening the test rows of whatever predicts: a run, the run in a folder, a model, nets, an estimator."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from goodfit.data import Sealed, Step
from goodfit.errors import InputError, problem
from goodfit.models.model_file import Model
from goodfit.models.trained_net import TrainedNet
from goodfit.runs.folder import load
from goodfit.runs.opening import Opened, open_rows
from goodfit.runs.opening_estimators import open_estimator
from goodfit.runs.opening_runs import open_test_rows
from goodfit.runs.run import Run


def open_sealed(rows: Sealed, given: Any) -> Opened:
    """What `rows.open(given)` does: score a run, a model, a net or several nets, or a fitted estimator.

    InputError where it is none of these, or several that are not nets.
    """
    several = tuple(given) if isinstance(given, Sequence) else (given,)
    if several and all(isinstance(each, TrainedNet) for each in several):
        return open_rows(several, rows)
    kinds = {type(each).__name__: hasattr(each, "predict") or isinstance(each, Run) for each in several}
    if len(kinds) != 1 or not all(kinds.values()):
        rule = "what is scored must be a run, model or estimator, a net, or several nets"
        raise InputError(problem("Test rows", rule, got=", ".join(kinds) or given))
    if len(several) > 1:
        rule = "runs and models are scored one at a time"
        raise InputError(problem("Test rows", rule, fix="Give the nets: [*one.nets, *other.nets]."))
    (one,) = several
    if isinstance(one, Run):
        return open_rows(one.final, rows, run=one.folder, together=one.together)
    if isinstance(one, Model):
        return open_rows(one.predicting, rows, together=one.of_folds)
    return open_estimator(one, rows)


def open_folder(
    folder: Path,
    data: str | None = None,
    target: str | Sequence[str] | None = None,
    progress: Callable[[Step], None] | None = None,
) -> Opened:
    """Open the test rows of the run in a folder, or all of other data.

    data: the name of a data set or a table file: that of the run, where the run does not find it itself, or one that it
    was not trained on. target: the target column of the latter, where it is not the run's.
    """
    run = load(folder)
    return open_test_rows(run.final, run.split, run.folder, data, target, progress, run.start, together=run.together)
