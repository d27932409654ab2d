"""`goodfit importance`."""

from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

MOST_SHOWN = 40  # lines of a table on a screen


def importance(
    run: Annotated[Path, Parameter(help="Folder of a finished run or search, or a model file.")],
    data: Annotated[
        str | None,
        Parameter(help="New rows: a table file or a data set. [default: the held-out rows of the run]"),
    ] = None,
    /,
    *,
    target: Annotated[
        list[str] | None, Parameter(help="Target column of DATA. [default: as in the run]", metavar="NAME", negative=())
    ] = None,
    of: Annotated[str | None, Parameter(help="One of several targets. [default: all of them]", metavar="NAME")] = None,
    repeats: Annotated[int, Parameter(help="Permutations of each column.", metavar="N")] = 10,
    linked: Annotated[
        float,
        Parameter(
            help="Columns with a rank correlation above this are permuted together, too; 1 for never.", metavar="R"
        ),
    ] = 0.7,
    json: Annotated[bool, Parameter(help="Print one JSON object instead of a table.", negative=())] = False,
    quiet: Annotated[bool, Parameter(help="Show no progress.", negative=())] = False,
) -> None:
    """Say which columns of a table a model's predictions need: how much worse they get when a column is shuffled.

    Rows are out of fold or validation rows; the sealed test set stays closed. New rows are recorded in the ledger.
    """
    from goodfit.cli.folders import name_of
    from goodfit.cli.output import console, print_json, print_line, table
    from goodfit.cli.progress import watch
    from goodfit.cli.tables import one_or_several
    from goodfit.runs import importance as permuted

    with watch(quiet=quiet) as watcher:
        how: dict[str, Any] = {"target": one_or_several(target), "of": of, "repeats": repeats, "linked": linked}
        found = permuted(run, data, **how, progress=watcher.step)
    if json:
        print_json(found.to_dict())
        return
    heads, rows, more = found.lines(MOST_SHOWN)
    out = console()
    out.print(table(f"Importance of columns in {name_of(run)}: {found.rows}", heads, rows))
    for text in (*([f"{more} See --json."] if more else []), *found.notes):
        print_line(out, text)
