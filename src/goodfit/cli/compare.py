"""`goodfit compare`."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter


def compare(
    run: Annotated[Path, Parameter(help="Folder of a finished run or search, or a model file.")],
    /,
    *others: Annotated[Path, Parameter(help="The runs or model files to compare it with.")],
    data: Annotated[
        str | None,
        Parameter(help="New rows: a table file or a data set. [default: the validation rows that the runs share]"),
    ] = None,
    target: Annotated[
        list[str] | None,
        Parameter(help="Target column of --data. [default: as in the runs]", metavar="NAME", negative=()),
    ] = None,
    against: Annotated[str, Parameter(help="What each run is compared with: all, or the first.")] = "all",
    json: Annotated[bool, Parameter(help="Print one JSON object instead of tables.", negative=())] = False,
    quiet: Annotated[bool, Parameter(help="Show no progress.", negative=())] = False,
) -> None:
    """Compare runs on the same rows: which is better, by how much, and whether that is more than chance.

    Differences are paired row by row, and their intervals are corrected for the number of comparisons.
    The sealed test set stays closed. New rows, given with --data, are recorded in the ledger, as by 'goodfit test'.
    """
    from goodfit.cli.compared_tables import print_compared
    from goodfit.cli.output import print_json
    from goodfit.cli.progress import watch
    from goodfit.cli.tables import one_or_several
    from goodfit.runs.comparing import compare_folders

    with watch(quiet=quiet) as watcher:
        found = compare_folders([run, *others], data, one_or_several(target), against, watcher.step)
    if json:
        print_json(found.to_json())
    else:
        print_compared(found)
