"""Serving: a model behind a small HTTP endpoint, and the local web server that it runs on.

Names are loaded on first use.
"""

from goodfit.lazy import lazily

__all__, __getattr__, __dir__ = lazily(__name__, __file__)
