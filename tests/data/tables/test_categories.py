from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.preprocessing import OneHotEncoder
from table_help import raw
from test_fitted import filled

from goodfit.data import table
from goodfit.data.tables import categories
from goodfit.data.tables.categories import Frequent, OneHot, fit_categories, sharers, sharing
from goodfit.data.tables.frames import frame_of
from goodfit.data.tables.preprocessing import Preprocessing
from goodfit.data.tables.survey import Choices, survey


def drawn(count: int, rows: int, seed: int = 0) -> tuple[list[str], np.ndarray, np.ndarray]:
    """(category of each row, its number, a target that it decides but for noise), `rows` rows a category."""
    rng = np.random.default_rng(seed)
    of_row = rng.permutation(np.repeat(np.arange(count), rows))
    target = rng.normal(size=count)[of_row] + rng.normal(0, 0.3, len(of_row))
    return [f"c{place}" for place in of_row], of_row, target


@pytest.mark.parametrize(("count", "rows"), [(30, 40), (50, 40), (100, 40), (300, 13), (1000, 20)])
def test_categories_that_the_rows_support_have_an_input_each(count: int, rows: int) -> None:
    """The same inputs as one hot by scikit-learn, so that any net gets the same R² from them."""
    words, _, target = drawn(count, rows)
    data = table({"c": words, "y": target}, "y").split().data
    column = np.array(words)[:, None]
    expected = OneHotEncoder(sparse_output=False).fit_transform(column)
    assert np.array_equal(data.x, expected)


@pytest.mark.parametrize(("count", "rows"), [(30, 40), (50, 40), (100, 40), (300, 13), (2000, 13), (2000, 3)])
def test_ridge_regression_finds_the_effects(count: int, rows: int) -> None:
    """Independent of any net: at least the share of one input each that the features' number allows."""
    words, of_row, target = drawn(count, rows)
    order = np.random.default_rng(1).permutation(len(words))
    train, held = order[len(order) // 5 :], order[: len(order) // 5]
    column = fit_categories("c", raw(words).take(train))
    x, _ = filled(column, words)
    found = r2(x[train].astype(np.float64), target[train], x[held], target[held])
    means = np.bincount(of_row[train], target[train], count) / (np.bincount(of_row[train], minlength=count) + 1)
    best = 1 - ((target[held] - means[of_row[held]]) ** 2).mean() / target[held].var()
    if isinstance(column, OneHot):
        assert found == pytest.approx(best, abs=0.02)
    else:
        assert found > 0.5 * best * len(column.categories) / count


def r2(x: np.ndarray, y: np.ndarray, held_x: np.ndarray, held_y: np.ndarray) -> float:
    """Of a ridge regression with the penalty 1."""
    weights = np.linalg.solve(x.T @ x + np.eye(x.shape[1]), x.T @ (y - y.mean()))
    return float(1 - ((held_y - y.mean() - held_x @ weights) ** 2).mean() / held_y.var())


def test_few_categories_have_an_input_each_however_rare() -> None:
    words = [f"c{place}" for place in range(categories.FEW_CATEGORIES)]
    assert isinstance(fit_categories("c", raw(words)), OneHot)
    assert sharing(raw(words)) == ""


def test_rare_categories_share_inputs_that_grow_with_their_rows() -> None:
    often = [f"often {place}" for place in range(40)] * categories.OWN_ROWS
    for rare in (1, 10, 100, 5000):
        words = [*often, *(f"rare {place}" for place in range(rare))]
        column = fit_categories("c", raw(words))
        assert isinstance(column, Frequent)
        assert column.categories == tuple(sorted({*often}))
        assert column.buckets == min(categories.MOST_BUCKETS, int(np.ceil(rare / categories.OWN_ROWS)))
        out, notes = filled(column, ["often 7", "rare 0", "new", None])
        assert out[:3].sum(axis=1).tolist() == [1, 1, 1]
        assert out[0, column.categories.index("often 7")] == 1
        assert out[1:3, :40].sum() == 0
        assert out[3].sum() == 0
        assert notes == ["Column 'c': 1 value is missing; taken as none of its categories."]
        assert (
            sharing(raw(words))
            == f"{40 + rare:,} categories: a feature each for the 40 most frequent, the others hashed"
        )


def test_buckets_are_those_of_the_declared_hash() -> None:
    column = Frequent("town", True, ("a",), 7)
    out, _ = filled(column, ["x", "y", "a", None])
    assert np.flatnonzero(out[0]).tolist() == [1 + column.bucket("x")]
    assert np.flatnonzero(out[1]).tolist() == [1 + column.bucket("y")]
    assert [np.flatnonzero(row).tolist() for row in out[2:]] == [[0], [8]]
    assert column.features == ("town=a", *(f"town bucket {place}" for place in range(7)), "town is missing")


def test_the_most_frequent_come_first_where_there_are_too_many() -> None:
    counts = np.concatenate([np.full(categories.MOST_OWN, 4), np.full(500, 3), np.full(9, 5)])
    words = [f"c{place:04d}" for place, times in enumerate(counts) for _ in range(times)]
    column = fit_categories("c", raw(words))
    assert isinstance(column, Frequent)
    assert len(column.categories) == categories.MOST_OWN
    assert {f"c{categories.MOST_OWN + 500 + place:04d}" for place in range(9)} < set(column.categories)
    assert f"c{categories.MOST_OWN + 1:04d}" not in column.categories


def test_a_long_table_gives_fewer_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(categories, "MOST_NUMBERS", 40 * 1000)
    words = [f"c{place % 50}" for place in range(1000)]
    column = fit_categories("c", raw(words))
    assert isinstance(column, Frequent)
    assert len(column.categories) == 40


@given(st.lists(st.sampled_from([f"c{place}" for place in range(60)]) | st.none(), min_size=1, max_size=300))
def test_every_row_has_one_input_and_equal_ones_have_the_same(words: list[Any]) -> None:
    column = fit_categories("c", raw(words))
    out, _ = filled(column, words)
    assert (out.sum(axis=1) == 1).all()
    first = {word: out[words.index(word)] for word in words}
    assert all(np.array_equal(first[word], row) for word, row in zip(words, out, strict=True))


def test_columns_of_many_categories_share_one_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit is that of the table: with twice as many such columns, each has half as many inputs."""
    monkeypatch.setattr(categories, "MOST_NUMBERS", 80 * 400)
    words = [f"c{place % 100:03d}" for place in range(400)]
    few = ["a", "b"] * 200
    assert sharers([raw(words), raw(few), raw(words)]) == 2
    assert sharers([raw(few)]) == sharers([]) == 1
    for count, own in ((1, 80), (2, 40)):
        table = {f"many{place}": words for place in range(count)} | {"few": few, "y": ["u", "v"] * 200}
        made = Preprocessing.fit(table, dict.fromkeys([*table][:-1], "categorical"))
        assert [len(column.categories) for column in made.columns] == [own] * count + [2]  # type: ignore[union-attr]
        seen = survey(frame_of(table), Choices.of("y", (), None, None))
        remarks = [column.about for column in seen.columns if column.name.startswith("many")]
        assert remarks == [f"100 categories: a feature each for the {own} most frequent, the others hashed"] * count
