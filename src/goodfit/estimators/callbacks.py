"""scikit-learn's callbacks (from 1.9 on): each epoch of a fit is a task of theirs. Older versions have none."""

from collections.abc import Callable, Sequence
from typing import Any

from goodfit.estimators.prediction import as_weights, net_attributes
from goodfit.training.population import NetArrays

try:
    from sklearn.callback import CallbackSupportMixin as CallbackSupportMixin
except ImportError:

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """Stands for scikit-learn's, where the installed version has none."""


class Tasks:
    """The tasks of one fit: the fit itself, and one an epoch where somebody listens.

    epochs: at most; 0 for a `partial_fit`, of which nobody is told.
    """

    def __init__(self, estimator: Any, x: Any, y: Any, sample_weight: Any, epochs: int) -> None:
        self.estimator = estimator
        metadata = None if sample_weight is None else {"sample_weight": sample_weight}
        self.shared = {"estimator": estimator, "X": x, "y": y, "metadata": metadata}
        self.context: Any = None
        self.epoch: Any = None
        if epochs and hasattr(estimator, "_init_callback_context"):
            self.context = estimator._init_callback_context(max_subtasks=epochs)
            self.context.call_on_fit_task_begin(**self.shared)

    @property
    def heard(self) -> bool:
        """Whether any callback listens."""
        return self.context is not None and bool(getattr(self.estimator, "_skl_callbacks", None))

    def begin_epoch(self, nets: Sequence[NetArrays]) -> None:
        """Tell that an epoch begins with these nets."""
        if self.heard and self.context is not None:
            self.epoch = self.context.subcontext(task_name="epoch")
            self.epoch.call_on_fit_task_begin(**self.shared, reconstruction_attributes=fitted_by(nets))

    def end_epoch(self, nets: Sequence[NetArrays]) -> bool:
        """Tell that the epoch is over, and left these nets; whether a callback wants the fit to end."""
        if self.epoch is None:
            return False
        done, self.epoch = self.epoch, None
        return bool(done.call_on_fit_task_end(**self.shared, reconstruction_attributes=fitted_by(nets)))

    def end(self) -> None:
        """Tell that the fit is over, and with it an epoch that never ran."""
        if self.epoch is not None:
            self.epoch.call_on_fit_task_end(estimator=self.estimator)
        if self.context is not None:
            self.context.call_on_fit_task_end(**self.shared, reconstruction_attributes={})


def fitted_by(nets: Sequence[NetArrays]) -> Callable[[], dict[str, Any]]:
    """What makes a copy of an estimator predict with these nets, when it is asked for."""
    return lambda: net_attributes([as_weights(net) for net in nets])
