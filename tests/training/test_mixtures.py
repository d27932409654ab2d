"""Trained mixtures of activations and pre-activations, where nets keep them: predictions, files, exports, inspection.

That PyTorch trains them alike is in test_forms.py.
"""

from __future__ import annotations

import importlib.util
import itertools
from dataclasses import replace
from pathlib import Path
from typing import Any

import jax
import numpy as np
import onnxruntime
import pytest

import goodfit as gf
from goodfit.errors import InputError
from goodfit.inspection.by_hand import gradient_by_hand
from goodfit.inspection.folding import fold
from goodfit.inspection.gradient_check import check_gradient
from goodfit.inspection.inspecting import initial_net
from goodfit.inspection.measuring import saturated_in
from goodfit.inspection.passes import parameters_of, run_passes
from goodfit.inspection.precision import exact
from goodfit.inspection.subject import subject_of
from goodfit.models import Model, TrainedNet, load_model, save_model
from goodfit.models.on_device import outputs_on_device
from goodfit.models.stacked import stacked_outputs
from goodfit.nets.numpy_activations import FUNCTIONS
from goodfit.runs.model_facts import describe_model
from goodfit.runs.opening import model_print

X = np.random.default_rng(0).normal(size=(50, 4)).astype(np.float32)
SHALLOW = gf.Recipe(hidden=(8,), train_mixture=True, mixture_rate=0.5, epochs=6, learning_rate=0.02, dropout=0.0)


def drawn(activations: tuple[str, ...] = ("relu", "prelu"), seed: int = 0) -> TrainedNet:
    """A net for three classes with 6, 5, ... hidden units whose shares are around 1, below 0 for some."""
    rng = np.random.default_rng(seed)
    sizes = [4, *range(6, 6 - len(activations), -1), 3]
    return TrainedNet(
        tuple(rng.normal(size=(o, i)) for i, o in itertools.pairwise(sizes)),
        tuple(rng.normal(size=o) for o in sizes[1:]),
        activations,
        "classification",
        classes=("a", "b", "c"),
        slopes=tuple(0.3 if name == "prelu" else None for name in activations),
        mixtures=tuple(rng.normal(1, 0.8, size) for size in sizes[1:-1]),
    )


def by_hand(net: TrainedNet, x: np.ndarray = X) -> np.ndarray:
    """Its outputs, in float64."""
    h: Any = x.astype(np.float64)
    for layer, (w, b) in enumerate(zip(net.weights, net.biases, strict=True)):
        z = h @ w.T.astype(np.float64) + b
        if layer == len(net.activations):
            return np.asarray(z)
        slope = net.slopes[layer]
        f = FUNCTIONS[net.activations[layer]](z) if slope is None else FUNCTIONS["prelu"](z, slope)
        h = z + net.mixtures[layer].astype(np.float64) * (f - z)
    raise AssertionError("a net has an output layer")


@pytest.mark.parametrize("activations", [("relu", "prelu"), ("selu",), ("tanh", "mish", "gelu")])
def test_predictions_are_as_by_hand_alone_and_together(activations: tuple[str, ...]) -> None:
    nets = [drawn(activations, seed) for seed in range(3)]
    for place, outputs in stacked_outputs([*nets, replace(nets[0], mixtures=())], X):
        expected = by_hand(nets[place]) if place < 3 else replace(nets[0], mixtures=()).outputs(X, np.float64)
        np.testing.assert_allclose(outputs, expected, rtol=1e-4, atol=1e-4)
        if place < 3:
            np.testing.assert_allclose(nets[place].outputs(X, np.float64), expected, rtol=1e-9)
    if "prelu" not in activations:
        np.testing.assert_allclose(outputs_on_device(nets, X), [by_hand(net) for net in nets], rtol=1e-4, atol=1e-4)


def test_large_values_lose_nothing() -> None:
    """Where all of an activation is taken, what is left of z is nothing, however large z is."""
    net = replace(drawn(("tanh",)), mixtures=(np.ones(6),))
    plain = replace(net, mixtures=())
    np.testing.assert_array_equal(net.outputs(X * 1e20), plain.outputs(X * 1e20))


def test_files_hold_them_and_older_ones_stay_as_they_were(tmp_path: Path) -> None:
    nets = [drawn(seed=0), replace(drawn(seed=1), mixtures=()), drawn(("gelu",), seed=2)]
    save_model(tmp_path / "mixed.safetensors", nets)
    loaded = load_model(tmp_path / "mixed.safetensors")
    for one, other in zip(loaded.nets, nets, strict=True):
        assert len(one.mixtures) == len(other.mixtures)
        assert all(map(np.array_equal, one.mixtures, other.mixtures))
        np.testing.assert_array_equal(one.predict_proba(X), other.predict_proba(X))
    assert model_print(loaded.nets) == model_print(nets)
    assert model_print(nets[:1]) != model_print([replace(nets[0], mixtures=())])
    facts = describe_model(tmp_path / "mixed.safetensors")
    assert facts.format == 6
    assert facts.nets[0].parameters == facts.nets[1].parameters + 6 + 5
    save_model(tmp_path / "plain.safetensors", nets[1:2])
    assert describe_model(tmp_path / "plain.safetensors").format == 2
    for mixtures, rule in (
        ((np.ones(6),), "one number for each hidden unit"),
        ((np.ones(6), np.full(5, np.nan)), "be fi"),
    ):
        with pytest.raises(InputError, match=rule):
            replace(nets[0], mixtures=mixtures)


@pytest.mark.parametrize("activations", [("relu", "prelu"), ("mish", "identity")])
def test_exports_predict_alike(activations: tuple[str, ...], tmp_path: Path) -> None:
    model = Model((drawn(activations), replace(drawn(activations, seed=1), mixtures=()), drawn(("selu",), seed=2)))
    expected = model.predict_proba(X)
    for kind in ("onnx", "torch", "numpy"):
        assert model.export(kind, tmp_path / f"{kind}_net", rows=X).difference <= 1e-5
    session = onnxruntime.InferenceSession(tmp_path / "onnx_net.onnx", providers=["CPUExecutionProvider"])
    np.testing.assert_allclose(session.run(["probabilities"], {"x": X})[0], expected, atol=1e-5)
    for kind in ("torch", "numpy"):
        spec = importlib.util.spec_from_file_location(f"{kind}_net", tmp_path / f"{kind}_net.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        np.testing.assert_allclose(module.predict_proba(X), expected, atol=1e-5)
    with pytest.raises(InputError, match="cannot hold mixtures of activations"):
        model.export("sklearn", tmp_path / "net", rows=X)


def test_a_run_keeps_them_and_goes_on_with_them(tmp_path: Path) -> None:
    parts = gf.data.split(gf.data.load("moons", n_train=120, n_test=4))
    run = gf.train(SHALLOW, parts, seeds=2, out=tmp_path / "run")
    x, y = parts.x("valid"), parts.y("valid")
    for number, net in enumerate(run.nets):
        assert np.abs(net.mixtures[0] - 1).max() > 1e-3
        best = int(run.history.best_epoch[number]) - 1
        loss = -np.log(net.predict_proba(x)[np.arange(len(y)), y]).mean()
        assert loss == pytest.approx(run.history["valid_loss"][best, number], abs=1e-5)
    again = gf.runs.load(tmp_path / "run")
    np.testing.assert_array_equal(again.model.predict_proba(x), run.model.predict_proba(x))
    assert sum(row.parameters for row in run.layers) == run.nets[0].n_parameters
    model = load_model(tmp_path / "run")
    still = gf.train(None, parts, start=model, seeds=2, leaks="off")
    assert still.recipe.train_mixture
    rested = gf.train(SHALLOW.replace(mixture_rate=0.0, epochs=1, learning_rate=1e-9), parts, start=model, leaks="off")
    np.testing.assert_array_equal(rested.nets[0].mixtures[0], run.nets[0].mixtures[0])
    with pytest.raises(InputError, match="'train_mixture' must be on: the start has mixtures"):
        gf.train(gf.Recipe(hidden=(8,), train_mixture=False), parts, start=model, leaks="off")
    begun = initial_net(run.recipe, run.nets[0], parts)
    assert begun is not None
    assert (begun.mixtures[0] == 1).all()


@pytest.mark.parametrize("activations", [("relu", "tanh"), ("gelu", "prelu")])
def test_inspection_has_them_in_its_gradients(activations: tuple[str, ...]) -> None:
    net = drawn(activations)
    subject = subject_of(net, X, np.random.default_rng(1).integers(0, 3, 50))
    if "prelu" in activations:
        checked = check_gradient(subject, rows=16)
        assert [each.name for each in checked][-2:] == ["mixture1", "mixture2"]
        assert all(each.right for each in checked)
    passes, hand = run_passes(subject), gradient_by_hand(subject)
    for one, other in zip(passes.weight_gradients, hand.weights, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-9)
    with exact():
        assert len(jax.tree.leaves(parameters_of(net).mixtures)) == 2
    share, z = net.mixtures[0].astype(float)[:, None], passes.z[0]
    if activations[0] == "relu":
        np.testing.assert_allclose(passes.slopes_z[0], share * (z > 0) + 1 - share, atol=1e-12)
        assert saturated_in(net, 0, passes) == 0.0


def test_a_layer_that_does_nothing_is_folded_and_the_others_keep_theirs() -> None:
    net = drawn(("relu", "identity", "tanh"))
    folded = fold(net)
    assert [len(each) for each in folded.mixtures] == [6, 4]
    np.testing.assert_allclose(folded.outputs(X, np.float64), by_hand(net), rtol=1e-4, atol=1e-5)
