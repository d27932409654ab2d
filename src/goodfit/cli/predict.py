"""`goodfit predict`."""

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from goodfit.cli.exits import say


def predict(
    run: Annotated[Path, Parameter(help="Run folder or model file.")],
    data: Annotated[str, Parameter(help="Name of a data set, or a table file: .csv, .parquet, ...")],
    /,
    *,
    out: Annotated[Path | None, Parameter(help="CSV file to write. [default: stdout]")] = None,
    strict: Annotated[
        bool, Parameter(help="Fail if any value cannot be read; otherwise such rows get no prediction.", negative=())
    ] = False,
    quiet: Annotated[bool, Parameter(help="Show no progress.", negative=())] = False,
) -> None:
    """Write the predictions of a run or a model file for a data set or a table as CSV."""
    from goodfit.cli.progress import watch
    from goodfit.runs import predict as predictions

    with watch(quiet=quiet) as watcher:
        found = predictions(run, data, strict=strict, data_progress=watcher.step)
    for note in () if quiet else found.notes:
        say(f"Note: {note}")
    for warning in found.warnings:  # a file with gaps is worth a word in any case
        say(f"Warning: {warning}")
    found.write_csv(sys.stdout if out is None else out)
    if out is not None:
        say(f"Predictions: {out}")
