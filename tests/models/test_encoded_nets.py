"""Nets with encoded inputs: what they predict, alone, together and on a device, and their files."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from model_help import NETS, content, net, packed, refused

from goodfit.data.encoding import PiecewiseEncoding
from goodfit.errors import InputError
from goodfit.inspection import subject_of
from goodfit.inspection.passes import run_passes
from goodfit.interop.export import export
from goodfit.models.model_file import Model, load_model, save_model
from goodfit.models.on_device import outputs_on_device
from goodfit.models.stacked import stacked_outputs
from goodfit.runs.model_facts import describe_model
from goodfit.runs.opening import model_print
from goodfit.training import tensor_file

EDGES = np.array([[-2, -0.5, -0.5, 1], [0, 0.25, 1, 1]], np.float32)
CODE = PiecewiseEncoding(np.array([1, 3]), EDGES)
WIDE = net((10, 5, 2), ("tanh",), 3)
FIELDS: dict[str, Any] = {name: getattr(WIDE, name)[:4] for name in ("shift", "scale", "bend")}
ENCODED = replace(WIDE, encoding=CODE, **FIELDS)
OTHER = replace(ENCODED, encoding=replace(CODE, edges=EDGES + np.float32(0.5)))
X = np.random.default_rng(0).normal(size=(50, 4)).astype(np.float32)


def by_hand(x: np.ndarray) -> np.ndarray:
    """The outputs, bin by bin."""
    z = (x.astype(np.float64) - ENCODED.shift) * ENCODED.scale
    columns = [z]
    for column, edges in zip((1, 3), EDGES.astype(np.float64), strict=True):
        for low, high in itertools.pairwise(edges):
            inside = (z[:, column] - low) / (high - low) if high > low else np.zeros(len(z))
            columns.append(np.clip(inside, 0, 1)[:, None])
    hidden = np.tanh(np.hstack(columns) @ ENCODED.weights[0].T + ENCODED.biases[0])
    return np.asarray(hidden @ ENCODED.weights[1].T + ENCODED.biases[1])


def test_a_net_knows_its_encoding() -> None:
    assert (ENCODED.sizes, ENCODED.n_inputs, ENCODED.first_inputs, ENCODED.n_parameters) == ((4, 5, 2), 4, 10, 67)
    np.testing.assert_allclose(ENCODED.outputs(X, np.float64), by_hand(X), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(ENCODED.outputs(X), by_hand(X), rtol=1e-4, atol=1e-4)


def test_nets_together_and_on_a_device_give_the_same() -> None:
    nets = [ENCODED, replace(ENCODED, biases=WIDE.biases[::1]), OTHER, NETS[0]]
    for place, found in stacked_outputs(nets, X):
        np.testing.assert_allclose(found, nets[place].outputs(X), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(outputs_on_device(nets[:2], X)[1], by_hand(X), rtol=1e-3, atol=1e-4)


def test_an_inspection_sees_what_the_first_layer_sees() -> None:
    subject = subject_of(ENCODED, X, np.zeros(50, np.int32))
    assert subject.x.shape == (50, 10)
    np.testing.assert_allclose(run_passes(subject).z[-1].T, by_hand(X), rtol=1e-6, atol=1e-6)


def test_files_keep_the_encoding(tmp_path: Path) -> None:
    """Only files with one are of format 4: without, they are as they were, and older versions can read them."""
    path = tmp_path / "model.safetensors"
    plain = net((4, 3, 2), ("prelu",), 4)
    save_model(path, [ENCODED, plain])
    file = tensor_file.read(path, kind="model", version=4)
    assert [name for name in file.arrays if "edges" in name] == ["nets.0.input.edges"]
    one, other = load_model(path).nets
    assert one.encoding is not None
    np.testing.assert_array_equal(one.encoding.columns, CODE.columns)
    np.testing.assert_array_equal(one.encoding.edges, CODE.edges)
    assert other.encoding is None
    np.testing.assert_array_equal(one.outputs(X), ENCODED.outputs(X))
    moved = replace(ENCODED, encoding=replace(CODE, columns=np.array([0, 3])))
    assert len({model_print([each]) for each in (one, other, OTHER, moved)}) == 4
    assert model_print([one]) == model_print([ENCODED])
    facts = describe_model(path)
    assert (facts.format, facts.inputs, facts.encoded, facts.bins) == (4, 4, 2, 3)
    save_model(path, [plain])
    assert tensor_file.read(path, kind="model", version=2).version == 2


@pytest.mark.parametrize(
    ("columns", "edges", "message"),
    [
        ([1, 3], EDGES[:, ::-1], r"the edges of an encoded column must not fall, lie within"),
        ([1, 3], EDGES * np.float32(1e16), r"must not fall, lie within ±1e\+15"),
        ([1, 3], EDGES * np.float32(np.nan), r"must not fall, lie within"),
        ([1, 3], EDGES * np.float32(1e-36), r"be equal or at least 1e-30 apart"),
        ([3, 1], EDGES, r"the encoded columns must be rising numbers below 4; got \[3, 1\]"),
        ([1, 4], EDGES, r"must be rising numbers below 4; got \[1, 4\]"),
        ([1], EDGES, r"must have two edges or more for each of its columns"),
        ([1, 3], EDGES[:, :1], r"must have two edges or more for each of its columns"),
        ([1, 3], EDGES[0], r"must have two edges or more for each of its columns"),
        ([1, 3], np.tile(EDGES, (1, 5)), r"must see more than the 38 components of encoded inputs; got 10"),
    ],
)
def test_an_encoding_that_a_file_cannot_mean_is_refused(
    columns: list[int], edges: np.ndarray, message: str, tmp_path: Path
) -> None:
    tensors, metadata = content((ENCODED,))
    metadata["nets"][0]["encoded"] = columns
    tensors["nets.0.input.edges"] = np.ascontiguousarray(edges)
    error = refused(tmp_path / "model.safetensors", packed(tensors, metadata))
    assert re.search(message, str(error))
    with pytest.raises(InputError, match=message):
        replace(ENCODED, encoding=PiecewiseEncoding(np.asarray(columns), edges))


@pytest.mark.parametrize("columns", [[], ["1", "3"], [-1, 3], [1.0, 3.0], [True, 3], [1, 2**31], "13", {"1": 3}])
def test_an_entry_that_names_no_columns_is_refused(columns: Any, tmp_path: Path) -> None:
    tensors, metadata = content((ENCODED,))
    metadata["nets"][0]["encoded"] = columns
    error = refused(tmp_path / "model.safetensors", packed(tensors, metadata))
    assert "where inputs are encoded, 'encoded', a list of their numbers" in str(error)


def test_an_encoding_is_of_the_format_that_has_it(tmp_path: Path) -> None:
    tensors, metadata = content((ENCODED,))
    metadata["nets"][0]["encoded"] = [1, 3]
    error = refused(tmp_path / "model.safetensors", packed(tensors, metadata, version=3))
    assert "'encoded' is for files of format 4 or later; got 3" in str(error)
    del metadata["nets"][0]["encoded"]
    error = refused(tmp_path / "model.safetensors", packed(tensors, metadata))
    assert "must hold the float32 tensors of its nets and no others" in str(error)


def test_scikit_learn_has_no_place_for_bins(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"Export to sklearn: cannot hold the bins of encoded features.*--encoding none"
    ):
        export(Model((ENCODED,)), "sklearn", tmp_path / "net")
    assert not list(tmp_path.iterdir())
