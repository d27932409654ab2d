from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pytest

from goodfit.errors import GoodfitError, InputError
from goodfit.files import sweep, write_atomically, write_error
from goodfit.plain_json import plain


def test_a_file_is_written_whole_into_a_new_folder(tmp_path) -> None:  # type: ignore[no-untyped-def]
    target = tmp_path / "a" / "b.bin"
    write_atomically(target, b"old")
    write_atomically(str(target), b"new")
    assert target.read_bytes() == b"new"
    assert os.listdir(target.parent) == ["b.bin"]


@pytest.mark.parametrize("failing", ["fsync", "replace"])
def test_a_full_disk_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, failing) -> None:  # type: ignore[no-untyped-def]
    target = tmp_path / "b.bin"
    target.write_bytes(b"old")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, failing, full)
    message = "b.bin: could not be written: No space left on device. Free some space and try again."
    with pytest.raises(GoodfitError, match=message) as caught:
        write_atomically(target, b"new")
    assert caught.value.exit_code == 1
    assert target.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["b.bin"]


def test_an_interruption_leaves_no_part_of_a_file(tmp_path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt("stop")

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt, match="stop"):
        write_atomically(tmp_path / "b.bin", b"new")
    assert os.listdir(tmp_path) == []


def test_a_folder_that_is_a_file_is_bad_input(tmp_path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(InputError, match=r"must be writable: .*Give a folder that you may write to") as caught:
        write_atomically(tmp_path / "file" / "b.bin", b"new")
    assert caught.value.exit_code == 2


def test_a_file_that_is_a_folder_is_bad_input(tmp_path) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InputError, match=r"must be a file to write; it is a folder. Name a file in it\.$"):
        write_atomically(tmp_path, b"new")


def test_other_faults_are_the_machines() -> None:
    error = write_error("x", OSError(errno.EIO, "Input/output error"))
    assert (error.exit_code, str(error)) == (1, "x: could not be written: Input/output error.")


def test_a_folder_that_cannot_be_flushed_does_not_matter(tmp_path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    opened = os.open
    monkeypatch.setattr(
        os, "open", lambda path, flags, *more: opened(path, flags, *more) if os.path.isfile(path) else -1
    )
    write_atomically(tmp_path / "b.bin", b"new")
    assert (tmp_path / "b.bin").read_bytes() == b"new"


def test_a_function_writes_and_another_explains(tmp_path) -> None:  # type: ignore[no-untyped-def]
    write_atomically(tmp_path / "b.bin", lambda file: file.write(b"new"))
    assert (tmp_path / "b.bin").read_bytes() == b"new"

    def full(_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(GoodfitError, match=r"b.bin: 28"):
        write_atomically(tmp_path / "b.bin", full, explain=lambda path, error: GoodfitError(f"{path}: {error.errno}"))
    assert os.listdir(tmp_path) == ["b.bin"]


def test_what_is_not_finite_is_none_all_the_way_down() -> None:
    found = plain({1: (float("nan"), [float("-inf"), 0.5, 2]), "a": {"b": np.float64("inf"), "c": None, "d": "nan"}})
    assert found == {"1": [None, [None, 0.5, 2]], "a": {"b": None, "c": None, "d": "nan"}}


def test_a_sweep_removes_what_processes_left_that_are_gone(tmp_path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    here, below = tmp_path, tmp_path / "checkpoints"
    below.mkdir()
    left = [
        here / f".run.json.{gone.pid}-0123abcd.part",
        below / f".epoch-000001.safetensors.{os.getpid()}-0123abcd.part",  # of an earlier process of this number
    ]
    kept = [here / f".run.json.{os.getppid()}-0123abcd.part", here / ".mine.part", here / "a.1-0123abcd.part"]
    for path in (*left, *kept):
        path.touch()

    def sweeping(file: BinaryIO) -> None:
        sweep(tmp_path)  # what is written now stays
        file.write(b"whole")

    write_atomically(here / "new", sweeping)
    assert (here / "new").read_bytes() == b"whole"
    assert sorted(path for path in tmp_path.rglob("*.part")) == sorted(kept)
