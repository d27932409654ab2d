"""What a user waits for before anything happens, and how much memory the first command takes."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from benchmarks import processes
from benchmarks.bars import Bar, Measurement, seconds
from benchmarks.timing import alternate

HELP = Bar("`goodfit --help`", 0.4, unit="s", how="A new process, from its start to its end; the median.")
IMPORT = Bar(
    "`import goodfit`", 0.25, unit="s", how="A new process that does nothing else, from start to end; the median."
)
MEMORY = Bar(
    "peak memory of `goodfit train fashion-mnist`",
    900,
    unit="MB",
    how="The largest resident memory of the command's process, as the system counts it, in millions of bytes; two "
    "epochs of the default recipe, compiling included. The largest of the processes.",
)


def measure(quick: bool) -> list[Measurement]:
    """Starts in turn; then the command."""
    python = (sys.executable, "-c")
    times = alternate(
        {
            "bare": lambda: processes.run([*python, "pass"]).seconds,
            "help": lambda: processes.run([*processes.GOODFIT, "--help"]).seconds,
            "import": lambda: processes.run([*python, "import goodfit"]).seconds,
        },
        1 if quick else 9,
    )
    bare = seconds("Python itself", times["bare"])
    measured = [Measurement(HELP, times["help"], bare), Measurement(IMPORT, times["import"], bare)]
    return [*measured, _memory(quick)]


def _memory(quick: bool) -> Measurement:
    with tempfile.TemporaryDirectory(prefix="goodfit-benchmark-") as folder:
        train = [*processes.GOODFIT, "train", "fashion-mnist", "--epochs", "1" if quick else "2", "--quiet", "--out"]
        ended = [
            processes.run([*train, str(Path(folder) / name)], processes.NO_PROGRAM_CACHE)
            for name in ("one", "two")[: 1 if quick else 2]
        ]
    peaks = [process.peak / 1e6 for process in ended]
    return Measurement(MEMORY, max(peaks), f"from {min(peaks):.0f} to {max(peaks):.0f} MB")
