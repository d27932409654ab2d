"""The cells of a document, run one by one in the namespaces of their sections."""

from __future__ import annotations

import ast
import contextlib
import io
import linecache
import tokenize
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from goodfit.notes.names import names_of
from goodfit.notes.rewriting import rewritten
from goodfit.notes.supplying import Namespaces, face_of, wanted


@dataclass(frozen=True)
class CellTurn:
    """A cell in one namespace. tab: the face that has one apart, ""; face: the one that the code is written for."""

    place: int
    section: int
    tab: str
    face: str


class NoteCells:
    """The cells with code. cells: place -> code, section and tabs; sections: their titles."""

    def __init__(self, cells: Mapping[str, Mapping[str, Any]], sections: Sequence[str]) -> None:
        self._cells = {int(place): cell for place, cell in cells.items()}
        self._sections, self._spaces = sections, Namespaces()

    @staticmethod
    def nothing() -> dict[str, Any]:
        """What is said of a cell: its code after the change, the changes, and what was supplied with the reason."""
        return {"code": "", "changes": [], "supplied": []}

    def turns(self, place: int) -> list[CellTurn]:
        """The namespaces that a cell runs in: one, but for cells that are marked for several faces."""
        cell = self._cells[place]
        if cell["tabs"] is None:
            return [CellTurn(place, cell["section"], "", self._face(place))]
        return [CellTurn(place, cell["section"], face, face) for face in cell["tabs"]]

    def run(self, turn: CellTurn, said: dict[str, Any]) -> tuple[tuple[str, str] | None, str | None]:
        """Run a cell: (name and text of what went wrong, or None; what its last expression shows, or None)."""
        cell = self._cells[turn.place]
        space = self._spaces.of(turn.section, self._sections[turn.section] or "the beginning", turn.tab)
        said["code"] = cell["code"]
        try:
            changed = rewritten(cell["code"])
            said["code"], said["changes"] = changed.code, list(changed.changes)
            self._supply(turn, changed.code, space, said)
            return None, self._execute(turn, changed.code, space)
        except BaseException as error:  # noqa: BLE001 - whatever a cell raises, SystemExit too: the next cells run
            return _told(error), None

    def _supply(self, turn: CellTurn, code: str, space: dict[str, Any], said: dict[str, Any]) -> None:
        used = names_of(code)
        coming = {name for other in self._after(turn) for name in _given(self._cells[other]["code"])}
        whole = self._section_code(turn.section)
        for name in wanted(used, space, coming):
            if name not in space:  # else it came with another
                found = self._spaces.supply(name, turn.section, turn.tab, turn.face, whole)
                said["supplied"] += [[one, why] for one, why in found.items()]

    def _execute(self, turn: CellTurn, code: str, space: dict[str, Any]) -> str | None:
        """Run the code; what its last expression shows, as a notebook would."""
        name = f"<cell {turn.place}>"
        linecache.cache[name] = (len(code), None, code.splitlines(keepends=True), name)
        tree = ast.parse(code, name)
        last = tree.body[-1] if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        if last is not None:
            tree.body.pop()
        exec(compile(tree, name, "exec"), space)
        if last is None:
            return None
        value = eval(compile(ast.Expression(last.value), name, "eval"), space)
        return None if value is None or _is_silent(code) else repr(value)

    def _face(self, place: int) -> str:
        """The face of a cell: its own, that of its section, or that of the nearest section before with one."""
        section = self._cells[place]["section"]
        before = [other for other in self._cells if other <= place and self._cells[other]["section"] == section]
        for other in reversed(before):
            if found := face_of(self._cells[other]["code"]):
                return found
        if found := face_of(self._section_code(section)):
            return found
        for other in sorted((other for other in self._cells if other < place), reverse=True):
            if found := face_of(self._cells[other]["code"]):
                return found
        return "torch"

    def _after(self, turn: CellTurn) -> list[int]:
        return [
            place
            for place, cell in self._cells.items()
            if place > turn.place
            and cell["section"] == turn.section
            and (cell["tabs"] is None or turn.tab in cell["tabs"])
        ]

    def _section_code(self, section: int) -> str:
        return "\n".join(cell["code"] for cell in self._cells.values() if cell["section"] == section)


def _given(code: str) -> frozenset[str]:
    with contextlib.suppress(SyntaxError, ValueError):
        return names_of(rewritten(code).code).given
    return frozenset()


def _is_silent(code: str) -> bool:
    """Whether the last statement ends with a semicolon, which shows nothing in a notebook; comments may follow it."""
    passed = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.ENDMARKER)
    tokens = tokenize.generate_tokens(io.StringIO(code).readline)
    return [token.string for token in tokens if token.type not in passed][-1:] == [";"]


def _told(error: BaseException) -> tuple[str, str]:
    """The kind of an error, and its text with the lines of the cells that led to it."""
    steps = [each for each in traceback.extract_tb(error.__traceback__) if each.filename.startswith("<cell ")]
    where = [f"line {each.lineno}: {(each.line or '').strip()}" for each in steps]
    if isinstance(error, SyntaxError) and error.filename in (None, "<unknown>", "cell"):
        where = [f"line {error.lineno}: {(error.text or '').strip()}"]
    text = str(error) if not isinstance(error, SyntaxError) else error.msg
    return type(error).__name__, "\n".join([*where, f"{type(error).__name__}: {text}".rstrip(": ")])
