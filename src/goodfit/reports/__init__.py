"""Reports: one self-contained HTML page each, for a run, a search, or whatever is put together from `Page`.

Names are loaded on first use.
"""

from goodfit.lazy import lazily

__all__, __getattr__, __dir__ = lazily(__name__, __file__)
