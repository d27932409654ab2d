"""Copies against chance, repeated measurements, and honest features that tell much."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import goodfit.data as gd
from goodfit.data import Dataset, Split
from goodfit.data.agreement import merged, partial_twins, twins_by_agreement
from goodfit.data.tables.chances import right_by_value
from goodfit.leaks import LeakFinding, guard
from goodfit.leaks.check import check_folds, check_split
from goodfit.leaks.duplicates import exact_groups


def last_quarter(x: Any, y: Any, **fields: Any) -> Split:
    """The last quarter of the rows test."""
    data = Dataset.from_arrays(x, y, **fields)
    rows = np.arange(len(data), dtype=np.int32)
    cut = 3 * len(data) // 4
    return Split(data, rows[:cut], rows[:0], rows[cut:])


def survey(rng: np.random.Generator, rows: int = 800, items: int = 8) -> np.ndarray:
    """Answers of 1 to 4 that one trait drives."""
    answers = 0.9 * rng.standard_normal((rows, 1)) + 0.44 * rng.standard_normal((rows, items))
    return 1 + np.digitize(answers, (-0.7, 0.0, 0.7))


def statuses(found: tuple[LeakFinding, ...]) -> set[tuple[str, str]]:
    return {(each.code, each.status) for each in found}


def test_equal_answers_of_independent_people_are_no_copies() -> None:
    rng = np.random.default_rng(0)
    parts = last_quarter(survey(rng), rng.integers(0, 2, 800))
    (found,) = guard(parts)
    assert (found.code, found.status) == ("exact", "cannot tell")
    assert found.share > 0.2
    check = check_split(parts)
    assert check is not None
    assert check.told == ()
    folds = check_folds(parts.data, [(parts.train, parts.rows("test")), (parts.rows("test"), parts.train)])
    assert folds is not None
    assert statuses(folds.findings) == {("exact", "cannot tell")}


def test_twins_of_correlated_columns_are_expected_about_as_often_as_drawn() -> None:
    """Different rows in both halves, over 12 draws: the estimate is right up to a factor of 3, by far enough for a
    limit of a tenth; columns taken as independent give less than a tenth here.
    """
    drawn, expected = [], []
    for seed in range(12):
        x = survey(np.random.default_rng(seed))
        groups = exact_groups(x)
        a, b = np.unique(groups[:600]), np.unique(groups[600:])
        drawn.append(len(np.intersect1d(a, b)))
        expected.append(twins_by_agreement(x, a, b, drawn[-1]))
    assert 1 / 3 < np.sum(expected) / np.sum(drawn) < 3


def test_copies_that_were_measured_anew_in_one_column_are_told_and_no_feature_is_accused() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((800, 6)), rng.integers(0, 2, 800)
    x[700:760], y[700:760] = x[:60], y[:60]
    x[700:760, 2] = rng.standard_normal(60)
    parts = last_quarter(x, y)
    (found,) = guard(parts)
    assert (found.code, found.status, found.count) == ("changed", "issue", 60)
    assert found.pairs[0] == (700, 0)
    assert found.distances[0] == pytest.approx(1 / 6)
    assert "60 rows of the test set (30 %) agree in all but a few columns with rows of the training set" in found.text
    assert gd.table({**{f"c{i}": x[:, i] for i in range(6)}, "y": y}, "y").leaks == ()
    left = Split(parts.data, parts.train[60:], parts.valid, parts.rows("test"))
    assert guard(left) == ()
    folds = check_folds(parts.data, [(parts.train, parts.rows("test"))])
    assert folds is not None
    assert [(each.code, each.count) for each in folds.told] == [("changed", 60)]


@pytest.mark.parametrize("seed", range(3))
def test_changed_twins_by_comparing_every_row_with_every_other(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((120, 8)).astype(np.float32)
    x[100], x[101], x[102, :5] = x[3], x[4], x[5, :5]
    x[100, 1], x[101, [0, 6]] = 9, 9
    found = partial_twins(x, np.arange(120, dtype=np.int32))
    told = {tuple(sorted(pair)): n for *pair, n in zip(found.rows, found.partners, found.differing, strict=True)}
    agree = (x[:, None] == x[None]).sum(axis=2)
    expected = {(i, j): 8 - agree[i, j] for i in range(120) for j in range(i + 1, 120) if agree[i, j] >= 4}
    assert told == expected
    assert merged(np.arange(120, dtype=np.int32), found.rows, found.partners)[[100, 101, 102]].tolist() == [3, 4, 5]


def test_subjects_that_were_measured_again_are_asked_about() -> None:
    rng = np.random.default_rng(0)
    who = rng.permutation(np.repeat(np.arange(100), 8))
    own = rng.standard_normal((100, 6))[who]
    (same,) = guard(last_quarter(own, own[:, 0] + rng.standard_normal(800)))
    assert (same.code, same.status) == ("exact", "cannot tell")
    assert "200 of them with a different target: they may be repeated measurements" in same.text
    assert same.advice.endswith("groups= (--group COLUMN of a table).")
    visits = np.column_stack([own, rng.standard_normal(800)])
    (changed,) = guard(last_quarter(visits, own[:, 0] + rng.standard_normal(800)))
    assert (changed.code, changed.status) == ("changed", "cannot tell")


def table_with(leak: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> gd.Table:
    columns: dict[str, Any] = {f"c{i}": rng.standard_normal(len(y)) for i in range(4)}
    told = [None if value != value else float(value) for value in leak]
    return gd.table({**columns, "told": told, "y": y if y.dtype.kind == "f" else [f"k{each}" for each in y]}, "y")


@pytest.mark.parametrize("how", ["missing", "flipped", "imputed", "-999"])
@pytest.mark.parametrize("number", [False, True])
def test_copies_of_the_target_with_wrong_cells_are_told(how: str, number: bool) -> None:
    rng = np.random.default_rng(0)
    y = rng.lognormal(size=600) if number else rng.integers(0, 3, 600)
    hit = rng.random(600) < (0.01 if how == "flipped" else 0.04)
    other = rng.permutation(y) if number else (y + 1) % 3
    filled = {"missing": np.nan, "flipped": other, "imputed": np.median(y), "-999": -999}[how]
    (leak,) = table_with(np.where(hit, filled, y), y, rng).leaks
    assert leak.column == "told"
    assert leak.status == ("notice" if how == "imputed" and not number else "issue")


@pytest.mark.parametrize("how", ["sum", "difference", "product", "ratio", "xor", "join"])
def test_two_columns_that_give_the_target_together(how: str) -> None:
    rng = np.random.default_rng(0)
    noise = rng.standard_normal((400, 5))
    if how in ("xor", "join"):
        a, b = rng.integers(0, 2 if how == "xor" else 3, (2, 400))
        y = a ^ b if how == "xor" else 3 * a + b
    else:
        a, b = rng.lognormal(size=(2, 400))
        y = {"sum": a + b, "difference": a - 2 * b, "product": a * b, "ratio": a / b}[how]
    (found,) = guard(last_quarter(np.column_stack([noise, a, b]), y))
    assert (found.code, found.status) == ("input", "issue")
    assert found.text.startswith("Feature '5' gives the target exactly with another column: ")
    assert "'6'" in found.text
    assert guard(last_quarter(np.column_stack([a, b]), y)) == () or how in ("xor", "join")


def test_a_strong_feature_is_asked_about_and_not_accused() -> None:
    rng = np.random.default_rng(0)
    area = rng.lognormal(4, 0.4, 600)
    price = 1000 * area + 2600 * rng.standard_normal(600)  # R² 0.99
    check = check_split(last_quarter(np.column_stack([area, rng.standard_normal((600, 3))]), price))
    assert check is not None
    assert statuses(check.findings) == {("input", "notice")}
    assert check.told == ()
    assert "none found. Feature '0' tells almost all of the target (R² 0.9" in str(check)
    assert str(check).endswith("is it known when you predict?")


def test_the_value_before_is_no_leak() -> None:
    rng = np.random.default_rng(0)
    series = np.cumsum(rng.standard_normal(3001))
    x = np.column_stack([series[:-1], rng.standard_normal((3000, 3))])
    assert np.corrcoef(x[:, 0], series[1:])[0, 1] > 0.999
    assert [each for each in guard(last_quarter(x, series[1:])) if each.status == "issue"] == []
    mixed = rng.permutation(3000)  # in no order, nothing says that it is one of the rows before
    assert ("input", "issue") in statuses(guard(last_quarter(x[mixed], series[1:][mixed])))


@pytest.mark.parametrize("seed", range(3))
def test_what_other_rows_with_the_same_value_tell(seed: int) -> None:
    """By leaving out every row once; where two classes are equally frequent among the others, half of it is right."""
    rng = np.random.default_rng(seed)
    codes, y = rng.integers(0, 8, 60), rng.integers(0, 3, 60)
    right = 0.0
    for row in range(60):
        others = np.bincount(np.delete(y, row)[np.delete(codes, row) == codes[row]], minlength=3)
        best: Any = np.flatnonzero(others == others.max()) if others.max() else []
        right += 0 if y[row] not in best else 1 if len(best) == 1 else 0.5
    assert right_by_value(codes, y) == pytest.approx(right / 60)
