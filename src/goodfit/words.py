"""Words for people, in a terminal or on a page: text from anywhere, and lengths of time."""

import math
import re
import unicodedata
from typing import Any

SHOWN_ROWS = 5  # row numbers that a message lists
MOST_FIXED = 1e6  # above it, scores have an exponent
MOST_WRITTEN_OUT = 1e9  # above it, numbers have an exponent

# What could steer a terminal or hide text: control characters but for the end of a line, signs that turn the direction
# of writing or take no room, separators of lines, and halves of surrogate pairs.
HIDDEN = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
AMBIGUOUS = re.compile(r"[\s,;'\"]")  # what lets a name be taken for several, or for a part of one


def visible(text: str) -> str:
    """The text with what would steer a terminal or hide in it written out, such as \\x1b; ends of lines stay."""
    return HIDDEN.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def as_listed(name: str) -> str:
    """A name as it stands among others with commas between them: quoted where it holds a comma, a quote or a blank."""
    if name and not AMBIGUOUS.search(name):
        return name
    if "'" not in name:
        return f"'{name}'"
    return f'"{name}"' if '"' not in name else "'" + name.replace("'", "\\'") + "'"


def width(text: str) -> int:
    """How many letters wide a text is; signs of Chinese and its neighbours are two wide."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)


def digits(value: float, count: int = 4, *, sign: bool = False) -> str:
    """So many digits that count: 0.1235, 25,120; with an exponent only for what is very small or very large."""
    rounded = float(f"{value:.{count}g}")  # first: what is rounded up to a power of ten has a digit more
    if math.isfinite(rounded) and 10**count <= abs(rounded) < MOST_WRITTEN_OUT:
        return f"{rounded:{'+' if sign else ''},.0f}"
    return f"{value:{'+' if sign else ''}.{count}g}"


def ends_text(low: float, high: float) -> str:
    """An interval of a difference, with signs; "none" where there is none."""
    return "none" if math.isnan(low) else f"{digits(low, sign=True)} to {digits(high, sign=True)}"


def share_text(value: float) -> str:
    """A fraction in per cent; "-" where there is none."""
    return "-" if math.isnan(value) else f"{100 * value:.3g} %"


def fixed(value: float, places: int = 4, *, sign: bool = False) -> str:
    """So many places: 0.9012, -3.1400; with an exponent where it is so large, as of a net that diverged, that places
    would only be noise behind many digits.
    """
    plus = "+" if sign else ""
    return f"{value:{plus}.{places}f}" if abs(value) < MOST_FIXED or not math.isfinite(value) else f"{value:{plus}.4g}"


def duration(seconds: float) -> str:
    """Seconds for people: 0.42 s, 12.3 s, 3 min 05 s, 2 h 03 min."""
    if seconds < 59.95:
        return f"{seconds:.2f} s" if seconds < 9.995 else f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest:02d} s"


def rows_text(rows: Any, count: int | None = None) -> str:
    """Row numbers for a message: "row 3", or "7 rows (0, 2, 4, 6, 8, ...)".

    count: how many there are, where `rows` has only the first of them: SHOWN_ROWS at least.
    """
    count = len(rows) if count is None else count
    if count == 1:
        return f"row {rows[0]}"
    shown = ", ".join(str(row) for row in rows[:SHOWN_ROWS])
    return f"{count} rows ({shown}{', ...' if count > SHOWN_ROWS else ''})"
