"""A table in several Parquet files: a folder of them, or a pattern such as data/2026-*.parquet."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from goodfit.errors import InputError, problem
from goodfit.reading import similar_file

SUFFIX = ".parquet"
_MAGIC = "*?["
Columns = Mapping[str, Any]
"""Name -> Arrow type, of one file."""


def several_files(path: str | os.PathLike[str]) -> list[str] | None:
    """The Parquet files of a folder, or of a pattern, in the order of their names; None for another path.

    Folders within a folder are not looked into, nor are hidden files. InputError for a folder that cannot be read.
    """
    where = os.fspath(path)
    if os.path.isdir(where):
        try:
            found = [os.path.join(where, name) for name in os.listdir(where) if not name.startswith(".")]
        except OSError as error:
            raise InputError(problem(where, f"must be readable: {error.strerror or error}")) from error
    elif _is_pattern(where):
        found = glob.glob(where)
    else:
        return None
    return sorted(name for name in found if name.lower().endswith(SUFFIX) and os.path.isfile(name))


def files_of(path: str | os.PathLike[str]) -> list[str]:
    """The files that a table is in: several, or the one with this path."""
    found = several_files(path)
    return [os.fspath(path)] if found is None else found


def is_there(path: str | os.PathLike[str]) -> bool:
    """Whether there is a file to read at the path of a table, of a folder of them, or of a pattern."""
    files = files_of(path)
    return bool(files) and all(map(os.path.exists, files))


def no_table(path: str | os.PathLike[str]) -> str | None:
    """The problem with a path at which no table can be; None where a file is."""
    where = os.fspath(path)
    if os.path.isdir(where):
        rule = "must be a table file, or a folder of Parquet files; it is a folder without any"
        return None if several_files(where) else problem(where, rule)
    if _is_pattern(where):
        fix = "Patterns are for Parquet files: name a file of another type itself." if glob.glob(where) else ""
        return None if several_files(where) else problem(where, "no Parquet file matches this pattern", fix=fix)
    try:
        os.stat(where)
    except FileNotFoundError:
        return problem(where, "there is no such file", fix=similar_file(where))
    except (OSError, ValueError):  # whoever opens it says what is wrong
        pass
    return None


def _is_pattern(where: str) -> bool:
    return any(sign in where for sign in _MAGIC) and not os.path.lexists(where)


def name_of(path: str | os.PathLike[str]) -> str:
    """What a table is called after its file, or its files: without what a pattern has for signs."""
    where = os.fspath(path)
    if not os.path.isdir(where) and not _is_pattern(where):
        return Path(where).stem or "table"
    name = os.path.basename(os.path.abspath(where))
    stem = name[: -len(SUFFIX)] if name.lower().endswith(SUFFIX) else name  # what else has a dot may be a version
    if _is_pattern(where):
        stem = re.sub(r"\[[^]]*\]|[*?]", "", stem).strip("-_. ") or Path(where).parent.name
    return stem or "table"


def common_types(files: Sequence[str], columns: Sequence[Columns]) -> dict[str, Any]:
    """Column -> the type to which every file's is cast, of those columns of which the types differ.

    Numbers of several types become float64, texts large strings, dates microseconds, and a column that is empty in one
    file has the type that it has elsewhere. InputError where the files do not have the same columns, or a column has
    different kinds of values.
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
            problems.append(problem(files[other], rule, got=kinds[other]))
        elif any(each != types[0] for each in types):
            found[name] = _common(kinds[known[0]], types[known[0]]) if known else _common("", None)
    if problems:
        raise InputError(*problems)
    return found


def _kind(of: Any) -> str:
    """What a type holds, as messages call it; "" where a column has no values at all."""
    import pyarrow as pa

    types = pa.types
    of = of.value_type if types.is_dictionary(of) else of
    if types.is_null(of):
        return ""
    if types.is_timestamp(of) and of.tz is not None:  # of others it is not known which moment they are
        return "dates with a time zone"
    held = {
        "numbers": (types.is_integer, types.is_floating, types.is_decimal),
        "texts": (types.is_string, types.is_large_string, types.is_string_view),
        "dates": (types.is_date, types.is_timestamp),
        "times of day": (types.is_time,),
        "durations": (types.is_duration,),
        "truth values": (types.is_boolean,),
        "bytes": (types.is_binary, types.is_large_binary, types.is_fixed_size_binary),
    }
    return next((kind for kind, tests in held.items() if any(test(of) for test in tests)), str(of))


def _common(kind: str, of: Any) -> Any:
    import pyarrow as pa

    common = {
        "": pa.null(),
        "numbers": pa.float64(),
        "texts": pa.large_string(),
        "dates": pa.timestamp("us"),
        "dates with a time zone": pa.timestamp("us", "UTC"),
        "times of day": pa.time64("us"),
        "durations": pa.duration("us"),
        "truth values": pa.bool_(),
        "bytes": pa.large_binary(),
    }
    return common.get(kind, of)
