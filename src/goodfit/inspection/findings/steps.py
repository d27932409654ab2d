"""Steps of the optimiser: learning rates by a range test, and updates beside the weights they move."""

import math
from typing import Any

import numpy as np

from goodfit.inspection.findings.finding import Evidence, Finding, number
from goodfit.inspection.learning_rates import RangeTest
from goodfit.training.population import Job, schedule_of
from goodfit.training.recipe import Recipe

HIGH_BELOW = 0.5  # share of the drop in loss at the best lower rate that is reached
LOW_BELOW = 0.5  # share of the drop at the best higher rate
FACTOR = 9.0  # how many times away that rate must be: nearer ones are tuning
LEARNABLE = 0.05  # of the constant prediction's loss: where no rate gets below it by as much, rates are not at fault
SAFER = 0.02  # share of the drop in loss that a lower rate may cost and still be advised
TRAVEL_BELOW = 0.05  # of the weights' size, over a whole training if every step went the same way
STEP_ABOVE = 1.0  # of the weights' size, in one step


def rate_high(evidence: Evidence) -> Finding:
    """Whether a far lower learning rate ends with a far lower loss."""
    return _judge(evidence, "learning-rate-high", HIGH_BELOW, lower=True)


def rate_low(evidence: Evidence) -> Finding:
    """Whether a far higher learning rate ends with a far lower loss."""
    return _judge(evidence, "learning-rate-low", LOW_BELOW, lower=False)


def _judge(evidence: Evidence, code: str, limit: float, *, lower: bool) -> Finding:
    test = evidence.rates
    if test is None:
        return Finding(code, "cannot tell", math.nan, limit, "", "This needs a range test (recipe and data).")
    drops = evidence.constant - test.losses  # -inf where a net diverged
    if not drops.max() > LEARNABLE * max(evidence.constant, 1e-12):
        text = "No learning rate gets much below the loss of a constant prediction: the cause lies elsewhere."
        return Finding(code, "cannot tell", math.nan, limit, "", text)
    reached = float(drops[test.at])
    if not test.whole and evidence.losses is not None and not evidence.losses.frozen:
        reached = max(reached, evidence.constant - evidence.final.loss)  # the training itself was longer than the test
    own, away = test.rates[test.at], test.rates <= test.rates[test.at] / FACTOR
    away = away if lower else test.rates >= own * FACTOR
    best = int(np.where(away, drops, -math.inf).argmax())
    share = float(max(reached, 0.0) / drops[best]) if drops[best] > 0 else math.inf
    bad = share < limit and drops[best] > LEARNABLE * evidence.constant
    text = "" if test.whole else "In a shortened range test: "
    text += f"learning rate {number(own)} ends at a loss of {number(test.own)}, {number(test.rates[best])} at "
    text += f"{number(float(test.losses[best]))}; a constant prediction has {number(evidence.constant)}."
    text = text[:1].upper() + text[1:]
    advice = {"learning_rate": float(f"{advised_rate(test):.3g}")} if bad else {}
    return Finding(code, "issue" if bad else "ok", share, limit, "", text, advice)


def advised_rate(test: RangeTest) -> float:
    """The rate to train with: the best, or the one below it, which is safer, where that costs little of the drop."""
    best = test.best
    if best > 0 and test.losses[best - 1] <= test.losses[best] + SAFER * abs(float(test.losses[0] - test.losses[best])):
        return float(test.rates[best - 1])
    return float(test.rates[best])


def updates_small(evidence: Evidence) -> Finding:
    """How far all steps of a training could carry the weights of the layer that moves most."""
    code, recipe, steps = "updates-small", evidence.recipe, evidence.steps
    ratios = [(layer.update, layer.name) for layer in evidence.start.layers if math.isfinite(layer.update)]
    if recipe is None or steps is None or not ratios:
        text = "This needs the recipe, and an optimiser with a step size (not L-BFGS)."
        return Finding(code, "cannot tell", math.nan, TRAVEL_BELOW, "", text)
    ratio, place = max(ratios)
    value = ratio * mean_factor(recipe) * steps / (1 - recipe.momentum)
    bad = value < TRAVEL_BELOW
    text = f"All {steps} steps in one direction would change the weights of {place} by {number(value)} of their norm."
    advice: dict[str, Any] = {}
    if bad:
        advice["learning_rate"] = float(f"{recipe.learning_rate / max(value, 1e-12):.3g}")
    return Finding(code, "issue" if bad else "ok", value, TRAVEL_BELOW, place, text, advice)


def updates_large(evidence: Evidence) -> Finding:
    """The first step of the layer that moves most, beside the size of its weights."""
    code, recipe = "updates-large", evidence.recipe
    ratios = [(layer.update, layer.name) for layer in evidence.start.layers if math.isfinite(layer.update)]
    if recipe is None or not ratios:
        text = "This needs the recipe, and an optimiser with a step size (not L-BFGS)."
        return Finding(code, "cannot tell", math.nan, STEP_ABOVE, "", text)
    value, place = max(ratios)
    bad = value > STEP_ABOVE
    text = f"The first step changes the weights of {place} by {number(value)} of their norm."
    advice = {"learning_rate": float(f"{recipe.learning_rate * 0.03 / value:.3g}")} if bad else {}
    return Finding(code, "issue" if bad else "ok", value, STEP_ABOVE, place, text, advice)


def mean_factor(recipe: Recipe) -> float:
    """The mean over a training of the schedule's share of the learning rate."""
    return float(schedule_of(Job(recipe)).factors(0, recipe.epochs, 16).mean())
