"""Intervals that know their bounds: their ends by hand, and how often they hold the truth, by simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import t

from goodfit.intervals import NOT_NEGATIVE, SHARE, about, level_of_openings, of_differences, within
from goodfit.selection.comparing import compare, interval
from goodfit.studies.estimates import mean_gap, mean_of, mean_share
from goodfit.verdicts.deciding import decide


def test_without_bounds_it_is_student_s_interval() -> None:
    half = t.ppf(0.975, 4) * 0.1
    assert about(0.7, 0.1, 4) == pytest.approx((0.7 - half, 0.7 + half))
    assert about(0.7, 0.1, 4, level=0.9) == pytest.approx((0.7 - t.ppf(0.95, 4) * 0.1, 0.7 + t.ppf(0.95, 4) * 0.1))


def test_within_two_bounds_each_end_is_the_farther_of_two_scales() -> None:
    half = t.ppf(0.975, 4) * 0.02
    odds = math.log(0.95 / 0.05)
    reach = half / (0.95 * 0.05)
    low, high = about(0.95, 0.02, 4, bounds=SHARE)
    assert low == pytest.approx(1 / (1 + math.exp(-(odds - reach))))  # Student's is 0.894
    assert high == 1.0  # Student's is 1.0055, on the other scale 0.985
    assert low < 0.95 - half
    assert about(-0.9, 0.02, 4, bounds=of_differences(SHARE))[0] == pytest.approx(-0.9 - half)


def test_within_one_bound_it_is_cut_there() -> None:
    assert about(0.02, 0.02, 4, bounds=NOT_NEGATIVE) == pytest.approx((0.0, 0.02 + t.ppf(0.975, 4) * 0.02))
    assert about(0.99, 0.02, 4, bounds=(-math.inf, 1.0))[1] == 1.0


def test_what_has_no_width_or_no_value() -> None:
    assert about(0.5, 0.0, 4, bounds=SHARE) == (0.5, 0.5)
    assert about(1.0, 0.0, 4, bounds=SHARE) == (1.0, 1.0)
    assert all(math.isnan(each) for each in (*about(math.nan, 0.1, 4, bounds=SHARE), *about(0.1, math.inf, 4)))
    assert math.isnan(within(math.nan, SHARE))
    assert (within(1.2, SHARE), within(-0.1, SHARE), within(0.3, SHARE)) == (1.0, 0.0, 0.3)
    assert level_of_openings(5) == pytest.approx(0.99)


def coverage(values: np.ndarray, truth: float, bounds: tuple[float, float]) -> float:
    """Of the interval of the mean, among samples whose values are not all the same. values: [samples, S]."""
    errors = values.std(1, ddof=1) / math.sqrt(values.shape[1])
    ends = [
        about(float(mean), float(error), values.shape[1] - 1, bounds=bounds)
        for mean, error in zip(values.mean(1), errors, strict=True)
        if error > 0
    ]
    low, high = np.array(ends).T
    assert low.min() >= bounds[0]
    assert high.max() <= bounds[1]
    return float(((low <= truth) & (truth <= high)).mean())


@pytest.mark.parametrize("seeds", [3, 5, 10, 30])
@pytest.mark.parametrize("rows", [20, 1000])
@pytest.mark.parametrize("share", [0.5, 0.95, 0.99])
def test_means_of_shares_hold_the_truth(seeds: int, rows: int, share: float) -> None:
    """3000 draws: the standard error is 0.4 %; seeds differ too, by 0.5 on the scale of log odds."""
    rng = np.random.default_rng(0)
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    odds = math.log(share / (1 - share))
    truth = float((weights / weights.sum()) @ (1 / (1 + np.exp(-(odds + 0.5 * nodes)))))
    chance = 1 / (1 + np.exp(-(odds + 0.5 * rng.normal(size=(3000, seeds)))))
    assert coverage(rng.binomial(rows, chance) / rows, truth, SHARE) > 0.95 - 0.012


@pytest.mark.parametrize("seeds", [3, 5, 30])
@pytest.mark.parametrize("gap", [0.0, 0.9, 0.97])
def test_means_of_differences_hold_the_truth(seeds: int, gap: float) -> None:
    rng = np.random.default_rng(1)
    high, low = (rng.binomial(50, share, (3000, seeds)) / 50 for share in ((1 + gap) / 2, (1 - gap) / 2))
    assert coverage(high - low, gap, of_differences(SHARE)) > 0.95 - 0.012


def test_claims_of_studies_stay_within_their_bounds() -> None:
    found = mean_share([0.9655, 1.0, 1.0, 0.98])
    assert 0.9 < found.low < found.value < found.high <= 1
    assert mean_of([0.9655, 1.0, 1.0, 0.98]).high > 1
    assert mean_gap([0.99, 1.0, 1.0]).high == 1.0
    assert mean_gap([-0.99, -1.0, -1.0]).low == -1.0


def test_scores_of_folds_stay_within_their_bounds() -> None:
    scores = [0.96, 1.0, 1.0, 0.98]
    assert interval(scores, 0.25).high > 1
    assert tuple(interval(scores, 0.25, bounds=SHARE)) == (interval(scores, 0.25).low, 1.0)
    found = compare([scores, [0.0, 0.1, 0.05, 0.0]], 0.25, bounds=SHARE)
    assert all(0 <= end <= 1 for line in found.settings for end in line.interval)
    assert all(-1 <= end <= 1 for line in found.settings for end in line.difference_interval)
    losses = compare([[-0.01, -0.2, -0.01, -0.05]], 0.25, bounds=(-math.inf, 0.0))
    assert losses.settings[0].interval.high == 0.0


def test_verdicts_promise_no_more_than_there_is() -> None:
    """An error that is nearly 0 cannot fall below it, and a share of errors cannot exceed 1."""
    errors = np.array([[0.01, 0.0, 0.2, 0.0, 0.01], [0.0, 0.1, 0.0, 0.0, 0.3], [0.9, 1.0, 1.0, 0.8, 1.0]])
    found = decide(errors, errors, ["tighter", "wider"], 0.5, 5, half=errors[2], most=1.0)
    low, mean, high = found.remaining
    assert 0 <= low <= mean <= high <= 1
    for gain in (*found.gains, found.doubling):
        assert gain is not None
        assert all(-1 <= each <= 1 for each in (gain.mean, gain.low, gain.high, gain.at_most))
    assert max(gain.high for gain in found.gains) <= mean
    loose = decide(errors, errors, ["tighter", "wider"], 0.5, 5, half=errors[2])
    assert loose.kind == found.kind
    assert [gain.status for gain in loose.gains] == [gain.status for gain in found.gains]
