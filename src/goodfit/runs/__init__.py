"""Runs: train a recipe, write it down, go on with it, load it, predict with it.

Names are loaded on first use, so that what needs no training does not load JAX.
"""

from goodfit.lazy import lazily

__all__, __getattr__, __dir__ = lazily(__name__, __file__)
