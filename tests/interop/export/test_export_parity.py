"""ONNX Runtime, PyTorch, NumPy and scikit-learn predict what goodfit predicts."""

from __future__ import annotations

import ast
import math
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
import torch
from export_help import ACTIVATIONS, close, drawn_net, expected_of, imported, onnx_feed, people_model, session

from goodfit.data.encoding import PiecewiseEncoding
from goodfit.data.periodic import PeriodicEncoding
from goodfit.data.tables import Preprocessing
from goodfit.data.target_transform import TargetTransform, fit_transform
from goodfit.errors import InputError
from goodfit.interop.export import export
from goodfit.models import Model, TrainedNet

RNG = np.random.default_rng(2)
X = (RNG.normal(size=(200, 4)) * [1, 10, 0.1, 3] + [0, 5, 0, 1]).astype(np.float32)
MODULES: dict[str, Any] = {
    "identity": torch.nn.Identity,
    "relu": torch.nn.ReLU,
    "sigmoid": torch.nn.Sigmoid,
    "tanh": torch.nn.Tanh,
    "leaky-relu": torch.nn.LeakyReLU,
    "elu": torch.nn.ELU,
    "selu": torch.nn.SELU,
    "gelu": torch.nn.GELU,
    "silu": torch.nn.SiLU,
    "softplus": torch.nn.Softplus,
    "mish": torch.nn.Mish,
    "prelu": torch.nn.PReLU,
}
SCALED = {"shift": X.mean(0), "scale": 1 / X.std(0)}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation(name: str, tmp_path: Path) -> None:
    """The state of the PyTorch export loads into an nn.Sequential of PyTorch's own, whose softmax is the reference."""
    model = Model((drawn_net(4, activations=(name, name), **SCALED),))
    for kind in ("onnx", "torch", "numpy"):
        assert model.export(kind, tmp_path / kind, rows=X).difference <= 1e-5
    layers: list[Any] = []
    for before, after in ((4, 7), (7, 6)):
        layers += [torch.nn.Linear(before, after), MODULES[name]()]
    net = torch.nn.Sequential(*layers, torch.nn.Linear(6, 3)).double()
    net.load_state_dict(torch.load(tmp_path / "torch.pt", weights_only=True)["states"][0])
    with torch.no_grad():
        expected = net(torch.from_numpy((X - SCALED["shift"]) * SCALED["scale"]).double()).softmax(1).numpy()
    close(model.predict_proba(X), expected)
    close(session(tmp_path / "onnx.onnx").run(["probabilities"], {"x": X})[0], expected)
    close(imported(tmp_path / "numpy.py").predict_proba(X), expected)
    close(imported(tmp_path / "torch.py").predict_proba(X), expected)


def test_an_ensemble_of_different_nets_is_the_mean_of_its_probabilities(tmp_path: Path) -> None:
    nets = (drawn_net(4, activations=("gelu",)), drawn_net(4, activations=("prelu", "selu", "mish"), seed=1, **SCALED))
    model = Model(nets)
    expected = (nets[0].predict_proba(X, np.float64) + nets[1].predict_proba(X, np.float64)) / 2
    for kind in ("onnx", "torch", "numpy"):
        model.export(kind, tmp_path / kind, rows=X)
    labels, probabilities = session(tmp_path / "onnx.onnx").run(None, {"x": X})
    close(probabilities, expected)
    names = np.array(model.classes)[expected.argmax(1)]
    assert labels.tolist() == names.tolist()
    for kind in ("torch", "numpy"):
        module = imported(tmp_path / f"{kind}.py")
        close(module.predict_proba(X), expected)
        assert module.predict(X).tolist() == names.tolist()


def test_a_table_of_categories_numbers_yes_and_no_and_dates(tmp_path: Path) -> None:
    model, table = people_model()
    expected = model.predict_proba(table)
    for kind in ("onnx", "torch", "numpy"):
        model.export(kind, tmp_path / kind, rows=table)
    close(session(tmp_path / "onnx.onnx").run(["probabilities"], onnx_feed(table))[0], expected)
    for kind in ("torch", "numpy"):
        module = imported(tmp_path / f"{kind}.py")
        close(module.predict_proba(table), expected)
        close(module.predict_proba(pd.DataFrame(table)), expected)


@pytest.mark.parametrize("transform", ["log", "log1p", "yeo-johnson", "quantile", "none", "clipped"])
def test_regression_with_a_target_transform(transform: str, tmp_path: Path) -> None:
    targets = np.exp(RNG.normal(2, 1, (300, 2)))
    held = fit_transform(targets, "none", clip=True) if transform == "clipped" else fit_transform(targets, transform)
    facts: dict[str, Any] = {"task": "regression", "transform": held}
    facts |= {"target_shift": np.array([1.5, 1e3]), "target_scale": np.array([2.0, 0.5])}
    model, table = people_model(2, outputs=2, **facts)
    expected = model.predict(table)
    for kind in ("onnx", "torch", "numpy"):
        model.export(kind, tmp_path / kind, rows=table)
    close(session(tmp_path / "onnx.onnx").run(["prediction"], onnx_feed(table))[0], expected)
    for kind in ("torch", "numpy"):
        close(imported(tmp_path / f"{kind}.py").predict(table), expected)


def test_a_power_transform_near_zero_is_exact(tmp_path: Path) -> None:
    """Yeo-Johnson with lambda 0 is log1p, and with 2 minus log1p of what is negative."""
    for shape in (0.0, 2.0, 1e-9):
        held = TargetTransform(("yeo-johnson",), np.array([[shape, 3, -4, 4]], np.float32))
        model = Model((drawn_net(4, 1, ("tanh",), task="regression", transform=held),))
        for kind in ("onnx", "numpy"):
            assert export(model, kind, tmp_path / kind, rows=X).difference <= 1e-5


def test_counts_and_several_labels(tmp_path: Path) -> None:
    counts = Model(tuple(drawn_net(4, 1, seed=seed, task="regression", link="exp", **SCALED) for seed in range(2)))
    several = Model(tuple(drawn_net(4, seed=seed, task="multilabel", **SCALED) for seed in range(2)))
    for kind in ("onnx", "torch", "numpy"):
        counts.export(kind, tmp_path / f"c_{kind}", rows=X)
        several.export(kind, tmp_path / f"s_{kind}", rows=X)
    close(session(tmp_path / "c_onnx.onnx").run(None, {"x": X})[0], counts.predict(X))
    labels, probabilities = session(tmp_path / "s_onnx.onnx").run(["labels", "probabilities"], {"x": X})
    close(probabilities, several.predict_proba(X))
    assert (labels == (several.predict_proba(X) > 0.5)).all()
    for kind in ("torch", "numpy"):
        close(imported(tmp_path / f"c_{kind}.py").predict(X), counts.predict(X))
        assert (imported(tmp_path / f"s_{kind}.py").predict(X) == labels).all()


def test_inputs_that_are_clipped_smoothly(tmp_path: Path) -> None:
    far = np.concatenate([X, X * 1e6])
    bend = np.array([1 / 3, 0, 1 / 3, 1 / 3])
    model = Model((drawn_net(4, activations=("relu", "relu"), bend=bend, **SCALED),))
    for kind in ("onnx", "torch", "numpy", "sklearn"):
        assert model.export(kind, tmp_path / kind, rows=far).difference <= 1e-5


def test_scikit_learn(tmp_path: Path) -> None:
    """Its classes are sorted, those of the net are not."""
    for outputs, seeds in ((2, 1), (3, 1), (3, 2)):
        nets = [drawn_net(4, outputs, ("tanh", "tanh"), seed=seed, **SCALED) for seed in range(seeds)]
        Model(tuple(nets)).export("sklearn", tmp_path / "net", rows=X)
        found = joblib.load(tmp_path / "net.joblib")
        expected = pd.DataFrame(Model(tuple(nets)).predict_proba(X), columns=nets[0].classes)
        close(found.predict_proba(X), expected[list(found.classes_)])
        assert found.predict(X).tolist() == expected.idxmax(axis=1).tolist()
    counts = drawn_net(4, 1, ("tanh",), task="regression", link="exp", **SCALED)
    Model((counts,)).export("sklearn", tmp_path / "counts", rows=X)
    close(joblib.load(tmp_path / "counts.joblib").predict(X), counts.predict(X, np.float64)[:, 0])
    for outputs, seeds in ((1, 1), (1, 2), (2, 1)):
        held = fit_transform(RNG.normal(size=(9, outputs)), "none", clip=True)
        facts: dict[str, Any] = {"task": "regression", "transform": held, **SCALED}
        model = Model(tuple(drawn_net(4, outputs, ("relu",), seed=seed, **facts) for seed in range(seeds)))
        model.export("sklearn", tmp_path / "clipped", rows=X)
        close(joblib.load(tmp_path / "clipped.joblib").predict(X), np.squeeze(model.predict(X)))
    net = drawn_net(4, 1, ("sigmoid",), task="regression", target_shift=5, target_scale=0.1, **SCALED)
    Model((net, net)).export("sklearn", tmp_path / "number.joblib", rows=X)
    close(joblib.load(tmp_path / "number.joblib").predict(X), net.predict(X, np.float64)[:, 0])


def test_a_table_in_scikit_learn(tmp_path: Path) -> None:
    model, table = people_model(without=["since", "member"], activations=("relu",))
    model.export("sklearn", tmp_path / "net", rows=table)
    found = joblib.load(tmp_path / "net.joblib")
    expected = pd.DataFrame(model.predict_proba(table), columns=model.classes)[list(found.classes_)]
    frame = pd.DataFrame(table)
    for code in (frame["code"], frame["code"].astype(float), frame["code"].astype(str)):
        close(found.predict_proba(frame.assign(code=code)), expected)


IS_IMPORT = (ast.Import, ast.ImportFrom)
ALONE = """
import sys
for name in {hidden}:
    sys.modules[name] = None
sys.path.insert(0, {folder!r})
import numpy as np, {module} as net
table = dict(np.load({table!r}, allow_pickle=True)["table"].item())
np.save({out!r}, net.predict_proba(table))
"""


def test_the_numpy_file_needs_numpy_alone(tmp_path: Path) -> None:
    model, table = people_model()
    export(model, "numpy", tmp_path / "people", rows=table)
    np.savez(tmp_path / "table.npz", table=np.array(table, object))
    hidden = ["goodfit", "pandas", "scipy", "jax", "sklearn", "pyarrow", "torch"]
    paths = {"folder": str(tmp_path), "table": str(tmp_path / "table.npz"), "out": str(tmp_path / "out.npy")}
    code = ALONE.format(hidden=hidden, module="people", **paths)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    close(np.load(tmp_path / "out.npy"), model.predict_proba(table))


def test_the_torch_file_needs_torch_and_numpy_alone(tmp_path: Path) -> None:
    export(Model((drawn_net(4),)), "torch", tmp_path / "net", rows=X)
    parts = ast.walk(ast.parse((tmp_path / "net.py").read_text("utf-8")))
    names = [
        part.module if isinstance(part, ast.ImportFrom) else part.names[0].name
        for part in parts
        if isinstance(part, IS_IMPORT)
    ]
    assert set(names) - set(sys.stdlib_module_names) == {"numpy", "torch"}


def test_the_numpy_file_is_short_and_the_same_for_every_net(tmp_path: Path) -> None:
    model, table = people_model()
    export(model, "numpy", tmp_path / "people", rows=table)
    export(Model((drawn_net(4),)), "numpy", tmp_path / "array", rows=X)
    text = (tmp_path / "people.py").read_text("utf-8")
    assert text == (tmp_path / "array.py").read_text("utf-8")
    assert len(text.splitlines()) < 100
    with np.load(tmp_path / "people.npz", allow_pickle=False) as file:
        assert all(file[name].dtype.kind in "fiU" for name in file.files)


def test_cells_are_read_as_goodfit_reads_them(tmp_path: Path) -> None:
    """Texts with blanks, whole numbers with a point, words for nothing, dates as texts and times with a zone."""
    model, table = people_model()
    rough = {
        "city": [" Oslo ", "7.0", "n/a", "Rome", None, "Köln"],
        "account": ["1e9", " 1000000000.01", "-", "inf", "NaN", 1e9],
        "height": ["170", "", None, "169.5", ".", "1.8e2"],
        "member": ["YES", "off", "None", "1.0", "0", " t "],
        "active": ["True", "false", "?", "y", "1", "0.0"],
        "since": ["2020-01-31", "2020/02/29 17:42", "", "2020-03-01T01:02:03.5", None, "2020-03-01T01:02+02:00"],
        "code": [0, 1.0, "2", math.nan, None, "4.00"],
    }
    for name in ("account", "height", "code"):
        rough[name] = [str(value) if isinstance(value, float | int) else value for value in rough[name]]
    for kind in ("numpy", "torch"):
        export(model, kind, tmp_path / kind, rows=table)
        close(imported(tmp_path / f"{kind}.py").predict_proba(rough), expected_of(model, rough))


def test_times_of_day(tmp_path: Path) -> None:
    table = {"at": ["17:42", "9:05", "00:00:01.5", None], "size": [1.0, 2, 3, 4]}
    made = Preprocessing.fit(table, {"at": "date", "size": "numeric"})
    model = Model((drawn_net(made.n_inputs),), preprocessing=made)
    export(model, "onnx", tmp_path / "net", rows=table)
    parts = [(17 * 60 + 42) / 1440, (9 * 60 + 5) / 1440, 1.5 / 86_400, np.nan]
    feed = {"at": np.array(parts)[:, None], "size": np.arange(1.0, 5)[:, None]}
    close(session(tmp_path / "net.onnx").run(["probabilities"], feed)[0], expected_of(model, table))
    export(model, "numpy", tmp_path / "net", rows=table)
    module = imported(tmp_path / "net.py")
    close(module.predict_proba(table), expected_of(model, table))
    stored = table | {
        "at": np.array(["1970-01-01T17:42", "1970-01-01T09:05", "1970-01-01T00:00:01.5", "NaT"], "M8[us]")
    }
    close(module.predict_proba(stored), expected_of(model, table))
    far = {"at": np.array([[18_000.0]]), "size": np.ones((1, 1))}
    label, probabilities = session(tmp_path / "net.onnx").run(None, far)
    assert label.tolist() == [""]
    assert np.isnan(probabilities).all()
    for bad in ("2020-01-01", "2020-01-01 09:08", "soon"):
        with pytest.raises(InputError, match="column 'at' must hold times of day, as 17:42; row 0 does not"):
            model.predict({"at": [bad], "size": [1.0]})
        with pytest.raises(ValueError, match=r"column 'at' is date: .* cannot be read"):
            module.predict({"at": [bad], "size": [1.0]})


BAD: dict[str, list[str]] = {  # texts that goodfit refuses, though Python would read most of them
    "account": ["1_000", "0x10", "1,5", "infinit", "1 000", "\u0663"],
    "member": ["2", "perhaps", "0.5", "inf"],
    "since": ["20200203", "17:42", "2020-W05", "2020-02-31", "2020-02", "2020-01-31T05", "1e9", "05:00:00.5"],
}


@pytest.mark.parametrize("kind", ["numpy", "torch"])
def test_cells_that_goodfit_refuses_are_refused_by_the_name_of_their_column(kind: str, tmp_path: Path) -> None:
    model, table = people_model(1)
    export(model, kind, tmp_path / "net", rows=table)
    module = imported(tmp_path / "net.py")
    row = {name: np.array([str(values[1])], object) for name, values in table.items()}
    module.predict_proba(row)
    for name, texts in BAD.items():
        for text in texts:
            changed = {**row, name: np.array([text], object)}
            with pytest.raises(InputError, match=name):
                model.predict_proba(changed)
            with pytest.raises(ValueError, match=rf"column '{name}' is [a-z]+: {re.escape(repr(text))} cannot be read"):
                module.predict_proba(changed)


def test_dates_of_every_unit_are_read(tmp_path: Path) -> None:
    model, table = people_model(1)
    export(model, "numpy", tmp_path / "net", rows=table)
    module = imported(tmp_path / "net.py")
    for unit in ("s", "ms", "us", "ns"):
        changed = {**table, "since": table["since"].astype(f"datetime64[{unit}]")}
        close(module.predict_proba(changed), expected_of(model, table))


def test_encoded_inputs(tmp_path: Path) -> None:
    """Nets with components by bins, one with a bin of no width, one by cosines, one with none; far rows too."""
    bins = PiecewiseEncoding(np.array([1, 3]), np.array([[-2, -0.5, -0.5, 1], [0, 0.25, 1, 1]], np.float32))
    moved = replace(bins, edges=bins.edges + np.float32(0.5))
    own = {name: np.asarray(values, np.float32) for name, values in SCALED.items()}
    nets = [drawn_net(10, activations=("tanh",), seed=seed) for seed in range(2)]
    bend = np.full(4, 1 / 3)
    encoded = [
        TrainedNet(net.weights, net.biases, net.activations, net.task, net.classes, encoding=code, **facts)
        for net, code, facts in ((nets[0], bins, own), (nets[1], moved, {**own, "bend": bend}), (nets[1], bins, {}))
    ]
    waves = tuple(np.random.default_rng(0).normal(size=shape) for shape in ((2, 5), (2, 5), (2, 3, 5), (2, 3)))
    encoded.append(replace(encoded[1], encoding=PeriodicEncoding(np.array([1, 3]), *waves)))
    model = Model((*encoded, drawn_net(4, seed=3, **SCALED)))
    far = np.concatenate([X, X * 1e6])
    expected = model.predict_proba(far)
    assert np.abs(Model((encoded[0],)).predict_proba(far) - Model((encoded[2],)).predict_proba(far)).max() > 1e-2
    for kind in ("onnx", "torch", "numpy"):
        assert model.export(kind, tmp_path / kind, rows=far).difference <= 1e-5
    close(session(tmp_path / "onnx.onnx").run(["probabilities"], {"x": far})[0], expected)
    for kind in ("torch", "numpy"):
        module = imported(tmp_path / f"{kind}.py")
        close(module.predict_proba(far), expected)
        assert module.predict_proba(far[:1]).shape == (1, 3)
