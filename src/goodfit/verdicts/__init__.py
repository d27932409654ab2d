"""Verdicts: whether a recipe fits, by alternatives that are trained and measured beside it.

Names are loaded on first use.
"""

from goodfit.lazy import lazily

__all__, __getattr__, __dir__ = lazily(__name__, __file__)
