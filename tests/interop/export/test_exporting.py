"""What is checked before an export is written, on which rows, and what is refused."""

from __future__ import annotations

import importlib.util
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
from export_help import close, drawn_net, imported, people, people_model, session

import goodfit as gf
from goodfit.cli import main
from goodfit.data import Dataset, read_table
from goodfit.data.tables import Preprocessing
from goodfit.data.target_transform import fit_transform
from goodfit.errors import GoodfitError, InputError
from goodfit.interop.export import export, exporting
from goodfit.interop.export.exporting import relative_difference
from goodfit.models import Model

X = np.random.default_rng(0).normal(size=(50, 4)).astype(np.float32)
RECIPE = gf.Recipe(hidden=(6,), epochs=2, batch_size=32)


def test_the_relative_difference_by_hand() -> None:
    """Relative to 4, and to the mean magnitude 2.2 where 0.4 is expected."""
    expected = np.array([[0.4], [4.0]])
    assert relative_difference(np.array([[0.4], [4.4]]), expected) == pytest.approx(0.1)
    assert relative_difference(np.array([[0.62], [4.0]]), expected) == pytest.approx(0.1)
    assert relative_difference(np.zeros((2, 1)), np.zeros((2, 1))) == 0
    assert np.isnan(relative_difference(np.array([[np.nan], [4.0]]), expected))
    assert np.isnan(relative_difference(np.zeros((3, 1)), expected))


@pytest.mark.parametrize("kind", ["onnx", "torch", "numpy", "sklearn"])
def test_what_differs_is_not_written(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "LARGEST_DIFFERENCE", -1.0)
    with pytest.raises(
        GoodfitError, match=rf"Export to {kind}: must predict as goodfit does.*; got .*Nothing was writ"
    ):
        export(Model((drawn_net(4, activations=("relu",)),)), kind, tmp_path / "net", rows=X)
    assert not list(tmp_path.iterdir())


def test_a_run_in_memory_is_checked_on_its_training_rows(tmp_path: Path) -> None:
    data = Dataset("mine", X, (X[:, 0] > 0).astype(int), "classification", ("no", "yes"))
    run = gf.train(RECIPE, data, seeds=2, leaks="off")
    done = run.export("onnx", tmp_path / "net.onnx")
    assert done.rows == "36 training rows"
    assert done.files == (str(tmp_path / "net.onnx"),)
    close(session(tmp_path / "net.onnx").run(["probabilities"], {"x": X})[0], Model(run.nets).predict_proba(X))


def test_a_run_on_a_table_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its own training rows are found by the path of its file, with the categories that are hashed."""
    import pandas as pd

    rng = np.random.default_rng(1)
    frame = pd.DataFrame(people()).assign(
        street=[f"street {number}" for number in rng.integers(0, 80, 120)], wage=rng.normal(3, 1, 120)
    )
    frame.to_csv(tmp_path / "people.csv", index=False)
    table = read_table(tmp_path / "people.csv", "wage", kinds={"street": "categorical"})
    gf.train(RECIPE.replace(activation="tanh"), table, out=tmp_path / "run", leaks="off")
    assert main(["export", str(tmp_path / "run"), "--to", "onnx", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["files"] == [str(tmp_path / "run" / "model_onnx.onnx")]
    assert said["rows"] == "86 training rows and 86 with values taken out"
    assert said["difference"] <= 1e-5
    out = tmp_path / "below" / "people"
    assert main(["export", str(tmp_path / "run" / "model.safetensors"), "--to", "numpy", "--out", f"{out}.py"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"Export: {out}.npz, {out}.py"
    assert lines[1].startswith("Checked: largest relative difference to goodfit ")
    found = imported(f"{out}.py").predict(pd.read_csv(tmp_path / "people.csv"))
    close(found, gf.load_model(tmp_path / "run").predict(pd.read_csv(tmp_path / "people.csv")))
    (tmp_path / "people.csv").unlink()
    assert main(["export", str(tmp_path / "run"), "--to", "onnx"]) == 2
    assert "needs the training rows for the rare categories of 'street'" in capsys.readouterr().err
    assert main(["export", str(tmp_path / "run"), "--to", "torch", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rows"] == "200 drawn rows"


def test_drawn_rows_stand_in_for_those_of_a_model_file(tmp_path: Path) -> None:
    model, _ = people_model()
    model.save(tmp_path / "people.safetensors")
    done = export(tmp_path / "people.safetensors", "onnx", tmp_path / "people")
    assert done.rows == "200 drawn rows"
    assert done.difference <= 1e-5
    assert export(Model((drawn_net(4),)), "onnx", tmp_path / "array").rows == "200 drawn rows"


def test_given_rows_must_fit(tmp_path: Path) -> None:
    model, table = people_model()
    del table["city"]
    with pytest.raises(InputError, match="must have the columns that the net was trained on; missing: 'city'"):
        export(model, "onnx", tmp_path / "net", rows=table)
    with pytest.raises(InputError, match="must be a 2-d array of numbers with 4 columns"):
        export(Model((drawn_net(4),)), "onnx", tmp_path / "net", rows=X[:, :3])


def test_bad_kinds_and_paths(tmp_path: Path) -> None:
    model = Model((drawn_net(4),))
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(InputError, match=r"export: 'kind' must be a known one; got 'onx'. Did you mean 'onnx'\?"):
        export(model, "onx", tmp_path / "net")
    with pytest.raises(InputError, match=r"must be the path of a file; it is a folder. Add a name to it\."):
        export(model, "onnx", tmp_path)
    with pytest.raises(InputError, match=r"must be the path of a file. Give it a name\."):
        export(model, "onnx", "")
    with pytest.raises(InputError, match=r"net.npz: must be writable: .*\. Give a folder that you may write to\."):
        export(model, "numpy", tmp_path / "file" / "net", rows=X)
    with pytest.raises(InputError, match="must be a finished run or search, or a model file"):
        export(tmp_path / "nothing", "onnx", tmp_path / "net")


def test_of_two_files_both_or_none_are_written(tmp_path: Path) -> None:
    (tmp_path / "net.py").mkdir()
    with pytest.raises(GoodfitError, match=r"net\.py: must be a file to write; it is a folder"):
        export(Model((drawn_net(4),)), "numpy", tmp_path / "net", rows=X)
    assert [path.name for path in tmp_path.iterdir()] == ["net.py"]


@pytest.mark.parametrize(("kind", "name"), [("onnx", "onnx"), ("torch", "torch")])
def test_a_package_that_is_missing_is_named(
    kind: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda asked, *rest: None if asked == name else there(asked, *rest)
    )
    with pytest.raises(
        GoodfitError, match=rf"needs the package {name}, .* Install it: pip install 'goodfit\[{name}\]'"
    ):
        export(Model((drawn_net(4),)), kind, tmp_path / "net")


def test_what_scikit_learn_cannot_hold_is_named(tmp_path: Path) -> None:
    facts: dict[str, Any] = {"task": "regression", "outputs": 2, "activations": ("gelu", "relu")}
    transform = fit_transform(np.exp(np.random.default_rng(0).normal(size=(40, 2))), "log")
    model, table = people_model(2, transform=transform, **facts)
    with pytest.raises(InputError) as caught:
        export(model, "sklearn", tmp_path / "net", rows=table)
    rules = [line.removeprefix("Export to sklearn: ") for line in caught.value.problems]
    assert rules == [
        "layer 0 must have an activation of scikit-learn's: identity, relu, sigmoid, tanh; got 'gelu'. "
        "Train again with --activation relu.",
        "all hidden layers must have one activation; got ('gelu', 'relu').",
        "a target transform cannot be held; got ('log', 'log').",
        "column 'since' cannot be held: it is a date.",
        "the average of several nets cannot be held for regression with several outputs. "
        "Export to onnx, torch or numpy, which hold all of it.",
    ]
    with pytest.raises(InputError, match="Use 'goodfit train' with --activation relu"):  # a fit has no such flag
        export(replace(model, about={**model.about, "ensemble": {}}), "sklearn", tmp_path / "net", rows=table)
    net = drawn_net(4, activations=("relu",))
    joblib.load(export(Model((net,)), "sklearn", tmp_path / "net", rows=X).files[0])


@pytest.mark.parametrize("kind", ["onnx", "torch", "numpy", "sklearn"])
def test_rows_of_any_number_type_are_taken_as_an_export_takes_them(kind: str, tmp_path: Path) -> None:
    """In float32: far from 0, a float64 loses digits in it that change the prediction."""
    model = Model((drawn_net(4, activations=("tanh",), shift=1e6),))
    wide = 1e6 + np.random.default_rng(3).normal(size=(50, 4))
    for rows in (wide, wide.round().astype(np.int64)):
        assert model.export(kind, tmp_path / "net", rows=rows).difference <= 1e-5
    with pytest.raises(InputError, match="must be finite; column 2 is not in 50 rows"):
        model.export(kind, tmp_path / "net", rows=np.where(np.eye(4)[2] > 0, 1e300, wide))


def test_rows_without_a_row_check_nothing(tmp_path: Path) -> None:
    model, table = people_model()
    empty = {name: values[:0] for name, values in table.items()}
    for source, rows in ((model, empty), (Model((drawn_net(4),)), X[:0])):
        with pytest.raises(InputError, match=r"'rows' must have at least one row, .*; got 0\. Leave it out"):
            export(source, "numpy", tmp_path / "net", rows=rows)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("facts", [{"task": "multilabel"}, {"task": "classification"}])
def test_scikit_learn_has_no_net_of_one_class_or_label(facts: dict[str, Any], tmp_path: Path) -> None:
    model = Model((drawn_net(4, 1, ("relu",), **facts),))
    with pytest.raises(InputError, match=f"a net for {facts['task']} must have at least two outputs; got 1"):
        export(model, "sklearn", tmp_path / "net", rows=X)


def test_rows_from_a_table_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """They have the hashed categories that a model file alone has not."""
    import pandas as pd

    table = {"many": [f"c{number}" for number in range(60)], "size": np.arange(60.0)}
    made = Preprocessing.fit(table, {"many": "categorical", "size": "numeric"})
    Model((drawn_net(made.n_inputs),), preprocessing=made).save(tmp_path / "model.safetensors")
    Model((drawn_net(4),)).save(tmp_path / "array.safetensors")
    pd.DataFrame(table).to_csv(tmp_path / "rows.csv", index=False)
    call = ["export", str(tmp_path / "model.safetensors"), "--to", "onnx", "--json"]
    assert main(call) == 2
    assert "Give them with rows= (--rows)" in capsys.readouterr().err
    assert main([*call, "--rows", str(tmp_path / "rows.csv")]) == 0
    assert json.loads(capsys.readouterr().out)["rows"] == "60 given rows and 60 with values taken out"
    with pytest.raises(InputError, match="'rows' can be a table file for nets that were trained on a table"):
        export(tmp_path / "array.safetensors", "onnx", tmp_path / "net", rows=tmp_path / "rows.csv")
