"""Sealed rows: their inputs may be used, but scores on them come only from an opening that is recorded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from goodfit.errors import InputError, problem

if TYPE_CHECKING:
    from goodfit.data.dataset import Dataset


class Opener(Protocol):
    """What can be scored on sealed rows: a run, a model, a trained net or an estimator."""

    def open_sealed(self, rows: Sealed, nets: Sequence[Any] = ()) -> Any:
        """Record an opening of these rows in the ledger, then score. nets: those to score, if not this alone."""


class Sealed:
    """The test rows of a split. It can be used like the array of their numbers, int32."""

    def __init__(self, data: Dataset, rows: np.ndarray) -> None:
        self.data = data
        """What the numbers count in."""
        self.rows = rows
        """Row numbers, int32."""

    def open(self, nets: Opener | Sequence[Opener]) -> Any:
        """Score nets on these rows, once it stands in the ledger: a `goodfit.runs.Opened`.

        nets: a run, a model, a net or several nets, or a fitted estimator of goodfit's. Every further model that is
        scored on rows of which some were opened before has a wider interval; the same model again has not. Without a
        ledger that can be written nothing is scored: GoodfitError. See docs/seal.md.
        """
        several = tuple(nets) if isinstance(nets, Sequence) else (nets,)
        kinds = {type(net).__name__: hasattr(net, "open_sealed") for net in several}
        if len(kinds) != 1 or not all(kinds.values()):
            rule = "what is scored must be a run, model or estimator of goodfit, a net, or several nets"
            fix = "For other fitted estimators: goodfit.runs.open_estimator(estimator, split.test)."
            raise InputError(problem("Test rows", rule, got=", ".join(kinds) or nets, fix=fix))
        return several[0].open_sealed(self, several if len(several) > 1 else ())

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return self.rows.astype(dtype, copy=bool(copy)) if dtype is not None or copy else self.rows

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[int]:
        return iter(self.rows)

    def __repr__(self) -> str:
        return f"Sealed({len(self.rows):,} rows of {self.data.name!r}; to score them: .open(net))"
