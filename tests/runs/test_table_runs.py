"""Tables through a whole run: trained, killed and resumed, written to a model file, and predicted with."""

from __future__ import annotations

import csv
import io
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from run_help import interrupt_at, make_chunks_short, same_results

import goodfit as gf
from goodfit.data.tables.making import read_again
from goodfit.errors import InputError
from goodfit.models import load_model
from goodfit.runs import predict, resume, rows_again
from goodfit.runs.record import RunRecord
from goodfit.training.recipe import Recipe

RECIPE = Recipe(hidden=(6,), epochs=3, batch_size=32, dropout=0.25)
ROWS = 120


def columns(rows: int = ROWS) -> dict[str, Any]:
    rng = np.random.default_rng(5)
    age = rng.integers(18, 90, rows)
    school = rng.choice(["doctor", "master"], rows)
    return {
        "name": [f"person {i}" for i in range(rows)],
        "age": [None if i % 20 == 3 else int(each) for i, each in enumerate(age)],
        "school": school,
        "rich": np.where(age + 30 * (school == "doctor") + rng.normal(0, 9, rows) > 70, "yes", "not yet"),
        "income": (age * 300.0 + rng.normal(0, 900, rows)).round(2),
    }


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    make_chunks_short(monkeypatch)


@pytest.fixture
def people(tmp_path: Path) -> Path:
    path = tmp_path / "people.csv"
    pd.DataFrame(columns()).to_csv(path, index=False)
    return path


def options(target: str = "rich") -> dict[str, Any]:
    return {"target": target, "ids": ["name", "income" if target == "rich" else "rich"]}


def test_a_table_is_split_by_the_recipe(people: Path) -> None:
    table = gf.data.read_table(people, **options())
    run = gf.train(RECIPE.replace(valid=0.25, seed=4), table)
    parts = table.split(valid=0.25, seed=4)
    assert run.split.sizes == parts.sizes
    assert run.scores["valid"].value == run.nets[0].score(parts.x("valid"), parts.y("valid")).value
    assert run.data_name == "people"


@pytest.mark.parametrize("target", ["rich", "income"])
def test_an_interrupted_run_on_a_table_file_goes_on_to_the_same_bits(
    target: str, people: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    table = gf.data.read_table("people.csv", **options(target))
    gf.train(RECIPE, table, seeds=(0, 1), out="whole")
    with pytest.raises(KeyboardInterrupt):
        gf.train(RECIPE, table, seeds=(0, 1), out="stopped", progress=interrupt_at(2))
    monkeypatch.chdir("/")  # the file is found from anywhere
    resume(tmp_path / "stopped")
    assert same_results(tmp_path / "whole", tmp_path / "stopped")
    told = json.loads((tmp_path / "stopped" / "run.json").read_text())["table"]
    task = "classification" if target == "rich" else "regression"
    assert told == {"path": str(people), **options(target), "task": task, "kinds": {}}


def stopped(people: Path, data: Any = None) -> Path:
    folder = people.parent / "stopped"
    given = gf.data.read_table(people, **options()) if data is None else data
    with pytest.raises(KeyboardInterrupt):
        gf.train(RECIPE, given, out=folder, progress=interrupt_at(1))
    return folder


def test_a_changed_or_lost_file_is_not_resumed_with(people: Path) -> None:
    folder, text = stopped(people), people.read_text()
    for changed in (text.replace("doctor", "dr"), text.replace(text.splitlines()[5] + "\n", "")):
        people.write_text(changed)
        with pytest.raises(InputError, match="with the data that it was started with; 'people' has different rows"):
            resume(folder)
    people.unlink()
    with pytest.raises(InputError, match=r"was trained on .*people.csv, which is not there any more"):
        resume(folder)
    people.write_text(text)
    assert resume(folder).scores


def test_a_table_from_memory_is_given_again_to_resume(people: Path) -> None:
    table = gf.data.table(columns(), name="mine", **options())
    folder = stopped(people, table)
    with pytest.raises(InputError, match=r"was trained on 'mine', which is not a built-in data set"):
        resume(folder)
    assert resume(folder, table).scores
    assert resume(folder).data_name == "mine"  # done: loaded as it is


@pytest.mark.parametrize(
    "table", [3, [], {}, {"path": 3}, {"path": "a", "target": "b", "ids": "c", "task": "d", "kinds": {}}]
)
def test_a_damaged_record_of_a_table_is_one_message(table: Any, people: Path) -> None:
    folder = stopped(people)
    record = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps({**record, "table": table}))
    with pytest.raises(InputError, match=r"run.json: must be the record of a run, but it is damaged"):
        resume(folder)


def test_the_model_file_takes_raw_tables(people: Path, tmp_path: Path) -> None:
    table = gf.data.read_table(people, **options())
    run = gf.train(RECIPE, table, seeds=(0, 1), out=tmp_path / "run")
    x = table.split().data.x
    expected = np.mean([net.predict_proba(x) for net in run.nets], axis=0)
    model = load_model(tmp_path / "run" / "model.safetensors")
    assert model.preprocessing == table.split().data.preprocessing
    assert (model.data["name"], model.data["rows"]) == ("people", ROWS)
    raw = columns()
    shuffled = {name: raw[name] for name in ("school", "name", "age")}
    pd.DataFrame(shuffled).to_parquet(tmp_path / "new.parquet")
    for data in (people, str(people), table, pd.DataFrame(raw), shuffled, table.split().data, tmp_path / "new.parquet"):
        found = predict(tmp_path / "run", data)
        assert np.allclose(found.values, expected, atol=1e-6)
        assert np.array_equal(found.values, predict(tmp_path / "run", table).values)
        assert found.notes == ()
    extra = predict(tmp_path / "run" / "model.safetensors", {**shuffled, "shoe": range(ROWS)})
    assert extra.notes == ("Column 'shoe' ignored: the net was not trained on it.",)
    text = io.StringIO()
    extra.write_csv(text)
    rows = list(csv.DictReader(text.getvalue().splitlines()))
    assert [row["prediction"] for row in rows] == [("not yet", "yes")[code] for code in expected.argmax(1)]
    assert set(rows[0]) == {"row", "prediction", "probability of not yet", "probability of yes"}


def test_numbers_are_predicted_in_their_own_unit(people: Path, tmp_path: Path) -> None:
    recipe = RECIPE.replace(epochs=60, dropout=0.0, hidden=(16,), learning_rate=0.01)
    gf.train(recipe, gf.data.read_table(people, **options("income")), out=tmp_path / "run")
    found = predict(tmp_path / "run", people)
    assert np.corrcoef(found.values[:, 0], columns()["income"])[0, 1] > 0.9
    assert 10_000 < found.values.mean() < 25_000


def test_what_a_model_of_a_table_does_not_take(people: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    gf.train(RECIPE, gf.data.read_table(people, **options()), out=folder)
    with pytest.raises(InputError, match=r"was trained on a table, so it takes a table file; got 'iris'. Give a .csv"):
        predict(folder, "iris")
    with pytest.raises(InputError, match=r"the columns that the net was trained on; missing: 'age', 'school'"):
        predict(folder, {"agee": [1]})
    with pytest.raises(InputError, match=r"must be a data frame \(.*\) or a dict of columns; got 'Dataset'"):
        predict(folder, gf.data.load("iris"))
    with pytest.raises(InputError, match=r"nope.csv: there is no such file"):
        predict(folder, "nope.csv")


def test_a_model_of_numbers_takes_no_table(people: Path, tmp_path: Path) -> None:
    gf.train(RECIPE.replace(epochs=1), "iris", out=tmp_path / "run")
    for data in (str(people), people, pd.DataFrame(columns())):
        with pytest.raises(InputError, match="was trained on arrays without column names, so it takes a data set"):
            predict(tmp_path / "run", data)
    assert predict(tmp_path / "run", "iris").values.shape == (150, 3)


def test_a_net_of_a_table_needs_no_jax_to_predict(people: Path, tmp_path: Path) -> None:
    import subprocess

    gf.train(RECIPE, gf.data.read_table(people, **options()), out=tmp_path / "run")
    code = (
        "import sys; from goodfit.models import load_model; from goodfit.data.tables import read_frame;"
        f"m = load_model({str(tmp_path / 'run' / 'model.safetensors')!r});"
        f"x, _ = m.preprocessing.transform(read_frame({str(people)!r}));"
        "print(m.nets[0].predict(x)[:5].tolist(), [n for n in ('jax', 'sklearn') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.stdout.strip().endswith("] []")


def test_a_run_that_took_an_id_as_a_number_is_read_again_with_it(tmp_path: Path) -> None:
    """As runs did before ids were left out, whose records say nothing of ids; those of now name what was found."""
    path, folder = tmp_path / "a.csv", tmp_path / "run"
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"customer_id": rng.permutation(ROWS), "x": rng.normal(size=ROWS), "y": rng.normal(size=ROWS)})
    table.to_csv(path, index=False)
    gf.train(RECIPE, gf.data.read_table(path, "y", kinds={"customer_id": "numeric"}), out=folder)
    record = json.loads((folder / "run.json").read_text())
    assert (record["table"]["ids"], record["table"]["kinds"]) == ([], {"customer_id": "numeric"})
    record["table"]["kinds"] = {}
    (folder / "run.json").write_text(json.dumps(record))
    found = RunRecord.read(folder)
    parts = rows_again.read_split(folder, rows_again.data_of(folder, found, None, "{}"), found, "judged")
    assert parts.data.features == ("customer_id", "x")
    left_out = gf.data.read_table(path, "y")
    assert (dict(left_out.kinds), left_out.origin["ids"]) == ({"x": "numeric"}, ["customer_id"])  # type: ignore[index]
    assert dict(read_again(left_out.origin or {}).kinds) == {"x": "numeric"}
