"""Progress on stderr: a display that lives on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import math
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from goodfit.cli.exits import say
from goodfit.cli.output import console, is_screen
from goodfit.cli.spacing import PLAIN_SECONDS, Spacing
from goodfit.leaving import on_leaving
from goodfit.training.progress import Progress
from goodfit.words import duration

if TYPE_CHECKING:
    from rich.console import Group
    from rich.live import Live

    from goodfit.data import Step

BLOCKS = "▁▂▃▄▅▆▇█"
SPARK_WIDTH = 16  # most characters of a sparkline
BAR_WIDTH = 10
LIVE_SECONDS = 0.1  # at least this long between drawings
SHOW_CURSOR = b"\x1b[?25h\n"  # the display hides it
STOPPING = "Stopping after this epoch; a second Ctrl-C or signal stops at once."
_PHASES = {
    "data": "Preparing the data",
    "compile": "Compiling",
    "train": "Training",
    "stop": "Stopping",
    "evaluate": "Evaluating",
}
_PARTS = {"train": "train", "valid": "validation", "test": "test"}


class TrainingWatcher(Protocol):
    """Whoever shows progress: `step` while data are looked for, `report` while nets are trained."""

    def step(self, step: Step) -> None:
        """Show what the search for data does."""

    def report(self, progress: Progress) -> None:
        """Show how far the training is."""


@contextmanager
def watch(*, quiet: bool, task: str = "") -> Iterator[TrainingWatcher]:
    """The watcher for this stderr; `task` is what the data are for, where it is known, and names the score."""
    from goodfit.training.metrics import SCORE_NAMES

    score = SCORE_NAMES.get(task, "score")
    if quiet:
        yield Silent()
    elif is_screen(sys.stderr):
        from rich.live import Live

        with (
            on_leaving(lambda: os.write(2, SHOW_CURSOR)),
            Live(console=console(stderr=True), auto_refresh=False) as live,
        ):
            yield Display(live, score)
    else:
        yield Lines(score)


class Silent:
    """Shows nothing."""

    def step(self, step: Step) -> None:
        """Nothing."""

    def report(self, progress: Progress) -> None:
        """Nothing."""


class Lines:
    """One plain line for each source of data that answers, and for the first, the last and some epochs between."""

    def __init__(self, score: str = "score") -> None:
        self._score = score
        self._spacing = Spacing()
        self._fetching, self._stops = "", False

    def step(self, step: Step) -> None:
        """A line when fetching begins, when a file is wrong, and now and then of what is computed."""
        if step.state == "wrong" or (step.state == "fetching" and step.place != self._fetching):
            self._fetching = step.place
            say(step_text(step))
        if step.state == "computing" and step.fraction != 1 and self._passed() and self._spacing.due():
            self._spacing.note()
            say(step_text(step))

    def report(self, progress: Progress) -> None:
        """A line for the first and the last epoch, and now and then between, within epochs too."""
        if progress.phase == "stop" and not self._stops:
            self._stops = True
            say(STOPPING)
            return
        if not progress.windows and (progress.phase != "train" or not progress.values):
            return
        if progress.seconds_left != 0 and not self._spacing.due():
            return
        if progress.windows and not self._passed():
            return
        self._spacing.note()
        say(line(progress, self._score))

    def _passed(self) -> bool:
        """Whether it has taken so long that parts of an epoch, or of what is computed, are worth a line."""
        return time.monotonic() - self._spacing.began >= PLAIN_SECONDS


class Display:
    """Bar, rates and a table of losses and scores with sparklines, drawn over itself."""

    def __init__(self, live: Live, score: str = "score") -> None:
        self._live = live
        self._score = score
        self._shown = -math.inf
        self._past: dict[str, list[float]] = {}

    def step(self, step: Step) -> None:
        """What the search for data does, in one line."""
        self._draw(step_text(step), now=step.state not in ("fetching", "computing"))

    def report(self, progress: Progress) -> None:
        """Keep the values of a new epoch for the sparklines, and draw."""
        for name, values in progress.recent.items():
            self._past.setdefault(name, []).extend(values)
        last = progress.phase != "train" or progress.seconds_left == 0
        self._draw(picture(progress, self._past, self._score), now=last)

    def _draw(self, shown: str | Group, *, now: bool) -> None:
        if now or time.monotonic() - self._shown >= LIVE_SECONDS:
            self._shown = time.monotonic()
            self._live.update(shown, refresh=True)


def step_text(step: Step) -> str:
    """One line on the search for data, or on what is computed."""
    share = f" {step.fraction:.0%}" if step.fraction is not None else ""
    detail = f": {step.detail}" if step.detail else ""
    if step.state == "computing":
        return f"{step.place.capitalize()}{share}{detail}"
    return f"Data: {step.state}, {step.place}{share}{detail}"


def sparkline(values: Sequence[float], width: int = SPARK_WIDTH) -> str:
    """Values as blocks from the lowest to the highest, a space where one is not finite.

    Of more than `width` values, `width` are shown, evenly spaced, the last one last.
    """
    step = max(1.0, len(values) / width)
    shown = [values[math.ceil(step * (place + 1)) - 1] for place in range(min(width, len(values)))]
    finite = [value for value in shown if math.isfinite(value)]
    if not finite:
        return " " * len(shown)
    low, high = min(finite), max(finite)
    scale = (len(BLOCKS) - 1) / (high - low) if high > low else 0.0
    return "".join(BLOCKS[round((value - low) * scale)] if math.isfinite(value) else " " for value in shown)


def line(progress: Progress, score: str = "score") -> str:
    """Epoch, losses and scores, rate and time left, as one line of plain text."""
    parts = [_count(progress)]
    for part, word in _PARTS.items():
        values = [
            f"{name} {number(progress.values[f'{part}_{measure}'])}"
            for measure, name in (("loss", "loss"), ("score", score))
            if f"{part}_{measure}" in progress.values
        ]
        if values:
            parts.append(f"{word} {' '.join(values)}")
    return "  ".join([*parts, *_rates(progress)])


def _count(progress: Progress) -> str:
    """Epochs that are done, and how far the next one is."""
    count = f"epoch {progress.epoch}/{progress.epochs}"
    return f"{count}, window {progress.window:,}/{progress.windows:,}" if progress.windows else count


def number(value: float) -> str:
    """Four decimals, or three digits where that would be long."""
    return f"{value:.4f}" if abs(value) < 1e5 else f"{value:.2e}"


def _rates(progress: Progress) -> list[str]:
    rates = []
    if progress.nets > 1:
        going = f"{progress.active} of " if progress.active < progress.nets else ""
        rates.append(f"{going}{progress.nets} nets")
    if progress.rows_per_second > 0:
        rates.append(f"{progress.rows_per_second:,.0f} rows/s")
    if progress.seconds_left:
        rates.append(f"{duration(progress.seconds_left)} left")
    return rates


def picture(progress: Progress, past: dict[str, list[float]], score: str = "score") -> Group:
    """What the live display shows."""
    from rich.console import Group
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    head = Table.grid(padding=(0, 2))
    doing = _PHASES[progress.phase]
    count = _count(progress)
    done = progress.epoch + progress.window / max(progress.windows, 1)
    bar = ProgressBar(total=max(progress.epochs, 1), completed=done, width=BAR_WIDTH)
    rates = Text("  ".join(_rates(progress)), style="dim", no_wrap=True, overflow="ellipsis")
    head.add_row(Text(doing, style="bold"), Text(count), bar, rates)
    body = Table.grid(padding=(0, 2))
    for part, word in _PARTS.items():
        cells: list[Text] = []
        for measure, name in (("loss", "loss"), ("score", score)):
            values = past.get(f"{part}_{measure}")
            if values:
                cells += [Text(f"{name} {number(values[-1])}"), Text(sparkline(values), style="cyan")]
        if cells:
            body.add_row(Text(word), *cells)
    return Group(head, body, *([Text(STOPPING)] if progress.phase == "stop" else []))
