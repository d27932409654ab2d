"""The choice of members: by hand, against scikit-learn's losses, and on members that are noise alone."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import log_loss, mean_squared_error

from goodfit.ensembles.choosing import choose, difference, evidence_of, greedy, mean_of, row_losses
from goodfit.ensembles.finishing import ensemble_of

RNG = np.random.default_rng(3)


def chances(members: int, rows: int, classes: int, sure: float = 0.0, y: Any = None) -> np.ndarray:
    """Random probabilities [M, N, C]; sure: how much the logit of the class of y is raised."""
    z = RNG.normal(size=(members, rows, classes))
    if y is not None:
        z[:, np.arange(rows), y] += sure
    powers: np.ndarray = np.exp(z)
    return powers / powers.sum(-1, keepdims=True)


def test_losses_of_a_mean_of_members_are_those_of_other_libraries() -> None:
    y = RNG.integers(0, 3, 50)
    values, counts = chances(4, 50, 3), np.array([3, 0, 1, 2])
    mean = np.average(values, axis=0, weights=counts)
    evidence = np.stack([evidence_of("classification", each, y) for each in values])
    found = row_losses("classification", mean_of(evidence, counts)).mean()
    assert found == pytest.approx(log_loss(y, mean, labels=[0, 1, 2]), rel=1e-5)
    numbers, targets = RNG.normal(size=(4, 50, 2)), RNG.normal(size=(50, 2))
    scale = np.array([2.0, 0.5])
    evidence = np.stack([evidence_of("regression", each, targets, scale) for each in numbers])
    expected = mean_squared_error(targets / scale, np.average(numbers, axis=0, weights=counts) / scale)
    assert row_losses("regression", mean_of(evidence, counts)).mean() == pytest.approx(expected, rel=1e-5)
    labels = RNG.integers(0, 2, (50, 2)).astype(np.float32)
    evidence = np.stack([evidence_of("multilabel", each[:, :2], labels) for each in values])
    expected = sum(log_loss(labels[:, label], mean[:, label]) for label in range(2))
    assert row_losses("multilabel", mean_of(evidence, counts)).mean() == pytest.approx(expected, rel=1e-5)


def test_each_step_adds_the_member_that_is_best_by_brute_force() -> None:
    y = RNG.integers(0, 2, 60)
    values = chances(5, 60, 2, 0.6, y)
    chosen: list[int] = []
    for _ in range(6):  # the loss of every possible next ensemble, by scikit-learn
        losses = [log_loss(y, values[[*chosen, member]].mean(0)) for member in range(5)]
        chosen.append(int(np.argmin(losses)))
    evidence = np.stack([evidence_of("classification", each, y) for each in values])
    found = greedy("classification", evidence, 6)
    np.testing.assert_array_equal(found, np.bincount(chosen, minlength=5))


def test_two_opposite_errors_are_averaged_away() -> None:
    """By hand: residuals +1 and -1 cancel; the third member, of 0.9 alone the best, is chosen first and then left."""
    evidence = np.repeat(np.array([1.0, -1.0, 0.9], np.float32)[:, None, None], 8, 1)
    assert greedy("regression", evidence, 1).tolist() == [0, 0, 1]
    assert greedy("regression", evidence, 2).tolist() == [0, 1, 1]  # (0.9 - 1) / 2
    found = choose("regression", evidence, np.arange(8) % 2, steps=2)
    assert (found.counts.tolist(), found.by_fold.tolist()) == ([0, 1, 1], [[0, 1, 1], [0, 1, 1]])
    assert found.nested == pytest.approx(np.full(8, 0.05**2), rel=1e-4)
    assert found.first == pytest.approx(np.ones(8))


def test_a_row_of_weight_two_counts_as_two_rows() -> None:
    y = RNG.integers(0, 2, 40)
    evidence = np.stack([evidence_of("classification", each, y) for each in chances(6, 40, 2, 0.6, y)])
    weight = RNG.integers(1, 4, 40)
    rows = np.repeat(np.arange(40), weight)
    found = choose("classification", evidence, np.arange(40) % 4, 8, (weight / weight.mean()).astype(np.float32))
    repeated = choose("classification", evidence[:, rows], rows % 4, 8)
    np.testing.assert_array_equal(found.by_fold, repeated.by_fold)
    for name in ("nested", "chosen", "first"):
        assert getattr(found, name).mean() == pytest.approx(getattr(repeated, name).mean(), rel=1e-5)


def test_no_choice_is_made_of_members_that_are_noise() -> None:
    """The first knows something, the others nothing: nested, they cannot look better for long."""
    y = RNG.integers(0, 2, 400)
    evidence = np.stack(
        [evidence_of("classification", chances(1, 400, 2, 2.0, y)[0], y)]
        + [evidence_of("classification", each, y) for each in chances(20, 400, 2)]
    )
    found = choose("classification", evidence, np.arange(400) % 5)
    assert found.counts[0] > 0.8 * found.counts.sum()


def test_nested_losses_are_those_of_new_rows_where_members_are_noise_alone() -> None:
    """20 members that know nothing of 60 rows: the chosen look better than they are, and the nested loss tells it.

    Predictions of new rows are drawn alike. Means over 40 data sets.
    """
    gaps, optimism = [], []
    for _ in range(40):
        y, more = RNG.integers(0, 2, 60), RNG.integers(0, 2, 400)
        old, new = chances(20, 60, 2), chances(20, 400, 2)
        evidence = np.stack([evidence_of("classification", each, y) for each in old])
        evidence[0] = 1e-6  # of no use, so that the choice stands
        found = choose("classification", evidence, np.arange(60) % 5, steps=8)
        truth = np.stack([evidence_of("classification", each, more) for each in new])
        held = np.mean([row_losses("classification", mean_of(truth, counts)).mean() for counts in found.by_fold])
        gaps.append(float(found.nested.mean()) - held)
        optimism.append(held - float(found.chosen.mean()))
    error = float(np.std(gaps, ddof=1)) / 40**0.5
    assert abs(np.mean(gaps)) < 3 * error < 0.05
    assert np.mean(optimism) > 0.04


def test_the_gain_has_the_interval_of_paired_rows() -> None:
    """Student's by SciPy, or wider on a side where the differences are skewed."""
    first, second = RNG.normal(1, 1, 200), RNG.normal(0.5, 1, 200)
    gain, low, high = difference(first, second)
    each = first - second
    assert gain == pytest.approx(each.mean())
    ends = stats.t.interval(0.95, 199, each.mean(), stats.sem(each))
    assert (low, high) == pytest.approx(ends, abs=0.01)
    assert low <= ends[0] + 1e-12 < ends[1] - 1e-12 <= high


@pytest.mark.parametrize("weighted", [False, True])
def test_the_interval_of_rows_in_groups_or_with_weights_holds_the_gain(weighted: bool) -> None:
    """Simulated: 40 groups of 10 rows that gain alike; or rows whose weights differ a lot, with a large mean gain.

    The truth is 0.3 of every row. 95 % of 400 draws, give or take two standard errors of that share.
    """
    rng, held, width = np.random.default_rng(5), 0, []
    groups = None if weighted else np.repeat(np.arange(40), 10)
    weight = np.ones(400)
    for _ in range(400):
        gain = 0.3 + (rng.normal(size=400) if weighted else rng.normal(size=40)[groups] + rng.normal(size=400))
        if weighted:
            weight = rng.gamma(0.7, size=400)
            weight /= weight.mean()
        found, low, high = difference(gain * weight, np.zeros(400), weight if weighted else None, groups)
        assert found == pytest.approx(np.average(gain, weights=weight))
        held += low <= 0.3 <= high
        width.append(high - low)
    assert 0.928 < held / 400 < 0.985
    if weighted:  # the spread of the weights is none of the gain
        assert np.mean(width) == pytest.approx(2 * 1.96 * np.sqrt(np.mean(weight**2) / 400), rel=0.15)


@pytest.mark.parametrize(("members", "folds"), [(1, 2), (1, 5), (3, 2), (3, 5)])
def test_the_counts_are_the_sum_over_folds_in_lowest_terms(members: int, folds: int) -> None:
    y = RNG.integers(0, 2, 50)
    evidence = np.stack([evidence_of("classification", each, y) for each in chances(members, 50, 2, 1.0, y)])
    found = choose("classification", evidence, np.arange(50) % folds, steps=8)
    summed = found.by_fold.sum(0)
    np.testing.assert_array_equal(found.counts * np.gcd.reduce(summed), summed)
    assert found.by_fold.sum(1).tolist() in ([8] * folds, [1] * folds)


@pytest.mark.parametrize(("sharp", "knows"), [(3.0, True), (3.0, False)])
def test_the_temperature_is_found_again_or_left_where_rows_cannot_tell_it(sharp: float, knows: bool) -> None:
    """Labels drawn from softmax(z), logits of sharp * z; or labels that are noise: no bound is used."""
    rng = np.random.default_rng(2)
    z = rng.normal(size=(600, 3))
    shares = np.exp(z) / np.exp(z).sum(1, keepdims=True)
    y = np.array([rng.choice(3, p=row) for row in shares]) if knows else rng.integers(0, 3, 600)
    logits = (sharp * z).astype(np.float32)
    values = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    member = SimpleNamespace(evidence=evidence_of("classification", values, y), outputs=logits, number=0)
    parts = SimpleNamespace(data=SimpleNamespace(task="classification"))
    rows = SimpleNamespace(parts=parts, y=y, folds=np.arange(600) % 5, weight=None, fold_count=5)
    done = [SimpleNamespace(members=(member,), planned=SimpleNamespace(recipes=[{}]))]
    found = ensemble_of(rows, done)  # type: ignore[arg-type]
    if not knows:
        assert (found.temperature, found.nested is found.choice.nested) == (1.0, True)
        return
    assert found.temperature == pytest.approx(sharp, rel=0.15)
    powers = np.exp(logits / found.temperature)
    assert found.chosen.mean() == pytest.approx(log_loss(y, powers / powers.sum(1, keepdims=True)), rel=1e-4)
    assert found.chosen.mean() <= found.nested.mean() < found.choice.nested.mean()
