"""Where examples come from: data sets, tables, splits and folds, sealed test sets and their ledger."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from goodfit.data.cache import user_cache
from goodfit.data.catalogue import Entry, describe, fetch, load, names
from goodfit.data.dataset import Dataset
from goodfit.data.fashion_mnist import FetchReport
from goodfit.data.folds import Fold, Folds, make_folds
from goodfit.data.ledger import Ledger, Opening
from goodfit.data.sealed import Sealed
from goodfit.data.sources import Attempt, DataWarning, Step
from goodfit.data.split import Split, split
from goodfit.data.summaries import Summary, summary

if TYPE_CHECKING:
    from goodfit.data.tables import Leak as Leak
    from goodfit.data.tables import Preprocessing as Preprocessing
    from goodfit.data.tables import Table as Table
    from goodfit.data.tables import read_table as read_table
    from goodfit.data.tables import table as table

_OF_TABLES = {"Leak", "Preprocessing", "Table", "read_table", "table"}  # loaded on first use
__all__ = [
    "Attempt",
    "DataWarning",
    "Dataset",
    "Entry",
    "FetchReport",
    "Fold",
    "Folds",
    "Leak",
    "Ledger",
    "Opening",
    "Preprocessing",
    "Sealed",
    "Split",
    "Step",
    "Summary",
    "Table",
    "describe",
    "fetch",
    "load",
    "make_folds",
    "names",
    "read_table",
    "split",
    "summary",
    "table",
    "user_cache",
]


def __getattr__(name: str) -> Any:
    if name in _OF_TABLES:
        return getattr(importlib.import_module("goodfit.data.tables"), name)
    raise AttributeError(f"module 'goodfit.data' has no attribute {name!r}")
