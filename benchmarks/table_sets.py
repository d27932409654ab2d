"""Development tables: what the default recipe for tables was chosen on, and what `benchmarks.tables` measures on.

Sets that come with scikit-learn, mlxtend, statsmodels and R's modeldata, and sets that are drawn from a known truth.
Nothing is fetched: of a package that is not there, its sets are left out. Needs nothing of goodfit.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.r_data import Database

CLASSES, NUMBERS = "classification", "regression"
TRAIN, MOST_ROWS = 0.8, 2600
CATEGORIES, ROWS_A_CATEGORY, NOISE = 300, 13, 0.3
RARE = 0.008  # share of the rare class
MODELDATA = Path("/usr/lib/R/site-library/modeldata")  # where Debian's r-cran-modeldata puts it


@dataclass(frozen=True)
class TableSet:
    """A table to learn from.

    source: what it comes with; frame: makes it; target: the column to predict; whole: whether all its rows are taken,
    and not MOST_ROWS of them
    """

    name: str
    source: str
    frame: Callable[[], pd.DataFrame]
    target: str
    task: str
    whole: bool = False


@dataclass(frozen=True)
class Rows:
    """One division of a table. train, test: with the target among their columns."""

    train: pd.DataFrame
    test: pd.DataFrame
    target: str
    task: str

    @cached_property
    def classes(self) -> tuple[str, ...]:
        """The classes of the training rows, sorted; () for numbers."""
        return tuple(sorted({str(each) for each in self.train[self.target]})) if self.task == CLASSES else ()

    def inputs(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """(train, test) without the target, copies."""
        return self.train.drop(columns=self.target), self.test.drop(columns=self.target)

    def truth(self, part: pd.DataFrame) -> np.ndarray:
        """Codes of the classes, -1 for one that no training row has; or the numbers."""
        if self.task == NUMBERS:
            return part[self.target].to_numpy(float)
        codes = {name: code for code, name in enumerate(self.classes)}
        return np.array([codes.get(str(each), -1) for each in part[self.target]])


def divided(table: TableSet, split: int) -> Rows:
    """A division of a table: 80 % of its rows train; the same for everyone who asks for this name and number."""
    frame = table.frame()
    frame = frame[frame[table.target].notna()]
    order = np.random.default_rng([zlib.crc32(table.name.encode()), split]).permutation(len(frame))
    order = order if table.whole else order[:MOST_ROWS]
    cut = int(TRAIN * len(order))
    train, test = (frame.iloc[rows].reset_index(drop=True) for rows in (order[:cut], order[cut:]))
    return Rows(train, test, table.target, table.task)


def table_sets(modeldata: Path | None = None) -> tuple[list[TableSet], list[str]]:
    """(all tables that are there, a line for each source that is not).

    modeldata: the folder of R's package, where it is not installed
    """
    found, left_out = [*_sklearn(), *_generated()], []
    for name, sets in (("mlxtend", _mlxtend), ("statsmodels", _statsmodels)):
        if find_spec(name):
            found += sets()
        else:
            left_out.append(f"left out: the tables of {name}, which is not installed")
    folder = (modeldata or MODELDATA) / "data"
    if (folder / "Rdata.rdx").is_file():
        found += _modeldata(folder)
    else:
        left_out.append(
            f"left out: the tables of R's modeldata, which is not in {folder.parent}: name it by --modeldata"
        )
    return found, left_out


def _sklearn() -> Iterable[TableSet]:
    from sklearn import datasets

    def made(load: Callable[..., pd.DataFrame], task: str) -> Callable[[], pd.DataFrame]:
        def frame() -> pd.DataFrame:
            found = load(as_frame=True).frame
            return found.assign(target=[f"class {code}" for code in found["target"]]) if task == CLASSES else found

        return frame

    loaders = {
        "breast cancer": (datasets.load_breast_cancer, CLASSES),
        "wine": (datasets.load_wine, CLASSES),
        "diabetes": (datasets.load_diabetes, NUMBERS),
    }
    for name, (load, task) in loaders.items():
        yield TableSet(name, "scikit-learn", made(load, task), "target", task)


def _mlxtend() -> Iterable[TableSet]:
    from mlxtend.data import autompg_data

    def frame() -> pd.DataFrame:
        x, y = autompg_data()
        return pd.DataFrame(x, columns=[f"x{column}" for column in range(x.shape[1])]).assign(y=y)

    yield TableSet("auto mpg", "mlxtend", frame, "y", NUMBERS)


def _statsmodels() -> Iterable[TableSet]:
    from statsmodels import datasets

    def affairs() -> pd.DataFrame:
        found = datasets.fair.load_pandas().data
        return found.assign(affairs=np.where(found["affairs"] > 0, "yes", "no"))

    def vote() -> pd.DataFrame:
        found = datasets.anes96.load_pandas().data
        return found.assign(vote=np.where(found["vote"] > 0, "Dole", "Clinton")).drop(columns="logpopul")

    yield TableSet("affairs", "statsmodels", affairs, "affairs", CLASSES)
    yield TableSet("vote", "statsmodels", vote, "vote", CLASSES)
    yield TableSet("doctor visits", "statsmodels", lambda: datasets.randhie.load_pandas().data, "mdvis", NUMBERS)


OF_MODELDATA = {  # name -> (data frame, target, task, columns that are left out: what gives the target away, and dates)
    "advertising": ("ad_data", "Class", CLASSES, ()),
    "attrition": ("attrition", "Attrition", CLASSES, ()),
    "cells": ("cells", "class", CLASSES, ("case",)),
    "credit": ("credit_data", "Status", CLASSES, ()),
    "churn": ("mlc_churn", "churn", CLASSES, ()),
    "churn, services": ("wa_churn", "churn", CLASSES, ()),
    "remote work": ("stackoverflow", "Remote", CLASSES, ()),
    "scat": ("scat", "Species", CLASSES, ()),
    "penguins": ("penguins", "species", CLASSES, ()),
    "computing jobs": ("hpc_data", "class", CLASSES, ()),
    "two classes": ("two_class_dat", "Class", CLASSES, ()),
    "lending": ("lending_club", "Class", CLASSES, ()),
    "Sacramento": ("Sacramento", "price", NUMBERS, ("zip",)),
    "Ames": ("ames", "Sale_Price", NUMBERS, ()),
    "biomass": ("biomass", "HHV", NUMBERS, ("sample", "dataset")),
    "car prices": ("car_prices", "Price", NUMBERS, ()),
    "concrete": ("concrete", "compressive_strength", NUMBERS, ()),
    "Chicago": ("Chicago", "ridership", NUMBERS, ("date",)),
}


def _modeldata(folder: Path) -> Iterable[TableSet]:
    def made(source: str, drop: tuple[str, ...]) -> Callable[[], pd.DataFrame]:
        return lambda: Database(folder).frame(source).drop(columns=list(drop))

    for name, (source, target, task, drop) in OF_MODELDATA.items():
        yield TableSet(name, "modeldata", made(source, drop), target, task)


def friedman1(rows: int = 1200, seed: int = 0) -> pd.DataFrame:
    """Friedman (1991): five of ten features count, smoothly; noise of standard deviation 1."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(size=(rows, 10))
    smooth = 10 * np.sin(np.pi * x[:, 0] * x[:, 1]) + 20 * (x[:, 2] - 0.5) ** 2 + 10 * x[:, 3] + 5 * x[:, 4]
    return pd.DataFrame(x, columns=[f"x{column}" for column in range(10)]).assign(y=smooth + rng.normal(size=rows))


def steps(rows: int = 1200, seed: int = 0) -> pd.DataFrame:
    """Effects that jump; noise of standard deviation 0.3."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 6))
    jumps = np.floor(2 * x[:, 0]) + np.where(x[:, 1] > 0.3, 2, 0) * np.sign(x[:, 2])
    return pd.DataFrame(x, columns=list("abcdef")).assign(y=jumps + 0.3 * rng.normal(size=rows))


def census(rows: int = 1200, seed: int = 0) -> pd.DataFrame:
    """Whether somebody earns much: age, hours, education and one of 14 jobs; no model can be right of every row."""
    rng = np.random.default_rng(seed)
    age, hours = rng.integers(18, 80, rows), rng.normal(40, 10, rows).round()
    education, job = rng.integers(1, 17, rows), rng.integers(0, 14, rows)
    of_jobs = np.random.default_rng(9).normal(size=14)
    odds = 0.08 * (age - 20) - 0.0009 * (age - 30) ** 2 + 0.03 * hours + 0.25 * education + of_jobs[job] - 5.2
    rich = np.where(rng.uniform(size=rows) < 1 / (1 + np.exp(-odds)), "yes", "no")
    columns = {"age": age, "hours": hours, "education": education, "job": [f"job {code}" for code in job]}
    return pd.DataFrame(columns).assign(rich=rich)


def categories(seed: int = 0) -> pd.DataFrame:
    """300 categories of 13 rows, with effects of standard deviation 1, noise of 0.3, and a number without an effect."""
    rng = np.random.default_rng(seed)
    codes = np.repeat(np.arange(CATEGORIES), ROWS_A_CATEGORY)
    y = rng.normal(size=CATEGORIES)[codes] + NOISE * rng.normal(size=len(codes))
    return pd.DataFrame({"place": [f"place {code}" for code in codes], "x": rng.normal(size=len(codes)), "y": y})


def imbalance(rows: int = 5000, seed: int = 0) -> pd.DataFrame:
    """0.8 % of the rows are of the rare class: those with the largest odds by three of six features, and noise."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 6))
    odds = 1.5 * x[:, 0] + x[:, 1] * x[:, 2] + rng.normal(size=rows)
    rare = odds > np.sort(odds)[-1 - round(RARE * rows)]
    return pd.DataFrame(x, columns=list("abcdef")).assign(fraud=np.where(rare, "yes", "no"))


def _generated() -> Iterable[TableSet]:
    yield TableSet("friedman1", "generated", friedman1, "y", NUMBERS)
    yield TableSet("steps", "generated", steps, "y", NUMBERS)
    yield TableSet("census-like", "generated", census, "rich", CLASSES)
    yield TableSet("300 categories", "generated", categories, "y", NUMBERS, whole=True)
    yield TableSet("imbalance", "generated", imbalance, "fraud", CLASSES, whole=True)
