from __future__ import annotations

import math

import numpy as np
import pytest

from goodfit.figures import DrawnInterval, intervals, svg
from goodfit.figures.intervals import BESIDE, LOOKS

NAN = math.nan
ROWS = [
    DrawnInterval("wider", 0.02, 0.01, 0.03, "better"),
    DrawnInterval("narrower", -0.04, -0.05, -0.03, "worse"),
    DrawnInterval("deeper", 0.0, -0.01, 0.02, "open"),
    DrawnInterval("not measured", NAN, NAN, NAN, "open"),
]


def test_every_row_is_a_dot_and_an_interval_from_the_top_down() -> None:
    (axes,) = intervals(ROWS, "gain").axes
    dots = [line for line in axes.lines if line.get_marker() in ("o", "D", "v") and len(line.get_xdata())]
    spans = [line for line in axes.lines if line.get_linestyle() == "-" and len(line.get_xdata()) == 2]
    spans = [line for line in spans if line.get_marker() == "None"]
    assert [line.get_xdata()[0] for line in dots] == [0.02, -0.04, 0.0]
    assert [line.get_ydata()[0] for line in dots] == [0, 1, 2]
    assert [list(line.get_xdata()) for line in spans] == [[0.01, 0.03], [-0.05, -0.03], [-0.01, 0.02]]
    bottom, top = axes.get_ylim()
    assert bottom > top
    assert [label.get_text() for label in axes.get_yticklabels()] == [row.label for row in ROWS]
    assert axes.get_xlabel() == "gain"


def test_what_lies_far_off_is_an_arrow_and_hides_no_other_row() -> None:
    far = [DrawnInterval("far", -90.0, -3e8, 0.1, "worse"), DrawnInterval("farther", -2e7, -4e8, -1e7, "worse")]
    (axes,) = intervals([*ROWS, *far], "gain", reference=0.0).axes
    left, right = axes.get_xlim()
    assert -0.3 < left < -0.05
    assert 0.03 < right < 0.3
    arrows = [(line.get_ydata()[0], line.get_xdata()[0]) for line in axes.lines if line.get_marker() == "<"]
    assert [place for place, _ in arrows] == [4, 5]
    assert all(left < edge < -0.05 for _, edge in arrows)
    dots = [
        line.get_ydata()[0] for line in axes.lines if line.get_marker() in ("o", "D", "v") and len(line.get_xdata())
    ]
    assert dots == [0, 1, 2]
    below = DrawnInterval("its limit alone", -0.01, -0.03, 0.01, limit=-50.0)
    (axes,) = intervals([*ROWS, below], "gain", reference=0.0).axes
    assert [line.get_ydata()[0] for line in axes.lines if line.get_marker() == "<"] == [4]
    assert [line.get_marker() for line in intervals(ROWS, "gain", reference=0.0).axes[0].lines].count("<") == 0


def test_what_is_seen_is_named_in_the_legend_and_told_apart_without_colour() -> None:
    figure = intervals(ROWS, "gain", reference=0, margin=0.01)
    texts = [text.get_text() for text in figure.legends[0].get_texts()]
    assert texts == ["better", "worse", "inconclusive", "within the margin"]
    assert not intervals([DrawnInterval("a", 1, 0, 2)], "x").legends
    shapes = {(look["marker"], look.get("markerfacecolor", "full")) for name, look in LOOKS.items() if name != "chosen"}
    assert len(shapes) == len(LOOKS) - 2  # "usual" and "no better" look alike, and never stand together


def test_the_margin_is_a_band_about_the_reference() -> None:
    (axes,) = intervals(ROWS, "gain", reference=0.5, margin=0.1, sides=("worse", "better")).axes
    (band, _) = axes.patches
    assert (band.get_x(), band.get_width()) == pytest.approx((0.4, 0.2))
    (line,) = [each for each in axes.lines if np.array_equal(each.get_xdata(), [0.5, 0.5])]
    assert line.get_ydata() == [0, 1]
    assert [(text.get_text(), text.get_ha()) for text in axes.texts] == [("worse", "right"), ("better", "left")]


@pytest.mark.parametrize(
    ("label", "width", "above"), [("a", 4.2, True), ("a", 7.8, False), ("a" * (BESIDE + 1), 7.8, True)]
)
def test_labels_stand_beside_or_above_their_rows(label: str, width: float, above: bool) -> None:
    (axes,) = intervals([DrawnInterval(label, 1, 0, 2)], "x", width=width).axes
    assert (len(axes.texts) == 1) is above
    assert (len(axes.get_yticks()) == 0) is above


def test_labels_are_words_and_no_formulas_and_long_ones_are_cut() -> None:
    figure = intervals([DrawnInterval("$\\frac$\n\x1b", 1, 0, 2), DrawnInterval("b" * 500, 1, 0, 2)], "$x$ " * 80)
    drawn = svg(figure, live_text=True).decode()
    assert "$\\frac$ \\x1b" in drawn
    assert "b" * 100 not in drawn
    assert "…" in drawn
