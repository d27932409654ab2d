"""A typical value of each column that a net takes: what the training rows had in the middle, or most often."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from goodfit.arguments import public
from goodfit.data.tables.categories import Frequent, OneHot
from goodfit.data.tables.dates import Moments
from goodfit.data.tables.fitted import Boolean, FittedColumn, Numeric
from goodfit.data.tables.ordered import Ordered
from goodfit.data.tables.preprocessing import Preprocessing

DIGITS = 6  # of a number
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@public
def typical_row(preprocessing: Preprocessing) -> dict[str, Any]:
    """A row that predicting takes, for trying a model: column -> value, as JSON has it.

    preprocessing: that of the model. Of numbers and dates it is the median of the training rows, of yes and no the more
    frequent one, of categories the first in order, or the middle one where these are ordered; None where none is kept.
    """
    return {column.name: typical_value(column) for column in preprocessing.columns}


def typical_value(column: FittedColumn) -> Any:
    """The median of numbers, dates and ordered categories, the more frequent of yes and no, the first of others."""
    if isinstance(column, Numeric):
        shown = float(f"{column.scaling.median:.{DIGITS}g}")
        return int(shown) if shown.is_integer() and abs(shown) < 10**DIGITS else shown
    if isinstance(column, Boolean):
        return column.often
    if isinstance(column, Moments):
        return _written(column)
    if isinstance(column, Ordered) and column.categories:
        return column.categories[max(0, min(int(column.scaling.median), len(column.categories) - 1))]
    return known_categories(column)[0] if known_categories(column) else None


def known_categories(column: FittedColumn) -> tuple[str, ...]:
    """The categories that have an input of their own, or a rank; () for other kinds of columns."""
    return column.categories if isinstance(column, OneHot | Frequent | Ordered) else ()


def _written(column: Moments) -> str | None:
    """The median date, with the time of day where the net looks at it; None for one that no calendar has."""
    try:
        moment = EPOCH + timedelta(days=column.scaling.median)
    except (OverflowError, ValueError):
        return None
    moment = moment.replace(microsecond=0, tzinfo=None)
    if column.clock:
        return moment.time().isoformat()
    return moment.isoformat() if "day" in column.parts else moment.date().isoformat()
