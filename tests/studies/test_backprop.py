"""Section 4.6 in its small form: the claims, and the graph's numbers by hand. Timings are told, not tested."""

from __future__ import annotations

import numpy as np
import pytest
from studies_help import Small

from goodfit.studies import run
from goodfit.studies.backprop.graph import text_of
from goodfit.studies.backprop.measure import UNITS, counted

pytestmark = pytest.mark.xdist_group("backprop")  # a worker runs its small form once

HOLD = ("forward", "chain", "differences", "single", "memory", "formula")
FEW = {"seeds": 2, "widths": (4,), "batches": (2,), "rounds": 6, "depth": 2}


def test_the_claims(small: Small) -> None:
    result = small("backprop")
    assert {name: result.claim(name).status for name in HOLD} == dict.fromkeys(HOLD, "holds")
    assert result.claim("step").found.value == 1


def test_the_drawn_graph_by_hand(small: Small) -> None:
    """J = (w2 relu(W1 x) - y)^2 / 2 + l2/2 (|W1|^2 + |w2|^2), and its gradients, written out."""
    graph = small("backprop").measured.arrays["graph"]
    x, w1, w2, y = (graph.node(name).value for name in ("x", "W1", "W2", "y"))
    z = w1 @ x
    a = np.maximum(z, 0)
    error = w2 @ a - y
    penalty = 0.1 / 2 * ((w1**2).sum() + (w2**2).sum())
    assert graph.node("J").value == pytest.approx((error**2 / 2).item() + penalty, rel=1e-12)
    np.testing.assert_allclose(graph.node("W2").gradient, error * a.T + 0.1 * w2, rtol=1e-12)
    np.testing.assert_allclose(graph.node("W1").gradient, (w2.T * error * (z > 0)) @ x.T + 0.1 * w1, rtol=1e-12)


def test_what_comes_back_to_a_node_adds_up_to_its_gradient(small: Small) -> None:
    graph = small("backprop").measured.arrays["graph"]
    for name in ("W1", "W2", "a1", "z1", "x"):
        ways = [edge.gradient for edge in graph.edges if edge.start == name]
        np.testing.assert_allclose(np.sum(ways, axis=0), graph.node(name).gradient, rtol=1e-12)


def test_multiplications_counted_one_by_one() -> None:
    """3-5-2: forward 15 + 10; back 15 + 10 for the weights and 10 for the hidden units."""
    assert counted([3, 5, 2]) == (15 + 10 + 15 + 10 + 10) / (15 + 10)
    assert counted([7, 4]) == 2


def test_memory_grows_with_layers_and_rows(small: Small) -> None:
    """Each layer more takes the same, by unit and row; the forward pass takes no more for it."""
    table = {name: np.array(values) for name, values in small("backprop").tables["memory"].items()}
    one = table["batch"] == 256
    assert len(set(table["forward"][one])) == 1
    layer = np.diff(table["both"][one]) / np.diff(table["depth"][one])
    assert (np.abs(layer / (4 * 256 * UNITS) - 1.5) <= 0.6).all()
    deepest = table["depth"] == 4
    np.testing.assert_allclose(table["both"][deepest] / table["batch"][deepest], table["both"][one][-1] / 256, rtol=0.1)


@pytest.mark.parametrize("activation", ["tanh", "sigmoid"])
def test_other_activations(activation: str) -> None:
    result = run("backprop", activation=activation, l2=0.0, hidden=1, **FEW)
    sure = ("forward", "chain", "differences", "single")
    assert {name: result.claim(name).status for name in sure} == dict.fromkeys(sure, "holds")
    assert "s" not in result.tables["nodes"]["node"]


def test_numbers_as_they_are_drawn() -> None:
    assert text_of(np.array([[0.5], [-2.0]])) == "0.5, −2"
    assert text_of(np.array([[1.0, 2.0], [3.0, 4.0]])) == "1, 2\n3, 4"
    assert text_of(3.0) == "3"
    assert text_of(np.ones((9, 1))) == "norm 3"
