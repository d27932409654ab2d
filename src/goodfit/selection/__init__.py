"""Which net to keep: cross-validation of many settings as populations, with intervals and without leaks.

Names are loaded on first use, so that the command line's help does not load JAX.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from goodfit.lazy import lazily

if TYPE_CHECKING:
    from goodfit.selection.drawn import data_curve as data_curve
    from goodfit.selection.epochs import epoch_curve as epoch_curve
    from goodfit.selection.folds import Folds as Folds
    from goodfit.selection.folds import make_folds as make_folds
    from goodfit.selection.judging import Verdict as Verdict
    from goodfit.selection.judging import verdict as verdict
    from goodfit.selection.judging_runs import judge_run as judge_run
    from goodfit.selection.learning import learning_curve as learning_curve
    from goodfit.selection.result import Selection as Selection
    from goodfit.selection.search import resume as resume
    from goodfit.selection.search import select as select
    from goodfit.selection.space import Range as Range

_PLACES = {
    "Folds": "folds",
    "Range": "space",
    "Selection": "result",
    "Verdict": "judging",
    "judge_run": "judging_runs",
    "data_curve": "drawn",
    "epoch_curve": "epochs",
    "learning_curve": "learning",
    "make_folds": "folds",
    "resume": "search",
    "select": "search",
    "verdict": "judging",
}
__all__ = sorted(_PLACES)
__getattr__, __dir__ = lazily(__name__, _PLACES)
