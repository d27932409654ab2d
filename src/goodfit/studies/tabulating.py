"""Tables of studies: declared and filled in few words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from goodfit.studies.declaring import Column, Columns
from goodfit.studies.words import Words


def heads(*given: tuple[str, str, str]) -> tuple[Column, ...]:
    """Columns from (name, English head, Chinese head)."""
    return tuple(Column(name, Words(en, zh)) for name, en, zh in given)


def columns(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> Columns:
    """Rows as columns of these names."""
    filled = list(rows)
    return {name: [row[at] for row in filled] for at, name in enumerate(names)}
