from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from goodfit import __version__
from goodfit.errors import InputError
from goodfit.runs import model_file
from goodfit.runs.model_file import load_model, save_model
from goodfit.runs.trained_net import TrainedNet
from goodfit.training import tensor_file

ABOUT = {"recipe": {"hidden": [3], "seed": 4}}


def net(sizes: tuple[int, ...], activations: tuple[str, ...], seed: int = 0, **fields: Any) -> TrainedNet:
    rng = np.random.default_rng(seed)
    shapes = list(zip(sizes[1:], sizes[:-1], strict=True))
    return TrainedNet(
        weights=tuple(rng.normal(size=shape) for shape in shapes),
        biases=tuple(rng.normal(size=out) for out, _ in shapes),
        activations=activations,
        slopes=tuple(0.2 if name == "prelu" else None for name in activations),
        shift=rng.normal(size=sizes[0]),
        scale=rng.uniform(1, 2, size=sizes[0]),
        seed=seed,
        **({"task": "classification", "classes": ("a", "é")} | fields),
    )


NETS = (net((4, 3, 2), ("prelu",), 4), net((4, 5, 6, 2), ("relu", "tanh"), 5), net((4, 2), (), 6))


def same(one: TrainedNet, other: TrainedNet) -> None:
    for name in ("activations", "task", "classes", "seed"):
        assert getattr(one, name) == getattr(other, name)
    for name in ("weights", "biases"):
        for mine, theirs in zip(getattr(one, name), getattr(other, name), strict=True):
            np.testing.assert_array_equal(mine, theirs)
    for name in ("shift", "scale", "target_shift", "target_scale"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    np.testing.assert_allclose([slope or 0 for slope in one.slopes], [slope or 0 for slope in other.slopes])


def test_nets_of_different_layers_come_back(tmp_path: Path) -> None:
    path = tmp_path / "run" / "model.safetensors"
    save_model(path, NETS, ABOUT)
    model = load_model(path)
    assert (model.version, model.about, len(model.nets)) == (__version__, ABOUT, 3)
    x = np.random.default_rng(0).normal(size=(7, 4))
    for before, after in zip(NETS, model.nets, strict=True):
        same(before, after)
        np.testing.assert_allclose(before.predict_proba(x), after.predict_proba(x), rtol=1e-6)


def test_regression_keeps_its_target_scaling(tmp_path: Path) -> None:
    before = net((2, 3), (), task="regression", classes=(), target_shift=[1, 2, 3], target_scale=[4, 5, 6])
    save_model(tmp_path / "model.safetensors", [before])
    same(before, load_model(tmp_path / "model.safetensors").nets[0])


def test_other_programs_find_the_tensors_under_the_documented_names(tmp_path: Path) -> None:
    from safetensors.numpy import load_file

    save_model(tmp_path / "model.safetensors", NETS[:1])
    tensors = load_file(tmp_path / "model.safetensors")
    assert {name: array.shape for name, array in tensors.items()} == {
        "nets.0.layers.0.weight": (3, 4),
        "nets.0.layers.0.bias": (3,),
        "nets.0.layers.0.slope": (1,),
        "nets.0.layers.1.weight": (2, 3),
        "nets.0.layers.1.bias": (2,),
        "nets.0.input.shift": (4,),
        "nets.0.input.scale": (4,),
        "nets.0.target.shift": (2,),
        "nets.0.target.scale": (2,),
    }


@pytest.mark.parametrize("nets", [(), (NETS[0], net((4, 2), (), classes=("a", "b")))])
def test_nets_of_different_meaning_or_none_are_refused(tmp_path: Path, nets: tuple[TrainedNet, ...]) -> None:
    with pytest.raises(InputError, match="at least one net, and all of one task and with the same classes"):
        save_model(tmp_path / "model.safetensors", nets)
    assert not list(tmp_path.iterdir())


def content(nets: tuple[TrainedNet, ...] = NETS[:1]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The tensors and the metadata of a sound file, to be made unsound."""
    described = [{"activations": list(each.activations), "seed": each.seed} for each in nets]
    metadata = {"goodfit": "0", "task": "classification", "classes": ["a", "b"], "nets": described, "about": {}}
    tensors = {f"nets.{i}.{k}": v for i, each in enumerate(nets) for k, v in model_file._tensors(each).items()}
    return tensors, metadata


def refused(path: Path, tensors: dict[str, Any], metadata: dict[str, Any], version: int = 1) -> InputError:
    """The error on loading a whole file with this content."""
    path.write_bytes(tensor_file.pack(tensors, metadata, kind="model", version=version))
    with pytest.raises(InputError, match=r"model\.safetensors: ") as caught:
        load_model(path)
    return caught.value


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        ("layers.0.weight", np.zeros((3, 5), np.float32), "net 0 of 1: Net: 'shift' must be 5 finite numbers"),
        ("layers.1.weight", np.zeros((2, 4), np.float32), "net 0 of 1: Net: layer 1 must fit the layer before it"),
        ("layers.0.weight", np.full((3, 4), np.nan, np.float32), "every weight of layer 0 must be finite"),
        ("layers.1.bias", np.full(2, np.inf, np.float32), "every bias of layer 1 must be finite"),
        ("layers.0.weight", np.zeros((3, 4), np.float64), "must hold the float32 tensors of its nets and no others"),
        ("layers.0.slope", np.zeros(3, np.float32), "a slope must be one number"),
        ("layers.0.slope", np.full(1, np.nan, np.float32), "must have a finite slope"),
        ("layers.7.weight", np.zeros((3, 4), np.float32), "and no others; got ['nets.0.layers.7.weight']"),
        ("layers.1.bias", None, "and no others; got ['nets.0.layers.1.bias']"),
        ("target.scale", np.zeros(2, np.float32), "'target_scale' must be > 0 everywhere"),
    ],
)
def test_tensors_that_do_not_fit_are_refused(tmp_path: Path, name: str, array: Any, message: str) -> None:
    tensors, metadata = content()
    tensors[f"nets.0.{name}"] = array
    error = refused(tmp_path / "model.safetensors", {k: v for k, v in tensors.items() if v is not None}, metadata)
    assert message in str(error)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"task": "clustering"}, "'task' must be a known one; got 'clustering'"),
        ({"task": ["classification"]}, "'task' must be a known one"),
        ({"classes": ["a"]}, "'classes' must name the 2 classes"),
        ({"classes": 3}, "must describe its nets, task and classes"),
        ({"nets": [{}]}, "must describe its nets, task and classes"),
        ({"nets": []}, "must hold the float32 tensors of its nets and no others"),
        ({"nets": [{"activations": ["relu"], "seed": 0}]}, "got ['nets.0.layers.0.slope']"),
        ({"nets": [{"activations": ["rleu"], "seed": "x"}]}, "must describe its nets, task and classes"),
    ],
)
def test_metadata_that_make_no_sense_are_refused(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    tensors, metadata = content()
    assert message in str(refused(tmp_path / "model.safetensors", tensors, metadata | changes))


def test_every_net_that_is_wrong_is_named(tmp_path: Path) -> None:
    tensors, metadata = content((NETS[0], NETS[1], NETS[2]))
    for name in ("nets.0.layers.0.bias", "nets.2.layers.0.bias"):
        tensors[name] = np.full_like(tensors[name], np.nan)
    error = refused(tmp_path / "model.safetensors", tensors, metadata)
    assert [text.split(": Net")[0].split("safetensors: ")[1] for text in error.problems] == ["net 0 of 3", "net 2 of 3"]


def test_another_format_is_refused(tmp_path: Path) -> None:
    assert "must be a model file of format 1; got '2'" in str(refused(tmp_path / "model.safetensors", *content(), 2))


def test_a_pickle_is_not_opened(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (tmp_path / "sprung",))

    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        (tmp_path / "model.safetensors").write_bytes(pickle.dumps(Trap(), protocol))
        with pytest.raises(InputError, match="must be a whole model file"):
            load_model(tmp_path / "model.safetensors")
    assert not (tmp_path / "sprung").exists()


def test_truncated_anywhere_it_is_an_input_error(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    save_model(path, NETS, ABOUT)
    whole = path.read_bytes()
    for cut in range(0, len(whole), 11):
        path.write_bytes(whole[:cut])
        with pytest.raises(InputError, match="is cut off or its bytes have changed"):
            load_model(path)


def test_with_any_bit_flipped_it_is_an_input_error(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    save_model(path, NETS, ABOUT)
    whole = path.read_bytes()
    header = 8 + int.from_bytes(whole[:8], "little")
    places = [*range(header), *range(header, len(whole), 29)]
    rng = np.random.default_rng(0)
    for place, bit in zip(places, rng.integers(0, 8, len(places)).tolist(), strict=True):
        changed = bytearray(whole)
        changed[place] ^= 1 << bit
        with pytest.raises(InputError, match="must be a"):
            tensor_file.unpack(bytes(changed), where="file", kind="model", version=1)


@pytest.mark.parametrize("header", [b"[" * 100_000, b'{"__metadata__":{"kind":3}}', b"{}", b"\xff\xfe", b"null"])
def test_a_header_that_is_no_header_is_an_input_error(tmp_path: Path, header: bytes) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header)
    with pytest.raises(InputError, match=r"model\.safetensors: must be a (whole )?model file"):
        load_model(path)


def test_a_type_that_numpy_lacks_is_an_input_error(tmp_path: Path) -> None:
    header = json.dumps({"w": {"dtype": "BF16", "shape": [1], "data_offsets": [0, 2]}}).encode()
    header += b" " * (-len(header) % 8)
    (tmp_path / "model.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + b"\0\0")
    with pytest.raises(InputError, match="must be a whole model file"):
        load_model(tmp_path / "model.safetensors")


def test_a_thousand_nets_fit_the_longest_header_ten_times(tmp_path: Path) -> None:
    save_model(tmp_path / "model.safetensors", [net((2, 1, 1, 1, 1, 2), ("relu",) * 4)] * 1000)
    start = (tmp_path / "model.safetensors").read_bytes()[:8]
    assert int.from_bytes(start, "little") < tensor_file.HEADER_BYTES / 10
