"""Where examples come from: data sets, tables, splits and folds, sealed test sets and their ledger."""

from goodfit.data.split import split as split  # not on first use: the module of this name would hide it
from goodfit.lazy import lazily

__all__, __getattr__, __dir__ = lazily(__name__, __file__)
