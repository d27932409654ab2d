"""Whoever reads a line of the table finds its result in the numbers of that line."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from goodfit.verdicts.deciding import decide
from goodfit.verdicts.gain_words import gain_text, interval_text, result, score_text
from goodfit.verdicts.gains import Gain

FOLDS = 5


def evidence(decision: Any, **more: Any) -> Any:
    return SimpleNamespace(decision=decision, sampled=False, measured_rows=1, learning_rows=1, **more)


def as_a_reader(gain: Gain, margin: float) -> str:
    """By the rule below the table alone."""
    if gain.low > 0 and gain.claim >= margin:
        return "significantly better"
    if gain.high < 0:
        return "significantly worse"
    if gain.at_most < margin:
        return "no relevant gain"
    return "inconclusive"


def test_every_result_follows_from_the_line_that_it_stands_in() -> None:
    rng, seen = np.random.default_rng(0), set[str]()
    for _ in range(60):
        own = 0.3 + 0.1 * rng.random(FOLDS)
        probes = own * np.exp(rng.normal(0, 0.15, (6, 1)) + rng.normal(0, rng.choice([0.01, 0.2]), (6, FOLDS)))
        probes[5] *= 1e5  # a net that has failed
        errors = np.vstack([own, probes])
        decision = decide(errors, errors, ["freer", "tighter"] * 3, 1.0, FOLDS)
        for gain in decision.gains:
            told, wanted = result(evidence(decision), gain), as_a_reader(gain, decision.margin)
            assert told.partition(":")[0] == wanted
            assert gain.low <= gain.mean <= gain.at_most <= gain.high
            seen.add(wanted)
    assert seen == {"significantly better", "significantly worse", "no relevant gain", "inconclusive"}


def test_what_keeps_a_gain_from_counting_is_said_beside_it() -> None:
    decision: Any = SimpleNamespace(margin=0.02)
    assert (
        result(evidence(decision), Gain(0.05, 0.03, 0.07, 0.06, 0.04, "no better")) == "no relevant gain with all rows"
    )
    assert result(evidence(decision), Gain(0.021, 0.001, 0.04, 0.03, 0.018, "open")) == "inconclusive: +0.0180 expected"
    assert result(evidence(decision), Gain(0.05, 0.03, 0.07, 0.06, 0.04, "open")) == "inconclusive: rests on few rows"
    fewer: Any = SimpleNamespace(decision=decision, sampled=True, measured_rows=1, learning_rows=2)
    assert result(fewer, Gain(0.05, 0.03, 0.07, 0.06, 0.04, "open")) == "inconclusive on fewer rows"


@pytest.mark.parametrize(
    ("low", "high", "told"),
    [
        (-15527.0, 0.4642, "far worse to +0.4642"),
        (-15527.0, -33.2, "far worse"),
        (-0.01, 0.02, "-0.0100 to +0.0200"),
        (float("nan"), float("nan"), "-"),
    ],
)
def test_what_has_failed_is_far_worse_and_no_number(low: float, high: float, told: str) -> None:
    assert interval_text(low, high, 1.0) == told


def test_gains_and_scores_have_the_digits_that_tell_something() -> None:
    assert [gain_text(value, 0.7) for value in (-6.9, -7.1, float("nan"))] == ["-6.9000", "far worse", "-"]
    assert [score_text(value) for value in (0.91234, 15527.9, float("nan"))] == ["0.9123", "15,500", "-"]
