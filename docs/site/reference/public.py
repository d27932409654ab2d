"""What is public: the names that packages of goodfit hand out, and those that pages of the documentation import."""

from __future__ import annotations

import ast
import functools
import importlib
import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import goodfit

SOURCE = Path(goodfit.__file__).parent
DOCS = Path(__file__).parents[2]
SHELLS = ("cli", "lab", "interop")  # hand out no names of their own but those of FACES; commands and pages use them
FACES = ("interop.export",)  # packages further down that hand out names
FENCED = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Name:
    """A public name.

    path: the shortest way to it, such as "goodfit.train"
    value: what it names
    also: other ways to it
    guide: the page of the documentation, and its block of Python, that imports it, of names that no package hands out
    """

    path: str
    value: Any = field(repr=False, compare=False)
    also: tuple[str, ...] = ()
    guide: tuple[str, str] | None = field(default=None, repr=False)

    @property
    def last(self) -> str:
        """The name alone."""
        return self.path.rpartition(".")[2]

    @property
    def package(self) -> str:
        """The package that hands it out."""
        return self.path.rpartition(".")[0]

    @property
    def kind(self) -> str:
        """ "classes", "functions" or "values": the folder of its page, so that Split and split are two files."""
        if inspect.isclass(self.value):
            return "classes"
        return "functions" if inspect.isroutine(inspect.unwrap(self.value)) else "values"

    @property
    def page(self) -> str:
        """Its page, from the folder of the reference."""
        return f"{self.kind}/{self.path}.md"

    @property
    def shown(self) -> str:
        """As a reader writes it after `import goodfit as gf`; the whole path where that does not reach it."""
        reached = self.package.removeprefix("goodfit").removeprefix(".")
        return self.path.replace("goodfit.", "gf.", 1) if reached in ("", *subpackages()) else self.path


def subpackages() -> list[str]:
    """The packages that `goodfit` hands out, so that `gf.data` needs no import of its own."""
    return [name for name in goodfit.__all__ if isinstance(getattr(goodfit, name), ModuleType)]


def packages() -> list[str]:
    """Every package whose names are public, `goodfit` first."""
    found = sorted(path.parent.name for path in SOURCE.glob("*/__init__.py"))
    return ["goodfit", *(f"goodfit.{name}" for name in [*found, *FACES] if name not in SHELLS)]


def handed_out(package: str) -> list[str]:
    """The names of a package's face: `import X as X`, in `__init__.pyi` or else `__init__.py`."""
    folder = SOURCE.joinpath(*package.split(".")[1:])
    stub = folder / "__init__.pyi"
    tree = ast.parse((stub if stub.exists() else folder / "__init__.py").read_text("utf-8"))
    return [
        each.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        for each in node.names
        if each.asname == each.name
    ]


def source_of(path: str) -> str:
    """The module that a public name comes from, by the package's face."""
    package, _, name = path.rpartition(".")
    folder = SOURCE.joinpath(*package.split(".")[1:])
    for file in (folder / "__init__.pyi", folder / "__init__.py"):
        for node in ast.parse(file.read_text("utf-8")).body if file.exists() else []:
            if isinstance(node, ast.ImportFrom) and node.module and any(each.name == name for each in node.names):
                return node.module
    return package


@functools.cache
def names() -> tuple[Name, ...]:
    """Every public name once, in the order of its path."""
    ways: dict[int, tuple[Any, list[str]]] = {}
    for package in packages():
        module = importlib.import_module(package)
        for name in handed_out(package):
            value = getattr(module, name)
            if not isinstance(value, ModuleType):
                ways.setdefault(id(value), (value, []))[1].append(f"{package}.{name}")
    found = [Name(paths[0], value, tuple(paths[1:])) for value, paths in ways.values()]
    for path, value, guide in _of_guides():
        if id(value) not in ways and not isinstance(value, ModuleType):
            ways[id(value)] = (value, [path])
            found.append(Name(path, value, (), guide))
    return tuple(sorted(found, key=lambda each: (each.path.casefold(), each.path)))


def _of_guides() -> Iterator[tuple[str, Any, tuple[str, str]]]:
    """What the pages of the documentation import of modules, with the page and the block of Python that does so."""
    for page in sorted(DOCS.glob("*.md")):
        for block in FENCED.findall(page.read_text("utf-8")):
            for node in ast.walk(ast.parse(block)):
                if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("goodfit"):
                    for each in node.names:
                        value = _value(node.module or "", each.name)
                        yield f"{node.module}.{each.name}", value, (page.name, block)


def _value(module: str, name: str) -> Any:
    found = importlib.import_module(module)
    return getattr(found, name) if hasattr(found, name) else importlib.import_module(f"{module}.{name}")


@functools.cache
def by_path() -> dict[str, Name]:
    """Every way to a public name -> the name."""
    return {path: each for each in names() for path in (each.path, *each.also)}
