"""Runs: the training of one recipe on disk, and `goodfit.train`; openings of sealed test sets.

Names are loaded on first use, so that what needs no training does not load JAX.
"""

from goodfit.lazy import lazily

__all__, __getattr__, __dir__ = lazily(__name__, __file__)
