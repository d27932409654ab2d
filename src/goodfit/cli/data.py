"""`goodfit data list`, `show`, `check` and `fetch`."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from goodfit.cli import tables

_Name = Annotated[str, Parameter(help="Name of a data set; see 'goodfit data list'.")]
_Json = Annotated[bool, Parameter(help="Print JSON instead of tables.", negative=())]
_Quiet = Annotated[bool, Parameter(help="Show no progress.", negative=())]


def list_(*, json: _Json = False) -> None:
    """List the built-in data sets."""
    from goodfit.cli.data_tables import ENTRY_COLUMNS, entry_record, entry_row
    from goodfit.cli.output import console, print_json, table
    from goodfit.data import describe, names

    entries = [describe(name) for name in names()]
    if json:
        print_json([entry_record(entry) for entry in entries])
    else:
        console().print(table("", ENTRY_COLUMNS, map(entry_row, entries), left=2))


def show(
    name: Annotated[
        str, Parameter(help="A data set, a table file (.csv, .parquet, ...), or a folder of Parquet files.")
    ],
    /,
    *,
    table: tables.Flags = None,
    out: Annotated[
        Path | None, Parameter(help="Write a figure with examples of each class to this .svg or .png file.")
    ] = None,
    json: _Json = False,
    quiet: _Quiet = False,
) -> None:
    """Describe a data set, with example images if it has any, or the columns of a table file."""
    if tables.is_table(name):
        tables.show_table(name, tables.choices(table), json=json)
        return
    from goodfit.cli.data_tables import print_dataset, save_examples
    from goodfit.cli.output import print_json
    from goodfit.cli.progress import watch
    from goodfit.data import load, summary

    with watch(quiet=quiet) as watcher:
        rows = load(name, progress=watcher.step)
    if json:
        print_json(summary(rows).as_dict())
    else:
        print_dataset(rows)
    if out is not None:
        save_examples(rows, out)


def check(
    name: Annotated[
        str, Parameter(help="A data set, a table file (.csv, .parquet, ...), or a folder of Parquet files.")
    ],
    /,
    *,
    table: tables.Flags = None,
    valid: Annotated[float, Parameter(help="Fraction of the training data held out as validation set.")] = 0.1,
    seed: Annotated[int, Parameter(help="Random seed of the split.")] = 0,
    near: Annotated[bool, Parameter(help="Also look for near-duplicates, which takes longer.")] = True,
    json: _Json = False,
    quiet: _Quiet = False,
) -> None:
    """Check for leakage: duplicates and near-duplicates across the split, and features that determine the target."""
    from goodfit.cli.data_tables import print_leaks
    from goodfit.cli.progress import watch
    from goodfit.cli.tables import known_data
    from goodfit.data import load
    from goodfit.leaks import guard
    from goodfit.runs.checks import as_split
    from goodfit.training.recipe import Recipe

    found = known_data(name, table)
    with watch(quiet=quiet) as watcher:
        source = load(found, progress=watcher.step) if isinstance(found, str) else found
    parts = as_split(Recipe(valid=valid, seed=seed), source)
    print_leaks(parts, guard(parts, near=near), near=near, json=json)


def fetch(name: _Name, /, *, json: _Json = False, quiet: _Quiet = False) -> None:
    """Download a data set into the cache, and say where it came from."""
    from goodfit.cli.data_tables import print_report, report_record
    from goodfit.cli.output import print_json
    from goodfit.cli.progress import watch
    from goodfit.data import fetch as obtain

    with watch(quiet=quiet) as watcher:
        report = obtain(name, progress=watcher.step)
    if json:
        print_json(report_record(report))
    else:
        print_report(report)
