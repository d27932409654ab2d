"""How populations are trained: recipe, jobs, planner, engine, scores, and the session that trains everything.

Names are loaded on first use, so that what needs only the recipe does not load JAX.
"""

from goodfit.lazy import lazily

__all__, __getattr__, __dir__ = lazily(__name__, __file__)
