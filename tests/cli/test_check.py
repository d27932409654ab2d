"""`goodfit data check`, with the real library below."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest


@pytest.fixture
def twins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A table of 60 different rows, of which the first twelve stand there a second time."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    lines = [
        f"{a:.4f},{b:.4f},{'yes' if c else 'no'}"
        for a, b, c in zip(*rng.normal(size=(2, 60)), rng.random(60) > 0.5, strict=True)
    ]
    Path("twins.csv").write_text("\n".join(["a,b,bought", *lines, *lines[:12]]) + "\n")
    return "twins.csv"


def test_rows_that_stand_in_two_parts_are_told(call: Any, twins: str) -> None:
    code, out, err = call("data", "check", twins, "--target", "bought", "--valid", "0.3")
    assert (code, err) == (0, "")
    assert out.startswith("twins: ")
    assert "exact: " in out
    assert "goodfit.leaks.without_twins(split)" in out


def test_findings_for_machines(call: Any, twins: str) -> None:
    code, out, _ = call("data", "check", twins, "--target", "bought", "--json")
    assert code == 0
    found = json.loads(out)
    assert {each["code"] for each in found} >= {"exact"}
    assert all(each["count"] > 0 for each in found)


def test_sound_data_are_said_to_be(call: Any) -> None:
    code, out, _ = call("data", "check", "moons", "--no-near")
    assert code == 0
    assert "No leakage found: no duplicates across the split, and no feature that determines the target." in out


def test_what_is_no_data_set_is_named(call: Any) -> None:
    code, _, err = call("data", "check", "moon")
    assert code == 2
    assert "Did you mean 'moons'" in err
