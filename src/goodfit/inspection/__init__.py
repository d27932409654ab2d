"""Inspection: both passes of a net measured layer by layer, and findings with advice."""

from goodfit.lazy import lazily

__all__, __getattr__, __dir__ = lazily(__name__, __file__)
