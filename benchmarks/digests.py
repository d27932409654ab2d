"""`python -m benchmarks.digests write FILE`, `... compare FILE`: whether a change of the code changed any result.

Some sixty small calls of the public API train, search with kills and resumes, draw curves, judge, fit estimators and
run every study; of each the bits of its parts are hashed (weights, losses, scores, JSON without times and folders).
Write the hashes before a change and compare after it, on the same machine: bits differ between processors, numbers of
devices and versions of libraries. What differs is printed by call and part, and the exit code is 1. R² stands in parts
with "r2" in their names, texts for people in "words": a change of either is seen to be of nothing else.

    python -m benchmarks.digests write before.json
    python -m benchmarks.digests compare before.json --only "train *"
"""

from __future__ import annotations

import argparse
import fnmatch
import json
import os
import signal
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks import machine

Call = Callable[[], dict[str, Any]]
Hashes = dict[str, dict[str, str]]
"""Call -> part -> hash."""
ENVIRONMENT = {  # NumPy and JAX look at these once, when they are loaded
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "JAX_NUM_CPU_DEVICES": "2",
    "JAX_PLATFORMS": "cpu",
    "MPLBACKEND": "agg",
}
FAILED = "failed"  # the part of a call that raised


def main(arguments: Sequence[str] | None = None) -> int:
    """0: all calls were made, and none differs; 1: one failed, or differs."""
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    given = _parse(arguments)
    kept = json.loads(given.file.read_text(encoding="utf-8")) if given.what == "compare" else None
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it, and so would we
    began = time.perf_counter()
    hashes = _made(_chosen(given.only))
    print(f"{len(hashes)} calls in {time.perf_counter() - began:.0f} s", flush=True)
    if kept is None:
        text = json.dumps({"machine": machine.description(), "calls": hashes}, indent=1)
        given.file.write_text(text + "\n", encoding="utf-8")
        return int(any(FAILED in parts for parts in hashes.values()))
    if kept["machine"] != machine.description():
        print(f"another machine or other versions: {kept['machine']}, now {machine.description()}")
    lines = differences({name: parts for name, parts in kept["calls"].items() if _matches(name, given.only)}, hashes)
    print(*lines or ["nothing differs"], sep="\n")
    return int(bool(lines))


def differences(before: Hashes, after: Hashes) -> list[str]:
    """What differs, a line a call."""
    lines = [f"{name}: not called any more" for name in before if name not in after]
    for name, parts in after.items():
        if name not in before:
            lines.append(f"{name}: not called before")
            continue
        told = [f"{part} differs" for part in parts if part in before[name] and parts[part] != before[name][part]]
        told += [f"{part} is new" for part in parts if part not in before[name]]
        told += [f"{part} is gone" for part in before[name] if part not in parts]
        if told:
            lines.append(f"{name}: {', '.join(told)}")
    return lines


def _made(calls: Mapping[str, Call]) -> Hashes:
    hashes: Hashes = {}
    for name, call in calls.items():
        began = time.perf_counter()
        with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
            os.environ["GOODFIT_LEDGER"] = str(Path(folder) / "ledger.sqlite")  # no opening of another call counts
            warnings.simplefilter("ignore")
            hashes[name] = _hashed(call)
        print(f"  {name}: {time.perf_counter() - began:.1f} s", file=sys.stderr, flush=True)
        if FAILED in hashes[name]:
            print(f"{name}: {hashes[name][FAILED]}", flush=True)
    return hashes


def _hashed(call: Call) -> dict[str, str]:
    from benchmarks.digest_parts import digest

    try:
        return {part: digest(value) for part, value in call().items()}
    except Exception as error:  # noqa: BLE001 - one call that fails must not hide what became of the others
        return {FAILED: f"{type(error).__name__}: {error}"}


def _chosen(only: str | None) -> dict[str, Call]:
    from benchmarks import digest_calls, digest_fits  # not before the environment is set

    calls = {**digest_calls.calls(), **digest_fits.calls()}
    return {name: call for name, call in calls.items() if _matches(name, only)}


def _matches(name: str, only: str | None) -> bool:
    return only is None or fnmatch.fnmatchcase(name, only)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.digests", description="Hash the results of many calls.")
    parser.add_argument("what", choices=("write", "compare"))
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("--only", metavar="PATTERN", help="calls whose name matches, such as 'select *'")
    given = parser.parse_args(arguments)
    if not _chosen(given.only):
        parser.error(f"no call matches {given.only!r}; there are {', '.join(_chosen(None))}")
    return given


if __name__ == "__main__":
    sys.exit(main())
