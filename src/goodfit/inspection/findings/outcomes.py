"""What came of a training: nothing beyond a constant prediction, or a loss that is not finite."""

import math
from typing import Any

import numpy as np

from goodfit.inspection.findings.finding import Evidence, Finding, number, sound_layers, worst
from goodfit.inspection.learning_rates import FREE
from goodfit.inspection.measuring import Measurement
from goodfit.inspection.precision import LARGEST
from goodfit.inspection.shapes import shorter
from goodfit.inspection.subject import all_same
from goodfit.training.recipe import Recipe

UNCHANGED_ABOVE = 0.98  # share of the constant prediction's loss that is left
FINITE_ABOVE = 0  # epochs that ended without a finite loss


def constant_prediction(evidence: Evidence) -> Finding:
    """The loss as a share of the constant prediction's."""
    code, loss = "constant-prediction", evidence.final.loss
    if all_same(evidence.final.subject.target) or evidence.constant <= 0:
        text = "A constant prediction is perfect: there is nothing to learn."
        return Finding(code, "cannot tell", math.nan, UNCHANGED_ABOVE, "", text)
    if not math.isfinite(evidence.constant):
        text = "The loss of a constant prediction is not finite."
        return Finding(code, "cannot tell", math.nan, UNCHANGED_ABOVE, "", text)
    value = loss / evidence.constant
    bad = not value < UNCHANGED_ABOVE
    text = f"The loss is {number(loss)}; the best constant prediction has {number(evidence.constant)}."
    if evidence.losses is None and bad:
        text += " It is unknown whether the net was trained."
    elif bad and evidence.losses is not None and not len(evidence.losses.train):
        text += " The net has not been trained yet."
        return Finding(code, "cannot tell", value, UNCHANGED_ABOVE, "output", text)
    advice = restart(evidence.recipe) if bad else {}
    return Finding(code, "issue" if bad else "ok", value, UNCHANGED_ABOVE, "output", text, advice)


def restart(recipe: Recipe | None) -> dict[str, Any]:
    """Recipe fields that learn on most data, where the cause is not known: few layers, all ReLU, nothing held back."""
    fields = {**sound_layers(), **FREE, "optimizer": "adamw", "learning_rate": 0.001, "momentum": 0.0,
              "nesterov": False}  # fmt: skip
    return {**shorter(recipe), **fields}


def not_finite(evidence: Evidence) -> Finding:
    """Whether the loss stopped being finite, at which epoch, and in which layer first."""
    code, losses = "loss-not-finite", evidence.losses
    broken = first_broken(evidence.final)
    if losses is not None and losses.frozen:
        where = broken or _largest_update(evidence)
        place = f"epoch {losses.stopped}" + (f", {where}" if where else "")
        text = f"The loss was no longer finite in epoch {losses.stopped}"
        text += f", first in {where}." if where else "."
        return Finding(code, "issue", losses.stopped, FINITE_ABOVE, place, text, _calmer(evidence))
    if broken is not None or not math.isfinite(evidence.final.loss):
        text = f"These rows overflow float32 in {broken or 'the loss'}."
        return Finding(code, "issue", math.nan, FINITE_ABOVE, broken or "loss", text, _calmer(evidence))
    known = "every loss in training was finite" if losses is not None else "the loss of these rows is finite"
    return Finding(code, "ok", 0, FINITE_ABOVE, "", known[:1].upper() + known[1:] + ".")


def first_broken(measured: Measurement) -> str | None:
    """The first layer, from the inputs on, whose values float32 cannot hold; then the first from the outputs back."""
    passes = measured.passes
    for layer, z in zip(measured.layers, passes.z, strict=True):
        if not (np.abs(z) <= LARGEST).all():
            return layer.name
    for layer, gradient in zip(measured.layers[::-1], passes.z_gradients[::-1], strict=True):
        if not (np.abs(gradient) <= LARGEST).all():
            return layer.name
    return None


def _largest_update(evidence: Evidence) -> str:
    found = worst(evidence.final.layers, lambda layer: layer.update)
    return "" if found is None else found.name


def _calmer(evidence: Evidence) -> dict[str, object]:
    """A tenth of the learning rate, and no gradient longer than 1."""
    recipe = evidence.recipe
    if recipe is None or recipe.optimizer == "lbfgs":
        return {"clip_norm": 1.0, "optimizer": "adamw", "learning_rate": 0.001}
    return {"learning_rate": float(f"{recipe.learning_rate / 10:.3g}"), "clip_norm": 1.0}
