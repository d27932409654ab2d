"""Files of every kind, changed at random with fixed seeds: one clear error, or a result, and nothing else.

`python -m benchmarks.fuzz` tries many more.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks import fuzz
from benchmarks.fuzz_kinds import KINDS, Kind

from goodfit.errors import InputError

FILES = {"selection.json": 8, "curve.csv": 8, "ledger": 30}  # whose readers draw, or wait for the disk
SOME = 60


@pytest.mark.parametrize("name", KINDS)
def test_a_changed_file_is_refused_or_read(name: str) -> None:
    files = FILES.get(name, SOME)
    found = fuzz.fuzz(KINDS[name], files, f"tests {name}")
    assert not found.faults, "\n".join(found.examples.values())
    assert found.refused + found.read == files
    assert found.refused > 0.2 * files


def _reader(folder: Path) -> None:
    text = (folder / "file").read_text()
    if text == "sound":
        return
    if "warn" in text:
        import numpy as np

        np.float64(1e308) * np.float64(10)
    if "terminal" in text:
        raise InputError("\x1b[31m")
    if "clear" in text:
        raise InputError("file: must be sound.")
    raise KeyError(text)


@pytest.mark.parametrize(
    ("text", "faults", "refused"),
    [("warn", 1, 0), ("terminal", 1, 0), ("clear", 0, 1), ("other", 1, 0), ("sound", 0, 0)],
)
def test_what_counts_as_a_fault(text: str, faults: int, refused: int) -> None:
    kind = Kind(lambda folder: _write(folder), "file", [lambda random, content: text.encode()], _reader)
    found = fuzz.fuzz(kind, 1, "0")
    assert (found.faults.total(), found.refused) == (faults, refused)


def _write(folder: Path) -> None:
    (folder / "file").write_text("sound")


def test_a_reader_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    monkeypatch.setattr(fuzz, "SECONDS", 0.2)

    def slow(folder: Path) -> None:
        if (folder / "file").read_text() != "sound":
            time.sleep(30)

    found = fuzz.fuzz(Kind(_write, "file", [lambda random, content: b"x"], slow), 1, "0")
    assert found.faults.total() == 1
    assert "Hang" in next(iter(found.faults))


def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert fuzz.main(["--files", "3", "--kind", "IDX"]) == 0
    assert capsys.readouterr().out.splitlines()[1].split()[:2] == ["IDX", "3"]
