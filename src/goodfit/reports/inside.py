"""The section on what went on inside the nets while they trained: the flow by layer, with the epoch as a slider."""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from goodfit.figures import FlowLayer, FlowTable, flow_bands
from goodfit.inspection.layer_table import MEASURED, QUANTILE_FIELDS, TABLE, read_layers
from goodfit.reports.blocks import Block, Grid, Passage, Picture
from goodfit.reports.frames import Frames, PageFrame, spread
from goodfit.reports.numbers import brief, counted, percent
from goodfit.reports.page import Section
from goodfit.runs import Run

TITLE = "Activations and gradients, layer by layer"
COLUMNS = ("layer", "activations (5 to 95 %)", "size of gradients (5 to 95 %)", "saturated", "dead", "ratio to next")
HOW = (
    "Line: the median over rows and units; bands: central 50 % and 90 %. Gradients are those of each row's loss with "
    "respect to a layer's values before activation, z = W a + b."
)
REMARKABLE = 0.05  # share of a layer's values or units, from which words tell it
HALF = len(QUANTILE_FIELDS) // 2
Layers = dict[str, dict[str, float]]


def inside_section(run: Run) -> Section | None:
    """What `goodfit train --inspect` saw; None where nobody looked. InputError where the table is damaged."""
    rows = [] if run.folder is None else read_layers(run.folder)
    if not rows:
        return None
    looks = _looks(rows)
    epochs = [list(looks)[at] for at in spread(len(looks))]
    layers = [looks[epoch] for epoch in epochs]
    tables = [_flow(each) for each in layers]
    nets = len({row["net"] for row in rows})
    told = HOW if nets == 1 else f"{HOW} Each number is the median over {counted(nets, 'net')}."
    wide, narrow = flow_bands(tables, width=7.8), flow_bands(tables, width=4.2)
    frames = [
        PageFrame(str(epoch), wide[at], _grid(epoch, layers[at]), _words(layers[at]), narrow[at])
        for at, epoch in enumerate(epochs)
    ]
    about = {"looks": len(looks), "shown": len(epochs), "nets": nets, "all": len(run.seeds), "table": TABLE}
    blocks: list[Block] = [Passage("run/inside.html", about)]
    if len(frames) > 1:
        blocks.append(Frames(TITLE, "Epoch", frames, f"{told} The scales are the same in all epochs."))
    else:
        (one,) = frames
        title = f"{TITLE}, after epoch {one.name}"
        blocks.append(Picture(title, one.drawn, one.table, told, f"{one.text} {told}", one.narrow))
    return Section("Inside the nets", blocks)


def _looks(rows: Sequence[dict[str, Any]]) -> dict[int, Layers]:
    """Epoch -> layer -> field -> median over the nets, in the order of the table."""
    gathered: dict[int, dict[str, list[list[float]]]] = {}
    for row in rows:
        values = [row[name] for name in MEASURED]
        gathered.setdefault(row["epoch"], {}).setdefault(row["layer"], []).append(values)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "All-NaN slice")
        return {
            epoch: {
                layer: dict(zip(MEASURED, np.nanmedian(values, axis=0).tolist(), strict=True))
                for layer, values in layers.items()
            }
            for epoch, layers in gathered.items()
        }


def _flow(layers: Layers) -> FlowTable:
    made = []
    for name, values in layers.items():
        quantiles = np.array([values[each] for each in QUANTILE_FIELDS])
        made.append(FlowLayer(name, quantiles[:HALF], quantiles[HALF:], None, ()))
    return FlowTable(tuple(made), (), "")


def _grid(epoch: int, layers: Layers) -> Grid:
    rows = [
        [
            name,
            _band(values, QUANTILE_FIELDS[:HALF]),
            _band(values, QUANTILE_FIELDS[HALF:]),
            percent(values["saturated"]),
            percent(values["dead"]),
            brief(values["ratio"]),
        ]
        for name, values in layers.items()
    ]
    note = "Ratio to next: the gradient's norm in a layer divided by that in the next layer."
    return Grid(f"Layers after epoch {epoch}", COLUMNS, rows, note=note)


def _band(values: dict[str, float], fields: Sequence[str]) -> str:
    """Median (5 % to 95 %)."""
    low, middle, high = values[fields[0]], values[fields[HALF // 2]], values[fields[-1]]
    return f"{brief(middle)} ({brief(low)} to {brief(high)})"


def _words(layers: Layers) -> str:
    """What a frame shows, in a sentence or two."""
    middle = QUANTILE_FIELDS[HALF + HALF // 2]
    sizes = {name: values[middle] for name, values in layers.items()}
    least, most = min(sizes, key=lambda name: sizes[name]), max(sizes, key=lambda name: sizes[name])
    told = f"Median size of the gradients: {brief(sizes[least])} in {least}, {brief(sizes[most])} in {most}."
    for what, word in (("saturated", "of the values in {} saturated"), ("dead", "of the units in {} dead")):
        shares = {name: values[what] for name, values in layers.items() if values[what] > REMARKABLE}
        if shares:
            worst = max(shares, key=lambda name: shares[name])
            told += f" {percent(shares[worst])} {word.format(worst)}."
    return told
