"""`MLPRegressor`."""

from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import RegressorMixin, _fit_context
from sklearn.utils import check_array, column_or_1d
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import validate_data

from goodfit.errors import InputError, problem
from goodfit.estimators import fitting
from goodfit.estimators.base import BaseMLP, takes_batches
from goodfit.estimators.inputs import SPARSE
from goodfit.estimators.parameters import REGRESSOR, SHARED, constraints, documented


@documented({**SHARED, **REGRESSOR})
class MLPRegressor(RegressorMixin, BaseMLP):  # type: ignore[misc]
    """A multilayer perceptron for numbers, one target or several: scikit-learn's, and more.

    Each parameter of scikit-learn's MLPRegressor has its name, meaning and default here, and with the same integer
    `random_state` trains the same net, up to rounding. The rest is goodfit's own. Neither inputs nor targets are
    scaled: put StandardScaler and TransformedTargetRegressor around it; the latter also transforms heavy-tailed targets
    (func=np.log, inverse_func=np.exp), as `target_transform` of a Recipe does.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    coefs_, intercepts_ : lists of the weights [in, out] and biases [out] of every layer, of the first net
    nets_ : the same of every net
    loss_, best_loss_, loss_curve_ : the objective (penalties included) at the end, at its least, and in every epoch
    validation_loss_curve_, validation_scores_, best_validation_score_ : on the validation rows, None without them
    history_ : loss and score of all nets in all epochs, a goodfit History
    encoding_ : the columns and edges of the encoding, None without one
    n_iter_, t_ : epochs of the last fit; rows seen in all
    n_layers_, n_outputs_, out_activation_, n_features_in_, feature_names_in_ : as in scikit-learn

    Curves of several nets are means over those that still trained. Scores are R²: with early stopping by score the mean
    over targets, as in `score`; else of all targets together, which is the same for one target.

    Examples
    --------
    >>> import numpy as np
    >>> from goodfit import MLPRegressor
    >>> X = np.linspace(-1, 1, 100)[:, None]
    >>> net = MLPRegressor(solver="lbfgs", n_nets=2, random_state=0).fit(X, X[:, 0] ** 2)
    >>> net.predict_std(X).shape
    (100,)
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {**BaseMLP._parameter_constraints, **constraints(REGRESSOR)}

    def __init__(
        self,
        loss: str = "squared_error",
        hidden_layer_sizes: Any = (100,),
        activation: Any = "relu",
        *,
        solver: str = "adam",
        alpha: float = 0.0001,
        batch_size: int | str = "auto",
        learning_rate: str = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: Any = None,
        tol: float = 1e-4,
        verbose: bool | int = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: Any = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: float = 10,
        max_fun: int = 15000,
        dropout: Any = 0.0,
        input_dropout: float = 0.0,
        l1: float = 0.0,
        weight_decay: float | None = None,
        init: str | None = None,
        init_scale: float | None = None,
        init_bias: float | str | None = None,
        label_smoothing: float = 0.0,
        schedule: Any = None,
        clip_norm: float | None = None,
        validation_data: Any = None,
        n_nets: int = 1,
        dtype: str = "auto",
        encoding: str = "none",
        bins: int = 16,
        huber_delta: float = 1.0,
    ) -> None:
        """Keep the parameters; `fit` checks them."""
        self._keep(locals())

    @available_if(takes_batches)  # type: ignore[untyped-decorator]
    @_fit_context(prefer_skip_nested_validation=True)  # type: ignore[untyped-decorator]
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train one epoch on these rows, going on from the last call.

        With early stopping, `n_iter_no_change` calls without improvement bring the best weights back, and later calls
        change nothing.
        """
        fitting.fit(self, X, y, sample_weight, incremental=True)
        return self

    def predict(self, X: Any) -> NDArray[Any]:
        """The predicted numbers [n_samples] or [n_samples, n_outputs]; means over the nets."""
        return _flat(self._mean_output(X))

    def predict_std(self, X: Any) -> NDArray[Any]:
        """The standard deviation of the nets' predictions (divisor n_nets - 1), in the shape of `predict`.

        It shows how far the nets disagree, which is no interval for new rows: noise in the targets is not in it;
        `goodfit.Run.predict_interval` gives those. InputError with fewer than two nets.
        """
        found = self._outputs(X)
        if len(found) < 2:
            rule = "'predict_std' needs at least two nets"
            raise InputError(problem(type(self).__name__, rule, got=len(found), fix="Fit with n_nets=5."))
        return _flat(np.std(found, axis=0, ddof=1))

    def _encoded(self, X: Any, y: Any, *, reset: bool, incremental: bool) -> tuple[Any, Any, NDArray[Any]]:
        X, y = validate_data(
            self,
            X,
            y,
            accept_sparse=SPARSE,
            multi_output=True,
            y_numeric=True,
            dtype=(np.float64, np.float32),
            reset=reset,
        )
        y, table = self._targets(y)
        if not reset and table.shape[1] != self.n_outputs_:
            raise ValueError(f"y has {table.shape[1]} columns, and had {self.n_outputs_} in the previous call to fit")
        return X, y, table

    def _encoded_more(self, y: Any) -> tuple[Any, NDArray[Any]]:
        y, table = self._targets(check_array(y, ensure_2d=False, dtype="numeric", input_name="y"))
        if table.shape[1] != self.n_outputs_:
            raise ValueError(f"y has {table.shape[1]} columns, and the training data have {self.n_outputs_}")
        return y, table

    def _targets(self, y: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        y = column_or_1d(y, warn=True) if y.ndim == 2 and y.shape[1] == 1 else y
        if self.loss == "poisson" and (y < 0).any():
            rule = "loss 'poisson' needs targets >= 0"
            raise InputError(problem(type(self).__name__, rule, got=float(y.min()), fix="Use another loss."))
        return y, y.reshape(len(y), -1)

    def _link(self) -> str:
        return "exp" if self.loss == "poisson" else "identity"

    def _row_weights(self, y: Any, given: NDArray[Any] | None, *, incremental: bool) -> NDArray[Any] | None:
        return given


def _flat(values: NDArray[Any]) -> NDArray[Any]:
    return values.ravel() if values.shape[1] == 1 else values
