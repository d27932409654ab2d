"""Examples: short pieces of Python in examples/*.py, a cell a name, that run one after another in one process.

A cell begins with `# %% goodfit.train`; the first, `# %% setup`, makes what many need (data, a tiny run). A page shows
a cell with the lines of the setup that it needs, so that it can be pasted as it stands, and with what it printed. A
cell `# %% goodfit.cluster (not run: it needs a cluster)` is shown with the reason.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import functools
import io
import os
import re
import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).with_name("examples")
CELL = re.compile(r"^# %% (.+)$", re.MULTILINE)
WRITES = re.compile(r"\bout=|\.write\(|\bopen\(|\bsave\w*\(")
FRESH = "import os, tempfile\n\nos.chdir(tempfile.mkdtemp())  # it writes files: into a folder of its own\n"
SETUP, NOT_RUN = "setup", " (not run: "


@dataclass(frozen=True)
class Example:
    """A cell.

    name: the path of what it shows
    code: as it stands
    setup: the lines that it needs
    file: where it stands
    why: it is not run, "" where it is
    """

    name: str
    code: str
    setup: str
    file: Path
    why: str = ""

    @property
    def shown(self) -> str:
        """As a reader would paste it, in any folder and again."""
        whole = f"{self.setup}\n\n{self.code}" if self.setup else self.code
        return f"{FRESH}\n{whole}" if WRITES.search(whole) else whole


@dataclass(frozen=True)
class Shown:
    """An example as its page shows it.

    code: to be pasted
    printed: "" where it printed nothing, or was not run
    why: it is not run, "" where it is
    """

    code: str
    printed: str
    why: str = ""


@functools.cache
def examples() -> dict[str, Example]:
    """Name -> its example."""
    found: dict[str, Example] = {}
    for path in sorted(HERE.glob("*.py")):
        cells = _cells(path)
        for title, text in cells.items():
            name, _, why = title.partition(NOT_RUN)
            if name in found:
                raise ValueError(f"{path.name}: {name} has two examples")
            if name != SETUP:
                found[name] = Example(name, text, _needed(cells.get(SETUP, ""), text), path, why.rstrip(")"))
    return found


def _cells(path: Path) -> dict[str, str]:
    _, *parts = CELL.split(path.read_text("utf-8"))
    return {name.strip(): text.strip("\n") for name, text in zip(parts[::2], parts[1::2], strict=True)}


def _needed(setup: str, code: str) -> str:
    """The statements of the setup that define what the code uses, and what those use in turn."""
    statements = ast.parse(setup).body
    wanted, made = set(), set(dir(builtins))
    for statement in ast.parse(code).body:
        wanted |= _used(statement) - made
        made |= _defined(statement)
    kept: list[ast.stmt] = []
    for statement in reversed(statements):
        if _defined(statement) & wanted:
            kept.append(statement)
            wanted |= _used(statement)
    lines = [ast.get_source_segment(setup, each) or "" for each in reversed(kept)]
    return "\n".join(lines)


def _used(node: ast.AST) -> set[str]:
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Load)}


def _defined(node: ast.AST) -> set[str]:
    names = {each.id for each in ast.walk(node) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)}
    for each in ast.walk(node):
        if isinstance(each, ast.Import | ast.ImportFrom):
            names |= {alias.asname or alias.name.partition(".")[0] for alias in each.names}
        if isinstance(each, ast.FunctionDef | ast.ClassDef):
            names.add(each.name)
    return names


def run_examples(*, extras: bool = True) -> Iterator[tuple[Example, str]]:
    """Run every example that can be: (example, what it printed). A file's share a folder, which is then removed.

    extras: whether all optional packages are there; else an example that lacks one is left out
    """
    for path in sorted(HERE.glob("*.py")):
        with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder), _own_ledger(folder):
            namespace: dict[str, Any] = {"__name__": "example"}
            cells = _cells(path)
            _run(cells.get(SETUP, ""), f"{path.name}, setup", namespace)
            for each in (one for one in examples().values() if one.file == path and not one.why):
                try:
                    yield each, _run(each.code, f"{path.name}, {each.name}", dict(namespace))
                except ModuleNotFoundError:
                    if extras:
                        raise


@contextlib.contextmanager
def _own_ledger(folder: str) -> Iterator[None]:
    before = os.environ.get("GOODFIT_LEDGER")
    os.environ["GOODFIT_LEDGER"] = os.path.join(folder, "ledger.sqlite")
    try:
        yield
    finally:
        if before is None:
            del os.environ["GOODFIT_LEDGER"]
        else:
            os.environ["GOODFIT_LEDGER"] = before


def _run(text: str, where: str, namespace: dict[str, Any]) -> str:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of nets too small to learn, which is not what is shown
        exec(compile(text, where, "exec"), namespace)
    return printed.getvalue().rstrip()


def shown_examples(*, run: bool = True) -> dict[str, Shown]:
    """Name -> its example, with what it prints where it is run."""
    printed = {each.name: text for each, text in run_examples(extras=False)} if run else {}
    return {each.name: Shown(each.shown, printed.get(each.name, ""), each.why) for each in examples().values()}
