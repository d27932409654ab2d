"""Curves: training and validation scores over epochs, rows, and a parameter of the data.

Names are loaded on first use. The curve over a field of the recipe is that of a search: `Selection.curve`.
"""

from goodfit.lazy import lazily

__all__, __getattr__, __dir__ = lazily(__name__, __file__)
