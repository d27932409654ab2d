"""The passes step by step: every edge by the chain rule, beside JAX's gradient of every node."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
import pytest
from inspection_help import random_net, subject

from goodfit.errors import InputError
from goodfit.figures import svg
from goodfit.inspection import gradient_check
from goodfit.inspection.by_hand import gradient_by_hand
from goodfit.inspection.gradient_check import ALLOWED, check_gradient
from goodfit.inspection.passes import Passes, run_passes
from goodfit.inspection.step_tables import brief, edge_rows, node_rows, shape_text, steps_figure
from goodfit.inspection.steps import MOST_ROWS, chosen_rows, trace
from goodfit.inspection.subject import describe_net, subject_of

NETS: list[tuple[Any, dict[str, Any]]] = [
    ("tanh", {}),
    ("relu", {"task": "multilabel"}),
    ("gelu", {"task": "regression"}),
    (("sigmoid", "prelu"), {"slopes": (None, 0.3)}),
]


@pytest.mark.parametrize(("activations", "fields"), NETS)
@pytest.mark.parametrize("l2", [0.0, 0.3])
def test_what_comes_back_along_all_edges_is_the_gradient_of_a_node(activations: Any, fields: Any, l2: float) -> None:
    graph = trace(subject(random_net((4, 6, 5, 3), activations, **fields), rows=3), l2)
    totals: dict[str, Any] = defaultdict(float)
    for edge in graph.edges:
        totals[edge.start] = totals[edge.start] + edge.gradient
    for name, total in totals.items():
        node = graph.node(name)
        assert node.gradient is not None
        assert np.shape(total) == node.value.shape
        np.testing.assert_allclose(total, node.gradient, rtol=1e-9, atol=1e-12)
    assert set(totals) | {"J", "y"} == {node.name for node in graph.nodes}
    assert max(graph.by_hand.values()) < 1e-9


def test_the_case_of_the_notes_by_hand() -> None:
    """x = (1, 2), one hidden ReLU layer, half the squared error of one output, l2 = 0.1; all worked out on paper.

    z1 = (1, -1), a1 = (1, 0), o = 2, y = 3: dJ/do = -1, dJ/dW2 = (-1, 0) + 0.1 (2, 1), dJ/dW1 = ((-2, -4), 0) + 0.1 W1.
    """
    net = describe_net([[[1, 0], [1, -1]], [[2, 1]]], [[0, 0], [0]], "relu", task="regression")
    graph = trace(subject_of(net, np.array([[1.0, 2.0]]), np.array([[3.0]])), 0.1)
    np.testing.assert_allclose(graph.node("z1").value, [[1], [-1]])
    np.testing.assert_allclose(graph.node("W2").gradient, [[-0.8, 0.1]])
    np.testing.assert_allclose(graph.node("W1").gradient, [[-1.9, -4.0], [0.1, -0.1]])
    np.testing.assert_allclose(graph.node("b1").gradient, [-2, 0])
    np.testing.assert_allclose(graph.node("x").gradient, [[-2], [0]])
    assert graph.node("s").value == pytest.approx(0.1 / 2 * (1 + 1 + 1 + 4 + 1))
    assert graph.node("J").value == pytest.approx(0.5 + 0.4)
    assert graph.node("y").gradient is None


def test_the_gradient_by_hand_needs_nothing_of_jax(monkeypatch: pytest.MonkeyPatch) -> None:
    from goodfit.inspection import by_hand

    found = subject(random_net((4, 6, 5, 3), ("tanh", "sigmoid")))
    expected = run_passes(found)
    zeros = tuple(np.zeros_like(each) for each in expected.z)
    empty = Passes(zeros, zeros[:2], zeros[:2], zeros, zeros[:2], (), (), expected.row_losses)
    monkeypatch.setattr(by_hand, "run_passes", lambda _: empty)
    hand = gradient_by_hand(found)
    for own, jax in zip(hand.weights, expected.weight_gradients, strict=True):
        np.testing.assert_allclose(own, jax, rtol=1e-9, atol=1e-14)
    for own, jax in zip(hand.biases, expected.bias_gradients, strict=True):
        np.testing.assert_allclose(own, jax, rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize(("activations", "fields"), NETS)
def test_gradients_pass_the_check(activations: Any, fields: Any) -> None:
    found = check_gradient(subject(random_net((4, 6, 5, 3), activations, **fields)))
    names = ["W1", "W2", "W3", "b1", "b2", "b3"] + (["slope2"] if "slopes" in fields else [])
    assert [each.name for each in found] == names
    assert all(each.right and each.error < ALLOWED / 10 for each in found)
    assert [each.numbers for each in found[:3]] == [24, 30, 15]


def test_a_wrong_gradient_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    right = gradient_check._gradients

    def wrong(*given: Any) -> tuple[Any, Any]:
        own, differences = right(*given)
        return own * (1 + 3 * ALLOWED), differences

    monkeypatch.setattr(gradient_check, "_gradients", wrong)
    assert not any(each.right for each in check_gradient(subject(random_net((4, 6, 3)))))


def test_large_tensors_are_checked_in_part() -> None:
    first = check_gradient(subject(random_net((30, 6, 3))))[0]
    assert (first.numbers, first.checked) == (180, gradient_check.NUMBERS)


def test_tables_and_picture() -> None:
    graph = trace(subject(random_net((4, 6, 3)), rows=3), 0.1)
    nodes, edges = node_rows(graph), edge_rows(graph)
    assert nodes[0][:3] == ("x", "4 x 3", "the inputs, scaled")
    assert [row[0] for row in nodes] == ["x", "W1", "b1", "z1", "a1", "W2", "b2", "z2", "y", "l", "L", "s", "J"]
    assert ("z2 -> W2", "dJ/dW2 = dJ/dz2 a1^T", "3 x 6") in [row[:3] for row in edges]
    drawn = svg(steps_figure(graph))
    assert drawn == svg(steps_figure(graph))
    assert drawn.startswith(b"<?xml")
    assert graph.to_json()["nodes"][0]["shape"] == [4, 3]


def test_numbers_are_cut_short() -> None:
    assert brief(np.array([1.0, 2.5])) == "1, 2.5"
    assert brief(np.arange(6.0)) == "0, 1, 2, 3, ...; norm 7.416"
    assert shape_text(np.asarray(1.0)) == "number"


def test_rows_of_a_text() -> None:
    assert chosen_rows("0,3,10-12") == [0, 3, 10, 11, 12]
    for wrong in ("a", "3-1", "", "1,-2"):
        with pytest.raises(InputError, match=r"'rows' must be row numbers such as 0,3,10-12; got"):
            chosen_rows(wrong)
    with pytest.raises(InputError, match="at most 64 rows are shown step by step; got 100"):
        chosen_rows("0-99")
    with pytest.raises(InputError, match="at most 64 rows"):
        trace(subject(random_net((4, 6, 3)), rows=MOST_ROWS + 1))
