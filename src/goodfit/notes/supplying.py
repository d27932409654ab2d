"""What a section uses and does not define: the chapter's own definitions, imports and values of sections before it."""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Collection, Mapping
from importlib.resources import files
from types import ModuleType
from typing import Any

from goodfit.notes.names import CellNames
from goodfit.notes.rewriting import rewritten

MARKS = {  # what tells the face of code without an import of d2l, torch or mxnet
    "torch": r"\bd2l import torch\b|\btorch\b|nn\.Linear|requires_grad|nn\.MSELoss|nn\.CrossEntropyLoss",
    "mxnet": r"\bmxnet\b|nn\.Dense|gluon|npx\.|\.attach_grad\(|autograd\.record|\.asnumpy\(",
}


@functools.cache
def declared() -> Mapping[str, Any]:
    """The definitions, as they are declared."""
    return tomllib.loads(files("goodfit.notes").joinpath("supplies.toml").read_text("utf-8"))


def face_of(code: str) -> str | None:
    """The face that code is written for; None where nothing tells."""
    first = {face: found.start() for face, mark in MARKS.items() if (found := re.search(mark, code))}
    return min(first, key=lambda face: first[face]) if first else None


def faces_of(codes: Mapping[int, str], sections: Mapping[int, int]) -> dict[int, str | None]:
    """The face of each cell that no tab marks; None where nothing tells.

    It is the cell's own; else that of the nearest cell before it in its section, of the nearest one after it there, and
    at last of the nearest cell of a section before.
    """
    own = {place: face_of(codes[place]) for place in sorted(codes)}
    found: dict[int, str | None] = {}
    for place in own:
        there = {other: face for other, face in own.items() if face and sections[other] == sections[place]}
        before = [face for other, face in there.items() if other <= place]
        earlier = [face for other, face in own.items() if face and other < place]
        found[place] = next(iter([*before[::-1], *there.values(), *earlier[::-1]]), None)
    return found


class Namespaces:
    """A namespace for each section and face, and what has been defined where."""

    def __init__(self) -> None:
        self._spaces: dict[tuple[int, str], dict[str, Any]] = {}
        self._titles: dict[int, str] = {}

    def of(self, section: int, title: str, tab: str) -> dict[str, Any]:
        """The namespace of a section. tab: the face whose cells have one apart; "" where they share one."""
        self._titles[section] = title
        return self._spaces.setdefault((section, tab), {"__name__": "__main__", "__builtins__": __builtins__})

    def supply(self, name: str, section: int, tab: str, face: str, code: str) -> dict[str, str]:
        """Put a name into a section's namespace, with those that come with it: name -> where it came from.

        Nothing where it is nowhere to be had.

        code: of all cells of the section.
        """
        space = self._spaces[section, tab]
        for each in declared()["supply"]:
            if name in each["names"] and re.search(each.get("when", ""), code):
                found = _defined(declared()["prelude"][face] + each[face], space)
                missing = [one for one in each["names"] if one not in space]
                space.update({one: found[one] for one in missing})
                return dict.fromkeys(missing, each["why"])
        statement = declared()["imports"][face].get(name)
        for (other, apart), values in sorted(self._spaces.items(), key=lambda item: item[0], reverse=True):
            if other < section and name in values and apart in ("", tab or face):  # never the other framework's
                if statement is not None and isinstance(values[name], ModuleType):
                    break  # the import of this section's own face, which another section's need not be
                space[name] = values[name]
                return {name: f"the value of section {self._titles[other]!r}"}
        if statement is not None:
            exec(statement, space)
            return {name: f"the import of the book: {statement}"}
        return {}


def _defined(code: str, space: Mapping[str, Any]) -> dict[str, Any]:
    made = {"batch_size": 256} | {name: value for name, value in space.items() if name == "batch_size"}
    exec(rewritten(code).code, made)
    return made


def wanted(used: CellNames, space: Mapping[str, Any], coming: Collection[str]) -> list[str]:
    """The names to supply to a cell: those that it reads at once, and those that its functions read.

    coming: names that a later cell of the section defines; functions may wait for them.
    """
    later = [name for name in sorted(used.later) if name not in coming]
    return [name for name in [*sorted(used.now), *later] if name not in space]
