"""Which alternatives go on from repeat to repeat."""

from __future__ import annotations

import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from goodfit.verdicts import racing, spent
from goodfit.verdicts.deciding import decide
from goodfit.verdicts.probes import HALF, Alternative

PROBES = (Alternative("wider", "freer"), Alternative("narrower", "tighter"), HALF)


def said(kind: str, *statuses: str, doubling: str = "open") -> Any:
    """What a repeat decides of the wider and the narrower net."""
    gains = tuple(SimpleNamespace(status=status) for status in statuses)
    decision = SimpleNamespace(
        kind=kind, best=None, learned="yes", gains=gains, doubling=SimpleNamespace(status=doubling)
    )
    nothing: Any = None
    return racing.JudgedAlternatives(nothing, decision, PROBES[:2], nothing, nothing, nothing)  # type: ignore[arg-type]


def raced(
    monkeypatch: pytest.MonkeyPatch,
    told: list[Any],
    limit: float = math.inf,
    folder: Path | None = None,
    tables: Any = None,
) -> list[set[int]]:
    """The settings that each repeat trains: 0 the recipe, 1 wider, 2 narrower, 3 half the rows."""
    trained: list[set[int]] = []
    measured = tables or SimpleNamespace(measured=lambda: None)
    monkeypatch.setattr(racing, "Tables", lambda layout: measured)
    monkeypatch.setattr(racing, "expected_seconds", lambda layout: 1.0)
    monkeypatch.setattr(racing, "_train", lambda tables, settings, *given: trained.append(set(settings)))
    layout: Any = SimpleNamespace(
        folds=SimpleNamespace(repeats=[()] * len(told)), planned=SimpleNamespace(nets=1), probes=PROBES, usual=3
    )
    answers = iter(told)
    last = racing.race(layout, lambda found: next(answers), quick=False, limit=limit, folder=folder)
    assert last.out_of_time == (len(trained) < len(told))
    return trained


def test_what_left_never_returns(monkeypatch: pytest.MonkeyPatch) -> None:
    every = said("cannot tell", "open", "open")
    assert raced(monkeypatch, [said("cannot tell", "open", "no better"), every, every]) == [
        {0, 1, 2, 3},
        {0, 1, 3},
        {0, 1, 3},
    ]
    gone = said("underfit", "better", "open", doubling="better")
    assert raced(monkeypatch, [gone, said("cannot tell", "open", "no better"), every])[2] <= {0, 1, 3}


def test_no_repeat_is_begun_that_would_end_behind_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    every, now = said("cannot tell", "open", "open"), [0.0]
    monkeypatch.setattr(spent, "time", SimpleNamespace(perf_counter=lambda: now[0]))

    def count(limit: float) -> int:  # the first repeat takes 100 s, a later one half of it
        now[0] = 0.0
        tables = SimpleNamespace(measured=lambda: now.__setitem__(0, now[0] + (50.0 if now[0] else 100.0)))
        return len(raced(monkeypatch, [every] * 3, limit=limit, tables=tables))

    assert [count(149.0), count(151.0), count(190.0)] == [1, 2, 3]


def test_time_before_a_kill_counts_and_a_repeat_that_was_begun_is_finished(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    every, now = said("cannot tell", "open", "open"), [0.0]
    monkeypatch.setattr(spent, "time", SimpleNamespace(perf_counter=lambda: now[0]))
    clock = spent.Spent(tmp_path)
    now[0] = 100.0
    clock.beside(None)(SimpleNamespace())  # type: ignore[arg-type]
    assert spent.Spent(tmp_path).seconds == 100.0
    assert len(raced(monkeypatch, [every] * 3, limit=120.0, folder=tmp_path)) == 1
    (tmp_path / "repeat-2").mkdir()
    assert len(raced(monkeypatch, [every] * 3, limit=120.0, folder=tmp_path)) == 2
    (tmp_path / spent.SPENT).write_text("[]")
    assert spent.Spent(tmp_path).seconds == 0.0


def test_what_is_told_of_one_that_left_stays_as_it_was() -> None:
    rng, folds = np.random.default_rng(3), 5
    table = 0.4 * np.exp(rng.normal(0, [[0.02], [0.05], [0.3], [0.1], [0.2]], (5, 3 * folds)))
    sides: Any = ["freer", "tighter", "freer", "tighter"]
    first = decide(table[:, :folds], table[:, :folds], sides, 1.0, folds)
    table[1, folds:] = table[3, 2 * folds :] = np.nan
    columns = [folds, 3 * folds, 2 * folds, 3 * folds]
    last = decide(table, table[:1], sides, 1.0, folds, columns=columns)
    assert last.gains[0] == first.gains[0]
    table[3, 2 * folds :] = 0.4
    assert decide(table, table[:1], sides, 1.0, folds, columns=columns).gains[2] == last.gains[2]
