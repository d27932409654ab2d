"""The reliability diagram: what is drawn where, marks outside their band, names that are cut and never a formula."""

from __future__ import annotations

import numpy as np
import pytest

from goodfit.figures import reliability_diagram, svg

PREDICTED, OBSERVED, LOW, HIGH = [0.6, 0.8, 0.95], [0.5, 0.8, 0.99], [0.55, 0.75, 0.9], [0.65, 0.85, 0.98]


def test_bins_bands_and_marks_stand_where_they_belong() -> None:
    figure = reliability_diagram(PREDICTED, OBSERVED, LOW, HIGH, of="predicted class", title="Reliability of\nit")
    (axes,) = figure.axes
    marks = {line.get_label() or "": line for line in axes.lines if line.get_linestyle() == "None"}
    inside, outside = (np.array([line.get_xdata(), line.get_ydata()]).T.tolist() for line in marks.values())
    assert (inside, outside) == ([[0.8, 0.8]], [[0.6, 0.5], [0.95, 0.99]])
    (band,) = axes.collections
    assert [each.tolist() for each in band.get_segments()] == [
        [[at, low], [at, high]] for at, low, high in zip(PREDICTED, LOW, HIGH, strict=True)
    ]
    assert axes.get_xlim() == axes.get_ylim()
    assert axes.get_title(loc="left") == "Reliability of it"
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert legend[2:] == ["inside its band", "outside its band"]
    assert {line.get_marker() for line in marks.values()} == {"o", "D"}  # by shape as well as by colour


@pytest.mark.parametrize("width", [4.2, 7.8])
def test_names_are_never_a_formula_and_fit(width: float) -> None:
    figure = reliability_diagram([0.5], [0.5], [0.4], [0.6], of="$\\frac{" + 60 * "x", width=width)
    (axes,) = figure.axes
    assert axes.get_xlabel() == "P($\\frac{" + 22 * "x" + "…)"
    assert axes.get_title(loc="left") == ""
    assert svg(figure, live_text=True).startswith(b"<?xml")
    assert svg(figure) == svg(figure)
