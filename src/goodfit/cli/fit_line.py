"""The verdict in short form, at the end of `goodfit train`."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING

from goodfit.cli.exits import Interrupted
from goodfit.cli.folders import VERDICT_CALL
from goodfit.cli.output import console, print_json, print_line
from goodfit.cli.verdict_summary import VerdictWatcher
from goodfit.errors import GoodfitError, InputError, nearest, problem
from goodfit.leaving import on_leaving
from goodfit.words import duration

if TYPE_CHECKING:
    from goodfit.data import Table
    from goodfit.runs import Run

ASKED = ("auto", "always", "never")


def check_asked(asked: str | None) -> None:
    """InputError where `--fit` is none of its words, before anything is trained."""
    if asked not in (*ASKED, None):
        rule = f"'--fit' must be {', '.join(ASKED[:-1])} or {ASKED[-1]}"
        raise InputError(problem("Command line", rule, got=asked, fix=nearest(asked, ASKED)))


def print_fit(run: Run, source: Table | None, *, asked: str, json: bool, quiet: bool) -> None:
    """One line on the fit; with json, the run and that line as one object. source: the table that was trained on."""

    def told() -> str:
        text = f"Interrupted while judging the fit. The run itself is complete: {run.folder}"
        if run.folder is not None and os.path.exists(run.folder / VERDICT_CALL):
            text += f". Resume judging with: {shlex.join(['goodfit', 'verdict', '--resume', str(run.folder)])}"
        return text

    try:
        with on_leaving(told):
            line = fit_line(run, source, asked=asked, quiet=quiet)
    except KeyboardInterrupt:
        raise Interrupted(told()) from None
    if json:
        print_json({**run.to_json(), "fit": line or None})
    elif line:
        print_line(console(), f"Fit: {line}")


def fit_line(run: Run, source: Table | None, *, asked: str, quiet: bool) -> str:
    """What is known of the fit: measured where that is cheap, or where it is asked for always; "" if never."""
    from goodfit.verdicts.judging import VerdictRequest
    from goodfit.verdicts.judging_runs import is_cheap, judge, kept_verdict, lay_out_run, predicted_seconds

    if asked == "never":
        return ""
    how = VerdictRequest(quick=True)
    command = shlex.join(["goodfit", "verdict", str(run.folder)])
    try:
        if run.split is None:  # a run that was done before, loaded as it is
            kept = None if run.folder is None else kept_verdict(run.folder)
            return "" if kept is None else _told(kept.sentence, command)
        given = run.split.data if source is None else source
        seconds = predicted_seconds(run, lay_out_run(run, given, how))
        if asked == "auto" and not is_cheap(run, seconds):
            told = f"unknown from one training alone; comparing alternatives takes about {duration(seconds)}"
            return f"{told}: {command} --quick"
        found = judge(run, given, how, progress=VerdictWatcher(quiet=quiet).report)
    except InputError as error:
        return f"cannot tell. {error.problems[0]}"
    except GoodfitError as error:
        return f"cannot tell. {error}"
    return _told(found.sentence, command)


def _told(sentence: str, command: str) -> str:
    return f"{sentence[0].lower()}{sentence[1:]} Details: {command}"
