"""Models: trained nets that predict, their scores with intervals, and the model file.

They predict with NumPy alone; names are loaded on first use.
"""

from goodfit.lazy import lazily

__all__, __getattr__, __dir__ = lazily(__name__, __file__)
