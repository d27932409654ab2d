"""The house: no circle of imports, no public class of two meanings, one caller of the engine."""

from __future__ import annotations

import ast
import graphlib
import os
from collections import defaultdict
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "src" / "goodfit"


def modules() -> dict[str, Path]:
    """Dotted name -> file, of every module of the package."""
    found = {}
    for path in PACKAGE.rglob("*.py"):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(source: str) -> list[tuple[str, str]]:
    """(module, name) of everything that a file takes from goodfit: lazily, or for its types alone, too."""
    return [
        (node.module or "", alias.name)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "goodfit"
        for alias in node.names
    ]


def graph(known: dict[str, Path]) -> dict[str, set[str]]:
    """Module -> the modules that it imports. A package's face hands names on: who asks it asks the module behind."""
    faces = {
        name: {
            taken: module
            for file in (path, path.with_suffix(".pyi"))
            if file.exists()
            for module, taken in imports(file.read_text("utf-8"))
        }
        for name, path in known.items()
        if path.name == "__init__.py"
    }

    def behind(module: str, name: str, steps: int = 0) -> str:
        if f"{module}.{name}" in known:
            return f"{module}.{name}"
        further = faces.get(module, {}).get(name)
        return module if further is None or steps > 5 else behind(further, name, steps + 1)

    return {
        name: {found for taken in imports(path.read_text("utf-8")) if (found := behind(*taken)) != name} & known.keys()
        for name, path in known.items()
        if name not in faces
    }


def test_no_circle_of_imports() -> None:
    try:
        graphlib.TopologicalSorter(graph(modules())).prepare()
    except graphlib.CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def test_a_circle_would_be_seen(tmp_path: Path) -> None:
    texts = {
        "one": "def f():\n    from goodfit.two import g",
        "two": "if TYPE_CHECKING:\n    from goodfit.one import f",
    }
    known = {f"goodfit.{name}": tmp_path / f"{name}.py" for name in texts}
    for name, text in texts.items():
        known[f"goodfit.{name}"].write_text(text)
    with pytest.raises(graphlib.CycleError):
        graphlib.TopologicalSorter(graph(known)).prepare()


def test_no_public_class_has_two_meanings() -> None:
    found = defaultdict(list)
    for name, path in modules().items():
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found[node.name].append(name)
    assert not {name: places for name, places in found.items() if len(places) > 1}


def test_one_thing_trains() -> None:
    """The engine's loop is called by the session alone: whatever else trains lays out jobs and folds results."""
    callers = [
        name
        for name, path in modules().items()
        for module, taken in imports(path.read_text("utf-8"))
        if taken == "fit" and module in ("goodfit.training.fitting", "goodfit.training")
        if path.name != "__init__.py"
    ]
    assert callers == ["goodfit.training.session"]


@pytest.mark.xdist_group("of-one")
def test_groups_stay_on_one_worker(request: pytest.FixtureRequest) -> None:
    """What several tests share, such as a study's small form, is made once, if pytest and xdist go together."""
    assert "PYTEST_XDIST_WORKER" not in os.environ or request.node.nodeid.endswith("@of-one")


def test_a_file_stays_on_one_worker(request: pytest.FixtureRequest) -> None:
    assert "PYTEST_XDIST_WORKER" not in os.environ or request.node.nodeid.endswith("@tests/test_house.py")
