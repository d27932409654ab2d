"""What both estimators share: parameters, the fit, the nets and their outputs."""

import os
from abc import abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, _fit_context
from sklearn.utils.validation import check_is_fitted

from goodfit.estimators import attributes, fitting, inputs, saving, together
from goodfit.estimators.callbacks import CallbackSupportMixin
from goodfit.estimators.parameters import ACTIVATIONS, SHARED, constraints
from goodfit.estimators.prediction import Weights, outputs
from goodfit.training.history import History

if TYPE_CHECKING:
    pass


def takes_batches(estimator: Any) -> bool:
    """Whether the solver is one that `partial_fit` can use; AttributeError in scikit-learn's words if not."""
    if estimator.solver == "lbfgs":
        raise AttributeError("partial_fit is only available for stochastic optimizers. lbfgs is not stochastic.")
    return True


class BaseMLP(CallbackSupportMixin, BaseEstimator):  # type: ignore[misc]
    """A multilayer perceptron with scikit-learn's interface; its two children say what it predicts."""

    _parameter_constraints: ClassVar[dict[str, Any]] = constraints(SHARED)

    def _keep(self, given: Mapping[str, Any]) -> None:
        """Set every parameter to what the constructor was given, unchanged, as scikit-learn asks."""
        for name in self._get_param_names():
            setattr(self, name, given[name])

    @_fit_context(prefer_skip_nested_validation=True)  # type: ignore[untyped-decorator]
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train on rows X [n_samples, n_features] with targets y [n_samples] or [n_samples, n_outputs].

        Ctrl-C ends the training and keeps what was trained, with a warning.

        X: array, sparse matrix or data frame
        y: targets
        sample_weight: [n_samples] or None.
        Raises ValueError for data or parameters that do not fit.
        """
        if not together.taken(self, X, y, sample_weight):
            fitting.fit(self, X, y, sample_weight, incremental=False)
        return self

    @property
    def nets_(self) -> list[Weights]:
        """The weights of every net: `coefs_` and `intercepts_` are those of the first."""
        check_is_fitted(self)
        return [Weights(self.coefs_, self.intercepts_, self._slopes), *self._more_nets]

    @property
    def history_(self) -> History:
        """Loss and score of all nets in all epochs, over all fits that went on from one another."""
        check_is_fitted(self)
        return attributes.history(self)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the nets to a model file (`.safetensors`), in float32, whole or not at all.

        `goodfit.load_model` reads it, and `goodfit show` and `goodfit predict`; reading one never runs code from it.
        """
        check_is_fitted(self)
        saving.save(self, path, self._activations())

    def _outputs(self, X: Any) -> list[NDArray[Any]]:
        """The outputs of every sound net, [N, C] each, after `out_activation_`."""
        check_is_fitted(self)
        x, names, nets, link = inputs.checked_x(self, X), self._activations(), self.nets_, self.out_activation_
        encoding = inputs.fitted_before(self)
        return [outputs(x, nets[net], names, link, encoding) for net in self._sound]

    def _activations(self) -> list[str]:
        """The activation of each hidden layer, in goodfit's names."""
        names = [self.activation] * (self.n_layers_ - 2) if isinstance(self.activation, str) else self.activation
        return [ACTIVATIONS.get(name, name) for name in names]

    def _mean_output(self, X: Any) -> NDArray[Any]:
        """The mean of the nets' outputs, [N, C]."""
        found = self._outputs(X)
        return found[0] if len(found) == 1 else np.mean(found, axis=0)

    def __sklearn_tags__(self) -> Any:
        """What scikit-learn may expect."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    @abstractmethod
    def _encoded(self, X: Any, y: Any, *, reset: bool, incremental: bool) -> tuple[Any, Any, NDArray[Any]]:
        """X checked, dense or sparse; y checked; y as columns of numbers, or of truth values, [n, C]."""

    @abstractmethod
    def _encoded_more(self, y: Any) -> tuple[Any, NDArray[Any]]:
        """The targets of validation rows, checked, and as columns."""

    @abstractmethod
    def _link(self) -> str:
        """What turns outputs into predictions: `out_activation_`."""

    @abstractmethod
    def _row_weights(self, y: Any, given: NDArray[Any] | None, *, incremental: bool) -> NDArray[Any] | None:
        """The weight of every row, or None for ones. given: `sample_weight`."""
