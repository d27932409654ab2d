"""`python -m benchmarks.parity [LIBRARY ...] [--write]`: how far goodfit is from what another library computes.

Every row hands the same first weights and the same rows, in the same batches, to goodfit and to the other library, lets
both train in float64, and prints the largest difference between any two weights at the end. 150 rows in batches of 32
make four full batches and one of 22 in each of three epochs: what a library does with the last one is in every row.
A library that is not installed is left out, with one sentence. --write puts the rows into docs/coming-from/; --blocks
runs the code on these pages that is written for the other library, and is not run by the tests where that is missing.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import os
import re
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import jax
import numpy as np

from goodfit.data import Split, load
from goodfit.training import Examples, Job, Recipe, cohort_of, fit
from goodfit.training.batches import RowOrder
from goodfit.training.examples import scaled_by
from goodfit.training.initialise import initial_layers

PAGES = Path(__file__).parents[1] / "docs" / "coming-from"
LIBRARIES = {  # the page and the module of its rows -> the package that must be there
    "scikit-learn": ("scikit-learn", "parity_sklearn"),
    "pytorch": ("torch", "parity_torch"),
    "lightning": ("pytorch-lightning", "parity_torch"),
    "keras": ("keras", "parity_keras"),
    "pytabkit": ("pytabkit", "parity_pytabkit"),
    "the-book": ("torch", "parity_book"),
}
BASE = Recipe(
    hidden=(8, 6),
    activation="tanh",
    init="xavier-uniform",
    init_bias="torch",
    dropout=0.0,
    optimizer="sgd",
    learning_rate=0.1,
    schedule="constant",
    batch_size=32,
    epochs=3,
    valid=0.0,
)
HEAD = "| what | largest difference |\n|---|---|"


@dataclass(frozen=True)
class Row:
    """What was compared, and the largest difference between any two numbers of it."""

    what: str
    difference: float


@dataclass(frozen=True)
class Setting:
    """What both sides begin with.

    x [n, D] as the net sees it, y as the loss takes it; layers: weights [out, in] and biases [out] of each; order: rows
    of every batch of every epoch.
    """

    recipe: Recipe
    x: np.ndarray
    y: np.ndarray
    layers: list[tuple[np.ndarray, np.ndarray]]
    order: list[list[np.ndarray]]
    examples: Examples

    def ours(self) -> list[np.ndarray]:
        """Weights and biases of every layer, as goodfit trains them in float64."""
        with jax.enable_x64(True):
            (net,) = fit(cohort_of([Job(self.recipe)], self.examples, 1, np.float64)).nets
        return [*(part for layer in zip(net.weights, net.biases, strict=True) for part in layer), *net.mixtures]

    def differs(self, theirs: list[np.ndarray]) -> float:
        """The largest difference between any two weights; theirs in the order of `ours`."""
        return furthest(self.ours(), theirs)


def setting(data: str = "iris", **changes: Any) -> Setting:
    """A recipe, and what it trains on: all rows of a data set, none of them held out."""
    recipe, found = BASE.replace(**changes), load(data)
    rows, none = np.arange(len(found.x), dtype=np.int32), np.arange(0, dtype=np.int32)
    examples = Examples.of_split(Split(found, rows, none, none), **scaled_by(recipe))
    scaling = examples.scaling
    x = scaling.scaled(examples.x)
    y = scaling.targets(examples.y) if found.task == "regression" else examples.y.astype(int)
    layers = [(w.astype(float), b.astype(float)) for w, b in initial_layers(recipe, x.shape[1], examples.outputs)]
    drawn = RowOrder(rows, recipe.batch_size, recipe.seed).epochs(0, recipe.epochs)
    order = [[batch[batch >= 0].astype(int) for batch in epoch] for epoch in drawn]
    return Setting(recipe, x, y, layers, order, examples)


def furthest(ours: list[np.ndarray], theirs: list[np.ndarray]) -> float:
    """The largest difference between any two numbers; both have the same shapes."""
    return max(
        float(np.abs(one - np.asarray(other).reshape(one.shape)).max()) for one, other in zip(ours, theirs, strict=True)
    )


def measured(library: str) -> Iterator[Row]:
    """The rows of a library, measured as they are asked for."""
    module = importlib.import_module(f"benchmarks.{LIBRARIES[library][1]}")
    rows: dict[str, Callable[[], float]] = module.ROWS[library]
    for what, measure in rows.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # theirs: trainings of three epochs have not converged
            yield Row(what, measure())


def installed(library: str) -> str:
    """The package and its version; "" where it is not installed."""
    package = LIBRARIES[library][0]
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return ""


def shown(difference: float) -> str:
    """Two digits; equal numbers differ by 0."""
    return f"{difference:.1e}" if difference else "0"


def write(library: str, rows: list[Row], page: Path) -> None:
    """Put the rows into the page of a library, between its marks."""
    said = f"Measured {date.today().isoformat()} with {installed(library)}, jax {jax.__version__}, on a CPU."
    lines = [HEAD, *(f"| {row.what} | {shown(row.difference)} |" for row in rows), "", said]
    begin, end = "<!-- begin: parity -->", "<!-- end: parity -->"
    text, times = re.subn(
        f"{begin}.*?{end}", lambda _: "\n".join([begin, *lines, end]), page.read_text("utf-8"), flags=re.DOTALL
    )
    if times != 1:
        raise ValueError(f"{page.name}: must have the marks of the table once; has them {times} times")
    page.write_text(text, "utf-8")


def run_blocks(page: Path) -> int:
    """Run the Python of a page from top to bottom, the other library's too, in a folder of its own; how many blocks."""
    names: dict[str, Any] = {"__name__": page.stem}
    found = re.findall(r"^```python\n(.*?)^```", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        for code in found:
            exec(compile(code, str(page), "exec"), names)
    return len(found)


def main(arguments: list[str] | None = None) -> int:
    """Print the table; 0."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.parity", description=__doc__)
    parser.add_argument("libraries", nargs="*", metavar="LIBRARY", help=f"{', '.join(LIBRARIES)}; all if none is given")
    parser.add_argument("--write", action="store_true", help="put what was measured into docs/coming-from/")
    parser.add_argument("--blocks", action="store_true", help="run the code of the pages instead of the comparison")
    given = parser.parse_args(arguments)
    if unknown := [name for name in given.libraries if name not in LIBRARIES]:
        parser.error(f"unknown: {', '.join(unknown)}; known: {', '.join(LIBRARIES)}")
    for library in given.libraries or LIBRARIES:
        if not installed(library):
            print(f"{library}: left out, as {LIBRARIES[library][0]} is not installed.")
            continue
        print(f"{library} ({installed(library)})", flush=True)
        if given.blocks:
            print(f"  {run_blocks(PAGES / f'{library}.md')} blocks of the page run")
            continue
        rows = []
        for row in measured(library):
            rows.append(row)
            print(f"  {row.what:<86} {shown(row.difference):>8}", flush=True)
        if given.write:
            write(library, rows, PAGES / f"{library}.md")
    return 0


os.environ.setdefault("KERAS_BACKEND", "jax")  # before Keras is imported: it reads this once

if __name__ == "__main__":
    sys.exit(main())
