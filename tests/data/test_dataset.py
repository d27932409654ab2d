from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from goodfit.data import Dataset, table
from goodfit.errors import InputError

X = np.arange(12.0).reshape(4, 3)
CODES = np.array([0, 1, 1, 0])


def make(**changes: Any) -> Dataset:
    fields = {"name": "t", "x": X, "y": CODES, "task": "classification", "classes": ("a", "b"), **changes}
    return Dataset(**fields)


def test_storage_types() -> None:
    data = make()
    assert (data.x.dtype, data.y.dtype, data.test.dtype) == (np.float32, np.int32, np.int32)
    assert (data.n_inputs, data.n_outputs, len(data)) == (3, 2, 4)
    pixels = make(x=X.astype(np.uint8))
    assert pixels.x.dtype == np.uint8
    assert make(x=X > 3).x.dtype == np.float32


def test_arrays_are_read_only_views_and_the_callers_stay_writable() -> None:
    x = X.astype(np.float32)
    data = make(x=x)
    assert np.shares_memory(data.x, x)
    with pytest.raises(ValueError, match="read-only"):
        data.x[0, 0] = 1
    x[0, 0] = 5
    assert x.flags.writeable


def test_repr_is_one_line() -> None:
    assert repr(make(test=np.array([3]))) == (
        "Dataset('t', classification, 4 rows of which 1 official test rows, 3 inputs, 2 outputs, float32)"
    )


def test_regression_and_multilabel() -> None:
    one = make(task="regression", classes=(), y=[1, 2, 3, 4], scale_targets=True)
    assert one.y.shape == (4, 1)
    assert one.y.dtype == np.float32
    assert one.n_outputs == 1
    several = make(task="multilabel", y=np.eye(4, 2, dtype=bool))
    assert several.y.dtype == np.float32
    assert several.n_outputs == 2


def test_from_arrays_names_the_classes() -> None:
    data = Dataset.from_arrays(X, ["pear", "apple", "pear", "fig"])
    assert data.classes == ("apple", "fig", "pear")
    assert data.y.tolist() == [2, 0, 2, 1]
    assert Dataset.from_arrays(X, [0.5, 1, 2, 3]).task == "regression"
    assert Dataset.from_arrays(X, CODES, classes=("no", "yes")).classes == ("no", "yes")
    assert Dataset.from_arrays(X, np.eye(4, 2), task="multilabel", classes=("a", "b")).n_outputs == 2


@pytest.mark.parametrize(
    ("y", "task", "classes"),
    [
        ([0.0, 1.0] * 30, "classification", ("0", "1")),
        ([True, False] * 30, "classification", ("False", "True")),
        (["10", "9", "100"] * 20, "classification", ("9", "10", "100")),
        ([3, 1, 2] * 20, "classification", ("1", "2", "3")),
        (list(range(60)), "regression", ()),
        ([i % 7 for i in range(60)], "regression", ()),
        ([[i] for i in range(60)], "regression", ()),
        ([[i, -i] for i in range(60)], "regression", ()),
        ([0.25, 0.5, 0.75] * 20, "regression", ()),
    ],
)
def test_arrays_are_read_as_the_target_of_a_table_is(y: Any, task: str, classes: tuple[str, ...]) -> None:
    data = Dataset.from_arrays(np.arange(180.0).reshape(60, 3), y)
    assert (data.task, data.classes) == (task, classes)
    assert (data.scaling, data.scale_targets) == ("robust", task == "regression")
    if np.ndim(y) == 1:
        found = table({"x": [0.5, 1.5] * 30, "y": y}, "y")
        assert (found.target.task, found.target.classes) == (task, classes)
        assert [note for note in found.notes if "target" in note] == list(data.notes)
        assert np.array_equal(np.ravel(found.target.y), np.ravel(data.y))


def test_a_target_of_whole_numbers_is_remarked() -> None:
    x = np.arange(180.0).reshape(60, 3)
    note = (
        "The target 'y' holds 60 different whole numbers in 60 rows, taken as numbers; to change that, set the task to "
        "classification."
    )
    data = Dataset.from_arrays(x, np.arange(60))
    assert data.notes == (note,)
    assert repr(data).endswith(f"float32)\n{note}")
    assert Dataset.from_arrays(x, np.arange(60), task="regression").notes == ()
    assert (
        "taken as classes; to change that, set the task to regression."
        in Dataset.from_arrays(x, [1, 2, 3] * 20).notes[0]
    )


@pytest.mark.parametrize("dtype", ["float16", ">f4", "longdouble", ">i8", "uint8", "uint64", "object"])
def test_numbers_of_every_type_are_the_same_targets(dtype: str) -> None:
    x, y = np.arange(180.0).reshape(60, 3), np.arange(60)
    data = Dataset.from_arrays(x, y.astype(dtype))
    assert data.task == "regression"
    assert np.array_equal(data.y[:, 0], y)


def test_an_unknown_task_is_named() -> None:
    with pytest.raises(InputError, match="'task' must be a known one; got 'guess'"):
        Dataset.from_arrays(np.zeros((60, 3)), np.arange(60), task="guess")  # type: ignore[arg-type]


def test_what_arrays_say_themselves_stands() -> None:
    x = np.arange(180.0).reshape(60, 3)
    data = Dataset.from_arrays(x, np.arange(60.0), scaling="none", scale_targets=False)
    assert (data.scaling, data.scale_targets) == ("none", False)
    assert Dataset.from_arrays(x, [1, 2] * 30, image_shape=(1, 3)).scaling == "standard"


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (
            [*["a", "b"] * 29, None, "NA"],
            r"^Dataset 'table': 'y' must have a target in every row; 2 rows \(58, 59\) have none",
        ),
        ([*[0.5, 1.5] * 29, 2.5, np.nan], r"^Dataset 'table': 'y' must have a target in every row; row 59 has none"),
        (["a"] * 60, r"^Dataset 'table': the target 'y' must have at least two classes"),
        ([f"name {i}" for i in range(60)], r"the target 'y' must hold numbers or classes; it holds a different text"),
        ([[1], [1, 2]] * 30, r"^Dataset 'table': 'y' must be an array; its rows differ in length"),
        (["3,5", "4,5", "5,5"] * 20, r"it holds numbers that are written with a comma, first in row 0; got '3,5'"),
    ],
)
def test_targets_of_arrays_that_are_unusable_are_one_message(y: Any, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        Dataset.from_arrays(np.zeros((60, 2)), y)
    assert len(caught.value.problems) == 1


def test_non_finite_inputs_are_placed() -> None:
    x = np.arange(40.0).reshape(10, 4)
    x[2:9, 1] = np.nan
    x[5, 3] = -np.inf
    with pytest.raises(InputError) as caught:
        make(x=x, y=np.arange(10) % 2, features=("a", "b", "c", "d"))
    first, second = caught.value.problems
    assert first == (
        "Dataset 't': input column 'b' must be finite in float32; 7 rows (2, 3, 4, 5, 6, ...) are not; got nan. "
        "Impute these values or drop the rows."
    )
    assert "input column 'd' must be finite in float32; row 5 is not; got -inf" in second


def test_many_bad_columns_are_counted() -> None:
    with pytest.raises(InputError, match=r"4 more columns are not; got 36") as caught:
        make(x=np.full((4, 9), np.nan))
    assert len(caught.value.problems) == 6


def test_too_large_for_float32() -> None:
    x = X.copy()
    x[1, 2] = 1e39
    with pytest.raises(InputError, match=r"input column 2 must be finite in float32; row 1 is not; got 1e\+39"):
        make(x=x)


def test_non_finite_targets() -> None:
    with pytest.raises(InputError, match=r"target column 0 must be finite in float32; row 3 is not; got inf"):
        make(task="regression", classes=(), y=[1, 2, 3, np.inf])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"task": "clasification"}, r"'task' must be a known one; got 'clasification'\. Did you mean 'classification'"),
        ({"scaling": "standrad"}, r"Did you mean 'standard'"),
        ({"x": np.zeros(4)}, r"'x' must be a 2-d array with at least one row and one column; got \(4,\)"),
        ({"x": np.zeros((0, 3)), "y": CODES[:0]}, r"'x' must be a 2-d array with at least one row"),
        ({"x": X.astype(str)}, r"'x' must hold real numbers; got '<U"),
        ({"x": X + 1j}, r"'x' must hold real numbers; got 'complex128'"),
        ({"y": CODES[:3]}, r"'y' must have one entry for each of the 4 rows of 'x'; got 3"),
        (
            {"y": CODES + 1},
            r"labels must be codes from 0 to 1 for 2 classes, unlike those of 2 rows \(1, 2\); got 2",
        ),
        ({"y": CODES - 1}, r"unlike those of .*; got -1"),
        ({"y": CODES * 1.0}, r"one integer class code.*got 'float64 of shape \(4,\)'.*from_arrays"),
        ({"classes": ("a",)}, r"'classes' must name at least two different classes; got \('a',\)"),
        ({"classes": ("a", "a")}, r"at least two different classes"),
        ({"features": ("a", "b")}, r"'features' must name all 3 features; got 2"),
        ({"image_shape": (2, 2)}, r"whose product is the 3 features; got \(2, 2\)"),
        ({"test": [4]}, r"'test' must hold different row numbers from 0 to 3; got 'row 4'"),
        ({"test": [-1]}, r"got 'row -1'"),
        ({"test": [1, 1]}, r"got 'row 1 twice'"),
        ({"test": [0.5]}, r"got 'float64 of shape \(1,\)'"),
        ({"test": [0, 1, 2, 3]}, r"'test' must leave rows for training; got 'all 4 rows'"),
        ({"scale_targets": True}, r"'scale_targets' must be False unless the task is regression"),
        ({"task": "regression"}, r"'classes' must be \(\) for regression"),
        (
            {"task": "regression", "classes": (), "y": np.zeros((4, 1, 1))},
            r"'y' must be a 2-d array with one column per",
        ),
        ({"task": "regression", "classes": (), "y": list("abcd")}, r"'y' must hold real numbers"),
        (
            {"task": "multilabel", "y": np.full((4, 2), 2)},
            r"labels must be 0 or 1, unlike those of 4 rows .* got \[2, 2\]",
        ),
        ({"task": "multilabel", "y": np.eye(4, 3)}, r"'classes' must name the 3 columns of 'y'"),
    ],
)
def test_what_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        make(**changes)


def test_all_problems_at_once() -> None:
    with pytest.raises(InputError) as caught:
        make(y=CODES + 5, features=("a",), test=[9])
    assert len(caught.value.problems) == 3


NOISE = np.random.default_rng(0).normal(size=60)


@pytest.mark.parametrize("far", [1e9, -1e12, 3e7])
def test_a_spread_that_float32_rounds_away_is_refused(far: float) -> None:
    near = np.column_stack((NOISE, NOISE[::-1]))
    assert len(np.unique((far + NOISE).astype(np.float32))) < 10  # what a net would see of it
    with pytest.raises(
        InputError, match=r"target column 0 must vary by more than the rounding of float32; got .* Subtr"
    ):
        Dataset.from_arrays(near, far + NOISE)
    with pytest.raises(InputError, match=r"input column 1 must vary by more than the rounding of float32"):
        Dataset.from_arrays(near + np.array([0, far]), NOISE)


@pytest.mark.parametrize(
    "column",
    [
        np.full(60, 0.1),  # constant
        np.full(60, 1e9 + 1),
        2**24 - 30 + np.arange(60) // 2,  # whole numbers that float32 holds exactly
        np.tile([1e9, 1e9 + 64], 30),  # likewise
        1.7e9 + 86400 * NOISE,  # seconds of some days
        (1e9 + NOISE).astype(np.float32),  # nothing is lost here that was not lost before
    ],
)
def test_columns_that_float32_holds_are_taken(column: np.ndarray) -> None:
    data = Dataset.from_arrays(np.column_stack((column, column)), NOISE)
    assert np.array_equal(data.x[:, 0], column.astype(np.float32))
