"""Curves: training and validation scores over epochs, rows, and a parameter of the data.

Names are loaded on first use. The curve over a field of the recipe is that of a search: `Selection.curve`.
"""

from goodfit.lazy import lazily

<<<<<<< HEAD
if TYPE_CHECKING:
    from goodfit.curves.drawn import data_curve as data_curve
    from goodfit.curves.epochs import epoch_curve as epoch_curve
    from goodfit.curves.learning import learning_curve as learning_curve
    from goodfit.curves.resuming import resume as resume

_PLACES = {
    "data_curve": "drawn",
    "epoch_curve": "epochs",
    "learning_curve": "learning",
    "resume": "resuming",
}
__all__ = sorted(_PLACES)
__getattr__, __dir__ = lazily(__name__, _PLACES)
=======
__all__, __getattr__, __dir__ = lazily(__name__, __file__)
>>>>>>> main
