"""Where examples come from: data sets by name, and splits of their rows."""

from goodfit.data.split import split as split  # not on first use: the module of this name would hide it
from goodfit.lazy import lazily

__all__, __getattr__, __dir__ = lazily(__name__, __file__)
