"""`goodfit runs`."""

import os
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter


def runs(
    folder: Annotated[Path | None, Parameter(help="Folder that holds runs. [default: runs]")] = None,
    /,
    *,
    group: Annotated[
        str | None,
        Parameter(help="Mean and spread over seeds of each group: recipe, data, or fields: hidden,learning_rate."),
    ] = None,
    metric: Annotated[
        str | None,
        Parameter(help="Metric of --group: valid_accuracy, loss, train_loss, best_epoch, seconds ... [default: score]"),
    ] = None,
    json: Annotated[bool, Parameter(help="Print one JSON list instead of a table.", negative=())] = False,
) -> None:
    """List the runs in a folder, or groups of them with the mean and spread of a metric over seeds."""
    from goodfit.cli.exits import say
    from goodfit.cli.output import console, print_json, table
    from goodfit.cli.run_rows import RUN_COLUMNS, print_groups, refuse_metric, run_record, run_row
    from goodfit.errors import InputError, problem
    from goodfit.runs import group_runs, list_runs

    if folder is not None and not os.path.isdir(folder):
        raise InputError(problem(str(folder), "must be a folder that holds runs; there is no such folder"))
    folder = folder or Path("runs")
    found = list_runs(folder)
    for run in found:
        if run.problem:
            say(run.problem)
    if group is not None:
        print_groups(group_runs(folder, group, metric=metric or "valid_score"), folder, json=json)
        return
    refuse_metric(metric)
    if json:
        print_json([run_record(run) for run in found])
    elif found:
        console().print(table("", RUN_COLUMNS, map(run_row, found), left=4))
    else:
        say(f"There are no runs in '{folder}'.")
