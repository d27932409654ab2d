from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from table_help import frame

from goodfit.data import read_table
from goodfit.data.tables import targets
from goodfit.data.tables.targets import Target, find_target
from goodfit.errors import InputError, Problems

ROWS = 200


def find(values: Any, task: Any = None) -> tuple[Target | None, list[str]]:
    problems = Problems()
    return find_target(frame({"y": values}), "y", task, problems), problems.found


def whole(distinct: int, rows: int = ROWS) -> list[int]:
    return [i % distinct for i in range(rows)]


@pytest.mark.parametrize(
    ("values", "about"),
    [
        (["a", "b"] * 9, "binary classification: a (9), b (9)"),
        ([True, False], "binary classification: False (1), True (1)"),
        (["yes", "no", "yes"], "binary classification: no (1), yes (2)"),
        ([1, 2, 2, None], "binary classification: 1 (1), 2 (2)"),
        ([-1.0, 1.0], "binary classification: -1 (1), 1 (1)"),
        (["0.0", "1.0", "1.0"], "binary classification: 0 (1), 1 (2)"),
        ([10, 9, 100] * 20, "classification, 3 classes: 9 (20), 10 (20), 100 (20)"),
        (["10", "9", "100"] * 20, "classification, 3 classes: 9 (20), 10 (20), 100 (20)"),
        (["x", "10", "9", "p", "q", "r"] * 9, "classification, 6 classes: 10 (9), 9 (9), p (9), q (9), r (9), ..."),
        (
            whole(targets.FEW_VALUES),
            f"classification, {targets.FEW_VALUES} classes: 0 (10), 1 (10), 2 (10), 3 (10), 4 (10), ...",
        ),
        (whole(targets.FEW_VALUES + 1), "regression"),
        (whole(3, 3 * targets.ROWS_PER_VALUE), "classification, 3 classes: 0 (10), 1 (10), 2 (10)"),
        (whole(3, 3 * targets.ROWS_PER_VALUE - 1), "regression"),
        ([0.5, 1.5] * 50, "regression"),
        ([str(i + 0.5) for i in range(50)], "regression"),
    ],
)
def test_the_task_is_found_and_told(values: Any, about: str) -> None:
    target, problems = find(values)
    assert problems == []
    assert target is not None
    assert target.about == about


@pytest.mark.parametrize(
    ("values", "classes", "codes"),
    [
        (["True", "FALSE", "", "true", "True", "False", "FALSE"], ("FALSE", "True"), [1, 0, 1, 1, 0, 0]),
        (["yes", "YES", "No", "YES"], ("No", "YES"), [1, 1, 0, 1]),
        (["N", "n", "F", "F"], ("F", "N", "n"), [1, 2, 0, 0]),  # both are false: these are no truth values
        (["Cat", "cat", "dog", "dog"], ("Cat", "cat", "dog"), [0, 1, 2, 2]),
        (["yes", "Yes", "no", "maybe"] * 5, ("Yes", "maybe", "no", "yes"), [3, 0, 2, 1] * 5),
    ],
)
def test_spellings_of_a_truth_value_are_one_class(values: Any, classes: Any, codes: Any) -> None:
    target, problems = find(values)
    assert problems == []
    assert target is not None
    assert (target.classes, target.y.tolist()) == (classes, codes)


@pytest.mark.parametrize(
    ("classes", "found", "places"),
    [
        (("FALSE", "True"), ("False", "TRUE"), [0, 1]),
        (("FALSE", "True"), ("maybe", "true"), [None, 1]),
        (("F", "T"), ("false", "t"), [None, 1]),
        (("Cat", "dog"), ("cat", "dog"), [None, 1]),
    ],
)
def test_new_rows_may_spell_truth_values_in_another_way(classes: Any, found: Any, places: Any) -> None:
    assert targets.class_places(classes, found) == places


@pytest.mark.parametrize(("values", "task"), [(whole(3), "regression"), ([0.5, 1.5, 2.5] * 10, "classification")])
def test_the_task_is_overruled(values: Any, task: str) -> None:
    target, problems = find(values, task)
    assert problems == []
    assert target is not None
    assert target.task == task


def test_codes_and_rows_are_those_of_the_classes() -> None:
    target, _ = find(["b", None, "a", "c", "a", "NA"])
    assert target is not None
    assert target.rows.tolist() == [0, 2, 3, 4]
    assert [target.classes[code] for code in target.y] == ["b", "a", "c", "a"]
    assert target.classes == ("a", "b", "c")


def test_numbers_keep_their_values_and_infinite_ones_are_left_out() -> None:
    target, _ = find([1.5, None, float("inf"), 2.5, 3.25])
    assert target is not None
    assert (target.rows.tolist(), target.y.tolist(), target.infinite) == ([0, 3, 4], [1.5, 2.5, 3.25], 1)


@pytest.mark.parametrize(
    ("values", "task", "text"),
    [
        (["a"] * 5, None, "the target 'y' must have at least two classes; got 'a'. One class leaves nothing to"),
        ([None, ""], None, "the target 'y' must have values; all 2 are missing"),
        ([2.5] * 9, None, "the target 'y' must have at least two different finite numbers; got 2.5. A constant target"),
        ([3] * 9, "regression", "the target 'y' must have at least two different finite numbers; got 3.0"),
        ([3] * 9, None, "the target 'y' must have at least two classes; got '3'"),
        ([date(2020, 1, 1), date(2020, 1, 2)], None, "the target 'y' must hold numbers or classes; it holds dates"),
        ([[1], [2]], None, "the target 'y' must hold numbers, text or booleans; got 'list<"),
        ([f"name {i}" for i in range(50)], None, "it holds a different text in every row, like an id or a name; got"),
        ([*[f"{i}.5" for i in range(50)], "x"], None, "it holds numbers but for row 50; got 'x'. Fix these cells"),
        (["a", "b"], "regression", "column 'y' must hold numbers; 2 rows (0, 1) do not; got 'a'. Fix them, leave"),
        (
            [i + 0.5 for i in range(50)],
            "classification",
            "must have classes that repeat, at most 1,000; got '50 classes",
        ),
        (
            whole(1001, 4000),
            "classification",
            "must have classes that repeat, at most 1,000; got '1,001 classes in 4,000",
        ),
        ([1e39, 2.5], None, "the numbers of the target 'y' must be below 3.4e38; got 1e+39. Use another unit, or"),
    ],
)
def test_an_unusable_target_is_one_clear_problem(values: Any, task: Any, text: str) -> None:
    _, problems = find(values, task)
    assert len(problems) == 1
    assert problems[0].startswith("table: ")
    assert text in problems[0]


def test_classes_are_those_of_numpy() -> None:
    labels = np.random.default_rng(0).choice(["x", "y", "Z", "é"], 100)
    target, _ = find(labels)
    assert target is not None
    names, codes = np.unique(labels, return_inverse=True)
    assert target.classes == tuple(names)
    assert np.array_equal(target.y, codes)


WRITTEN_ROWS = 60
WRITTEN = {
    "commas": [f'"{place},5"' for place in range(WRITTEN_ROWS)],
    "few commas": [f'"{place % 4},5"' for place in range(WRITTEN_ROWS)],
    "signs": [f"€{place}" for place in range(WRITTEN_ROWS)],
    "dates": [f"2024-01-{place % 30 + 1:02}" for place in range(WRITTEN_ROWS)],
    "days": [f"2024-{place % 12 + 1:02}-{place % 28 + 1:02}" for place in range(WRITTEN_ROWS)],
    "ids": [f"a{place}" for place in range(WRITTEN_ROWS)],
    "an x": [*map(str, range(WRITTEN_ROWS - 1)), "x"],
    "prose": [f"{'word ' * 9}{place % 25}" for place in range(WRITTEN_ROWS)],
}


@pytest.mark.parametrize("name", WRITTEN)
@pytest.mark.parametrize("task", [None, "classification", "regression"])
def test_a_task_that_is_advised_can_be_done(name: str, task: str | None, tmp_path: Path) -> None:
    """No circle: where the advice of an error names a task, this one is not refused."""
    path = tmp_path / "a.csv"
    path.write_text(
        "x,y\n" + "".join(f"{place * place % 11},{cell}\n" for place, cell in enumerate(WRITTEN[name])), "utf-8"
    )
    try:
        read_table(path, "y", task=task)  # type: ignore[arg-type]
    except InputError as error:
        advised = re.findall(r"--task (\w+)", str(error))
        assert task not in advised
        for each in advised:
            assert read_table(path, "y", task=each).target.task == each
    else:
        assert task == "classification"


def test_numbers_in_another_form_are_named_with_their_place(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("x,y\n" + "".join(f'{place % 11},"{place},5"\n' for place in range(WRITTEN_ROWS)))
    told = r"it holds numbers that are written with a comma, first in row 0; got '0,5'. Write them with a decimal point"
    with pytest.raises(InputError, match=told):
        read_table(path, "y")
    with pytest.raises(InputError, match=r"60 rows \(0, .*\) do not; got '0,5'. Write them with a decimal point"):
        read_table(path, "y", task="regression")
