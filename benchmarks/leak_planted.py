"""Tables with a leak that was planted: what `benchmarks.leak_cases` counts found leaks on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from goodfit.data import Dataset, Split
from goodfit.data import table as as_table

Rng = np.random.Generator
Rows = np.ndarray


@dataclass(frozen=True)
class Planted:
    """A leak. code: of the finding that must tell it; columns: of which one must be named, for a feature; parts: the
    data, divided.
    """

    kind: str
    code: str
    columns: tuple[str, ...]
    parts: Split


def features(rng: Rng, rows: int, style: str) -> np.ndarray:
    """Honest columns: normal (6), mixed (numbers, whole numbers, flags: 9), rounded (8)."""
    trait = rng.standard_normal((rows, 1))
    if style == "normal":
        return 0.6 * trait + 0.8 * rng.standard_normal((rows, 6))
    if style == "rounded":
        return (0.6 * trait + 0.8 * rng.standard_normal((rows, 8))).round(2)
    numbers = (10 + 3 * (0.6 * trait + 0.8 * rng.standard_normal((rows, 4)))).round(2)
    return np.column_stack([numbers, rng.integers(0, 6, (rows, 2)), rng.random((rows, 3)) < 0.2])


def target(rng: Rng, x: np.ndarray, task: str) -> np.ndarray:
    """Numbers, or 2 or 3 classes, that depend on two columns, with noise."""
    signal = (x[:, 0] - x[:, 0].mean()) / x[:, 0].std() + (x[:, 1] - x[:, 1].mean()) / x[:, 1].std()
    signal = signal + rng.standard_normal(len(x))
    if task == "number":
        return 50 + 10 * signal
    return np.digitize(signal, np.quantile(signal, {"two": [0.5], "rare": [0.85], "three": [0.33, 0.67]}[task]))


def divided(x: np.ndarray, y: np.ndarray, held: int, **fields: Any) -> Split:
    """The last `held` rows test."""
    data = Dataset.from_arrays(x, y, **fields)
    rows = np.arange(len(x), dtype=np.int32)
    return Split(data, rows[: len(x) - held], rows[:0], rows[len(x) - held :])


def copied_rows(rng: Rng, rows: int, style: str, task: str, how: str, copies: int) -> Planted:
    """Test rows that repeat training rows: as they are, or changed."""
    x = features(rng, rows, style)
    y = target(rng, x, task)
    held = rows // 4
    to = rows - held + rng.choice(held, copies, replace=False)
    source = rng.choice(rows - held, copies, replace=False)
    x[to], y[to] = x[source], y[source]
    code = "exact"
    if how == "relabelled":
        code, y[to] = "relabelled", rng.permutation(y[to])
    elif how == "rounded":
        code, x[to] = "near", np.float32(x[to] * (1 + 3e-7 * rng.standard_normal(x[to].shape)))
    elif how.startswith("changed"):
        code = "changed"
        for place in rng.choice(x.shape[1], int(how[-1]), replace=False):
            fresh = features(rng, copies, style)[:, place]
            x[to, place] = np.where(fresh == x[to, place], fresh + 0.5, fresh)
    return Planted(f"rows copied, {how}" if how else "rows copied", code, (), divided(x, y, held))


def oversampled(rng: Rng, rows: int, style: str, times: int) -> Planted:
    """The rare class, repeated before the rows were divided."""
    x = features(rng, rows, style)
    y = target(rng, x, "rare")
    more = np.repeat(np.flatnonzero(y == 1), times)
    order = rng.permutation(np.concatenate([np.arange(rows), more]))
    return Planted("rare class oversampled before the split", "exact", (), divided(x[order], y[order], len(order) // 5))


def shared_groups(rng: Rng, rows: int, style: str, each: int) -> Planted:
    """Groups whose rows stand on both sides."""
    x = features(rng, rows, style)
    groups = rng.permutation(np.arange(rows) // each)
    return Planted("group in two sets", "group", (), divided(x, target(rng, x, "two"), rows // 4, groups=groups))


def copied_target(rng: Rng, rows: int, style: str, task: str, how: str, as_frame: bool) -> Planted:
    """A column that is the target, but for how it was changed."""
    x = features(rng, rows, style)
    y = target(rng, x, task).astype(float)
    leak = _changed(rng, y, how, task)
    columns = {f"c{place}": x[:, place] for place in range(x.shape[1])}
    named = {"c0": columns["c0"], "told": leak, **columns}
    kind = f"target copied, {how}"
    if as_frame:
        frame = {name: [None if v != v else float(v) for v in values] for name, values in named.items()}
        words = y.tolist() if task == "number" else [f"class {int(each)}" for each in y]
        return Planted(kind, "input", ("told",), as_table({**frame, "y": words}, "y").split())
    values = np.stack(list(named.values()), axis=1)
    return Planted(kind, "input", ("told",), divided(values, y if task == "number" else y.astype(int), rows // 4,
                                                     features=tuple(named)))  # fmt: skip


def _changed(rng: Rng, y: np.ndarray, how: str, task: str) -> np.ndarray:
    words = how.split()
    share = float(words[0]) / 100 if words[0][0].isdigit() else 0.0
    hit = rng.random(len(y)) < share
    modest = np.median(y) if task == "number" else np.bincount(y.astype(int)).argmax()
    other = rng.permutation(y) if task == "number" else (y + 1) % (y.max() + 1)
    changed = {
        "missing": np.where(hit, np.nan, y),
        "flipped": np.where(hit, other, y),
        "imputed": np.where(hit, modest, y),
        "-999": np.where(hit, -999, y),
        "scaled": 3 * y - 7,
        "curved": np.exp(y / 40),
        "folded": (y - y.mean()) ** 3 / 100 + 2 * y,
        "noisy": y + 0.01 * y.std() * rng.standard_normal(len(y)),
        "coded": np.array([7.0, 2.0, 5.0])[y.astype(int) % 3],
        "threshold": 4 * y + rng.random(len(y)),
        "present": np.where(y == y.max(), rng.random(len(y)), np.nan),
    }
    return changed[words[-1]]


def two_columns(rng: Rng, rows: int, style: str, how: str) -> Planted:
    """Two columns that give the target together, and none alone."""
    x = features(rng, rows, style)
    a: np.ndarray
    b: np.ndarray
    y: np.ndarray
    if how in ("xor", "join"):
        a, b = rng.integers(0, 2, rows), rng.integers(0, 2, rows)
        if how == "join":
            a, b = rng.integers(0, 3, rows), rng.integers(0, 4, rows)
        y = a ^ b if how == "xor" else 4 * a + b
    else:
        a, b = rng.lognormal(1, 0.5, rows).round(3), rng.lognormal(1, 0.5, rows).round(3)
        y = {"sum": a + b, "difference": a - b, "product": a * b, "ratio": a / b}[how]
    values = np.column_stack([x, a, b])
    names = (*(f"c{place}" for place in range(x.shape[1])), "a", "b")
    return Planted(f"two columns, {how}", "input", ("a", "b"), divided(values, y, rows // 4, features=names))


Maker = Callable[[Rng], Planted]
ROWS_HOW = ("", "relabelled", "rounded", "changed 1", "changed 2")
CLASS_HOW = ("1 % missing", "5 % missing", "1 % flipped", "2 % imputed", "5 % imputed", "3 % -999", "coded",
             "threshold", "present")  # fmt: skip
NUMBER_HOW = ("1 % missing", "5 % missing", "1 % flipped", "3 % imputed", "3 % -999", "scaled", "curved", "folded",
              "noisy")  # fmt: skip
TWO_HOW = ("sum", "difference", "product", "ratio", "xor", "join")


def planted(sizes: tuple[int, int], styles: tuple[str, str], tasks: tuple[str, str]) -> Iterator[Maker]:
    """All kinds of leaks; sizes: of the tables; styles and tasks: used in turn."""
    for place, how in enumerate(ROWS_HOW):
        rows, style, task = sizes[place % 2], styles[place % 2], tasks[place % 2]
        copies = rows // (13 if place % 2 else 25)
        yield lambda rng, a=(rows, style, task, how, copies): copied_rows(rng, *a)
    yield lambda rng: oversampled(rng, sizes[0], styles[0], 4)
    yield lambda rng: shared_groups(rng, sizes[1], styles[1], 5)
    for place, how in enumerate(CLASS_HOW):
        task = "two" if how in ("present",) else tasks[place % 2] if tasks[place % 2] != "number" else "two"
        framed = "missing" in how or how == "present" or place % 2 == 0
        yield lambda rng, a=(sizes[place % 2], styles[place % 2], task, how, framed): copied_target(rng, *a)
    for place, how in enumerate(NUMBER_HOW):
        framed = "missing" in how or place % 2 == 0
        yield lambda rng, a=(sizes[place % 2], styles[1 - place % 2], "number", how, framed): copied_target(rng, *a)
    for place, how in enumerate(TWO_HOW):
        yield lambda rng, a=(sizes[place % 2], styles[place % 2], how): two_columns(rng, *a)


def development() -> Iterator[Maker]:
    """Those that limits were set on."""
    yield from planted((800, 500), ("normal", "mixed"), ("two", "number"))


def held_out() -> Iterator[Maker]:
    """Those that no limit was set on: other sizes, columns and targets."""
    yield from planted((1500, 350), ("mixed", "rounded"), ("three", "number"))
    yield from planted((2500, 600), ("rounded", "normal"), ("two", "three"))
