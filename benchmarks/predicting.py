"""What predicting on a table takes: one row of a data frame, and 100,000 rows of a CSV file.

Run it with `python -m benchmarks.predicting`, for one core alone with `taskset -c 0` before it. Times are of the
processor, all cores together, and the seconds that pass; each is the least of several. Beside them stand ratios to what
the same rows take elsewhere: pandas to read the file, and the net alone to predict from numbers.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

import goodfit as gf
from goodfit import runs
from goodfit.models.averaging import mean_values

ROWS, REPEATS = 100_000, 5


def people(rows: int, seed: int) -> pd.DataFrame:
    """A table of 14 columns: numbers with gaps, categories, truth values and a date."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "age": rng.integers(18, 90, rows),
            "employer": rng.choice(["private", "self", "state", "none given", "other"], rows),
            "weight": rng.integers(10_000, 1_000_000, rows),
            "education": rng.choice([f"grade {grade}" for grade in range(16)], rows),
            "marital": rng.choice(["single", "married", "divorced", "widowed"], rows),
            "occupation": rng.choice([f"job {job}" for job in range(40)], rows),
            "sex": rng.choice(["m", "f"], rows),
            "gain": np.round(rng.lognormal(3, 2, rows), 2),
            "hours": np.where(rng.random(rows) < 0.05, np.nan, rng.integers(1, 99, rows)),
            "member": rng.choice(["yes", "no"], rows),
            "smoker": rng.choice([True, False], rows),
            "since": (np.datetime64("2010-01-01") + rng.integers(0, 5000, rows)).astype(str),
            "district": rng.choice([f"d{place}" for place in range(300)], rows),
            "score": rng.normal(size=rows).round(4),
        }
    )


def least(work: Callable[[], object], times: int = 1) -> tuple[float, float]:
    """Seconds of the processor, and seconds that pass, for one call: the least of REPEATS means over so many calls."""
    work()
    found = []
    for _ in range(REPEATS):
        busy, began = time.process_time(), time.perf_counter()
        for _ in range(times):
            work()
        found.append(((time.process_time() - busy) / times, (time.perf_counter() - began) / times))
    return min(busy for busy, _ in found), min(passed for _, passed in found)


def main() -> None:
    """Train a small net, and print what it takes to predict with it."""
    train = people(2000, 0)
    train["rich"] = np.where(train["age"] / 20 + train["score"] > 3, "rich", "poor")
    run = gf.train(gf.Recipe(hidden=(64, 64), epochs=2), gf.data.table(train, "rich"), leaks="off")
    row, model = people(10, 1).iloc[[3]], run.model
    assert model.preprocessing is not None
    x, _ = model.preprocessing.transform(row)
    (one, _), (alone, _) = least(lambda: model.predict(row), 200), least(lambda: mean_values(model.nets, x), 200)
    print(f"one row of a data frame: {1e3 * one:.2f} ms; {one / alone:.1f} times the net alone ({1e3 * alone:.2f} ms)")
    with tempfile.TemporaryDirectory() as folder:
        file, saved = Path(folder) / "new.csv", Path(folder) / "model.safetensors"
        people(ROWS, 2).to_csv(file, index=False)
        run.save(saved)
        (busy, passed), (read, _) = least(lambda: runs.predict(saved, file)), least(lambda: pd.read_csv(file))
    told = f"{busy:.2f} s of the processor, {busy / read:.1f} times pandas.read_csv ({read:.2f} s)"
    print(f"{ROWS:,} rows of a CSV file: {told}; {passed:.2f} s pass")


if __name__ == "__main__":
    main()
