"""`goodfit runs`."""

import os
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter


def runs(
    folder: Annotated[Path | None, Parameter(help="Folder that holds runs. [default: runs]")] = None,
    /,
    *,
    json: Annotated[bool, Parameter(help="Print one JSON list instead of a table.", negative=())] = False,
) -> None:
    """List the runs in a folder."""
    from goodfit.cli.exits import say
    from goodfit.cli.output import console, print_json, table
    from goodfit.cli.run_rows import RUN_COLUMNS, run_record, run_row
    from goodfit.errors import InputError, problem
    from goodfit.runs import list_runs

    if folder is not None and not os.path.isdir(folder):
        raise InputError(problem(str(folder), "must be a folder that holds runs; there is no such folder"))
    folder = folder or Path("runs")
    found = list_runs(folder)
    for run in found:
        if run.problem:
            say(run.problem)
    if json:
        print_json([run_record(run) for run in found])
    elif found:
        console().print(table("", RUN_COLUMNS, map(run_row, found), left=4))
    else:
        say(f"There are no runs in {folder}.")
