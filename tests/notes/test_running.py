"""Small documents are run: namespaces, what is supplied, failures, tabs, figures, numbers, page and notebook."""

from __future__ import annotations

import json
import random
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy
import pytest

from goodfit.errors import InputError
from goodfit.notes import RunNotes, read, run
from goodfit.notes.comparing import numbers_in
from goodfit.notes.running import planned
from goodfit.studies import running
from page_check import check

DOCUMENT = """# Chapter

```python
import random
START = 40
```

## 4.1 First

```python
%matplotlib inline
import torch
from torch import nn
from d2l import torch as d2l
x = START + 2
print("printed", x)
x
```

```text
printed 42
42
```

```python
def penalised(w):
    return l2_penalty(w).item() + later()
def later():
    return 1
penalised(torch.tensor([3.0, 1.0]))
```

```python
undefined_name + 1
```

```python
d2l.plot([1, 2, 3], [[1.0, 4.0, 9.0]], legend=["squares"])
torch.rand(1).item() >= 0;  # nothing is shown
# of it
```

## 4.2 Second

```python
nn.Dropout(dropout1), dropout2, lr
```

```python
x = 1
for i in range(3) print(i)
```

```python
raise SystemExit("enough")
```

## 4.3 Third

```python
from mxnet import np
import os
value = np.ones(2) * 3
os.system("echo past Python") and None
value
```

```python
print("x" * 300_000)
raise KeyboardInterrupt("of the cell's own")
```

```python
print("last words", flush=True)
os._exit(7)
```

```python
value
```

## 4.4 Fourth

```python
net = nn.Linear(2, 1)
print('norm: 12.963241577148438')
input()
```

```python
norm: 12.963241577148438
```
"""


@pytest.fixture(scope="module")
def notes(tmp_path_factory: pytest.TempPathFactory) -> RunNotes:
    folder = tmp_path_factory.mktemp("notes")
    (folder / "chapter.md").write_text(DOCUMENT, "utf-8")
    told: list[str] = []
    found = run(folder / "chapter.md", out=folder / "out", studies=False, tell=told.append)
    assert told[:2] == ["Chapter: cell 1 of 13", "4.1 First: cell 2 of 13"]
    return found


def at(notes: RunNotes, where: str) -> Any:
    return next(cell for place, cell in notes.cells.items() if notes.where(place) == where)


def test_a_cell_that_fails_is_reported_and_the_next_one_runs(notes: RunNotes) -> None:
    failed = {notes.where(place): cell.error for place, cell in notes.cells.items() if cell.state == "failed"}
    failed["4.2 Second, cell 2"] = failed["4.2 Second, cell 2"].partition(":")[0]  # Pythons say the rest in other words
    assert failed == {
        "4.1 First, cell 3": "NameError: name 'undefined_name' is not defined",
        "4.2 Second, cell 2": "SyntaxError",
        "4.2 Second, cell 3": "SystemExit: enough",
        "4.3 Third, cell 2": "KeyboardInterrupt: of the cell's own",
        "4.3 Third, cell 3": "the process ended while the cell ran, with exit code 7",
        "4.4 Fourth, cell 1": "EOFError: EOF when reading a line",
    }
    last = at(notes, "4.3 Third, cell 4")
    assert (last.state, last.why) == ("not run", "an earlier cell of the section ended the process")
    assert notes.count("done") == 6
    assert "line 1: undefined_name + 1" in at(notes, "4.1 First, cell 3").outputs[0].text
    assert "6 of 13 cells ran" in repr(notes)


def test_what_cells_print_and_show(notes: RunNotes) -> None:
    first = at(notes, "4.1 First, cell 1")
    assert first.printed == "printed 42\n42"
    assert first.changes == (("from d2l import torch as d2l", "from goodfit.interop.d2l import torch as d2l"),)
    assert [(each.printed, each.ours) for each in first.numbers] == [(42, 42), (42, 42)]
    assert at(notes, "4.1 First, cell 2").printed == "6.0"
    assert at(notes, "4.1 First, cell 4").printed == ""  # a semicolon shows nothing
    assert at(notes, "4.3 Third, cell 1").printed == "array([3., 3.])\npast Python"
    long = at(notes, "4.3 Third, cell 2").printed
    assert long.endswith("[cut: a cell may print 200,000 characters]")
    assert len(long) < 200_100


def test_what_is_supplied_is_reported(notes: RunNotes) -> None:
    assert notes.supplied == [
        ("4.1 First, cell 1", "START", "the value of section 'the beginning'"),
        ("4.1 First, cell 2", "l2_penalty", "the book's definition, half the sum of squares"),
        ("4.2 Second, cell 1", "dropout1", "the book's rates, 0.2 and 0.5"),
        ("4.2 Second, cell 1", "dropout2", "the book's rates, 0.2 and 0.5"),
        ("4.2 Second, cell 1", "lr", "the book's learning rate with dropout, 0.5"),
        ("4.2 Second, cell 1", "nn", "the import of the book: from torch import nn"),
        ("4.4 Fourth, cell 1", "nn", "the import of the book: from torch import nn"),
    ]
    assert at(notes, "4.2 Second, cell 1").printed == "(Dropout(p=0.2, inplace=False), 0.5, 0.5)"


def test_the_page_stands_alone(notes: RunNotes) -> None:
    assert notes.page is not None
    page = notes.page.read_text("utf-8")
    assert notes.page.name == "chapter-run.html"
    for text in (
        "Run only documents that you trust",
        "data:image/png;base64,",
        "squares",
        "undefined_name",
        "4.2 Second",
    ):
        assert text in page
    pictures = re.findall(r'<img src="data:image/png;base64,[\w+/=]+" alt="[^"]+">', page)
    assert len(pictures) == page.count("<img") == 1
    check(
        re.sub(r"<figure.*?</figure>", "", page, flags=re.DOTALL)
    )  # what holds for every page; pictures come from cells


def test_the_notebook_can_be_run_again(notes: RunNotes) -> None:
    assert notes.notebook is not None
    found = json.loads(notes.notebook.read_text("utf-8"))
    assert (found["nbformat"], found["nbformat_minor"]) == (4, 5)
    code = [cell for cell in found["cells"] if cell["cell_type"] == "code"]
    assert len(code) == 13
    assert [cell["execution_count"] for cell in code] == list(range(1, 14))
    assert len({cell["id"] for cell in found["cells"]}) == len(found["cells"])
    outputs = {each["output_type"] for cell in code for each in cell["outputs"]}
    assert outputs == {"stream", "execute_result", "display_data", "error"}
    assert "from goodfit.interop.d2l import torch as d2l" in code[1]["source"]
    (error,) = code[3]["outputs"]
    assert (error["ename"], error["evalue"]) == ("NameError", "name 'undefined_name' is not defined")


TABS = """## One
```python
#@tab mxnet
from mxnet import np
from d2l import mxnet as d2l
x = np.ones(3)
np.random.rand().item()
```
```python
#@tab pytorch
import torch
from d2l import torch as d2l
x = torch.ones(2)
torch.initial_seed()
```
```python
#@tab tensorflow
import tensorflow
```
```python
#@tab all
d2l.size(x)
```
"""


def test_tabs_have_a_namespace_each_and_all_streams_are_seeded(tmp_path: Path) -> None:
    (tmp_path / "tabs.md").write_text(TABS, "utf-8")
    found = list(run(tmp_path / "tabs.md", seed=5).cells.values())
    assert [cell.state for cell in found] == ["done", "done", "not run", "done"]
    assert found[3].printed == "2\n3"
    assert float(found[0].printed) == pytest.approx(numpy.random.default_rng(5).uniform(), rel=1e-6)
    assert found[1].printed == "5"


@pytest.mark.parametrize(
    ("face", "expected"),
    [
        ("both", [("mxnet",), ("torch",), (), ("torch", "mxnet"), None, None, None]),
        ("torch", [(), ("torch",), (), ("torch",), None, None, ()]),
        ("mxnet", [("mxnet",), (), (), ("mxnet",), (), (), None]),
    ],
)
def test_a_face_alone(face: Any, expected: Any, tmp_path: Path) -> None:
    """A cell that does not tell its face has that of the nearest one before it."""
    more = "```python\nfrom torch import nn\n```\n```python\nx = 1\n```\n```python\nnpx.set_np()\n```\n"
    (tmp_path / "tabs.md").write_text(f"{TABS}{more}", "utf-8")
    assert list(planned(read(tmp_path / "tabs.md"), face).values()) == expected


def test_the_streams_of_python_and_numpy_are_seeded(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(
        "```python\nimport random, numpy\nrandom.random(), numpy.random.rand()\n```\n", "utf-8"
    )
    (cell,) = run(tmp_path / "a.md", seed=3).cells.values()
    assert cell.printed == repr((random.Random(3).random(), numpy.random.RandomState(3).rand()))


def test_numbers_of_the_notes_stand_beside_the_study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The study itself is run with few seeds."""
    monkeypatch.setattr("goodfit.studies.run", lambda name, **_: running.run(name, seeds=5))
    text = "## 4.4 Weight decay\n```python\nprint('w:', 12.5)\n```\n```python\nw: 12.963241577148438\n```\n"
    (tmp_path / "a.md").write_text(text, "utf-8")
    (cell,) = run(tmp_path / "a.md", out=tmp_path).cells.values()
    (row,) = cell.numbers
    assert (row.printed, row.ours, row.seeds) == (12.963241577148438, 12.5, 5)
    expected = running.run("weight-decay", seeds=5).printed["loss-0"]
    assert (row.mean, row.low, row.high) == (expected.value, expected.low, expected.high)
    assert "95 % interval" in (tmp_path / "a-run.html").read_text("utf-8")


def test_numbers_in_a_text() -> None:
    assert numbers_in("w的L2范数是： 12.96 and -1e-3, [[2.7 −4.]]") == [12.96, -0.001, 2.7, -4.0]
    assert numbers_in("乘以100个矩阵后\n tensor([[-2.1897e+26]])") == [-2.1897e26]


def test_what_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# Text alone\n", "utf-8")
    with pytest.raises(InputError, match="has no cell with Python code"):
        run(tmp_path / "a.md")
    with pytest.raises(InputError, match="unknown framework; got 'jax'"):
        run(tmp_path / "a.md", face="jax")  # type: ignore[arg-type]


def test_the_cells_end_with_who_asked_for_them(tmp_path: Path) -> None:
    """A killed command leaves no process behind that runs on."""
    (tmp_path / "a.md").write_text(
        "```python\nimport time\nfor i in range(600):\n  open('alive', 'w').write(str(i))\n  time.sleep(0.05)\n```\n"
    )
    command = [sys.executable, "-m", "goodfit", "notes", "a.md"]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE) as process:
        until = time.monotonic() + 60
        while not (tmp_path / "alive").exists() and time.monotonic() < until:
            time.sleep(0.05)
        process.kill()
    time.sleep(0.3)
    before = (tmp_path / "alive").read_text()
    time.sleep(0.5)
    assert (tmp_path / "alive").read_text() == before


def test_the_command_says_that_it_runs_code(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("## One\n```python\n1 / 0\n```\n```python\nprint('on')\n```\n", "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "goodfit", "notes", "a.md"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    assert lines[0] == "Running the code of a.md, with your rights. Run only documents that you trust."
    assert lines[-2:] == ["1 of 2 cells failed.", "One, cell 1: ZeroDivisionError: division by zero"]
    assert "Page: notes/a-run.html" in done.stdout
    assert (tmp_path / "notes" / "a-run.ipynb").exists()
