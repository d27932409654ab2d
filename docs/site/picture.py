"""Draws the picture of the first page, in light and in dark: `python docs/site/picture.py`, half a minute.

Three sizes of net learn 14 noisy rows of a sine, twenty seeds each.
"""

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import goodfit as gf
from goodfit.figures.style import COLOURS, FAINT, INK, house_style, new_figure
from goodfit.files import write_atomically

STATIC = Path(__file__).parent / "static"
WIDTHS = {1: "underfit", 3: "good fit", 40: "overfit"}
ROWS, NOISE, SEEDS, DRAWN = 14, 0.3, 20, 12
DARK = {INK.lower(): "#e8e8e8", FAINT.lower(): "#a0a0a0", COLOURS[0].lower(): "#56b4e9"}


def main() -> None:
    """Train, draw, write."""
    rng = np.random.default_rng(4)
    x, y = _rows(rng, np.linspace(-3.0, 3.0, ROWS))
    new_x, new_y = _rows(rng, np.linspace(-3.0, 3.0, 601))
    data = gf.data.Dataset.from_arrays(x, y, name="sine")
    with house_style():
        figure = new_figure(9.0, 3.2)
        panels = figure.subplots(1, len(WIDTHS), sharey=True)
        grid = np.linspace(-3.0, 3.0, 151)[:, None]
        for axes, (width, words) in zip(panels, WIDTHS.items(), strict=True):
            recipe = gf.Recipe(
                hidden=(width,),
                activation="tanh",
                optimizer="lbfgs",
                init_scale=2.0,
                epochs=500,
                keep_best=False,
                valid=0,
            )
            nets = gf.train(recipe, gf.data.split(data, valid=0, test=0), seeds=range(SEEDS)).nets
            units = "unit" if width == 1 else "units"
            for net in nets[:DRAWN]:
                axes.plot(grid, net.predict(grid), color=COLOURS[0], alpha=0.4, linewidth=1.0)
            axes.plot(x, y, "o", color=INK, markersize=4)
            learned, fresh = ([_error(net, *rows) for net in nets] for rows in ((x, y), (new_x, new_y)))
            axes.set_title(f"{width} hidden {units}: {words}")
            axes.set_xlabel(f"error: learned rows {np.median(learned):.2f}, new rows {np.median(fresh):.2f}")
            axes.set(ylim=(-2, 2), xticks=[], yticks=[])
            print(width, np.median(learned), np.median(fresh))
        light = gf.figures.svg(figure).decode()
    write_atomically(STATIC / "fit-light.svg", light.encode())
    dark = re.sub("|".join(DARK), lambda found: DARK[found[0].lower()], light, flags=re.IGNORECASE)
    write_atomically(STATIC / "fit-dark.svg", dark.encode())


def _rows(rng: np.random.Generator, x: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return x[:, None], np.sin(1.5 * x) + rng.normal(0.0, NOISE, len(x))


def _error(net: object, x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    return float(np.sqrt(np.mean((np.ravel(net.predict(x)) - y) ** 2)))  # type: ignore[attr-defined]


if __name__ == "__main__":
    main()
