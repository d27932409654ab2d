"""The steps of a graph as tables and as a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from goodfit.arguments import public
from goodfit.figures.flow_steps import Box, flow_steps
from goodfit.inspection.steps import Graph, Node

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SHOWN = 4  # numbers of a value that are written out
NODES = ("node", "shape", "is", "value", "dJ by it")
EDGES = ("back along", "chain rule", "shape", "gradient")


def node_rows(graph: Graph) -> list[tuple[str, ...]]:
    """One row a node, forward."""
    return [
        (node.name, shape_text(node.value), node.formula or node.kind, brief(node.value), _gradient(node))
        for node in graph.nodes
    ]


def edge_rows(graph: Graph) -> list[tuple[str, ...]]:
    """One row an edge, backward."""
    return [
        (f"{edge.end} -> {edge.start}", edge.rule, shape_text(edge.gradient), brief(edge.gradient))
        for edge in graph.edges
    ]


def shape_text(value: np.ndarray) -> str:
    """3 x 2, or "number"."""
    return " x ".join(map(str, value.shape)) or "number"


def brief(value: np.ndarray) -> str:
    """All numbers where they are few; else the first, and the norm of all."""
    flat = value.reshape(-1)
    text = ", ".join(f"{number:.4g}" for number in flat[:SHOWN])
    return text if flat.size <= SHOWN else f"{text}, ...; norm {np.linalg.norm(flat):.4g}"


def _gradient(node: Node) -> str:
    return "-" if node.gradient is None else brief(node.gradient)


@public
def steps_figure(graph: Graph) -> Figure:
    """The graph as a picture: the chain in the middle, weights above it, biases and the penalty below."""
    boxes, column = [], 0
    for node in graph.nodes:
        row = {"W": 1.0, "b": -1.0}.get(node.name[0], 0.0) if node.kind == "parameter" else 0.0
        if node.name == "s":
            row, place = -1.0, float(column - 1)
        elif node.kind == "parameter":
            place = float(column)
        elif node.name == "y":
            row, place = 1.0, float(column)
        else:
            place, column = float(column), column + 1
        size = f"norm {np.linalg.norm(node.value):.4g}" if node.value.size > 1 else f"{node.value.item():.4g}"
        lines = (node.name, node.formula or node.kind, shape_text(node.value), size)
        boxes.append(Box(node.name, lines, place, row, node.kind))
    edges = {(edge.start, edge.end): f"{np.linalg.norm(edge.gradient):.3g}" for edge in graph.edges if edge.end != "s"}
    rows = ", ".join(map(str, graph.rows[:8])) + (", ..." if len(graph.rows) > 8 else "")
    return flow_steps(
        boxes, edges, title=f"Forward and backward, row{'s' * (len(graph.rows) > 1)} {rows} of the data set"
    )
