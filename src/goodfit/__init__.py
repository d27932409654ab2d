"""goodfit: train multilayer perceptrons, whole populations at once, and know whether they fit."""

from goodfit.lazy import lazily
from goodfit.wiring import provide

__version__ = "0.2.0"
provide("open sealed rows", "goodfit.runs.openings", "open_sealed")
provide("write a model card", "goodfit.reports.card_of_run", "model_card")
provide("show in a notebook", "goodfit.reports.cards", "card_of")
provide("export a model", "goodfit.interop.export.exporting", "export")
__all__, __getattr__, __dir__ = lazily(__name__, __file__)
