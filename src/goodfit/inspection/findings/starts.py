"""The start of a training: the variance of signals, and whether the initialiser suits the activation (4.8)."""

import math
from typing import Any

from goodfit.inspection.findings.data import inputs_bad
from goodfit.inspection.findings.finding import Evidence, Finding, mended, number, sound_layers, sound_start
from goodfit.inspection.variances import NO_THEORY, LayerVariance, predicted, predicted_of
from goodfit.nets.activations import ACTIVATIONS
from goodfit.training.recipe import Recipe

SMALL_BELOW = 1e-3  # mean square of z in a hidden layer, for inputs of mean square about 1
LARGE_ABOVE = 1e3


def initial_variance(evidence: Evidence) -> Finding:
    """The mean square of z in the hidden layer, or in the outputs where it is too large, that is farthest from 1."""
    code, start = "initial-variance", evidence.initial
    if start is None:
        text = "The initial net is unknown: this needs the recipe."
        return Finding(code, "cannot tell", math.nan, SMALL_BELOW, "", text)
    if inputs_bad(evidence.start.subject):
        text = "The features are not scaled, which hides the effect of the initialiser."
        return Finding(code, "cannot tell", math.nan, SMALL_BELOW, "inputs", text)
    worst = max(start.layers, key=lambda layer: _off(layer.signal, layer.activation == ""))
    value = worst.signal
    bad = _outside(value, worst.activation == "")
    limit = SMALL_BELOW if value < 1 else LARGE_ABOVE
    expected = start.expected[worst.layer].signal if start.expected else math.nan
    size = "not finite" if math.isnan(value) else number(value)
    text = f"The mean square of z in {worst.name} is {size} at initialisation; expected {number(expected)}."
    advice = mended(_start(evidence.recipe), evidence.recipe) if bad else {}
    return Finding(code, "issue" if bad else "ok", value, limit, worst.name, text, advice)


def wrong_initialiser(evidence: Evidence) -> Finding:
    """What theory predicts of the recipe's initialiser, whatever the data: signals forward, gradients backward."""
    code, recipe = "wrong-initialiser", evidence.recipe
    if recipe is None or recipe.init in NO_THEORY or recipe.init_data != "none":
        kind = "" if recipe is None else recipe.init if recipe.init_data == "none" else "data-dependent"
        why = "The recipe is unknown." if recipe is None else f"There is no theory for {kind} initialisation."
        return Finding(code, "cannot tell", math.nan, SMALL_BELOW, "", why)
    if not recipe.hidden:
        return Finding(code, "ok", math.nan, SMALL_BELOW, "", "There is no hidden layer.")
    net = evidence.final.subject.net
    value, way = _farthest(predicted_of(recipe, net))
    advised = _start(recipe)
    other, _ = _farthest(predicted_of(recipe.replace(**advised), net))
    bad = _outside(value) and not _outside(other)
    names = ", ".join(sorted(set(recipe.activations)))
    text = f"{recipe.init} with {names}: {way} of mean square 1 would end at "
    text += f"{number(value)} after {len(recipe.hidden)} hidden layers; "
    text += f"with {advised.get('activation', names)} and {advised['init']}, at {number(other)}."
    limit = SMALL_BELOW if value < 1 else LARGE_ABOVE
    return Finding(code, "issue" if bad else "ok", value, limit, "", text, advised if bad else {})


def _start(recipe: Recipe | None) -> dict[str, Any]:
    """A start that suits the recipe: its activation's own initialiser, and other layers where that is not enough."""
    if recipe is None or not recipe.hidden:
        return sound_layers()
    name = recipe.activations[0]
    advised = sound_start(name)
    found, _ = _farthest(predicted(recipe.replace(**advised), recipe.hidden[0], recipe.hidden[-1], 1.0))
    return sound_layers() if _outside(found) or None not in ACTIVATIONS[name].saturation else advised


def _farthest(rows: list[LayerVariance]) -> tuple[float, str]:
    """The signal in a hidden layer, or the gradient back from the last hidden layer to one, that is farthest from 1."""
    signals = [(row.signal, "signals") for row in rows[:-1]]
    gradients, gain = [], 1.0
    for row in rows[-2:0:-1]:
        gain *= row.gradient_gain
        gradients.append((gain, "gradients"))
    return max([*signals, *gradients], key=lambda each: _off(each[0]))


def _off(value: float, large_only: bool = False) -> float:
    """How far a mean square is from 1, in powers of e."""
    if math.isnan(value) or value == math.inf:
        return math.inf
    if value <= 0:
        return 0.0 if large_only else math.inf
    return max(0.0, math.log(value)) if large_only else abs(math.log(value))


def _outside(value: float, large_only: bool = False) -> bool:
    return not value <= LARGE_ABOVE or (value < SMALL_BELOW and not large_only)
