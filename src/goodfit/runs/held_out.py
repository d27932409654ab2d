"""Rows that nets did not learn from, with what predicts each of them: validation rows, out of fold, or new rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from goodfit.data.streams import generator
from goodfit.models.averaging import values_together
from goodfit.models.trained_net import TrainedNet
from goodfit.runs.entrants import UNWEIGHTED, Door, Entrant, Notify, entrant
from goodfit.runs.looking import rows_to_look_at
from goodfit.runs.members import sound_by_fold
from goodfit.runs.run import rows_words

if TYPE_CHECKING:
    from jaxtyping import Float

MOST_ROWS = 5_000  # of more rows, so many drawn at random are looked at


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Rows of one model.

    one: the model; x: inputs [N, D] as its nets take them; y: their targets; groups: rows (positions in x) and the nets
    that predict them, together all rows: fold members only where they did not learn; level: of intervals; part: of the
    data; out_of_fold: whether each row has nets of its own; notes: what is to be said of them; columns: the name of
    each column of the table and its inputs, without a table of each input.
    """

    one: Entrant
    x: NDArray[Any]
    y: NDArray[Any]
    groups: tuple[tuple[NDArray[np.intp], tuple[TrainedNet, ...]], ...]
    level: float
    part: str
    out_of_fold: bool
    notes: tuple[str, ...]
    columns: tuple[tuple[str, NDArray[np.intp]], ...]

    @property
    def words(self) -> str:
        """Which rows they are."""
        return rows_words(len(self.x), self.part, out_of_fold=self.out_of_fold)

    @property
    def work(self) -> int:
        """Numbers that all nets compute for their rows, a product counted as 1/256: about 15 ns each on one core."""
        each = {net.sizes: sum(net.sizes[1:]) + net.n_parameters // 256 for net in self.one.nets}
        return sum(len(rows) * sum(each[net.sizes] for net in nets) for rows, nets in self.groups)

    def fewer(self, count: int, seed: int, why: str) -> HeldOut:
        """So many of the rows, drawn at random. why: said after their number in the notes."""
        kept = np.sort(generator(seed, "fewer rows").choice(len(self.x), count, replace=False))
        place = np.full(len(self.x), -1)
        place[kept] = np.arange(count)
        groups = tuple((found, nets) for rows, nets in self.groups if len(found := place[rows][place[rows] >= 0]))
        note = f"{count:,} of {len(self.x):,} rows, drawn at random: {why}."
        return replace(self, x=self.x[kept], y=self.y[kept], groups=groups, notes=(*self.notes, note))

    def predict(self, x: NDArray[Any]) -> Float[np.ndarray, "N C"]:
        """Mean probabilities or numbers of the nets of each row, in float64, for inputs that may be changed. InputError
        where one is not finite.
        """
        values = np.zeros((len(x), self.one.nets[0].n_outputs))
        for rows, nets in self.groups:
            values[rows], _ = values_together(nets, x[rows], self.one.name)
        return values


def held_out(
    model: Any, data: Any, target: str | Sequence[str] | None, progress: Notify | None, door: Door, seed: int
) -> HeldOut:
    """The rows that a model is looked at by. Sealed rows stay sealed, and new ones are recorded in the ledger first.

    model, data, target, progress: as of `goodfit.measures`; model: also a fitted estimator for tables. seed: draws
    MOST_ROWS of more rows.
    """
    one = entrant(getattr(model, "run_", model), 0, door)
    rows, part, _, level, notes = rows_to_look_at(one, data, target, progress, door, "score")
    notes = [*notes, *[UNWEIGHTED] * (rows.data.weight is not None)]
    members = one.run.out_of_fold if one.run is not None and rows.out_of_fold else None
    chosen = np.arange(len(rows.rows))
    if len(chosen) > MOST_ROWS:
        chosen = np.sort(generator(seed, "held out").choice(len(chosen), MOST_ROWS, replace=False))
        notes = [*notes, f"{MOST_ROWS:,} of {len(rows.rows):,} rows, drawn at random."]
    places = rows.rows[chosen]
    nets = one.final if part == "new" else one.nets
    groups: list[tuple[NDArray[np.intp], tuple[TrainedNet, ...]]] = [(np.arange(len(places)), tuple(nets))]
    if members is not None and one.run is not None:
        folds = members.folds[chosen]
        by_fold = sound_by_fold(np.asarray(one.run.history.frozen), rows.folds)
        groups = [
            (np.flatnonzero(folds == fold), tuple(one.run.nets[net] for net in those))
            for fold, those in enumerate(by_fold)
        ]
    x, y = rows.data.x[places], rows.data.y[places]
    columns = tuple(inputs_by_column(one.nets[0], rows.data.features))
    some = tuple(each for each in groups if len(each[0]))
    return HeldOut(one, x, y, some, level, part, members is not None, tuple(notes), columns)


def inputs_by_column(net: TrainedNet, features: Sequence[str]) -> list[tuple[str, NDArray[np.intp]]]:
    """(name, its inputs) of each column of the table that a net was trained on; without a table, of each input.

    features: names of the inputs, () where they have none.
    """
    if net.preprocessing is None:
        given = features or [f"input {place}" for place in range(net.n_inputs)]
        return [(name, np.array([place])) for place, name in enumerate(given)]
    ends = np.cumsum([column.width for column in net.preprocessing.columns])
    return [
        (column.name, np.arange(end - column.width, end))
        for column, end in zip(net.preprocessing.columns, ends, strict=True)
    ]
