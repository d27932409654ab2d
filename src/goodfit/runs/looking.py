"""Rows by which a model is looked at: the validation rows of its run, or new ones that the ledger has as opened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from numpy.typing import NDArray

from goodfit.data import Dataset, Split
from goodfit.data.ledger import Kind
from goodfit.errors import InputError, problem
from goodfit.intervals import LEVEL, level_of_openings
from goodfit.models.averaging import values_together
from goodfit.models.trained_net import TrainedNet
from goodfit.runs.entrants import UNWEIGHTED, Door, Entrant, Notify, split_for, split_if_there, target_of, weight_of
from goodfit.runs.members import left_out_note
from goodfit.runs.opening import open_values
from goodfit.runs.separate import NOTHING, check_unseen, separate_rows

CHOSEN = "The validation rows chose the epoch of each net: the scores are slightly optimistic."
CHOSEN_BY_FOLD = "Each fold chose the epoch of the nets that left it out: the scores are slightly optimistic."


@dataclass(frozen=True)
class LookedAt:
    """Rows of a data set, by their numbers in it. values: [N, C], what the nets predict for them together, in float64;
    out_of_fold: whether they are fold members that had not learned from them; single: places of nets that predict one
    class for all rows; folds: of fold members, how many there are.
    """

    data: Dataset
    rows: NDArray[Any]
    values: NDArray[Any]
    single: tuple[int, ...] = ()
    out_of_fold: bool = False
    folds: int = 0

    @property
    def y(self) -> NDArray[Any]:
        """The targets of the rows."""
        y: NDArray[Any] = self.data.y[self.rows]
        return y


def rows_to_look_at(
    one: Entrant, data: Any, target: str | Sequence[str] | None, progress: Notify | None, door: Door, kind: Kind
) -> tuple[LookedAt, Literal["valid", "new"], tuple[int, ...], float, list[str]]:
    """(rows, what they are, openings, level, notes): validation rows, or new ones once the ledger has them.

    kind: of the opening, as in the ledger, which gets the score of what the nets predict together: that is looked at.
    InputError where there are no such rows, and where a prediction is not finite.
    """
    parts = split_for(one, data, progress, door)
    if parts is not None:
        told = [*_notes_on(one, parts), *_unweighted(kind, parts.data)]
        return _validation(one, parts, door), "valid", (), LEVEL, told
    columns = target_of(one, target), weight_of(one)
    sealed, own = separate_rows(data, one.nets[0], one.preprocessing, *columns, progress)
    own = (*own, *_unweighted(kind, sealed.data))
    earlier = NOTHING if one.run is None or one.run.start is None else one.run.start.rows
    seen = check_unseen(sealed, split_if_there(one, progress), one.name, earlier)
    rows = _predicted(one, sealed.data, sealed.rows, one.final)
    opened = open_values(one.final, sealed, rows.values, run=one.folder, kind=kind)
    level = level_of_openings(opened.nth)
    return rows, "new", (opened.number,), level, [*own, *seen, *one.dependence(sealed.data)]


def _unweighted(kind: Kind, data: Dataset) -> list[str]:
    """What is to be said where rows have weights that are not used."""
    return [UNWEIGHTED] * (kind == "calibrate" and data.weight is not None)


def _validation(one: Entrant, parts: Split, door: Door) -> LookedAt:
    out = None if one.run is None else one.run.out_of_fold
    if out is not None:
        # of a fold whose nets all diverged there are no rows, and it counts all the same
        count = 1 + int((out.folds if parts.folds is None else parts.folds).max())
        return LookedAt(parts.data, out.rows, out.values, out_of_fold=True, folds=count)
    if not len(parts.valid):
        fix = f"Train with --valid above 0. {door.fix}"
        raise InputError(problem(door.where, f"{one.name!r} has no validation rows", fix=fix))
    return _predicted(one, parts.data, parts.valid, one.nets)


def _predicted(one: Entrant, data: Dataset, rows: NDArray[Any], nets: Sequence[TrainedNet]) -> LookedAt:
    return LookedAt(data, rows, *values_together(nets, data.x[rows], one.name))


def _notes_on(one: Entrant, parts: Split) -> list[str]:
    """What is to be known of validation rows."""
    out = None if one.run is None else one.run.out_of_fold
    left_out = () if out is None else left_out_note(out, parts)
    chosen = CHOSEN_BY_FOLD if one.run is not None and one.run.together else CHOSEN
    return [
        *[chosen] * one.chose_epoch,
        *one.refit,
        *one.chosen,
        *one.known_before,
        *one.dependence(parts.data),
        *left_out,
    ]
