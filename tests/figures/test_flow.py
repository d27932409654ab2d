"""The flow of a net: what is drawn of which layer."""

from __future__ import annotations

import numpy as np
import pytest

from goodfit.figures import FlowLayer, FlowTable, flow, png
from goodfit.figures.flow import MOST_MAPS, blocks


def layer(name: str, issues: tuple[str, ...] = (), weights: bool = True) -> FlowLayer:
    values = np.array([-1.0, -0.5, 0.0, 0.5, 1.0])
    matrix = np.random.default_rng(0).standard_normal((5, 4)) if weights else None
    return FlowLayer(name, values, np.exp(values), matrix, issues)


@pytest.mark.parametrize("depth", [1, 3, 30])
def test_layers_bands_and_marks(depth: int) -> None:
    hidden = [layer(f"hidden {k + 1}", ("dead-units", "redundant-layer") if k == 0 else ()) for k in range(depth)]
    table = FlowTable(
        (layer("inputs", (), False), *hidden, layer("output", ("constant-prediction",))), ("a-code",), "T"
    )
    figure = flow(table)
    forward, backward, *maps = figure.axes
    assert len(maps) == min(depth + 1, MOST_MAPS)
    np.testing.assert_array_equal(forward.lines[0].get_ydata(), np.zeros(depth + 2))
    assert backward.get_yscale() == "log"
    assert [text.get_text() for text in forward.texts] == ["dead-units\nredundant-layer", "constant-prediction"]
    assert "a-code" in figure._supxlabel.get_text()
    assert figure._suptitle.get_text() == "T"
    assert flow(table, title="Mine")._suptitle.get_text() == "Mine"
    assert len(png(figure)) > 5000


def test_gradients_of_zero_are_drawn() -> None:
    nothing = FlowLayer("output", np.zeros(5), np.zeros(5), np.zeros((2, 2)), ())
    figure = flow(FlowTable((nothing, nothing), (), "T"))
    assert figure.axes[1].get_yscale() == "linear"
    assert len(png(figure)) > 5000


def test_large_matrices_are_averaged() -> None:
    given = np.arange(12.0).reshape(4, 3)
    np.testing.assert_array_equal(blocks(given, 10), given)
    np.testing.assert_array_equal(blocks(given, 2), [[1.5, 3.0], [7.5, 9.0]])
    assert blocks(np.ones((784, 300))).shape == (96, 96)
    np.testing.assert_allclose(blocks(np.ones((785, 301))), 1.0)
