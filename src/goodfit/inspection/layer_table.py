"""layers.csv in a run's folder: what was seen of every layer while the nets trained."""

import csv
import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from goodfit.errors import InputError, problem
from goodfit.figures.flow import QUANTILE_NAMES
from goodfit.files import write_table
from goodfit.reading import read_text

TABLE = "layers.csv"
COUNTED = ("epoch", "net", "seed")
QUANTILE_FIELDS = tuple(f"{what}_{name}" for what in ("a", "gradient") for name in QUANTILE_NAMES)
MEASURED = (
    "mean", "variance", "saturated", "dead", "weight_gradient", "z_gradient", "ratio", "zeros", "underflow",
    *QUANTILE_FIELDS,
)  # fmt: skip
FIELDS = (*COUNTED, "layer", *MEASURED)
"""Columns: epoch, net (from 0) and seed are whole numbers, layer is a name, all others are numbers or nan."""


def write_layers(rows: Sequence[dict[str, Any]], folder: Path) -> Path:
    """Write the table into a run's folder, whole or not at all; its path."""
    write_table(folder / TABLE, rows, FIELDS)
    return folder / TABLE


def read_layers(folder: Path) -> list[dict[str, Any]]:
    """The rows of the table in a run's folder, [] where there is none; InputError where it is damaged."""
    path = folder / TABLE
    try:
        return [_row(each) for each in csv.DictReader(io.StringIO(read_text(path), newline=""))]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise InputError(problem(str(path), f"must be readable: {error.strerror or error}")) from error
    except (ValueError, KeyError, TypeError, csv.Error) as error:
        fix = "Use a copy, or remove it: the report is then without it."
        raise InputError(problem(str(path), "must be what goodfit wrote there, but it is damaged", fix=fix)) from error


def _row(given: dict[str, str]) -> dict[str, Any]:
    counted = {name: int(given[name]) for name in COUNTED}
    if not given["layer"]:
        raise ValueError(given)
    measured = {name: float(given[name]) for name in MEASURED}
    if any(math.isnan(measured[name]) and given[name] != "nan" for name in MEASURED):
        raise ValueError(given)
    return {**counted, "layer": given["layer"], **measured}
