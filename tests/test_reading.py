"""The one opener of files, and every reader above it: pipes and devices are refused, and nothing waits for them."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import goodfit as gf
from goodfit import checked_json, reading
from goodfit.cli.flags import read_recipe
from goodfit.data.tables.making import look
from goodfit.inspection.layer_table import read_layers
from goodfit.models import load_model
from goodfit.reports import kept
from goodfit.runs import list_runs, record
from goodfit.training.events import EventLog, read_events
from goodfit.training.store import read_call
from goodfit.verdicts.judging_runs import kept_verdict

READERS: dict[str, Callable[[Path], Any]] = {
    **{f"t{suffix}": lambda path: look(path, "y") for suffix in (".csv", ".tsv", ".npz", ".parquet", ".feather")},
    "run.json": lambda path: record.RunRecord.read(path.parent),
    "recipe.json": lambda path: read_recipe(str(path)),
    "events.jsonl": read_events,
    "model.safetensors": load_model,
    "search.json": lambda path: read_call(path.parent, "search.json", "search"),
    "selection.json": lambda path: kept.read_search(path.parent),
    "curve.csv": lambda path: kept.read_curve(path.parent, "l2"),
    "verdict.json": lambda path: kept_verdict(path.parent),
    "layers.csv": lambda path: read_layers(path.parent),
}


def pipe(path: Path) -> None:
    os.mkfifo(path)


def zeros(path: Path) -> None:
    path.symlink_to("/dev/zero")


def folder(path: Path) -> None:
    path.mkdir()


@pytest.mark.parametrize(
    ("make", "told"), [(pipe, "a pipe"), (zeros, "a device"), (folder, "(Is a directory|it is a folder)")]
)
@pytest.mark.parametrize("name", READERS)
def test_no_reader_waits_or_reads_without_end(
    name: str, make: Callable[[Path], None], told: str, tmp_path: Path
) -> None:
    make(tmp_path / name)
    if make is folder:  # that of a run would be right
        told = {"recipe.json": "No such file", "model.safetensors": "it has no model.safetensors"}.get(name, told)
    with pytest.raises(gf.InputError, match=told):
        READERS[name](tmp_path / name)


def test_a_run_whose_record_is_a_pipe_is_listed_as_damaged(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    pipe(tmp_path / "a" / "run.json")
    (listed,) = list_runs(tmp_path)
    assert listed.state == "damaged"
    assert "it is not a regular file, but a pipe" in listed.problem


def test_a_log_that_is_a_pipe_is_not_appended_to(tmp_path: Path) -> None:
    pipe(tmp_path / "events.jsonl")
    with pytest.raises(gf.GoodfitError, match="not a regular file, but a pipe"):
        EventLog(tmp_path / "events.jsonl")


def test_what_is_opened_is_as_large_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"abc")
    (tmp_path / "link").symlink_to(path)
    assert reading.read_bytes(tmp_path / "link") == b"abc"
    file, size = reading.open_file(path)
    with file:
        assert size == 3
    with pytest.raises(OSError, match="it has 3 bytes, more than the 2 that are read"):
        reading.read_bytes(path, most=2)
    path.write_bytes(b"a\r\nb")
    assert reading.read_text(path) == "a\nb"


def test_a_file_of_a_terabyte_is_refused_before_it_is_read(tmp_path: Path) -> None:
    with open(tmp_path / "t.csv", "wb") as file:
        file.truncate(2**40)  # takes no room
    with pytest.raises(gf.InputError, match="it has 1,099,511,627,776 bytes, more than"):
        look(tmp_path / "t.csv", "y")


def test_names_that_no_file_can_have(tmp_path: Path) -> None:
    for name, told in {"": "the name is empty", "a\0b": "null byte", "x" * 256: "File name too long"}.items():
        with pytest.raises(OSError, match=told):
            reading.read_bytes(tmp_path / name if name else "")


def test_a_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as made:
        made.bind("s")
        with pytest.raises(OSError, match=r"No such device|socket"):
            reading.read_bytes("s")


def test_where_the_system_tells_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    assert 0 < reading.memory_limit() <= reading.MOST_BYTES
    monkeypatch.delattr(os, "sysconf")
    assert reading.memory_limit() == reading.MOST_BYTES


@pytest.mark.parametrize(
    "text", ["", "[", "[1, 1e999]", '{"a": 1, "a": 2}', '["\\ud800"]', "9" * 5001, "\ufeff{}", "NaN", "[" * 100_000]
)
def test_json_of_our_own_is_read_strictly(text: str, tmp_path: Path) -> None:
    path = tmp_path / "file.json"
    path.write_text(text)
    with pytest.raises(gf.InputError, match=r"file\.json: must be a list, but it is damaged\. Try again\."):
        checked_json.read_json(path, must="a list", fix="Try again.")


def test_help_stays_quick() -> None:
    """Nothing of what checks files is loaded for a page of help."""
    code = (
        "import sys; from goodfit.cli import main; main(['--help']); print('pydantic' in sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == "False\n"
