"""Models: trained nets that predict, what they are worth, and the file that holds them.

They predict with NumPy alone; names are loaded on first use.
"""

from goodfit.lazy import lazily

__all__, __getattr__, __dir__ = lazily(__name__, __file__)
