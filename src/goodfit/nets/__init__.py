"""What a net is: activations, initialisers, forward pass, losses, dropout, penalties. Pure functions of arrays.

Names are loaded on first use, so that what needs only the initialisers does not load JAX.
"""

from goodfit.lazy import lazily

__all__, __getattr__, __dir__ = lazily(__name__, __file__)
