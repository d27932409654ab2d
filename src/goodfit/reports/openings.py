"""The section on the test rows: sealed, or every opening of them with its interval as it is by now."""

from __future__ import annotations

import shlex
from pathlib import PurePath

from goodfit.data import Opening
from goodfit.models.scores import Score
from goodfit.reports.blocks import Block, Code, Grid, Note, Paragraph
from goodfit.reports.markup import Inline, Mono, Strong
from goodfit.reports.numbers import NONE, counted, number
from goodfit.reports.page import Glance, Section
from goodfit.reports.source import Source
from goodfit.runs.opening import ordinal, percent, restated
from goodfit.runs.telling import costs, interval

COLUMNS = ("no.", "when (UTC)", "data", "model", "opening", "score", "value", "interval", "level", "rows")


def openings_section(source: Source) -> Section:
    """What the ledger says of these test rows."""
    rows, lines = source.sizes.get("test", 0), source.openings
    if not rows:
        return Section("Test rows", [Paragraph("The data were split without test rows.")])
    blocks: list[Block] = [Paragraph(_state(source, rows))]
    own = [line for line in lines if line.number in source.own]
    if not own and source.run.folder is not None:
        blocks.append(Code(shlex.join(["goodfit", "test", source.where]), "Command that opens the test rows"))
    if lines:
        grid = Grid(
            "Openings of these rows" if source.same else "Openings of rows of a data set with this name",
            COLUMNS,
            [_row(line, line.number in source.own) for line in lines],
            left=6,
            marked=frozenset(at for at, line in enumerate(lines) if line.number in source.own),
            note="Scores have the interval that they have by now, widened for every opening of the same rows.",
        )
        blocks.append(grid)
    if source.same:
        blocks += [Paragraph(text) for text in costs([line for line in lines if line.number in source.same])]
    elif lines:
        text = "Whether they are the same rows as those of this run shows when it is tested."
        blocks.append(Note(f"These openings were made for other models. {text}"))
    return Section("Test rows", blocks)


def openings_glance(source: Source) -> Glance:
    """The test score, if these rows were opened for this run."""
    score = newest(source)
    if score is not None:
        detail = f"{percent(score.level)} interval {interval(score)}"
        return Glance(f"Test {score.name}", number(score.value), detail)
    if not source.sizes.get("test"):
        return Glance("Test rows", "none")
    return Glance("Test rows", "opened" if source.own else "sealed", counted(source.sizes["test"], "row"))


def newest(source: Source) -> Score | None:
    """The newest score of this run on test rows, with its interval as it is by now."""
    scores = [restated(line) for line in source.openings if line.number in source.own]
    return next((score for score in reversed(scores) if score is not None), None)


def _state(source: Source, rows: int) -> Inline:
    if not source.own:
        text = f"The {counted(rows, 'test row')} of this run are sealed: no opening of them by its nets is recorded."
        return text
    curve = any(line.kind == "curve" for line in source.openings if line.number in source.own)
    how = " They were scored in every epoch, which gives no interval." if curve else ""
    return f"The {counted(rows, 'test row')} of this run were opened; the lines of its own nets are marked.{how}"


def _row(line: Opening, own: bool) -> list[Inline]:
    now, rows = restated(line), f"{line.rows:,}"
    name = f"{PurePath(line.run).name} " if line.run else ""
    nth = "again" if line.again else f"{ordinal(line.nth)} of {line.of}"
    model: Inline = (Strong("this run "), Mono(line.model[:8])) if own else (name, Mono(line.model[:8]))
    first: list[Inline] = [str(line.number), line.time[:16].replace("T", " "), line.data, model, nth]
    if now is None:
        return [*first, "every epoch" if line.kind == "curve" else "unfinished", NONE, NONE, NONE, rows]
    return [*first, now.name, number(now.value), interval(now), percent(now.level), rows]
