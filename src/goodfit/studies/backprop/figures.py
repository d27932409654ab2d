"""Draws the graph of both passes, and what they cost."""

import numpy as np
from matplotlib.figure import Figure

from goodfit.figures.panels import line, panels
from goodfit.figures.style import COLOURS
from goodfit.studies.backprop.graph import PLACES, Shown, draw_graph, text_of
from goodfit.studies.common.drawing import doubling_axis, legend
from goodfit.studies.declaring import Measured
from goodfit.studies.words import Labels


def draw_passes(measured: Measured, width: float, say: Labels) -> Figure:
    """The graph of one row: values in the nodes, the gradient along every way back."""
    graph = measured.arrays["graph"]
    nodes = {
        node.name: Shown(node.name, node.kind, (node.formula, text_of(node.value, say("norm"))))
        for node in graph.nodes
        if node.name in PLACES
    }
    said = {
        "x": say("the inputs"),
        "y": say("the target"),
        "z1": "W1 x",
        "z2": "W2 a1",
        "L": "(z2 − y)² / 2",
        "s": f"{graph.l2:g}/2 Σ w²",
    }
    for name, formula in said.items():
        value = graph.node(name).value if name in nodes else 0.0
        nodes[name] = Shown(
            name, nodes[name].kind if name in nodes else "value", (formula, text_of(value, say("norm")))
        )
    back = {(edge.start, edge.end): text_of(edge.gradient, say("norm")) for edge in graph.edges}
    back[("z2", "L")] = back.pop(("z2", "l"))
    return draw_graph(nodes, back, width, say)


def draw_costs(measured: Measured, width: float, say: Labels) -> Figure:
    """The cost of both passes, and the memory that they hold by depth."""
    times, memory = (measured.columns(table) for table in ("times", "memory"))
    figure, (left, right) = panels(2, width, height=3.5)
    handles = {}
    for place, batch in enumerate(np.unique(times["batch"])):
        here = times["batch"] == batch
        values = (times[key][here] for key in ("width", "ratio", "low", "high"))
        handles[say("time, batch of {batch}", batch=batch)] = line(left, *values, place=place)
    one = times["batch"] == times["batch"][0]
    handles[say("by counting multiplications")] = left.plot(times["width"][one], times["counted"][one], "k:")[0]
    doubling_axis(left, times["width"])
    left.set(xlabel=say("units of both hidden layers"), ylabel=say("both passes / forward pass"))
    left.set_ylim(0, None)
    left.set_title(say("Time"))
    here = memory["batch"] == memory["batch"].min()
    for place, (key, words) in enumerate((("forward", "memory, forward"), ("both", "memory, both")), start=4):
        handles[say(words)] = line(right, memory["depth"][here], memory[key][here] / 2**20, place=place)
    (formula,) = right.plot(memory["depth"][here], memory["formula"][here] / 2**20, "--", color=COLOURS[7])
    handles[say("4 bytes per hidden unit and example")] = formula
    right.set(xlabel=say("hidden layers"), ylabel=say("MiB in addition to weights and results"), title=say("Memory"))
    return legend(figure, handles)
