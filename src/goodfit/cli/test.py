"""`goodfit test`."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from goodfit.cli.exits import say


def open_test(
    run: Annotated[Path, Parameter(help="Folder of a finished run.")],
    /,
    *,
    data: Annotated[
        str | None,
        Parameter(help="Separate test data: a table file or a data set. [default: the test set of the run's own data]"),
    ] = None,
    target: Annotated[
        list[str] | None,
        Parameter(help="Target column of --data. [default: as in the run]", metavar="NAME", negative=()),
    ] = None,
    json: Annotated[bool, Parameter(help="Print one JSON object instead of tables.", negative=())] = False,
    quiet: Annotated[bool, Parameter(help="Show no progress.", negative=())] = False,
) -> None:
    """Open the sealed test set of a run: record it in the ledger, then print the score with its interval.

    With --data, score all of a separate test file instead. A moved data file of the run is recognised.
    Do this once, after all choices are made. Every further model scored on this test set widens the interval.
    """
    from goodfit.cli.openings import print_opened
    from goodfit.cli.output import print_json
    from goodfit.cli.progress import watch
    from goodfit.cli.tables import one_or_several
    from goodfit.runs.openings import open_folder

    with watch(quiet=quiet) as watcher:
        opened = open_folder(run, data, one_or_several(target), watcher.step)
    for note in opened.notes:
        say(f"Note: {note}")
    if json:
        print_json(opened.to_json())
    else:
        print_opened(opened)
