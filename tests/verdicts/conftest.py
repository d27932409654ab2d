"""A pace that does not depend on how busy the machine is that tests run on."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def steady_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trainings take what the planner predicts: the time that a verdict has decides how much it measures."""
    monkeypatch.setattr("goodfit.verdicts.judging_runs.pace_of", lambda run: 1.0)
