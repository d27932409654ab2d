"""Signals that end a command, wherever they meet it: none is swallowed, nothing is lost, nothing is shown of Python."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

import pytest
from killing import start

NET = ("iris", "--hidden", "6", "--batch-size", "32", "--epochs", "100000", "--fit", "never")
AT_EPOCH = """
from goodfit.training.store import Store
from goodfit.training.events import EventLog
import gc, signal
append, seen = EventLog.append, [0]
def press(phase=None, _=None):
    if phase in (None, "start"):
        gc.callbacks[:] = []
        {act}
class Late:
    def __del__(self):
        press()
def counted(self, text):
    append(self, text)
    seen[0] += 1
    if seen[0] == 20:
        {meet}
EventLog.append = counted
"""
MEETINGS = {
    "a callback of the garbage collector": "gc.callbacks.append(press); gc.collect()",
    "__del__": "Late()",
    "its own code": "press()",
}


@pytest.mark.parametrize("number", ["SIGINT", "SIGTERM", "SIGHUP"])
@pytest.mark.parametrize("meeting", MEETINGS)
def test_a_signal_saves_wherever_it_arrives(number: str, meeting: str, tmp_path: Path) -> None:
    patch = AT_EPOCH.format(act=f"signal.raise_signal(signal.{number})", meet=MEETINGS[meeting])
    with start("train", *NET, "--out", "run", "--quiet", patch=patch, cwd=tmp_path) as process:
        killer = threading.Timer(100, process.kill)
        killer.start()
        _, err = process.communicate()
        killer.cancel()
    assert (process.returncode, err) == (1, "Interrupted. Resume with: goodfit train --resume run\n")
    kept = sorted(path.name for path in (tmp_path / "run" / "checkpoints").iterdir())
    assert kept[-1] in ("epoch-000020.safetensors", "epoch-000021.safetensors")


def test_a_second_one_ends_it_at_once_and_leaves_nothing_unfinished(tmp_path: Path) -> None:
    """The second arrives while a checkpoint is being written, of which no part stays."""
    patch = (
        AT_EPOCH.format(act="signal.raise_signal(signal.SIGTERM)", meet="press()")
        + """
real = os.replace
def replace(old, new):
    if seen[0] == 20 and "epoch-" in str(new):
        signal.raise_signal(signal.SIGINT)
    real(old, new)
os.replace = replace
"""
    )
    with start("train", *NET, "--out", "run", "--quiet", patch=patch, cwd=tmp_path) as process:
        _, err = process.communicate(timeout=100)
    assert (process.returncode, err) == (1, "Interrupted. Resume with: goodfit train --resume run\n")
    assert not list(tmp_path.rglob("*.part"))


LATE = """
import atexit, signal
atexit.register(lambda: signal.raise_signal(signal.SIGINT))
"""
EARLY = """
import goodfit.data as data
real = data.load
def load(*given, **more):
    signal.raise_signal(signal.SIGINT)
    return real(*given, **more)
import signal
import goodfit.runs.training as training
training.load = load
"""


def test_ctrl_c_at_exit_is_not_seen(tmp_path: Path) -> None:
    with start("runs", patch=LATE, cwd=tmp_path) as process:
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (0, "", "There are no runs in 'runs'.\n")


def test_before_any_training_nothing_is_left(tmp_path: Path) -> None:
    with start("train", *NET, "--out", "runs/a", "--quiet", patch=EARLY, cwd=tmp_path) as process:
        _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (1, "Interrupted before any training; nothing was written.\n")
    assert os.listdir(tmp_path) == []


def test_what_is_ignored_stays_so(tmp_path: Path) -> None:
    """As under nohup: the terminal goes, the training stays."""
    patch = "import signal\nsignal.signal(signal.SIGHUP, signal.SIG_IGN)\n" + AT_EPOCH.format(
        act="signal.raise_signal(signal.SIGHUP)", meet="press()"
    )
    words = ("iris", "--hidden", "6", "--epochs", "30", "--fit", "never", "--out", "run", "--quiet")
    with start("train", *words, patch=patch, cwd=tmp_path) as process:
        _, err = process.communicate(timeout=100)
    assert (process.returncode, err) == (0, "")
    assert signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN
