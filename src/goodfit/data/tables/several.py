"""A table in several Parquet files: a folder of them, or a pattern such as data/2026-*.parquet."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from goodfit.errors import InputError, problem

SUFFIX = ".parquet"
_MAGIC = "*?["
Columns = Mapping[str, Any]
"""Name -> Arrow type, of one file."""


def several_files(path: str | os.PathLike[str]) -> list[str] | None:
    """The Parquet files of a folder, or of a pattern, in the order of their names; None for another path.

    Folders within a folder are not looked into, nor are hidden files.
    """
    where = os.fspath(path)
    if os.path.isdir(where):
        found = [os.path.join(where, name) for name in os.listdir(where) if not name.startswith(".")]
    elif any(sign in where for sign in _MAGIC) and not os.path.lexists(where):
        found = glob.glob(where)
    else:
        return None
    return sorted(name for name in found if name.lower().endswith(SUFFIX) and os.path.isfile(name))


def files_of(path: str | os.PathLike[str]) -> list[str]:
    """The files that a table is in: several, or the one with this path."""
    found = several_files(path)
    return [os.fspath(path)] if found is None else found


def name_of(path: str | os.PathLike[str]) -> str:
    """What a table is called after its file, or its files: without what a pattern has for signs."""
    stem = Path(path).stem
    if several_files(path) is not None:
        stem = re.sub(r"\[[^]]*\]|[*?]", "", stem).strip("-_. ") or Path(path).parent.name
    return stem or "table"


def common_types(files: Sequence[str], columns: Sequence[Columns]) -> dict[str, Any]:
    """Column -> the type to which every file's is cast, of those columns of which the types differ.

    Numbers of several types become float64, texts large strings, and a column that is empty in one file has the type
    that it has elsewhere. InputError where the files do not have the same columns, or a column has different kinds of
    values.
    """
    first, problems, found = columns[0], list[str](), dict[str, Any]()
    for file, held in zip(files[1:], columns[1:], strict=True):
        lacking = [*sorted({*first} - {*held})]
        more = [*sorted({*held} - {*first})]
        if lacking or more:
            told = [f"it lacks {lacking}"] * bool(lacking) + [f"it also has {more}"] * bool(more)
            rule = f"must have the columns of {files[0]}"
            fix = "Take files of one table, or name those that are: 'FOLDER/NAME-*.parquet'."
            problems.append(problem(file, rule, got=" and ".join(told), fix=fix))
    for name in () if problems else first:
        types = [held[name] for held in columns]
        kinds = [_kind(each) for each in types]
        known = [place for place, kind in enumerate(kinds) if kind]
        other = next((place for place in known if kinds[place] != kinds[known[0]]), None)
        if other is not None:
            rule = f"column {name!r} must hold {kinds[known[0]]}, as in {files[known[0]]}"
            problems.append(problem(files[other], rule, got=str(types[other])))
        elif any(each != types[0] for each in types):
            found[name] = _common(kinds[known[0]], types[known[0]])
    if problems:
        raise InputError(*problems)
    return found


def _kind(of: Any) -> str:
    """What a type holds, as messages call it; "" where a column has no values at all."""
    import pyarrow as pa

    of = of.value_type if pa.types.is_dictionary(of) else of
    if pa.types.is_null(of):
        return ""
    if pa.types.is_integer(of) or pa.types.is_floating(of):
        return "numbers"
    return "texts" if pa.types.is_string(of) or pa.types.is_large_string(of) else str(of)


def _common(kind: str, of: Any) -> Any:
    import pyarrow as pa

    return {"numbers": pa.float64(), "texts": pa.large_string()}.get(kind, of)
