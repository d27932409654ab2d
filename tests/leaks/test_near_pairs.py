from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_duplicates import SHAPE, smooth

from goodfit.data import Dataset
from goodfit.leaks import near_pairs, near_rows
from goodfit.leaks.duplicates import exact_groups
from goodfit.leaks.near_images import near_images
from goodfit.leaks.near_pairs import NearPairs, TooLong

N = 40


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GOODFIT_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "near-twins"


def images() -> Dataset:
    x = smooth(N)
    for row, source, down, right in ((3, 7, 1, 0), (30, 20, -1, 1), (12, 39, 0, 0), (15, 16, -1, -1)):
        x[row] = np.roll(x[source].reshape(SHAPE), (down, right), axis=(0, 1)).ravel()
    x[12] = 0.8 * x[12] + 10
    x[5] = x[3]
    return Dataset.from_arrays(x, np.arange(N) % 2, image_shape=SHAPE)


def numbers() -> Dataset:
    x = np.random.default_rng(0).normal(size=(N, 6))
    x[3], x[30] = x[7] * (1 + 1e-6), x[20] * (1 - 1e-6)
    x[5] = x[3]
    return Dataset.from_arrays(x, np.arange(N) % 2)


def found(data: Dataset, **how: Any) -> set[tuple[int, int]]:
    pairs = near_pairs.near_pairs(data, exact_groups(data.x), **how)
    return {(min(i, j), max(i, j)) for i, j in zip(pairs.rows.tolist(), pairs.partners.tolist(), strict=True)}


def test_the_pairs_of_a_set_are_those_of_every_row_with_all_others() -> None:
    """With itself half of the shifts must suffice; against other rows all nine are tried."""
    data = images()
    expected = set()
    for row in np.unique(exact_groups(data.x)):
        others = np.setdiff1d(np.unique(exact_groups(data.x)), [row]).astype(np.int32)
        for _, j, _ in near_images(data.x, SHAPE, np.array([row], np.int32), others):
            expected |= {(min(row, other), max(row, other)) for other in others[j].tolist()}
    assert found(data) == expected == {(3, 7), (20, 30), (12, 39), (15, 16)}
    assert found(numbers()) == {(3, 7), (20, 30)}


def test_pairs_between_two_parts_by_their_places() -> None:
    pairs = NearPairs(*(np.array(rows, np.int32) for rows in ([1, 8, 4], [9, 2, 5])), np.arange(3, dtype=np.float32))
    some, others = np.array([2, 1, 4, 5], np.int32), np.array([9, 8, 7], np.int32)
    matches = {
        (int(some[a]), int(others[b]), float(d)) for i, j, distance in pairs.between(some, others)
        for a, b, d in zip(i, j, distance, strict=True)
    }  # fmt: skip
    assert matches == {(1, 9, 0.0), (2, 8, 1.0)}


@pytest.mark.parametrize("data", [images(), numbers()], ids=["images", "numbers"])
def test_a_search_that_took_long_is_kept(data: Dataset, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    short = found(data)
    if data.image_shape is None:
        assert not cache.exists()
    monkeypatch.setattr(near_pairs, "KEPT_SECONDS", 0.0)
    first = found(data)
    (file,) = cache.iterdir()
    for search in ("_of_images", "_of_rows"):
        monkeypatch.setattr(near_pairs, search, None)  # it would raise a TypeError
    assert found(data) == first == short
    assert found(data, most_seconds=0.0) == first  # what is known costs nothing
    with pytest.raises(TypeError):
        found(Dataset.from_arrays(data.x[::-1], data.y, image_shape=data.image_shape))
    content = file.read_bytes()
    for damaged in (b"", b"no archive", content[:-50], content.replace(b"trouble", b"truoble")):
        file.write_bytes(damaged)
        with pytest.raises(TypeError):
            found(data)
    file.unlink()
    np.savez(file, rows=np.array([N], np.int32), partners=np.zeros(1, np.int32), distances=np.zeros(1, np.float32))
    with pytest.raises(TypeError):
        found(data)


def test_a_cache_that_cannot_be_written_is_done_without(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cache").write_text("a file")
    monkeypatch.setattr(near_pairs, "KEPT_SECONDS", 0.0)
    assert found(numbers()) == {(3, 7), (20, 30)}


def test_what_would_take_too_long_is_not_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    assert found(numbers(), most_seconds=1.0)
    with pytest.raises(TooLong, match=r"s$") as caught:
        found(images(), most_seconds=0.1)
    assert 0.1 < caught.value.seconds < 1
    many = Dataset.from_arrays(np.tile([[0.0], [1.0]], (50, 3)) + 1e-7 * np.arange(100)[:, None], np.arange(100) % 2)
    monkeypatch.setattr(near_pairs, "ROW_PAIR", 1.0)
    monkeypatch.setattr(near_rows, "limit_of", lambda *_: near_rows.ROUNDING)
    with pytest.raises(TooLong):
        found(many, most_seconds=100.0)
