"""What `goodfit select` shows: the plan and the progress on stderr, the settings on stdout."""

from __future__ import annotations

import math
import shlex
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from goodfit.cli.exits import say
from goodfit.cli.output import console, is_screen, print_json, print_line, table
from goodfit.cli.spacing import PLAIN_SECONDS, Spacing
from goodfit.cli.summary import leak_line
from goodfit.errors import InputError
from goodfit.words import duration, fixed

if TYPE_CHECKING:
    from goodfit.selection import Selection
    from goodfit.selection.layout import SearchLayout
    from goodfit.selection.search import Planned
    from goodfit.training.progress import SessionProgress

SOONEST = 0.1  # share of the work, before which the time that is left is a guess
OFF = 2.0  # factor by which an estimate is wrong, from which on it is corrected aloud
SHOWN = 12  # settings in the table; the file has all


class SearchWatcher:
    """Tells the plan, and now and then how far the search is; over itself on a terminal."""

    def __init__(self, *, quiet: bool) -> None:
        self.quiet, self._live = quiet, is_screen(sys.stderr)
        self._spacing, self._estimated = Spacing(), math.nan

    def plan(self, search: SearchLayout, schedule: Planned) -> None:
        """What will be trained, and what it will take."""
        if not self.quiet:
            self.estimate(schedule.seconds)
            say(f"{search}: {schedule}.")

    def estimate(self, seconds: float) -> None:
        """What it was said to take, from now on; a report that finds it far wrong corrects it."""
        self._estimated, self._spacing = seconds, Spacing()

    def report(self, progress: SessionProgress) -> None:
        """How far the search is."""
        ended = progress.ended
        if self.quiet or not (ended or self._due()):
            return
        self._spacing.note()
        self._correct(progress)
        left = (
            f", {duration(progress.seconds_left)} left" if progress.seconds_left and progress.share >= SOONEST else ""
        )
        of = "" if progress.nets is None else f" of {progress.nets}"
        done = f", {progress.done}{of} nets trained" if progress.done else ""
        text = f"{progress.share:.0%}{done}{left}"
        if self._live:
            print(f"\r{text}\x1b[K", end="\n" if ended else "", file=sys.stderr, flush=True)
        else:
            say(text)

    def _due(self) -> bool:
        return time.monotonic() - self._spacing.shown >= 0.1 if self._live else self._spacing.due()

    def _correct(self, progress: SessionProgress) -> None:
        """Say so where it takes more than twice as long as was said last."""
        if progress.share < SOONEST or not progress.seconds_left:
            return
        passed = time.monotonic() - self._spacing.began
        whole = passed + progress.seconds_left
        if whole > OFF * self._estimated and whole > OFF * PLAIN_SECONDS:
            before, self._estimated = self._estimated, whole
            text = f"This takes longer than estimated: about {duration(whole)} in all, not {duration(before)}."
            say(f"\n{text}" if self._live else text)


def print_selection(found: Selection, folder: Path, *, json: bool) -> None:
    """The settings with their intervals, and what may be concluded, on stdout."""
    if json:
        print_json({**found.to_json(), "folder": str(folder)})
        return
    out, rows = console(), found.rows()
    fields = list(found.settings[0])
    compared = [row for row in rows if row["rank"] is not None]
    columns = ["rank", *fields, found.score_name, "95 % interval", "vs. best", "parameters"]
    shown = [_cells(row, fields, found.score_name) for row in compared[:SHOWN]]
    out.print(table("", columns, shown, left=1 + len(fields)))
    if len(compared) > SHOWN:
        print_line(out, f"... and {len(compared) - SHOWN} more settings in {folder / 'settings.csv'}.")
    if found.stopped:
        print_line(out, f"Stopped: {_stopped(found)}; their scores are in {folder / 'settings.csv'}.")
    for line in conclusions(found):
        print_line(out, line)
    if len(fields) == 1 and len(rows) > 1 and not found.stopped:
        print_line(out, f"Curve: {folder / 'curve.svg'}")
    if found.leaks is not None:
        print_line(out, leak_line(found.leaks, found.data_name))
    print_line(out, f"Search: {folder}")
    if words := _data_words(folder):
        again = shlex.join(["goodfit", "train", *words, "--recipe", str(folder)])
        print_line(out, f"To train the best setting: {again}")


def _data_words(folder: Path) -> list[str]:
    """What a search's data are on the command line; none where only Python has them."""
    from goodfit.data.tables.table_words import table_words
    from goodfit.selection.search import SEARCH
    from goodfit.training.store import read_call

    try:
        call = read_call(folder, SEARCH, "search")
    except InputError:
        return []
    return table_words(call["table"]) if "table" in call else [str(call["data"])]


def _cells(row: dict[str, Any], fields: list[str], score: str) -> list[str]:
    from goodfit.selection.space import text_of

    if row["failed folds"]:
        return [str(row["rank"]), *(text_of(row[f]) for f in fields), "diverged", "-", "-", f"{row['parameters']:,}"]
    interval = f"{fixed(row['low'])} to {fixed(row['high'])}" if math.isfinite(row["low"]) else "-"
    difference = fixed(row["difference"], sign=True) if row["rank"] > 1 else "-"
    shown = [fixed(row[score]), interval, difference, f"{row['parameters']:,}"]
    return [str(row["rank"]), *(text_of(row[field]) for field in fields), *shown]


def _stopped(found: Selection) -> str:
    """How many settings stopped after how many epochs."""
    counts = Counter(each.epochs for each in found.stopped)
    ordered = sorted(counts.items())
    return ", ".join(f"{count} setting{'s' * (count != 1)} after epoch {epochs}" for epochs, count in ordered)


def chance_text(chance: float) -> str:
    """A probability in per cent; no finer than the draws that it was estimated from can tell."""
    return f"{100 * chance:.0f} %" if chance >= 0.01 else "below 1 %"


def conclusions(found: Selection) -> Iterator[str]:
    """The results of the comparison in sentences."""
    from goodfit.selection.space import describe

    comparison, optimism = found.comparison, found.optimism
    winner = found.settings[comparison.winner]
    yield f"Best: {describe(winner)}."
    reason = comparison.settings[comparison.winner].interval.reason
    if reason:
        yield f"Intervals: {reason}."
    else:
        yield "Intervals: mean over folds, corrected for overlapping training sets (Nadeau and Bengio)."
    if len(found.settings) > 1 and math.isfinite(comparison.chance_not_best):
        other = "finalist" if found.stopped else "setting"
        yield f"Probability that another {other} is better: {chance_text(comparison.chance_not_best)}."
    if comparison.one_se is not None and comparison.one_se != comparison.winner:
        yield f"Simplest within one standard error of the best: {describe(found.settings[comparison.one_se])}."
    if optimism is not None and math.isfinite(optimism.corrected):
        sign = found.sign
        gap = abs(optimism.winner_score - optimism.corrected)
        low, high = sorted((sign * optimism.low, sign * optimism.high))
        interval = f" ({fixed(low)} to {fixed(high)})" if math.isfinite(low) else ""
        yield (
            f"Expected {found.score_name} on new data: {fixed(sign * optimism.corrected)}{interval}. Selecting the "
            f"best inflates its score by {fixed(gap)}{f'; {found.uncorrected}' if found.uncorrected else ''}."
        )
