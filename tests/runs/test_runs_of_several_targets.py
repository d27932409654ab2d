"""One net for several targets of a table: scores, predictions, intervals and what else tells of each by its name."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pandas as pd
import pytest
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error

import goodfit as gf
from goodfit import runs
from goodfit.cli import main
from goodfit.data import Dataset
from goodfit.errors import InputError
from goodfit.models import load_model
from goodfit.reports import write
from goodfit.runs import describe_model
from goodfit.serving.answering import Answering
from goodfit.serving.schema import prediction_schema

RECIPE = {"hidden": (8,), "epochs": 15, "learning_rate": 0.03, "fold_members": 3, "encoding": "none", "batch_size": 16}
TARGETS = ["price", "rooms"]


def columns(rows: int = 150) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    size, age = rng.normal(size=(2, rows))
    price, rooms = 1e5 * (3 + size - age + 0.5 * rng.normal(size=rows)), 3 + size + 0.3 * rng.normal(size=rows)
    return {"size": size, "age": age, "rooms": rooms, "price": price}


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("homes") / "homes.csv"
    pd.DataFrame(columns()).to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def folder(homes: Path) -> Path:
    run = gf.train(RECIPE, gf.data.read_table(homes, TARGETS), leaks="off", out=homes.parent / "run")
    assert run.folder is not None
    return run.folder


def test_scores_are_those_of_each_target_and_their_mean(folder: Path) -> None:
    run = gf.runs.load(folder)
    out = run.out_of_fold
    assert out is not None
    frame = pd.read_csv(folder.parent / "homes.csv")
    y = frame[TARGETS].to_numpy()[out.rows]
    each = r2_score(y, out.values, multioutput="raw_values")
    found = run.measures()
    assert run.scores["valid"].value == pytest.approx(r2_score(y, out.values), abs=1e-5)
    assert found["R²"].value == pytest.approx(each.mean(), abs=1e-5)
    for place, name in enumerate(TARGETS):
        own = y[:, place], out.values[:, place]
        assert found[f"R² of '{name}'"].value == pytest.approx(each[place], abs=1e-5)
        assert found[f"root mean squared error of '{name}'"].value == pytest.approx(root_mean_squared_error(*own), 1e-5)
        assert found[f"mean absolute error of '{name}'"].value == pytest.approx(mean_absolute_error(*own), 1e-5)
    assert [each.label for each in found.headline] == [
        "R²",
        *(f"{name} of {target!r}" for target in TARGETS for name in ("R²", "root mean squared error")),
    ]


def test_targets_are_scaled_one_by_one(folder: Path) -> None:
    run = gf.runs.load(folder)
    split = gf.data.read_table(folder.parent / "homes.csv", TARGETS).split(valid=0)
    y = split.y("train").astype(np.float64)
    np.testing.assert_allclose(run.nets[0].target_shift, y.mean(0), rtol=1e-5)
    np.testing.assert_allclose(run.nets[0].target_scale, 1 / y.std(0), rtol=1e-5)


def test_predictions_have_a_column_for_each_target(
    folder: Path, homes: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new = homes.parent / "new.parquet"
    frame = pd.DataFrame(columns(9))[["age", "size"]]
    frame.to_parquet(new)
    assert main(["predict", str(folder), str(new), "--coverage", "0.8", "--quiet"]) == 0
    lines = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    names = [f"{kind}_{name}" for kind in ("prediction", "low", "high") for name in TARGETS]
    assert list(lines[0]) == ["row", *names]
    model = load_model(folder)
    values, ends = model.predict(frame), model.predict_interval(frame, 0.8)
    expected = np.hstack([values, ends[..., 0], ends[..., 1]])
    np.testing.assert_allclose([[float(line[name]) for name in names] for line in lines], expected, rtol=1e-5)
    assert main(["predict", str(folder), str(new), "--coverage", "0.8", "--json", "--quiet"]) == 0
    first = json.loads(capsys.readouterr().out.splitlines()[0])
    assert first["prediction"].keys() == first["low"].keys() == set(TARGETS)
    assert first["high"]["rooms"] == pytest.approx(float(ends[0, 1, 1]), rel=1e-5)
    assert runs.predict(folder, frame).targets == tuple(TARGETS)


def test_intervals_are_of_each_target_by_itself(folder: Path) -> None:
    run = gf.runs.load(folder)
    out = run.out_of_fold
    assert out is not None
    y = pd.read_csv(folder.parent / "homes.csv")[TARGETS].to_numpy()[out.rows]
    residuals = np.sort(np.abs(y - out.values), axis=0)
    half = residuals[int(np.ceil((len(y) + 1) * 0.8)) - 1]
    frame = columns(5)
    found = run.model.predict_interval(frame, 0.8)
    np.testing.assert_allclose(found[..., 1] - run.predict(frame), np.tile(half, (5, 1)), rtol=1e-4)


def test_a_server_answers_by_target(folder: Path) -> None:
    answering = Answering(load_model(folder), coverage=0.8)
    body = json.dumps({"rows": [{"size": 0.5, "age": -1.0}]}).encode()
    (row,) = answering.answer(body, "application/json")["predictions"]
    values = load_model(folder).predict({"size": [0.5], "age": [-1.0]})[0]
    assert row["prediction"] == dict(zip(TARGETS, map(float, values), strict=True))
    schema = prediction_schema(answering)
    assert schema["properties"]["prediction"]["required"] == TARGETS
    assert row["interval"].keys() == schema["properties"]["interval"]["properties"].keys()


def test_exports_give_the_targets_in_their_order(folder: Path, tmp_path: Path) -> None:
    model, frame = load_model(folder), columns(7)
    model.export("onnx", tmp_path / "net")
    session = onnxruntime.InferenceSession(tmp_path / "net.onnx", providers=["CPUExecutionProvider"])
    feed = {name: frame[name].astype(np.float64)[:, None] for name in ("size", "age")}
    np.testing.assert_allclose(session.run(["prediction"], feed)[0], model.predict(frame), rtol=1e-4)
    assert json.loads(session.get_modelmeta().custom_metadata_map["targets"]) == TARGETS
    model.export("numpy", tmp_path / "plain")
    scope: dict[str, Any] = {"__file__": str(tmp_path / "plain.py"), "__name__": "plain"}
    exec((tmp_path / "plain.py").read_text(), scope)
    np.testing.assert_allclose(scope["predict"]({name: frame[name] for name in ("size", "age")}),
                               model.predict(frame), rtol=1e-4)  # fmt: skip
    assert scope["ABOUT"]["targets"] == TARGETS
    with pytest.raises(InputError, match="average of several nets cannot be held for regression with several outputs"):
        model.export("sklearn", tmp_path / "pipeline")


def test_the_model_file_keeps_the_names(folder: Path) -> None:
    facts = describe_model(folder)
    assert (facts.targets, facts.format, facts.outputs) == (tuple(TARGETS), 6, 2)


def test_importance_and_dependence_tell_of_each_target(folder: Path) -> None:
    run = gf.runs.load(folder)
    whole = gf.importance(run, repeats=3)
    assert whole.columns[0].loss.name == "standardised RMSE"
    price, rooms = (gf.importance(run, of=name, repeats=3) for name in TARGETS)
    assert price["age"].score.value > 0.2 > abs(rooms["age"].score.value)
    for column in ("age", "size"):
        mean = (price[column].score.value + rooms[column].score.value) / 2
        assert whole[column].score.value == pytest.approx(mean, abs=1e-9)
    deviations = pd.read_csv(folder.parent / "homes.csv")[TARGETS].iloc[run.out_of_fold.rows].std(ddof=0)  # type: ignore[union-attr]
    standard = (price["age"].loss.value / deviations["price"] + rooms["age"].loss.value / deviations["rooms"]) / 2
    assert whole["age"].loss.value == pytest.approx(standard, rel=1e-4)
    with pytest.raises(InputError, match=r"'of' must be one of several targets; got 'prize'. Did you mean 'price'"):
        gf.importance(run, of="prize")
    assert gf.partial_dependence(run, "size").outputs == tuple(TARGETS)


def test_commands_and_pages_tell_the_targets(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    card = gf.runs.load(folder).card()
    assert card.facts["target"] == TARGETS
    text = card.markdown()
    assert "price, rooms" in text
    assert "--target price" in text.replace("\\\n    ", "")
    page = write(folder).read_text()
    assert "Residuals of price by bins" in page
    assert "R² of &#39;rooms&#39;" in page
    capsys.readouterr()
    assert main(["measure", str(folder), "--json", "--quiet"]) == 0
    measured = json.loads(capsys.readouterr().out)["measures"]
    assert {each["of"] for each in measured} == {"", *TARGETS}


def test_new_rows_are_scored_by_all_targets(folder: Path, homes: Path) -> None:
    new = pd.DataFrame(columns(60)).iloc[30:].assign(size=lambda frame: frame["size"] + 0.01)
    found = gf.measures(gf.runs.load(folder), new)
    assert found.rows == 30
    other = new.rename(columns={"rooms": "r", "price": "p"})
    again = gf.measures(gf.runs.load(folder), other, target=["p", "r"])
    assert [each.value for each in again.measures] == [each.value for each in found.measures]
    with pytest.raises(InputError, match=r"must have the 2 targets of the run; got .'p'.. Leave the target out"):
        gf.measures(gf.runs.load(folder), other, target="p")


def test_estimators_take_several_targets() -> None:
    frame = pd.DataFrame(columns())
    nets = gf.TableRegressor(RECIPE, random_state=0, leaks="off").fit(frame[["size", "age"]], frame[TARGETS])
    assert nets.predict(frame[["size", "age"]]).shape == (150, 2)
    assert nets.out_of_fold_.shape == (150, 2)
    assert nets.predict_interval(frame[["size", "age"]]).shape == (150, 2, 2)
    assert nets.model_.targets == tuple(TARGETS)
    assert nets.score(frame[["size", "age"]], frame[TARGETS]) > 0.5
    arrays = gf.TableRegressor(RECIPE, random_state=0, leaks="off").fit(
        frame[["size", "age"]].to_numpy(), frame[TARGETS].to_numpy()
    )
    assert arrays.model_.targets == ("target 1", "target 2")


def test_a_path_is_predicted_as_the_command_predicts_it(folder: Path, homes: Path) -> None:
    run = gf.runs.load(folder)
    np.testing.assert_array_equal(run.predict(homes), runs.predict(folder, homes).values)
    np.testing.assert_array_equal(run.predict_interval(str(homes)), load_model(folder).predict_interval(columns()))
    with pytest.raises(InputError, match=r"there is no such file\. Did you mean '.*homes\.csv'"):
        run.predict(homes.with_name("home.csv"))


def test_targets_are_matched_by_their_names_whatever_their_order(folder: Path, homes: Path) -> None:
    run, new = gf.runs.load(folder), pd.DataFrame(columns(60)).iloc[30:].assign(size=lambda frame: frame["size"] + 0.01)
    found = gf.measures(run, new)
    for other in (new, gf.data.table(new, TARGETS[::-1], test=0)):
        again = gf.measures(run, other, target=TARGETS[::-1] if other is new else None)
        assert [each.value for each in again.measures] == [each.value for each in found.measures]
    model = load_model(folder)
    rows, turned = (gf.inspection.table_rows(model, new, target=names).data for names in (TARGETS, TARGETS[::-1]))
    np.testing.assert_array_equal(rows.y, turned.y)
    with pytest.raises(InputError, match="must have the targets of the start in its order, price, rooms; got"):
        gf.train(None, gf.data.read_table(homes, TARGETS[::-1]), start=folder, leaks="off")


def test_data_sets_are_matched_by_the_names_of_their_targets() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 2)).astype(np.float32)
    y = np.stack([x[:, 0] * 3, x[:, 1] + 5], axis=1)
    data = Dataset("mine", x, y, "regression", targets=("a", "b"), scale_targets=True)
    run = gf.train({"hidden": (4,), "epochs": 2}, data, leaks="off")
    new = Dataset("new", x + 1, y, "regression", targets=("a", "b"))
    turned = Dataset("turned", x + 1, y[:, ::-1], "regression", targets=("b", "a"))
    one, other = gf.measures(run, new), gf.measures(run, turned)
    assert [each.value for each in one.measures] == [each.value for each in other.measures]
    with pytest.raises(InputError, match="must have the targets of the net in its order: a, b; got"):
        gf.inspect(run, turned)
