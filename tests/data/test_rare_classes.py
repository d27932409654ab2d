"""Rare classes are said with their rows a fold, and alike classes of few rows are not."""

from __future__ import annotations

import numpy as np
import pytest

from goodfit.data import table
from goodfit.data.rare_classes import rare_classes


def codes(*counts: int) -> np.ndarray:
    return np.repeat(np.arange(len(counts)), counts)


@pytest.mark.parametrize(
    ("counts", "named"),
    [
        ((400, 394, 6), ["c"]),
        ((20, 20, 20), []),  # few, and alike
        ((95_000, 4_999, 5_001), []),
        ((99_900, 50, 50), ["b", "c"]),
        ((60, 19), ["b"]),
        ((50, 30), []),
        ((800, 0), []),  # of a class without rows there is nothing to weigh
    ],
)
def test_what_is_rare(counts: tuple[int, ...], named: list[str]) -> None:
    told = rare_classes(codes(*counts), "abc"[: len(counts)])
    assert [name for name in "abc" if f"class {name!r} has" in told] == named
    assert bool(told) == bool(named)


def test_rows_a_fold_are_those_that_learn() -> None:
    assert "has 6 of 406 rows (1.48 %), about 1 in each of 5 folds" in rare_classes(codes(400, 6), "ab")
    assert "has 4 of 404 rows (0.99 %), fewer than 1 in each of 5 folds" in rare_classes(codes(400, 4), "ab")
    assert "has 30 of 1,030 rows (2.91 %), about 10 in each of 3 folds" in rare_classes(codes(1000, 30), "ab", 3, 1.0)


def test_a_table_says_so_at_once() -> None:
    y = codes(400, 394, 6)
    columns = {"x": np.random.default_rng(0).normal(size=len(y)), "y": np.array(list("abc"))[y]}
    wanted = (
        "Rare: class 'c' has 6 of 800 rows (0.75 %), about 1 in each of 5 folds. Accuracy hardly shows it. Weigh the "
        "classes with --class-weight balanced (class_weight), and see each class with goodfit measure."
    )
    assert wanted in table(columns, "y").notes
    assert "c (6)" in table(columns, "y").target.about
