from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from goodfit.data import Dataset, Split, load, prints, read_table, split
from goodfit.data.prints import RowSet, of_bytes, row_prints


def set_of(data: Dataset, rows: np.ndarray | None = None) -> RowSet:
    return RowSet.of(row_prints(data, np.arange(len(data), dtype=np.int32) if rows is None else rows))


def drawn(seed: int = 0, rows: int = 200) -> Dataset:
    rng = np.random.default_rng(seed)
    return Dataset("drawn", rng.standard_normal((rows, 3)), rng.integers(0, 3, rows), "classification", ("a", "b", "c"))


def test_equal_rows_have_equal_prints_and_no_others() -> None:
    data = np.array([[1, 2], [2, 1], [1, 2], [0, 0]], np.uint8)
    found = of_bytes(data)
    assert found[0] == found[2]
    assert len(set(found.tolist())) == 3


def test_a_copy_under_another_name_and_in_another_order_is_the_same_set() -> None:
    data, order = drawn(), np.random.default_rng(1).permutation(200)
    copy = Dataset("another", data.x[order].astype(np.float64), data.y[order], "classification", data.classes)
    assert set_of(copy).digest == set_of(data).digest
    assert set_of(copy).overlap(set_of(data)) == set_of(copy).seen([set_of(data)]) == 1


def test_classes_in_another_order_are_the_same_targets() -> None:
    data = drawn()
    turned = Dataset("turned", data.x, 2 - data.y, "classification", data.classes[::-1])
    assert set_of(turned).digest == set_of(data).digest


def test_pixels_may_be_stored_as_numbers() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (30, 5)).astype(np.uint8)
    one, other = (Dataset("p", x, pixels[:, :1] / 3, "regression") for x in (pixels, pixels.astype(float)))
    assert set_of(one).digest == set_of(other).digest


def test_minus_zero_is_zero() -> None:
    one, other = (Dataset("z", np.array([[zero, 1.0]]), np.array([zero]), "regression") for zero in (0.0, -0.0))
    assert set_of(one).digest == set_of(other).digest


@pytest.mark.parametrize("change", ["inputs", "targets"])
def test_other_rows_are_not_taken_for_these(change: str) -> None:
    data = drawn()
    x = data.x + (change == "inputs") * np.float32(1e-3)
    y = (data.y + (change == "targets")) % 3
    assert set_of(data).overlap(set_of(Dataset("drawn", x, y, "classification", data.classes))) == 0
    assert set_of(data).overlap(set_of(drawn(seed=1))) == 0


def test_half_of_the_rows() -> None:
    data = drawn()
    first, second = set_of(data, np.arange(100)), set_of(data, np.arange(50, 150))
    assert first.overlap(second) == second.overlap(first) == 0.5
    assert first.seen([second]) == 0.5
    assert first.seen([second, set_of(data, np.arange(25))]) == 0.75
    assert first.seen([]) == 0
    few = set_of(data, np.arange(10))
    assert few.overlap(first) == first.overlap(few) == 1  # of the smaller
    assert first.seen([few]) == 0.1


def test_a_split_with_another_seed_overlaps_by_its_share() -> None:
    data = load("digits")
    one, other = (split(data, seed=seed) for seed in (0, 1))
    shared = len(np.intersect1d(one.test, other.test)) / len(one.test)
    assert 0.1 < shared < 0.3
    assert set_of(data, one.rows("test")).overlap(set_of(data, other.rows("test"))) == pytest.approx(shared, abs=0.01)


def test_large_sets_are_compared_by_a_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    every = rng.integers(0, 2**64, 60_000, np.uint64)
    exact = RowSet.of(every[:40_000]).overlap(RowSet.of(every[20_000:]))
    assert exact == 0.5
    monkeypatch.setattr(prints, "KEPT_PRINTS", 4_000)
    first, second = RowSet.of(every[:40_000]), RowSet.of(every[20_000:])
    assert not first.whole
    assert len(first.kept) == 4_000
    # a sample of about 4,000 rows: standard deviation below sqrt(0.25 / 4000) = 0.008; the tolerance is four of them
    assert first.overlap(second) == pytest.approx(0.5, abs=0.032)
    assert first.seen([second]) == pytest.approx(0.5, abs=0.032)
    assert first.overlap(first) == 1
    assert first.overlap(RowSet.of(rng.integers(0, 2**64, 50_000, np.uint64))) == 0
    small = RowSet.of(every[:2_000])  # of which about 200 are below the limit of the large set
    assert small.overlap(first) == 1
    nothing = RowSet(10**9, "", np.array([5], np.uint64), False)  # no row of the other is below its limit
    assert nothing.overlap(small) == nothing.seen([small]) == 0


@pytest.fixture
def people() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "age": rng.integers(20, 60, 80),
            "pay": rng.standard_normal(80).round(3),
            "town": rng.choice(["Ulm", "Bonn", ""], 80),
            "since": pd.date_range("2020-01-01", periods=80).astype("datetime64[us]"),
            "member": rng.choice([True, False], 80),
            "rich": rng.choice(["yes!", "no!"], 80),
        }
    )


def all_rows(parts: Split) -> RowSet:
    return set_of(parts.data)


def test_a_table_is_known_again_in_another_format(people: pd.DataFrame, tmp_path: Path) -> None:
    people.to_csv(tmp_path / "people.csv", index=False)
    turned = people.sample(frac=1, random_state=1)[list(people.columns[::-1])].astype({"pay": np.float32})
    turned.to_parquet(tmp_path / "others.parquet", index=False)
    one = read_table(tmp_path / "people.csv", "rich").split(seed=0)
    other = read_table(tmp_path / "others.parquet", "rich", ids="age").split(seed=5)
    assert "age" not in other.data.features
    assert all_rows(one).digest == all_rows(other).digest


def test_another_target_or_value_is_another_row(people: pd.DataFrame, tmp_path: Path) -> None:
    people.to_csv(tmp_path / "people.csv", index=False)
    people["pay"] += 1
    people.to_csv(tmp_path / "paid.csv", index=False)
    rich = all_rows(read_table(tmp_path / "people.csv", "rich").split())
    assert rich.overlap(all_rows(read_table(tmp_path / "people.csv", "member").split())) == 0
    assert rich.overlap(all_rows(read_table(tmp_path / "paid.csv", "rich").split())) == 0


def test_equal_rows_of_a_table_count_once(people: pd.DataFrame, tmp_path: Path) -> None:
    pd.concat([people, people]).to_csv(tmp_path / "twice.csv", index=False)
    found = all_rows(read_table(tmp_path / "twice.csv", "rich").split())
    assert (found.rows, len(found.kept)) == (160, 80)
