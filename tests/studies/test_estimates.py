"""Estimates over seeds, against textbooks' numbers and simulated coverage."""

from __future__ import annotations

import math

import numpy as np
import pytest

from goodfit.errors import InputError
from goodfit.studies.declaring import Claim
from goodfit.studies.estimates import (
    Estimate,
    correlation_of,
    exactly,
    mean_of,
    median_of,
    ratio_of,
    share_of,
    unmeasured,
)
from goodfit.studies.words import Words

NOTHING = Words("", "")


def covered(intervals: list[Estimate], truth: float) -> float:
    return float(np.mean([each.low <= truth <= each.high for each in intervals]))


def test_the_mean_by_hand() -> None:
    """1, 2, 3, 6: mean 3, standard deviation sqrt(14/3), t(0.975, 3) = 3.182446."""
    found = mean_of([1.0, 2.0, 3.0, 6.0])
    half = 3.182446 * math.sqrt(14 / 3) / 2
    assert (found.value, found.count) == (3.0, 4)
    assert (found.low, found.high) == pytest.approx((3 - half, 3 + half), rel=1e-6)


def test_ratios_are_geometric_and_paired() -> None:
    found = ratio_of([2.0, 8.0, 4.0], [1.0, 2.0, 1.0])
    assert found.value == pytest.approx(32 ** (1 / 3))
    assert found.low * found.high == pytest.approx(found.value**2)


def test_the_median_of_ten_is_between_the_second_and_the_ninth() -> None:
    """Conover's table: with n = 10 the 95 % interval of the median goes from the 2nd to the 9th value."""
    found = median_of(np.arange(1.0, 11.0))
    assert (found.value, found.low, found.high) == (5.5, 2.0, 9.0)


def test_five_seeds_give_no_interval_of_the_median() -> None:
    found = median_of(np.arange(5.0))
    assert found.value == 2.0
    assert math.isnan(found.low)
    assert not math.isnan(median_of(np.arange(6.0)).low)


def test_the_median_takes_infinite_losses() -> None:
    assert median_of([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, np.inf]).value == 4.0


def test_a_share_by_the_book() -> None:
    """Clopper and Pearson's interval of 0 of 10 ends at 1 - 0.025^(1/10)."""
    found = share_of([False] * 10)
    assert (found.value, found.low) == (0.0, 0.0)
    assert found.high == pytest.approx(1 - 0.025**0.1)


@pytest.mark.parametrize(
    ("estimate", "truth"),
    [(mean_of, 0.0), (median_of, 0.0), (lambda x: share_of(x > 0), 0.5)],
    ids=["mean", "median", "share"],
)
def test_intervals_cover_what_they_say(estimate: object, truth: float) -> None:
    """2,000 samples of 15 normal values; 95 % intervals, of which chance leaves 0.5 points of error either way."""
    rng = np.random.default_rng(0)
    found = [estimate(rng.normal(size=15)) for _ in range(2000)]
    assert 0.935 <= covered(found, truth) <= 0.99


def test_the_correlation_covers_too() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(2000, 20))
    y = 0.6 * x + 0.8 * rng.normal(size=(2000, 20))
    assert 0.93 <= covered([correlation_of(a, b) for a, b in zip(x, y, strict=True)], 0.6) <= 0.97


def test_one_seed_says_nothing() -> None:
    with pytest.raises(InputError, match="must be of at least two seeds"):
        mean_of([1.0])


@pytest.mark.parametrize(
    ("found", "status"),
    [
        (Estimate(2.0, 1.0, 3.0), "holds"),
        (Estimate(2.0, 0.99, 3.0), "cannot tell"),
        (Estimate(0.5, 0.0, 0.99), "does not hold"),
        (Estimate(0.5, 0.0, 1.0), "cannot tell"),
        (Estimate(4.0, 3.5, 5.5), "cannot tell"),
        (Estimate(6.0, 5.1, 7.0), "does not hold"),
        (exactly(5.0), "holds"),
        (exactly(5.0001), "does not hold"),
        (unmeasured(NOTHING), "cannot tell"),
        (mean_of([1.0, math.nan]), "cannot tell"),
        (mean_of([1.0, math.inf]), "cannot tell"),
    ],
)
def test_a_claim_holds_where_all_of_the_interval_does(found: Estimate, status: str) -> None:
    assert Claim("claim", NOTHING, NOTHING, low=1.0, high=5.0).status(found) == status
