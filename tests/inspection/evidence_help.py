"""Evidence with chosen numbers, for the tests of findings: a real measurement of a small net, some fields changed."""

from __future__ import annotations

import functools
import math
from dataclasses import replace
from typing import Any

import numpy as np
from inspection_help import random_net, subject

import goodfit as gf
from goodfit.inspection.findings import CHECKS, Evidence, Finding, Losses
from goodfit.inspection.learning_rates import RangeTest
from goodfit.inspection.measuring import Measurement, measure
from goodfit.inspection.probe import PassProbe
from goodfit.inspection.variants import VariantTest

RECIPE = gf.Recipe(hidden=(6, 5), activation="tanh", dropout=0, optimizer="sgd", learning_rate=0.1, epochs=10,
                   schedule="constant", init="xavier-normal", batch_size=8)  # fmt: skip


@functools.cache
def measured(activation: str = "tanh", task: str = "classification", epoch: int | None = 5) -> Measurement:
    return measure(subject(random_net((4, 6, 5, 3), activation, task=task)), RECIPE, epoch=epoch, curvature=False)


def changed(found: Measurement, layer: int, **fields: Any) -> Measurement:
    """The measurement with other numbers for one layer."""
    layers = list(found.layers)
    layers[layer] = replace(layers[layer], **fields)
    return replace(found, layers=tuple(layers))


def evidence(final: Measurement | None = None, initial: Measurement | str | None = "same", **fields: Any) -> Evidence:
    """Sound evidence, but for what is given. initial: the initial net's measurement; "same": sound, None: not known."""
    found = measured() if final is None else final
    begun = replace(measured(), epoch=0) if isinstance(initial, str) else initial
    usual: dict[str, Any] = {
        "recipe": RECIPE,
        "steps": 1000,
        "constant": found.loss * 4,
        "losses": Losses(np.linspace(2, 1, 10), False, 10),
        "rates": range_test([1.0] * 5 + [0.5, 0.1, 0.2, 1.0]),
        "probe": PassProbe(20.0, 5.0, True, 500),
    }
    return Evidence(final=found, initial=begun, **(usual | fields))


def range_test(losses: list[float], at: int = 6, constant: float = 1.0) -> RangeTest:
    """Rates by half decades, the recipe's own at a place. constant: the loss of a constant prediction."""
    rates = 0.1 * 10.0 ** ((np.arange(len(losses)) - at) / 2)
    return RangeTest(rates, np.asarray(losses), at, True, constant)


def variant_test(constant: float = 1.0, rows: int = 100, **means: float) -> VariantTest:
    """Variants by the mean of their losses, each with a standard deviation of a tenth over the held-out rows."""
    wave = 0.1 * np.sin(np.arange(rows))
    losses = {name: mean + (wave - wave.mean()) * (1 + 0.1 * k) for k, (name, mean) in enumerate(means.items())}
    return VariantTest(losses, constant, True)


def find(code: str, *given: Any, **fields: Any) -> Finding:
    """The finding of a code for `evidence`."""
    return CHECKS[code].examine(evidence(*given, **fields))


def status(code: str, *given: Any, **fields: Any) -> str:
    return find(code, *given, **fields).status


def close(value: float, to: float) -> bool:
    return math.isclose(value, to, rel_tol=1e-9)
