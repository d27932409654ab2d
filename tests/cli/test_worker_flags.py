"""--workers and --cluster: nothing is left behind by a driver that is killed, and its command goes on."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cli.killing import start
from goodfit.training import turns

SEARCH = ("iris", "--vary", "l2=0,0.1", "--hidden", "8", "--epochs", "2", "--folds", "2", "--leaks", "off")
PATCH = "from goodfit.training import turns; turns.TASK_SECONDS = 1e-9"


def until(happened: Callable[[], Any], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def children(process: int) -> list[int]:
    return [int(number) for number in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks /proc")
def test_workers_end_with_a_driver_that_is_killed_and_the_search_resumes(
    call: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "TASK_SECONDS", 1e-9)
    with start("select", *SEARCH, "--workers", "1", "--out", "s", "--quiet", patch=PATCH) as process:
        until(lambda: list(Path("s").glob("turn-*")) or process.poll() is not None)
        workers = children(process.pid)
        process.kill()
        assert process.wait() == -signal.SIGKILL
        until(lambda: not any(Path(f"/proc/{worker}").exists() for worker in workers), 20)
    assert workers
    code, _, err = call("select", "--resume", "s", "--quiet")
    assert code == 0, err
    assert Path("s/selection.json").exists()


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--workers", "0"), "WorkerPool: 'count' must be an integer >= 1; got 0."),
        (("--workers", "2", "--cluster", "tcp://h:1"), "takes one of --workers and --cluster"),
        (("--cluster", "spark://h:1"), "cluster: must be the address of a cluster, ray://HOST:PORT or tcp://HOST:PORT"),
    ],
)
@pytest.mark.parametrize("command", [("select", *SEARCH), ("train", "iris"), ("study", "symmetry")])
def test_bad_flags_are_one_clear_message(
    call: Any, command: tuple[str, ...], flags: tuple[str, ...], message: str
) -> None:
    code, out, err = call(*command, *flags)
    assert (code, out) == (2, "")
    assert message in err
    assert "Traceback" not in err


def test_the_command_that_resumes_has_the_same_workers(call: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from goodfit.training import elsewhere

    def pressed(*given: Any, **how: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(elsewhere.Elsewhere, "train", pressed)
    code, _, err = call("select", *SEARCH, "--workers", "2", "--out", "s", "--quiet")
    assert code == 1, err
    assert "goodfit select --resume s --workers 2" in err
