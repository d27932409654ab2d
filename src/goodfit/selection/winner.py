"""The nets of the setting that a search chose, for whoever predicts with its folder."""

import os
from pathlib import Path

import numpy as np

from goodfit.data import Split, Table
from goodfit.models.whereabouts import MODEL_FILE
from goodfit.runs.training import train_checked
from goodfit.selection.layout import SearchLayout
from goodfit.selection.result import Selection


def write_winner(found: Selection, search: SearchLayout, folder: Path) -> None:
    """Train the best setting on all rows that the search had, with each of its seeds, and write the model file.

    The nets that were compared learned from the rows of one fold each, and a table's from features of that fold's own;
    these nets are one population on all of the rows. A search that is resumed finds its file again.
    """
    if os.path.exists(folder / MODEL_FILE):
        return
    table = search.data if isinstance(search.data, Table) else None
    data = search.data.dataset(search.rows) if isinstance(search.data, Table) else search.data
    sealed = np.setdiff1d(np.arange(len(data), dtype=np.int32), search.rows)
    parts = Split(data, search.rows, np.empty(0, np.int32), sealed)
    origin = None if table is None else table.origin
    train_checked(found.best, parts, search.seeds, search.memory, origin).save(folder / MODEL_FILE)
