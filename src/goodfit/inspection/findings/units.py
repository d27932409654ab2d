"""Units that pass on no gradient, or are all the same: saturated, dead, symmetric (4.1.2, 4.7.3)."""

import math
from typing import Any

from goodfit.inspection.findings.finding import Evidence, Finding, number, sound_layers, sound_start, words, worst
from goodfit.nets.activations import ACTIVATIONS

SATURATED_AT_START = 0.5  # share of a layer's values: half of all gradients are cut to less than a hundredth
SATURATED_AFTER = 0.95  # a trained net may use the flat ends; one that only has flat ends is stuck
DEAD_ABOVE = 0.5  # share of a layer's units
FEWEST_ROWS = 20  # a unit that is dead on fewer may be alive on others
TWINS_ABOVE = 0.1  # share of a layer's units
NOT_FINITE = "The values of all these layers are not finite."


def saturated(evidence: Evidence) -> Finding:
    """The share of values at the flat ends of sigmoid and tanh, in the worst layer."""
    code = "saturated-units"
    found = [
        (layer.saturated / limit, layer, stage, limit)
        for stage, limit in zip(evidence.stages[::-1], (SATURATED_AFTER, SATURATED_AT_START), strict=False)
        for layer in stage.hidden
        if None not in ACTIVATIONS[layer.activation].saturation
    ]
    if not found:
        text = "No activation of this net saturates on both sides."
        return Finding(code, "ok", math.nan, SATURATED_AT_START, "", text)
    chosen = worst(found, lambda each: each[0])
    if chosen is None:
        return Finding(code, "cannot tell", math.nan, SATURATED_AT_START, "", NOT_FINITE)
    _, layer, stage, limit = chosen
    bad = layer.saturated > limit
    text = f"{layer.saturated:.0%} of the values in {layer.name} saturate {layer.activation}, {words(stage)}."
    advice = {} if not bad else sound_start("tanh") if layer.activation == "tanh" else sound_layers()
    return Finding(code, "issue" if bad else "ok", layer.saturated, limit, layer.name, text, advice)


def dead(evidence: Evidence) -> Finding:
    """The share of units without a gradient on any row, in the worst layer."""
    code, rows = "dead-units", len(evidence.final.subject.rows)
    found = [(layer.dead, layer, stage) for stage in evidence.stages for layer in stage.hidden]
    if not found:
        return Finding(code, "ok", math.nan, DEAD_ABOVE, "", "There is no hidden layer.")
    chosen = worst(found, lambda each: each[0])
    if chosen is None:
        return Finding(code, "cannot tell", math.nan, DEAD_ABOVE, "", NOT_FINITE)
    share, layer, stage = chosen
    if share > DEAD_ABOVE and rows < FEWEST_ROWS:
        text = f"Units dead on {rows} rows may be active on others; give {FEWEST_ROWS} rows or more."
        return Finding(code, "cannot tell", share, DEAD_ABOVE, layer.name, text)
    bad = share > DEAD_ABOVE
    text = f"{share:.0%} of the units in {layer.name} have no gradient on any of {rows} rows, {words(stage)}."
    advice: dict[str, Any] = {**sound_start("relu"), "activation": "leaky-relu"} if bad else {}
    return Finding(code, "issue" if bad else "ok", share, DEAD_ABOVE, layer.name, text, advice)


def symmetric(evidence: Evidence) -> Finding:
    """The share of units with an equal or sign-flipped twin, in the worst layer."""
    code, recipe = "symmetric-units", evidence.recipe
    pruned = recipe is not None and max(recipe.l1, recipe.l2, recipe.weight_decay) > 0  # weights that were shrunk to 0
    parted = recipe is not None and any(recipe.dropouts)
    stages = evidence.stages[-1:] if parted else evidence.stages  # dropout parts units that begin alike
    found = []
    for stage in stages:
        for layer, twins in zip(stage.hidden, stage.twins, strict=True):
            near = twins.near & ~twins.zero if pruned else twins.near
            found.append((float(near.mean()), layer, near, twins, stage))
    if not found:
        return Finding(code, "ok", math.nan, TWINS_ABOVE, "", "There is no hidden layer.")
    share, layer, near, twins, stage = max(found, key=lambda each: each[0])  # counted: never nan
    bad = share > TWINS_ABOVE
    unit = int(near.argmax())  # of those that count: a pruned unit is no twin
    place = f"{layer.name}, unit {unit}" if bad else layer.name
    text = f"{share:.0%} of the units in {layer.name} duplicate another unit, up to sign, {words(stage)}"
    text += f" ({number(float(twins.exact.mean()))} exactly)." if share else "."
    if bad and twins.gradients:
        text += " Their gradients are equal too: without dropout they stay equal for ever."
    advice = {} if not bad else sound_start(layer.activation)
    return Finding(code, "issue" if bad else "ok", share, TWINS_ABOVE, place, text, advice)
