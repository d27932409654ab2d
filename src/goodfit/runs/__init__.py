"""Runs: the training of one recipe on disk, and `goodfit.train`; openings of sealed test sets.

Names are loaded on first use, so that what needs no training does not load JAX.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from goodfit.lazy import lazily

if TYPE_CHECKING:
    from goodfit.runs.folder import Predictions as Predictions
    from goodfit.runs.folder import RunSummary as RunSummary
    from goodfit.runs.folder import list_runs as list_runs
    from goodfit.runs.folder import load as load
    from goodfit.runs.folder import predict as predict
    from goodfit.runs.folder import task_of as task_of
    from goodfit.runs.model_facts import ModelFacts as ModelFacts
    from goodfit.runs.model_facts import describe_model as describe_model
    from goodfit.runs.opening import Opened as Opened
    from goodfit.runs.opening_estimators import open_estimator as open_estimator
    from goodfit.runs.run import LayerRow as LayerRow
    from goodfit.runs.run import Run as Run
    from goodfit.runs.training import resume as resume
    from goodfit.runs.training import train as train

_PLACES = {
    "LayerRow": "run",
    "ModelFacts": "model_facts",
    "Opened": "opening",
    "Predictions": "folder",
    "Run": "run",
    "RunSummary": "folder",
    "describe_model": "model_facts",
    "list_runs": "folder",
    "load": "folder",
    "open_estimator": "opening_estimators",
    "predict": "folder",
    "resume": "training",
    "task_of": "folder",
    "train": "training",
}
__all__ = sorted(_PLACES)
__getattr__, __dir__ = lazily(__name__, _PLACES)
