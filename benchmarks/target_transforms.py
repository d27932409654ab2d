"""What transforms of targets do to R² and to relative errors: the table of docs/statistics.md.

Run it with `python -m benchmarks.target_transforms`; 60 as its argument gives the figures for 60 rows. It takes some
minutes, and is no part of `make bench`, for nothing in it is timed.
"""

from __future__ import annotations

import sys
import warnings

import numpy as np
from sklearn.metrics import r2_score

from goodfit.data import Dataset, Split
from goodfit.data.target_transform import auto_kind
from goodfit.runs.training import train
from goodfit.training.recipe import Recipe

SEEDS, TEST_ROWS, TRAIN = 4, 2000, 0.85
KINDS = ("none", "log", "yeo-johnson", "quantile")
CASES = (
    "log-normal 1.6",
    "log-normal 1.6, noisy",
    "log-normal 1.1, noisy",
    "square",
    "sum of heavy features",
    "gamma noise",
    "normal",
    "t3",
    "counts",
    "bounded",
    "negative",
)


def drawn(case: str, rng: np.random.Generator, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Inputs [rows, 5] and targets [rows] of a case."""
    x = rng.standard_normal((rows, 5))
    signal = x @ np.array([1, 0.8, 0.6, 0.4, 0.2])
    signal, noise = signal / signal.std(), rng.standard_normal(rows)
    heavy = np.exp(1.5 * x)
    found = {
        "log-normal 1.6": np.exp(1.6 * (0.99 * signal + 0.1 * noise)),
        "log-normal 1.6, noisy": np.exp(1.6 * (0.8 * signal + 0.6 * noise)),
        "log-normal 1.1, noisy": np.exp(1.1 * (0.7 * signal + 0.7 * noise)),
        "square": (2 * signal) ** 2 + 0.1 * np.abs(noise) + 0.01,
        "sum of heavy features": heavy[:, 0] + 0.5 * heavy[:, 1] + 0.05 * np.abs(noise) + 0.01,
        "gamma noise": rng.gamma(1.0, 1.0, rows) * np.exp(signal),
        "normal": signal + 0.3 * noise,
        "t3": signal + 0.3 * rng.standard_t(3, rows),
        "counts": rng.poisson(np.exp(1.5 + 0.5 * signal)).astype(float),
        "bounded": 1 / (1 + np.exp(-2 * signal - 0.3 * noise)),
        "negative": -np.exp(1.6 * (0.95 * signal + 0.3 * noise)),
    }
    return (heavy if case == "sum of heavy features" else x), found[case]


def measure(case: str, rows: int) -> str:
    """One block of text: what auto takes, and of each kind R², median relative error, share of negative predictions."""
    lines, chosen, smeared = [], 0, []
    for kind in KINDS:
        found = []
        for seed in range(SEEDS):
            x, y = drawn(case, np.random.default_rng(seed), rows + TEST_ROWS)
            train_rows = int(TRAIN * rows)
            if kind == "none":
                chosen += auto_kind(y[:train_rows]) == "log"
            if kind == "log" and y[:rows].min() <= 0:
                continue
            places = np.arange(len(y), dtype=np.int32)
            data = Dataset.from_arrays(x, y, task="regression")
            parts = Split(data, places[:train_rows], places[train_rows:rows], places[rows:])
            net = train(Recipe(target_transform=kind, seed=seed), parts, leaks="off").nets[0]  # type: ignore[arg-type]
            predicted = net.predict(data.x).ravel()
            p, t = predicted[rows:], y[rows:]
            found.append((r2_score(t, p), np.median(np.abs(p - t) / np.maximum(np.abs(t), 1e-9)), (p < 0).mean()))
            if kind == "log":
                factor = (y[train_rows:rows] / predicted[train_rows:rows]).mean()
                smeared.append(r2_score(t, p * factor))
        if found:
            r2, error, negative = np.asarray(found).T
            lines.append(f"  {kind:12} {np.median(r2):6.2f} {np.median(error):8.2f} {negative.mean():7.0%}")
    duan = f"; log with Duan's factor {np.median(smeared):.2f}" if smeared else ""
    return "\n".join([f"{case}: auto takes log in {chosen} of {SEEDS}{duan}", *lines])


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    for case in CASES:
        print(measure(case, int(sys.argv[1]) if len(sys.argv) > 1 else 1000), flush=True)
