"""Searches: which recipe to keep, by cross-validation of many settings as populations.

Names are loaded on first use, so that the command line's help does not load JAX.
"""

from goodfit.lazy import lazily

__all__, __getattr__, __dir__ = lazily(__name__, __file__)
