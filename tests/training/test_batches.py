from __future__ import annotations

from itertools import permutations
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from goodfit.training import batches
from goodfit.training.batches import RowOrder, WithoutFold


def rows(count: int) -> np.ndarray[Any, Any]:
    return np.arange(100, 100 + count, dtype=np.int32)


@given(st.integers(1, 60), st.integers(1, 70), st.integers(0, 2**32 - 1), st.integers(0, 200), st.integers(1, 5))
def test_every_row_once_an_epoch_and_gaps_at_the_end_only(
    n: int, batch: int, seed: int, first: int, count: int
) -> None:
    order = RowOrder(rows(n), batch, seed)
    drawn = order.epochs(first, count)
    assert drawn.shape == (count, order.steps, order.width)
    assert drawn.dtype == np.int32
    assert order.width == min(batch, n)
    assert order.steps == -(-n // order.width)
    for epoch in drawn.reshape(count, -1):
        np.testing.assert_array_equal(np.sort(epoch[:n]), rows(n))
        assert (epoch[n:] == -1).all()


@given(st.lists(st.integers(1, 9), min_size=2, max_size=5), st.integers(1, 30), st.integers(0, 100))
def test_batches_are_balanced_over_folds(sizes: list[int], batch: int, seed: int) -> None:
    folds = np.repeat(np.arange(len(sizes), dtype=np.int32) * 3, sizes)  # names of folds need not be 0, 1, 2
    folds = np.random.default_rng(seed).permutation(folds)
    given_rows = rows(len(folds))
    order = RowOrder(given_rows, batch, seed, folds)
    drawn = order.epochs(2, 3)
    for epoch in drawn:
        real = epoch[epoch >= 0]
        np.testing.assert_array_equal(np.sort(real), given_rows)
        for step in epoch:
            taken = np.bincount(folds[step[step >= 0] - 100], minlength=folds.max() + 1)[::3]
            assert taken.max() <= order.share
        for number, size in enumerate(sizes):  # the full share of every fold until it runs out
            own = epoch[:, number * order.share : (number + 1) * order.share].ravel()
            assert (own[:size] >= 0).all()
            assert (own[size:] == -1).all()
            assert (folds[own[:size] - 100] == 3 * number).all()


def test_a_net_sees_the_batch_it_asked_for_when_its_own_fold_is_left_out() -> None:
    folds = np.repeat(np.arange(5, dtype=np.int32), 40)
    order = RowOrder(rows(200), 32, 0, folds)
    assert (order.share, order.width, order.steps) == (8, 40, 5)
    first = order.epochs(0, 1)[0]
    counts = [np.bincount(folds[step - 100], minlength=5) for step in first]
    assert (np.array(counts) == 8).all()


def test_batches_without_a_fold_are_the_others_rows_of_the_same_batches() -> None:
    folds = np.repeat(np.array([4, 7, 9], np.int32), (6, 5, 4))  # names of folds need not be 0, 1, 2
    whole = RowOrder(rows(15), 4, 3, folds)
    without = WithoutFold(whole, 7)
    assert (without.width, without.steps) == (4, 3)
    for batch, cut in zip(whole.epochs(1, 1)[0], without.epochs(1, 1)[0], strict=True):
        own = batch[batch >= 0]
        assert cut[cut >= 0].tolist() == own[folds[own - 100] != 7].tolist()


def test_orders_are_keyed_by_seed_and_epoch_never_by_the_call() -> None:
    whole = RowOrder(rows(10), 3, 5).epochs(0, 150)  # more than one block of epochs
    for first, count in ((0, 1), (63, 2), (64, 1), (10, 130), (149, 1)):
        np.testing.assert_array_equal(RowOrder(rows(10), 3, 5).epochs(first, count), whole[first : first + count])
    again = RowOrder(rows(10), 3, 5)
    for first in (149, 3, 70):  # backwards too
        np.testing.assert_array_equal(again.epochs(first, 1), whole[first : first + 1])
    flat = whole.reshape(150, -1)[:, :10]
    assert len(np.unique(flat, axis=0)) == 150
    other = RowOrder(rows(10), 3, 6).epochs(0, 150).reshape(150, -1)[:, :10]
    assert (flat != other).any(axis=1).all()


def test_the_batch_size_does_not_change_the_order() -> None:
    a, b = (RowOrder(rows(12), batch, 1).epochs(0, 4).reshape(4, -1)[:, :12] for batch in (3, 12))
    np.testing.assert_array_equal(a, b)


def test_blocks_of_epochs_are_small_for_large_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "BLOCK_ROWS", 25)
    order = RowOrder(rows(10), 4, 0)
    assert order.block == 2
    drawn = order.epochs(1, 4)
    assert drawn.shape == (4, 3, 4)
    np.testing.assert_array_equal(drawn[2:3], RowOrder(rows(10), 4, 0).epochs(3, 1))
    assert RowOrder(rows(100), 4, 0).block == 1


def test_without_shuffling_rows_stay_in_order() -> None:
    drawn = RowOrder(rows(5), 2, 3, shuffle=False).epochs(7, 2)
    np.testing.assert_array_equal(drawn, [[[100, 101], [102, 103], [104, -1]]] * 2)


def test_permutations_are_uniform() -> None:
    drawn = np.concatenate([RowOrder(rows(4), 4, seed).epochs(0, 60).reshape(-1, 4) for seed in range(200)])
    numbers = {order: number for number, order in enumerate(permutations(range(100, 104)))}
    counts = np.bincount([numbers[tuple(order)] for order in drawn.tolist()], minlength=24)
    assert counts.sum() == 12_000
    assert stats.chisquare(counts).pvalue > 1e-3


def test_places_are_uniform_and_epochs_unrelated() -> None:
    drawn = RowOrder(rows(50), 50, 11).epochs(0, 2000).reshape(-1, 50) - 100
    places = drawn.argsort(1)  # [epochs, rows]: where each row stands
    assert stats.chisquare(np.bincount(places[:, 7], minlength=50)).pvalue > 1e-3
    follow = np.corrcoef(places[:-1].ravel(), places[1:].ravel())[0, 1]
    assert abs(follow) < 4 / np.sqrt(places.size)


def test_orders_stay_what_they_were_from_version_to_version() -> None:
    """By definition: epoch e is e % 64 of block e // 64, whose stream is PCG64 of (seed, 0x0D3, block)."""
    words = np.random.Generator(np.random.PCG64([9, 0x0D3, 1])).bit_generator.random_raw(64 * 7).reshape(64, 7)
    expected = 100 + (words >> np.uint64(3)).argsort(axis=1, kind="stable")  # 7 places take the lowest three bits
    np.testing.assert_array_equal(RowOrder(rows(7), 7, 9).epochs(64, 64)[:, 0], expected)


def test_one_fold_alone_is_cut_as_rows_without_folds() -> None:
    order = RowOrder(rows(6), 4, 0, np.zeros(6, np.int32))
    np.testing.assert_array_equal(order.epochs(0, 2), RowOrder(rows(6), 4, 0).epochs(0, 2))
