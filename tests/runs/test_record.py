from __future__ import annotations

import errno
import json
import os
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from run_help import RECIPE

from goodfit.data import Split, load, split
from goodfit.data.prints import fingerprint
from goodfit.errors import GoodfitError, InputError
from goodfit.runs import list_runs, record, rows_again
from goodfit.training.recipe import Recipe

PARTS = split(load("iris"), seed=4)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with record.new_folder(tmp_path / "run"):
        record.begin(tmp_path / "run", RECIPE, PARTS, (3, 4), score_test=True)
    return tmp_path / "run"


def test_what_a_run_begins_with_is_read_back(folder: Path) -> None:
    found = record.RunRecord.read(folder)
    assert (found.data, found.task, found.seeds, found.score_test) == ("iris", "classification", (3, 4), True)
    assert (found.state, found.scores, found.seconds, found.epochs) == ("training", {}, {}, 0)
    assert found.when.tzinfo is not None
    assert record.read_recipe(folder, found) == RECIPE
    again = rows_again.read_split(folder, load("iris"), found, "resumed")
    assert again.seed == 4
    assert all(np.array_equal(again.rows(part), PARTS.rows(part)) for part in ("train", "valid", "test"))


def test_a_split_without_some_parts_is_read_back(tmp_path: Path) -> None:
    data = load("iris")
    parts = Split(data, np.arange(150), np.empty(0, int), np.empty(0, int))
    record.begin(tmp_path / "run", RECIPE, parts, (0,))
    again = rows_again.read_split(tmp_path / "run", data, record.RunRecord.read(tmp_path / "run"), "resumed")
    assert again.sizes == {"train": 150, "valid": 0, "test": 0}


def test_the_print_of_data_is_of_every_value() -> None:
    data = load("iris")
    x, y = data.x.copy(), data.y.copy()
    x[149, 3] += 0.5
    y[0] = 1
    prints = {fingerprint(each) for each in (data, replace(data, x=x), replace(data, y=y), load("wine"))}
    assert len(prints) == 4
    assert fingerprint(load("iris")) in prints


def test_the_print_of_a_recipe_is_of_every_field() -> None:
    assert record.recipe_print(Recipe(epochs=3)) == record.recipe_print(Recipe(epochs=3))
    assert record.recipe_print(Recipe(epochs=3)) != record.recipe_print(Recipe(epochs=3, l2=1e-9))


DONE = {"scores": {}, "seconds": {}, "epochs": 3}


@pytest.mark.parametrize(
    "change",
    [
        b"", b"{", b"[]", b"3", b'"text"', b"\xff\xfe", b"[" * 100_000,
        {"seeds": []}, {"seeds": 3}, {"seeds": ["a"]}, {"state": "odd"}, {"started": "yesterday"},
        {"started": "2025-03-01T12:00:00"}, {"started": 5}, {"data": None}, {"more": 1}, {"state": "done"},
        {"state": "done", "results": DONE}, {"state": "done", "results": {"scores": {"test": {"value": 1}}}},
        {"state": "done", "results": 5}, {"results": [1]}, {"versions": [1]}, {"versions": {"jax": 1}},
    ],
    ids=lambda change: str(change)[:40],
)  # fmt: skip
def test_a_damaged_record_is_one_message(change: Any, folder: Path) -> None:
    path = folder / "run.json"
    if isinstance(change, bytes):
        path.write_bytes(change)
    else:
        path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    rule = r"run.json: must be the record of a run, but it is damaged. Restore a backup, or train again."
    with pytest.raises(InputError, match=rule):
        record.RunRecord.read(folder)
    (listed,) = list_runs(folder.parent)
    assert (listed.state, listed.folder) == ("damaged", folder)
    assert re.search(rule, listed.problem)


def test_a_record_that_cannot_be_read(folder: Path) -> None:
    (folder / "run.json").unlink()
    with pytest.raises(InputError, match=r"must be the folder of a run; it has no run.json. Give the folder that"):
        record.RunRecord.read(folder)
    (folder / "run.json").mkdir()
    with pytest.raises(InputError, match=r"run.json: must be readable: Is a directory"):
        record.RunRecord.read(folder)
    with pytest.raises(InputError, match=r"there is no such folder"):
        record.RunRecord.read(folder / "recipe.json")


@pytest.mark.parametrize("failing", ["split.safetensors", "recipe.json", "run.json"])
def test_a_beginning_is_whole_or_not_there(failing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written, real = [], record.write_atomically

    def full(path: Path, content: bytes) -> None:
        if path.name == failing:
            raise record.write_error(path, OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
        written.append(path.name)
        real(path, content)

    monkeypatch.setattr(record, "write_atomically", full)
    with pytest.raises(GoodfitError, match=f"{failing}: could not be written: No space left on device. Free some"):  # noqa: SIM117
        with record.new_folder(tmp_path / "runs" / "a"):
            record.begin(tmp_path / "runs" / "a", RECIPE, PARTS, (0,))
    assert list(tmp_path.iterdir()) == []
    assert len(written) == ["split.safetensors", "recipe.json", "run.json"].index(failing)


def test_a_folder_that_was_there_stays(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(KeyboardInterrupt), record.new_folder(tmp_path):
        raise KeyboardInterrupt
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
    with record.new_folder(tmp_path):  # other files do not stand in the way
        record.begin(tmp_path, RECIPE, PARTS, (0,))
    with pytest.raises(InputError, match=r"already holds a run. Give another folder, or resume with --resume"):  # noqa: SIM117
        with record.new_folder(tmp_path):
            pass


@pytest.mark.parametrize("name", ["recipe.json", "events.jsonl", "model.safetensors", "curves.png", "checkpoints"])
def test_nobodys_file_is_written_over(name: str, tmp_path: Path) -> None:
    (tmp_path / name).mkdir()
    with pytest.raises(InputError, match=f"holds files that a run would overwrite: {name}. Give another"):  # noqa: SIM117
        with record.new_folder(tmp_path):
            pass


def test_a_folder_that_may_not_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(self: Path, **_: Any) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(self))

    monkeypatch.setattr(Path, "mkdir", denied)
    with pytest.raises(InputError, match=r"must be writable: Permission denied. Give a folder that you may write to"):  # noqa: SIM117
        with record.new_folder(tmp_path / "run"):
            pass
