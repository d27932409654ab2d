"""Draws the picture of the first page: `python docs/site/picture.py`, half a minute.

Three sizes of net learn the same noisy rows of a sine, from many first weights each. The colours are seen on light and
on dark ground; the words stand in the page, where they can be read at any width.
"""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import goodfit as gf
from goodfit.figures.shown import new_figure
from goodfit.figures.style import house_style
from goodfit.files import write_atomically

STATIC = Path(__file__).parent / "static"
WIDTHS = 1, 3, 40  # too few hidden units, enough, too many
ROWS, NOISE, SEEDS, DRAWN = 14, 0.3, 20, 9
LINE, POINT = "#2f87c8", "#808080"


def main() -> None:
    """Train, draw, write; an error if the nets are not what the page says of them."""
    rng = np.random.default_rng(4)
    x, y = _rows(rng, ROWS)
    data = gf.data.Dataset.from_arrays(x, y, name="sine")
    fixed = {
        "activation": "tanh",
        "optimizer": "lbfgs",
        "init_scale": 2.0,
        "epochs": 500,
        "keep_best": False,
        "valid": 0,
    }
    learned, new = [], []
    for width in WIDTHS:
        recipe = gf.Recipe(hidden=(width,), **fixed)
        nets = gf.train(recipe, gf.data.split(data, valid=0, test=0), seeds=range(SEEDS)).nets
        learned.append(_error(nets, x, y))
        new.append(_error(nets, *_rows(rng, 601)))
        write_atomically(STATIC / f"fit-{width}.svg", _drawn(nets[:DRAWN], x, y))
    print("error on learned rows", *learned, "on new rows", *new)
    if not (learned[0] > learned[1] > learned[2] and min(new) == new[1]):
        raise SystemExit("The first page calls these an underfit, a good fit and an overfit, which they are not.")


def _rows(rng: np.random.Generator, count: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    x = np.linspace(-3.0, 3.0, count)
    return x[:, None], np.sin(1.5 * x) + rng.normal(0.0, NOISE, count)


def _error(nets: Sequence[gf.models.TrainedNet], x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    return float(np.median([np.sqrt(np.mean((np.ravel(net.predict(x)) - y) ** 2)) for net in nets]))


def _drawn(nets: Sequence[gf.models.TrainedNet], x: NDArray[np.float64], y: NDArray[np.float64]) -> bytes:
    grid = np.linspace(-3.0, 3.0, 91)[:, None]
    with house_style():
        figure = new_figure(3.0, 2.6)
        axes = figure.subplots()
        for net in nets:
            axes.plot(grid, net.predict(grid), color=LINE, alpha=0.5, linewidth=1.1)
        axes.plot(x, y, "o", color=POINT, markersize=5.5)
        axes.set(ylim=(-1.9, 1.7), xticks=[], yticks=[])
        for ground in (figure.patch, axes.patch):
            ground.set_visible(False)
        return re.sub(rb"(\.\d\d)\d+", rb"\1", gf.figures.svg(figure))  # a hundredth of a point is enough


if __name__ == "__main__":
    main()
