"""Leakage: rows that occur in two parts of the data, and features that give away the target.

Names are loaded on first use.
"""

from goodfit.lazy import lazily

__all__, __getattr__, __dir__ = lazily(__name__, __file__)
