"""What a model predicts: names, labels and numbers, the same bits wherever it is loaded."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from model_help import LABELS, NETS, RATES, net
from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__

from goodfit.data.tables.preprocessing import Preprocessing
from goodfit.errors import InputError
from goodfit.models.model_file import Model, load_model, save_model
from goodfit.models.trained_net import TrainedNet

X = np.random.default_rng(0).normal(size=(300, 4)).astype(np.float32)


def test_the_mean_over_nets_is_predicted() -> None:
    model = Model(NETS)
    probabilities = np.mean([net.predict_proba(X).astype(float) for net in NETS], axis=0)
    np.testing.assert_allclose(model.predict_proba(X), probabilities, rtol=1e-6)
    assert model.predict(X).tolist() == ["a" if row[0] >= row[1] else "é" for row in probabilities]
    assert len(set(model.predict(X))) == 2
    assert (model.predict(X).dtype, model.predict_proba(X).dtype) == (object, np.float32)
    assert (model.task, model.classes) == ("classification", ("a", "é"))


def test_classes_are_predicted_by_their_whole_names_in_the_order_of_the_probabilities() -> None:
    classes = ("z", "007", "a\0", "a name " * 50)  # neither sorted, nor what NumPy keeps of a text
    outputs = {"weights": (np.eye(4),), "biases": (np.zeros(4),)}
    model = Model((TrainedNet(**outputs, activations=(), task="classification", classes=classes),))
    x = 9 * np.eye(4)[[3, 2, 0, 1]]
    assert model.predict(x).tolist() == [classes[3], classes[2], classes[0], classes[1]]
    assert (model.predict_proba(x) > 0.9).tolist() == np.eye(4, dtype=bool)[[3, 2, 0, 1]].tolist()
    assert model.predict(x[:0]).shape == (0,)


def test_labels_and_rates_are_predicted() -> None:
    np.testing.assert_array_equal(Model((LABELS,)).predict(X), LABELS.predict(X))
    np.testing.assert_allclose(Model((RATES,)).predict(X), RATES.predict(X), rtol=1e-5)
    np.testing.assert_array_equal(Model((RATES, RATES)).predict(X), Model((RATES,)).predict(X))
    assert Model((RATES,)).predict(X).dtype == np.float32
    with pytest.raises(InputError, match="Model: must be a classifier to give probabilities; got 'regression'"):
        Model((RATES,)).predict_proba(X)


def test_predictions_that_are_not_finite_are_an_input_error() -> None:
    wild = replace(RATES, weights=tuple(weight * 100 for weight in RATES.weights))
    with pytest.raises(
        InputError, match=r"Net: must give finite predictions; for .* it does not \(net 1 of 2\)\. Its weights"
    ):
        Model((RATES, wild)).predict(X)


def test_a_table_is_preprocessed(tmp_path: Path) -> None:
    table = {"size": [1.0, 2.0, 4.0, 9.0, None], "kind": ["a", "b", "b", "a", "b"]}
    made = Preprocessing.fit(table, {"size": "numeric", "kind": "categorical"})
    inner = net((made.n_inputs, 3, 2), ("tanh",), 3)
    save_model(tmp_path / "model.safetensors", [inner], preprocessing=made)
    model = load_model(tmp_path / "model.safetensors")
    assert model.preprocessing == made
    turned = {"kind": ["b", "a"], "more": [1, 2], "size": [3.0, 4.0]}
    with pytest.warns(UserWarning, match="'more' ignored"):
        found = model.predict_proba(turned)
    np.testing.assert_array_equal(found, inner.predict_proba(made.transform(turned)[0], np.float64).astype(np.float32))
    with pytest.raises(InputError, match="must have the columns that the net was trained on; missing: 'kind'"):
        model.predict({"size": [1.0]})


FRESH = """
import sys, numpy, goodfit
model, x = goodfit.load_model(sys.argv[1]), numpy.load(sys.argv[2])
numpy.save(sys.argv[3], model.predict_proba(x) if model.classes else model.predict(x))
assert "jax" not in sys.modules and "sklearn" not in sys.modules
"""


NUMBERS: dict[str, Any] = {"task": "regression", "classes": ()}
WIDE = tuple(net((40, 64, 32, 3), (name, "gelu"), **NUMBERS) for name in ("silu", "relu"))


@pytest.mark.parametrize("nets", [NETS, (RATES,), (LABELS,), WIDE], ids=["classes", "rates", "labels", "wide"])
def test_a_fresh_process_predicts_the_same_bits(tmp_path: Path, nets: tuple[TrainedNet, ...]) -> None:
    """As on another machine: with other threads, with the sums of an old processor, and without vector instructions."""
    model, paths = Model(nets), [tmp_path / name for name in ("model.safetensors", "x.npy", "y.npy")]
    x = np.random.default_rng(1).normal(size=(700, nets[0].n_inputs)) / 8
    model.save(paths[0])
    np.save(paths[1], x)
    here = model.predict_proba(x) if model.classes else model.predict(x)
    found = [name for name in __cpu_dispatch__ if __cpu_features__[name]]
    for settings in (
        {"OPENBLAS_NUM_THREADS": "2"},
        {"OPENBLAS_CORETYPE": "Prescott", "NPY_DISABLE_CPU_FEATURES": " ".join(found)},
    ):
        environment = {**os.environ, **settings}
        subprocess.run([sys.executable, "-c", FRESH, *map(str, paths)], check=True, env=environment)
        assert np.load(paths[2]).tobytes() == here.tobytes(), settings


def test_rows_predict_the_same_bits_alone_and_together() -> None:
    x = np.random.default_rng(1).normal(size=(50, 40)) / 8
    alone = np.concatenate([Model(WIDE).predict(row[None]) for row in x])
    assert alone.tobytes() == Model(WIDE).predict(x).tobytes()
