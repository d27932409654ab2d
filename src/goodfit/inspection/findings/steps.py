"""Steps of the optimiser: learning rates by a range test, and updates beside the weights they move."""

import math
from typing import Any

import numpy as np

from goodfit.inspection.findings.finding import Evidence, Finding, number, worst
from goodfit.inspection.learning_rates import LEARNABLE, RangeTest, advised_rate, nearest_best
from goodfit.inspection.measuring import LayerMeasure
from goodfit.training.population import Job
from goodfit.training.recipe import Recipe
from goodfit.training.recipe_rules import LEARNING_RATES
from goodfit.training.settings import schedule_of

HIGH_BELOW = 0.5  # share of the drop in loss at the best lower rate that is reached
LOW_BELOW = 0.5  # share of the drop at the best higher rate
FACTOR = 9.0  # how many times away that rate must be: nearer ones are tuning
TRAVEL_BELOW = 0.05  # of the weights' size, over a whole training if every step went the same way
FASTEST = 30.0  # times the optimiser's usual rate: the most that is advised, however near to 0 the gradient is
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
    drops = test.drops
    if not drops.max() > LEARNABLE:
        text = "No learning rate gets much below the loss of a constant prediction: the cause lies elsewhere."
        return Finding(code, "cannot tell", math.nan, limit, "", text)
    reached = float(drops[test.at])
    if not test.whole and evidence.losses is not None and not evidence.losses.frozen and evidence.reached > reached:
        reached = evidence.reached  # the training itself was longer than the test
    best, other = _best(test, lower=lower), _best(test, lower=not lower)
    if best is None:
        side = "lower" if lower else "higher"
        text = (
            f"No learning rate that is {FACTOR:g} times {side} ends with a finite loss below a constant prediction's."
        )
        return Finding(code, "ok", math.inf, limit, "", text)
    share = max(reached, 0.0) / float(drops[best])
    # A net is not called too fast and too slow at once: the side that ends lower tells, the lower rates if both do. One
    # that diverged is not too slow, whatever a still higher rate came to by chance.
    beaten = other is not None and (drops[other] > drops[best] or (drops[other] == drops[best] and not lower))
    bad = share < limit and drops[best] > LEARNABLE and not beaten and (lower or math.isfinite(test.own))
    advice = {"learning_rate": float(f"{advised_rate(test):.3g}")} if bad else {}
    return Finding(code, "issue" if bad else "ok", share, limit, "", _told(evidence, test, best), advice)


def _best(test: RangeTest, *, lower: bool) -> int | None:
    """The best rate that is FACTOR times lower, or higher; None where none of them learned anything."""
    own = test.rates[test.at]
    away = test.rates <= own / FACTOR if lower else test.rates >= own * FACTOR
    best = nearest_best(np.where(away, test.drops, -math.inf), test.rates, test.at)
    return best if away[best] and test.drops[best] > 0 else None


def _told(evidence: Evidence, test: RangeTest, best: int) -> str:
    """What the test showed, in words."""
    where = [] if test.whole else ["in a shortened range test"]
    if evidence.plan is not None and evidence.recipe is not None and not evidence.plan.tests(evidence.recipe, {}):
        where.append("with the other faults mended")
    ends = "diverges" if math.isinf(test.own) else f"ends at a loss of {number(test.own)}"
    text = "".join(f"{each}, " for each in where)[:-2] + ": " if where else ""
    text += f"learning rate {number(float(test.rates[test.at]))} {ends}, {number(float(test.rates[best]))} at "
    text += f"{number(float(test.losses[best]))}; a constant prediction has {number(test.constant)}."
    return text[:1].upper() + text[1:]


def updates_small(evidence: Evidence) -> Finding:
    """How far all steps of a training could carry the weights of the layer that moves most."""
    code, recipe, steps = "updates-small", evidence.recipe, evidence.steps
    layer = _most_moved(evidence)
    if recipe is None or steps is None or layer is None:
        return Finding(code, "cannot tell", math.nan, TRAVEL_BELOW, "", _unmoved(evidence))
    value = layer.update * mean_factor(recipe) * steps / (1 - recipe.momentum)
    if not value > 0:
        text = "The first step moves no weight at all: the gradient is 0, which no learning rate changes."
        return Finding(code, "cannot tell", value, TRAVEL_BELOW, layer.name, text)
    bad = value < TRAVEL_BELOW
    text = f"All {steps} steps in one direction would change the weights of {layer.name} by {number(value)} of their "
    text += "norm."
    advice: dict[str, Any] = {}
    if bad:
        most = max(recipe.learning_rate, FASTEST * LEARNING_RATES[recipe.optimizer])
        advice["learning_rate"] = min(float(f"{recipe.learning_rate / value:.3g}"), most)
    return Finding(code, "issue" if bad else "ok", value, TRAVEL_BELOW, layer.name, text, advice)


def updates_large(evidence: Evidence) -> Finding:
    """The first step of the layer that moves most, beside the size of its weights."""
    code, recipe, layer = "updates-large", evidence.recipe, _most_moved(evidence)
    if recipe is None or layer is None:
        return Finding(code, "cannot tell", math.nan, STEP_ABOVE, "", _unmoved(evidence))
    bad = layer.update > STEP_ABOVE
    text = f"The first step changes the weights of {layer.name} by {number(layer.update)} of their norm."
    advice = {"learning_rate": float(f"{recipe.learning_rate * 0.03 / layer.update:.3g}")} if bad else {}
    return Finding(code, "issue" if bad else "ok", layer.update, STEP_ABOVE, layer.name, text, advice)


def _most_moved(evidence: Evidence) -> LayerMeasure | None:
    """The layer that the first step moves most. Weights that are all 0 move by an infinite share, and are left out."""
    moved = [layer for layer in evidence.start.layers if layer.update != math.inf]
    return worst(moved, lambda layer: layer.update)


def _unmoved(evidence: Evidence) -> str:
    """Why no step is known."""
    if evidence.recipe is not None and evidence.recipe.optimizer != "lbfgs":
        return "No step is known: the gradient is not finite, or all weights are 0."
    return "This needs the recipe, and an optimiser with a step size (not L-BFGS)."


def mean_factor(recipe: Recipe) -> float:
    """The mean over a training of the schedule's share of the learning rate."""
    return float(schedule_of(Job(recipe)).factors(0, recipe.epochs, 16).mean())
