"""`goodfit report`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter


def report(
    run: Annotated[Path, Parameter(help="Folder of a run that is done, or of a search.")],
    /,
    *,
    out: Annotated[Path | None, Parameter(help="HTML file to write. [default: RUN/report.html]")] = None,
    search: Annotated[Path | None, Parameter(help="Folder of a search whose settings the report compares.")] = None,
) -> None:
    """Write a report as one HTML file that needs nothing else: data, net, curves, settings, verdict, test ledger.

    The test rows stay sealed. The report shows what the ledger holds about them.
    """
    from goodfit.cli.output import console, print_line
    from goodfit.reports import write

    print_line(console(), f"Report: {write(run, out, search=search)}")
