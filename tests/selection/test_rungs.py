"""How halving and Hyperband share out epochs, against the tables of the paper and by hand."""

from __future__ import annotations

import itertools

import pytest

from goodfit.errors import InputError
from goodfit.selection.rungs import Rung, halving, hyperband, more_epochs, trained_epochs


def pairs(bracket: tuple[Rung, ...]) -> list[tuple[int, int]]:
    return [(rung.settings, rung.epochs) for rung in bracket]


def test_halving_by_hand() -> None:
    assert pairs(halving(100, 20)) == [(100, 2), (33, 7), (11, 20)]
    assert pairs(halving(100, 20, least_epochs=3)) == [(100, 7), (33, 20)]
    assert pairs(halving(20, 81)) == [(20, 9), (6, 27), (2, 81)]  # two are left to be compared
    assert pairs(halving(16, 16, 2)) == [(16, 2), (8, 4), (4, 8), (2, 16)]
    assert pairs(halving(3, 3)) == [(3, 1), (2, 3)]


def test_what_is_trained() -> None:
    bracket = halving(100, 20)
    assert list(more_epochs(bracket)) == [2, 5, 13]
    assert trained_epochs(bracket) == 100 * 2 + 33 * 5 + 11 * 13


def test_hyperband_is_the_papers_table_for_81_epochs() -> None:
    """Its table for R = 81 and a factor of 3 begins with 81, 34, 15, 8 and 5 settings: 143 in all."""
    made = [pairs(bracket) for bracket in hyperband(143, 81)]
    assert [bracket[0] for bracket in made] == [(81, 1), (34, 3), (15, 9), (8, 27), (5, 81)]
    assert made[0] == [(81, 1), (27, 3), (9, 9), (3, 27), (1, 81)]
    assert made[3] == [(8, 27), (2, 81)]


@pytest.mark.parametrize("settings", [5, 17, 30, 100, 1000])
@pytest.mark.parametrize("factor", [2, 3, 5])
@pytest.mark.parametrize("epochs", [5, 20, 100])
def test_brackets_use_the_budget_and_end_with_all_epochs(settings: int, factor: int, epochs: int) -> None:
    if settings == 5 and factor == 5:
        return  # too few for two brackets
    brackets = [*hyperband(settings, epochs, factor), halving(settings, epochs, factor)]
    assert sum(bracket[0].settings for bracket in brackets[:-1]) == settings
    for bracket in brackets:
        assert bracket[-1].epochs == epochs
        assert all(
            count >= 1 and more >= 1
            for count, more in zip([r.settings for r in bracket], more_epochs(bracket), strict=True)
        )
        assert all(one.settings > next_one.settings for one, next_one in itertools.pairwise(bracket))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: halving(2, 9), "halving needs more than 2 settings"),
        (
            lambda: halving(9, 2),
            "two rungs need at least 3 epochs, 3 times those of the first rung; got 2. Train for more epochs",
        ),
        (lambda: halving(9, 20, 3, 7), "two rungs need at least 21 epochs, 3 times those of the first rung; got 20"),
        (
            lambda: hyperband(4, 20),
            "hyperband needs at least 5 settings with reduction factor 3; got 4. Increase the budget",
        ),
        (lambda: hyperband(40, 2), "two rungs need at least 3 epochs"),
    ],
)
def test_searches_without_two_rungs(call: object, message: str) -> None:
    assert callable(call)
    with pytest.raises(InputError, match=message):
        call()
