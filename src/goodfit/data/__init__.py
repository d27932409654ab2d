"""Where examples come from: data sets by name, and splits of their rows."""

from __future__ import annotations

from goodfit.data.cache import user_cache
from goodfit.data.catalogue import Entry, describe, fetch, load, names
from goodfit.data.dataset import Dataset
from goodfit.data.fashion_mnist import Report
from goodfit.data.sources import Attempt, DataWarning, Step
from goodfit.data.split import Split, split
from goodfit.data.summaries import Summary, summary

__all__ = [
    "Attempt",
    "DataWarning",
    "Dataset",
    "Entry",
    "Report",
    "Split",
    "Step",
    "Summary",
    "describe",
    "fetch",
    "load",
    "names",
    "split",
    "summary",
    "user_cache",
]
