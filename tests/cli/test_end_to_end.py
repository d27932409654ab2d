"""The command line with the real library below it; where it matters, in a process of its own that is really killed."""

from __future__ import annotations

import csv
import json
import os
import re
import signal
import subprocess
import threading
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from killing import start

NET = ("iris", "--hidden", "6", "--batch-size", "32", "--dropout", "0.25", "--seeds", "3")
TRAIN = (*NET, "--epochs", "60")
KILL = """
import signal
real, seen = os.replace, [0]
def replace(old, new):
    if str(new).endswith({name!r}):
        seen[0] += 1
        if seen[0] == {count}:
            os.kill(os.getpid(), signal.SIGKILL)
    real(old, new)
os.replace = replace
"""
TEAR = """
from goodfit.training.events import EventLog
import signal
append, seen = EventLog.append, [0]
def torn(self, text):
    seen[0] += 1
    if seen[0] == 20:
        self._file.write(text.encode()[: len(text) // 2])
        os.kill(os.getpid(), signal.SIGKILL)
    append(self, text)
EventLog.append = torn
"""
LITTLE_ROOM = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
"""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that nobody stopped, in long chunks; it also leaves the compiled program in the cache."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    with start("train", *TRAIN, "--out", str(folder), "--quiet", env={**os.environ, "CHUNK": "0.5"}) as process:
        _, err = process.communicate(timeout=120)
    assert (process.returncode, err) == (0, "")
    return folder


def same_results(one: Path, other: Path) -> bool:
    names = ("model.safetensors", "history.csv")
    return all((one / name).read_bytes() == (other / name).read_bytes() for name in names)


@pytest.mark.parametrize(
    ("patch", "left"),
    [
        (KILL.format(name="epoch-000020.safetensors", count=1), {"events.jsonl", "checkpoints"}),
        (TEAR, {"events.jsonl", "checkpoints"}),
        (
            KILL.format(name="history.csv", count=1),
            {"events.jsonl", "turn-0000.safetensors", "model.safetensors", "optimizer.safetensors"},
        ),
    ],
    ids=["while it writes a checkpoint", "while it writes events", "while it writes results"],
)  # fmt: skip
def test_a_killed_run_goes_on_to_the_same_bits(patch: str, left: set[str], whole: Path, call: Any) -> None:
    with start("train", *TRAIN, "--out", "run", "--quiet", patch=patch) as process:
        process.communicate(timeout=120)
    assert process.returncode == -signal.SIGKILL
    beginning = {"run.json", "recipe.json", "split.safetensors"}
    names = {path.name for path in Path("run").iterdir()}
    assert {name for name in names if not name.endswith(".part")} == beginning | left
    assert "interrupted" in call("runs", ".")[1]
    code, out, err = call("train", "--resume", "run", "--json", "--quiet")
    assert (code, err) == (0, "")
    assert json.loads(out)["epochs"] == 60
    assert same_results(Path("run"), whole)
    assert "done" in call("runs", ".")[1]


def lines(process: subprocess.Popen[str]) -> Iterator[str]:
    assert process.stderr is not None
    yield from process.stderr


@pytest.mark.parametrize("times", [1, 2])
def test_ctrl_c_leaves_a_run_that_goes_on(times: int, whole: Path, call: Any) -> None:
    with start("train", *NET, "--epochs", "100000", "--out", "a run") as process:
        killer = threading.Timer(100, process.kill)
        killer.start()
        said = lines(process)
        assert next(said).startswith("epoch 1/100000")
        time.sleep(0.5)  # the line is read before its print has returned, and a print cannot say more meanwhile
        process.send_signal(signal.SIGINT)
        assert next(said).startswith("Stopping after this epoch; a second Ctrl-C")
        if times == 2:
            process.send_signal(signal.SIGINT)
        assert list(said) == ["Interrupted. Resume with: goodfit train --resume 'a run'\n"]
        killer.cancel()
    assert process.returncode == 1
    assert Path("a run/run.json").exists()
    assert times == 2 or list(Path("a run/checkpoints").glob("epoch-*.safetensors"))
    assert not list(Path("a run").rglob("*.part"))


def test_a_full_disk_is_one_message(whole: Path, call: Any) -> None:
    with start("train", *TRAIN, "--out", "run", "--quiet", patch=LITTLE_ROOM) as process:
        _, err = process.communicate(timeout=120)
    assert process.returncode == 1
    message = "run/events.jsonl: could not be written: File too large. Free some space and try again."
    assert err == f"{message} Resume with: goodfit train --resume run\n"
    assert not list(Path("run").rglob("*.part"))
    assert Path("run/events.jsonl").read_bytes().endswith(b"}\n")
    assert call("train", "--resume", "run", "--quiet")[0] == 0
    assert same_results(Path("run"), whole)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written(call: Any) -> None:
    Path("closed").mkdir(mode=0o500)
    code, out, err = call("train", *TRAIN, "--out", "closed/run")
    assert (code, out) == (2, "")
    assert err == "closed/run: must be writable: Permission denied. Give a folder that you may write to.\n"


def test_a_file_in_the_way(call: Any) -> None:
    Path("file").write_text("")
    code, out, err = call("train", *TRAIN, "--out", "file/run", "--quiet")
    assert (code, out) == (2, "")
    assert "must be writable: " in err
    code, out, err = call("train", *TRAIN, "--out", "file", "--quiet")
    assert (code, out) == (2, "")
    assert err == "file: must be writable: File exists. Give a folder that you may write to.\n"


SMALL = ("--hidden", "6", "--epochs", "3", "--batch-size", "32")


def test_train_tells_all_that_was_asked_for(call: Any) -> None:
    code, out, err = call("train", "iris", *SMALL, "--seeds", "2", "--out", "run", "--json")
    told = json.loads(out)
    assert code == 0
    assert err.splitlines()[-1].startswith("epoch 3/3  train loss ")
    assert set(told["seconds"]) == {"data", "compile", "train", "evaluate"}
    assert (told["epochs"], told["parameters"], told["seeds"]) == (3, 4 * 6 + 6 + 6 * 3 + 3, [0, 1])
    for score in told["scores"].values():
        assert score["low"] <= score["value"] <= score["high"]
    assert json.loads(Path("run/recipe.json").read_text()) == told["recipe"]

    code, out, err = call("train", "iris", "--recipe", "run", "--out", "again", "--quiet")
    assert (code, err) == (0, "")
    assert "hidden 1" in out
    assert "95 % interval" in out
    *lines, fit = out.splitlines()
    long = [line for line in lines if len(line) > 90] + [fit]  # sentences, as long as they are
    assert [line.partition(" ")[0] for line in long] == ["Not", "Fit:"], long  # 3 epochs: not shown to be better
    assert json.loads(Path("again/recipe.json").read_text()) == told["recipe"]

    code, out, err = call("train", "iris", *SMALL, "--out", "run")
    assert (code, out) == (2, "")
    assert err == "run: already holds a run. Give another folder, or resume with --resume.\n"

    code, out, err = call("train", "--resume", "run", "--json", "--quiet")
    assert told["fit"].startswith("unknown from one training alone")
    assert (code, json.loads(out), err) == (0, {**told, "fit": None}, "")  # nothing was measured, then as before

    code, out, err = call("predict", "run", "iris", "--out", "p.csv")
    assert (code, out, err) == (0, "", "Predictions: p.csv\n")
    rows = list(csv.DictReader(Path("p.csv").read_text().splitlines()))
    assert len(rows) == 150
    assert {row["prediction"] for row in rows} <= {"setosa", "versicolor", "virginica"}


def test_regression_is_told_in_r_squared(call: Any) -> None:
    code, out, err = call("train", "diabetes", *SMALL, "--out", "run")
    assert code == 0
    assert "R² " in err
    assert "log scale of 1 - R²" in out
    assert "mean absolute error" in out
    assert "median absolute error: order statistics" in out
    code, out, err = call("predict", "run", "iris")
    assert (code, out) == (2, "")
    assert err == "run: takes 10 features; 'iris' has a different number; got 4. Use the data that it was trained on.\n"


def test_what_cannot_be_resumed(call: Any) -> None:
    assert call("train", "--resume", "nowhere") == (
        2,
        "",
        "nowhere: must be the folder of a run; there is no such folder. Give the folder that 'goodfit train' wrote.\n",
    )
    Path("run").mkdir()
    Path("run/run.json").write_text("{")
    rule = "run/run.json: must be the record of a run, but it is damaged. Restore a backup, or train again.\n"
    assert call("train", "--resume", "run") == (2, "", rule)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        assert call("runs") == (0, "", "There are no runs in 'runs'.\n")
        code, out, err = call("runs", ".")
        assert (code, err) == (0, rule)
        assert re.search(r"run .*damaged", out)


def test_stopping_without_validation_rows_is_warned_of(call: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        code, _, err = call("train", "iris", *SMALL, "--valid", "0", "--patience", "2", "--out", "run", "--quiet")
    assert code == 0
    assert err.startswith("Warning: Recipe: 'patience' and 'monitor' monitor the training set: 'iris' was split")


def test_the_process_is_left_at_once_after_ctrl_c(monkeypatch: pytest.MonkeyPatch) -> None:
    from goodfit.cli import exits

    left: list[int] = []
    monkeypatch.setattr(os, "_exit", left.append)

    def pressed() -> None:
        raise KeyboardInterrupt

    assert exits.guarded(pressed) == 1
    assert left == []
    before = {each: signal.getsignal(each) for each in exits.SIGNALS}
    try:
        exits.guarded(pressed, leave=True)
    finally:  # here the process lives on, and others in it want to hear Ctrl-C
        for each, handler in before.items():
            signal.signal(each, handler)
    assert left == [1]
