"""Thresholds by cost, against a search through all of them, and what they say."""

from __future__ import annotations

import re

import numpy as np
import pytest

from goodfit.errors import InputError
from goodfit.models.thresholds import _group_folds, _least, threshold_by_cost


def drawn(rows: int, seed: int, sharp: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities, true ones where sharp is 1, and whether each row is of the class."""
    rng = np.random.default_rng(seed)
    z = rng.standard_normal(rows) * 2
    return 1 / (1 + np.exp(-sharp * z)), rng.random(rows) < 1 / (1 + np.exp(-z))


def cost(chances: np.ndarray, true: np.ndarray, at: float, costs: tuple[float, float]) -> float:
    said = chances >= at
    return float((costs[0] * (said & ~true) + costs[1] * (~said & true)).mean())


@pytest.mark.parametrize("costs", [(1.0, 1.0), (1.0, 20.0), (30.0, 1.0)])
def test_the_least_cost_is_found(costs: tuple[float, float]) -> None:
    for seed in range(5):
        chances, true = drawn(60, seed)
        chances = np.round(chances, 1)  # with ties
        every = [*np.unique(chances), 2.0]
        found = _least(chances, true, costs)
        assert cost(chances, true, found, costs) == pytest.approx(min(cost(chances, true, at, costs) for at in every))


def test_true_probabilities_are_decided_by_the_costs_alone() -> None:
    chances, true = drawn(2000, 1)
    found = threshold_by_cost(chances, true, 1, 4, of="ill")
    assert (found.value, found.by) == (0.2, "costs")
    assert found.cost == pytest.approx(cost(chances, true, 0.2, (1, 4)))
    assert found.low < found.cost < found.high
    assert found.at_half == pytest.approx(cost(chances, true, 0.5, (1, 4)))
    assert found.always == pytest.approx((~true).mean())
    assert found.never == pytest.approx(4 * true.mean())
    assert found.sentence.startswith("Decide for 'ill' from probability 0.2 on (by the costs alone): mean cost 0.")
    assert found.to_dict()["sentence"] == found.sentence


def test_wrong_probabilities_are_decided_by_the_rows() -> None:
    chances, true = drawn(2000, 2)
    found = threshold_by_cost(chances**4, true, 1, 4)  # far too small
    assert found.by == "rows"
    assert found.value == pytest.approx(0.2**4, abs=0.01)
    assert found.cost < cost(chances**4, true, 0.2, (1, 4)) < found.never
    few = threshold_by_cost(chances[:25] ** 4, true[:25], 1, 4)
    assert (few.by, few.method) == ("costs", "no interval: it takes 30 rows or more")


def test_a_threshold_of_the_rows_is_rarely_taken_where_probabilities_are_true() -> None:
    taken = [threshold_by_cost(*drawn(200, seed), 1, 5).by == "rows" for seed in range(200)]
    assert sum(taken) <= 10  # 2.5 % expected at most


def test_all_rows_may_be_of_one_class() -> None:
    found = threshold_by_cost(np.full(40, 0.9), np.ones(40, bool), 1, 1)
    assert (found.cost, found.never) == (0, 1)
    assert found.method == "no interval: the cost of all rows is the same"


def test_costs_that_are_none_are_refused() -> None:
    for wrong in (0, -1, np.nan, np.inf):
        with pytest.raises(InputError, match="Threshold: 'false_positive' and 'false_negative' must be finite numbers"):
            threshold_by_cost(np.full(3, 0.5), np.ones(3, bool), 1, wrong)
    with pytest.raises(InputError, match="Threshold: there are no rows"):
        threshold_by_cost(np.empty(0), np.empty(0, bool), 1, 1)


def test_the_folds_of_a_threshold_keep_groups_whole() -> None:
    rng = np.random.default_rng(3)
    groups = rng.integers(0, 40, 400)
    fold = _group_folds(groups)
    assert all(len(np.unique(fold[groups == group])) == 1 for group in np.unique(groups))
    assert np.bincount(fold).min() > 400 / 5 - np.bincount(groups).max()
    chances, true = drawn(200, 4)
    of_group = np.repeat(np.arange(40), 10)
    copied = threshold_by_cost(np.repeat(chances**4, 2), np.repeat(true, 2), 1, 4, groups=np.repeat(np.arange(200), 2))
    assert copied.by == "rows"
    few = threshold_by_cost(np.repeat(chances**4, 2), np.repeat(true, 2), 1, 4, groups=of_group % 4)
    assert few.by == "costs"  # four groups are no five folds
    alone = [threshold_by_cost(chances**4, true, 1, 4, groups=each) for each in (np.arange(200), np.full(200, None))]
    assert alone[0] == alone[1]  # a row without a group is one of its own
    assert alone[0].by == "rows"


def test_costs_are_written_as_people_write_them() -> None:
    chances, true = drawn(400, 5)
    said = threshold_by_cost(chances, true, 200_000, 900_000).sentence
    assert re.search(r"mean cost \d\d,\d{3} \[\d\d,\d{3}, \d\d\d?,\d{3}\] a row, \d\d\d?,\d{3} with", said)
