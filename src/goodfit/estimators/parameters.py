"""The parameters of all estimators: `parameters.toml` has their texts, for their docstrings, and what each may hold."""

import inspect
import textwrap
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from numbers import Integral, Real
from pathlib import Path
from typing import Any, TypeVar, get_args

import numpy as np
from sklearn.utils._param_validation import Interval, Options, StrOptions

from goodfit.training.recipe import Recipe
from goodfit.training.recipe_names import ActivationName, BiasInitialiserName, InitialiserName, ScheduleName

ACTIVATIONS = {"logistic": "sigmoid"}  # scikit-learn's word -> goodfit's
DECOUPLED_DECAY = 0.01  # weight decay of adamw and lion where none is given; that of torch.optim.AdamW
STEPS_DOWN = 5.0  # learning_rate='adaptive' divides by this, as scikit-learn does
SMALLEST_RATE = 1e-6  # at or below which 'adaptive' stops instead


@dataclass(frozen=True)
class EstimatorParameter:
    """One parameter: its values in words, its meaning, and the constraints that scikit-learn checks it by."""

    values: str
    text: str
    constraints: list[Any]


RULES: dict[str, Any] = {  # what a word of `takes` stands for; others are scikit-learn's own
    "0 to 1": Interval(Real, 0, 1, closed="both"),
    "above 0": Interval(Real, 0, None, closed="neither"),
    "activation": StrOptions({*get_args(ActivationName), *ACTIVATIONS}),
    "at least 0": Interval(Real, 0, None, closed="left"),
    "bias initialiser": StrOptions(set(get_args(BiasInitialiserName)) - {"constant"}),
    "count": Interval(Integral, 1, None, closed="left"),
    "infinity": Options(Real, {np.inf}),
    "initialiser": StrOptions(set(get_args(InitialiserName))),
    "none": None,
    "mapping": Mapping,
    "number": Interval(Real, None, None, closed="neither"),
    "recipe": Recipe,
    "schedule": StrOptions(set(get_args(ScheduleName))),
    "share": Interval(Real, 0, 1, closed="left"),
    **{kind.__name__: kind for kind in (callable, dict, list, str, tuple)},
}


def _declared() -> dict[str, dict[str, EstimatorParameter]]:
    """Group -> name -> parameter, of `parameters.toml`."""
    groups = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
    return {
        group: {
            name: EstimatorParameter(each["values"], each["text"], [*map(_rule, each["takes"])])
            for name, each in parameters.items()
        }
        for group, parameters in groups.items()
    }


def _rule(takes: str | list[str]) -> Any:
    return StrOptions(set(takes)) if isinstance(takes, list) else RULES.get(takes, takes)


SCIKIT, BEYOND, CLASSIFIER, REGRESSOR, TABLES = map(
    _declared().__getitem__, ("scikit", "beyond", "classifier", "regressor", "tables")
)
SHARED = {**SCIKIT, **BEYOND}

_C = TypeVar("_C", bound=type)


def constraints(parameters: Mapping[str, EstimatorParameter]) -> dict[str, list[Any]]:
    """What scikit-learn validates parameters by."""
    return {name: each.constraints for name, each in parameters.items()}


def _indented(text: str) -> str:
    return textwrap.fill(text, 100, initial_indent="    ", subsequent_indent="    ")


def documented(parameters: Mapping[str, EstimatorParameter]) -> Callable[[_C], _C]:
    """Fill `{parameters}` in a class's docstring with the texts of its parameters, in the order of its signature."""

    def fill(cls: _C) -> _C:
        signature = inspect.signature(cls.__init__)  # type: ignore[misc]
        entries = [
            f"{name} : {parameters[name].values}, default={given.default!r}\n" + _indented(parameters[name].text)
            for name, given in signature.parameters.items()
            if name != "self"
        ]
        cls.__doc__ = inspect.cleandoc(cls.__doc__ or "").replace("{parameters}", "\n".join(entries))
        return cls

    return fill
