from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from run_help import numbers

from goodfit.data import Dataset, Split, load, split
from goodfit.errors import InputError
from goodfit.runs.checks import as_split, fitted_recipe, seeds_of
from goodfit.training.recipe import Recipe

IRIS = split(load("iris"))
NUMBERS = split(numbers())
LABELS = split(numbers("multilabel"))


@pytest.mark.parametrize(
    ("parts", "fields", "text"),
    [
        (
            IRIS,
            {"batch_size": 109},
            "'batch_size' must not exceed the 108 training examples of 'iris'; got 109. "
            "Use a smaller batch size, or more data.",
        ),
        (
            IRIS,
            {"loss": "squared-error"},
            "'loss' must fit the targets of 'iris' (classification); got 'squared-error'. Use cross-entropy, or auto.",
        ),
        (
            NUMBERS,
            {"loss": "cross-entropy"},
            "'loss' must fit the targets of 'mine' (regression); got 'cross-entropy'. "
            "Use squared-error, absolute-error, huber, poisson, quantile, or auto.",
        ),
        (
            split(
                Dataset("few", np.zeros((5, 1)), [[0, 1], [2, -1], [0.5, 2], [-3, -3], [1, 1]], "regression"), valid=0
            ),
            {"loss": "poisson"},
            "'loss' poisson is for targets >= 0; those of 'few' are negative in 2 rows (1, 3); got -3.0. "
            "Use squared-error, absolute-error, huber, or auto.",
        ),
        (
            LABELS,
            {"loss": "huber"},
            "'loss' must fit the targets of 'mine' (multilabel); got 'huber'. Use binary-cross-entropy, or auto.",
        ),
        (
            IRIS,
            {"class_weight": (1.0, 2.0)},
            "'class_weight' must hold one weight for each of the 3 classes of 'iris'; got (1.0, 2.0).",
        ),
        (
            NUMBERS,
            {"class_weight": "balanced"},
            "'class_weight' needs classes; the targets of 'mine' are for regression; got 'balanced'. Leave it out.",
        ),
        (
            LABELS,
            {"class_weight": (1.0, 2.0)},
            "'class_weight' needs classes; the targets of 'mine' are for multilabel; got (1.0, 2.0). Leave it out.",
        ),
        (
            NUMBERS,
            {"label_smoothing": 0.1},
            "'label_smoothing' needs classes or labels; the targets of 'mine' are numeric; got 0.1. "
            "Use 0 to switch it off.",
        ),
    ],
)
def test_what_does_not_fit_is_named(parts: Any, fields: dict[str, Any], text: str) -> None:
    with pytest.raises(InputError, match=re.escape(f"Recipe: {text}")) as error:
        fitted_recipe(Recipe(**fields), parts)
    assert len(error.value.problems) == 1


def test_all_problems_come_at_once() -> None:
    recipe = Recipe(batch_size=999, class_weight="balanced", label_smoothing=0.1)
    with pytest.raises(InputError, match=r"batch_size(.|\n)*class_weight(.|\n)*label_smoothing") as error:
        fitted_recipe(recipe, NUMBERS)
    assert len(error.value.problems) == 3


@pytest.mark.parametrize(
    ("parts", "fields"),
    [
        (IRIS, {"class_weight": (1.0, 2.0, 0.0), "loss": "cross-entropy", "label_smoothing": 0.1, "batch_size": 108}),
        (IRIS, {"class_weight": "balanced", "batch_size": 1}),
        (LABELS, {"label_smoothing": 0.1, "batch_size": 2}),
        (NUMBERS, {"loss": "absolute-error", "patience": 3, "monitor": "score", "batch_size": 8}),
    ],
)
def test_what_fits_is_left_as_it_is(parts: Any, fields: dict[str, Any]) -> None:
    assert fitted_recipe(Recipe(**fields), parts) == Recipe(**fields)


@pytest.mark.parametrize(("rows", "batch"), [(10, 10), (20, 16), (1000, 31), (100_000, Recipe().batch_size)])
def test_a_batch_size_that_was_not_asked_for_shrinks_with_the_rows(rows: int, batch: int) -> None:
    data = Dataset("some", np.zeros((rows, 1)), np.zeros(rows), "regression")
    none = np.empty(0, int)
    with_valid = Split(data, np.arange(rows - 1), np.arange(rows - 1, rows), none)
    assert fitted_recipe(Recipe(), with_valid).batch_size in (batch, batch - 1)
    with pytest.raises(InputError, match="must not exceed"):
        fitted_recipe(Recipe(batch_size=rows), with_valid)


def test_lbfgs_takes_all_rows_whatever_the_batch_size() -> None:
    assert fitted_recipe(Recipe(optimizer="lbfgs", batch_size=5000), IRIS).batch_size == 5000


@pytest.mark.parametrize("fields", [{"patience": 3}, {"monitor": "score"}])
def test_stopping_without_validation_rows_is_warned_of(fields: dict[str, Any]) -> None:
    rule = "Recipe: 'patience' and 'monitor' monitor the training set: 'iris' was split without a validation set. Hold"
    with pytest.warns(UserWarning, match=rule):
        fitted_recipe(Recipe(**fields), split(load("iris"), valid=0))


def test_data_are_divided_by_the_recipe() -> None:
    found = as_split(Recipe(valid=0.25, seed=9), load("iris"))
    assert found.sizes == {"train": 90, "valid": 30, "test": 30}
    assert found.seed == 9
    assert as_split(Recipe(valid=0.25), IRIS) is IRIS
    with pytest.raises(InputError, match="train: 'data' must be a Dataset, a Table or a Split; got 'ndarray'"):
        as_split(Recipe(), np.zeros((2, 2)))  # type: ignore[arg-type]


FORMS = [range(2), [0, 1], (0, 1), np.arange(2), [np.uint32(0), np.int8(1)], {0: "a", 1: "b"}]


@pytest.mark.parametrize("seeds", [*FORMS, iter([0, 1])])
def test_seeds_may_come_in_any_form(seeds: Any) -> None:
    found = seeds_of(Recipe(), seeds)
    assert found == (0, 1)
    assert {type(seed) for seed in found} == {int}


def test_the_recipe_has_a_seed_of_its_own() -> None:
    assert seeds_of(Recipe(seed=5), None) == (5,)


@pytest.mark.parametrize("count", [3, np.int64(3)])
def test_a_number_of_seeds_counts_up_from_the_recipes(count: Any) -> None:
    assert seeds_of(Recipe(seed=5), count) == (5, 6, 7)
    with pytest.raises(InputError, match="a seed must be an integer from 0 to 4294967295; got 4294967296"):
        seeds_of(Recipe(seed=2**32 - 1), count)


@pytest.mark.parametrize(
    ("seeds", "text"),
    [
        (0, "train: 'seeds' must be an integer >= 1, or a list of seeds; got 0."),
        (True, "train: 'seeds' must be an integer >= 1, or a list of seeds; got True."),
        (2.0, "train: 'seeds' must be an integer >= 1, or a list of seeds; got 2.0."),
        ([], "train: 'seeds' must hold at least one seed; got []."),
        ([0, -1], "train: a seed must be an integer from 0 to 4294967295; got -1 (net 1 of 2)."),
        ([2**32], "train: a seed must be an integer from 0 to 4294967295; got 4294967296 (net 0 of 1)."),
        ([True], "train: a seed must be an integer from 0 to 4294967295; got True (net 0 of 1)."),
        ([1.0], "train: a seed must be an integer from 0 to 4294967295; got 1.0 (net 0 of 1)."),
        ("7", "train: a seed must be an integer from 0 to 4294967295; got '7' (net 0 of 1)."),
        ([Decimal(1), 2, None], "got None (net 2 of 3)."),
        ([3, np.int64(3)], "train: 'seeds' must be distinct: equal seeds give equal nets; got [3, 3]."),
    ],
)
def test_wrong_seeds_are_named(seeds: Any, text: str) -> None:
    with pytest.raises(InputError, match=re.escape(text)):
        seeds_of(Recipe(), seeds)
