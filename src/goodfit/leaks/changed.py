"""Rows that repeat others but for a few columns, as copies do of which something was measured again."""

import numpy as np

from goodfit.data.agreement import PartialTwins, partial_twins
from goodfit.data.dataset import Dataset
from goodfit.leaks.duplicates import Rows
from goodfit.leaks.near_pairs import NearPairs

SUBJECTS = 0.2  # of the rows have such a twin: then subjects were measured again, which copying rows hardly does


def changed_pairs(data: Dataset, groups: Rows) -> NearPairs:
    """Pairs of different rows that agree in all columns but a few, where chance would make no such pair.

    groups: the exact groups of the data. distances: the share of the columns that differ. None are looked for among
    images.
    """
    rows = np.unique(groups).astype(np.int32)
    nothing = PartialTwins(*(np.empty(0, np.int32) for _ in range(3)))
    found = nothing if data.image_shape is not None else partial_twins(data.x, rows)
    return NearPairs(found.rows, found.partners, (found.differing / data.n_inputs).astype(np.float32))


def are_subjects(pairs: NearPairs, groups: Rows) -> bool:
    """Whether so many rows have such a twin that they rather are repeated measurements."""
    return len(np.union1d(pairs.rows, pairs.partners)) >= SUBJECTS * len(np.unique(groups))
