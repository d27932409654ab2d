"""What piecewise-linear encoding of features does to test errors: the table of docs/tables.md.

Run it with `python -m benchmarks.encodings`; a number as its argument is that of the splits, 12 if none is given. It
takes some minutes, and is no part of `make bench`, for nothing in it is timed.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable

import numpy as np
from scipy import stats
from sklearn import datasets

from goodfit.data import Table
from goodfit.data.tables import table
from goodfit.runs.training import train
from goodfit.training.metrics import log_losses
from goodfit.training.recipe import Recipe

SPLITS, EPOCHS, ROWS = 12, (25, 100), 1000


def from_sklearn(load: Callable[..., tuple[np.ndarray, np.ndarray]], classes: bool) -> Table:
    """A set that comes with scikit-learn."""
    x, y = load(return_X_y=True)
    return _table(x, np.array([f"class {code}" for code in y]) if classes else y)


def friedman1() -> Table:
    """Friedman (1991), as scikit-learn draws it: five of ten features count, smoothly."""
    return _table(*datasets.make_friedman1(n_samples=ROWS, noise=1.0, random_state=0))


def steps() -> Table:
    """Two features whose effect jumps, and six that have none."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(ROWS, 8))
    y = np.floor(2 * x[:, 0]) % 3 + 1.5 * (np.abs(x[:, 1]) < 0.4) + 0.3 * rng.normal(size=ROWS)
    return _table(x, y)


def census() -> Table:
    """Whether income is high: numbers with thresholds, one that is mostly 0, and categories."""
    rng = np.random.default_rng(0)
    age, hours = rng.integers(17, 91, ROWS), np.clip(np.rint(rng.normal(40, 12, ROWS)), 1, 99)
    years = np.clip(np.rint(rng.normal(10, 2.5, ROWS)), 1, 16)
    gain = np.where(rng.random(ROWS) < 0.1, np.exp(rng.normal(8, 1.3, ROWS)), 0).round()
    work, married = rng.choice(["private", "public", "self", "none"], ROWS, p=[0.6, 0.2, 0.15, 0.05]), rng.random(ROWS)
    told = 1.6 * (years > 12) + 1.2 * ((age > 35) & (age < 65)) + 0.8 * (hours > 44) + 2.5 * (gain > 5000) - 2.6
    told = told + 1.3 * (married < 0.5) + 0.5 * (work == "public") - 2 * (work == "none")
    high = rng.random(ROWS) < 1 / (1 + np.exp(-1.5 * told))
    columns = {"age": age, "hours": hours, "years": years, "gain": gain, "work": work, "married": married < 0.5}
    return table({**columns, "y": np.where(high, "high", "low")}, "y")


TABLES: dict[str, Callable[[], Table]] = {
    "diabetes": lambda: from_sklearn(datasets.load_diabetes, False),
    "breast cancer": lambda: from_sklearn(datasets.load_breast_cancer, True),
    "wine": lambda: from_sklearn(datasets.load_wine, True),
    "friedman1": friedman1,
    "steps": steps,
    "census-like": census,
}


def _table(x: np.ndarray, y: np.ndarray) -> Table:
    return table({**{f"x{column}": x[:, column] for column in range(x.shape[1])}, "y": y}, "y")


def errors_of(source: Table, seed: int, epochs: int, encoding: str) -> tuple[float, float]:
    """Error and log-loss on the test rows of a split; of numbers RMSE, and nan."""
    parts = source.split(test=0.2, seed=seed)
    net = train(Recipe(epochs=epochs, encoding=encoding, seed=seed), parts, leaks="off").nets[0]  # type: ignore[arg-type]
    rows = parts.rows("test")
    x, y = parts.data.x[rows], parts.data.y[rows]
    if net.task == "regression":
        return float(np.sqrt(((net.predict(x) - y) ** 2).mean())), np.nan
    chances = net.predict_proba(x, np.float64)
    return float((chances.argmax(1) != y).mean()), float(np.mean(log_losses(net.task, chances, y)))


def ratio(encoded: np.ndarray, plain: np.ndarray, splits: int) -> str:
    """The ratio of the means over splits, with its 95 % interval: of its logarithm, by the delta method, with Student's
    t and the variance corrected for the rows that splits share.
    """
    if np.isnan(plain).any():
        return "-"
    found = float(encoded.mean() / plain.mean())
    parts = encoded / encoded.mean() - plain / plain.mean()
    # Nadeau & Bengio (2003): test rows are a quarter as many as training rows
    half = stats.t.ppf(0.975, splits - 1) * parts.std(ddof=1) * np.sqrt(1 / splits + 0.25)
    return f"{found:.2f} ({found * np.exp(-half):.2f} to {found * np.exp(half):.2f})"


def measure(name: str, epochs: int, splits: int) -> str:
    """One line of the table."""
    source = TABLES[name]()
    pairs = np.asarray(
        [[errors_of(source, seed, epochs, kind) for kind in ("none", "piecewise")] for seed in range(splits)]
    )  # [splits, 2, 2]
    plain, encoded = pairs[:, 0], pairs[:, 1]
    cells = (
        name,
        str(epochs),
        f"{plain[:, 0].mean():.3g}",
        f"{encoded[:, 0].mean():.3g}",
        ratio(encoded[:, 0], plain[:, 0], splits),
        ratio(encoded[:, 1], plain[:, 1], splits),
    )
    return "| " + " | ".join(cells) + " |"


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    for name in TABLES:
        for epochs in EPOCHS:
            print(measure(name, epochs, int(sys.argv[1]) if len(sys.argv) > 1 else SPLITS), flush=True)
