"""Test rows that were asked for: a share, none, or a table of their own, which nothing that trains may see."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import goodfit as gf
from goodfit.data.prints import row_prints
from goodfit.data.tables import look
from goodfit.errors import InputError
from goodfit.leaks import guard
from goodfit.runs.defaults import settled
from goodfit.runs.separate import separate_rows
from goodfit.selection.preparing import learning_rows


def people(count: int, seed: int, towns: tuple[str, ...] = ("Oslo", "Bergen")) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    return {
        "name": [f"person {seed} {row}" for row in range(count)],
        "age": rng.normal(40, 9, count).tolist(),
        "town": rng.choice(towns, count).tolist(),
        "joined": [f"2024-{1 + row % 12:02d}-{1 + row % 28:02d}" for row in range(count)],
        "who": [f"{seed}-{row // 3}" for row in range(count)],
        "rich": rng.choice(["yes", "no"], count).tolist(),
    }


CHOICES: dict[str, Any] = {"ids": "name,who,joined"}
TRAIN, TEST = people(90, 1), people(30, 2)


def changed(data: dict[str, Any], **columns: Any) -> dict[str, Any]:
    return {**data, **columns}


def test_a_share_is_the_users_choice() -> None:
    sizes = {
        share: gf.data.table(TRAIN, "rich", test=share, **CHOICES).split(valid=0.1).sizes
        for share in (None, 0, 0.5, np.float32(0.25))
    }
    assert sizes[None] == {"train": 65, "valid": 7, "test": 18}  # 0.2 of 90, 0.1 of 72
    assert sizes[0] == {"train": 81, "valid": 9, "test": 0}
    assert sizes[0.5] == {"train": 40, "valid": 5, "test": 45}
    assert sizes[np.float32(0.25)] == {"train": 60, "valid": 7, "test": 23}  # 22.5 rounds up
    assert gf.data.table(TRAIN, "rich", test=0.5, **CHOICES).split(test=0).sizes["test"] == 0


def test_a_test_table_is_sealed_whole_and_changes_nothing_else() -> None:
    alone = gf.data.table(TRAIN, "rich", test=TEST, **CHOICES).split(seed=3)
    strange = changed(TEST, age=[1e6] * 30, town=["Rome"] * 15 + [None] * 15)
    with pytest.warns(UserWarning, match="test table: Column 'town'") as told:
        beside = gf.data.table(TRAIN, "rich", test=strange, **CHOICES).split(seed=3)
    assert [str(each.message) for each in told] == [
        "test table: Column 'town': 15 values are not seen in training: 'Rome'.",
        "test table: Column 'town': 15 values are missing; taken as none of its categories.",
    ]
    for part in ("train", "valid"):
        np.testing.assert_array_equal(beside.rows(part), alone.rows(part))  # type: ignore[arg-type]
        np.testing.assert_array_equal(beside.x(part), alone.x(part))  # type: ignore[arg-type]
    kinds = gf.data.table(TRAIN, "rich", **CHOICES).kinds
    by_hand = gf.data.Preprocessing.fit({name: np.array(TRAIN[name])[beside.train] for name in kinds}, kinds)
    assert beside.data.preprocessing is not None
    assert beside.data.preprocessing.columns == by_hand.columns
    assert beside.rows("test").tolist() == list(range(90, 120))
    assert beside.data.y[90:].tolist() == [int(each == "yes") for each in TEST["rich"]]
    towns = [beside.data.features.index(f"town={name}") for name in ("Oslo", "Bergen")]
    assert not beside.data.x[90:, towns].any()


def test_its_inputs_are_those_of_the_nets_preprocessing_and_its_rows_those_of_the_file() -> None:
    split = gf.data.table(TRAIN, "rich", test=TEST, **CHOICES).split()
    fitted = split.data.preprocessing
    assert fitted is not None
    np.testing.assert_array_equal(split.data.x[90:], fitted.transform(TEST)[0])
    run = gf.train(gf.Recipe(hidden=(3,), epochs=1, dropout=0.0), split, leaks="off")
    rows, _ = separate_rows(TEST, run.nets[0], fitted, "rich")
    np.testing.assert_array_equal(row_prints(split.data, split.test.rows), row_prints(rows.data, rows.rows))
    one, other = run.test(), run.test(TEST, target="rich")
    assert other.again  # given as test data of their own, they are known again
    assert (other.score.value, other.score.rows) == (one.score.value, 30)


def test_more_columns_and_another_order_make_no_difference() -> None:
    turned = {name: TEST[name] for name in reversed(TEST)} | {"shoe": [42] * 30}
    plain = gf.data.table(TRAIN, "rich", test=TEST, **CHOICES).split()
    with pytest.warns(UserWarning, match="test table: Column 'shoe' ignored: the net was not trained on it"):
        more = gf.data.table(TRAIN, "rich", test=turned, **CHOICES).split()
    np.testing.assert_array_equal(more.data.x, plain.data.x)
    assert len(more.data.raw_rows(np.arange(120))) == 120  # type: ignore[misc]
    fewer = {name: TEST[name] for name in ("age", "town", "rich")}  # ids need not be there
    np.testing.assert_array_equal(gf.data.table(TRAIN, "rich", test=fewer, **CHOICES).split().data.x, plain.data.x)


@pytest.mark.parametrize("kind", ["file", "pandas", "table"])
def test_it_may_come_in_any_form(kind: str, tmp_path: Path) -> None:
    frame = pd.DataFrame(TEST)
    frame.to_csv(tmp_path / "te.csv", index=False)
    given = {"file": tmp_path / "te.csv", "pandas": frame, "table": gf.data.table(TEST, "rich", **CHOICES)}[kind]
    split = gf.data.table(TRAIN, "rich", test=given, **CHOICES).split()
    plain = gf.data.table(TRAIN, "rich", test=TEST, **CHOICES).split()
    np.testing.assert_array_equal(split.data.x, plain.data.x)
    np.testing.assert_array_equal(split.data.y, plain.data.y)
    assert (row_prints(split.data, split.test.rows) == row_prints(plain.data, plain.test.rows)).all()


def test_rows_without_a_target_are_left_out_with_a_note() -> None:
    some = changed(TEST, rich=[None, *TEST["rich"][1:]])
    table = gf.data.table(TRAIN, "rich", test=some, **CHOICES)
    assert table.notes[-2:] == (
        "The test set is test table: 29 rows, sealed.",
        "test table: row 0 left out: the target 'rich' is missing.",
    )
    assert table.split().sizes["test"] == 29
    assert len(table) == 90


def test_a_few_classes_and_other_spellings_will_do() -> None:
    train = changed(TRAIN, rich=[str(each == "yes") for each in TRAIN["rich"]])
    split = gf.data.table(train, "rich", test=changed(TEST, rich=["TRUE"] * 30), **CHOICES).split()
    assert split.data.classes == ("False", "True")
    assert split.data.y[90:].tolist() == [1] * 30


def test_numbers_are_kept_in_their_unit() -> None:
    rng = np.random.default_rng(0)
    train, test = (changed(data, rich=rng.normal(5, 2, len(data["age"])).tolist()) for data in (TRAIN, TEST))
    split = gf.data.table(train, "rich", test=test, **CHOICES).split()
    np.testing.assert_allclose(split.data.y[90:, 0], test["rich"], rtol=1e-6)


def test_numbers_that_cannot_be_targets_are_one_error() -> None:
    train = changed(TRAIN, rich=TRAIN["age"])
    for rich, text in (
        (["many"] * 30, "test table: column 'rich' must hold numbers; 30 rows"),
        ([1e60] * 30, "test table: the numbers of the target 'rich' must be below 3.4e38"),
    ):
        with pytest.raises(InputError, match=text) as caught:
            gf.data.table(train, "rich", test=changed(TEST, rich=rich), **CHOICES)
        assert len(caught.value.problems) == 1


def test_groups_in_both_tables_are_a_leak_and_others_are_none() -> None:
    apart = gf.data.table(TRAIN, "rich", ids="name,joined", group="who", test=TEST).split(valid=0.3)
    assert not [each for each in guard(apart, near=False) if each.code == "group"]
    assert len({*apart.data.groups[apart.train]} & {*apart.data.groups[apart.valid]}) == 0  # type: ignore[index]
    mixed = changed(TEST, who=["1-0"] * 3 + TEST["who"][3:])
    found = guard(gf.data.table(TRAIN, "rich", ids="name,joined", group="who", test=mixed).split(), near=False)
    (group,) = [each for each in found if each.code == "group"]
    assert group.parts[0] == "test"
    assert group.count == 3


def test_time_orders_what_is_not_sealed_and_early_test_rows_are_noted() -> None:
    table = gf.data.table(TRAIN, "rich", ids="name,who", time="joined", test=TEST)
    split = table.split(valid=0.1)
    time = split.data.time
    assert time is not None
    assert time[split.train].max() < time[split.valid].min()
    assert table.notes[-1] == "test table: 30 of 30 rows are not later than the newest training row."
    later = changed(TEST, joined=["2025-01-01"] * 30)
    assert gf.data.table(TRAIN, "rich", ids="name,who", time="joined", test=later).notes[-1].endswith("sealed.")
    with pytest.raises(InputError, match="test table: column 'joined' must hold dates, as in the training table"):
        gf.data.table(TRAIN, "rich", ids="name,who", time="joined", test=changed(TEST, joined=[*range(30)]))


def test_fold_members_are_counted_without_the_sealed_rows() -> None:
    few = {name: TRAIN[name][:4] for name in TRAIN}  # as many folds as rows, whatever is sealed beside them
    recipe, parts = settled(None, gf.data.table(few, "rich", test=TEST, **CHOICES), 8)
    assert (recipe.fold_members, parts.sizes["test"]) == (4, 30)
    recipe, parts = settled(None, gf.data.table(TRAIN, "rich", test=TEST, **CHOICES), 8)
    assert recipe.fold_members > 0
    assert parts.sizes == {"train": 90, "valid": 0, "test": 30}


def test_rows_that_stand_in_both_are_a_leak() -> None:
    both = {name: [*TEST[name][:15], *TRAIN[name][:15]] for name in TEST}
    split = gf.data.table(TRAIN, "rich", test=both, **CHOICES).split()
    found = {(each.code, each.parts): each.count for each in guard(split, near=False)}
    held = len(split.train), sum(row < 15 for row in split.train)
    assert found["exact", ("test", "train")] == held[1]
    with pytest.raises(InputError, match="Leaks: "):
        gf.train(gf.Recipe(hidden=(3,), epochs=1), split, leaks="error")


def test_folds_are_of_the_rows_that_are_not_sealed() -> None:
    table = gf.data.table(TRAIN, "rich", test=TEST, **CHOICES)
    none = gf.data.table(TRAIN, "rich", test=0, **CHOICES)
    for given in (table, none, table.divided_by(group="who")):
        source, rows = learning_rows(gf.Recipe(), given, None, None)
        assert rows.tolist() == list(range(90))
        assert source is given
    fewer = gf.data.table(TRAIN, "rich", test={name: TEST[name] for name in TEST if name != "who"}, **CHOICES)
    with pytest.raises(InputError, match="test table: must have the columns of the training table; missing: 'who'"):
        fewer.divided_by(group="who")
    with pytest.raises(InputError, match="has an official test set, which cannot be changed"):
        table.split(test=0.1)


@pytest.mark.parametrize(
    ("test", "text"),
    [
        (1, r"table: 'test' must be a fraction in \[0, 1\), or a table of its own: .*; got 1"),
        (-0.1, "got -0.1"),
        (float("nan"), "got nan"),
        (True, "got True"),
        ("0.2", "got '0.2'"),
        ("", "got ''"),
        ("nope.csv", "nope.csv: there is no such file"),
        ([1, 2], r"test table: must be a data frame \(pandas, polars, Arrow\) or a dict of columns; got 'list'"),
        ({name: [] for name in TEST}, "test table: must have at least 1 row to test with; it has none"),
        (TRAIN, "test table: 'test' must be other rows than those of the training table; these are the same"),
        ({name: TRAIN[name][::-1] for name in reversed(TRAIN)}, "these are the same. To seal a share of its rows"),
        ({name: TEST[name] for name in TEST if name != "rich"}, "test table: must have the target column 'rich'"),
        (changed(TEST, rich=[None] * 30), "the target 'rich' must have values; all 30 are missing"),
        (
            changed(TEST, rich=["maybe", *TEST["rich"][1:]]),
            "must be one of the 2 classes of the training table; row 0 is not; got 'maybe'. Classes: no, yes",
        ),
        (changed(TEST, age=["old", *TEST["age"][1:]]), "column 'age' must hold numbers; row 0 does not; got 'old'"),
        (changed(TEST, age=[[1]] * 30), "column 'age' must hold numbers, text, dates or booleans; got 'list"),
    ],
)  # fmt: skip
def test_bad_ones_are_one_clear_error(test: Any, text: str) -> None:
    with pytest.raises(InputError, match=text):
        gf.data.table(TRAIN, "rich", test=test, **CHOICES)


def test_all_that_is_wrong_is_named_at_once() -> None:
    bad = {"age": ["old"] * 30, "twn": TEST["town"], "rich": ["maybe"] * 30}
    with pytest.raises(InputError, match=r"missing: 'town'\. Did you mean 'twn'\?") as caught:
        gf.data.table(TRAIN, "rich", test=bad, **CHOICES)
    assert len(caught.value.problems) == 3
    lacking = {name: TEST[name] for name in TEST if name != "who"}
    with pytest.raises(InputError, match="test table: must have the columns of the training table; missing: 'who'"):
        gf.data.table(TRAIN, "rich", ids="name,joined", group="who", test=lacking)


def test_look_tells_of_it(tmp_path: Path) -> None:
    for name, data in (("tr.csv", TRAIN), ("te.csv", TEST), ("bad.csv", changed(TEST, age=["old"] * 30))):
        pd.DataFrame(data).to_csv(tmp_path / name, index=False)
    found = look(tmp_path / "tr.csv", "rich", test=tmp_path / "te.csv", **CHOICES)
    assert found.notes[-1] == f"The test set is {tmp_path / 'te.csv'}: 30 rows, sealed."
    assert not found.problems
    found = look(tmp_path / "tr.csv", "rich", test=tmp_path / "bad.csv", **CHOICES)
    assert "bad.csv: column 'age' must hold numbers; 30 rows" in found.problems[0]
    assert len(look(tmp_path / "tr.csv", "rich", test=2, **CHOICES).problems) == 1
