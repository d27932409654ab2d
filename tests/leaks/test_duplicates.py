from __future__ import annotations

import os
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import goodfit.data as gd
from goodfit.data import agreement
from goodfit.data.cache import user_cache
from goodfit.leaks import duplicates, near_images, near_rows
from goodfit.leaks.duplicates import Rows, TwinRows, exact_groups, exact_twins, nearest_twins, relabelled
from goodfit.leaks.near_images import DETAIL, LIKENESS, SHIFTS, SIDE, TooManyCandidates
from goodfit.leaks.near_rows import FINEST, ROUNDING

SHAPE = (SIDE, SIDE)
A, B = np.arange(60, dtype=np.int32), np.arange(60, 140, dtype=np.int32)
small_tables = st.integers(0, 2**32).map(
    lambda seed: np.random.default_rng(seed).integers(0, 2, (24, 3)).astype(np.float32)
)


def smooth(n: int, seed: int = 0, size: int = SIDE) -> NDArray[np.uint8]:
    """Images [n, size * size] with outlines and some detail, between 30 and 200."""
    noise = np.random.default_rng(seed).standard_normal((n, size + 4, size + 4))
    soft = sum(noise[:, i : i + size, j : j + size] for i in range(5) for j in range(5))
    low, high = soft.min(axis=(1, 2), keepdims=True), soft.max(axis=(1, 2), keepdims=True)
    return np.round(30 + 170 * (soft - low) / (high - low)).astype(np.uint8).reshape(n, -1)


def images_found(x: np.ndarray, rows: Rows = A, others: Rows = B, shape: tuple[int, int] = SHAPE) -> TwinRows:
    return nearest_twins(near_images.near_images(x, shape, rows, others), rows, others)


def rows_found(x: np.ndarray, limit: float = ROUNDING, rows: Rows = A, others: Rows = B) -> TwinRows:
    _, matches = near_rows.near_rows(x, near_rows.spread_of(x, others), limit, rows, others)
    assert matches is not None
    return nearest_twins(matches, rows, others)


def as_dict(twins: TwinRows) -> dict[int, int]:
    return dict(zip(twins.rows.tolist(), twins.partners.tolist(), strict=True))


@settings(max_examples=60, deadline=None)
@given(small_tables, st.integers(1, 23))
def test_exact_twins_by_comparing_every_row_with_every_other(x: np.ndarray, cut: int) -> None:
    order = np.random.default_rng(cut).permutation(24).astype(np.int32)
    rows, others = order[:cut], order[cut:]
    groups = exact_groups(x)
    assert groups.tolist() == [min(j for j in range(24) if (x[i] == x[j]).all()) for i in range(24)]
    twins = exact_twins(groups, rows, others)
    equal = {int(i): sorted(int(j) for j in others if (x[i] == x[j]).all()) for i in rows}
    assert as_dict(twins) == {i: found[0] for i, found in equal.items() if found}
    assert twins.rows.tolist() == sorted(twins.rows)
    assert twins.others.tolist() == sorted({j for found in equal.values() for j in found})
    assert len(twins) == len(twins.rows)
    y = np.random.default_rng(cut).integers(0, 3, 24)
    changed, partners = relabelled(groups, y, rows, others)
    assert changed.tolist() == sorted(i for i, found in equal.items() if any(y[j] != y[i] for j in found))
    assert all((x[i] == x[j]).all() and y[i] != y[j] for i, j in zip(changed, partners, strict=True))


def test_zeros_of_both_signs_are_equal_and_types_do_not_matter() -> None:
    assert exact_groups(np.array([[0.0, 1], [-0.0, 1], [0, -1]], np.float32)).tolist() == [0, 0, 2]
    assert exact_groups(np.array([[0, 255], [255, 0], [0, 255]], np.uint8)[:, ::-1]).tolist() == [0, 1, 0]


def test_a_collision_of_hashes_is_never_a_twin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duplicates, "_hashes", lambda x: np.zeros(len(x), np.uint64))
    assert exact_groups(np.array([[1], [2], [1], [3]], np.uint8)).tolist() == [0, 1, 0, 3]


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    x = np.concatenate([smooth(60), smooth(80, seed=1)])
    x[100] = x[3]
    x[7] = np.roll(x[110].reshape(SHAPE), 1, axis=0).ravel()
    whole, groups = images_found(x), exact_groups(x)
    monkeypatch.setattr(agreement, "BLOCK_VALUES", 3000)
    assert as_dict(images_found(x)) == as_dict(whole) == {3: 100, 7: 110}
    assert exact_groups(x).tolist() == groups.tolist()


ALTERED: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "darker, with less contrast": lambda image: 0.5 * image + 20,
    "brighter": lambda image: image + 50,
    "shifted down": lambda image: np.roll(image, 1, axis=0),
    "shifted up and left": lambda image: np.roll(image, (-1, -1), axis=(0, 1)),
    "with noise": lambda image: image + np.random.default_rng(3).normal(0, 1.5, image.shape),
    "darker and shifted": lambda image: np.roll(0.7 * image, 1, axis=1),
}


@pytest.mark.parametrize("alter", ALTERED.values(), ids=ALTERED.keys())
def test_planted_images_are_found_and_nothing_else(alter: Callable[[np.ndarray], np.ndarray]) -> None:
    x = np.concatenate([smooth(60), smooth(80, seed=1)])
    planted = {4: 139, 17: 60, 59: 99}
    for row, source in planted.items():
        x[row] = np.round(alter(x[source].astype(float).reshape(SHAPE))).ravel()
    twins = images_found(x)
    assert as_dict(twins) == planted
    assert twins.others.tolist() == sorted(planted.values())
    assert (twins.distances <= 1 - DETAIL).all()
    order = np.random.default_rng(5).permutation(len(x)).astype(np.int32)  # row i becomes the one at place[i]
    place = order.argsort().astype(np.int32)
    moved = images_found(x[order], place[A], place[B])
    assert as_dict(moved) == {int(place[row]): int(place[source]) for row, source in planted.items()}


def test_images_that_are_alike_but_not_the_same() -> None:
    x = np.concatenate([smooth(60), smooth(80, seed=1)])
    image = x[100].reshape(SHAPE)
    x[0] = np.roll(image, 2, axis=0).ravel()  # too far
    x[1] = image[:, ::-1].ravel()
    x[2] = 255 - x[100]
    x[3] = np.clip(image + np.random.default_rng(0).normal(0, 25, SHAPE), 0, 255).astype(np.uint8).ravel()
    x[4:6] = 17  # images of one grey level say nothing
    x[110:112] = 90
    assert as_dict(images_found(x)) == {}
    assert as_dict(images_found(x, A[:0])) == {}


def correlation(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.corrcoef(a.ravel(), b.ravel())[0, 1])


def test_the_search_finds_every_pair_that_a_full_comparison_finds() -> None:
    """Images with one outline, so that many are near the limits; each pair is compared with np.corrcoef."""
    rng = np.random.default_rng(0)
    shape = (SIDE + 2, SIDE)
    outline = np.zeros(shape)
    outline[5:25, 8:20] = 180
    noise = rng.normal(0, 1, (40, *shape)) * rng.uniform(0, 14, (40, 1, 1))
    images = np.roll(np.round(outline + noise + 40), 1, axis=0)
    images[::3] = np.roll(images[::3], 1, axis=2)
    x = images.reshape(40, -1).astype(np.float32)
    rows, others = np.arange(15, dtype=np.int32), np.arange(15, 40, dtype=np.int32)
    expected = set()
    for i in rows:
        for j in others:
            for down, right in SHIFTS:
                first = images[i, max(down, 0) : 30 + min(down, 0), max(right, 0) : 28 + min(right, 0)]
                second = images[j, max(-down, 0) : 30 + min(-down, 0), max(-right, 0) : 28 + min(-right, 0)]
                details = []
                for each in (first, second):
                    padded = np.pad(each, 1, mode="edge")
                    around = np.lib.stride_tricks.sliding_window_view(padded, (3, 3)).mean(axis=(2, 3))
                    details.append(each - around)
                if correlation(first, second) >= LIKENESS and correlation(*details) >= DETAIL:
                    expected.add((int(i), int(j)))
    matches = near_images.near_images(x, shape, rows, others)
    found = {(int(rows[a]), int(others[b])) for i, j, _ in matches for a, b in zip(i, j, strict=True)}
    assert found == expected
    assert 3 < len(expected) < 300


def test_large_images_are_compared_at_a_smaller_size() -> None:
    size = 3 * SIDE + 2
    x = np.concatenate([smooth(60, size=size), smooth(80, seed=1, size=size)])
    x[8] = np.roll(x[90].reshape(size, size), 3, axis=1).ravel()  # three of its pixels are one
    noisy = x[91] + np.random.default_rng(0).normal(0, 4, size * size)
    x[9] = np.clip(noisy, 0, 255)
    assert as_dict(images_found(x, shape=(size, size))) == {8: 90, 9: 91}
    assert near_images.images_of(x, (size, size), A[:2]).shape == (2, SIDE, SIDE)
    blocks = x[0].reshape(size, size)[:3, 3:6]
    assert near_images.images_of(x, (size, size), A[:2])[0, 0, 1] == pytest.approx(blocks.mean(), abs=1e-4)


def test_which_rows_are_images() -> None:
    answers = [near_images.can_compare(shape) for shape in (None, (8, 8), (28, 27), (28, 28), (30, 200))]
    assert answers == [False, False, False, True, True]


def test_images_that_are_all_alike_are_not_compared_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(near_images, "MOST_CANDIDATES", 1000)
    x = np.tile(smooth(1), (140, 1))
    with pytest.raises(TooManyCandidates, match=r"^$"):
        images_found(x)


def table_with_twins(columns: int = 6) -> tuple[np.ndarray, dict[int, int]]:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(140, columns)) * 10.0 ** np.arange(columns) + 3
    x[:, 1] = rng.integers(0, 2, 140)
    planted = {0: 139, 30: 100, 59: 61}
    for row, source in planted.items():
        x[row] = [float(f"{value:.6g}") for value in x[source]]
    return x.astype(np.float32), planted


def test_rounded_rows_are_found_and_nothing_else() -> None:
    x, planted = table_with_twins()
    twins = rows_found(x)
    assert as_dict(twins) == planted
    assert (twins.distances <= ROUNDING).all()
    assert (twins.distances > 0).any()
    x[0, 1] = 1 - x[0, 1]  # another category
    x[30, 4] *= 1.01
    assert as_dict(rows_found(x)) == {59: 61}


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from([1e-4, 0.01, 0.1, 0.3]))
def test_near_rows_by_comparing_every_row_with_every_other(seed: int, limit: float) -> None:
    x = np.random.default_rng(seed).normal(size=(40, 2)).round(2).astype(np.float32)
    x = np.column_stack([x, np.full(40, 7), x[:, 0] > 0]).astype(np.float32)
    rows, others = np.arange(20, dtype=np.int32), np.arange(20, 40, dtype=np.int32)
    spread = near_rows.spread_of(x, others)
    _, matches = near_rows.near_rows(x, spread, limit, rows, others)
    assert matches is not None
    found = {(int(rows[a]), int(others[b])) for i, j, _ in matches for a, b in zip(i, j, strict=True)}
    wide = x.astype(float)
    expected = {(int(i), int(j)) for i in rows for j in others if (abs(wide[i] - wide[j]) <= limit * spread).all()}
    assert found == expected


def test_the_spread_of_a_column() -> None:
    x = np.array([[0, 5, 0], [1, 5, 0], [2, 5, 0], [3, 5, 0], [1e9, 5, 1]], np.float32)
    rows = np.arange(5, dtype=np.int32)
    assert near_rows.spread_of(x, rows).tolist() == pytest.approx([2.0, 0.0, 0.4])


def limit(x: np.ndarray) -> float:
    half = len(x) // 2
    rows, others = np.arange(half, dtype=np.int32), np.arange(half, len(x), dtype=np.int32)
    return near_rows.limit_of(x, near_rows.spread_of(x, others), rows, others)


def test_the_limit_falls_where_rows_come_close_by_chance() -> None:
    rng = np.random.default_rng(0)
    assert limit(rng.normal(size=(2000, 20))) == ROUNDING
    assert limit(rng.integers(0, 3, (2000, 4))) == ROUNDING
    assert limit(rng.random((2000, 1))) == 0.0
    plane = limit(rng.random((2000, 2)))
    expected = 0.5 * np.sqrt(0.01 / (1000 * 1000)) / 2  # pairs within t: N (2 t)^2, and the spread is a half
    assert FINEST < plane < ROUNDING
    assert plane == pytest.approx(expected / 0.25, rel=0.7)
    assert limit(np.ones((20, 2))) == ROUNDING


def test_too_many_rows_are_not_compared_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(near_rows, "MOST_CANDIDATES", 100)
    x = np.zeros((140, 2), np.float32)
    assert near_rows.near_rows(x, near_rows.spread_of(x, B), ROUNDING, A, B)[1] is None


def test_the_images_of_fashion_mnist_are_all_different(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counts what docs/data.md states, from the user's cache, which is only read."""
    users = os.environ.get("GOODFIT_CACHE_OF_THE_USER")
    if users:
        monkeypatch.setenv("GOODFIT_CACHE", users)
    else:
        monkeypatch.delenv("GOODFIT_CACHE")
    if not (user_cache() / "fashion-mnist").is_dir():
        pytest.skip("Fashion-MNIST is not in the cache")
    data = gd.load("fashion-mnist")
    groups = exact_groups(data.x)
    train = np.setdiff1d(np.arange(len(data), dtype=np.int32), data.test)
    assert len(exact_twins(groups, data.test, train)) == 0
    assert len(np.unique(groups)) == 70_000
    assert len(exact_twins(groups, data.test, data.test)) == 10_000
    known = np.array([13360, 11932, 18494, 57105, 34240, *range(500)], np.int32)  # with twins among these test rows
    tested = np.array([64998, 62605, 62115, 65765, 67623, *range(60_000, 60_100)], np.int32)
    found = images_found(data.x, tested, known)
    assert as_dict(found) == dict(zip(sorted(tested[:5].tolist()), (18494, 11932, 13360, 57105, 34240), strict=True))
