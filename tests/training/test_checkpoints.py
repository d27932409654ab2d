from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from goodfit.errors import InputError
from goodfit.training import tensor_file
from goodfit.training.checkpoints import checkpoint_files, load_checkpoint, save_checkpoint

ARRAYS = {
    "weights": np.arange(12, dtype=np.float32).reshape(3, 4),
    "transposed": np.arange(12, dtype=np.float64).reshape(3, 4).T,
    "strided": np.arange(20, dtype=np.int64)[::3],
    "key": np.array([2**32 - 1], np.uint32),
    "active": np.array([True, False]),
    "best": np.array(np.inf, np.float32),
    "none": np.zeros((0, 5), np.float32),
}
METADATA = {"recipe": {"hidden": [256], "init": "he-normal"}, "note": "Zürich"}


def test_arrays_and_metadata_come_back_as_they_were(tmp_path: Path) -> None:
    path = save_checkpoint(tmp_path / "checkpoints", 12, ARRAYS, METADATA)
    assert path.name == "epoch-000012.safetensors"
    checkpoint = load_checkpoint(tmp_path / "checkpoints")
    assert (checkpoint.epoch, checkpoint.metadata, checkpoint.path) == (12, METADATA, path)
    assert checkpoint.arrays.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(checkpoint.arrays[name], array)
        assert (checkpoint.arrays[name].dtype, checkpoint.arrays[name].shape) == (array.dtype, array.shape)


def test_jax_arrays_are_saved_too(tmp_path: Path) -> None:
    import jax.numpy as jnp

    save_checkpoint(tmp_path, 1, {"w": jnp.arange(3.0)}, {})  # type: ignore[dict-item]
    np.testing.assert_array_equal(load_checkpoint(tmp_path).arrays["w"], [0.0, 1.0, 2.0])


def test_the_file_is_the_one_that_the_format_s_own_library_reads(tmp_path: Path) -> None:
    from safetensors import safe_open

    path = save_checkpoint(tmp_path, 1, ARRAYS, METADATA)
    with safe_open(path, framework="np") as file:
        np.testing.assert_array_equal(file.get_tensor("transposed"), ARRAYS["transposed"])
        assert json.loads(file.metadata()["metadata"]) == METADATA | {"epoch": 1}


def test_the_newest_two_are_kept_and_leftovers_removed(tmp_path: Path) -> None:
    (tmp_path / ".epoch-000002.safetensors.99.part").touch()
    (tmp_path / "notes.txt").touch()
    for epoch in (1, 2, 3):
        save_checkpoint(tmp_path, epoch, ARRAYS, {})
    assert sorted(entry.name for entry in tmp_path.iterdir()) == [
        "epoch-000002.safetensors",
        "epoch-000003.safetensors",
        "notes.txt",
    ]


def test_checkpoints_later_than_the_one_saved_are_of_another_future(tmp_path: Path) -> None:
    for epoch in (10, 20, 15):
        save_checkpoint(tmp_path, epoch, ARRAYS, {})
    assert [file.name for file in checkpoint_files(tmp_path)] == [
        "epoch-000015.safetensors",
        "epoch-000010.safetensors",
    ]
    assert load_checkpoint(tmp_path).epoch == 15


def test_epochs_sort_as_numbers(tmp_path: Path) -> None:
    for epoch in (999_999, 1_000_000):
        save_checkpoint(tmp_path, epoch, ARRAYS, {})
    assert load_checkpoint(tmp_path).epoch == 1_000_000


def test_a_damaged_newest_falls_back_to_the_one_before_with_a_line(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, 1, ARRAYS, {})
    newest = save_checkpoint(tmp_path, 2, ARRAYS, {})
    newest.write_bytes(newest.read_bytes()[:-5])
    lines: list[str] = []
    assert load_checkpoint(tmp_path, warn=lines.append).epoch == 1
    assert len(lines) == 1
    assert "epoch-000002.safetensors: must be a whole checkpoint file, but it is cut off" in lines[0]
    assert lines[0].endswith("Resuming from the checkpoint before it, after epoch 1.")
    with pytest.warns(UserWarning, match="Resuming from the checkpoint before it"):
        load_checkpoint(tmp_path)


def test_if_all_are_damaged_every_one_is_named(tmp_path: Path) -> None:
    for epoch in (1, 2):
        path = save_checkpoint(tmp_path, epoch, ARRAYS, {})
        path.write_bytes(b"")
    with pytest.raises(InputError, match="cut off") as caught:
        load_checkpoint(tmp_path)
    assert ["epoch-000002" in text for text in caught.value.problems] == [True, False]


@pytest.mark.parametrize("folder", ["", "nothing"])
def test_a_folder_without_checkpoints_is_an_input_error(tmp_path: Path, folder: str) -> None:
    with pytest.raises(InputError, match=r"must hold a checkpoint to resume from\. Start the run without resuming"):
        load_checkpoint(tmp_path / folder)


def test_metadata_that_json_cannot_hold_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        save_checkpoint(tmp_path, 1, {}, {"loss": float("nan")})
    assert not list(tmp_path.iterdir())


CONTENT = tensor_file.pack({"w": np.arange(6, dtype=np.float32)}, {"a": 1}, kind="checkpoint", version=1)


@pytest.mark.parametrize("cut", range(0, len(CONTENT), 7))
def test_a_truncated_file_is_an_input_error(tmp_path: Path, cut: int) -> None:
    (tmp_path / "file").write_bytes(CONTENT[:cut])
    with pytest.raises(InputError, match="file: must be a whole checkpoint file, but it is cut off or its bytes"):
        tensor_file.read(tmp_path / "file", kind="checkpoint", version=1)


def test_no_flipped_bit_goes_unnoticed() -> None:
    for place in range(len(CONTENT)):
        for bit in (0, 3, 7):
            changed = bytearray(CONTENT)
            changed[place] ^= 1 << bit
            with pytest.raises(InputError, match="must be a"):
                tensor_file.unpack(bytes(changed), where="file", kind="checkpoint", version=1)


def test_another_kind_or_version_is_named() -> None:
    with pytest.raises(InputError, match=r"must be a model file of goodfit's; got 'checkpoint'"):
        tensor_file.unpack(CONTENT, where="file", kind="model", version=1)
    with pytest.raises(InputError, match=r"must be a checkpoint file of format 2; got '1'. Use the version"):
        tensor_file.unpack(CONTENT, where="file", kind="checkpoint", version=2)


def test_a_file_of_another_writer_is_an_input_error() -> None:
    from safetensors.numpy import save

    with pytest.raises(InputError, match=r"must be a model file of goodfit's; got 'another file'"):
        tensor_file.unpack(save({"w": np.zeros(1)}), where="file", kind="model", version=1)


def test_a_huge_header_is_refused_before_it_is_read(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes((2**62).to_bytes(8, "little") + b"{}")
    with pytest.raises(InputError, match="cut off or its bytes have changed"):
        tensor_file.read(tmp_path / "file", kind="model", version=1)
    with open(tmp_path / "sparse", "wb") as file:
        file.write((2**30).to_bytes(8, "little"))
        file.truncate(2**31)
    with pytest.raises(InputError, match="got 'another file'"):
        tensor_file.read(tmp_path / "sparse", kind="model", version=1)


@pytest.mark.parametrize("name", ["missing", "."])
def test_a_file_that_cannot_be_opened_is_an_input_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match=r"must be a model file: (No such file|Is a directory)"):
        tensor_file.read(tmp_path / name, kind="model", version=1)
