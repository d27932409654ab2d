"""Models: trained nets that predict, their scores with intervals, and the model file.

They predict with NumPy alone; names are loaded on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from goodfit.lazy import lazily

if TYPE_CHECKING:
    from goodfit.models.model_file import Model as Model
    from goodfit.models.model_file import load_model as load_model
    from goodfit.models.model_file import save_model as save_model
    from goodfit.models.scores import Score as Score
    from goodfit.models.trained_net import TrainedNet as TrainedNet

_PLACES = {
    "Model": "model_file",
    "Score": "scores",
    "TrainedNet": "trained_net",
    "load_model": "model_file",
    "save_model": "model_file",
}
__all__ = sorted(_PLACES)
__getattr__, __dir__ = lazily(__name__, _PLACES)
