"""Partial dependence: what is drawn where."""

from __future__ import annotations

import numpy as np
import pytest

from goodfit.figures import dependence_curve, svg


@pytest.mark.parametrize("width", [4.2, 7.8])
def test_numbers_are_a_line_in_a_band(width: float) -> None:
    single = np.zeros((3, 2, 1))
    means, how = [[1], [2]], {"what": "mean prediction", "single": single, "width": width}
    figure = dependence_curve("$a$", [1.0, 3.0], [""], means, [[0.5], [0.5]], **how)
    (axes,) = figure.axes
    assert np.array(axes.lines[-1].get_xydata()).tolist() == [[1, 1], [3, 2]]
    assert len(axes.lines) == 4
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("$a$", "mean prediction")
    assert svg(figure) == svg(figure)


def test_words_are_marks_with_bars_and_classes_have_a_legend() -> None:
    figure = dependence_curve("town", ["a", "b"], ["x", "y", "z"], np.ones((2, 3)) / 3, np.zeros((2, 3)), what="p",
                              numeric=False)  # fmt: skip
    (axes,) = figure.axes
    assert [each.get_text() for each in axes.get_xticklabels()] == ["a", "b"]
    assert [each.get_text() for each in figure.legends[0].get_texts()] == ["x", "y", "z"]
    long = [f"between the same two lakes, {side}" for side in ("east", "west")]
    figure = dependence_curve("x", [1.0, 2.0], long, np.ones((2, 2)) / 2, np.zeros((2, 2)), what="p")
    assert len(figure.legends[0].get_texts()) == 2  # a line each, though both names are cut to one
