"""How often the intervals of measures hold the truth, where they are hardest pressed: few rows, rare classes, and near
1. docs/measures.md has more, from `python -m benchmarks.measures`.
"""

from __future__ import annotations

import math

import pytest
from benchmarks.measures import HELD, World, coverage

CASES = [
    World((0.9, 0.1), 1.0, 1.0),
    World((0.97, 0.03), 1.5, 1.0),
    World((0.8, 0.15, 0.05), 1.5, 1.0),
]


@pytest.mark.parametrize("world", CASES, ids=str)
def test_they_hold_the_truth(world: World) -> None:
    found = coverage(world, rows=50, draws=150, true_rows=100_000)
    assert found
    for name, (held, given) in found.items():
        chance = 3 * math.sqrt(0.95 * 0.05 / max(1, 150 * given))
        assert given < 0.1 or held >= HELD - chance, name
