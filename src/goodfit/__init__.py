"""goodfit: train multilayer perceptrons, whole populations at once, and know whether they fit."""

from goodfit.lazy import lazily
from goodfit.wiring import provide

__version__ = "0.1.0"
provide("open sealed rows", "goodfit.runs.openings", "open_sealed")
<<<<<<< HEAD
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
=======
__all__, __getattr__, __dir__ = lazily(__name__, __file__)
>>>>>>> main
