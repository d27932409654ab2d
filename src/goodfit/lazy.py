"""Packages whose names are loaded on first use, so that importing one costs nothing.

`__init__.pyi` is their only list of names: type checkers and editors read it, and so does `lazily`.
"""

import importlib
from collections.abc import Callable
from typing import Any

from goodfit.deprecated import moved


def lazily(package: str, file: str) -> tuple[list[str], Callable[[str], Any], Callable[[], list[str]]]:
    """The `__all__`, `__getattr__` and `__dir__` of a package. file: its `__init__.py`."""
    places, values = dict[str, str](), list[str]()
    with open(f"{file.rpartition('.')[0]}.pyi", encoding="utf-8") as stub:
        for line in stub:  # by hand: `ast` would take longer to import than all the rest
            match line.split():
                case ["from", module, "import", name, "as", _]:
                    places[name] = module
                case [name, _] if name.endswith(":"):
                    values.append(name.rstrip(":"))
    names = sorted([*places, *values])

    def load(name: str) -> Any:
        if name not in places:
            return moved(package, name)
        if places[name] == package:
            return importlib.import_module(f"{package}.{name}")
        return getattr(importlib.import_module(places[name]), name)

    return names, load, lambda: list(names)
