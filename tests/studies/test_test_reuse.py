"""Section 4.3.2 in its small form: the claims, the formula, and both users who climb, by hand and by SciPy."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats
from studies_help import Small

from goodfit.intervals import LEVEL
from goodfit.studies import find
from goodfit.studies.test_reuse.measure import expected_best, flipping, limit_of, log_missing, voting

pytestmark = pytest.mark.xdist_group("test-reuse")  # a worker runs its small form once


def test_the_claims(small: Small) -> None:
    result = small("test-reuse")
    assert {name: result.claim(name).status for name in ("best-plain", "climb-planned")} == {
        "best-plain": "does not hold",
        "climb-planned": "does not hold",
    }
    assert all(result.claim(name).found.value >= 0.9 for name in ("best-planned", "best-lasting", "climb-adaptive"))
    assert result.claim("climb-rises").status == "holds"
    assert result.claim("best-rises").found.value == pytest.approx(result.tables["best"]["best"][-1])


def test_the_section_still_leads_to_the_study_of_folds() -> None:
    assert find("4.3.2").name == "k-fold"
    assert find("test-reuse").section == "4.3.2"


def test_the_expected_best_is_that_of_simulation() -> None:
    """4000 draws: a standard error of 0.0005."""
    drawn = np.random.default_rng(0).binomial(100, 0.5, (4000, 30)).max(1) / 100
    assert expected_best(100, 30) == pytest.approx(drawn.mean(), abs=0.002)
    assert expected_best(100, 1) == pytest.approx(0.5)


def test_limits_are_the_edge_of_the_exact_interval() -> None:
    for level in (0.95, 0.999):
        (limit,) = limit_of(60, 1, lambda _, level=level: level)
        assert stats.binomtest(int(limit), 60).proportion_ci(level, "exact").low <= 0.5
        assert stats.binomtest(int(limit) + 1, 60).proportion_ci(level, "exact").low > 0.5


def test_whoever_flips_learns_a_label_a_look() -> None:
    """After all rows were tried once, all are right; each look adds one hit or none."""
    hits = flipping(np.random.default_rng(1), 20, 400)
    assert hits[-1] == 20
    assert set(np.diff(hits)) <= {0, 1}


def test_the_vote_of_the_better_ones_is_that_of_hand() -> None:
    """The kth look is at the vote of the k - 1 models before it."""
    rows, looks = 31, 8
    hits = voting(np.random.default_rng(2), rows, looks)
    right = np.random.default_rng(2).integers(0, 2, size=(looks, rows), dtype=np.int16)
    for look in (2, 4, 6, 8):  # an odd number of votes has no ties
        turned = [own if 2 * own.sum() >= rows else 1 - own for own in right[: look - 1]]
        assert hits[look - 1] == (np.sum(turned, axis=0) > (look - 1) / 2).sum()
    assert hits[0] == right[0].sum()


def test_how_often_the_adaptive_interval_may_miss() -> None:
    assert log_missing(100, 1) == pytest.approx(math.log((1 - LEVEL) / 2))
    assert log_missing(100, 3) == pytest.approx(math.log((1 - LEVEL) / 12) - 2 * math.log(101))
