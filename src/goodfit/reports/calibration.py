"""The section on a classifier's probabilities: proper scores of the validation rows, and predicted beside observed."""

import math
import os
import shlex
from functools import partial

from goodfit.data import fashion_mnist
from goodfit.errors import GoodfitError
from goodfit.models.calibration import FEWEST_BINNED
from goodfit.reports.blocks import Block, Grid, Note, Paragraph, Picture
from goodfit.reports.drawing import both
from goodfit.reports.markup import Mono
from goodfit.reports.numbers import between, number
from goodfit.reports.page import Section
from goodfit.reports.source import Source
from goodfit.runs import Calibration, Run, calibration

TITLE = "Calibration"
MOST_BYTES = 50_000_000  # of a table file that a report reads again; larger ones take it many seconds
BINS = "bin", "rows", "mean predicted", "observed", "5-95 % band"
HOW = (
    "Each mark is a bin of rows with about the same probability. Bars: where 90 % of the observed shares lie if the "
    "probabilities are true."
)


def calibration_section(source: Source) -> Section | None:
    """None for a regression, with fewer held-out rows than a diagram takes, and where the data are not at hand."""
    found = _found(source)
    if found is None:
        return None
    rows = [[each.name, number(each.value), between(each.low, each.high)] for each in found.scores]
    scores = Grid(f"Probabilities on {found.rows_text}", ("score", "value", "95 % interval"), rows)
    missing = {each.method for each in found.scores if math.isnan(each.low)}
    why = [Paragraph(f"{each[:1].upper()}{each[1:]}.") for each in sorted(missing)]
    command = Mono(shlex.join(["goodfit", "calibrate", source.where]))
    blocks: list[Block] = [Paragraph(found.sentences[0]), scores, *why, _picture(found), *map(Note, found.notes)]
    return Section(TITLE, [*blocks, Paragraph(("Whether a temperature helps: ", command, "."))])


def _found(source: Source) -> Calibration | None:
    run = source.run
    rows = source.sizes["valid" if run.out_of_fold is None else "train"]
    if run.task == "regression" or rows < FEWEST_BINNED or not at_hand(run, source):
        return None
    try:
        return calibration(run, temperature=False)
    except GoodfitError:  # the data have changed, or cannot be read any more: a report needs them for nothing else
        return None


def at_hand(run: Run, source: Source) -> bool:
    """Whether the data are there at once: a report fetches nothing, and reads no large file."""
    if run.split is not None:
        return True
    if source.table is not None:
        path = source.table["path"]
        return os.path.isfile(path) and os.path.getsize(path) <= MOST_BYTES
    return source.entry is not None and (run.data_name != fashion_mnist.NAME or fashion_mnist.is_kept())


def _picture(found: Calibration) -> Picture:
    shown = found.shown()
    rows, marked = [], set()
    for place, each in enumerate(shown.bins):
        outside = not each.low <= each.observed <= each.high
        marked |= {place} if outside else set()
        name = f"{place + 1}{' (outside)' * outside}"
        rows.append(
            [name, f"{each.rows:,}", number(each.predicted), number(each.observed), between(each.low, each.high)]
        )
    table = Grid(found.heading(), BINS, rows, marked=frozenset(marked))
    verdict = "more than chance explains" if shown in found.miscalibrated else "within chance"
    told = (
        f"Calibration error {number(shown.error)}, {verdict}: a perfectly calibrated model would show "
        f"{number(shown.by_chance)} on average, and up to {number(shown.limit)} in 95 % of draws."
    )
    seen = f"{len(marked) or 'None'} of {len(rows)} bins outside their band."
    wide, narrow = both(partial(found.figure, shown.of, title=""))
    return Picture(found.heading(), wide, table, f"{HOW} {told}", f"{told} {seen}", narrow)
