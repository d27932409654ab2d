"""The section on what the nets predict together: all measures, the confusion matrix, residuals against predictions."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from goodfit.errors import GoodfitError
from goodfit.models.averaging import mean_values
from goodfit.models.measures import ACCURACY, Measure, Measures
from goodfit.reports.blocks import Block, Grid, Note, Paragraph, Picture
from goodfit.reports.calibration import at_hand
from goodfit.reports.drawing import both
from goodfit.reports.numbers import brief
from goodfit.reports.page import Section
from goodfit.reports.source import Source
from goodfit.runs.opening_runs import own_split
from goodfit.runs.telling import measure_table, measured_on
from goodfit.training.metrics import SCORE_NAMES

TITLE = "Measures"
MOST_CLASSES = 20  # of a confusion matrix on a page
MOST_TARGETS = 3  # whose residuals are drawn
MOST_BINS = 10
ROWS_A_BIN = 10


def measures_section(source: Source) -> Section | None:
    """None for runs of older versions, which did not measure."""
    run = source.run
    if not run.measured:
        return None
    part, found = next(iter(run.measured.items()))
    blocks = [*_blocks(found, found.measures, measured_on(run, part)), Paragraph(found.intervals)]
    if 0 < len(found.confusion) <= MOST_CLASSES:
        blocks.append(_confusion(found))
    if run.task == "regression" and part == "valid":
        blocks += _residuals(source)
    return Section(TITLE, blocks)


def headline_blocks(found: Measures, rows: str) -> list[Block]:
    """The few measures that matter most, as a model card has them. rows: which they are of, in words."""
    return _blocks(found, found.headline, rows)


def _blocks(found: Measures, those: Sequence[Measure], of_rows: str) -> list[Block]:
    """What must not be overlooked, and measures beside those of a constant prediction."""
    caption = f"Measured on {of_rows}"
    table = Grid(caption, *measure_table(found, those), note=found.baseline)
    said = (*found.warnings, *filter(None, [found.no_better]))
    return [*(Note(text, "Attention.") for text in said), table]


def share_beside(found: Measures | None) -> str:
    """The share of the largest class, to stand beside an accuracy; "" for other tasks."""
    if found is None or SCORE_NAMES[found.task] != ACCURACY:
        return ""
    return f"largest class, {found.majority!r}: {found[ACCURACY].baseline:.4f}"


def _confusion(found: Measures) -> Grid:
    rows = [
        [name, *(f"{count:,}" for count in own), f"{sum(own):,}"]
        for name, own in zip(found.classes, found.confusion, strict=True)
    ]
    columns = ("class", *(f"predicted {name}" for name in found.classes), "rows")
    return Grid("Confusion matrix: how many rows of each class are predicted as each class", columns, rows)


def _residuals(source: Source) -> list[Block]:
    """A picture for each of the first targets; [] where the data are not at hand, or have changed."""
    run = source.run
    if not at_hand(run, source):
        return []
    out = run.out_of_fold
    try:
        parts = run.split or own_split(run.folder, None)
        predicted = mean_values(run.sound, parts.x("valid")) if out is None else out.values
    except GoodfitError:  # a prediction that is not finite among them
        return []
    predicted = predicted.astype(np.float64)
    targets = parts.data.y[parts.valid if out is None else out.rows].astype(np.float64)
    if len(targets) < ROWS_A_BIN:
        return []
    several = targets.shape[1] > 1
    names = parts.data.targets or tuple(f"target {place + 1}" for place in range(targets.shape[1]))
    return [
        _picture(predicted[:, place], targets[:, place], f" of {names[place]}" if several else "")
        for place in range(min(targets.shape[1], MOST_TARGETS))
    ]


def _picture(predicted: np.ndarray, targets: np.ndarray, of: str) -> Picture:
    from goodfit.figures import residuals

    left = targets - predicted
    order = np.argsort(predicted, kind="stable")
    bins = np.array_split(order, max(1, min(MOST_BINS, len(order) // ROWS_A_BIN)))
    rows = [
        [str(at + 1), f"{len(own):,}", brief(predicted[own].mean()), brief(left[own].mean()), brief(left[own].std())]
        for at, own in enumerate(bins)
    ]
    columns = ("bin", "rows", "mean predicted", "mean residual", "standard deviation")
    told = (
        "Residual: target less prediction. A cloud that is level around 0 and equally wide everywhere is what noise "
        "alone leaves; a bend says that something is not learned, a funnel that errors grow with the prediction."
    )
    ends = f"Residuals from {brief(left.min())} to {brief(left.max())} around a mean of {brief(left.mean())}."
    wide, narrow = both(partial(residuals, predicted, targets))
    table = Grid(f"Residuals{of} by bins with equally many rows", columns, rows)
    return Picture(f"Residuals{of} against predictions", wide, table, told, f"{told} {ends}", narrow)
