"""Nets that count more than once where several predict together: as if each stood there so many times."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from model_help import NETS, net

from goodfit.data import Dataset
from goodfit.errors import InputError
from goodfit.interop.export import export
from goodfit.models.averaging import mean_values, values_together
from goodfit.models.model_file import Model, load_model, save_model
from goodfit.models.temperature import best_temperatures, logits_of, probabilities_at
from goodfit.models.trained_net import counts_of
from goodfit.runs.depending import partial_dependence
from goodfit.runs.model_facts import describe_model
from goodfit.runs.opening import model_print

COUNTS = (3, 1, 2)
PLAIN = (*NETS[1:], net((4, 3, 2), ("gelu",), 11))
COUNTED = tuple(replace(each, count=count) for each, count in zip(PLAIN, COUNTS, strict=True))
REPEATED = tuple(each for each, count in zip(PLAIN, COUNTS, strict=True) for _ in range(count))
X = np.random.default_rng(0).normal(size=(40, 4)).astype(np.float32)


def test_a_net_counts_as_if_it_stood_there_so_many_times() -> None:
    np.testing.assert_allclose(mean_values(COUNTED, X), mean_values(REPEATED, X), rtol=1e-6)
    np.testing.assert_allclose(values_together(COUNTED, X)[0], values_together(REPEATED, X)[0], rtol=1e-12)
    y = np.arange(40) % 2
    for temperature in (1.0, 2.5):
        found = probabilities_at("classification", logits_of(COUNTED, X), temperature, counts_of(COUNTED))
        np.testing.assert_allclose(
            found, probabilities_at("classification", logits_of(REPEATED, X), temperature), rtol=1e-6
        )
    rows = [np.arange(40)]
    one = best_temperatures("classification", logits_of(COUNTED, X), y, rows, counts_of(COUNTED))
    assert one == pytest.approx(best_temperatures("classification", logits_of(REPEATED, X), y, rows), rel=2e-3)


def test_partial_dependence_is_of_what_the_nets_predict_together() -> None:
    rows = Dataset.from_arrays(X, np.arange(40) % 2)
    found = partial_dependence(Model(COUNTED), "input 1", rows, values=[-1.0, 2.0], single_rows=3)
    again = partial_dependence(Model(REPEATED), "input 1", rows, values=[-1.0, 2.0], single_rows=3)
    for place, value in enumerate((-1.0, 2.0)):
        changed = X.copy()
        changed[:, 1] = value
        np.testing.assert_allclose(found.mean[place], mean_values(COUNTED, changed).mean(0), rtol=1e-5)
    np.testing.assert_allclose(found.single, again.single, rtol=1e-5)
    alone = partial_dependence(Model(COUNTED[:1]), "input 1", rows, values=[-1.0, 2.0])
    assert not alone.spread.any()


def test_counts_are_in_the_model_file_and_in_what_the_ledger_knows_a_model_by(tmp_path: Path) -> None:
    save_model(tmp_path / "counted", COUNTED)
    found = load_model(tmp_path / "counted")
    assert [each.count for each in found.nets] == [*COUNTS]
    np.testing.assert_array_equal(found.predict_proba(X), mean_values(COUNTED, X))
    save_model(tmp_path / "plain", PLAIN)
    assert [describe_model(tmp_path / name).format for name in ("counted", "plain")] == [5, 2]
    assert model_print(COUNTED) != model_print(PLAIN)
    assert [each.count for each in found.tempered(2.0).nets] == [*COUNTS]


@pytest.mark.parametrize("count", [0, -1, 1.0, True, 2**20 + 1])
def test_other_counts_are_refused(count: Any) -> None:
    with pytest.raises(InputError, match="'count' must be an integer from 1 to 1048576; got"):
        replace(NETS[0], count=count)


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_exports_count_alike(tmp_path: Path, task: str) -> None:
    nets = COUNTED
    if task == "regression":
        nets = tuple(replace(each, task="regression", classes=()) for each in COUNTED)  # type: ignore[arg-type]
    expected = mean_values(nets, X)
    export(Model(nets), "onnx", tmp_path / "net.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "net.onnx")
    names = [each.name for each in session.get_outputs()]
    outputs = dict(zip(names, session.run(None, {session.get_inputs()[0].name: X}), strict=True))
    np.testing.assert_allclose(next(v for v in outputs.values() if v.shape == expected.shape), expected, rtol=1e-5)
    for kind in ("numpy", "torch"):
        export(Model(nets), kind, tmp_path / f"{kind}_{task}.py")
        np.testing.assert_allclose(_loaded(tmp_path / f"{kind}_{task}.py").predict_proba(X), expected, rtol=1e-5)


def test_scikit_learn_weighs_alike(tmp_path: Path) -> None:
    nets = tuple(replace(each, shift=np.zeros(4), scale=np.ones(4)) for each in (COUNTED[0], COUNTED[2], COUNTED[0]))
    nets = tuple(replace(each, activations=("relu",) * len(each.activations)) for each in nets)
    export(Model(nets), "sklearn", tmp_path / "net.joblib")
    import joblib

    made = joblib.load(tmp_path / "net.joblib")
    np.testing.assert_allclose(made.predict_proba(X), mean_values(nets, X), rtol=1e-4)


def _loaded(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made
