"""Nets with periodic encodings: what they predict, alone, together and on a device, and their files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from model_help import NETS, content, net, packed, refused

from goodfit.cli.model_tables import print_model
from goodfit.data.periodic import PeriodicEncoding
from goodfit.errors import InputError
from goodfit.inspection import subject_of
from goodfit.inspection.passes import run_passes
from goodfit.interop.export import export
from goodfit.models.model_file import Model, load_model, save_model
from goodfit.models.on_device import outputs_on_device
from goodfit.models.stacked import stacked_outputs
from goodfit.runs.model_facts import describe_model
from goodfit.runs.opening import model_print

RNG = np.random.default_rng(2)
W, P, A, C = (RNG.normal(size=shape).astype(np.float32) for shape in ((2, 5), (2, 5), (2, 3, 5), (2, 3)))
CODE = PeriodicEncoding(np.array([1, 3]), W, P, A, C)
WIDE = net((10, 5, 2), ("tanh",), 3)
FIELDS: dict[str, Any] = {name: getattr(WIDE, name)[:4] for name in ("shift", "scale", "bend")}
ENCODED = replace(WIDE, encoding=CODE, **FIELDS)
OTHER = replace(ENCODED, encoding=replace(CODE, phases=P + np.float32(0.5)))
X = RNG.normal(size=(50, 4)).astype(np.float32)


def by_hand(x: np.ndarray) -> np.ndarray:
    """The outputs, cosine by cosine."""
    z = (x.astype(np.float64) - ENCODED.shift) * ENCODED.scale
    columns = [z]
    for place, column in enumerate((1, 3)):
        for o in range(3):
            turns = [2 * np.pi * z[:, column] * W[place, f] + P[place, f] for f in range(5)]
            columns.append((sum(A[place, o, f] * np.cos(t) for f, t in enumerate(turns)) + C[place, o])[:, None])
    hidden = np.tanh(np.hstack(columns) @ ENCODED.weights[0].T + ENCODED.biases[0])
    return np.asarray(hidden @ ENCODED.weights[1].T + ENCODED.biases[1])


def test_alone_together_on_a_device_and_inspected() -> None:
    assert (ENCODED.n_inputs, ENCODED.first_inputs, ENCODED.n_parameters) == (4, 10, 67 + 2 * (5 + 5 + 15 + 3))
    np.testing.assert_allclose(ENCODED.outputs(X, np.float64), by_hand(X), rtol=1e-9, atol=1e-9)
    nets = [ENCODED, replace(ENCODED, biases=tuple(b + np.float32(0.5) for b in ENCODED.biases)), OTHER, NETS[0]]
    for place, found in stacked_outputs(nets, X):
        np.testing.assert_allclose(found, nets[place].outputs(X), rtol=1e-4, atol=1e-4)
    for found, own in zip(outputs_on_device(nets[:2], X), (by_hand(X), nets[1].outputs(X, np.float64)), strict=True):
        np.testing.assert_allclose(found, own, rtol=1e-3, atol=1e-4)
    subject = subject_of(ENCODED, X, np.zeros(50, np.int32))
    np.testing.assert_allclose(run_passes(subject).z[-1].T, by_hand(X), rtol=1e-6, atol=1e-6)


def test_files_keep_the_encoding(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "model.safetensors"
    save_model(path, [ENCODED, OTHER])
    (one, other), facts = load_model(path).nets, describe_model(path)
    for kept, own in ((one, ENCODED), (other, OTHER)):
        np.testing.assert_array_equal(kept.outputs(X), own.outputs(X))
        assert model_print([kept]) == model_print([own])
    assert model_print([one]) != model_print([other])
    assert (facts.format, facts.inputs, facts.encoded, facts.bins, facts.frequencies) == (7, 4, 2, 0, 5)
    print_model(facts)
    assert "periodic: 2 features, 3 components of 5 trained frequencies each" in capsys.readouterr().out
    with pytest.raises(InputError, match=r"cannot hold the frequencies of encoded features.*--encoding none"):
        export(Model((ENCODED,)), "sklearn", tmp_path / "net")


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        (
            "phases",
            P[:, :4],
            r"must have frequencies, phases, weights and offsets for each of its columns; got 'columns (2,)",
        ),
        ("waves.weight", A * np.float32(np.inf), r"every number of the encoding must be finite"),
        ("waves.bias", C[:1], r"must have frequencies, phases, weights and offsets"),
    ],
)
def test_an_encoding_that_a_file_cannot_mean_is_refused(
    name: str, array: np.ndarray, message: str, tmp_path: Path
) -> None:
    tensors, metadata = content((ENCODED,))
    metadata["nets"][0] |= {"encoded": [1, 3], "periodic": True}
    tensors[f"nets.0.input.{name}"] = np.ascontiguousarray(array)
    assert message in str(refused(tmp_path / "model.safetensors", packed(tensors, metadata, version=7)))


def test_an_encoding_is_of_the_format_that_has_it(tmp_path: Path) -> None:
    tensors, metadata = content((ENCODED,))
    metadata["nets"][0] |= {"encoded": [1, 3], "periodic": True}
    error = refused(tmp_path / "model.safetensors", packed(tensors, metadata, version=6))
    assert "'periodic' is for files of format 7 or later; got 6" in str(error)
    del metadata["nets"][0]["encoded"]
    error = refused(tmp_path / "model.safetensors", packed(tensors, metadata, version=7))
    assert "where the encoding is periodic, 'periodic', true" in str(error)
    with pytest.raises(InputError, match="the encoded columns must be rising numbers below 4"):
        replace(ENCODED, encoding=replace(CODE, columns=np.array([3, 1])))
