"""Tables of studies, declared and filled in few words; bands over seeds: the middle, and where 95 % of them lie."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from goodfit.studies.declaring import Column, Columns
from goodfit.studies.estimates import Estimate
from goodfit.studies.words import Words

QUANTILES = (0.025, 0.5, 0.975)  # of bands: the low end, the median, the high end
_HEADS = {"low": Words("2.5 %", "2.5 %"), "median": Words("median", "中位数"), "high": Words("97.5 %", "97.5 %")}


@dataclass(frozen=True)
class BandColumns:
    """Three columns of a quantity: NAME_low, NAME_median, NAME_high."""

    name: str

    def columns(self, head: Words) -> tuple[Column, ...]:
        """The columns. head: of the quantity."""
        return tuple(
            Column(f"{self.name}_{which}", Words(f"{head.en}, {each.en}", f"{head.zh}，{each.zh}"))
            for which, each in _HEADS.items()
        )


def bands(*names: str) -> tuple[BandColumns, ...]:
    """A band for each name."""
    return tuple(BandColumns(name) for name in names)


def interval(name: str) -> tuple[str, str, str]:
    """The columns of a value and its interval: NAME, NAME_low, NAME_high."""
    return name, f"{name}_low", f"{name}_high"


def cells(name: str, found: Estimate) -> dict[str, float]:
    """The cells of these columns."""
    return dict(zip(interval(name), (found.value, found.low, found.high), strict=True))


def columns(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> Columns:
    """Rows as columns of these names."""
    filled = list(rows)
    return {name: [row[at] for row in filled] for at, name in enumerate(names)}


def band(name: str, values: ArrayLike) -> dict[str, float]:
    """The cells of such columns, of values over seeds [S]; nan where none is finite."""
    each = np.asarray(values, float)
    each = each[np.isfinite(each)]
    found = np.quantile(each, QUANTILES) if len(each) else np.full(len(QUANTILES), np.nan)
    return {f"{name}_{which}": float(value) for which, value in zip(_HEADS, found, strict=True)}


def by_epoch(epochs: Iterable[int], head: dict[str, Any], **values: NDArray[Any]) -> list[dict[str, Any]]:
    """A row an epoch, with the band of every quantity. head: cells of all rows; values: NAME -> over seeds, [S, E]."""
    rows = []
    for at, epoch in enumerate(epochs):
        rows.append({**head, "epoch": int(epoch)})
        for name, each in values.items():
            rows[-1] |= band(name, each[:, at])
    return rows


def table_of(rows: list[dict[str, Any]]) -> dict[str, list[Any]]:
    """Rows that all have the same columns, as a table."""
    return {name: [row[name] for row in rows] for name in rows[0]}
