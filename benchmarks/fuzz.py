"""What comes of damaged files? `python -m benchmarks.fuzz [--files N] [--kind K] [--seed S]`.

Files of every kind that goodfit reads are changed at random and read. What is refused is refused by goodfit's own
error, in words that a terminal can show; what is accepted can be used. Anything else is counted: another exception, a
warning of Python's or NumPy's, a file that takes long.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random

from benchmarks.fuzz_kinds import KINDS, Kind
from goodfit.errors import GoodfitError

SECONDS = 10.0  # that a file may take
SHOWN = 5  # faults of a kind that are shown


class Hang(BaseException):
    """A file takes long."""


@dataclass
class Found:
    """What came of changed files. faults: what was raised or warned of, and how often; examples: one trace of each."""

    read: int = 0
    refused: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)


def fuzz(kind: Kind, files: int, seed: str) -> Found:
    """Change a sound file so many times, and read it."""
    random, found = Random(seed), Found()
    with tempfile.TemporaryDirectory(prefix="goodfit-fuzz-") as made:
        folder = Path(made)
        kind.make(folder)
        path = folder / kind.path
        sound = path.read_bytes()
        with _quietly():
            kind.read(folder)
        for _ in range(files):
            path.parent.mkdir(exist_ok=True)  # what reads a checkpoint may remove it
            path.write_bytes(random.choice(kind.changes)(random, sound))
            _count(found, partial(kind.read, folder), path)
    return found


def _count(found: Found, read: Callable[[], object], path: Path) -> None:
    try:
        with _quietly():
            read()
        found.read += 1
    except GoodfitError as error:
        text = str(error).replace(str(path.parent), "")
        if all(line.isprintable() and len(line) < 2000 for line in text.split("\n")):
            found.refused += 1
        else:
            _fault(found, "an error that no terminal can show", error)
    except (Exception, Hang) as error:  # noqa: BLE001 - what is counted here
        _fault(found, f"{type(error).__name__}: {str(error)[:60]}", error)


def _fault(found: Found, what: str, error: BaseException) -> None:
    place = traceback.extract_tb(error.__traceback__)[-1]
    name = f"{what} ({Path(place.filename).name}:{place.lineno})"
    found.faults[name] += 1
    found.examples.setdefault(name, "".join(traceback.format_exception(error)[-12:]))


@contextmanager
def _quietly() -> Iterator[None]:
    """Warnings are errors but for goodfit's own notes, what is printed goes nowhere, and a hang ends."""

    def late(*_: object) -> None:
        raise Hang(f"more than {SECONDS:g} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("error")
            warnings.simplefilter("ignore", UserWarning)
            yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def main(arguments: Sequence[str] | None = None) -> int:
    """0 where nothing was found."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fuzz", description=__doc__)
    parser.add_argument("--files", type=int, default=1000, help="of each kind")
    parser.add_argument("--kind", action="append", choices=list(KINDS), help="only this one; may be given again")
    parser.add_argument("--seed", default="0", help="of the changes")
    parser.add_argument("--traces", action="store_true", help="show where each fault arose")
    given = parser.parse_args(arguments)
    print(f"{'kind':<24}{'files':>8}{'refused':>9}{'read':>8}{'faults':>8}{'seconds':>9}", flush=True)
    failed = False
    for name in given.kind or KINDS:
        began = time.perf_counter()
        with tempfile.TemporaryDirectory(prefix="goodfit-fuzz-") as folder:
            os.environ["GOODFIT_LEDGER"] = f"{folder}/ledger.sqlite"
            found = fuzz(KINDS[name], given.files, f"{given.seed} {name}")
        faults, seconds = found.faults.total(), time.perf_counter() - began
        print(f"{name:<24}{given.files:>8}{found.refused:>9}{found.read:>8}{faults:>8}{seconds:>9.1f}", flush=True)
        for fault, count in found.faults.most_common(SHOWN):
            print(f"  {count} x {fault}", flush=True)
            if given.traces:
                print(found.examples[fault], flush=True)
        failed |= bool(faults)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
