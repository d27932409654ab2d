from __future__ import annotations

import json
import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from model_help import ABOUT, DATA, LABELS, NETS, content, net, packed, refused

import goodfit as gf
from goodfit import __version__
from goodfit.data.tables.preprocessing import Preprocessing
from goodfit.errors import InputError
from goodfit.models.model_file import load_model, save_model
from goodfit.models.trained_net import TrainedNet
from goodfit.training import tensor_file


def same(one: TrainedNet, other: TrainedNet) -> None:
    for name in ("activations", "task", "classes", "seed", "link"):
        assert getattr(one, name) == getattr(other, name)
    for name in ("weights", "biases"):
        for mine, theirs in zip(getattr(one, name), getattr(other, name), strict=True):
            np.testing.assert_array_equal(mine, theirs)
    for name in ("shift", "scale", "bend", "target_shift", "target_scale"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    assert one.slopes == other.slopes


def test_nets_of_different_layers_come_back(tmp_path: Path) -> None:
    path = tmp_path / "run" / "model.safetensors"
    save_model(path, NETS, ABOUT, data=DATA)
    model = load_model(path)
    assert (model.version, model.about, len(model.nets)) == (__version__, ABOUT, 3)
    assert (model.data, model.preprocessing) == (DATA, None)
    for before, after in zip(NETS, model.nets, strict=True):
        same(before, after)
    assert repr(model) == "Model(3 nets, TrainedNet(4-3-2, prelu, classification, seed 4))"
    model.save(tmp_path / "again.safetensors")
    assert (tmp_path / "again.safetensors").read_bytes() == path.read_bytes()


def test_regression_keeps_its_target_scaling(tmp_path: Path) -> None:
    before = net((2, 3), (), task="regression", classes=(), target_shift=[1, 2, 3], target_scale=[4, 5, 6])
    save_model(tmp_path / "model.safetensors", [before])
    same(before, load_model(tmp_path / "model.safetensors").nets[0])


def test_nets_keep_the_clip_of_their_inputs(tmp_path: Path) -> None:
    """By hand: z / sqrt(1 + (z * bend)^2) where bend is not 0; a file of nets without has no tensor for it."""
    bend = np.array([0, 1 / 3, 2, 1 / 3], np.float32)
    nets = (net((4, 2), (), 6, bend=bend), net((4, 2), (), 6))
    save_model(tmp_path / "model.safetensors", nets)
    tensors = tensor_file.read(tmp_path / "model.safetensors", kind="model", version=2, oldest=1).arrays
    assert [name for name in tensors if name.endswith("bend")] == ["nets.0.input.bend"]
    clipped, plain = load_model(tmp_path / "model.safetensors").nets
    same(nets[0], clipped)
    same(nets[1], plain)
    x = np.array([[1.0, -2, 3, 1e30], [0, 0, 1e-3, -1e38]])
    z = (x - clipped.shift) * clipped.scale
    by_hand = z / np.sqrt(1 + (z * bend) ** 2) @ clipped.weights[0].T + clipped.biases[0]
    np.testing.assert_allclose(clipped.outputs(x), by_hand, rtol=1e-5)
    np.testing.assert_allclose(clipped.outputs(x, np.float64), by_hand, rtol=1e-12)


def test_a_file_from_before_moments_frequent_ones_and_clips_predicts_the_same_bits() -> None:
    """The file and the numbers come from the code before these were in the format."""
    model = load_model(Path(__file__).parent / "format_2.safetensors")
    columns = {
        "size": [1.0, 2.5, None, 4.0, -3.0, 1e6],
        "kind": ["a", "b", "b", None, "c", "a"],
        "sold": ["yes", "no", "yes", "yes", None, "no"],
        "on": ["2024-01-31", "2024-02-29 17:42", "2023-12-01", None, "2020-07-07", "1969-01-01"],
        "town": [f"town {i}" for i in range(6)],
    }
    expected = "543c3542e1433342ce618a42c22e3642242b5042a5d8f641"  # float32: 45.30891, 44.81629, 69.19102, ...
    assert model.predict(columns).astype("<f4").tobytes().hex() == expected


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


@pytest.mark.parametrize(
    "nets", [(), (NETS[0], net((4, 2), classes=("a", "b"))), (NETS[0], net((5, 2))), (NETS[0], LABELS)]
)
def test_nets_of_different_meaning_or_none_are_refused(tmp_path: Path, nets: tuple[TrainedNet, ...]) -> None:
    with pytest.raises(InputError, match="at least one net, and all of one task and with the same classes, inputs"):
        save_model(tmp_path / "model.safetensors", nets)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("about", "message"),
    [
        ({"loss": float("nan")}, "'about' and the rest must be JSON: Out of range float"),
        ({"path": Path("x")}, "'about' and the rest must be JSON: Object of type PosixPath is not JSON"),
        ({"text": "\ud800"}, "'about' and the rest must be JSON: 'utf-8' codec"),
        ({"deep": json.loads("[" * 70 + "]" * 70)}, "'about' and the rest must be JSON: more than 64 levels"),
    ],
)
def test_what_could_not_be_read_back_is_not_written(tmp_path: Path, about: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        save_model(tmp_path / "model.safetensors", NETS, about)
    with pytest.raises(InputError, match="'data' must be null, or 'name' and 'fingerprint', which are texts"):
        save_model(tmp_path / "model.safetensors", NETS, data={"name": "mine"})
    with pytest.raises(InputError, match="'seed', an integer >= 0"):
        save_model(tmp_path / "model.safetensors", [net((4, 2), seed=0), replace(NETS[2], seed=-1)])
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        ("layers.0.weight", np.zeros((3, 5), np.float32), "net 0 of 1: Net: 'shift' must be 5 finite numbers"),
        ("layers.1.weight", np.zeros((2, 4), np.float32), "net 0 of 1: Net: layer 1 must fit the layer before it"),
        ("layers.0.weight", np.zeros((0, 4), np.float32), "net 0 of 1: Net: layer 0 must fit the layer before it"),
        ("layers.0.weight", np.full((3, 4), np.nan, np.float32), "every weight of layer 0 must be finite"),
        ("layers.1.bias", np.full(2, np.inf, np.float32), "every bias of layer 1 must be finite"),
        ("layers.0.weight", np.zeros((3, 4), np.float64), "of its nets and no others; got ['float32', 'float64']"),
        ("layers.0.slope", np.zeros(3, np.float32), "a slope must be one number"),
        ("layers.0.slope", np.full(1, np.nan, np.float32), "must have a finite slope"),
        ("layers.7.weight", np.zeros((3, 4), np.float32), "and no others; got ['nets.0.layers.7.weight']"),
        ("layers.1.bias", None, "and no others; got ['nets.0.layers.1.bias']"),
        ("input.shift", np.full(4, np.inf, np.float32), "'shift' must be 4 finite numbers"),
        ("target.scale", np.zeros(2, np.float32), "'target_scale' must be > 0 everywhere"),
    ],
)
def test_tensors_that_do_not_fit_are_refused(tmp_path: Path, name: str, array: Any, message: str) -> None:
    tensors, metadata = content()
    tensors[f"nets.0.{name}"] = array
    error = refused(
        tmp_path / "model.safetensors", packed({k: v for k, v in tensors.items() if v is not None}, metadata)
    )
    assert message in str(error)


NET = (
    "a list of at least one net, each with 'activations', a list of names, and 'seed', an integer >= 0 (and, where "
    "targets were transformed, 'target_transform', a list of names, and, where inputs are encoded, 'encoded', a list "
    "of their numbers, and, where it counts more than once, 'count', an integer >= 1, and, where several targets have "
    "names, 'targets', a list of them, and, where it gives quantiles, 'levels', a list of numbers, and, where "
    "activations are mixed, 'mixed', true, and, where the encoding is periodic, 'periodic', true)"
)
PREPROCESSED = Preprocessing.fit({"a": [1.0, 2.0, 3.0]}, {"a": "numeric"}).to_json()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"task": "clustering"}, "'task' must be one of classification, multilabel, regression; got 'clustering'"),
        ({"task": ["classification"]}, "'task' must be one of classification, multilabel, regression; got ['class"),
        ({"link": "logit"}, "'link' must be one of identity, exp; got 'logit'"),
        ({"link": "exp"}, "'link' exp is for regression on unscaled targets; got 'classification'"),
        ({"link": None}, "'link' must be one of identity, exp; got None"),
        ({"classes": ["a"]}, "'classes' must name the 2 classes"),
        ({"classes": 3}, "'classes' must be a list of texts; got 3"),
        ({"classes": ["a", 3]}, "'classes' must be a list of texts; got ['a', 3]"),
        ({"classes": "ab"}, "'classes' must be a list of texts; got 'ab'"),
        ({"nets": [{}]}, f"'nets' must be {NET}; got [{{}}]"),
        ({"nets": []}, f"'nets' must be {NET}; got []"),
        ({"nets": {"activations": ["prelu"], "seed": 0}}, f"'nets' must be {NET}; got {{"),
        ({"nets": [{"activations": ["relu"], "seed": 0}]}, "got ['nets.0.layers.0.slope']"),
        ({"nets": [{"activations": ["rleu"], "seed": 0}]}, "got ['nets.0.layers.0.slope']"),
        ({"nets": [{"activations": ["prelu"], "seed": "x"}]}, f"'nets' must be {NET}; got [{{"),
        ({"nets": [{"activations": ["prelu"], "seed": 0.5}]}, f"'nets' must be {NET}; got [{{"),
        ({"nets": [{"activations": ["prelu"], "seed": True}]}, f"'nets' must be {NET}; got [{{"),
        ({"nets": [{"activations": ["prelu"], "seed": -1}]}, f"'nets' must be {NET}; got [{{"),
        ({"nets": [{"activations": "prelu", "seed": 0}]}, f"'nets' must be {NET}; got [{{"),
        ({"nets": [{"activations": ["prelu"], "seed": 0, "code": "import os"}]}, f"'nets' must be {NET}; got [{{"),
        ({"nets": [{"activations": ["prelu"], "seed": 0, "count": 0}]}, f"'nets' must be {NET}; got [{{"),
        ({"nets": [{"activations": ["prelu"], "seed": 0, "count": True}]}, f"'nets' must be {NET}; got [{{"),
        ({"nets": [{"activations": ["prelu"], "seed": 0, "target_transform": []}]}, f"'nets' must be {NET}; got [{{"),
        (
            {"nets": [{"activations": ["prelu"], "seed": 0, "target_transform": "log"}]},
            f"'nets' must be {NET}; got [{{",
        ),
        ({"nets": [{"activations": ["prelu"], "seed": 0, "mixed": 1}]}, f"'nets' must be {NET}; got [{{"),
        ({"goodfit": 1}, "'goodfit' must be the version of goodfit that wrote the file, a text; got 1"),
        ({"about": []}, "'about' must be an object; got []"),
        ({"data": {"name": "x", "rows": 3}}, "'data' must be null, or 'name' and 'fingerprint'"),
        ({"data": {"name": "x", "fingerprint": "y", "rows": -3}}, "'data' must be null, or 'name' and 'fingerprint'"),
        ({"preprocessing": 3}, "'preprocessing' must be an object or null; got 3"),
        ({"preprocessing": {}}, "'preprocessing' must be what goodfit writes"),
        ({"preprocessing": PREPROCESSED}, "'preprocessing' must make the 4 inputs of the nets; got 1"),
        (
            {"extra": 3},
            "metadata must have the entries goodfit, task, link, classes, nets, about, preprocessing, data and",
        ),
    ],
)
def test_metadata_that_make_no_sense_are_refused(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    tensors, metadata = content()
    assert message in str(refused(tmp_path / "model.safetensors", packed(tensors, metadata | changes)))


def test_an_unknown_activation_is_refused_with_the_nearest(tmp_path: Path) -> None:
    tensors, metadata = content((NETS[1],))
    metadata["nets"][0]["activations"] = ["relu", "thanh"]
    error = refused(tmp_path / "model.safetensors", packed(tensors, metadata))
    assert "net 0 of 1: Net: the activation of layer 1 must be a known one; got 'thanh'. Did you mean 'tanh'?" in str(
        error
    )


def test_metadata_that_lack_an_entry_or_are_no_object_are_refused(tmp_path: Path) -> None:
    tensors, metadata = content()
    for name in metadata:
        short = {key: value for key, value in metadata.items() if key != name}
        assert f"and no others; got ['{name}']" in str(refused(tmp_path / "model.safetensors", packed(tensors, short)))
    for other in ([], None, 3, "x"):
        error = refused(tmp_path / "model.safetensors", packed(tensors, other))
        assert "must be a model file; its metadata must be an object" in str(error)


def test_every_net_that_is_wrong_is_named(tmp_path: Path) -> None:
    tensors, metadata = content((NETS[0], NETS[1], NETS[2]))
    for name in ("nets.0.layers.0.bias", "nets.2.layers.0.bias"):
        tensors[name] = np.full_like(tensors[name], np.nan)
    error = refused(tmp_path / "model.safetensors", packed(tensors, metadata))
    assert [text.split(": Net")[0].split("safetensors: ")[1] for text in error.problems] == ["net 0 of 3", "net 2 of 3"]


def test_of_a_thousand_wrong_nets_some_are_named(tmp_path: Path) -> None:
    tensors, metadata = content((NETS[2],) * 1000)
    error = refused(tmp_path / "model.safetensors", packed(tensors, metadata | {"classes": ["a"]}))
    assert len(error.problems) == 21
    assert error.problems[-1].endswith("model.safetensors: 980 more problems with its nets.")


def test_nets_that_could_not_be_averaged_are_refused(tmp_path: Path) -> None:
    error = refused(tmp_path / "model.safetensors", packed(*content((NETS[0], net((5, 2))))))
    assert "all nets must have the same inputs and outputs; got [(4, 2), (5, 2)]" in str(error)


def test_files_of_format_1_are_read(tmp_path: Path) -> None:
    """As goodfit wrote them before there were links, preprocessing and data."""
    tensors, metadata = content()
    first = {name: metadata[name] for name in ("goodfit", "task", "classes", "nets", "about")}
    (tmp_path / "model.safetensors").write_bytes(packed(tensors, first, 1))
    model = load_model(tmp_path / "model.safetensors")
    same(NETS[0], model.nets[0])
    assert (model.data, model.preprocessing) == (None, None)


@pytest.mark.parametrize("version", [0, 9])
def test_another_format_is_refused(tmp_path: Path, version: int) -> None:
    error = refused(tmp_path / "model.safetensors", packed(*content(), version))
    assert f"must be a model file of format 8; got '{version}'. Use the version of goodfit that wrote it" in str(error)


def test_a_pickle_is_not_opened(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (tmp_path / "sprung",))

    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        (tmp_path / "model.safetensors").write_bytes(pickle.dumps(Trap(), protocol))
        with pytest.raises(InputError, match="got 'another file'"):
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
            tensor_file.unpack(bytes(changed), where="file", kind="model", version=2)


def test_a_thousand_nets_fit_the_longest_header_ten_times(tmp_path: Path) -> None:
    save_model(tmp_path / "model.safetensors", [net((2, 1, 1, 1, 1, 2), ("relu",) * 4)] * 1000)
    start = (tmp_path / "model.safetensors").read_bytes()[:8]
    assert int.from_bytes(start, "little") < tensor_file.HEADER_BYTES / 10


def test_the_folder_of_a_run_is_loaded_too(tmp_path: Path) -> None:
    run = gf.train(gf.Recipe(hidden=(4,), epochs=1), "iris", out=tmp_path / "run")
    model = gf.load_model(tmp_path / "run")
    assert np.array_equal(model.nets[0].weights[0], run.nets[0].weights[0])
    assert gf.load_model(str(tmp_path / "run")).about == model.about
    with pytest.raises(
        InputError, match=r"must be a model file, or the folder of a finished run or search; it has no mo"
    ):
        gf.load_model(tmp_path)
