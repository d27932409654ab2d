"""A run scored on a test file of its own: sealed and recorded like its own test rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, r2_score

import goodfit as gf
from goodfit.data import Dataset, Ledger
from goodfit.errors import InputError
from goodfit.runs import load, predict
from goodfit.training.recipe import Recipe

RECIPE = Recipe(hidden=(6,), epochs=4, batch_size=16, dropout=0, learning_rate=0.01)


@pytest.fixture(autouse=True)
def book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def frame(rows: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    age, town = rng.normal(40, 9, rows).round(3), rng.choice(["A", "B", "C"], rows)
    price = age + 9 * (town == "A") + rng.normal(0, 2, rows)
    kind = np.where(price > 43, "dear", np.where(price < 35, "cheap", "fair"))
    return pd.DataFrame({"id": [f"n{seed}-{i}" for i in range(rows)], "age": age, "town": town,
                         "kind": kind, "price": price.round(3)})  # fmt: skip


def trained(target: str = "kind", out: str | None = "run", rows: int = 150) -> Any:
    frame(rows, 0).to_csv("train.csv", index=False)
    other = "price" if target == "kind" else "kind"
    return gf.train(RECIPE, gf.data.read_table("train.csv", target, ids=["id", other]), out=out, leaks="off")


@pytest.mark.parametrize("target", ["kind", "price"])
def test_every_row_of_the_file_is_scored_and_recorded(target: str) -> None:
    run, test = trained(target), frame(60, 1)
    test.to_csv("te.csv", index=False)
    opened = load("run").test("te.csv")
    found = predict("run", "te.csv")
    if target == "kind":
        expected = accuracy_score(test["kind"], [found.classes[code] for code in found.predicted])
    else:
        expected = r2_score(test["price"], found.values[:, 0])
    assert opened.score.value == pytest.approx(expected, abs=1e-6)
    assert (opened.score.rows, opened.data, opened.nth, opened.notes) == (60, "te", 1, ())
    (line,) = Ledger().openings()
    assert (line.rows, line.data, line.run) == (60, "te", str(Path("run").absolute()))
    assert line.score is not None
    assert line.score["value"] == opened.score.value

    # the same rows, however they are given, are the same test set: nothing new is looked at
    test.iloc[::-1][[*test.columns[::-1]]].to_parquet("copy.parquet")
    other = "price" if target == "kind" else "kind"
    for same in ("copy.parquet", Path("te.csv"), test, gf.data.table(test, target, ids=["id", other])):
        again = run.test(same, target=target)
        assert (again.again, again.score.value) == (True, pytest.approx(opened.score.value, rel=1e-6))
    assert run.test().nth == 1  # the run's own test rows are others


def test_the_run_s_own_data_open_its_own_test_rows() -> None:
    run = trained()
    own = run.test()
    Path("train.csv").rename("moved.csv")
    assert load("run").test("moved.csv").score == own.score
    assert run.test(gf.data.read_table("moved.csv", "kind", ids=["id", "price"])).again
    assert run.test(run.split.data).again


def test_rows_that_it_was_trained_on_are_no_test_data() -> None:
    run = trained()
    train = frame(150, 0)
    learned = train.iloc[np.concatenate([run.split.train, run.split.valid])]
    half = pd.concat([learned.iloc[:12], frame(60, 1)])
    notes = run.test(half, target="kind").notes
    assert notes == ("12 of 72 rows are in the training or validation set too: the score may be optimistic.",)
    learned.iloc[:40].to_csv("learned.csv", index=False)
    rule = "Test data 'learned': are no test data: 40 of 40 rows are in the training or validation set of run. Use rows"
    with pytest.raises(InputError, match=rule):
        load("run").test("learned.csv")
    assert len(Ledger().openings()) == 1


def test_without_the_training_file_the_check_is_said_to_be_missing() -> None:
    trained()
    Path("train.csv").unlink()
    frame(60, 1).to_csv("te.csv", index=False)
    (note,) = load("run").test("te.csv").notes
    assert note.startswith("Whether some of these rows were trained on could not be checked")
    frame(150, 0).iloc[::-1].to_csv("te.csv", index=False)  # as many rows as the run had: these very ones, perhaps
    with pytest.raises(
        InputError, match=r"'te' has different rows. If these are other data: put those of the run back"
    ):
        load("run").test("te.csv")


def test_what_a_table_cannot_be_trained_on_can_still_be_tested() -> None:
    run = trained()
    test = frame(60, 1)
    few = test[test["kind"] == "dear"].iloc[:3]
    opened = run.test(few, target="kind")  # three rows of one class
    assert opened.score.rows == 3
    test.loc[4, "kind"] = None
    opened = run.test(test, target="kind")
    assert opened.score.rows == 59
    assert opened.notes == ("row 4 left out: the target 'kind' is missing.",)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "new"}, r"must be one of the 3 classes of the net; 9 rows \(0, 1, .*got 'new'. Classes: cheap"),
        ({"kind": None}, "the target 'kind' must have values; all 9 are missing"),
        ({"age": "old"}, "column 'age' must hold numbers; 9 rows"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named_and_opens_nothing(change: dict[str, Any], message: str) -> None:
    run = trained()
    with pytest.raises(InputError, match=message):
        run.test(frame(9, 1).assign(**change), target="kind")
    with pytest.raises(InputError, match="must have the target column 'kind'"):
        run.test(frame(9, 1).drop(columns="kind"), target="kind")
    with pytest.raises(InputError, match="missing: 'town'"):
        run.test(frame(9, 1).drop(columns="town"), target="kind")
    with pytest.raises(InputError, match=r"the target column of this run is not known. Name it: --target, or target="):
        trained(out=None).test(frame(9, 1))
    with pytest.raises(InputError, match="must be a data frame"):
        run.test(3, target="kind")
    assert Ledger().openings() == []


def test_arrays_are_matched_by_the_names_of_their_classes() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 3))
    y = np.array(["a", "b", "c"])[np.digitize(x[:, 0], [-0.4, 0.4])]
    run = gf.train(RECIPE, Dataset.from_arrays(x[:120], y[:120]), out="run", leaks="off")
    late = y[120:] != "a"  # a test set without one of the classes
    test = Dataset.from_arrays(x[120:][late], y[120:][late], name="late")
    opened = load("run").test(test)
    codes = run.nets[0].predict(x[120:][late])
    assert opened.score.value == pytest.approx(np.mean(np.array(run.nets[0].classes)[codes] == y[120:][late]))
    assert opened.notes[0].startswith("Whether some of these rows")  # a run from a folder does not have its arrays
    assert run.test(test).notes == ()
    with pytest.raises(InputError, match=r"must be for classification, as the run is; got 'regression'. Set it"):
        run.test(Dataset.from_arrays(x, rng.normal(size=200)))
    with pytest.raises(InputError, match="must have 3 features and the run's targets; got 'd'"):
        run.test(Dataset.from_arrays(x, np.where(y == "a", "d", y)))
    Path("te.csv").write_text("x\n1\n")
    with pytest.raises(InputError, match="was trained on arrays without column names"):
        load("run").test("te.csv")


def test_official_test_rows_of_a_data_set_are_those_that_are_scored() -> None:
    run = gf.train(RECIPE, "moons", leaks="off")
    other = gf.data.load("moons", seed=5)
    assert run.test(other).score.rows == len(other.test) == 400
