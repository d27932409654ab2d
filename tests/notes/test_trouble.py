"""What goes wrong in one cell stays there: figures, threads, streams, errors, names of cells that failed."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from goodfit.cli.notes_output import print_notes
from goodfit.errors import GoodfitError, InputError
from goodfit.notes import RunNotes, read, run
from goodfit.notes.comparing import beside
from goodfit.notes.outcome import CellOutcome, Output
from goodfit.notes.running import planned

DOCUMENT = """# Trouble
## 1 Figures
```python
import datetime
import matplotlib.pyplot as plt
plt.plot(["cat", "dog"], [1, 2])
plt.figure()
_ = plt.plot([datetime.date(2020, 1, 1), datetime.date(2020, 1, 2)], [3, 4])
```
```python
plt.title("$\\\\notaword{$")
plt.figure()
_ = plt.plot([1, 2], [5, 6])
```
```python
import logging, sys
logging.basicConfig()
first = sys.stdout
```
```python
logging.warning("heard later")
sys.stdout is first, sys.stdout.seekable()
```
```python
def typed(x: int): pass
typed.__annotations__["x"] is int
```
```python
raise ValueError("first line\\nsecond line\\n")
```
## 2 Names
```python
net, rate, kept = "old", 1, "kept"
```
## 3 Names again
```python
1 / 0
net = "new"
```
```python
rate = = 2
```
```python
kept
```
```python
net
```
```python
rate
```
## 4 Threads
```python
import atexit, threading, time
atexit.register(time.sleep, 600)
threading.Thread(target=time.sleep, args=(600,)).start()
```
"""


@pytest.fixture(scope="module")
def cells(tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    folder = tmp_path_factory.mktemp("trouble")
    (folder / "a.md").write_text(DOCUMENT, "utf-8")
    began = time.monotonic()
    found = run(folder / "a.md", out=folder, studies=False)
    assert time.monotonic() - began < 60  # a thread and a hook that wait ten minutes are not waited for
    assert "ValueError: first line second line" in (folder / "a-run.html").read_text("utf-8")
    return list(found.cells.values())


def test_a_figure_that_cannot_be_drawn_is_an_error_of_its_cell(cells: list[Any]) -> None:
    names, faulty = cells[:2]
    assert names.state == "done"
    assert [each.lines[0]["y"] for each in names.outputs] == [[1, 2], [3, 4]]
    assert names.outputs[0].lines[0]["x"] == [0, 1]
    assert faulty.state == "failed"
    assert [each.kind for each in faulty.outputs] == ["error", "figure"]
    assert faulty.error.startswith("ValueError")


def test_streams_stay_the_same_from_cell_to_cell(cells: list[Any]) -> None:
    assert [each.text for each in cells[3].outputs] == ["WARNING:root:heard later\n", "(True, False)"]


def test_what_our_files_ask_of_the_compiler_is_not_asked_of_cells(cells: list[Any]) -> None:
    assert cells[4].printed == "True"


def test_a_message_of_several_lines_is_told_whole(cells: list[Any]) -> None:
    assert cells[5].error == "ValueError: first line second line"


def test_what_a_cell_that_failed_was_to_define_is_not_supplied(cells: list[Any]) -> None:
    assert [cell.state for cell in cells[7:12]] == ["failed", "failed", "done", "failed", "failed"]
    assert [cell.error for cell in cells[10:12]] == [
        f"NameError: name '{name}' is not defined" for name in ("net", "rate")
    ]
    assert cells[9].printed == "'kept'"


def test_threads_and_hooks_that_do_not_end_are_not_waited_for(cells: list[Any]) -> None:
    assert cells[12].state == "done"


TABS = """## 1 One
```python
#@tab mxnet
from d2l import mxnet as d2l
value = "mxnet's"
```
```python
#@tab pytorch
value = "torch's"
```
```python
#@tab mxnet
only = 1
```
```python
#@tab all
(only, value)
```
## 2 Two
```python
#@tab all
value
```
"""


def ran(folder: Path, text: str, **settings: Any) -> RunNotes:
    (folder / "a.md").write_text(text, "utf-8")
    return run(folder / "a.md", **settings)


def test_frameworks_neither_stop_nor_supply_each_other(tmp_path: Path) -> None:
    found = list(ran(tmp_path, TABS).cells.values())
    assert [cell.state for cell in found] == ["done", "done", "done", "failed", "done"]
    assert found[3].error == "NameError: name 'only' is not defined"
    assert found[3].printed == '(1, "mxnet\'s")'
    assert found[4].printed == '"torch\'s"\n"mxnet\'s"'


def test_an_unmarked_cell_has_the_framework_of_its_section(tmp_path: Path) -> None:
    """By a later cell of the section rather than by an earlier section."""
    text = "## 1\n```python\nimport torch\n```\n## 2\n```python\nx = 1\n```\n```python\nfrom mxnet import np\n```\n"
    (tmp_path / "a.md").write_text(text, "utf-8")
    document = read(tmp_path / "a.md")
    assert list(planned(document, "torch").values()) == [None, (), ()]
    assert list(planned(document, "mxnet").values()) == [(), None, None]


@pytest.mark.parametrize(
    ("face", "line", "why"),
    [
        ("mxnet", "import torch", "it is written for PyTorch, which --face mxnet leaves out"),
        ("torch", "import mxnet", "it is written for MXNet, which --face torch leaves out"),
        ("both", "#@tab jax", "it is marked for a library other than PyTorch and MXNet"),
    ],
)
def test_why_a_cell_is_not_run_is_said(face: Any, line: str, why: str, tmp_path: Path) -> None:
    (cell,) = ran(tmp_path, f"```python\n{line}\n```\n", face=face).cells.values()
    assert (cell.state, cell.why) == ("not run", why)


@pytest.mark.parametrize(
    ("theirs", "ours", "paired"), [(150, 100, False), (150, 150, False), (100, 100, True), (2, 3, False), (0, 5, False)]
)
def test_numbers_are_paired_only_where_both_print_as_many(theirs: int, ours: int, paired: bool, tmp_path: Path) -> None:
    below = f"```\n{' '.join(map(str, range(theirs)))}\n```\n" if theirs else ""
    (tmp_path / "a.md").write_text(f"```python\nx\n```\n{below}", "utf-8")
    document = read(tmp_path / "a.md")
    (place,) = document.code
    output = Output("stream", "stdout", " ".join(map(str, range(ours))))
    cell = CellOutcome(document.cells[place], "done", "x", outputs=(output,))
    rows = beside(document, {place: cell}, studies=False, tell=lambda _: None).get(place, [])
    assert len(rows) == min(theirs, 100)
    assert all((row.ours == row.printed) if paired else row.ours is None for row in rows)


def test_what_there_is_is_written_before_studies_and_a_study_that_fails_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(name: str, **_: Any) -> None:
        assert (tmp_path / "a-run.html").exists()
        raise InputError("no memory is left")

    monkeypatch.setattr("goodfit.studies.run", fails)
    text = "## 4.4 Weight decay\n```python\nprint('w:', 12.5)\n```\n```python\nw: 12.963241577148438\n```\n"
    told: list[str] = []
    ran(tmp_path, text, out=tmp_path, tell=told.append)
    assert told[-1] == "study weight-decay was not run: no memory is left"


def test_cells_that_were_not_run_are_counted_apart_from_those_that_failed(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("```python\n1 / 0\n```\n```python\nx = 1\n```\n", "utf-8")
    document = read(tmp_path / "a.md")
    error = Output("error", "E", "E: told", message="E: told")
    states: list[Any] = ["failed", "not run"]
    cells = {
        place: CellOutcome(document.cells[place], state, "x", outputs=(error,) if state == "failed" else ())
        for place, state in zip(document.code, states, strict=True)
    }
    with pytest.raises(GoodfitError, match=r"^1 of 2 cells failed, 1 was not run\.\nthe beginning, cell 1: E: told$"):
        print_notes(RunNotes(document, cells, 0.0, 0), json=True)
