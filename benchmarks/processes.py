"""Fresh processes: for cold starts, for peak memory, and so that no benchmark leaves anything behind for the next."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
STARTED = "GOODFIT_BENCHMARK_STARTED"  # in a child's environment: the parent's clock when it began the child
NO_PROGRAM_CACHE = {"JAX_ENABLE_COMPILATION_CACHE": "false"}
GOODFIT = (sys.executable, "-m", "goodfit")
BYTES_A_UNIT = 1 if sys.platform == "darwin" else 1024  # of ru_maxrss


@dataclass(frozen=True)
class Ended:
    """A process that has ended well. seconds: from its start to its end; peak: of its resident memory, in bytes;
    worked: seconds of all cores together.
    """

    seconds: float
    peak: int
    stdout: str
    worked: float = 0.0


def run(command: Sequence[str], extra: Mapping[str, str] | None = None) -> Ended:
    """Run a command to its end; RuntimeError with what it wrote if it fails."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        began = time.perf_counter()
        environment = {**os.environ, STARTED: repr(time.time()), **(extra or {})}
        child = subprocess.Popen(command, stdout=out, stderr=err, env=environment, cwd=ROOT)
        try:
            _, status, usage = os.wait4(child.pid, 0)
        except BaseException:
            child.kill()
            child.wait()
            raise
        taken = time.perf_counter() - began
        child.returncode = os.waitstatus_to_exitcode(status)
        for stream in (out, err):
            stream.seek(0)
        if child.returncode != 0:
            raise RuntimeError(f"{' '.join(command[1:])} ended with {child.returncode}:\n{err.read()[-4000:]}")
        worked = usage.ru_utime + usage.ru_stime
        return Ended(taken, usage.ru_maxrss * BYTES_A_UNIT, out.read(), worked)


def call(function: str, quick: bool, extra: Mapping[str, str] | None = None) -> Any:
    """What `module:function` of benchmarks, called with `quick`, returns in a process of its own, through JSON.

    Compiled programs are not kept on disk there, unless `extra` says otherwise. What it printed is printed here.
    """
    command = [sys.executable, "-m", "benchmarks.call", function, *(["--quick"] if quick else [])]
    ended = run(command, {**NO_PROGRAM_CACHE, **(extra or {})})
    *told, result = ended.stdout.splitlines()
    if told:
        print(*told, sep="\n", flush=True)
    return json.loads(result)


def age() -> float:
    """In a child: seconds since its parent began it."""
    return time.time() - float(os.environ[STARTED])
