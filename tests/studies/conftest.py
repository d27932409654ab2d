"""Every study in its small form, run once a process."""

from __future__ import annotations

import functools
import os
from pathlib import Path

import pytest
from studies_help import Small, Written

from goodfit.studies import Result, run, studies

TRAINS_LONG = {
    "universal-approximation"
}  # 18 s where LLVM optimises nothing, and 5.5 s as users' programs are compiled


@functools.cache
def small_result(name: str) -> Result:
    flags = os.environ.get("XLA_FLAGS", "").split()
    with pytest.MonkeyPatch.context() as patched:
        if name in TRAINS_LONG:  # XLA has read its flags; of those that are not named, goodfit gives its own options
            patched.setenv("XLA_FLAGS", " ".join(each for each in flags if "optimization_level" not in each))
        return run(name, **studies()[name].small)


@pytest.fixture
def small() -> Small:
    """A study's name -> its small form's result."""
    return small_result


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures stay empty, for tests of files and folders: drawing takes most of the time of a small study."""
    empty = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"></svg>'
    monkeypatch.setattr("goodfit.figures.files._rendered", lambda *_, **__: empty)


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    """A study's name -> its small form's two pages, English first, which are written once a process.

    The files of figures beside them are empty, but of one study: the page draws the same ones.
    """

    @functools.cache
    def write(name: str) -> tuple[Path, ...]:
        with pytest.MonkeyPatch.context() as patched:
            if name != "polynomial":
                patched.setattr("goodfit.studies.writing.write_figure", lambda _, path: path.touch())
            (folder := tmp_path_factory.mktemp(name) / name).mkdir()
            return tuple(small_result(name).write(folder.parent))

    return write
