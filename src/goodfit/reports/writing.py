"""`write`: the report on a run or a search as one HTML file."""

import os
from pathlib import Path

from goodfit.arguments import public
from goodfit.errors import InputError, problem
from goodfit.reports import kept
from goodfit.reports.run_report import run_page, search_page
from goodfit.runs import Run
from goodfit.runs.record import RUN

REPORT = "report.html"
Place = str | os.PathLike[str]


@public
def write(what: Run | Place, path: Place | None = None, *, search: Place | None = None) -> Path:
    """Write a report as one self-contained HTML file, and return where it is.

    Test rows stay sealed; what the ledger holds about them is shown.

    what: a run, or the folder of a run or of a search
    path: the file, `report.html` in the folder if None
    search: the folder of a search whose settings the report on a run compares.
    InputError where there is nothing to report on, or the file cannot be written; GoodfitError where the ledger is held
    by another process.
    """
    folder = what.folder if isinstance(what, Run) else Path(what)
    if folder is None and path is None:
        fix = "Give a path: goodfit.reports.write(run, 'report.html')."
        raise InputError(problem("Report", "a run without a folder needs a path", fix=fix))
    beside = None if search is None else Path(search)
    if not isinstance(what, Run) and folder is not None and _is_search(folder):
        if beside is not None:
            fix = "Give the folder of a run, or leave it out."
            raise InputError(problem("Report", "'search' goes with a run; this is a search itself", fix=fix))
        page = search_page(folder)
    else:
        page = run_page(what if isinstance(what, Run) else Path(what), beside)
    return page.write(Path(path) if path is not None else (folder or Path()) / REPORT)


def _is_search(folder: Path) -> bool:
    """Whether a folder is that of a search; InputError where it is neither that nor a run's."""
    if os.path.exists(folder / RUN):
        return False
    if os.path.exists(folder / kept.SELECTION) or os.path.exists(folder / kept.SEARCH):
        return True
    rule = f"must be the folder of a run or of a search; it has neither {RUN} nor {kept.SELECTION}"
    raise InputError(problem(str(folder), rule, fix="Give what 'goodfit train' or 'goodfit select' wrote."))
