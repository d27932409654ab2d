"""What `goodfit verdict` shows: the plan and the progress on stderr, the alternatives and the verdict on stdout."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from goodfit.cli import search_summary
from goodfit.cli.exits import say
from goodfit.cli.output import console, print_json, print_line, table
from goodfit.verdicts.gain_words import gain_text, interval_text, rule, score_text
from goodfit.verdicts.words import number
from goodfit.words import duration, fixed

if TYPE_CHECKING:
    from goodfit.runs import Run
    from goodfit.training.recipe import Recipe
    from goodfit.verdicts import Verdict
    from goodfit.verdicts.laying_out import VerdictLayout


class VerdictWatcher(search_summary.SearchWatcher):
    """Tells the plan, and how far the measuring is, as of a search."""

    def plan_verdict(self, layout: VerdictLayout, seconds: float, own: float | None) -> None:
        """What will be trained, and what it will take beside the run itself."""
        if self.quiet:
            return
        self.estimate(seconds)
        folds = layout.folds.repeats
        nets = f"{layout.begun.nets} nets"
        what = f"The recipe and {layout.usual} alternatives on {len(folds[0])} folds: {nets}"
        beside = f" (the run itself took {duration(own)})" if own else ""
        say(f"{what}, about {duration(seconds)}{beside}.{_repeats(len(folds))}{_sample(layout)}")


def _repeats(count: int) -> str:
    return "" if count == 1 else f" What stays open is repeated, {count} times at most."


def _sample(layout: VerdictLayout) -> str:
    """What the time does not allow."""
    rows = f" On {layout.rows:,} of {layout.of_rows:,} rows" if layout.rows < layout.of_rows else ""
    epochs = "" if layout.sizes.epochs is None else f"{' and' if rows else ' On'} {layout.sizes.epochs} epochs"
    return f"{rows}{epochs}, to keep to the time." if rows or epochs else ""


def print_verdict(found: Verdict, run: Path, *, json: bool) -> None:
    """The alternatives with their gains, and the verdict, on stdout."""
    if json:
        print_json({**found.to_json(), "folder": str(run)})
        return
    out = console()
    columns = ["alternative", "change", found.what, "gain", "interval", "at most", "result"]
    out.print(table("Alternatives", columns, [_cells(row, found.constant) for row in found.rows()], left=2))
    print_line(out, how_measured(found))
    print_line(out, rule(found))
    print_line(out, "")
    print_line(out, found.sentence)
    for line in found.reasons:
        print_line(out, line)
    if found.advice is not None:
        print_line(out, f"Train the advised recipe: {shlex.join(['goodfit', 'verdict', str(run), '--apply'])}")
    share = "" if found.share is None else f", {found.share:.1f} times the training of the run"
    print_line(out, f"Time: {duration(found.seconds)}{share}. Verdict: {run / 'verdict.json'}")


def _cells(row: dict[str, Any], constant: float) -> list[str]:
    gain, interval = gain_text(row["difference"], constant), interval_text(row["low"], row["high"], constant)
    most = gain_text(row["at_most"], constant)
    return [row["name"], row["change"], score_text(row["score"]), gain, interval, most, row["result"]]


def how_measured(found: Verdict) -> str:
    """One line on the folds and the margin."""
    times = f"up to {found.repeats} repeats of {found.folds}-fold" if found.repeats > 1 else f"{found.folds}-fold"
    nets = f", {found.seeds} nets per fold" if found.seeds > 1 else ""
    return f"{times} cross-validation{nets}; gains below {number(found.decision.margin)} do not count."


def apply_advice(sentence: str, advice: Recipe | None, run: Path, out: Path | None, *, json: bool, quiet: bool) -> None:
    """Train the recipe that is advised, on the same data and with the same seeds; say so where there is none.

    sentence: of a verdict that was found earlier.
    """
    from goodfit.cli.folders import default_folder, resumable
    from goodfit.cli.progress import watch
    from goodfit.cli.summary import print_run
    from goodfit.runs import load, train
    from goodfit.runs.record import RunRecord
    from goodfit.runs.rows_again import data_of

    screen = console()
    if sentence and not json:
        print_line(screen, sentence)
    if advice is None:
        if json:
            print_json({"folder": str(run), "applied": None})
        else:
            print_line(screen, "Nothing to apply: no alternative is significantly better.")
        return
    before = load(run)
    folder = out or default_folder(before.data_name)
    if not json:
        print_line(screen, "")
    with resumable("train", folder, "run.json"), watch(quiet=quiet, task=before.task) as watcher:
        source = data_of(run, RunRecord.read(run), watcher.step, "goodfit.train(advice, data)")
        watching: dict[str, Any] = {"progress": watcher.report, "data_progress": watcher.step}
        made = train(advice, source, seeds=before.seeds, out=folder, **watching)
    if json:
        print_json({"folder": str(run), "applied": made.to_json()})
        return
    print_run(made)
    print_line(screen, _compared(before, made))


def _compared(before: Run, after: Run) -> str:
    """One line on the validation score before and after."""
    if "valid" not in before.scores or "valid" not in after.scores:
        return "Before and after: no validation set to compare on."
    old, new = before.scores["valid"], after.scores["valid"]
    return f"Validation {new.name} before and after: {fixed(old.value)}, {fixed(new.value)}."
