"""The section on which columns of the table the nets need: permutation importance, as bars with intervals."""

from __future__ import annotations

from functools import partial

from goodfit.errors import GoodfitError
from goodfit.figures import DrawnInterval, intervals
from goodfit.figures.intervals import Look
from goodfit.reports.blocks import Block, Grid, Note, Picture
from goodfit.reports.calibration import at_hand
from goodfit.reports.drawing import both
from goodfit.reports.page import Section
from goodfit.reports.source import Source
from goodfit.runs.depending import dependence_on, explained_rows
from goodfit.runs.held_out import held_out
from goodfit.runs.permuting import DOOR, PERHAPS, Importances, importance_on

TITLE = "Importance of columns"
MOST_COLUMNS = 60  # of a table for which a report is made to wait
MOST_NUMBERS = 2**28  # that the first layers of all nets compute in one permutation of every column
MOST_SHOWN = 20
REPEATS = 5
MOST_CURVES = 3  # each is two drawings, and some tens of kilobytes
POINTS = 12
DEPENDENCE = (
    "The mean prediction over the rows as all of them are given one value. The band is the disagreement of nets, a "
    "standard deviation to both sides: no interval for what is true."
)
HOW = (
    "How much the loss rises when a column is shuffled over the rows, mean over {} permutations, with {:g} % intervals "
    "over rows and permutations. What reaches 0 cannot be told from no importance. Correlated columns share theirs."
)


def importance_section(source: Source) -> Section | None:
    """None without a table, with many columns, and where the data are not at hand."""
    found = _found(source)
    if found is None:
        return None
    shown = [*found.columns[:MOST_SHOWN], *found.groups[:MOST_SHOWN]]
    drawn = [
        DrawnInterval(each.label, each.loss.value, each.loss.low, each.loss.high, _look(each.verdict)) for each in shown
    ]
    what = f"rise of {found.columns[0].loss.name}"
    wide, narrow = both(partial(intervals, drawn, what, reference=0.0))
    heads, rows, more = found.lines(MOST_SHOWN)
    how = HOW.format(found.repeats, 100 * found.level)
    table = Grid(f"Permutation importance, {found.rows}", heads, rows, note=more)
    needed = ", ".join(each.label for each in found.columns if each.verdict == "needed")
    told = f"{how} Columns that the nets need: {needed or 'none can be told'}."
    picture = Picture(f"Importance of columns, {found.rows}", wide, table, how, told, narrow)
    return Section(TITLE, [picture, *map(Note, found.notes), *_curves(source, found)])


def _curves(source: Source, found: Importances) -> list[Block]:
    """How predictions change with the columns that the nets need most, or perhaps need."""
    needed = [each.label for each in found.columns if each.verdict in ("needed", PERHAPS)][:MOST_CURVES]
    rows = explained_rows(source.run)
    drawn: list[Block] = []
    for each in (dependence_on(rows, column, points=POINTS) for column in needed):
        wide, narrow = both(each.figure)
        ends = " and ".join(f"{line[0]}: {line[1]}" for line in (each.lines()[1][0], each.lines()[1][-1]))
        table = Grid(f"Mean prediction over {each.rows} by {each.column}", *each.lines())
        title = f"Partial dependence on {each.column}"
        drawn.append(Picture(title, wide, table, DEPENDENCE, f"{DEPENDENCE} {each.what} at {ends}.", narrow))
    return drawn


def _look(verdict: str) -> Look:
    looks: dict[str, Look] = {"needed": "chosen", "harmful": "worse"}
    return looks.get(verdict, "usual")


def _found(source: Source) -> Importances | None:
    run = source.run
    net = run.nets[0]
    if net.preprocessing is None or len(net.preprocessing.columns) > MOST_COLUMNS or not at_hand(run, source):
        return None
    try:
        rows = held_out(run, None, None, None, DOOR, 0)
        numbers = len(rows.x) * len(rows.columns) * sum(each.sizes[1] for each in run.nets)
        return importance_on(rows, REPEATS) if numbers <= MOST_NUMBERS else None
    except GoodfitError:  # the data have changed, or nets diverged: a report needs them for nothing else
        return None
