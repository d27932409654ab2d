"""Layers that add nothing: without a non-linearity, or with one that the data do not reach (4.1.1.1)."""

import math
from typing import Any

from goodfit.inspection.findings.finding import Evidence, Finding, sound_layers
from goodfit.inspection.folding import LINEAR, linear_layers, straightness

COLLAPSED_ABOVE = 0  # hidden layers that do nothing: one is too many
REDUNDANT_ABOVE = 0.999  # share of a layer's variance that straight lines of its units' own z tell


def linear_collapse(evidence: Evidence) -> Finding:
    """Hidden layers without a non-linearity."""
    code, net = "linear-collapse", evidence.final.subject.net
    found = linear_layers(net)
    if not found:
        return Finding(code, "ok", 0, COLLAPSED_ABOVE, "", "There is a nonlinearity between any two adjacent layers.")
    place = ", ".join(f"hidden {layer + 1}" for layer in found)
    left = [size for layer, size in enumerate(net.sizes[1:-1]) if layer not in found]
    smaller = f"{len(left)} hidden layers" if left else "no hidden layer"
    text = f"No nonlinearity after {place}: the net equals one with {smaller}, which `fold` gives."
    advice = sound_layers()
    if left:
        advice["activation"] = tuple("relu" if name == LINEAR else name for name in net.activations)
    return Finding(code, "issue", len(found), COLLAPSED_ABOVE, place, text, advice)


def redundant_layer(evidence: Evidence) -> Finding:
    """The hidden layer whose activations bend least on the rows: without a bend, it is an affine map."""
    code, stage = "redundant-layer", evidence.final
    shares = [
        (straightness(stage.passes.z[layer.layer], stage.passes.a[layer.layer]), layer)
        for layer in stage.hidden
        if layer.activation != LINEAR
    ]
    if not shares:
        return Finding(code, "ok", math.nan, REDUNDANT_ABOVE, "", "There is no hidden layer with a nonlinearity.")
    known = [each for each in shares if not math.isnan(each[0])]
    if not known:
        text = "The layer outputs are the same for all rows."
        return Finding(code, "cannot tell", math.nan, REDUNDANT_ABOVE, "", text)
    share, layer = max(known, key=lambda each: each[0])
    bad = share > REDUNDANT_ABOVE
    text = f"Linear fits explain {100 * share:.4g} % of the variance of the activations of {layer.name} on these rows."
    hidden = list(stage.subject.net.sizes[1:-1])
    advice: dict[str, Any] = {}
    if bad:
        advice = {"hidden": tuple(hidden[: layer.layer] + hidden[layer.layer + 1 :])}
        for field in ("activation", "dropout"):
            value = getattr(evidence.recipe, field, None)
            if isinstance(value, tuple):
                advice[field] = value[: layer.layer] + value[layer.layer + 1 :]
    return Finding(code, "issue" if bad else "ok", share, REDUNDANT_ABOVE, layer.name, text, advice)
