"""Ordered categories as one number each: their rank, scaled as numbers are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from goodfit.data.robust import ColumnScaling
from goodfit.data.tables.base import CellNotes, ColumnInputs
from goodfit.data.tables.frames import Frame
from goodfit.data.tables.kinds import Kind
from goodfit.data.tables.raw import MISSING_WORDS, WHOLE, Numbers, RawColumn
from goodfit.errors import Problems, problem
from goodfit.words import rows_text

SHOWN = 6  # categories that a message lists
EXAMPLE = 'For example, --ordered "size=small<medium<large".'


@dataclass(frozen=True)
class Ordered(ColumnInputs):
    """Categories in an order: one input, the rank from 0 on, scaled robustly. Missing ones become the median rank.

    So does a category that is not in the order, with a note.
    """

    categories: tuple[str, ...]
    scaling: ColumnScaling
    kind: ClassVar[Kind] = "categorical"

    @classmethod
    def fit(cls, name: str, column: RawColumn, order: Sequence[str]) -> Ordered:
        """From the training rows. order: all categories, the lowest first."""
        ranks = ranks_of(column, order)
        known = np.isfinite(ranks)
        return cls(name, bool((column.codes < 0).any()), tuple(order), ColumnScaling.fit(ranks[known]))

    @property
    def values(self) -> NDArray[np.float64]:
        """The input of every category, [K]."""
        return self.scaling.apply(np.arange(len(self.categories), dtype=np.float64))

    def fill(self, column: RawColumn, out: NDArray[np.float32], notes: CellNotes) -> None:
        """Write the inputs."""
        codes, words, ranks = column.codes, column.categories(), ranks_of(column, self.categories)
        out[:, 0] = self.scaling.apply(ranks)
        unseen = np.isnan(ranks) & (codes >= 0)
        if unseen.any():
            new = (words[code] for code in np.unique(codes[unseen]))
            notes.add(self.name, "not in its order, taken as the median of the training rows", int(unseen.sum()), new)
        self._mark(codes < 0, out, "taken as the median of the training rows", notes)


def ranks_of(column: RawColumn, order: Sequence[str]) -> Numbers:
    """The rank of every row's category, float64 [N] from 0 on; NaN where there is none, or none of the order."""
    places = {category: float(place) for place, category in enumerate(order)}
    found: Numbers = np.array([*(places.get(word, np.nan) for word in column.categories()), np.nan])[column.codes]
    return found


def orders_of(texts: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Column -> its categories in order, from texts NAME=LOWEST<...<HIGHEST; a name may hold an equals sign."""
    problems, found = Problems(), dict[str, tuple[str, ...]]()
    for text in texts:
        first, _, rest = text.partition("<")
        name, _, lowest = first.rpartition("=")
        if not name or not rest or name in found:
            rule = "'ordered' must be NAME=LOWEST<...<HIGHEST, once per column"
            problems.add("table", rule, got=text, fix=EXAMPLE)
        found[name] = tuple(category.strip() for category in (lowest, *rest.split("<")))
    problems.raise_if_any()
    return found


def checked_orders(given: Mapping[str, Sequence[str]] | None, problems: Problems) -> dict[str, tuple[str, ...]]:
    """Orders as tuples of texts, as cells are read; what is wrong with them goes to `problems`."""
    found = {}
    for name, order in (given or {}).items():
        listed = list(order) if isinstance(order, Iterable) and not isinstance(order, str) else []
        named = tuple(re.sub(WHOLE, r"\1", str(category).strip()) for category in listed)
        none = [each for each, text in zip(listed, named, strict=True) if each is None or text.lower() in MISSING_WORDS]
        if len(named) < 2 or len(set(named)) < len(named) or none:
            rule = f"the order of column {name!r} must be two categories or more, all different, the lowest first"
            rule += f"; {none[0]!r} is a missing value" if none else ""
            problems.add("table", rule, got=order, fix=EXAMPLE)
        found[name] = named
    return found


def check_order(frame: Frame, name: str, order: Sequence[str], problems: Problems) -> None:
    """Add a problem where a column has categories that are not in its order."""
    column = frame.columns[name]
    rows = np.flatnonzero(np.isnan(ranks_of(column, order)) & (column.codes >= 0))
    if rows.size:
        verb = "does" if rows.size == 1 else "do"
        rule = f"column {name!r} must hold {in_order(order)}, its order; {rows_text(frame.of_file(rows))} {verb} not"
        problems.found.append(
            problem(frame.name, rule, got=column.shown(int(rows[0])), fix="Give the order of all its categories.")
        )


def in_order(order: Sequence[str]) -> str:
    """The order in words: small < medium < large."""
    shown = order if len(order) <= SHOWN else (*order[: SHOWN - 1], "...", order[-1])
    return " < ".join(shown)
