"""Gradients that vanish or explode on their way to the inputs (4.7.1, 4.7.2)."""

import math

from goodfit.inspection.findings.finding import Evidence, Finding, mended, number, sound_layers, words, worst
from goodfit.inspection.measuring import Measurement

VANISHES_BELOW = 1e-3  # a layer then learns a thousand times more slowly by gradient descent than the last
EXPLODES_ABOVE = 1e3


def vanishing(evidence: Evidence) -> Finding:
    """The weakest gradient of a hidden layer, as a share of the outputs'."""
    return _judge(evidence, "vanishing-gradient", VANISHES_BELOW, smallest=True)


def exploding(evidence: Evidence) -> Finding:
    """The strongest gradient of a hidden layer, as a multiple of the outputs'."""
    return _judge(evidence, "exploding-gradient", EXPLODES_ABOVE, smallest=False)


def _judge(evidence: Evidence, code: str, limit: float, *, smallest: bool) -> Finding:
    if not evidence.final.hidden:
        return Finding(code, "ok", math.nan, limit, "", "There is no hidden layer.")
    stages = [(*extreme, stage) for stage in evidence.stages if (extreme := _extreme(stage, smallest)) is not None]
    found = worst(stages, lambda each: each[0], least=smallest)
    if found is None:
        text = "The output gradient is zero or not finite, so there is nothing to compare with."
        return Finding(code, "cannot tell", math.nan, limit, "", text)
    value, place, stage = found
    bad = value < limit if smallest else not value <= limit
    text = f"The gradient in {place} is {number(value)} times that of the outputs {words(stage)}."
    advice = mended(sound_layers(), evidence.recipe) if bad else {}
    return Finding(code, "issue" if bad else "ok", value, limit, place, text, advice)


def _extreme(stage: Measurement, smallest: bool) -> tuple[float, str] | None:
    """The least or greatest gradient among hidden layers as a share of the outputs', and the layer."""
    outputs = stage.layers[-1].z_gradient
    if not 0 < outputs < math.inf:
        return None
    shares = [(layer.z_gradient / outputs, layer.name) for layer in stage.hidden]
    if not smallest:  # a gradient that is nan has outgrown every number on its way
        shares = [(math.inf if math.isnan(share) else share, name) for share, name in shares]
    return worst(shares, lambda each: each[0], least=smallest)
