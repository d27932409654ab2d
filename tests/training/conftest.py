"""Fixtures of the tests of training elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from goodfit.training import parcels, turns
from training.executors import Inline, search


@pytest.fixture
def small_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A task for each net of Iris, and its few rows apart from the rest."""
    monkeypatch.setattr(turns, "TASK_SECONDS", 1e-9)
    monkeypatch.setattr(parcels, "LEAST_APART", 256)


@pytest.fixture
def new_worker() -> Iterator[None]:
    """Nothing that an earlier test's worker was sent."""
    yield
    parcels._kept = parcels._Kept()


@pytest.fixture(scope="module")
def alone() -> Any:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(turns, "TASK_SECONDS", 1e-9)
        return search(Inline())
