"""A run and a search that every test of reports may read."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from reports_help import made_run, made_search, written


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(made_run(), tmp_path_factory.mktemp("runs") / "iris")


@pytest.fixture(scope="session")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("searches") / "iris"
    made_search(folder, {"hidden": [3, 6], "l1": [0.0, 1e-5]})
    return folder


@pytest.fixture
def folder(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the run, and a project without a ledger."""
    monkeypatch.setenv("GOODFIT_LEDGER", str(tmp_path / "ledger.sqlite"))
    return Path(shutil.copytree(trained, tmp_path / "iris"))
