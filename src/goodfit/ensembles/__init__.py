"""Ensembles: the whole job for a table in a given time: members drawn, trained on folds, chosen and weighed."""

from goodfit.lazy import lazily

__all__, __getattr__, __dir__ = lazily(__name__, __file__)
