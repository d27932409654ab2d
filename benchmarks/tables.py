"""The default recipe for tables beside its peers, and beside itself with fields changed: docs/tables-default.md.

`python -m benchmarks.tables --keep FILE` fits what FILE does not have yet, a process each, and prints what came of all;
`--page` writes it into the page. The peers are the extra `tables-bench`: `pip install -e '.[tables-bench]'`.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks import processes, table_page
from benchmarks.table_peers import (
    ABLATIONS,
    ALL,
    FITS,
    FOR_CLASSES,
    FOR_NUMBERS,
    MODELS,
    ONE_THREAD,
    TWO_CORES,
    settings,
)
from benchmarks.table_sets import CLASSES, TableSet, table_sets

PAGE = processes.ROOT / "docs" / "tables-default.md"
SPLITS = 3
Task = tuple[str, int, str]  # (table, split, model)


def main(arguments: Sequence[str] | None = None) -> int:
    """0: everything that was asked for is there; 1: fits failed."""
    given = _parse(arguments)
    sets, left_out = table_sets(given.modeldata)
    chosen = [each for each in sets if not given.tables or each.name in given.tables]
    missing = sorted(set(given.tables or ()) - {each.name for each in chosen})
    more = [*(ABLATIONS if given.ablations else ()), *(FITS if given.fits else ())]
    names = given.models or [*MODELS, *more]
    made_with = {name: settings(name) for name in names}
    absent = {} if given.report else {name: ALL[name].package for name, made in made_with.items() if not made}
    for package in dict.fromkeys(absent.values()):
        own = [name for name in absent if absent[name] == package]
        left_out.append(f"left out: {', '.join(own)}: {package} is not installed")
    left_out += [f"left out: the table {name!r}, which is not there" for name in missing]
    print(*left_out, sep="\n" if left_out else "", flush=True)
    failed = 0
    if not given.report:
        here = {name: made for name, made in made_with.items() if made}
        failed = fit_all(given.keep, chosen, here, given.splits, given.modeldata)
    results = known(given.keep, {each.name for each in chosen})
    if not results:
        print("Nothing is measured yet.")
        return int(failed > 0)
    parts = written_parts(sets, results)
    print(*(f"\n{name}\n{text}" for name, text in {**parts, "fits": table_page.fits(results)}.items()), sep="\n")
    if given.page:
        text = PAGE.read_text("utf-8")
        for name, part in parts.items():
            text = written(text, name, part)
        PAGE.write_text(text, "utf-8")
    return int(failed > 0)


def fit_all(
    keep: Path, sets: Sequence[TableSet], made_with: dict[str, str], splits: int, modeldata: Path | None
) -> int:
    """Fit what is not kept, split by split, each in a process of its own. How many failed."""
    done = {_task(each): each.get("settings") for each in _lines(keep)}
    failed = 0
    if keep.exists() and not keep.read_bytes().endswith(b"\n"):  # killed while it was writing
        with keep.open("a", encoding="utf-8") as out:
            out.write("\n")
    for table, split, model in tasks(sets, [*made_with], splits):
        if done.get((table, split, model)) == made_with[model]:
            continue
        command = [sys.executable, "-m", "benchmarks.table_fit", table, str(split), model]
        command += [] if modeldata is None else ["--modeldata", str(modeldata.resolve())]
        try:
            cores = TWO_CORES if model in FITS else {}
            ended = processes.run(command, {**ONE_THREAD, **cores, "JAX_ENABLE_COMPILATION_CACHE": _program_cache()})
            found = json.loads(ended.stdout.splitlines()[-1])
        except (RuntimeError, ValueError, IndexError) as error:
            failed += 1
            print(f"{table}, split {split}, {model}: failed. {str(error)[-600:]}", file=sys.stderr, flush=True)
            continue
        with keep.open("a", encoding="utf-8") as out:
            out.write(json.dumps({**found, "settings": made_with[model]}) + "\n")
        print(f"{table}, split {split}, {model}: error {found['error']:.4g}, {found['cpu']:.1f} CPU s", flush=True)
    return failed


def tasks(sets: Sequence[TableSet], models: Sequence[str], splits: int) -> Iterator[Task]:
    """What is to be fitted: all of a split before the next, so that less than all is a fair part."""
    for split in range(splits):
        for model in models:
            for table in sets:
                if model not in (FOR_NUMBERS if table.task == CLASSES else FOR_CLASSES):
                    yield table.name, split, model


def known(keep: Path, tables: set[str]) -> list[table_page.Result]:
    """The kept results of these tables; of equal ones the last."""
    return [*{_task(each): each for each in _lines(keep) if each["table"] in tables}.values()]


def written_parts(sets: Sequence[TableSet], results: Sequence[table_page.Result]) -> dict[str, str]:
    """The parts of the page, by the names of their marks."""
    return {
        "sets": table_page.sets(sets, results),
        "peers": table_page.peers(results),
        "by table": table_page.by_table(results),
        "wins": table_page.wins(results),
        "ablations": table_page.ablations(results),
    }


def written(page: str, part: str, text: str) -> str:
    """The page with a part between its marks, which it must have once."""
    begin, end = f"<!-- begin: {part} -->\n", f"<!-- end: {part} -->"
    found, count = re.subn(
        f"({re.escape(begin)}).*?({re.escape(end)})", lambda m: f"{m[1]}{text}\n{m[2]}", page, flags=re.S
    )
    if count != 1:
        raise ValueError(f"{PAGE.name} must have the marks {begin.strip()} and {end} once")
    return found


def _lines(keep: Path) -> list[dict[str, object]]:
    """What is kept; a last line that was broken off is left out."""
    if not keep.exists():
        return []
    found = []
    for line in keep.read_text("utf-8").splitlines():
        try:
            found.append(json.loads(line))
        except json.JSONDecodeError:
            continue
    return found


def _task(found: table_page.Result) -> Task:
    return found["table"], found["split"], found["model"]


def _program_cache() -> str:
    """Compiled programs are not kept, unless the environment says so: every fit pays for its own."""
    return os.environ.get("JAX_ENABLE_COMPILATION_CACHE", "false")


def _models() -> str:
    return ", ".join(ALL).replace("%", "%%")  # argparse fills in what follows a single one


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.tables", description=__doc__)
    parser.add_argument("--keep", type=Path, required=True, metavar="FILE", help="results, a line of JSON each")
    parser.add_argument("--models", nargs="+", metavar="NAME", help=f"{_models()}; all peers")
    parser.add_argument("--ablations", action="store_true", help="the default with fields changed, too")
    parser.add_argument("--fits", action="store_true", help="goodfit fit in a given time, on two cores, too")
    parser.add_argument("--tables", nargs="+", metavar="NAME", help="these tables; all that are there")
    parser.add_argument("--splits", type=int, default=SPLITS, metavar="N", help=f"divisions of each table; {SPLITS}")
    parser.add_argument("--modeldata", type=Path, metavar="FOLDER", help="of R's package modeldata, unpacked")
    parser.add_argument("--report", action="store_true", help="fit nothing, report what is kept")
    parser.add_argument("--page", action="store_true", help=f"write the report into docs/{PAGE.name}")
    given = parser.parse_args(arguments)
    if unknown := sorted(set(given.models or ()) - {*ALL}):
        parser.error(f"no such model: {', '.join(unknown)}")
    return given


if __name__ == "__main__":
    sys.exit(main())
