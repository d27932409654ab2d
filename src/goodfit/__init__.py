"""goodfit: train multilayer perceptrons, whole populations at once, and know whether they fit."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from goodfit import data as data
    from goodfit.errors import GoodfitError as GoodfitError
    from goodfit.errors import InputError as InputError
    from goodfit.runs import Run as Run
    from goodfit.runs.training import train as train
    from goodfit.training.recipe import Recipe as Recipe

__version__ = "0.1.0"
_PLACES = {  # public name -> module that holds it; loaded on first use, so that `import goodfit` stays light
    "GoodfitError": "goodfit.errors",
    "InputError": "goodfit.errors",
    "Recipe": "goodfit.training.recipe",
    "Run": "goodfit.runs",
    "train": "goodfit.runs",
}
__all__ = ["GoodfitError", "InputError", "Recipe", "Run", "__version__", "data", "train"]


def __getattr__(name: str) -> Any:
    if name == "data":
        return importlib.import_module("goodfit.data")
    if name in _PLACES:
        return getattr(importlib.import_module(_PLACES[name]), name)
    raise AttributeError(f"module 'goodfit' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
