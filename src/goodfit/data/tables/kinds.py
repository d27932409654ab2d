"""What kind of column a raw column is: found from its values, and said so that a person can correct it."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from goodfit.data.tables.raw import NUMBER, Numbers, RawColumn
from goodfit.words import rows_text

Kind = Literal["numeric", "categorical", "boolean", "date"]
NUMBER_SHARE = 0.9  # of the cells or of the distinct texts: if so many are numbers (or dates), the others are mistakes
FEW_VALUES = 20  # distinct values up to which a column may be a scale of names, such as 0, 1, 2, 3+
ID_ROWS = 20  # rows from which on texts that hardly ever repeat are taken for names or ids
ID_SHARE = 0.8  # distinct texts per row above which they hardly ever repeat
LONG_TEXT = 40  # characters, the mean over more than FEW_VALUES distinct texts, above which they are free text
WORDS = {"numeric": "numbers", "boolean": "yes and no (or true and false, 1 and 0)", "date": "dates, as 2024-01-31"}
MISWRITTEN = {  # what texts may look like that are meant as another kind
    "dates that are not written as 2024-01-31": r"^\d{1,4}[./ -]\d{1,2}[./ -]\d{1,4}\b",
    "numbers that are written with commas or signs": r"^[^\w.,+-]*[+-]?\d[\d.,' ]*[^\w]*$",  # 1,234.5 or 3,5 or $12
}


@dataclass(frozen=True)
class KindFinding:
    """The kind of a column, or why it has none: a rule that it breaks, an example, and the fix."""

    kind: Kind | None
    rule: str = ""
    got: Any = None
    text: bool = False
    """Whether the column is free text or an id, to be left out or taken as categories."""


def find_kind(column: RawColumn) -> KindFinding:
    """The kind of a column that has values.

    Truth values, and the numbers 0 and 1 where both occur, are boolean; other numbers numeric; dates are dates. Texts
    are boolean if all are yes or no, true or false, t or f, on or off, 1 or 0; numeric if all are numbers; dates if all
    are dates as in ISO 8601; or else categorical. Two sorts of texts are refused, since a choice made silently would
    spoil the net: a column of at least NUMBER_SHARE numbers (or dates) and more than FEW_VALUES different ones has
    mistakes in it, or is written in another way; and texts that are long or nearly all different are ids or free text.
    """
    if column.storage == "boolean":
        return KindFinding("boolean")
    if column.storage == "date":
        return KindFinding("date")
    if column.storage == "number":
        values = column.values[~column.missing]
        only = np.isin(values, (0, 1)).all() and (values == 0).any() and (values == 1).any()
        return KindFinding("boolean" if only else "numeric")
    return _of_texts(column)


def _of_texts(column: RawColumn) -> KindFinding:
    booleans = column.booleans()
    known = ~np.isnan(booleans)
    numbers = column.numbers()
    words_only = np.isnan(numbers[known]).any() or len(np.unique(booleans[known])) == 2
    if known.any() and not column.unread(booleans).any() and words_only:
        return KindFinding("boolean")
    for kind, values in (("numeric", numbers), ("date", column.dates())):
        finding = _if_read(column, kind, values)  # type: ignore[arg-type]
        if finding is not None:
            return finding
    return _categories(column)


def _if_read(column: RawColumn, kind: Kind, values: Numbers) -> KindFinding | None:
    """That it is of this kind, that it nearly is, or None."""
    wrong = column.unread(values)
    read = int((~np.isnan(values)).sum())
    if read and not wrong.any():
        return KindFinding(kind)
    distinct, others = len(np.unique(values[~np.isnan(values)])), len(np.unique(column.codes[wrong]))
    mostly = read >= NUMBER_SHARE * (read + wrong.sum()) or distinct >= NUMBER_SHARE * (distinct + others)
    if distinct > FEW_VALUES and mostly:
        rows = np.flatnonzero(wrong)
        rule = f"holds {WORDS[kind].partition(',')[0]} but for {rows_text(rows)}"
        return KindFinding(None, rule, column.shown(int(rows[0])))
    return None


def _categories(column: RawColumn) -> KindFinding:
    import pyarrow.compute as pc

    used = np.unique(column.values[column.values >= 0])
    words = column.words.take(used)
    cells = int((column.values >= 0).sum())
    plain = np.asarray(pc.match_substring_regex(words, NUMBER))
    for meant, pattern in MISWRITTEN.items():
        alike = np.asarray(pc.match_substring_regex(words, pattern))
        odd = np.flatnonzero(alike & ~plain)
        if len(used) > FEW_VALUES and odd.size and alike.mean() >= NUMBER_SHARE:
            return KindFinding(None, f"holds {meant}", words[int(odd[0])].as_py())
    length = float(np.asarray(pc.utf8_length(words)).mean())
    if len(used) > FEW_VALUES and length > LONG_TEXT:
        rule = f"holds free text ({len(used):,} different texts, of {length:.0f} characters on average)"
        return KindFinding(None, rule, words[0].as_py(), text=True)
    if cells >= ID_ROWS and len(used) > ID_SHARE * cells:
        often = "in every row" if len(used) == cells else f"in {len(used):,} of {cells:,} rows"
        return KindFinding(None, f"holds a different text {often}, like an id or a name", words[0].as_py(), text=True)
    return KindFinding("categorical")


def read_as(column: RawColumn, kind: Kind) -> tuple[Numbers, NDArray[np.bool_]]:
    """(values [N] with NaN for missing, where a cell cannot be read as this kind); not for categorical."""
    if kind == "numeric":
        values = column.numbers()
        wrong = column.unread(values)
        return np.where(np.isinf(values), np.nan, values), wrong
    values = column.dates() if kind == "date" else column.booleans()
    return values, column.unread(values)
