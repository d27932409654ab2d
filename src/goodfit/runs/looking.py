"""Rows by which a model is looked at: the validation rows of its run, or new ones that the ledger has as opened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from numpy.typing import NDArray

from goodfit.data import Dataset
from goodfit.data.ledger import Kind
from goodfit.errors import InputError, problem
from goodfit.intervals import LEVEL, level_of_openings
from goodfit.runs.entrants import Door, Entrant, Notify, split_for, split_if_there, target_of
from goodfit.runs.members import left_out_note
from goodfit.runs.opening import open_rows
from goodfit.runs.separate import NOTHING, check_unseen, separate_rows

CHOSEN_BY_FOLD = "Each fold chose the epoch of the nets that left it out: the scores are slightly optimistic."


@dataclass(frozen=True)
class LookedAt:
    """Rows of a data set, by their numbers in it. values: out-of-fold predictions of fold members, None without."""

    data: Dataset
    rows: NDArray[Any]
    values: NDArray[Any] | None = None


def rows_to_look_at(
    one: Entrant, data: Any, target: str | None, progress: Notify | None, door: Door, kind: Kind
) -> tuple[LookedAt, Literal["valid", "new"], tuple[int, ...], float, list[str]]:
    """(rows, what they are, openings, level, notes): validation rows, or new ones once the ledger has them.

    kind: of the opening, as in the ledger.
    """
    parts = split_for(one, data, progress, door)
    if parts is not None:
        out = None if one.run is None else one.run.out_of_fold
        chosen = (
            CHOSEN_BY_FOLD
            if out is not None
            else "The validation rows chose the epoch of each net: the scores are slightly optimistic."
        )
        told = [*[chosen] * one.chose_epoch, *one.known_before]
        if out is not None:
            told += left_out_note(out, parts)
            return LookedAt(parts.data, out.rows, out.values), "valid", (), LEVEL, told
        if not len(parts.valid):
            fix = f"Train with --valid above 0. {door.fix}"
            raise InputError(problem(door.where, f"{one.name!r} has no validation rows", fix=fix))
        return LookedAt(parts.data, parts.valid), "valid", (), LEVEL, told
    sealed, own = separate_rows(data, one.nets[0], one.preprocessing, target_of(one, target), progress)
    earlier = NOTHING if one.run is None or one.run.start is None else one.run.start.rows
    seen = check_unseen(sealed, split_if_there(one, progress), one.name, earlier)
    opened = open_rows(one.nets, sealed, run=one.folder, kind=kind)
    level = level_of_openings(opened.nth)
    return LookedAt(sealed.data, sealed.rows), "new", (opened.number,), level, [*own, *seen]
