"""What a prediction of a table is worth, and how models compare over tables. Needs nothing of goodfit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.stats import rankdata

from benchmarks.table_sets import CLASSES, Rows

SMALLEST = 1e-7  # probability that log-loss counts with, at least: one row cannot make it infinite
BINS, ROWS_A_BIN = 10, 20
HALF_A_ROW = 0.5  # is added to the wrong rows of both sides of a ratio, so that none is 0
RESAMPLES, LEVEL = 2000, 0.95
By = Mapping[tuple[str, int], float]  # (table, split) -> value


def scores(rows: Rows, values: np.ndarray) -> dict[str, float]:
    """Scores of the test rows, by name.

    values: probabilities [N, C] in the order of `rows.classes`, or numbers [N]
    For classes: "wrong" rows, "error" (their share), "log_loss" in nats a row, "ece" of the predicted class. For
    numbers: "error", which is the root of the mean squared error, in the unit of the target.
    """
    truth = rows.truth(rows.test)
    if rows.task != CLASSES:
        return {"error": float(np.sqrt(np.mean((truth - values) ** 2)))}
    right = values.argmax(1) == truth
    of_truth = np.where(truth >= 0, values[np.arange(len(truth)), truth], 0.0)  # 0 for a class never seen
    return {
        "wrong": float((~right).sum()),
        "error": float(np.mean(~right)),
        "log_loss": float(-np.log(np.clip(of_truth, SMALLEST, 1)).mean()),
        "ece": calibration_error(values.max(1), right),
    }


def calibration_error(confidence: np.ndarray, right: np.ndarray) -> float:
    """Expected calibration error: |mean confidence - accuracy| of bins with equally many rows, mean over rows.

    confidence: probability of the predicted class [N]; right: whether it is the class [N].
    10 bins, or as many as have 20 rows each.
    """
    count = int(np.clip(len(right) // ROWS_A_BIN, 1, BINS))
    order = np.argsort(confidence, kind="stable")
    gaps = [abs(float((confidence[own] - right[own]).sum())) for own in np.array_split(order, count)]
    return sum(gaps) / len(right)


def half_a_row(wrong: float, rows: int) -> float:
    """Share of wrong rows with half a row added: what ratios are taken of, since a table may have no wrong row."""
    return (wrong + HALF_A_ROW) / rows


def ratio(first: By, second: By, seed: int = 0) -> tuple[float, float, float, int] | None:
    """(geometric mean of first / second, the ends of its 95 % interval, how many tables); None without a table.

    The mean of logarithms over the splits of a table, then over tables. The interval is a bootstrap's: tables are drawn
    anew, and in each its splits. Of one table there is none: its ends are nan.
    """
    logs: dict[str, list[float]] = {}
    for key in first.keys() & second.keys():
        if first[key] > 0 and second[key] > 0:
            logs.setdefault(key[0], []).append(float(np.log(first[key] / second[key])))
    if not logs:
        return None
    tables = [np.asarray(logs[name]) for name in sorted(logs)]
    found = float(np.exp(np.mean([each.mean() for each in tables])))
    if len(tables) == 1:
        return found, np.nan, np.nan, 1
    rng = np.random.default_rng(seed)
    drawn = np.array([each[rng.integers(0, len(each), (RESAMPLES, len(each)))].mean(1) for each in tables])  # [T, R]
    places = rng.integers(0, len(tables), (len(tables), RESAMPLES))
    # of another resample each time, so that a table that is drawn twice has other splits
    means = drawn[places, rng.integers(0, RESAMPLES, places.shape)].mean(0)
    low, high = np.exp(np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2]))
    return found, float(low), float(high), len(tables)


def best_of(found: Sequence[By]) -> By:
    """On every table that all have, the values of the one with the smallest mean over its splits."""
    shared = set.intersection(*(set(each) for each in found)) if found else set()
    best = dict[tuple[str, int], float]()
    for table in {name for name, _ in shared}:
        keys = [key for key in shared if key[0] == table]
        chosen = min(found, key=lambda each: float(np.mean([each[key] for key in keys])))
        best |= {key: chosen[key] for key in keys}
    return best


def mean_ranks(values: Mapping[str, By]) -> dict[str, float]:
    """Model -> its mean rank, 1 for the smallest value, equal ones share theirs; over what all models have."""
    names: Sequence[str] = [*values]
    shared = set.intersection(*(set(values[name]) for name in names)) if names else set()
    if not shared:
        return {}
    ranks = [rankdata([values[name][key] for name in names]) for key in sorted(shared)]
    return dict(zip(names, np.mean(ranks, axis=0).tolist(), strict=True))
