"""`goodfit` in processes of its own that are killed."""

from __future__ import annotations

import signal
import subprocess
import sys
from typing import Any

import numpy as np

SHORT = """
import os, sys
from goodfit.training import session, store
from goodfit.training.fitting import fit
short = float(os.environ.get("CHUNK", 1e-9))
session.fit = lambda *given, **how: fit(*given, **how | {{"chunk_seconds": short}})
store.FEWEST_SECONDS, store.SHARE_OF_TIME = 0.0, 1e9
{patch}
from goodfit.cli import main
sys.exit(main())
"""
KILL_AT = """
import signal
real, left = os.replace, [{moment}]
def replace(old, new):
    left[0] -= 1
    if left[0] == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    real(old, new)
os.replace = replace
"""


def start(*arguments: str, patch: str = "", **more: Any) -> subprocess.Popen[str]:
    """`goodfit ARGUMENTS` in a process, with a checkpoint after every epoch."""
    command = [sys.executable, "-c", SHORT.format(patch=patch), *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more)


def kill_at_random(*first: str, again: tuple[str, ...], patch: str, seed: int, times: int, most: int) -> None:
    """Start a command and go on with it, and kill each process with SIGKILL before one of its writes to the disk.

    most: writes that a process may get to, at most.
    """
    for number, moment in enumerate(np.random.default_rng(seed).integers(2, most, times).tolist()):
        killing = patch + KILL_AT.format(moment=moment)
        with start(*(again if number else first), patch=killing) as process:
            out, err = process.communicate(timeout=120)
        assert process.returncode == -signal.SIGKILL, (moment, out[-900:], err)
