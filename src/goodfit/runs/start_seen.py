"""Which held-out rows of a run its start knew already: they are not held out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from goodfit.data import Split
from goodfit.data.prints import columns_print, fingerprint, row_prints
from goodfit.errors import InputError, problem
from goodfit.leaks.check import FEWEST, SMALL, LeakWarning
from goodfit.notices import warn
from goodfit.runs.known_rows import all_of, learned_before
from goodfit.runs.starting import WHERE, HeldOut, Seen, Start

UNSEEN = "Give a Split that holds out rows which the start has not seen."
SAME_FOLDS = "Train with the start's own rows and folds, or give a Split whose validation rows it has not seen."


def seen_before(start: Start, parts: Split, mode: str, nets: int) -> Seen | None:
    """Part -> how many of its held-out rows the start knew: a LeakWarning where they are too many to be chance.

    Rows that validate a net, of its fold with fold members, must not have been learned from by the net as which it
    began; test rows must not have chosen an epoch either. None where it is not known which rows the start knew; where
    a table of the start had other columns, rows that are the same cannot be told, so that no part is said to have none
    of them. mode: "error" raises InputError in the place of warning, "off" does not look. nets: how many go on.
    """
    if mode == "off":
        return None
    if start.known is None:
        _check_searched(start, parts, mode)
        return None
    knew: dict[HeldOut, NDArray[np.bool_]] = {
        "valid": learned_before(start.known, parts, ((net, start.left_out_by(net)) for net in range(nets))),
        "test": np.isin(row_prints(parts.data, parts.rows("test")), all_of(start.known)),
    }
    seen: Seen = {part: int(rows.sum()) for part, rows in knew.items() if len(rows)}
    told = list[str]()
    for part, count in seen.items():
        if count < max(FEWEST, SMALL * len(knew[part]) ** 0.5):
            continue
        which, how, fix = ("test", "was trained or its epoch chosen", UNSEEN)
        if part == "valid":
            which, how, fix = (_validating(parts), "was trained", UNSEEN if parts.folds is None else SAME_FOLDS)
        text = f"the start {how} on {count:,} of the {len(knew[part]):,} {which} rows, so they are not held out"
        told.append(problem(WHERE, text, fix=fix))
    _tell(told, mode)
    if np.all(start.known["columns"] == columns_print(parts.data)):
        return seen
    return {part: count for part, count in seen.items() if count} or None


def _validating(parts: Split) -> str:
    """What the rows are called that validate nets."""
    return "validation" if parts.folds is None else "out-of-fold"


def _check_searched(start: Start, parts: Split, mode: str) -> None:
    """A LeakWarning, or InputError, where the start is the winner of a search on the same data."""
    validates = len(parts.valid) or parts.folds is not None
    if start.searched is None or not validates or start.searched != fingerprint(parts.data):
        return
    text = (
        "the start is the winner of a search, which was trained on all rows of these data but the search's test set, "
        f"so the {_validating(parts)} rows are not held out"
    )
    _tell([problem(WHERE, text, fix="Train on rows that the search did not have.")], mode)


def _tell(told: Sequence[str], mode: str) -> None:
    """Warn of leaks, or refuse them."""
    if told and mode == "error":
        raise InputError(*told)
    for text in told:
        warn(text, LeakWarning)
