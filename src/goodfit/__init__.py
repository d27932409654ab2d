"""goodfit: train multilayer perceptrons, whole populations at once, and know whether they fit."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from goodfit import data as data
    from goodfit import inspection as inspection
    from goodfit import reports as reports
    from goodfit import studies as studies
    from goodfit.errors import GoodfitError as GoodfitError
    from goodfit.errors import InputError as InputError
    from goodfit.estimators import MLPClassifier as MLPClassifier
    from goodfit.estimators import MLPRegressor as MLPRegressor
    from goodfit.estimators import PopulationSearchCV as PopulationSearchCV
    from goodfit.inspection import inspect as inspect
    from goodfit.runs import Model as Model
    from goodfit.runs import Run as Run
    from goodfit.runs import load_model as load_model
    from goodfit.runs.training import train as train
    from goodfit.selection.judging import Verdict as Verdict
    from goodfit.selection.judging import verdict as verdict
    from goodfit.selection.search import select as select
    from goodfit.training.recipe import Recipe as Recipe

__version__ = "0.1.0"
_PLACES = {  # public name -> module that holds it; loaded on first use, so that `import goodfit` stays light
    "GoodfitError": "goodfit.errors",
    "InputError": "goodfit.errors",
    "MLPClassifier": "goodfit.estimators",
    "MLPRegressor": "goodfit.estimators",
    "Model": "goodfit.runs",
    "PopulationSearchCV": "goodfit.estimators",
    "Recipe": "goodfit.training.recipe",
    "Run": "goodfit.runs",
    "Verdict": "goodfit.selection",
    "inspect": "goodfit.inspection",
    "load_model": "goodfit.runs",
    "select": "goodfit.selection",
    "train": "goodfit.runs",
    "verdict": "goodfit.selection",
}
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
    "data",
    "inspect",
    "inspection",
    "load_model",
    "reports",
    "select",
    "studies",
    "train",
    "verdict",
]


def __getattr__(name: str) -> Any:
    if name in ("data", "inspection", "reports", "studies"):
        return importlib.import_module(f"goodfit.{name}")
    if name in _PLACES:
        return getattr(importlib.import_module(_PLACES[name]), name)
    raise AttributeError(f"module 'goodfit' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
