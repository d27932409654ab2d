"""How often intervals of permutation importance hold the exact one: the table of docs/explaining.md.

`python -m benchmarks.importance` writes it. The model is additive and known, its columns are independent, and so the
importance on all rows is known: shuffling column j raises the mean squared error by 2 * fitted slope * true slope. It
is no part of `make bench`, for nothing in it is timed.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from goodfit.models.permuted import changes

TRUE = np.array([1.0, 0.5, 0.1, 0.0])
FITTED = np.array([0.9, 0.5, 0.12, 0.1])
DRAWS, ROWS, REPEATS = 1000, (50, 200, 1000), (1, 10)
PAGE = Path(__file__).resolve().parents[1] / "docs" / "explaining.md"
HEADS = "| rows | repeats | slopes, true and fitted | R² | root mean squared error |\n| --- | --- | --- | --- | --- |\n"


def exact() -> tuple[np.ndarray, np.ndarray]:
    """(drop of R² [4], rise of the root mean squared error [4]) on infinitely many rows with noise of variance 1."""
    rises, base = 2 * FITTED * TRUE, ((TRUE - FITTED) ** 2).sum() + 1
    return rises / ((TRUE**2).sum() + 1), np.sqrt(base + rises) - np.sqrt(base)


def held(rows: int, repeats: int, draws: int, seed: int = 0) -> np.ndarray:
    """How often, [4, 2]: columns by measures."""
    rng, found, truth = np.random.default_rng(seed), np.zeros((4, 2)), exact()
    for draw in range(draws):
        x = rng.standard_normal((rows, 4))
        y = (x @ TRUE + rng.standard_normal(rows))[:, None]
        pairs = changes(
            lambda given: (given @ FITTED)[:, None],
            x,
            y,
            "regression",
            [np.array([place]) for place in range(4)],
            repeats=repeats,
            seed=draw,
        )
        for place, pair in enumerate(pairs):
            found[place] += [each.low <= right[place] <= each.high for each, right in zip(pair, truth, strict=True)]
    return found / draws


def main() -> None:
    """Write the table."""
    lines = []
    for rows in ROWS:
        for repeats in REPEATS:
            shares = held(rows, repeats, DRAWS)
            lines += [
                f"| {rows:,} | {repeats} | {TRUE[place]:g}, {FITTED[place]:g} | {own[0]:.3f} | {own[1]:.3f} |"
                for place, own in enumerate(shares)
            ]
    text = HEADS + "\n".join(lines)
    whole = PAGE.read_text("utf-8")
    pattern = r"(<!-- begin: importance -->\n).*?(<!-- end: importance -->)"
    PAGE.write_text(re.sub(pattern, lambda found: f"{found[1]}{text}\n{found[2]}", whole, flags=re.DOTALL), "utf-8")


if __name__ == "__main__":
    main()
