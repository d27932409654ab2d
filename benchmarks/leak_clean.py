"""Tables without leakage that look as if they had some: what `benchmarks.leak_cases` counts false accusations on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from goodfit.data import Dataset, Split, load, split
from goodfit.data import table as as_table

Rng = np.random.Generator


def _classes(rng: Rng, signal: np.ndarray, noise: float = 1.0) -> np.ndarray:
    """Two classes by a signal, with noise of so many of its deviations."""
    z = (signal - signal.mean()) / (signal.std() or 1.0)
    return (z + noise * rng.standard_normal(len(z)) > 0).astype(int)


def survey(rng: Rng, rows: int, items: int, levels: int, traits: int = 1, load: float = 0.8) -> Dataset:
    """Answers of 1 to `levels`, each driven by one of the traits."""
    trait = rng.standard_normal((rows, traits))
    answers = load * trait[:, np.arange(items) % traits] + np.sqrt(1 - load**2) * rng.standard_normal((rows, items))
    cuts = np.sort(rng.normal(size=(items, levels - 1)), axis=1)
    x = 1 + (answers[:, :, None] > cuts[None]).sum(axis=2)
    return Dataset.from_arrays(x, _classes(rng, trait[:, 0]))


def survey_with_total(rng: Rng, rows: int, items: int, levels: int) -> Dataset:
    """The same with the sum of the answers as a column more."""
    data = survey(rng, rows, items, levels)
    return Dataset.from_arrays(np.column_stack([data.x, data.x.sum(axis=1)]), data.y)


def doubled(rng: Rng, rows: int, items: int, levels: int) -> Dataset:
    """The same with each column in two codings."""
    data = survey(rng, rows, items, levels)
    return Dataset.from_arrays(np.column_stack([data.x, 10 - 2 * data.x]), data.y)


def flags(rng: Rng, rows: int, columns: int, rate: float, inactive: float = 0.0) -> Dataset:
    """Sparse flags; some rows have none at all."""
    rates = rate * rng.uniform(0.3, 1.7, columns)
    x = (rng.random((rows, columns)) < rates) & (rng.random((rows, 1)) >= inactive)
    return Dataset.from_arrays(x.astype(int), _classes(rng, x.sum(axis=1), 1.5))


def counts(rng: Rng, rows: int, columns: int, mean: float, number: bool = False) -> Dataset:
    """Small whole numbers that depend on one another."""
    x = rng.poisson(mean * rng.gamma(2, 0.5, (rows, 1)), (rows, columns))
    y = x[:, :2].sum(axis=1) + rng.standard_normal(rows)
    return Dataset.from_arrays(x, y if number else _classes(rng, y))


def one_hot(rng: Rng, rows: int, blocks: int, levels: int, kept: float = 0.6) -> Dataset:
    """Blocks of one-hot columns, each category following the one before in most rows."""
    codes = [rng.integers(0, levels, rows)]
    for _ in range(blocks - 1):
        codes.append(np.where(rng.random(rows) < kept, codes[-1], rng.integers(0, levels, rows)))
    x = np.concatenate([np.eye(levels)[each] for each in codes], axis=1)
    return Dataset.from_arrays(x.astype(int), _classes(rng, codes[0] + codes[-1]))


def rounded(rng: Rng, rows: int, columns: int, decimals: int, factor: float = 0.95) -> Dataset:
    """Measurements of one quantity, rounded."""
    x = factor * rng.standard_normal((rows, 1)) + np.sqrt(1 - factor**2) * rng.standard_normal((rows, columns))
    return Dataset.from_arrays(x.round(decimals), x[:, 0] + rng.standard_normal(rows))


def panel(rng: Rng, subjects: int, visits: int, fixed: int, *, declared: bool, number: bool) -> Dataset:
    """Visits of subjects: some columns are the subject's, two change; the target is measured again at each visit."""
    who = np.repeat(np.arange(subjects), visits)
    own = rng.standard_normal((subjects, fixed))[who]
    x = np.column_stack([own, rng.standard_normal((len(who), 2))])
    signal = own[:, 0] + x[:, -1]
    y = signal + rng.standard_normal(len(who)) if number else _classes(rng, signal)
    return Dataset.from_arrays(x, y, groups=who if declared else None)


def replicates(rng: Rng, levels: int, factors: int, times: int, *, number: bool) -> Dataset:
    """A designed experiment: each combination of doses, several times."""
    doses = np.sort(rng.random(levels))
    cells = np.stack(np.meshgrid(*[doses] * factors), axis=-1).reshape(-1, factors)
    x = np.repeat(cells, times, axis=0)
    signal = x.sum(axis=1)
    return Dataset.from_arrays(x, signal + 0.3 * rng.standard_normal(len(x)) if number else _classes(rng, signal))


def walk(rng: Rng, rows: int, lags: int, *, timed: bool) -> Dataset:
    """A random walk, to be predicted from the values before."""
    series = np.cumsum(rng.standard_normal(rows + lags))
    x = np.stack([series[lag : lag + rows] for lag in range(lags)], axis=1)
    return Dataset.from_arrays(x, series[lags:], time=np.arange(rows) if timed else None)


def steady(rng: Rng, rows: int, stays: float) -> Dataset:
    """A state that mostly stays, to be predicted from the one before, and from noise."""
    state = np.zeros(rows + 1, int)
    for row in range(1, rows + 1):
        state[row] = state[row - 1] if rng.random() < stays else rng.integers(0, 3)
    x = np.column_stack([state[:-1], rng.standard_normal((rows, 3))])
    return Dataset.from_arrays(x, state[1:], time=np.arange(rows))


def law(rng: Rng, rows: int, told: float) -> Dataset:
    """A strong feature that is honest: area and price, with noise that leaves R² = told."""
    area = rng.lognormal(4, 0.4, rows)
    price = 1000 * area
    noise = price.std() * np.sqrt(1 / told - 1) * rng.standard_normal(rows)
    return Dataset.from_arrays(np.column_stack([area, rng.standard_normal((rows, 4))]), price + noise)


def marker(rng: Rng, rows: int, right: float) -> Dataset:
    """A measurement that separates the classes but for some rows, and a test that is right in so many."""
    y = rng.integers(0, 2, rows)
    reach = {0.9: 1.28, 0.95: 1.64, 0.97: 1.88}[right]
    test = np.where(rng.random(rows) < right, y, 1 - y)
    return Dataset.from_arrays(
        np.column_stack([reach * (2 * y - 1) + rng.standard_normal(rows), test, rng.standard_normal((rows, 3))]), y
    )


def zeros(rng: Rng, rows: int, share: float, *, number: bool) -> Dataset:
    """Amounts that are mostly 0, features and target."""
    active = rng.random(rows) >= share
    x = rng.lognormal(size=(rows, 6)) * active[:, None] * (rng.random((rows, 6)) < 0.6)
    y = np.where(active, x.sum(axis=1) + rng.lognormal(size=rows), 0)
    return Dataset.from_arrays(x.round(2), y.round(2) if number else _classes(rng, y))


def shop(rng: Rng, rows: int, *, target: str) -> Split:
    """A table as shops keep it: texts, gaps, prices of products, dates, whole numbers."""
    product = rng.integers(0, 12, rows)
    price = np.array([4.99, 9.99, 19.9, 5, 7, 12, 3, 8, 15, 30, 2, 6])[product]
    amount = rng.integers(1, 5, rows)
    columns: dict[str, Any] = {
        "product": [f"p{each}" for each in product],
        "colour": rng.choice(["red", "blue", "green"], rows),
        "price": price,
        "amount": amount,
        "age": [None if rng.random() < 0.1 else int(each) for each in rng.integers(18, 80, rows)],
        "day": [str(np.datetime64("2024-01-01") + int(each)) for each in rng.integers(0, 300, rows)],
        "member": rng.choice(["yes", "no"], rows),
        "rating": np.clip(np.round(3 + rng.standard_normal(rows) + 0.1 * amount), 1, 5).astype(int),
    }
    if target == "bill":
        columns["bill"] = (price * amount * (1 + 0.2 * rng.standard_normal(rows))).round(2)
    return as_table(columns, target).split()


def bundled(name: str) -> Dataset:
    """A real data set that scikit-learn brings along."""
    from sklearn import datasets

    found = getattr(datasets, f"load_{name}")()
    return Dataset.from_arrays(found.data, found.target)


Maker = Callable[[Rng], Dataset | Split]


def development() -> Iterator[tuple[str, Maker]]:
    """Those that limits were set on."""
    yield "survey 8 of 4", lambda rng: survey(rng, 800, 8, 4)
    yield "survey 10 of 5, two traits", lambda rng: survey(rng, 1500, 10, 5, 2)
    yield "survey 6 of 3", lambda rng: survey(rng, 300, 6, 3)
    yield "survey 12 of 2", lambda rng: survey(rng, 2000, 12, 2, 1, 0.6)
    yield "survey with a total", lambda rng: survey_with_total(rng, 800, 7, 4)
    yield "survey, each column doubled", lambda rng: doubled(rng, 800, 6, 4)
    yield "flags", lambda rng: flags(rng, 1000, 30, 0.05)
    yield "flags, half of the rows without", lambda rng: flags(rng, 1000, 40, 0.2, 0.5)
    yield "counts", lambda rng: counts(rng, 1000, 8, 1.0)
    yield "counts, number", lambda rng: counts(rng, 600, 6, 2.0, number=True)
    yield "one-hot", lambda rng: one_hot(rng, 900, 6, 4)
    yield "rounded to tenths", lambda rng: rounded(rng, 1000, 4, 1)
    yield "panel with groups", lambda rng: panel(rng, 100, 6, 4, declared=True, number=False)
    yield "panel without groups", lambda rng: panel(rng, 100, 8, 6, declared=False, number=True)
    yield "replicates", lambda rng: replicates(rng, 3, 3, 20, number=True)
    yield "random walk", lambda rng: walk(rng, 4000, 4, timed=True)
    yield "steady state", lambda rng: steady(rng, 1500, 0.98)
    yield "law, R² 0.99", lambda rng: law(rng, 600, 0.99)
    yield "marker 0.95", lambda rng: marker(rng, 600, 0.95)
    yield "zeros", lambda rng: zeros(rng, 800, 0.6, number=True)
    yield "shop", lambda rng: shop(rng, 700, target="rating")
    for name in ("iris", "breast_cancer", "diabetes"):
        yield f"scikit-learn: {name}", lambda rng, name=name: bundled(name)


def held_out() -> Iterator[tuple[str, Maker]]:
    """Those that no limit was set on."""
    yield "survey 8 of 5", lambda rng: survey(rng, 600, 8, 5, 1, 0.9)
    yield "survey 9 of 3, three traits", lambda rng: survey(rng, 2500, 9, 3, 3)
    yield "survey 5 of 7", lambda rng: survey(rng, 1200, 5, 7)
    yield "survey 20 of 4", lambda rng: survey(rng, 1000, 20, 4, 1, 0.97)
    yield "survey 15 of 5, two traits", lambda rng: survey(rng, 500, 15, 5, 2, 0.95)
    yield "survey with a total, 5 levels", lambda rng: survey_with_total(rng, 1500, 6, 5)
    yield "survey, each column doubled, 3 levels", lambda rng: doubled(rng, 500, 8, 3)
    yield "many flags", lambda rng: flags(rng, 3000, 60, 0.02)
    yield "flags of active people", lambda rng: flags(rng, 700, 25, 0.3, 0.3)
    yield "few flags", lambda rng: flags(rng, 400, 12, 0.1)
    yield "counts, small", lambda rng: counts(rng, 2000, 10, 0.5)
    yield "counts, large", lambda rng: counts(rng, 500, 5, 4.0, number=True)
    yield "one-hot, many levels", lambda rng: one_hot(rng, 1500, 5, 8, 0.8)
    yield "one-hot, two levels", lambda rng: one_hot(rng, 600, 12, 2, 0.85)
    yield "rounded to whole numbers", lambda rng: rounded(rng, 1500, 6, 0, 0.9)
    yield "rounded to hundredths", lambda rng: rounded(rng, 2000, 3, 2, 0.99)
    yield "panel with groups, number", lambda rng: panel(rng, 60, 10, 5, declared=True, number=True)
    yield "panel without groups, classes", lambda rng: panel(rng, 150, 5, 8, declared=False, number=False)
    yield "replicates, classes", lambda rng: replicates(rng, 4, 2, 30, number=False)
    yield "replicates of mixtures", lambda rng: replicates(rng, 20, 1, 25, number=True)
    yield "random walk without time", lambda rng: walk(rng, 8000, 3, timed=False)
    yield "steady state, 0.95", lambda rng: steady(rng, 3000, 0.95)
    yield "law, R² 0.995", lambda rng: law(rng, 1000, 0.995)
    yield "law, R² 0.97", lambda rng: law(rng, 300, 0.97)
    yield "marker 0.97", lambda rng: marker(rng, 1000, 0.97)
    yield "zeros, classes", lambda rng: zeros(rng, 1200, 0.8, number=False)
    yield "bills", lambda rng: shop(rng, 1200, target="bill")
    for name in ("wine", "digits"):
        yield f"scikit-learn: {name}", lambda rng, name=name: bundled(name)
    for name in ("moons", "circles", "xor"):
        yield name, lambda rng, name=name: load(name)


def as_split(made: Dataset | Split) -> Split:
    """Divided as a training divides it."""
    return made if isinstance(made, Split) else split(made)
