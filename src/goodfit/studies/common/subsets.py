"""Rows of a data set drawn anew for every seed."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from goodfit.data import Dataset
from goodfit.training import Examples


def subsets(
    data: Dataset, orders: Iterable[NDArray[np.integer]], parts: Mapping[str, Any], scaling: Any = None
) -> Examples:
    """Several sets of rows of one data set, for populations of which each seed has its own.

    orders: the rows of each set; parts: name -> places within a set; scaling: where it is not the data set's own.
    """
    sets = [
        Dataset(data.name, data.x[at], data.y[at], data.task, data.classes, scaling=scaling or data.scaling)
        for at in orders
    ]
    return Examples.stacked(sets, dict(parts))
