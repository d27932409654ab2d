"""Images in the terminal: two pixels a character, one above the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from rich.style import Style
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from rich.console import Console

    from goodfit.data import Dataset

SHADES = " ░▒▓█"
MOST_EXAMPLES = 10
_GREY = [Style.parse(f"rgb({level},{level},{level})") for level in range(256)]


def examples(data: Dataset, to: Console) -> Table:
    """The first row of each class, as many as fit side by side, each below its class's name."""
    height, width = data.image_shape or (1, data.n_inputs)
    room = max(1, min(MOST_EXAMPLES, to.width // (width + 2)))
    rows = example_rows(data)[:room]
    images = data.x[rows].reshape(-1, height, width)
    grid = Table.grid(padding=(0, 2))
    grid.add_row(*(Text(title(data, row), style="bold") for row in rows))
    draw = coloured if to.color_system in ("256", "truecolor") else shaded
    grid.add_row(*(draw(levels(image)) for image in images))
    return grid


def example_rows(data: Dataset) -> list[int]:
    """The first row of each class that has one, in the order of the classes; the first rows where there are none."""
    if data.task != "classification":
        return list(range(min(MOST_EXAMPLES, len(data))))
    _, first = np.unique(data.y, return_index=True)
    return [int(row) for row in first]


def title(data: Dataset, row: int) -> str:
    """The class's name, or the row's number."""
    return data.classes[int(data.y[row])] if data.task == "classification" else f"row {row}"


def levels(image: np.ndarray) -> np.ndarray:
    """An image's values as grey levels, 0 for the lowest and 255 for the highest: uint8 [height, width]."""
    values = image.astype(np.float64)
    low, high = values.min(), values.max()
    scaled = (values - low) * (255 / (high - low) if high > low else 0.0)
    grey: np.ndarray = scaled.round().astype(np.uint8)
    return grey


def coloured(image: np.ndarray) -> Text:
    """Grey levels as upper half blocks: the foreground is the upper pixel, the background the lower."""
    text = Text()
    for upper, lower in _pairs(image):
        for top, bottom in zip(upper, lower, strict=True):
            text.append("▀", Style(color=_GREY[top].color, bgcolor=_GREY[bottom].color))
        text.append("\n")
    return text


def shaded(image: np.ndarray) -> Text:
    """Grey levels as shaded blocks, each the mean of two pixels: for terminals and files without colours."""
    lines = []
    for upper, lower in _pairs(image):
        means = (upper.astype(int) + lower) // 2
        lines.append("".join(SHADES[mean * len(SHADES) // 256] for mean in means))
    return Text("\n".join(lines) + "\n")


def _pairs(image: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Rows two by two, with a dark row below an odd last one."""
    even = np.pad(image, ((0, image.shape[0] % 2), (0, 0)))
    return list(zip(even[::2], even[1::2], strict=True))
