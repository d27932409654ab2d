"""How often the intervals of measures hold the truth: `python -m benchmarks.measures`, for docs/measures.md.

Rows are drawn from classes that are normal clouds around the corners of a simplex, and are given the true probabilities
of their classes or sharper ones. The truth is what the same predictions come to on very many rows. Numbers: errors of
several laws.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from goodfit.models import Measures
from goodfit.models.measuring import measured

HELD = 0.92  # below which no interval may hold
ROWS = 50, 200, 1000
SHOWN = "balanced accuracy", "log loss", "Brier score", "ROC AUC", "average precision", "F1"
Laws = dict[str, tuple[Callable[[np.random.Generator, int], np.ndarray], float]]


@dataclass(frozen=True)
class World:
    """shares: of the classes; apart: how far the clouds are; sharp: by which the logits are multiplied, 1 is true."""

    shares: tuple[float, ...]
    apart: float
    sharp: float

    def __str__(self) -> str:
        return f"{len(self.shares)} classes, smallest {min(self.shares):g}, apart {self.apart:g}, sharp {self.sharp:g}"

    def measured(self, rng: np.random.Generator, rows: int) -> Measures:
        """The measures of so many rows."""
        count = len(self.shares)
        y = rng.choice(count, rows, p=self.shares)
        x = rng.standard_normal((rows, count)) + self.apart * np.eye(count)[y]
        z = self.sharp * (self.apart * x + np.log(self.shares))
        chances = np.exp(z - z.max(1, keepdims=True))
        positive = "1" if count == 2 else None
        names = tuple(map(str, range(count)))
        return measured("classification", chances / chances.sum(1, keepdims=True), y, names, positive=positive)


WORLDS = (
    World((0.5, 0.5), 0.7, 1),
    World((0.5, 0.5), 2, 1.5),
    World((0.9, 0.1), 1, 1),
    World((0.9, 0.1), 2.5, 2),
    World((0.97, 0.03), 1.5, 1),
    World((0.99, 0.01), 1.5, 1),
    World((0.4, 0.3, 0.3), 1, 1),
    World((0.4, 0.3, 0.3), 3, 1),
    World((0.8, 0.15, 0.05), 1.5, 1),
    World((0.6, 0.2, 0.1, 0.05, 0.05), 2, 1.5),
    World((0.1,) * 10, 2.5, 1),
)
LAWS: Laws = {  # of errors, each with its mean square
    "normal": (lambda rng, rows: rng.standard_normal(rows), 1.0),
    "Laplace": (lambda rng, rows: rng.laplace(size=rows), 2.0),
    "Student's t, 5 degrees of freedom": (lambda rng, rows: rng.standard_t(5, rows), 5 / 3),
    "Student's t, 3 degrees of freedom": (lambda rng, rows: rng.standard_t(3, rows), 3.0),
    "log-normal, sd of log 0.8": (lambda rng, rows: np.exp(0.8 * rng.standard_normal(rows)), math.exp(1.28)),
}


def coverage(world: World, rows: int, draws: int, true_rows: int = 400_000) -> dict[str, tuple[float, float]]:
    """Measure -> (how often its interval holds the truth, where it has one; in what share of draws it has one)."""
    rng = np.random.default_rng(1)
    truth = world.measured(rng, true_rows)
    held: dict[str, list[bool]] = {name: [] for name in SHOWN}
    for _ in range(draws):
        found = world.measured(rng, rows)
        for name in SHOWN:
            each = found[name]
            if not math.isnan(each.low):
                held[name].append(each.low <= truth[name].value <= each.high)
    return {name: (float(np.mean(own)) if own else math.nan, len(own) / draws) for name, own in held.items()}


def coverage_of_root(law: str, rows: int, draws: int) -> tuple[float, float]:
    """The same for the root mean squared error of numbers whose errors follow a law."""
    drawn, square = LAWS[law]
    rng, held = np.random.default_rng(2), []
    for _ in range(draws):
        targets = 10 * rng.standard_normal((rows, 1))
        found = measured("regression", targets + drawn(rng, rows)[:, None], targets)["root mean squared error"]
        if not math.isnan(found.low):
            held.append(found.low <= math.sqrt(square) <= found.high)
    return float(np.mean(held)), len(held) / draws


def main() -> None:
    """Print the tables of docs/measures.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=1000)
    draws = parser.parse_args().draws
    print(f"| rows are of | rows | {' | '.join(SHOWN)} |\n|---|---|{'---|' * len(SHOWN)}")
    for world in WORLDS:
        for rows in ROWS:
            found = coverage(world, rows, draws)
            cells = [_cell(*found[name]) for name in SHOWN]
            print(f"| {world} | {rows:,} | {' | '.join(cells)} |", flush=True)
    print(f"\n| errors | {' | '.join(f'{rows:,} rows' for rows in ROWS)} |\n|---|{'---|' * len(ROWS)}")
    for law in LAWS:
        print(f"| {law} | {' | '.join(_cell(*coverage_of_root(law, rows, draws)) for rows in ROWS)} |", flush=True)


def _cell(held: float, given: float) -> str:
    """How often it holds, and where it is not always given, in what share of draws it is."""
    if given == 0:
        return "-"
    return f"{held:.3f}" if given > 0.995 else f"{held:.3f} ({given:.2f})"


if __name__ == "__main__":
    main()
