"""`goodfit report`."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter


def report(
    run: Annotated[Path, Parameter(help="Folder of a finished run or of a search.")],
    /,
    *,
    out: Annotated[Path | None, Parameter(help="HTML file to write. [default: RUN/report.html]")] = None,
    search: Annotated[Path | None, Parameter(help="Folder of a search to include in the report of a run.")] = None,
    json: Annotated[bool, Parameter(help="Print the path as one JSON object.", negative=())] = False,
) -> None:
    """Write a report as one self-contained HTML file: data, net, curves, hyperparameters, verdict, test set openings.

    The test set stays sealed. The report shows what the ledger holds about it.
    """
    from goodfit.cli.output import console, print_json, print_line
    from goodfit.reports import write

    path = write(run, out, search=search)
    if json:
        print_json({"report": str(path)})
    else:
        print_line(console(), f"Report: {path}")
