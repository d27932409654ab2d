"""The simulations of calibration and comparisons count what they say, and their page has the same lines."""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks import calibrating, comparing, honesty
from benchmarks.calibrating import GAIN, GROUPED, Law, alarmed, lines, scored, tempered


def test_a_law_is_drawn_and_counted() -> None:
    logits, codes, chances = Law(5, 2.0, 2.0, 0.5, nets=4).draw(np.random.default_rng(0), 20)
    assert (logits.shape, codes.shape, chances.shape) == ((4, 20, 5), (20,), (20, 5))
    logits, codes, _ = GROUPED[0].draw(np.random.default_rng(0), 20)
    assert len({*map(tuple, logits[0])}) == 4
    assert (codes.reshape(4, 5) == codes[::5, None]).all()
    alone = alarmed(Law(2, 1.0), 60, 3)
    assert {name: len(each) for name, each in alone.so.items()} == {"alarm": 3, "any alarm": 3, "band": 9}
    assert len(scored(Law(2, 1.0), 60, 3).so["log loss"]) == 3
    assert len(tempered(Law(2, 1.0), 250, 3).so[GAIN]) == 3


def test_the_truth_is_that_of_the_law() -> None:
    """A model that says the true probabilities is as sure as it is right, and no temperature gains."""
    losses, means = calibrating._truth(Law(2, 2.0))
    assert means["confidence - accuracy"] == pytest.approx(0, abs=1e-12)
    assert calibrating.GRID[losses.argmin()] == pytest.approx(1, rel=0.1)
    losses, _ = calibrating._truth(Law(2, 2.0, 2.0))
    assert calibrating.GRID[losses.argmin()] == pytest.approx(2, rel=0.15)


def test_the_pages_have_the_lines_that_are_written() -> None:
    page = honesty.PAGE.read_text("utf-8")
    published = page.partition("<!-- begin: calibration -->")[2].partition("<!-- end: calibration -->")[0]
    few = [alarmed(Law(2, 1.0), 60, 3), alarmed(Law(2, 1.0, 2.0), 1000, 3), scored(Law(2, 1.0), 60, 3)]
    few += [tempered(law, 1000, 3) for law in (Law(2, 1.0), Law(2, 1.0, 0.5), GROUPED[0])]
    assert _names("\n".join(lines(few)))[:18] == _names(published)[:18]
    published = page.partition("<!-- begin: comparing -->")[2].partition("<!-- end: comparing -->")[0]
    assert [what for _, what, _ in comparing.FAMILY_LINES] == _names(published)[-4:]


def test_several_models_are_simulated_as_they_are_compared() -> None:
    rng = np.random.default_rng(0)
    family = comparing.Family(3, 100, 1, 1.5)
    assert all(isinstance(each, bool) for each in family.draw(rng))
    held = [comparing.Family(3, 100, 1, 0.0).draw(rng) for _ in range(60)]
    assert np.mean(held, axis=0)[0] >= 0.95 - 2 * np.sqrt(0.05 * 0.95 / 60)


def _names(table: str) -> list[str]:
    """The first column."""
    return [line.split("|")[1].strip() for line in table.splitlines() if line]
