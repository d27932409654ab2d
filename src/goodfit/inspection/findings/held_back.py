"""What holds back a net that is built soundly: penalties and dropout, a bottleneck, depth. Measured by training."""

import math
from typing import Any

from goodfit.inspection.findings.finding import Evidence, Finding, number
from goodfit.inspection.shapes import DEEP, NARROW, narrow_layers, shorter, widened
from goodfit.inspection.variants import (
    BOTTLENECK,
    DEPTH,
    LEFT_BELOW,
    MENDED,
    THROUGH_BELOW,
    TOGETHER,
    VariantTest,
    active_penalties,
)
from goodfit.training.recipe_rules import with_schedules_off

LIMITS = {"over-regularised": LEFT_BELOW, "bottleneck": THROUGH_BELOW, "too-deep": LEFT_BELOW}


def over_regularised(evidence: Evidence) -> Finding:
    """How much is learned with the recipe's penalties and dropout, as a share of what is learned without them; where
    some alone hold the net back, with the one that does so most.
    """
    code, recipe = "over-regularised", evidence.recipe
    active = [] if recipe is None else active_penalties(recipe)
    if recipe is not None and not active:
        return Finding(code, "ok", math.nan, LEFT_BELOW, "", "There is no penalty, no weight decay and no dropout.")
    if evidence.variants is not None:  # what the trained recipe has left of them
        active = [name for name in active if name in evidence.variants.losses] or active
    variant = active[0] if len(active) == 1 else TOGETHER
    if (judged := _untested(evidence, code, variant)) is not None:
        return judged
    test: VariantTest = evidence.variants  # type: ignore[assignment]
    bad = test.share(variant) < LEFT_BELOW and test.sure(variant)
    alone = [name for name in active if test.share(name) < LEFT_BELOW and test.sure(name)] if bad else []
    named = alone or (active if bad else [])
    if alone:
        variant = min(alone, key=test.share)
    told = [variant] if alone else active
    words = " and ".join(f"{_words(name)} {_values(getattr(recipe, name))}" for name in told)
    text = _compared(test, variant, f"with {words}{' alone' * (len(active) > len(told))}", "without")
    if others := [_words(name) for name in alone if name != variant]:
        text += f" {' and '.join(others).capitalize()} alone hold{'s' * (len(others) == 1)} it back, too."
    advice = with_schedules_off(recipe, dict.fromkeys(named, 0.0))
    return _found(code, test, variant, ", ".join(named), text, advice, bad=bad)


def bottleneck(evidence: Evidence) -> Finding:
    """How much is learned through a layer of very few units, as a share of what a wider one lets through."""
    code, recipe, net = "bottleneck", evidence.recipe, evidence.final.subject.net
    narrow = narrow_layers(net.sizes[1:-1])
    if not narrow:
        return Finding(code, "ok", math.nan, THROUGH_BELOW, "", f"Every hidden layer has more than {NARROW} units.")
    if (judged := _untested(evidence, code, BOTTLENECK)) is not None:
        return judged
    test: VariantTest = evidence.variants  # type: ignore[assignment]
    bad = test.share(BOTTLENECK) < THROUGH_BELOW and test.sure(BOTTLENECK)
    units = min(net.sizes[1 + layer] for layer in narrow)
    place = ", ".join(f"hidden {layer + 1}" for layer in narrow)
    text = _compared(test, BOTTLENECK, f"with {units} unit{'s' * (units > 1)} in {place}", "with wider layers")
    return _found(code, test, BOTTLENECK, place, text, {} if recipe is None else widened(recipe), bad=bad)


def too_deep(evidence: Evidence) -> Finding:
    """How much all layers learn in the epochs of the recipe, as a share of what the first few do."""
    code, recipe = "too-deep", evidence.recipe
    layers = len(evidence.final.hidden)
    if layers <= DEEP:
        return Finding(code, "ok", math.nan, LEFT_BELOW, "", f"There are no more than {DEEP} hidden layers.")
    if (judged := _untested(evidence, code, DEPTH)) is not None:
        return judged
    test: VariantTest = evidence.variants  # type: ignore[assignment]
    bad = test.share(DEPTH) < LEFT_BELOW and test.sure(DEPTH)
    text = _compared(test, DEPTH, f"with {layers} hidden layers", f"with {DEEP}")
    return _found(code, test, DEPTH, "", text, shorter(recipe), bad=bad)


def _untested(evidence: Evidence, code: str, variant: str) -> Finding | None:
    """The finding where trainings need not be compared, or were not; None where they were."""
    if evidence.reached >= LIMITS[code]:
        text = f"The net got rid of {evidence.reached:.0%} of a constant prediction's loss: "
        text += "only the rest can be held back."
        return Finding(code, "ok", evidence.reached, LIMITS[code], "", text)
    if evidence.recipe is None or evidence.variants is None or variant not in evidence.variants.losses:
        text = "This needs trainings to compare (recipe, data, an optimiser with a step size, some rows to spare)."
        return Finding(code, "cannot tell", math.nan, LIMITS[code], "", text)
    if not evidence.variants.learns:
        text = "The net does not learn even with these removed: the cause lies elsewhere."
        return Finding(code, "cannot tell", math.nan, LIMITS[code], "", text)
    return None


def _found(
    code: str, test: VariantTest, variant: str, place: str, text: str, advice: dict[str, Any], *, bad: bool
) -> Finding:
    share = test.share(variant)
    if share < LIMITS[code] and not bad:
        text += " On so few rows this may be chance."
        return Finding(code, "cannot tell", share, LIMITS[code], place, text)
    return Finding(code, "issue" if bad else "ok", share, LIMITS[code], place, text, advice if bad else {})


def _compared(test: VariantTest, variant: str, with_it: str, without: str) -> str:
    """Both losses in words."""
    own, mended = float(test.losses[variant].mean()), float(test.losses[MENDED].mean())
    text = "" if test.whole else "In shortened trainings: "
    text += f"the loss of held-out rows is {number(own)} {with_it}, {number(mended)} {without}; a constant prediction "
    text += f"has {number(test.constant)}."
    return text[:1].upper() + text[1:]


def _words(name: str) -> str:
    return name.replace("_", " ")


def _values(value: float | tuple[float, ...]) -> str:
    return ", ".join(f"{each:g}" for each in value) if isinstance(value, tuple) else f"{value:g}"
