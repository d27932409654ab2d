"""Forward and backward step by step (4.6): the computation graph of given rows, every node and every edge of it."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from goodfit.arguments import public
from goodfit.errors import InputError, problem
from goodfit.inspection.by_hand import gradient_by_hand
from goodfit.inspection.passes import Passes, run_passes
from goodfit.inspection.subject import WHERE, Subject
from goodfit.nets.losses import LOSSES

MOST_ROWS = 64


@dataclass(frozen=True, eq=False)
class Node:
    """A quantity. kind: "input", "parameter", "value" or "objective"; formula: how it comes from the nodes before;
    value; gradient: dJ by it, by JAX; None for targets. Rows are columns: [units, B].
    """

    name: str
    kind: str
    formula: str
    value: np.ndarray
    gradient: np.ndarray | None


@dataclass(frozen=True, eq=False)
class Edge:
    """One step of the chain rule. rule: what comes back along the edge, in symbols; gradient: the same in numbers."""

    start: str
    end: str
    rule: str
    gradient: np.ndarray


@dataclass(frozen=True, eq=False)
class Graph:
    """The computation of the objective J for some rows.

    nodes: values with their gradients, inputs first
    edges: what each node passes back to those before it
    rows: their numbers
    l2: of the penalty.
    by_hand: tensor -> the greatest difference of its gradient derived by hand from JAX's, relative to its largest.
    """

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    rows: tuple[int, ...]
    l2: float
    by_hand: dict[str, float]

    def node(self, name: str) -> Node:
        """The node of that name."""
        return next(node for node in self.nodes if node.name == name)

    def to_json(self) -> dict[str, Any]:
        """Everything, values as lists."""
        return {
            "rows": list(self.rows),
            "l2": self.l2,
            "nodes": [
                {
                    "name": node.name,
                    "kind": node.kind,
                    "formula": node.formula,
                    "shape": list(node.value.shape),
                    "value": node.value.tolist(),
                    "gradient": None if node.gradient is None else node.gradient.tolist(),
                }
                for node in self.nodes
            ],
            "edges": [{**vars(edge), "gradient": edge.gradient.tolist()} for edge in self.edges],
            "by_hand": self.by_hand,
        }


@public
def trace(subject: Subject, l2: float = 0.0) -> Graph:
    """The graph of a subject's rows, at most MOST_ROWS, in float64.

    Nodes have the gradients that JAX gives; edges have what the chain rule says, worked out in NumPy from the node at
    their end. What comes back along all edges of a node adds up to its gradient.

    subject: a net with rows, as `subject_of` gives it
    l2: of the penalty, as in a recipe
    """
    if len(subject.rows) > MOST_ROWS:
        rule = f"at most {MOST_ROWS} rows are shown step by step"
        raise InputError(problem(WHERE, rule, got=len(subject.rows), fix="Choose some with --rows."))
    passes = run_passes(subject)
    nodes, edges = _forward(subject, passes, l2), _backward(subject, passes, l2)
    return Graph(tuple(nodes), tuple(edges), tuple(subject.rows.tolist()), l2, _beside(subject, passes, l2))


def _forward(subject: Subject, passes: Passes, l2: float) -> list[Node]:
    net, rows = subject.net, len(subject.rows)
    first = net.weights[0].astype(np.float64).T @ passes.z_gradients[0] / rows
    nodes = [Node("x", "input", "the inputs, scaled", subject.x.T, first)]
    for layer, weight in enumerate(net.weights):
        k, before = layer + 1, f"a{layer}" if layer else "x"
        gradient = passes.weight_gradients[layer] + l2 * weight.astype(np.float64)
        nodes += [
            Node(f"W{k}", "parameter", "", weight.astype(np.float64), gradient),
            Node(f"b{k}", "parameter", "", net.biases[layer].astype(np.float64), passes.bias_gradients[layer]),
            Node(f"z{k}", "value", f"W{k} {before} + b{k}", passes.z[layer], passes.z_gradients[layer] / rows),
        ]
        if layer < len(net.activations):
            name, back = net.activations[layer], passes.a_gradients[layer] / rows
            formula = f"m{k} {name}(z{k}) + (1 - m{k}) z{k}" if net.mixtures else f"{name}(z{k})"
            nodes.append(Node(f"a{k}", "value", formula, passes.a[layer], back))
    last = f"z{len(net.weights)}"
    shares = np.full(rows, 1.0 / rows)
    nodes.append(Node("y", "input", "the targets, as trained", np.asarray(subject.target, np.float64), None))
    nodes.append(Node("l", "value", f"{subject.loss}({last}, y)", passes.row_losses, shares))
    nodes.append(Node("L", "value", "mean of l over the rows", np.asarray(passes.loss), np.asarray(1.0)))
    penalty = 0.5 * l2 * sum(float((w.astype(np.float64) ** 2).sum()) for w in net.weights)
    if l2:
        nodes.append(Node("s", "value", f"{l2:g}/2 sum of w^2", np.asarray(penalty), np.asarray(1.0)))
    total = np.asarray(passes.loss + penalty)
    nodes.append(Node("J", "objective", "L + s" if l2 else "L", total, np.asarray(1.0)))
    return nodes


def _backward(subject: Subject, passes: Passes, l2: float) -> list[Edge]:
    """From the objective to the inputs, each edge from what is known at its end."""
    net, rows, one = subject.net, len(subject.rows), np.asarray(1.0)
    edges = [Edge("L", "J", "dJ/dL = 1", one)]
    if l2:
        edges.append(Edge("s", "J", "dJ/ds = 1", one))
    edges.append(Edge("l", "L", f"dJ/dl = dJ/dL * 1/{rows}", np.full(rows, 1.0 / rows)))
    last = len(net.weights)
    back = passes.z_gradients[-1] / rows
    edges.append(Edge(f"z{last}", "l", f"dJ/dz{last} = dJ/dl * {_outputs(subject.loss, last)}", back))
    for layer in reversed(range(last)):
        k, before = layer + 1, f"a{layer}" if layer else "x"
        values = passes.a[layer - 1] if layer else subject.x.T
        weight = net.weights[layer].astype(np.float64)
        edges.append(Edge(f"W{k}", f"z{k}", f"dJ/dW{k} = dJ/dz{k} {before}^T", back @ values.T))
        if l2:
            edges.append(Edge(f"W{k}", "s", f"dJ/dW{k} = dJ/ds * {l2:g} W{k}", l2 * weight))
        edges.append(Edge(f"b{k}", f"z{k}", f"dJ/db{k} = sum over rows of dJ/dz{k}", back.sum(1)))
        back = weight.T @ back
        edges.append(Edge(before, f"z{k}", f"dJ/d{before} = W{k}^T dJ/dz{k}", back))
        if layer:
            back = back * passes.slopes_z[layer - 1]
            name = net.activations[layer - 1]
            slope = f"{name}'(z{layer})"
            slope = f"(m{layer} {slope} + 1 - m{layer})" if net.mixtures else slope
            edges.append(Edge(f"z{layer}", f"a{layer}", f"dJ/dz{layer} = dJ/da{layer} * {slope}", back))
    return edges


def _outputs(loss: str, last: int) -> str:
    """The derivative of a row's loss by the outputs, in symbols."""
    known = {
        "cross-entropy": f"(softmax(z{last}) - onehot(y))",
        "binary-cross-entropy": f"(sigmoid(z{last}) - y)",
        "squared-error": f"(z{last} - y)",
        "absolute-error": f"sign(z{last} - y)",
        "huber": f"clip(z{last} - y)",
        "poisson": f"(exp(z{last}) - y)",
    }
    return known.get(loss, f"d{LOSSES[loss].name}/dz{last}")


def _beside(subject: Subject, passes: Passes, l2: float) -> dict[str, float]:
    """How far the gradient derived by hand is from JAX's, of every tensor."""
    hand, found = gradient_by_hand(subject, l2), {}
    for layer, weight in enumerate(subject.net.weights):
        pairs = (
            (f"W{layer + 1}", hand.weights[layer], passes.weight_gradients[layer] + l2 * weight.astype(np.float64)),
            (f"b{layer + 1}", hand.biases[layer], passes.bias_gradients[layer]),
        )
        for name, own, jax in pairs:
            scale = float(np.abs(jax).max())
            found[name] = float(np.abs(own - jax).max()) / scale if scale > 0 else float(np.abs(own).max())
    return found


def chosen_rows(text: str) -> list[int]:
    """Row numbers from a text such as 0,3,10-12."""
    found: list[int] = []
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        if not first.isdigit() or (dash and not last.isdigit()) or (dash and int(last) < int(first)):
            raise InputError(problem(WHERE, "'rows' must be row numbers such as 0,3,10-12", got=text))
        found += range(int(first), int(last) + 1) if dash else [int(first)]
        if len(found) > MOST_ROWS:
            raise InputError(problem(WHERE, f"at most {MOST_ROWS} rows are shown step by step", got=len(found)))
    return found
