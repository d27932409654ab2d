from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from scipy.stats import pearsonr, spearmanr
from table_help import people

from goodfit.data.tables import chances, table
from goodfit.data.tables.chances import CHANCE, CORRELATION

RNG = np.random.default_rng(0)
ROWS = 120
CLASSES = np.where(RNG.random(ROWS) < 0.4, "sick", "well")
NUMBERS = RNG.lognormal(size=ROWS)
NOISE = RNG.standard_normal(ROWS)


def suspects(target: Any, **columns: Any) -> dict[str, str]:
    found = table({**columns, "noise": NOISE[: len(target)], "y": target}, "y", kinds={})
    return {leak.column: leak.why for leak in found.leaks}


def test_columns_that_give_classes_away() -> None:
    sick = CLASSES == "sick"
    assert suspects(
        CLASSES,
        same=CLASSES,
        code=sick.astype(int),
        letter=np.where(sick, "s", "w"),
        ward=np.where(sick, RNG.integers(0, 5, ROWS), RNG.integers(5, 10, ROWS)).astype(str),
        threshold=np.where(sick, 10.0, 0.0) + RNG.random(ROWS),
        died=np.where(sick, NOISE.astype(str), ""),
        honest=np.where(sick, 0.5, 0.0) + RNG.random(ROWS),
    ) == {
        "same": "equals the target 'y' in every row",
        "code": "has one value per class",
        "letter": "has one value per class",
        "ward": "determines the target in every row",
        "threshold": "separates the classes with one threshold, without error",
        "died": "is missing in some rows, and that alone determines the target",
    }


def test_columns_that_give_numbers_away() -> None:
    found = suspects(
        NUMBERS,
        same=NUMBERS,
        text=NUMBERS.astype(str),
        cents=(NUMBERS * 100).round(),
        opposite=5 - 3 * NUMBERS,
        logarithm=np.log(NUMBERS),
        close=NUMBERS + RNG.normal(0, 0.3, ROWS),
    )
    assert found.pop("cents").startswith("is perfectly correlated with the target (correlation ")
    assert found.pop("close") == "tells almost all of the target (R² 0.985): is it known when you predict?"
    assert found == {
        "same": "equals the target 'y' in every row",
        "text": "equals the target 'y' in every row",
        "opposite": "is perfectly correlated with the target (correlation -1.0000)",
        "logarithm": "is perfectly correlated with the target (rank correlation 1.0000)",
    }


def test_three_classes_by_thresholds() -> None:
    y = np.repeat(["a", "b", "c"], 20)
    why = suspects(y, x=np.arange(60) + NOISE[:60] / 10)["x"]
    assert why == "separates the classes with thresholds, without error"


def test_numbers_that_a_category_determines() -> None:
    prices = RNG.choice([3.5, 7.25, 9.75, 12.5], ROWS)
    assert suspects(prices, product=np.array([f"p{price}" for price in prices]))["product"].startswith("determines")


def test_few_rows_prove_nothing() -> None:
    y = ["a", "b", "a", "b", "b", "a"]
    assert suspects(y, x=[0, 1, 0, 1, 1, 0]) == {}
    assert suspects([1.5, 2.5, 3.5, 4.5], x=[1, 2, 3, 4]) == {}


def test_independent_columns_are_hardly_ever_suspects() -> None:
    rng = np.random.default_rng(1)
    for rows in (20, 60, 300):
        y = rng.choice(["a", "b"], rows)
        columns: dict[str, Any] = {f"number {i}": rng.standard_normal(rows) for i in range(40)}
        columns |= {f"category {i}": rng.choice(["u", "v", "w"], rows) for i in range(20)}
        columns |= {f"flag {i}": rng.random(rows) < 0.5 for i in range(20)}
        assert table({**columns, "y": y}, "y").leaks == ()
        assert table({**columns, "y": rng.standard_normal(rows)}, "y").leaks == ()


def test_an_honest_table_has_none() -> None:
    columns = people()
    assert table(columns, "income", ids="rich").leaks == ()
    assert [str(leak) for leak in table(columns, "rich").leaks] == [
        "Column 'income' separates the classes with one threshold, without error."
    ]


@pytest.mark.parametrize(("sizes", "counts"), [((2, 2), (2, 2)), ((1, 3), (1, 3)), ((2, 1, 2), (3, 2))])
def test_the_chance_of_a_pure_column_by_counting(sizes: tuple[int, ...], counts: tuple[int, ...]) -> None:
    """All assignments of classes to rows, each weighted by its shares: how many are pure in every group?"""
    groups = np.repeat(np.arange(len(sizes)), sizes)
    shares = np.array(counts) / sum(counts)
    pure = 0.0
    for drawn in product(range(len(counts)), repeat=len(groups)):
        if all(len({drawn[row] for row in np.flatnonzero(groups == group)}) == 1 for group in range(len(sizes))):
            pure += np.prod(shares[list(drawn)])
    y = np.repeat(np.arange(len(counts)), counts)
    codes = groups if sizes == counts else np.zeros(len(y), int)
    if sizes == counts:
        assert np.exp(chances.chance_of_pure(codes.astype(np.int32), y)) == pytest.approx(pure)
    else:
        assert chances.chance_of_pure(codes.astype(np.int32), y) == 0.0  # one group of two classes is not pure


def test_correlations_are_those_of_scipy() -> None:
    x, y = RNG.standard_normal(50), RNG.integers(0, 7, 50).astype(float)
    assert chances.correlation(x, y) == pytest.approx(pearsonr(x, y).statistic)
    assert chances.correlation(chances.ranks(x), chances.ranks(y)) == pytest.approx(spearmanr(x, y).statistic)
    assert chances.correlation(np.ones(5), y[:5]) == 0.0
    assert chances.correlation(x * 1e200, y * 1e200) == pytest.approx(pearsonr(x, y).statistic)


def test_a_correlation_at_the_threshold() -> None:
    noise = NOISE - NOISE.mean()
    signal = NUMBERS - NUMBERS.mean()
    noise -= signal * (noise @ signal) / (signal @ signal)
    noise *= np.sqrt((signal @ signal) / (noise @ noise))
    for r, told in ((CORRELATION + 1e-5, True), (CORRELATION - 1e-5, False)):
        why = chances.correlated(signal * r + noise * np.sqrt(1 - r * r), NUMBERS)
        assert why.startswith("is perfectly correlated with the target (correlation") is told
    assert CHANCE < 1e-3
