"""`goodfit verdict`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Group, Parameter

from goodfit.cli.exits import Interrupted, say

if TYPE_CHECKING:
    from goodfit.verdicts import Verdict

_GROUP = Group("How it is measured", sort_key=40)


def _flag(help: str) -> Parameter:
    return Parameter(help=help, group=_GROUP)


def verdict(
    run: Annotated[Path, Parameter(help="Folder of a run that is done.")],
    /,
    *,
    data: Annotated[str | None, Parameter(help="The data set or table file, where the run does not find it.")] = None,
    quick: Annotated[bool, Parameter(help="Fewer alternatives, one repeat of the folds.", negative=())] = False,
    apply: Annotated[bool, Parameter(help="Train the recipe that the verdict advises.", negative=())] = False,
    out: Annotated[Path | None, Parameter(help="Folder of that run. [default: runs/DATA-TIME]")] = None,
    folds: Annotated[int, _flag("Folds; every row is held out once a repeat.")] = 5,
    repeats: Annotated[int | None, _flag("Times that the rows are divided anew. [default: 3, with --quick 1]")] = None,
    seeds: Annotated[int, _flag("Nets a fold, whose errors are averaged.")] = 1,
    by: Annotated[str, _flag("What is judged: loss (log loss, or R² of numbers) or score (accuracy).")] = "loss",
    margin: Annotated[float, _flag("Smallest gain that matters, as a share of a constant prediction's error.")] = 0.02,
    json: Annotated[bool, Parameter(help="Print one JSON object instead of tables.", negative=())] = False,
    quiet: Annotated[bool, Parameter(help="Show no progress.", negative=())] = False,
) -> None:
    """Say whether a run's recipe fits: alternatives are trained beside it on the same folds. Test rows take no part.

    The verdict is kept in the run's folder; --apply then trains what it advises without measuring again.
    """
    from goodfit.cli.verdict_summary import apply_advice, print_verdict
    from goodfit.verdicts.judging import VerdictRequest
    from goodfit.verdicts.judging_runs import kept_verdict

    asked = VerdictRequest(folds=folds, repeats=repeats, seeds=seeds, quick=quick, by=by, margin=margin)  # type: ignore[arg-type]
    kept = kept_verdict(run) if apply and asked == VerdictRequest() else None
    if kept is not None:
        apply_advice(kept.sentence, kept.advice, run, out, json=json, quiet=quiet)
        return
    found = _judge(run, data, asked, quiet=quiet)
    if not (apply and json):
        print_verdict(found, run, json=json)
    if apply:
        apply_advice("", found.advice, run, out, json=json, quiet=quiet)


def _judge(run: Path, data: str | None, asked: Any, *, quiet: bool) -> Verdict:
    from goodfit.cli import tables
    from goodfit.cli.verdict_summary import Watcher
    from goodfit.data import read_table
    from goodfit.runs.record import RunRecord
    from goodfit.verdicts.judging_runs import judge_run

    watcher = Watcher(quiet=quiet)
    given: Any = data
    if data is not None and tables.is_table(data):
        given = read_table(**{**(RunRecord.read(run).table or {}), "path": data})
    try:
        return judge_run(run, given, asked=asked, plan=watcher.plan_verdict, progress=watcher.report)
    except KeyboardInterrupt:
        say("")
        raise Interrupted(f"Interrupted; nothing was written. The run itself is unharmed: {run}") from None
