"""`python -m benchmarks [NAME ...] [--quick] [--markdown FILE]`: measure, say what was met, write the page."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from benchmarks import machine, processes
from benchmarks.bars import Measurement
from benchmarks.page import page

FAMILIES = {  # name -> module, in the order of the page
    "chapter": "chapter",
    "polynomial": "polynomial",
    "cross-validation": "cross_validation",
    "mixed": "mixed",
    "compiling": "compiling",
    "memory": "memory",
    "command-line": "command_line",
    "default-recipe": "default_recipe",
    "reporting": "reporting",
    "watching": "watching",
    "lab": "lab",
    "estimators": "estimators",
    "search": "search",
    "verdicts": "verdicts",
    "findings": "findings",
    "honesty": "honesty",
    "studies": "studies",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """0: every bar is met (or none was judged); 1: one is missed, or could not be measured; 2: bad arguments."""
    given = _parse(arguments)
    load = machine.load()
    print(machine.description(), flush=True)
    if machine.busy(load):
        print(f"Other programs are running (load {load:.1f}): the numbers will be off.", file=sys.stderr)
    measured: list[Measurement] = []
    failed = False
    for name in given.names or FAMILIES:
        print(f"\n{name}", flush=True)
        try:
            found = processes.call(f"{FAMILIES[name]}:measure", given.quick)
        except RuntimeError as error:
            print(f"  could not be measured: {error}", flush=True)
            failed = True
            continue
        own = [Measurement.from_dict(fields) for fields in found]
        print(*(f"  {one.line(given.quick)}" for one in own), sep="\n", flush=True)
        measured += own
    if given.markdown and measured:
        text = page(
            measured,
            date=date.today().isoformat(),
            machine=machine.description(),
            load=load,
            example=next(iter(FAMILIES)),
        )
        given.markdown.write_text(text, encoding="utf-8")
    return exit_code(measured, failed=failed, quick=given.quick)


def exit_code(measured: Sequence[Measurement], *, failed: bool, quick: bool) -> int:
    """1 where something failed, or a bar is missed; quick numbers are not judged."""
    missed = not quick and any(not one.met for one in measured)
    return int(failed or missed)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Measure goodfit beside references, and judge it by bars."
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(FAMILIES)}; all if none is given")
    parser.add_argument("--quick", action="store_true", help="few repeats and epochs: does it run at all? Not judged.")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the page there")
    given = parser.parse_args(arguments)
    unknown = [name for name in given.names if name not in FAMILIES]
    if unknown:
        parser.error(f"unknown: {', '.join(unknown)}; known: {', '.join(FAMILIES)}")
    if given.markdown and given.quick:
        parser.error("--quick numbers are not for a page: leave out --quick or --markdown")
    return given


if __name__ == "__main__":
    sys.exit(main())
