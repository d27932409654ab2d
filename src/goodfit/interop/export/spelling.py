"""What a user of an export must know of texts: of those in the cells that it is given, and of its own name."""

from __future__ import annotations

import keyword
import re
import sys
from collections.abc import Iterator, Sequence

from goodfit.data.tables.categories import Frequent, OneHot
from goodfit.data.tables.fitted import Boolean, FittedColumn
from goodfit.data.tables.ordered import Ordered
from goodfit.data.tables.preprocessing import listed
from goodfit.data.tables.raw import NUMBER

SHOWN = 5  # columns that a note names
TAKEN = {"numpy", "torch"}  # modules that exported code imports, beside those of Python


def blanks_note(columns: Sequence[FittedColumn]) -> tuple[str, ...]:
    """That blanks around texts count, for a form that cannot remove them; nothing where no column takes texts."""
    names = [column.name for column in columns if isinstance(column, OneHot | Frequent | Ordered | Boolean)]
    if not names:
        return ()
    return (f"Blanks around strings are not removed: strip the cells of {listed(names)}, as goodfit does.",)


def reading_notes(columns: Sequence[FittedColumn]) -> Iterator[str]:
    """Which columns must be read as texts, since a reader that takes their categories for numbers or for truth values
    writes them in another way: they would be categories that training had not.
    """
    for column in columns:
        categories = column.categories if isinstance(column, OneHot | Frequent | Ordered) else ()
        for name in categories:
            other = _as_read(name, categories)
            if other != name:
                how = f"read it as texts, as by pandas.read_csv(..., dtype={{{column.name!r}: str}})"
                yield f"Column {column.name!r}: {how}; {name!r} is a category, and {other!r} is not."
                break


def import_note(name: str) -> tuple[str, ...]:
    """That a Python file of this name, without its ending, cannot be imported by it."""
    if not name.isidentifier() or keyword.iskeyword(name):
        why = "is no name that `import` takes"
    elif name in TAKEN | sys.stdlib_module_names:
        why = "is the name of a module that is there already"
    else:
        return ()
    return (f"Module: {name!r} {why}; choose another name, as {_importable(name)!r}.",)


def _as_read(name: str, names: Sequence[str]) -> str:
    """A category as it is written after a column of them was read as numbers or as truth values, if it would be."""
    if all(re.search(NUMBER, each) for each in names):
        number = float(name)
        whole = re.fullmatch("[+-]?[0-9]+", name) is not None
        written = str(int(name)) if whole else repr(number)
        return written.removesuffix(".0")
    if all(each.lower() in ("true", "false") for each in names):
        return name.capitalize()
    return name


def _importable(name: str) -> str:
    found = re.sub(r"\W", "_", name)
    free = found.isidentifier() and not keyword.iskeyword(found) and found not in TAKEN | sys.stdlib_module_names
    return found if free else f"net_{found}"
