"""The simulation behind docs/calibration.md counts what it says, and its page has the same lines."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from benchmarks import calibrating
from benchmarks.calibrating import Law, lines, seen

PAGE = Path(__file__).parents[1] / "docs" / "calibration.md"


def test_a_law_is_drawn_and_counted() -> None:
    true, twice = seen(Law(2, 1.0, 1.0), 60, 3), seen(Law(2, 1.0, 2.0), 60, 3)
    assert true.true
    assert not twice.true
    assert [len(each) for each in (true.alarms, true.values, true.advised, true.inside)] == [3, 3, 3, 9]
    page = PAGE.read_text("utf-8").partition("<!-- begin: calibrating -->")[2].partition("<!-- end: calibrating -->")[0]
    printed, published = (_names(text) for text in ("\n".join(lines([true, twice])), page))
    assert printed[:8] == published[:8]
    logits, codes = Law(5, 2.0, 2.0, 0.5, nets=4).draw(np.random.default_rng(0), 20)
    assert (logits.shape, codes.shape) == ((4, 20, 5), (20,))
    assert len(list(calibrating.laws())) == 13


def _names(table: str) -> list[str]:
    """The first column."""
    return [line.split("|")[1].strip() for line in table.splitlines() if line]
