"""Notes: a document of the chapter's cells, run from top to bottom, with its outputs beside the code.

Names are loaded on first use.
"""

from goodfit.lazy import lazily

__all__, __getattr__, __dir__ = lazily(__name__, __file__)
