"""How a population is trained: recipe, plan, cohort, compiled program, stopping, checkpoints, events.

Names are loaded on first use, so that what needs only the recipe does not load JAX.
"""

from goodfit.lazy import lazily

__all__, __getattr__, __dir__ = lazily(__name__, __file__)
