"""`goodfit test`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter


def open_test(
    run: Annotated[Path, Parameter(help="Folder of a run that is done.")],
    /,
    *,
    data: Annotated[
        str | None, Parameter(help="The data set, or the table file where it was moved. [default: as in the run]")
    ] = None,
    json: Annotated[bool, Parameter(help="Print one JSON object instead of tables.", negative=())] = False,
    quiet: Annotated[bool, Parameter(help="Show no progress.", negative=())] = False,
) -> None:
    """Open the test rows of a run: the score is recorded in the ledger, then printed with its interval.

    Do it once, when everything is chosen. Each further model that is scored on these rows widens the interval.
    """
    from goodfit.cli.openings import print_opened
    from goodfit.cli.output import print_json
    from goodfit.cli.progress import watch
    from goodfit.runs.openings import open_folder

    with watch(quiet=quiet) as watcher:
        opened = open_folder(run, data, watcher.step)
    if json:
        print_json(opened.to_json())
    else:
        print_opened(opened)
