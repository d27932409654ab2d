"""Exports: a model with its preprocessing as ONNX, as PyTorch, as one NumPy file, or as a scikit-learn object."""

from goodfit.lazy import lazily

__all__, __getattr__, __dir__ = lazily(__name__, __file__)
