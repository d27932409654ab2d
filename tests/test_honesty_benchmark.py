"""The benchmark of honesty: its page has a place for every part, every cell a kind, and coverage is counted right."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from benchmarks import honesty, honesty_verdicts, intervals, regression_laws
from benchmarks.interval_cells import Cell, Drawn, drawn, each


def test_the_page_has_a_place_for_every_part() -> None:
    page = honesty.PAGE.read_text("utf-8")
    for part in honesty.PARTS:
        changed = honesty.written(page, part, "| new |")
        assert f"<!-- begin: {part} -->\n| new |\n<!-- end: {part} -->" in changed
        assert honesty.written(changed, part, "| new |") == changed
    with pytest.raises(ValueError, match="must have the marks"):
        honesty.written(page, "nothing", "")


def test_every_kind_is_simulated_and_stands_in_the_table() -> None:
    kinds = {cell.kind for cell in intervals.cells()}
    assert set(intervals.KINDS) <= kinds
    assert kinds - set(intervals.KINDS) == {"mean absolute error, undefined"}  # one of its laws has no mean


def test_coverage_is_of_the_intervals_that_are_made() -> None:
    found = [drawn(0, 1, 0.5), drawn(0, 1, 2), drawn(0, 3, 2), drawn(math.nan, math.nan, 2), drawn(1, 1, 1)]
    assert found[-1] == Drawn(False, True, 0)
    one = intervals.covered(Cell("R²", "by hand", lambda draws: found[:draws]), 5)
    assert (one.held, one.width, one.none) == (pytest.approx(2 / 3), 1, pytest.approx(2 / 5))
    assert each(lambda rng: drawn(0, rng.random(), 0))(3) == each(lambda rng: drawn(0, rng.random(), 0))(3)


@pytest.mark.parametrize("name", ["normal", "t5", "5 % outliers x 5", "grows with the target", "counts"])
def test_the_true_r2_is_that_of_a_large_sample(name: str) -> None:
    from sklearn.metrics import r2_score

    law, rng = regression_laws.DEVELOPMENT[name], np.random.default_rng(0)
    prediction, target = law.sample(rng, 400_000, 1, 1.0)
    assert law.r2(400_000, 1.0) == pytest.approx(r2_score(target, prediction[0]), abs=0.02)
    assert regression_laws.absolute(law, 0, 1, 1.0)[0] == pytest.approx(np.abs(prediction[0] - target).mean(), rel=0.01)


@pytest.mark.parametrize(
    ("kind", "advised", "gains", "named"),
    [
        ("underfit", "wider", {"wider": (0.2, 0.01, "freer")}, True),
        ("overfit", "wider", {"wider": (0.2, 0.01, "freer")}, False),
        ("diverged", None, {"wider": (0.2, 0.01, "freer")}, False),
        ("diverged", "lower", {"lower": (0.2, 0.01, "slower")}, True),
        ("overfit", "lower", {"lower": (0.2, 0.01, "slower")}, True),
        ("overfit", "narrower", {"lower": (0.2, 0.01, "slower"), "narrower": (0.01, 0.01, "tighter")}, False),
        ("good fit", None, {"lower": (0.2, 0.01, "slower")}, False),
    ],
)
def test_a_fault_is_named_by_what_truly_gains(kind: str, advised: str | None, gains: Any, named: bool) -> None:
    one = {"truth": {"gains": gains, "margin": 0.05, "diverges": False}, "quick": {"kind": kind, "advised": advised}}
    assert honesty_verdicts.named(one, "quick") is named


def test_where_all_alternatives_diverge_none_is_best() -> None:
    truth = {"gains": {"wider": (math.nan, math.nan, "freer")}, "margin": 0.05, "diverges": False}
    assert honesty_verdicts.best_of(truth)[0] == "none"
    assert not honesty_verdicts.faulty(truth)
