"""Fashion-MNIST as the chapter loads it, on the host: goodfit's own data, pixels as they are stored."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from goodfit.data import load
from goodfit.errors import InputError, Problems, problem
from goodfit.interop.d2l.sums import host

SIDE = 28
NAMES = (
    *("t-shirt", "trouser", "pullover", "dress", "coat"),
    *("sandal", "shirt", "sneaker", "bag", "ankle boot"),
)


@dataclass(frozen=True, eq=False)
class Pixels:
    """Rows of one part. x: uint8 (n, height, width); y: int32 (n,)."""

    x: np.ndarray[Any, Any]
    y: np.ndarray[Any, Any]

    def batch(self, rows: np.ndarray[Any, Any], size: tuple[int, int] | None) -> np.ndarray[Any, Any]:
        """float32 in [0, 1], (B, 1, height, width). size: (height, width) to resize to, bilinear; None: as they are."""
        chosen = self.x[rows]
        if size is not None and size != chosen.shape[1:]:
            from PIL import Image

            chosen = np.stack(
                [np.asarray(Image.fromarray(each).resize(size[::-1], Image.Resampling.BILINEAR)) for each in chosen]
            )
        return np.asarray(chosen[:, None].astype(np.float32) / np.float32(255))


@functools.cache
def parts() -> tuple[Pixels, Pixels]:
    """The training rows and the official test rows."""
    data = load("fashion-mnist")
    images = np.asarray(data.x).reshape(-1, SIDE, SIDE)
    training = np.setdiff1d(np.arange(len(images)), data.test)
    return tuple(Pixels(images[rows], np.asarray(data.y)[rows].astype(np.int32)) for rows in (training, data.test))  # type: ignore[return-value]


def checked_call(batch_size: Any, resize: Any) -> tuple[int, int] | None:
    """The size to resize to, (height, width), or None. InputError names what is wrong with either argument."""
    problems = Problems()
    where = "load_data_fashion_mnist"
    if isinstance(batch_size, bool) or not isinstance(batch_size, int | np.integer) or batch_size < 1:
        problems.add(where, "'batch_size' must be a whole number >= 1", got=batch_size)
    size = None if not resize else (resize, resize) if isinstance(resize, int) else resize
    if size is not None and (
        not isinstance(size, tuple | list)
        or len(size) != 2
        or not all(isinstance(each, int) and each > 0 for each in size)
    ):
        problems.add(where, "'resize' must be a whole number of pixels, or a height and a width", got=resize)
    problems.raise_if_any()
    return None if size is None else (size[0], size[1])


def get_fashion_mnist_labels(labels: Any) -> list[str]:
    """The names of class numbers, 0 to 9."""
    codes = [int(each) for each in (labels if isinstance(labels, Sequence) else host(labels).reshape(-1))]
    wrong = [code for code in codes if not 0 <= code < len(NAMES)]
    if wrong:
        raise InputError(problem("get_fashion_mnist_labels", "labels must be from 0 to 9", got=wrong[0]))
    return [NAMES[code] for code in codes]
