"""The images of the studies that train on Fashion-MNIST, or on the small digits in their place; and their curves."""

from dataclasses import dataclass

import numpy as np

from goodfit.data import Dataset, load
from goodfit.data.streams import generator
from goodfit.studies.mlp_fashion_mnist.study import LATE
from goodfit.training import Examples
from goodfit.training.examples import fit_scaling

DIGITS_TEST = 400  # test rows of the digits, which have no official ones


@dataclass(frozen=True)
class Images:
    """A data set of images, its rows that may train, in an order drawn once, and its test rows."""

    data: Dataset
    training: np.ndarray
    test: np.ndarray

    def examples(self, train: np.ndarray, **parts: np.ndarray) -> Examples:
        """Rows to train on and parts to score. Pixels are divided by the largest value."""
        scaling = fit_scaling(self.data, train, "unit")
        return Examples(self.data.x, self.data.y, self.data.task, self.data.n_outputs, train, scaling, parts)

    def inputs(self, rows: np.ndarray) -> np.ndarray:
        """Rows as nets see them, [N, D] float32."""
        largest = 255.0 if self.data.x.dtype == np.uint8 else float(self.data.x.max())
        return np.asarray(self.data.x[rows].astype(np.float32) / np.float32(largest))


def images(name: str, rows: int) -> Images:
    """At most `rows` training rows; the official test rows, or of the digits 400 that are drawn once."""
    data = load(name)
    test = np.asarray(data.test)
    order = generator(0, f"images/{name}").permutation(len(data)).astype(np.int32)
    if not len(test):
        test, order = np.sort(order[:DIGITS_TEST]), order[DIGITS_TEST:]
    return Images(data, order[~np.isin(order, test)][:rows], test)


def late(accuracies: np.ndarray) -> np.ndarray:
    """The mean of the last epochs, [..., E] to [...]."""
    return np.asarray(accuracies[..., -LATE:].mean(-1))
