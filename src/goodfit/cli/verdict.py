"""`goodfit verdict`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Group, Parameter

from goodfit.cli import tables
from goodfit.cli.device_flags import with_device_flags
from goodfit.cli.folders import VERDICT_CALL, resumable
from goodfit.cli.worker_flags import with_worker_flags
from goodfit.errors import InputError, problem

if TYPE_CHECKING:
    from goodfit.data import Table
    from goodfit.runs import Run
    from goodfit.verdicts import Verdict

_GROUP = Group("Measurement", sort_key=40)
_RUN = "Folder of a finished run; or a table file, a folder of Parquet files or a data set, to be trained on first."


def _flag(help: str) -> Parameter:
    return Parameter(help=help, group=_GROUP)


@with_device_flags
@with_worker_flags
def verdict(
    run: Annotated[Path | None, Parameter(help=_RUN)] = None,
    /,
    *,
    data: Annotated[
        str | None, Parameter(help="Data set or table file, if it has moved since. [default: as in the run]")
    ] = None,
    quick: Annotated[
        bool, Parameter(help="Fewer alternatives, on fewer rows or epochs where that saves time.", negative=())
    ] = False,
    minutes: Annotated[
        float, Parameter(help="Time that it may take; on large data fewer rows are then measured.")
    ] = 3.0,
    apply: Annotated[bool, Parameter(help="Train the advised recipe.", negative=())] = False,
    out: Annotated[
        Path | None,
        Parameter(help="Output folder of the run trained on data, or of --apply. [default: runs/DATA-TIME]"),
    ] = None,
    table: tables.Flags = None,
    resume: Annotated[Path | None, Parameter(help="Folder of a run whose verdict was interrupted.")] = None,
    folds: Annotated[int, _flag("Folds of cross-validation.")] = 5,
    repeats: Annotated[
        int | None, _flag("Repeats of k-fold, at most. [default: 3, or as many as there is time for]")
    ] = None,
    seeds: Annotated[int, _flag("Nets per fold; their errors are averaged.")] = 1,
    by: Annotated[str, _flag("Metric: loss (log loss; R² for regression) or score (accuracy).")] = "loss",
    margin: Annotated[
        float, _flag("Smallest relevant gain, as a fraction of the error of a constant prediction.")
    ] = 0.02,
    json: Annotated[bool, Parameter(help="Print one JSON object instead of tables.", negative=())] = False,
    quiet: Annotated[bool, Parameter(help="Show no progress.", negative=())] = False,
) -> None:
    """Say whether a run underfits or overfits, by training alternatives on the same folds. The test set is not used.

    Of a table file or a data set, the default recipe is trained first, as by goodfit train, and then judged. The
    verdict is kept in the run's folder; --apply then trains the advised recipe without measuring again.
    """
    given = locals()
    from goodfit.cli.train import refuse_beside_resume
    from goodfit.cli.verdict_summary import apply_advice, print_verdict
    from goodfit.verdicts.judging import VerdictRequest
    from goodfit.verdicts.judging_runs import kept_verdict

    how: dict[str, Any] = {"quick": quick, "by": by, "margin": margin, "minutes": minutes}
    asked = VerdictRequest(folds, repeats, seeds, **how)
    if resume is not None:
        refuse_beside_resume(verdict, given, "data", rest="--data, --json and --quiet")
        _resume(resume, data, json=json, quiet=quiet)
        return
    if run is None:
        fix = "Give the folder of a finished run, or a table file."
        raise InputError(problem("Command line", "'RUN' must be given", fix=fix))
    trained = _trained(run, data, table, out, json=json, quiet=quiet)
    if trained is not None and trained[0].folder is not None:
        run, out = trained[0].folder, None
    kept = kept_verdict(run) if apply and asked == VerdictRequest() else None
    if kept is not None:
        apply_advice(kept.sentence, kept.advice, run, out, json=json, quiet=quiet)
        return
    found = _judge(run, data, asked, trained, quiet=quiet)
    if not (apply and json):
        print_verdict(found, run, json=json)
    if apply:
        apply_advice("", found.advice, run, out, json=json, quiet=quiet)


def _resume(run: Path, moved: str | None, *, json: bool, quiet: bool) -> None:
    """Go on with the verdict that was killed; one that is finished is printed again, as far as its file has it."""
    from goodfit.cli.output import console, print_json, print_line
    from goodfit.cli.verdict_summary import print_verdict
    from goodfit.data.tables.several import is_there
    from goodfit.verdicts.judging_runs import kept_verdict, unfinished_request

    unfinished = unfinished_request(run)
    if unfinished is not None:
        asked, data = unfinished
        data = moved or (data if data is not None and is_there(data) else None)
        print_verdict(_judge(run, data, asked, quiet=quiet), run, json=json)
        return
    kept = kept_verdict(run)
    if kept is None:
        rule = "must hold a verdict that was interrupted; there is none"
        fix = "Start one with: goodfit verdict RUN, the folder of a run that is done."
        raise InputError(problem(str(run), rule, fix=fix))
    if json:
        print_json({**kept.content, "folder": str(run)})
    else:
        print_line(console(), kept.sentence)


def _trained(
    run: Path, moved: str | None, table: tables.TableFlags | None, out: Path | None, *, json: bool, quiet: bool
) -> tuple[Run, Table | None] | None:
    """The run of the default recipe, where data were named in the place of a run, and the table that they are.

    Its summary is printed. None for a run: a folder is one, whatever its name, but for one of Parquet files.
    """
    from goodfit.cli.output import console, print_line
    from goodfit.cli.summary import print_run
    from goodfit.cli.train import train_default

    data = str(run)
    if not _is_data(data):
        if table is not None:
            rule = f"{', '.join(tables.FLAGS)} are for table files only; {data!r} is none"
            raise InputError(problem("Command line", rule, fix="Omit them: a run knows its table."))
        return None
    if moved is not None:
        rule, fix = "'--data' says where the data of a run are now", f"Omit it: {data} is what is trained on."
        raise InputError(problem("Command line", rule, got=moved, fix=fix))
    known = tables.known_data(data, table)
    made = train_default(known, out, quiet=quiet)
    if not json:
        print_run(made)
        print_line(console(), "")
    return made, None if isinstance(known, str) else known


def _is_data(named: str) -> bool:
    """Whether what may be a run names data to train on; a path at which nothing is may be a run that was misspelt."""
    from goodfit.data import names
    from goodfit.data.tables.files import READERS
    from goodfit.data.tables.several import is_there
    from goodfit.runs.record import RUN

    if os.path.isdir(named):
        return not os.path.lexists(Path(named) / RUN) and is_there(named)
    return named in names() or Path(named).suffix.lower() in READERS or is_there(named)


def _judge(
    run: Path, data: str | None, asked: Any, trained: tuple[Run, Table | None] | None = None, *, quiet: bool
) -> Verdict:
    """trained: the run as it was just trained, with the table that it was trained on."""
    from goodfit.cli.verdict_summary import VerdictWatcher
    from goodfit.data import read_table
    from goodfit.data.tables.making import read_again
    from goodfit.runs.record import RunRecord
    from goodfit.verdicts.judging_runs import judge, judge_run

    watcher = VerdictWatcher(quiet=quiet)
    if trained is not None and trained[0].split is not None:
        known = trained[1] or trained[0].split.data
        with resumable("verdict", run, VERDICT_CALL):
            return judge(trained[0], known, asked, plan=watcher.plan_verdict, progress=watcher.report)
    given: Any = data
    if data is not None and tables.is_table(data):
        origin = RunRecord.read(run).origin
        given = read_table(data) if origin is None else read_again(origin, data)
    with resumable("verdict", run, VERDICT_CALL):
        return judge_run(run, given, asked=asked, plan=watcher.plan_verdict, progress=watcher.report)
