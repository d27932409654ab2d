"""Which rows the nets of a start know, each net by itself: fold members learned from all folds but one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from goodfit.data import Split
from goodfit.data.prints import Prints, columns_print, row_prints
from goodfit.runs.members import fold_of

Known = Mapping[str, Prints]
NO_FOLD = 0  # in "left_out", of a row that all nets learned from


def known_rows(parts: Split, earlier: Known | None = None) -> Known:
    """What the nets of a run know once it is done, by the names of `KNOWN` and `LEFT_OUT`.

    earlier: what the nets that it went on from knew, their folds being those of these nets; see `without_folds`
    """
    trained = row_prints(parts.data, parts.train)
    folds = np.zeros(len(trained), np.uint64) if parts.folds is None else (parts.folds + 1).astype(np.uint64)
    chosen = row_prints(parts.data, parts.valid)
    columns = np.array([columns_print(parts.data)], np.uint64)
    if earlier:
        trained = np.concatenate([earlier["learned"], trained])
        folds = np.concatenate([left_out(earlier), folds])
        chosen, columns = (
            np.concatenate([earlier["chosen"], chosen]),
            np.concatenate([earlier["columns"], columns]),
        )
    order = np.lexsort((folds, trained))
    trained, folds = trained[order], folds[order]
    learned, first = np.unique(trained, return_index=True)
    last = np.append(first[1:], len(trained)) - 1
    alike = np.where(folds[first] == folds[last], folds[first], np.uint64(NO_FOLD))  # copies in two folds are known
    return {"learned": learned, "left_out": alike, "chosen": np.unique(chosen), "columns": np.unique(columns)}


def left_out(known: Known) -> Prints:
    """Of every row that nets learned from, 1 + the fold whose nets did not; NO_FOLD where all did, or it is unknown."""
    return known.get("left_out", np.zeros(len(known["learned"]), np.uint64))


def without_folds(known: Known) -> Known:
    """The same of nets whose folds are not those of the nets that went before them: all rows count as known to all."""
    return {**known, "left_out": np.zeros(len(known["learned"]), np.uint64)}


def learned_before(known: Known, parts: Split, begun_as: Iterable[tuple[int, int]]) -> NDArray[np.bool_]:
    """Which of the rows that validate nets, those of the folds or else the validation rows, one of these nets learned.

    begun_as: of every net, (its number, the fold that the net left out as which it began, -1 where none)
    """
    rows = parts.train if parts.folds is not None else parts.valid
    prints = row_prints(parts.data, rows)
    at = np.minimum(np.searchsorted(known["learned"], prints), max(0, len(known["learned"]) - 1))
    there = np.isin(prints, known["learned"])
    fold = left_out(known)[at].astype(np.int64) - 1 if there.any() else np.full(len(rows), -1)
    found = np.zeros(len(rows), bool)
    count = 1 if parts.folds is None else int(parts.folds.max()) + 1
    for own, its in {(fold_of(net, count), its) for net, its in begun_as}:
        validates = True if parts.folds is None else parts.folds == own
        found |= there & validates & ((fold < 0) | (fold != its))
    return found


def all_of(known: Known) -> Prints:
    """The prints of all rows that were known, learned from or not."""
    return np.concatenate([known["learned"], known["chosen"]])
