"""Residuals against predictions: what is drawn where, and how many marks at most."""

from __future__ import annotations

import numpy as np
import pytest

from goodfit.figures import residuals, svg


def test_marks_are_target_less_prediction_around_a_line_at_zero() -> None:
    figure = residuals([1.0, 2, 3], [1.5, 2, 1], title="Left $\\frac{\nover")
    (axes,) = figure.axes
    zero, marks = axes.lines
    assert zero.get_ydata() == [0, 0]
    assert np.array(marks.get_xydata()).tolist() == [[1, 0.5], [2, 0], [3, -2]]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("predicted", "target - predicted")
    assert axes.get_title(loc="left") == "Left $\\frac{ over"
    assert svg(figure) == svg(figure)


@pytest.mark.parametrize("width", [4.2, 7.8])
def test_of_many_rows_a_sample_is_drawn_the_same_each_time(width: float) -> None:
    rng = np.random.default_rng(0)
    one, other = (rng.standard_normal(5000) for _ in range(2))
    drawn = [np.asarray(residuals(one, other, width=width).axes[0].lines[1].get_xydata()) for _ in range(2)]
    assert drawn[0].shape == (1000, 2)
    assert (drawn[0] == drawn[1]).all()
    assert np.isin(drawn[0][:, 1], other - one).all()
