"""The chapter as studies: each experiment with many seeds, intervals, figures and claims; a folder each.

Names are loaded on first use.
"""

from goodfit.lazy import lazily

__all__, __getattr__, __dir__ = lazily(__name__, __file__)
