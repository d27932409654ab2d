"""Populations that do not fit into memory are trained in turns, and give what they give all at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import goodfit as gf
from goodfit.runs import record
from goodfit.training import session, store
from goodfit.training.memory import net_bytes

RECIPE = gf.Recipe(hidden=(6,), epochs=12, batch_size=16, dropout=0.2, patience=4, valid=0.2)
SEEDS = 10
EACH = net_bytes((4, 6, 3), 16)
Limit = Callable[[int], None]


@pytest.fixture
def at_most(monkeypatch: pytest.MonkeyPatch) -> Limit:
    """Let so many nets of RECIPE fit into memory at once."""

    def limit(nets: int) -> None:
        monkeypatch.setattr("goodfit.runs.training.free_memory", lambda: 2.0 * nets * EACH)

    return limit


@pytest.fixture(scope="module")
def together() -> gf.runs.Run:
    return gf.train(RECIPE, "iris", seeds=SEEDS)


def same_nets(one: gf.runs.Run, other: gf.runs.Run, tolerance: float = 0.0) -> None:
    for net, its in zip(one.nets, other.nets, strict=True):
        for weights, own in zip((*net.weights, *net.biases), (*its.weights, *its.biases), strict=True):
            np.testing.assert_allclose(weights, own, rtol=tolerance, atol=tolerance)
    np.testing.assert_array_equal(one.history.stopped_epoch, other.history.stopped_epoch)
    for name in one.history.metrics:
        np.testing.assert_allclose(one.history[name], other.history[name], rtol=tolerance, atol=tolerance)


def test_turns_give_what_all_at_once_give(at_most: Limit, together: gf.runs.Run, tmp_path: Path) -> None:
    at_most(3)
    run = gf.train(RECIPE, "iris", seeds=SEEDS, out=tmp_path / "run")
    same_nets(run, together, 2e-5)
    found = record.RunRecord.read(tmp_path / "run")
    assert found.state == "done"
    assert found.seeds == tuple(range(SEEDS))
    loaded = gf.runs.load(tmp_path / "run")
    same_nets(loaded, run)
    assert (tmp_path / "run" / record.EVENTS).read_text("utf-8") == run.history.to_events()
    assert len(run.history.to_events().splitlines()) >= SEEDS * RECIPE.epochs * len(run.history.metrics)
    assert not list((tmp_path / "run").glob("turn-*"))


@pytest.mark.parametrize("calls", [1, 7, 25])
def test_a_run_resumes_between_turns_and_within_one(
    calls: int, at_most: Limit, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """It is cut as it was when it began, whatever memory is free when it goes on."""
    monkeypatch.setattr(store, "FEWEST_SECONDS", 0.0)
    monkeypatch.setattr(store, "SHARE_OF_TIME", 1e9)
    real: Any = session.fit
    monkeypatch.setattr(session, "fit", lambda *given, **how: real(*given, **how | {"chunk_seconds": 0}))
    at_most(4)
    whole = gf.train(RECIPE, "iris", seeds=SEEDS, out=tmp_path / "whole")
    left = [calls]

    def stop(_: Any) -> None:
        left[0] -= 1
        if left[0] == 0:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        gf.train(RECIPE, "iris", seeds=SEEDS, out=tmp_path / "cut", progress=stop)
    at_most(100)
    run = gf.runs.resume(tmp_path / "cut")
    same_nets(run, whole)
    for name in (record.EVENTS, record.MODEL, "history.csv"):
        assert (tmp_path / "cut" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
