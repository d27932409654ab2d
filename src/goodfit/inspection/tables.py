"""An inspection as tables: of layers, of findings, and of what the figure shows."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from goodfit.arguments import public
from goodfit.figures.flow import FlowLayer, FlowTable
from goodfit.inspection.findings.finding import Finding
from goodfit.inspection.measuring import QUANTILES, Measurement


def layer_rows(measured: Measurement) -> list[dict[str, Any]]:
    """One dict a layer, the fields of `LayerMeasure`."""
    return [dict(vars(layer)) for layer in measured.layers]


@public
def flow_table(measured: Measurement, issues: Sequence[Finding]) -> FlowTable:
    """What `Inspection.figure` draws of a net, and the findings that are marked at its layers.

    measured: the net, as `measure` gives it
    issues: findings to mark at their layers
    """
    passes, net = measured.passes, measured.subject.net
    values = [measured.subject.x.T, *passes.a, passes.z[-1]]
    gradients = [None, *passes.z_gradients]
    names = ["inputs", *(layer.name for layer in measured.layers)]
    places = {finding.code: finding.place for finding in issues}
    layers: list[FlowLayer] = []
    placed: set[str] = set()
    for number, name in enumerate(names):
        here = tuple(code for code, place in places.items() if _is_at(place, name))
        placed.update(here)
        gradient = gradients[number]
        layers.append(
            FlowLayer(
                name=name,
                activations=np.quantile(values[number], QUANTILES),
                gradients=np.full(5, np.nan) if gradient is None else np.quantile(np.abs(gradient), QUANTILES),
                weights=None if number == 0 else net.weights[number - 1],
                issues=here,
            )
        )
    when = "at the start of training" if measured.epoch == 0 else ""
    shape = "-".join(map(str, net.sizes))
    title = f"Flow of a net {shape} {when}".rstrip()
    return FlowTable(tuple(layers), tuple(code for code in places if code not in placed), title)


def _is_at(place: str, name: str) -> bool:
    """Whether a finding's place is this layer: "hidden 2, unit 5" is hidden 2, "input 3" are the inputs."""
    parts = place.split(", ")
    if name == "inputs":
        return any(part.split(" ")[0] in ("input", "inputs") for part in parts)
    return name in parts
