"""What predicts, and for what: nets that did not diverge, and rows that are named by a path or as a data set."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from goodfit.data import Dataset, Step, load, names
from goodfit.data.tables.files import is_table_path, read_frame
from goodfit.errors import InputError, problem

STREAM = "-"  # in the place of a file: what comes in at standard input
ENSEMBLE = "ensemble"  # in `about`: how nets of several recipes were chosen and weighed
DIVERGED = "diverged"  # in `about`: places of nets, from 0, that stopped because a loss or weight was no longer finite


def diverged_places(about: Mapping[str, Any], nets: int, where: str) -> tuple[int, ...]:
    """The places that `about` names; () where it says nothing. InputError where these are no places of nets."""
    given = about.get(DIVERGED, [])
    if not isinstance(given, list | tuple) or not all(type(each) is int and 0 <= each < nets for each in given):
        rule = f"{DIVERGED!r} in 'about' must list nets by their places, from 0 to {nets - 1}"
        raise InputError(problem(where, rule, got=given, fix="Leave it out if the nets are others."))
    return tuple(sorted(set(given)))


def dataset_to_predict(where: str, data: Any, progress: Callable[[Step], None] | None = None) -> Dataset:
    """A data set for nets that take numbers as they are, or that of a name; InputError for a table."""
    if isinstance(data, Dataset):
        return data
    if isinstance(data, str) and (data in names() or not (data == STREAM or is_table_path(data))):
        return load(data, progress=progress)
    rule = "was trained on arrays without column names, so it takes a data set, not a table"
    fix = "In Python its 'predict' takes an array too, as load_model(...).predict(x)."
    raise InputError(problem(where, rule, got=data if isinstance(data, str) else type(data).__name__, fix=fix))


def read_rows(path: str, *, table: bool) -> Any:
    """What nets take of a table file, or of the data set of that name where they take no table."""
    return read_frame(path) if table else dataset_to_predict("Model", path).x
