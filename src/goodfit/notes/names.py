"""Which names a cell takes from elsewhere, and which it defines."""

import builtins
import symtable
from dataclasses import dataclass

KNOWN = frozenset(dir(builtins)) | {"__name__", "__doc__", "__file__"}


@dataclass(frozen=True)
class CellNames:
    """now: names that the cell reads while it runs; later: those that its functions read; given: what it defines."""

    now: frozenset[str]
    later: frozenset[str]
    given: frozenset[str]


def names_of(code: str) -> CellNames:
    """The names of a cell. SyntaxError where it is no Python."""
    top = symtable.symtable(code, "cell", "exec")
    given = {each.get_name() for each in top.get_symbols() if each.is_assigned() or each.is_imported()}
    now = {each.get_name() for each in top.get_symbols() if each.is_referenced()} - given
    later: set[str] = set()
    pending = [(each, False) for each in top.get_children()]
    while pending:
        table, waits = pending.pop()
        waits = waits or (
            table.get_type() == "function" and not table.get_name().endswith("comp") and table.get_name() != "genexpr"
        )
        used = {each.get_name() for each in table.get_symbols() if each.is_global() and each.is_referenced()}
        given |= {each.get_name() for each in table.get_symbols() if each.is_declared_global() and each.is_assigned()}
        (later if waits else now).update(used)
        pending += [(each, waits) for each in table.get_children()]
    return CellNames(frozenset(now - given - KNOWN), frozenset(later - now - given - KNOWN), frozenset(given))
