from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from goodfit.data.cache import keep, user_cache
from goodfit.errors import GoodfitError, InputError

WRITER = """
import sys
from pathlib import Path
from goodfit.data.cache import keep
for turn in range(30):
    keep(Path(sys.argv[1]), lambda file: file.write(sys.argv[2].encode() * 300_000))
"""
KILLED = """
import os, signal, sys
from pathlib import Path
from goodfit.data.cache import keep
def write(file):
    file.write(b"half")
    file.flush()
    os.kill(os.getpid(), signal.SIGKILL)
keep(Path(sys.argv[1]), write)
"""


def test_cache_folder_of_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GOODFIT_CACHE", str(tmp_path / "c"))
    assert user_cache() == tmp_path / "c"
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GOODFIT_CACHE", "~/c")
    assert user_cache() == tmp_path / "c"
    monkeypatch.delenv("GOODFIT_CACHE")
    assert user_cache().name == "goodfit"


def test_write_makes_folders_and_replaces(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "file"
    keep(path, lambda file: file.write(b"one"))
    keep(path, lambda file: file.write(b"two"))
    assert path.read_bytes() == b"two"
    assert os.listdir(path.parent) == ["file"]


def test_a_failing_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def fail(file: object) -> None:
        raise InputError("the writer failed")

    with pytest.raises(InputError, match="the writer failed"):
        keep(path, fail)
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["file"]


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (errno.ENOSPC, r"the disk must have room for the file; got 'No space left.*Make room"),
        (errno.EACCES, r"the folder must be writable; got 'Permission denied'\. Set GOODFIT_CACHE"),
    ],
)
def test_full_disk_and_no_permission(tmp_path: Path, code: int, message: str) -> None:
    def fail(file: object) -> None:
        raise OSError(code, os.strerror(code))

    with pytest.raises(GoodfitError, match=message) as caught:
        keep(tmp_path / "file", fail)
    assert caught.value.exit_code == 1
    assert os.listdir(tmp_path) == []


def test_a_file_where_a_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(GoodfitError, match="the folder must be writable"):
        keep(tmp_path / "taken" / "file", lambda file: file.write(b""))


def test_a_killed_writer_leaves_the_old_file_and_its_part_goes_after_a_day(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    result = subprocess.run([sys.executable, "-c", KILLED, str(path)], check=False)
    assert result.returncode == -signal.SIGKILL
    assert path.read_bytes() == b"old"
    (part,) = tmp_path.glob(".file.*.part")
    keep(path, lambda file: file.write(b"new"))
    assert part.exists()  # it might belong to a living process
    os.utime(part, (0, 0))
    keep(path, lambda file: file.write(b"newer"))
    assert os.listdir(tmp_path) == ["file"]


def test_a_reader_never_sees_a_part_while_processes_write_at_once(tmp_path: Path) -> None:
    path = tmp_path / "file"
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(path), letter]) for letter in "abc"]
    seen = set()
    while any(writer.poll() is None for writer in writers):
        if path.exists():
            content = path.read_bytes()
            assert len(content) == 300_000
            assert content == content[:1] * 300_000
            seen.add(content[:1])
    assert [writer.returncode for writer in writers] == [0, 0, 0]
    assert seen
    assert os.listdir(tmp_path) == ["file"]
