"""Inspecting nets that were trained on a table, with a table: what they learned of its columns is applied as it is."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import goodfit as gf
from goodfit.errors import InputError
from goodfit.inspection import table_rows
from goodfit.inspection.inspecting import inspect, model_of, rows_of, subject_for

RECIPE = gf.Recipe(hidden=(6,), epochs=3, batch_size=32, dropout=0)
ROWS = 150


def frame(rows: int = ROWS, seed: int = 5) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    age, school = rng.integers(18, 90, rows), rng.choice(["doctor", "master"], rows)
    return pd.DataFrame(
        {
            "name": [f"person {i}" for i in range(rows)],
            "age": [None if i % 20 == 3 else int(each) for i, each in enumerate(age)],
            "school": school,
            "city": rng.choice(list("ABCDEF"), rows),
            "rich": np.where(age + 30 * (school == "doctor") + rng.normal(0, 9, rows) > 70, "yes", "not yet"),
            "income": (age * 300.0 + rng.normal(0, 900, rows)).round(2),
            "year": rng.permutation(rows),
        }
    )


CHOICES: dict[str, dict[str, Any]] = {
    "rich": {"target": "rich", "ids": ["name", "income", "year"]},
    "income": {"target": "income", "ids": ["name", "rich", "year"]},
    "by group": {"target": "rich", "ids": ["name", "income", "year"], "group": "city"},
    "by time": {"target": "rich", "ids": ["name", "income"], "time": "year"},
    "by weight": {"target": "rich", "ids": ["name", "year"], "weight": "income"},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table, and a run for each of CHOICES."""
    made = tmp_path_factory.mktemp("tables")
    frame().to_csv(made / "people.csv", index=False)
    frame().to_parquet(made / "people.parquet")
    for name, choices in CHOICES.items():
        gf.train(RECIPE, gf.data.read_table(made / "people.csv", **choices), out=made / name)
    return made


def model(folder: Path, name: str) -> gf.models.Model:
    return gf.load_model(folder / name / "model.safetensors")


@pytest.mark.parametrize("name", CHOICES)
@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_the_same_table_gives_the_rows_that_trained(folder: Path, name: str, suffix: str) -> None:
    own = subject_for(gf.runs.load(folder / name))
    again = subject_for(model(folder, name), folder / f"people.{suffix}")
    np.testing.assert_array_equal(again.x, own.x)
    np.testing.assert_array_equal(again.target, own.target)
    np.testing.assert_array_equal(again.rows, own.rows)


def test_all_findings_are_those_of_the_run(folder: Path) -> None:
    for name in ("rich", "income"):
        of_run = inspect(gf.runs.load(folder / name), curvature=False)
        of_model = inspect(model(folder, name), folder / "people.csv", curvature=False)
        told = [(each.code, each.status) for each in of_run.findings if each.code != "loss-not-finite"]
        assert [(each.code, each.status) for each in of_model.findings if each.code != "loss-not-finite"] == told
        assert of_model.recipe == of_run.recipe
        trial = of_model.try_advice(range(2)) if of_model.advice else None
        assert trial is None or np.isfinite(trial.difference)


def test_what_was_learned_of_the_columns_is_kept(folder: Path) -> None:
    """Other ages and fewer categories: medians, spreads and places of the categories stay those of the training."""
    made, other = model(folder, "rich"), frame(60, 8)
    other = other[other["school"] == "doctor"].assign(age=lambda rows: rows["age"] * 1.2)
    rows = table_rows(made, other)
    assert made.preprocessing is not None
    np.testing.assert_array_equal(rows.data.x, made.preprocessing.transform(other)[0])
    np.testing.assert_array_equal([rows.data.classes[code] for code in rows.data.y], other["rich"])
    assert (rows.data.classes, rows.data.features) == (("not yet", "yes"), made.preprocessing.features)


def test_classes_have_the_codes_that_the_nets_know(folder: Path, tmp_path: Path) -> None:
    """A table in which one of three classes never stands, and the others come in another order."""
    three = frame().assign(rich=lambda rows: np.where(rows["age"].fillna(0) > 80, "maybe", rows["rich"]))
    run = gf.train(RECIPE, gf.data.table(three, "rich", ids=CHOICES["rich"]["ids"]), out=tmp_path / "run")
    assert run.nets[0].classes == ("maybe", "not yet", "yes")
    rows = table_rows(gf.load_model(tmp_path / "run" / "model.safetensors"), frame(), target="rich")
    assert sorted(set(rows.data.y.tolist())) == [1, 2]


@pytest.mark.parametrize("kind", ["path", "text", "frame", "dict", "Table"])
def test_whatever_holds_a_table(folder: Path, kind: str) -> None:
    given: dict[str, Any] = {
        "path": folder / "people.csv",
        "text": str(folder / "people.csv"),
        "frame": frame(),
        "dict": frame().sample(frac=1, random_state=0, axis=1).to_dict("list"),
        "Table": gf.data.read_table(folder / "people.csv", **CHOICES["rich"]),
    }
    expected = table_rows(model(folder, "rich"), folder / "people.csv")
    found = table_rows(model(folder, "rich"), given[kind])
    np.testing.assert_array_equal(found.data.x, expected.data.x)
    np.testing.assert_array_equal(found.data.y, expected.data.y)


def test_a_run_that_was_never_written_knows_its_preprocessing() -> None:
    run = gf.train(RECIPE, gf.data.table(frame(), "rich", ids=CHOICES["rich"]["ids"]))
    rows = table_rows(model_of(run), frame(40, 9), target="rich")
    assert len(rows.data) == 40
    assert model_of(run.nets[0]).preprocessing == run.split.data.preprocessing  # a net knows it, too
    with pytest.raises(InputError, match=r"table: needs the column that the nets predict: --target, or target=\. Col"):
        inspect(run, frame(40, 9))


def test_rows_without_a_target_and_what_is_filled_in_are_told(folder: Path) -> None:
    gaps = frame().assign(rich=lambda rows: rows["rich"].where(rows.index > 4), school="bachelor", other=1)
    rows = table_rows(model(folder, "rich"), gaps)
    assert len(rows.data) == ROWS - 5
    told = " ".join(rows.notes)
    assert "Column 'other' ignored" in told
    assert "5 of 150 rows left out, since their target is missing." in told
    assert "school" in told
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        rows_of(model(folder, "rich"), [0, 1], gaps)
    assert [str(each.message) for each in caught] == list(rows.notes)


def test_rows_are_weighed_as_in_training_or_it_is_told(folder: Path) -> None:
    light = frame().assign(income=lambda rows: rows["income"].where(rows.index > 0, 0.0))
    rows = table_rows(model(folder, "by weight"), light)
    np.testing.assert_array_equal(rows.data.weight, light["income"][1:])
    assert "1 row of 150 left out: the weight 'income' is 0." in rows.notes
    without = table_rows(model(folder, "by weight"), frame().drop(columns="income"))
    assert (without.data.weight, len(without.data)) == (None, ROWS)
    assert "Unweighted: there is no column 'income', so that all rows count alike." in without.notes


@pytest.mark.parametrize(
    ("name", "change", "target", "message"),
    [
        ("rich", {"drop": ["rich"]}, None, r"table: must have the target among its columns; got 'rich'\. Valid: name"),
        ("rich", {"drop": ["age", "school"]}, None, r"must have the columns that .*; missing: 'age', 'school'\. The"),
        ("rich", {"drop": ["rich", "age"]}, None, r"(?s)got 'rich'.*missing: 'age'"),
        ("rich", {}, "age", r"table: the target must not be one of the nets' inputs; got 'age'"),
        ("rich", {}, "ritch", r"got 'ritch'\. Did you mean 'rich'\?"),
        ("rich", {}, "income", r"the target 'income' must have classes that repeat"),
        ("rich", {}, "city2", r"the target 'city2' must have the classes that the nets know: 'not yet', yes; got 'A'"),
        ("rich", {"age": "old"}, None, r"column 'age' must hold numbers; 150 rows .* do not; got 'old'"),
        ("rich", {"rich": "yes"}, None, r"the target 'rich' must have at least two classes; got 'yes'"),
        ("income", {}, "rich", r"column 'rich' must hold numbers"),
        ("by group", {"drop": ["city"]}, None, r"must have the column 'city', which defined the group split"),
        ("by time", {"year": "late"}, None, r"column 'year' must hold a date, .*; got 'late'"),
        ("by weight", {"income": "heavy"}, None, r"column 'income' must hold a finite number >= 0 .*; got 'heavy'"),
    ],
)
def test_tables_that_do_not_fit(folder: Path, name: str, change: dict[str, Any], target: Any, message: str) -> None:
    given = frame().assign(city2=lambda rows: rows["city"])
    given = given.drop(columns=change["drop"]) if "drop" in change else given.assign(**change)
    with pytest.raises(InputError, match=message):
        table_rows(model(folder, name), given, target=target)


def test_other_kinds_of_data_are_refused(folder: Path, tmp_path: Path) -> None:
    made, sheet = model(folder, "rich"), tmp_path / "people.xlsx"
    sheet.write_bytes(b"PK")
    with pytest.raises(InputError, match=r"must be a data frame .* or a dict of columns; got 'ndarray'"):
        table_rows(made, np.ones((3, 4)))
    with pytest.raises(InputError, match=r"must be a table file: its name must end in \.csv"):
        table_rows(made, sheet)
    with pytest.raises(InputError, match=r"people.csv: there is no such file"):
        table_rows(made, "people.csv")
    plain = gf.models.Model((gf.inspection.describe_net([np.ones((2, 4))], [np.zeros(2)], ()),))
    with pytest.raises(InputError, match=r"trained on numbers without column names, .*; got 'DataFrame'"):
        table_rows(plain, frame())
    labels = gf.inspection.describe_net([np.ones((2, 10))], [np.zeros(2)], (), task="multilabel")
    with pytest.raises(InputError, match="a table has one target; the nets are multilabel"):
        table_rows(gf.models.Model((labels,), preprocessing=made.preprocessing), frame(), target="rich")


@pytest.mark.parametrize("about", [{}, {"table": 3}, {"table": {"target": 7, "group": ["city"]}}])
def test_what_a_model_says_of_its_table_may_be_anything(folder: Path, about: dict[str, Any]) -> None:
    made = model(folder, "rich")
    strange = gf.models.Model(made.nets, about, preprocessing=made.preprocessing)
    with pytest.raises(InputError, match="needs the column that the nets predict"):
        table_rows(strange, frame())
    assert len(table_rows(strange, frame(), target="rich").data) == ROWS
