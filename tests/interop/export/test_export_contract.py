"""What an ONNX file takes and gives, as docs/export.md states it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from export_help import close, drawn_net, expected_of, onnx_feed, people_model, session

from goodfit.data.tables import Preprocessing
from goodfit.errors import InputError
from goodfit.interop.export import export
from goodfit.models import Model, TrainedNet

X = np.random.default_rng(0).normal(size=(50, 4)).astype(np.float32)


def fitted(table: dict[str, Any], nets: int = 1, **kinds: Any) -> Model:
    """A model of these columns."""
    made = Preprocessing.fit(table, kinds)
    return Model(tuple(drawn_net(made.n_inputs, seed=seed) for seed in range(nets)), preprocessing=made)


def column(*cells: Any) -> np.ndarray:
    return np.array(cells, object if isinstance(cells[0], str) else np.float64)[:, None]


def test_names_types_and_shapes(tmp_path: Path) -> None:
    model, table = people_model()
    export(model, "onnx", tmp_path / "people.onnx", rows=table)
    found = session(tmp_path / "people.onnx")
    types = {"numeric": "tensor(double)", "date": "tensor(double)"}
    assert model.preprocessing is not None
    expected = {each.name: (types.get(each.kind, "tensor(string)"), ["N", 1]) for each in model.preprocessing.columns}
    assert {each.name: (each.type, each.shape) for each in found.get_inputs()} == expected
    assert [(each.name, each.type, each.shape) for each in found.get_outputs()] == [
        ("label", "tensor(string)", ["N"]),
        ("probabilities", "tensor(float)", ["N", 3]),
    ]
    held = onnx.load(tmp_path / "people.onnx")
    assert {(each.domain, each.version) for each in held.opset_import} == {("", 17), ("ai.onnx.ml", 3)}
    assert {node.domain for node in held.graph.node} <= {"", "ai.onnx.ml"}
    said = {each.key: each.value for each in held.metadata_props}
    assert said["opset"] == "ai.onnx 17, ai.onnx.ml 3"
    assert json.loads(said["classes"]) == list(model.classes)
    assert json.loads(said["columns"])["since"] == "days since 1970-01-01, in UTC, nan where missing"


def test_arrays_go_in_as_one_input(tmp_path: Path) -> None:
    net = drawn_net(4, 2, task="regression", target_shift=100)  # no prediction is near 0: float32 will do
    done = export(Model((net,)), "onnx", tmp_path / "net", rows=X)
    found = session(tmp_path / "net.onnx")
    assert [(each.name, each.type, each.shape) for each in found.get_inputs()] == [("x", "tensor(float)", ["N", 4])]
    assert [(each.name, each.shape) for each in found.get_outputs()] == [("prediction", ["N", 2])]
    assert done.about == ("ONNX opset: ai.onnx 17, ai.onnx.ml 3; layers in float32", "Inputs: 'x' float")
    assert done.by.startswith("ONNX Runtime")
    for rows in (X[:0], X[:1]):
        close(found.run(None, {"x": rows})[0], net.predict(rows)) if len(rows) else found.run(None, {"x": rows})


def test_spellings_of_nothing_and_of_yes_and_no(tmp_path: Path) -> None:
    table = {"city": ["Oslo", "7", None, "Rome"], "member": ["yes", "no", "no", None]}
    model = fitted(table, city="categorical", member="boolean")
    export(model, "onnx", tmp_path / "net", rows=table)
    cities = ["Oslo", "7.0", "NaN", "?", "n/A", "", "Rome", "elsewhere"]
    members = ["YES", "False", "none", "", "1.0", "0", "True", "oFF"]
    found = session(tmp_path / "net.onnx").run(None, {"city": column(*cities), "member": column(*members)})[1]
    close(found, expected_of(model, {"city": cities, "member": members}))


def test_what_goodfit_would_refuse_gives_nan_and_no_label(tmp_path: Path) -> None:
    table = {"member": ["yes", "no", "no", None], "tall": ["t", "f", "t", "f"]}
    model = fitted(table, member="boolean", tall="boolean")
    export(model, "onnx", tmp_path / "net", rows=table)
    feed = {"member": column("yes", "perhaps", ""), "tall": column("t", "f", "2")}
    labels, found = session(tmp_path / "net.onnx").run(None, feed)
    assert np.isnan(found).all(1).tolist() == [False, True, True]
    assert labels[0] in model.classes
    assert labels[1:].tolist() == ["", ""]


def test_rare_categories_that_are_hashed(tmp_path: Path) -> None:
    names = [f"c{number}" for number in range(60)]
    table = {"many": [*names, *names[:20], None], "size": np.arange(81.0)}
    model = fitted(table, many="categorical", size="numeric")
    with pytest.raises(InputError, match="needs the training rows for the rare categories of 'many', which are hashed"):
        export(model, "onnx", tmp_path / "net")
    done = export(model, "onnx", tmp_path / "net", rows=table)
    assert done.about[1] == "Inputs: 'many' string, 'size' double"
    assert "Column 'many': categories that the training rows had not give nan" in done.about[2]
    many = ["c0", "c59", "c33", "", "c60"]
    labels, found = session(tmp_path / "net.onnx").run(None, {"many": column(*many), "size": column(1.0, 2, 3, 4, 5)})
    expected = expected_of(model, {"many": many, "size": [1.0, 2, 3, 4, 5]})
    close(found[:4], expected[:4])
    assert np.isnan(found[4]).all()
    assert labels[4] == ""
    for kind in ("numpy", "torch"):  # which compute the hash, also of categories that training had not
        assert export(model, kind, tmp_path / kind).difference <= 1e-5


@pytest.mark.parametrize("name", ["label", "probabilities", "x", "constant 0", "Cast 1", "a b/c", "年", "Gemm_0"])
def test_columns_of_any_name(name: str, tmp_path: Path) -> None:
    table = {name: [1.0, 2, 3, np.nan], "kind": ["a", "b", "a", "b"]}
    model = fitted(table, nets=2, **{name: "numeric", "kind": "categorical"})
    export(model, "onnx", tmp_path / "net", rows=table)
    found = session(tmp_path / "net.onnx")
    output = found.get_outputs()[1].name
    assert output == ("probabilities_" if name == "probabilities" else "probabilities")
    feed = {name: column(1.5, np.inf, np.nan, -7), "kind": column("a", "b", "c", "")}
    values = found.run([output], feed)[0]
    close(values, expected_of(model, {name: [1.5, np.inf, np.nan, -7], "kind": ["a", "b", "c", ""]}))


def test_a_column_without_a_name_is_refused(tmp_path: Path) -> None:
    model = fitted({"": [1.0, 2, 3]}, **{"": "numeric"})
    with pytest.raises(InputError, match="every column must have a name to become an ONNX input; one has none"):
        export(model, "onnx", tmp_path / "net")


@pytest.mark.parametrize("kind", ["numeric", "boolean", "date", "categorical"])
def test_columns_that_say_nothing(kind: str, tmp_path: Path) -> None:
    """Constant, or missing in every training row."""
    cells: dict[str, list[Any]] = {"numeric": [5.0], "boolean": ["yes"], "date": ["2020-01-31"], "categorical": ["a"]}
    for own in (cells[kind] * 4, [None] * 4):
        table = {"own": own, "other": [1.0, 2, 3, 4]}
        model = fitted(table, own=kind, other="numeric")
        for form in ("onnx", "numpy"):
            assert export(model, form, tmp_path / form).difference <= 1e-5


def test_large_numbers_with_small_differences_keep_them(tmp_path: Path) -> None:
    model, table = people_model(without=["since"])
    export(model, "onnx", tmp_path / "net", rows=table)
    moved = {**table, "account": table["account"] + 3e-3}
    found = session(tmp_path / "net.onnx").run(["probabilities"], onnx_feed(moved))[0]
    close(found, expected_of(model, moved))
    assert np.nanmax(np.abs(found - expected_of(model, table))) > 1e-3


def test_without_onnx_runtime_the_evaluator_of_onnx_checks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    model, table = people_model(1)
    done = export(model, "onnx", tmp_path / "net", rows=table)
    assert done.by == "the reference evaluator of onnx"
    assert done.difference <= 1e-5


def test_layers_are_float64_where_float32_would_not_do(tmp_path: Path) -> None:
    """Three pairs of units that cancel each other but for a millionth."""
    rng = np.random.default_rng(1)
    pairs, outputs = rng.normal(size=(3, 4)) * 100, rng.normal(size=3) * 100
    weights = (np.concatenate([pairs, pairs]), np.concatenate([outputs, -outputs * (1 - 1e-6)])[None])
    net = TrainedNet(weights, (np.zeros(6), np.zeros(1)), ("tanh",), "regression")
    done = export(Model((net,)), "onnx", tmp_path / "net", rows=X)
    assert done.about[0].endswith("layers in float64")
    close(session(tmp_path / "net.onnx").run(None, {"x": X})[0], net.predict(X, np.float64))
