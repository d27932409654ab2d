"""Reports: one self-contained HTML page for a run, a search or a study, from templates.

Names are loaded on first use.
"""

from goodfit.lazy import lazily

__all__, __getattr__, __dir__ = lazily(__name__, __file__)
