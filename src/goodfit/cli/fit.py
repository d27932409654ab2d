"""`goodfit fit`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from goodfit.cli import tables
from goodfit.cli.device_flags import with_device_flags
from goodfit.cli.folders import default_folder, resumable
from goodfit.cli.train import refuse_beside_resume
from goodfit.errors import InputError, problem

if TYPE_CHECKING:
    from goodfit.runs import Run

MINUTES = 5.0


@with_device_flags
def fit(
    data: Annotated[
        str | None, Parameter(help="A table file (.csv, .parquet, ...), a folder of Parquet files, or a data set.")
    ] = None,
    /,
    *,
    minutes: Annotated[float | None, Parameter(help="How long it may take. [default: 5]")] = None,
    seed: Annotated[int, Parameter(help="Random seed.")] = 0,
    table: tables.Flags = None,
    out: Annotated[Path | None, Parameter(help="Output folder. [default: runs/DATA-TIME]")] = None,
    resume: Annotated[Path | None, Parameter(help="Folder of an interrupted fit to resume.")] = None,
    leaks: tables.Leaks = "warn",
    json: Annotated[bool, Parameter(help="Print one JSON object instead of tables.", negative=())] = False,
    quiet: Annotated[bool, Parameter(help="Show no progress.", negative=())] = False,
) -> None:
    """Do the whole job for a table in the time given: nets of many settings, chosen and weighed by folds."""
    given = locals()
    from goodfit.cli.ensemble_summary import print_ensemble

    if resume is not None:
        refuse_beside_resume(fit, given)
        run = _resume(resume, quiet=quiet)
    else:
        run = _begin(data, MINUTES if minutes is None else minutes, seed, table, out, leaks, quiet=quiet)
    print_ensemble(run, json=json)


def _begin(
    data: str | None,
    minutes: float,
    seed: int,
    table: tables.TableFlags | None,
    out: Path | None,
    leaks: str,
    *,
    quiet: bool,
) -> Run:
    from goodfit.ensembles import fit as begin
    from goodfit.ensembles.job import MOST_SECONDS

    if not 0 < minutes <= MOST_SECONDS / 60:
        rule = f"'--minutes' must be a number > 0, and at most {MOST_SECONDS / 60:.0f}, which are 30 days"
        raise InputError(problem("Command line", rule, got=minutes, fix="For example, --minutes 5."))
    found: Any = tables.known_data(data, table)
    if not isinstance(found, str):
        tables.tell_table(found, quiet=quiet)
    folder = out or default_folder(found if isinstance(found, str) else found.name)
    with resumable("fit", folder, "fit.json"):
        return begin(found, seconds=60 * minutes, seed=seed, out=folder, leaks=leaks, progress=_watcher(quiet=quiet))


def _resume(folder: Path, *, quiet: bool) -> Run:
    from goodfit.ensembles import resume

    with resumable("fit", folder, "fit.json"):
        return resume(folder, progress=_watcher(quiet=quiet))


def _watcher(*, quiet: bool) -> Any:
    from goodfit.cli.search_summary import SearchWatcher

    return SearchWatcher(quiet=quiet).report
