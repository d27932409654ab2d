"""`loss`: each gives one number a row, the mean over all axes but the first."""

from __future__ import annotations

from typing import Any

from goodfit.interop.mxnet import np, npx
from goodfit.interop.mxnet.array import ndarray
from goodfit.interop.mxnet.gluon.block import GluonBlock


class GluonLoss(GluonBlock):
    """A loss. weight: a factor, None for 1; batch_axis: the axis of the rows."""

    def __init__(self, weight: float | None = None, batch_axis: int = 0) -> None:
        super().__init__()
        self._weight, self._axis = weight, batch_axis

    def _rows(self, loss: ndarray, sample_weight: Any) -> ndarray:
        """Weighted, and the mean over all axes but that of the rows."""
        if sample_weight is not None:
            loss = loss * sample_weight
        if self._weight is not None:
            loss = loss * self._weight
        axes = tuple(axis for axis in range(loss.ndim) if axis != self._axis)
        return loss.mean(axis=axes) if axes else loss


class L2Loss(GluonLoss):
    """*Half* the squared error; the label takes the shape of the prediction."""

    def __init__(self, weight: float = 1.0, batch_axis: int = 0) -> None:
        super().__init__(weight, batch_axis)

    def forward(self, pred: ndarray, label: Any, sample_weight: Any = None) -> ndarray:
        """pred: (B, ...), label: as many numbers; (B,)."""
        error = np.array(label).reshape(pred.shape) if not isinstance(label, ndarray) else label.reshape(pred.shape)
        return self._rows(np.square(error - pred) / 2, sample_weight)


class L1Loss(GluonLoss):
    """The absolute error; the label takes the shape of the prediction."""

    def forward(self, pred: ndarray, label: ndarray, sample_weight: Any = None) -> ndarray:
        """pred: (B, ...), label: as many numbers; (B,)."""
        return self._rows(np.abs(label.reshape(pred.shape) - pred), sample_weight)


class SoftmaxCrossEntropyLoss(GluonLoss):
    """-log of the probability that softmax gives the label.

    axis: of the classes; sparse_label: whether labels are class numbers rather than probabilities; from_logits: whether
    predictions are logarithms of probabilities already.
    """

    def __init__(
        self,
        axis: int = -1,
        sparse_label: bool = True,
        from_logits: bool = False,
        weight: float | None = None,
        batch_axis: int = 0,
    ) -> None:
        super().__init__(weight, batch_axis)
        self._classes, self._sparse, self._given_logs = axis, sparse_label, from_logits

    def forward(self, pred: ndarray, label: ndarray, sample_weight: Any = None) -> ndarray:
        """pred: (B, C), label: (B,), or (B, C) where it is not sparse; (B,)."""
        logs = pred if self._given_logs else npx.log_softmax(pred, self._classes)
        if self._sparse:
            return self._rows(-npx.pick(logs, label, self._classes, keepdims=True), sample_weight)
        return self._rows(-(logs * label.reshape(pred.shape)).sum(self._classes, keepdims=True), sample_weight)


class SigmoidBinaryCrossEntropyLoss(GluonLoss):
    """-label log p - (1 - label) log(1 - p), p the sigmoid of the prediction.

    from_sigmoid: whether predictions are probabilities already.
    """

    def __init__(self, from_sigmoid: bool = False, weight: float | None = None, batch_axis: int = 0) -> None:
        super().__init__(weight, batch_axis)
        self._given_shares = from_sigmoid

    def forward(self, pred: ndarray, label: ndarray, sample_weight: Any = None) -> ndarray:
        """pred: (B, ...), label: as many numbers; (B,)."""
        label = label.reshape(pred.shape)
        if self._given_shares:
            loss = -(np.log(pred + 1e-12) * label + np.log(1.0 - pred + 1e-12) * (1.0 - label))
        else:  # log(1 + exp(-|x|)), which cannot overflow
            loss = npx.relu(pred) - pred * label + npx.activation(-np.abs(pred), "softrelu")
        return self._rows(loss, sample_weight)


Loss, SoftmaxCELoss, SigmoidBCELoss = GluonLoss, SoftmaxCrossEntropyLoss, SigmoidBinaryCrossEntropyLoss
