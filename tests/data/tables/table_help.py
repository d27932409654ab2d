"""Small tables, written by hand or by a seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from goodfit.data.tables.frames import Frame, frame_of
from goodfit.data.tables.raw import RawColumn


def raw(values: Any) -> RawColumn:
    """A column as it is read from a data frame."""
    return frame_of({"a": values}).columns["a"]


def csv(path: Path, columns: Mapping[str, Sequence[object]], separator: str = ",") -> Path:
    """A text file of these columns; None is an empty cell."""
    rows = zip(*columns.values(), strict=True)
    lines = [columns.keys(), *([("" if cell is None else str(cell)) for cell in row] for row in rows)]
    path.write_text("".join(separator.join(line) + "\n" for line in lines), "utf-8")
    return path


def people(rows: int = 200, seed: int = 0) -> dict[str, list[Any]]:
    """A table with a column of every kind; `income` depends on age and school, `rich` on income."""
    rng = np.random.default_rng(seed)
    age = rng.integers(18, 90, rows)
    school = rng.choice(["doctor", "master", "none at all"], rows)
    income = 300.0 * age + 9000 * (school == "doctor") + rng.normal(0, 3000, rows)
    days = np.datetime64("2019-12-30") + rng.integers(0, 900, rows)
    return {
        "age": [None if i % 20 == 3 else int(each) for i, each in enumerate(age)],
        "school": school.tolist(),
        "town": [f"town {each}" for each in rng.integers(0, 40, rows)],
        "member": rng.choice(["yes", "no"], rows).tolist(),
        "joined": [str(day) for day in days],
        "height": rng.normal(170, 10, rows).round(1).tolist(),
        "income": income.round(2).tolist(),
        "rich": np.where(income > np.median(income), "rich", "poor").tolist(),
    }


def frame(columns: Mapping[str, Any]) -> Frame:
    """These columns as a Frame."""
    return frame_of(dict(columns))
