"""Robust scaling of arrays: its quantiles are NumPy's to the bit, whatever the type of the numbers."""

from __future__ import annotations

import numpy as np
import pytest

from goodfit.data import robust
from goodfit.data.robust import CLIP, QUANTILES, ColumnScaling, robust_scaling


def columns(kind: str, rows: int) -> np.ndarray:
    """Columns of all kinds: skewed, constant, zeros and ones, with ties, of large numbers."""
    rng = np.random.default_rng(rows)
    x = np.stack(
        [
            rng.lognormal(0, 2, rows),
            np.full(rows, 7.0),
            rng.integers(0, 2, rows),
            rng.integers(0, 4, rows),
            rng.normal(0, 1e3, rows),
            np.arange(rows) == 3,
        ],
        axis=1,
    )
    return np.abs(x).clip(0, 255).astype(kind) if np.dtype(kind).kind in "ub" else x.astype(kind)


@pytest.mark.parametrize("kind", ["uint8", "int64", "float16", "float32", "float64", "bool"])
@pytest.mark.parametrize("rows", [1, 2, 5, 101])
def test_arrays_are_scaled_as_column_by_column_with_numpys_quantiles(
    kind: str, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    x = columns(kind, rows)
    monkeypatch.setattr(robust, "BLOCK", 3 * rows)
    shift, scale, bend = robust_scaling(x)
    for place, values in enumerate(x.T.astype(np.float64)):
        found = ColumnScaling.of(*np.quantile(values, QUANTILES))
        if set(values.tolist()) == {0.0, 1.0}:
            assert (shift[place], scale[place], bend[place]) == (0, 1, 0)
        else:
            assert (shift[place], scale[place]) == (np.float32(found.median), np.float32(found.factor))
            assert bend[place] == np.float32(1 / CLIP)


def test_quantiles_are_numpys_to_the_bit() -> None:
    rng = np.random.default_rng(0)
    for rows in (1, 2, 3, 4, 5, 1000, 1001):
        values = rng.standard_cauchy((7, rows)) * 10.0 ** rng.integers(-300, 300, (7, 1))
        found = robust._quantiles(values)
        assert found.tobytes() == np.quantile(values, QUANTILES, axis=1).tobytes()
