"""What goes on inside a net: measurements, findings, the passes step by step. Names are loaded on first use."""

from goodfit.lazy import lazily

__all__, __getattr__, __dir__ = lazily(__name__, __file__)
