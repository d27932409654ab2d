"""The files of a run that hold the trained nets that it went on from, and the optimiser's state that it left."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from goodfit.errors import InputError, problem
from goodfit.files import write_atomically
from goodfit.training import tensor_file
from goodfit.training.optimizer_state import OptimizerState

START, START_STATE, OPTIMIZER = (
    "started-from.safetensors",  # a model file: the nets that a run began with
    "started-from-state.safetensors",  # what else it took over: the optimiser's state, and which rows they knew
    "optimizer.safetensors",  # of a run that is done: the optimiser's state after its last epoch
)
FORMAT = 1
KNOWN = (
    "learned",  # prints of the rows that nets were trained on
    "chosen",  # and of those by which their epochs were chosen
    "columns",  # of which columns these are: rows of tables with other columns cannot be compared
)
LEFT_OUT = "left_out"  # of each that they learned from: see `known_rows.left_out`; files of older versions have none
_ARRAY = "state/"  # before the names of the optimiser's arrays
_ROWS = "rows/"  # before the names in KNOWN


def write_state(path: Path, state: OptimizerState | None, rows: Mapping[str, NDArray[np.uint64]] | None) -> None:
    """Write an optimiser's state, and the prints of the rows that its nets knew, whole or not at all."""
    arrays: dict[str, NDArray[Any]] = {}
    about: dict[str, Any] = {"optimizer": None, "momentum": False, "rows": rows is not None}
    if state is not None:
        about |= {"optimizer": state.optimizer, "momentum": state.momentum}
        arrays |= {"nets": state.nets, **{f"{_ARRAY}{name}": array for name, array in state.arrays.items()}}
    arrays |= {f"{_ROWS}{name}": prints for name, prints in (rows or {}).items()}
    write_atomically(path, tensor_file.pack(arrays, about, kind="optimizer", version=FORMAT))


def read_state(path: Path) -> tuple[OptimizerState | None, dict[str, NDArray[np.uint64]] | None]:
    """What `write_state` wrote; (None, None) where there is no such file, InputError where it is damaged."""
    if not os.path.lexists(path):
        return None, None
    found = tensor_file.read(path, kind="optimizer", version=FORMAT)
    try:
        return _read(found.arrays, found.metadata)
    except (KeyError, TypeError, ValueError) as error:
        raise tensor_file.damaged(path, "optimizer") from error


def _read(
    arrays: Mapping[str, NDArray[Any]], about: Mapping[str, Any]
) -> tuple[OptimizerState | None, dict[str, NDArray[np.uint64]] | None]:
    name, momentum, known = about["optimizer"], about["momentum"], about["rows"]
    if not (name is None or isinstance(name, str)) or type(momentum) is not bool or type(known) is not bool:
        raise ValueError("another kind of optimiser")
    rows = {each: tensor_file.array_of(arrays, f"{_ROWS}{each}", "u", None) for each in KNOWN if known}
    if known and f"{_ROWS}{LEFT_OUT}" in arrays:
        rows[LEFT_OUT] = tensor_file.array_of(arrays, f"{_ROWS}{LEFT_OUT}", "u", len(rows["learned"]))
    if name is None:
        return None, rows if known else None
    nets = tensor_file.array_of(arrays, "nets", "b", None)
    own = {each.removeprefix(_ARRAY): array for each, array in arrays.items() if each.startswith(_ARRAY)}
    for array in own.values():
        if array.shape[:1] != (int(nets.sum()),) or not np.isfinite(array).all():
            raise ValueError("a state of other nets")
    return OptimizerState(name, momentum, nets, own), rows if known else None


def changed_start(path: Path) -> InputError:
    """The error where a run's start is not what it was started with."""
    rule, fix = "must hold the nets that the run was started from; they were changed since", "Restore the file."
    return InputError(problem(str(path), rule, fix=fix))
