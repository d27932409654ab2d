"""Sealed rows: their inputs may be used, but scores on them come only from an opening that is recorded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from goodfit.wiring import provided

if TYPE_CHECKING:
    from goodfit.data.dataset import Dataset


class Sealed:
    """The test rows of a split. It can be used like the array of their numbers, int32.

    data: the data set of the rows
    rows: [n] their numbers
    """

    def __init__(self, data: Dataset, rows: Any) -> None:
        self.data = data
        """What the numbers count in."""
        self.rows = np.asarray(rows, np.int32)
        """Row numbers, int32."""

    def open(self, nets: Any) -> Any:
        """Score nets on these rows, once it stands in the ledger: a `goodfit.runs.Opened`.

        Every further model that is scored on rows of which some were opened before has a wider interval; the same model
        again has not. Without a ledger that can be written nothing is scored: GoodfitError. See docs/seal.md.

        nets: a run, a model, a net or several nets, or a fitted estimator, of goodfit or others.
        """
        return provided("open sealed rows")(self, nets)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return self.rows.astype(dtype, copy=bool(copy)) if dtype is not None or copy else self.rows

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[int]:
        return iter(self.rows)

    def __repr__(self) -> str:
        return f"Sealed({len(self.rows):,} rows of {self.data.name!r}; to score them: .open(net))"
