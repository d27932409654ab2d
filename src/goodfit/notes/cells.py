"""The cells of a document, run one by one in the namespaces of their sections."""

from __future__ import annotations

import ast
import io
import linecache
import re
import tokenize
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from goodfit.notes.names import names_of
from goodfit.notes.rewriting import rewritten
from goodfit.notes.supplying import Namespaces, wanted

_DEFINITION = re.compile(r"^(?:(?:def|class)\s+(\w+)|([A-Za-z_]\w*)\s*=(?!=))", re.MULTILINE)


@dataclass(frozen=True)
class CellTurn:
    """A cell in one namespace. tab: the face that has one apart, ""; face: the one that the code is written for."""

    place: int
    section: int
    tab: str
    face: str


class NoteCells:
    """The cells with code. cells: place -> code, section, tabs and face; sections: their titles."""

    def __init__(self, cells: Mapping[str, Mapping[str, Any]], sections: Sequence[str]) -> None:
        self._cells = {int(place): cell for place, cell in cells.items()}
        self._sections, self._spaces = sections, Namespaces()
        self._owed: dict[tuple[int, str], set[str]] = {}  # what cells that failed were to define in a namespace

    @staticmethod
    def nothing() -> dict[str, Any]:
        """What is said of a cell: its code after the change, the changes, and what was supplied with the reason."""
        return {"code": "", "changes": [], "supplied": []}

    def turns(self, place: int) -> list[CellTurn]:
        """The namespaces that a cell runs in: one, but for cells that are marked for several faces."""
        cell = self._cells[place]
        if cell["tabs"] is None:
            return [CellTurn(place, cell["section"], "", cell["face"] or "torch")]
        return [CellTurn(place, cell["section"], face, face) for face in cell["tabs"]]

    def run(self, turn: CellTurn, said: dict[str, Any]) -> tuple[dict[str, str] | None, str | None]:
        """Run a cell: (what `told` says of what went wrong, or None; what its last expression shows, or None)."""
        cell = self._cells[turn.place]
        space = self._spaces.of(turn.section, self._sections[turn.section] or "the beginning", turn.tab)
        said["code"] = cell["code"]
        try:
            changed = rewritten(cell["code"])
            said["code"], said["changes"] = changed.code, list(changed.changes)
            self._supply(turn, changed.code, space, said)
            return None, self._execute(turn, changed.code, space)
        except BaseException as error:  # noqa: BLE001 - whatever a cell raises, SystemExit too: the next cells run
            self._owed.setdefault((turn.section, turn.tab), set()).update(_given(cell["code"]))
            return told(error), None

    def _supply(self, turn: CellTurn, code: str, space: dict[str, Any], said: dict[str, Any]) -> None:
        used = names_of(code)
        coming = {name for other in self._after(turn) for name in _given(self._cells[other]["code"])}
        owed = self._owed.get((turn.section, turn.tab), ())  # another section's would hide that the cell failed
        whole = self._section_code(turn.section)
        for name in wanted(used, space, coming):
            if name not in space and name not in owed:  # in the namespace: it came with another
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
        exec(compile(tree, name, "exec", dont_inherit=True), space)  # this file's own __future__ is not the cell's
        if last is None:
            return None
        value = eval(compile(ast.Expression(last.value), name, "eval", dont_inherit=True), space)
        return None if value is None or _is_silent(code) else repr(value)

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
    """What a cell defines; of one that is no Python, what its lines look as if they defined."""
    try:
        return names_of(rewritten(code).code).given
    except (SyntaxError, ValueError):
        return frozenset(found[1] or found[2] for found in _DEFINITION.finditer(code))


def _is_silent(code: str) -> bool:
    """Whether the last statement ends with a semicolon, which shows nothing in a notebook; comments may follow it."""
    passed = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.ENDMARKER)
    tokens = tokenize.generate_tokens(io.StringIO(code).readline)
    return [token.string for token in tokens if token.type not in passed][-1:] == [";"]


def told(error: BaseException) -> dict[str, str]:
    """name: of an error's type; text: it, below the lines of the cells that led to it; message: it in one line."""
    steps = [each for each in traceback.extract_tb(error.__traceback__) if each.filename.startswith("<cell ")]
    where = [f"line {each.lineno}: {(each.line or '').strip()}" for each in steps]
    if isinstance(error, SyntaxError) and error.filename in (None, "<unknown>", "cell"):
        where = [f"line {error.lineno}: {(error.text or '').strip()}"]
    text = str(error) if not isinstance(error, SyntaxError) else error.msg
    whole = f"{type(error).__name__}: {text}".rstrip(": ")
    return {"name": type(error).__name__, "text": "\n".join([*where, whole]), "message": " ".join(whole.split())}
