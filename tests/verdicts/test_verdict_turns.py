"""A verdict whose nets do not fit into memory together."""

from __future__ import annotations

import numpy as np
import pytest

from goodfit import Recipe, Verdict, verdict
from goodfit.training.memory import net_bytes


def test_a_verdict_in_turns_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = Recipe(hidden=(4,), epochs=4, batch_size=16)
    turns: list[int] = []

    def judged() -> Verdict:
        return verdict(
            recipe, "iris", folds=3, quick=True, plan=lambda layout, *_: turns.append(len(layout.planned.turns))
        )

    whole = judged()
    monkeypatch.setattr("goodfit.verdicts.laying_out.free_memory", lambda: 12.0 * net_bytes((4, 8, 3), 16))
    cut = judged()
    assert turns[1] > turns[0]
    np.testing.assert_allclose(cut.errors, whole.errors, rtol=1e-4)
    np.testing.assert_allclose(cut.training, whole.training, rtol=1e-4)
    assert (cut.kind, cut.sentence) == (whole.kind, whole.sentence)
