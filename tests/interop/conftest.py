"""A gallery for each test, and a folder for its pictures."""

from __future__ import annotations

from pathlib import Path

import pytest

from goodfit.interop.d2l import plotting, showing


@pytest.fixture(autouse=True)
def gallery(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    made = showing.Gallery()
    monkeypatch.setattr(showing, "GALLERY", made)
    monkeypatch.setattr(plotting, "GALLERY", made)
