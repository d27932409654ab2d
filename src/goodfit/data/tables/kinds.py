"""What kind of column a raw column is: found from its values, and said so that a person can correct it."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from goodfit.data.tables.raw import EXACT, MISSING_AMONG_NUMBERS, NUMBER, Numbers, RawColumn, truth_of
from goodfit.words import rows_text

Kind = Literal["numeric", "categorical", "boolean", "date"]
NUMBER_SHARE = 0.9  # of the cells or of the distinct texts: if so many are numbers (or dates), the others are mistakes
FEW_VALUES = 20  # distinct values up to which a column may be a scale of names, such as 0, 1, 2, 3+
ID_ROWS = 20  # rows from which on texts that hardly ever repeat are taken for names or ids
ID_SHARE = 0.8  # distinct texts per row above which they hardly ever repeat
LONG_TEXT = 40  # characters, the mean over more than FEW_VALUES distinct texts, above which they are free text
WORDS = {"numeric": "numbers", "boolean": "yes and no (or true and false, 1 and 0)", "date": "dates, as 2024-01-31"}
COMMAS = "numbers that are written with a comma"
DATES = "dates that are not written as 2024-01-31"
TIMES = "times that are not written as 17:42"
SIGNS = "numbers that are written with commas or signs"
MISWRITTEN = {  # what texts may look like that are meant as another kind
    COMMAS: r"^[+-]?([0-9]+|[0-9]{1,3}(\.[0-9]{3})+)(,[0-9]+)*$",  # 3,5 among whole numbers; 1.234,5; 1,234,567
    DATES: (r"^[0-9]{1,4}[./ -][0-9]{1,2}[./ -][0-9]{1,4}\b|^(1[89]|20)[0-9]{2}-(0[1-9]|1[0-2])$"),
    # 5:42 pm; 30:15, a duration
    TIMES: r"(?i)^[0-9]{1,4}:[0-9]{2}(:[0-9]{2})?( ?[ap]\.?m\.?)?$",
    SIGNS: r"^[^\w.,+-]*[+-]?[0-9][0-9.,' ]*[^\w]*$",  # 1,234.5 or $12
}
REWRITE = {  # what to do about each
    COMMAS: "Write them with a decimal point and no other mark, as 1234.5.",
    DATES: "Write them as 2024-01-31.",
    TIMES: "Write them as 17:42.",
    SIGNS: "Write them as plain numbers, as 1234.5.",
}
EITHER = r"^[+-]?[1-9][0-9]{0,2},[0-9]{3}$"  # 1,234, which is 1234 in English and 1.234 elsewhere
ONE_FORM = "Other numbers have a decimal comma: write all in one way, and 1.234 as 1234 if it is that."
MEND = (  # in the shell, whatever the encoding; b'.' is a point
    'python -c "import re, pathlib; p = pathlib.Path({file!r}); p.with_stem(p.stem + {end!r}).write_bytes('
    "re.sub(rb'(?<=[0-9]),(?=[0-9])', b'.', p.open('rb').read()))\""
)
COMMA_REMARK = {
    "decimal": "written with a decimal comma",
    "grouped": "written with a decimal comma, and points between thousands",
}
CODE = re.compile(r"0[0-9]+")  # a number that is written with leading zeros, as no quantity is
NO_CODE = re.compile(r"[+-][0-9].*|[+-]?[0-9]*\.[0-9]*|[0-9]+[eE].*")  # beside these, leading zeros only pad numbers
CODE_DIGITS = 4  # from which on whole numbers of one width may be codes
CODE_ROWS = 10  # rows that each of such numbers must have on average
YEARS = (1500, 2200)  # numbers of four digits that are years, and no codes


@dataclass(frozen=True)
class KindFinding:
    """The kind of a column, or why it has none: a rule that it breaks, an example, and the fix."""

    kind: Kind | None
    rule: str = ""
    got: Any = None
    text: bool = False
    """Whether the column is free text or an id, to be left out or taken as categories."""
    remark: str = ""
    """What a person may want to correct although the column has a kind."""
    fix: str = ""
    """How to write its values, where they are only written otherwise."""
    two_forms: bool = False
    """Whether it holds numbers with a decimal comma and others with a point, and no point between thousands."""

    def mending(self, where: str, more: str = "") -> str:
        """How to write its values, and of two forms in a file the line that makes one of them.

        more: what may be done instead.
        """
        told = " ".join(filter(None, (self.fix, more)))
        if not self.two_forms or not re.fullmatch(r"[\w./ -]+\.(csv|tsv)", where):
            return told
        line = MEND.format(file=where, end="-points")
        return f"{told} To write a file with points alone, where texts as 1,5 change, too: {line}"


def find_kind(column: RawColumn) -> KindFinding:
    """The kind of a column that has values.

    Truth values, and the numbers 0 and 1, are boolean where both occur; other numbers numeric; dates are dates. Texts
    are boolean if they are exactly two of yes or no, true or false, t or f, on or off, 1 or 0, one of which is true and
    one false (in any case); numeric if all are numbers and none is written as a code, with leading zeros; dates if all
    are dates as in ISO 8601; or else categorical. Three sorts of texts are refused, since a choice made silently would
    spoil the net: a column of at least NUMBER_SHARE numbers (or dates) and more than FEW_VALUES different ones has
    mistakes in it, or is written in another way; numbers with a decimal comma; and texts that are long or nearly all
    different, which are ids or free text.
    """
    if column.storage == "boolean":  # True alone is no choice of two, and is the text of a CSV file
        return KindFinding("boolean" if len(np.unique(column.codes[column.codes >= 0])) == 2 else "categorical")
    if column.storage == "date":
        return KindFinding("date")
    if column.storage == "number":
        values = column.values[~column.missing]
        only = np.isin(values, (0, 1)).all() and (values == 0).any() and (values == 1).any()
        return KindFinding("boolean") if only else KindFinding("numeric", remark=_like_codes(values))
    return _of_texts(column)


def _of_texts(column: RawColumn) -> KindFinding:
    used = np.unique(column.values[column.values >= 0])
    words: list[str] = column.words.take(used).to_pylist()
    if are_opposites(words):
        return KindFinding("boolean")
    numbers, dates = column.numbers(), column.dates()
    if are_codes(words):
        return replace(_categories(column, words), remark="codes, since some are written with leading zeros")
    if column.commas and (mixed := _two_forms(column, numbers)) is not None:
        return mixed
    for kind, values in (("numeric", numbers), ("date", dates)):
        finding = _if_read(column, kind, values)  # type: ignore[arg-type]
        if finding is not None:
            if finding.kind != "numeric":
                return finding
            remarks = (COMMA_REMARK.get(column.commas, ""), _of_numbers(words, values))
            return replace(finding, remark="; ".join(filter(None, remarks)))
    return _categories(column, words)


def are_opposites(words: Sequence[str]) -> bool:
    """Whether texts are spellings of exactly two values, one true and one false."""
    words = [word for word in words if word.lower() not in MISSING_AMONG_NUMBERS]
    said = {truth_of(word) for word in words}
    return said == {True, False} and not merges_truths(words)


def merges_truths(words: Iterable[str]) -> bool:
    """Whether a reading as truth values would make one value of two that are not spellings of it, as of no and off."""
    said = {word.lower(): truth_of(word) for word in words}
    # 1.0 is a spelling of 1
    values = {str(float(word)) if re.match(NUMBER, word) else word: truth for word, truth in said.items()}
    truths = [truth for truth in values.values() if truth is not None]
    return len(truths) > len(set(truths))


def are_codes(words: Sequence[str]) -> bool:
    """Whether texts are codes: digits, some with leading zeros, and no decimals or signs, beside which these pad."""
    words = [word for word in words if word.lower() not in MISSING_AMONG_NUMBERS]
    return any(CODE.fullmatch(word) for word in words) and not any(NO_CODE.fullmatch(word) for word in words)


def _of_numbers(words: Sequence[str], values: Numbers) -> str:
    """A remark on texts that are all numbers: that several are one number, or that they look like codes."""
    by_number: dict[float, str] = {}  # of what is one number, the first text
    for word in filter(re.compile(NUMBER).match, words):
        other = by_number.setdefault(float(word), word)
        if other.lstrip("+-") != word.lstrip("+-"):
            return f"{other!r} and {word!r} are one number; if they are codes, make them categorical"
    return _like_codes(values[np.isfinite(values)])


def _like_codes(values: NDArray[Any]) -> str:
    """A remark on whole numbers that may be codes: CODE_DIGITS or more, as many in each, that repeat; no years, and
    no multiples of one number, which are rounded amounts.
    """
    least, most = (float(values.min()), float(values.max())) if len(values) else (0.0, 0.0)
    if least < 10 ** (CODE_DIGITS - 1) or most >= EXACT or len(str(int(least))) != len(str(int(most))):
        return ""
    distinct = np.unique(values)  # after what is looked at in no time: it takes a tenth of a second of a long column
    if not 2 < len(distinct) <= len(values) / CODE_ROWS or (distinct != np.floor(distinct)).any():
        return ""
    if YEARS[0] <= least <= most <= YEARS[1] or np.gcd.reduce(distinct.astype(np.int64)) > 1:
        return ""
    return "if these numbers are codes, make them categorical"


def _two_forms(column: RawColumn, values: Numbers) -> KindFinding | None:
    """That texts are numbers with a decimal comma and others with a point; None where they are not.

    values: as the column is read, in which the others are none.
    """
    others = np.isnan(values) & ~np.isnan(replace(column, commas="").numbers())
    known = (~column.missing).sum()
    if not others.any() or (~np.isnan(values) | others).sum() < NUMBER_SHARE * known:
        return None
    rows = np.flatnonzero(others)
    rule = f"holds numbers with a decimal comma, but for {rows_text(rows)} with a point"
    if column.commas == "unsure":
        rule = f"holds numbers with a point, in a table with decimal commas, in {rows_text(rows)}"
    return KindFinding(None, rule, column.shown(int(rows[0])), fix=ONE_FORM, two_forms=column.commas == "decimal")


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
        got = column.shown(int(rows[0]))
        return KindFinding(None, rule, got, fix=_rewrite(COMMAS, got) if re.match(EITHER, got) else "")
    return None


def _categories(column: RawColumn, words: Sequence[str]) -> KindFinding:
    cells = int((column.values >= 0).sum())
    remark = ""
    read = set(column.words.take(np.unique(column.values[np.isfinite(column.dates())])).to_pylist())
    for meant, pattern in MISWRITTEN.items():
        alike = [word for word in words if re.search(pattern, word)]
        others = [word for word in alike if word not in read and not re.search(NUMBER, word)]
        odd = [word for word in others if "," in word or meant != COMMAS]
        if not odd or len(alike) < NUMBER_SHARE * len(words):
            continue
        if len(words) > FEW_VALUES or meant == COMMAS:
            first = next((word for word in odd if re.match(EITHER, word)), odd[0]) if meant == COMMAS else odd[0]
            return KindFinding(None, f"holds {meant}", first, fix=_rewrite(meant, first))
        remark = f"look like {meant}"
    length = sum(map(len, words)) / max(len(words), 1)
    if len(words) > FEW_VALUES and length > LONG_TEXT:
        rule = f"holds free text ({len(words):,} different texts, of {length:.0f} characters on average)"
        return KindFinding(None, rule, words[0], text=True)
    if cells >= ID_ROWS and len(words) > ID_SHARE * cells:
        often = "in every row" if len(words) == cells else f"in {len(words):,} of {cells:,} rows"
        return KindFinding(None, f"holds a different text {often}, like an id or a name", words[0], text=True)
    return KindFinding("categorical", remark=remark)


def _rewrite(meant: str, got: str) -> str:
    """How to write what is meant; of a number that may be two, both."""
    if not re.match(EITHER, got):
        return REWRITE[meant]
    return f"It may be {got.replace(',', '')} or {got.replace(',', '.')}. {REWRITE[meant]}"


def rewriting(got: Any, words: str) -> str:
    """How to write a number that is written so that it cannot be read, as 3,5; "" of anything else.

    words: what a column must hold, which is told with it.
    """
    if words != WORDS["numeric"] or not isinstance(got, str):
        return ""
    if re.match(NUMBER, got):  # it is one, so that others are written otherwise
        return ONE_FORM
    return next((_rewrite(meant, got) for meant in (COMMAS, SIGNS) if re.match(MISWRITTEN[meant], got)), "")


def read_as(column: RawColumn, kind: Kind, *, clock: bool | None = None) -> tuple[Numbers, NDArray[np.bool_]]:
    """(values [N] with NaN for missing, where a cell cannot be read as this kind); not for categorical.

    clock: of dates, as in `RawColumn.dates`.
    """
    if (kind, clock) in column.cells:  # it was checked, and is encoded now
        return column.cells[kind, clock]
    if kind == "numeric":
        values = column.numbers()
        wrong = column.unread(values)
        values = np.where(np.isinf(values), np.nan, values)
    else:
        values = column.dates(clock) if kind == "date" else column.booleans()
        wrong = column.unread(values)
    column.cells[kind, clock] = values, wrong
    return values, wrong
