"""goodfit: train multilayer perceptrons, whole populations at once, and know whether they fit."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from goodfit.wiring import provide

if TYPE_CHECKING:
    from goodfit import curves as curves
    from goodfit import data as data
    from goodfit import inspection as inspection
    from goodfit import leaks as leaks
    from goodfit import models as models
    from goodfit import reports as reports
    from goodfit import studies as studies
    from goodfit.errors import GoodfitError as GoodfitError
    from goodfit.errors import InputError as InputError
    from goodfit.estimators import MLPClassifier as MLPClassifier
    from goodfit.estimators import MLPRegressor as MLPRegressor
    from goodfit.estimators import PopulationSearchCV as PopulationSearchCV
    from goodfit.inspection import inspect as inspect
    from goodfit.models import Model as Model
    from goodfit.models import load_model as load_model
    from goodfit.runs import Run as Run
    from goodfit.runs.training import train as train
    from goodfit.selection.search import select as select
    from goodfit.training.recipe import Recipe as Recipe
    from goodfit.verdicts.judging import verdict as verdict
    from goodfit.verdicts.result import Verdict as Verdict

__version__ = "0.1.0"
provide("open sealed rows", "goodfit.runs.openings", "open_sealed")
_PLACES = {  # public name -> module that holds it; loaded on first use, so that `import goodfit` stays light
    "GoodfitError": "goodfit.errors",
    "InputError": "goodfit.errors",
    "MLPClassifier": "goodfit.estimators",
    "MLPRegressor": "goodfit.estimators",
    "Model": "goodfit.models",
    "PopulationSearchCV": "goodfit.estimators",
    "Recipe": "goodfit.training.recipe",
    "Run": "goodfit.runs",
    "Verdict": "goodfit.verdicts",
    "inspect": "goodfit.inspection",
    "load_model": "goodfit.models",
    "select": "goodfit.selection",
    "train": "goodfit.runs",
    "verdict": "goodfit.verdicts",
}
_PACKAGES = ("curves", "data", "inspection", "leaks", "models", "reports", "runs", "selection", "studies", "verdicts")
__all__ = [
    "GoodfitError",
    "InputError",
    "MLPClassifier",
    "MLPRegressor",
    "Model",
    "PopulationSearchCV",
    "Recipe",
    "Run",
    "Verdict",
    "__version__",
    "curves",
    "data",
    "inspect",
    "inspection",
    "leaks",
    "load_model",
    "models",
    "reports",
    "select",
    "studies",
    "train",
    "verdict",
]


def __getattr__(name: str) -> Any:
    if name in _PACKAGES:
        return importlib.import_module(f"goodfit.{name}")
    if name in _PLACES:
        return getattr(importlib.import_module(_PLACES[name]), name)
    raise AttributeError(f"module 'goodfit' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
