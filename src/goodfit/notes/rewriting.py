"""The one change to a cell: imports of `d2l` and `mxnet` become those of `goodfit.interop`; magics become comments."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

HOMES = {"d2l": "goodfit.interop.d2l", "mxnet": "goodfit.interop.mxnet"}
_MAGIC = re.compile(r"^(?P<indent>[ \t]*)(?P<magic>[%!][^\n]*|\?\S+[^\n]*)$", re.MULTILINE)


@dataclass(frozen=True)
class Rewritten:
    """A cell that Python can run. changes: the statements that were changed, before and after."""

    code: str
    changes: tuple[tuple[str, str], ...]


def rewritten(code: str) -> Rewritten:
    """The cell with its import lines changed. SyntaxError where it is no Python."""
    plain = without_magics(code)
    changes = []
    source = plain.encode()
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    found = [node for node in ast.walk(ast.parse(plain)) if isinstance(node, ast.Import | ast.ImportFrom)]
    for node in sorted(found, key=lambda each: (each.lineno, each.col_offset), reverse=True):
        after = _changed(node)
        if after is not None:
            assert node.end_lineno is not None  # which a parser gives
            assert node.end_col_offset is not None
            begin, end = starts[node.lineno - 1] + node.col_offset, starts[node.end_lineno - 1] + node.end_col_offset
            changes.append((source[begin:end].decode(), after))
            source = source[:begin] + after.encode() + source[end:]
    return Rewritten(source.decode(), tuple(changes[::-1]))


def without_magics(code: str) -> str:
    """The cell with IPython's magics as comments. One that Python can read as it is stays: % may begin a line there."""
    try:
        ast.parse(code)
    except (SyntaxError, ValueError):
        return _MAGIC.sub(lambda found: f"{found['indent']}pass  # {found['magic']}", code)
    return code


def _changed(node: ast.Import | ast.ImportFrom) -> str | None:
    """The statement after the change; None where there is nothing to change."""
    if isinstance(node, ast.ImportFrom):
        module = _moved(node.module or "")
        if node.level or module is None:
            return None
        return ast.unparse(ast.ImportFrom(module, node.names, 0))
    parts = []
    for alias in node.names:
        module = _moved(alias.name)
        if module is None:
            parts.append(ast.unparse(ast.Import([alias])))
        elif alias.asname is None:  # "import mxnet.gluon" binds mxnet
            top = alias.name.partition(".")[0]
            loaded = f"import {module}; " if "." in alias.name else ""
            parts.append(f"{loaded}import {HOMES[top]} as {top}")
        else:
            parts.append(f"import {module} as {alias.asname}")
    after = "; ".join(parts)
    return after if any(_moved(alias.name) for alias in node.names) else None


def _moved(module: str) -> str | None:
    top, dot, rest = module.partition(".")
    return f"{HOMES[top]}{dot}{rest}" if top in HOMES else None
