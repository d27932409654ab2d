"""The parameters of both estimators: their texts, shared by the two docstrings, and what each may hold."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, TypeVar, get_args

import numpy as np
from sklearn.utils._param_validation import Interval, Options, StrOptions

from goodfit.training.recipe import ActivationName, BiasInitialiserName, InitialiserName, ScheduleName

ACTIVATIONS = {"logistic": "sigmoid"}  # scikit-learn's word -> goodfit's
SOLVERS = {"lbfgs", "sgd", "adam", "adamw", "rmsprop", "lion"}
DECOUPLED_DECAY = 0.01  # weight decay of adamw and lion where none is given; that of torch.optim.AdamW
REGRESSION_LOSSES = {"squared_error", "poisson", "absolute_error", "huber"}
STEPS_DOWN = 5.0  # learning_rate='adaptive' divides by this, as scikit-learn does
SMALLEST_RATE = 1e-6  # at or below which 'adaptive' stops instead

_activations = StrOptions({*get_args(ActivationName), *ACTIVATIONS})
_share = Interval(Real, 0, 1, closed="left")
_at_least_zero = Interval(Real, 0, None, closed="left")
_above_zero = Interval(Real, 0, None, closed="neither")
_count = Interval(Integral, 1, None, closed="left")


@dataclass(frozen=True)
class EstimatorParameter:
    """One parameter: its values in words, its meaning, and the constraints that scikit-learn checks it by."""

    values: str
    text: str
    constraints: list[Any]


SCIKIT = {
    "hidden_layer_sizes": EstimatorParameter(
        "array-like of int or int", "Units of each hidden layer, from input to output.", ["array-like", _count]
    ),
    "activation": EstimatorParameter(
        "str or list of str",
        "Activation of the hidden layers: scikit-learn's 'identity', 'logistic', 'tanh', 'relu', or any of "
        "goodfit's ('gelu', 'silu', 'leaky-relu', 'elu', 'selu', 'softplus', 'mish', 'prelu', 'sigmoid'). A list names "
        "one per hidden layer.",
        [_activations, list, tuple],
    ),
    "solver": EstimatorParameter(
        "{'lbfgs', 'sgd', 'adam', 'adamw', 'rmsprop', 'lion'}",
        "Optimiser. 'lbfgs' is SciPy's full-batch L-BFGS-B, in float64; the others are stochastic and use batches.",
        [StrOptions(SOLVERS)],
    ),
    "alpha": EstimatorParameter(
        "float",
        "Strength of the L2 penalty, as in scikit-learn: alpha / 2 times the sum of squared weights, divided by the "
        "batch size (or its sum of sample weights), is added to the loss. Biases are not penalised.",
        [_at_least_zero],
    ),
    "batch_size": EstimatorParameter(
        "int or 'auto'", "Batch size. 'auto' is min(200, n_samples).", [StrOptions({"auto"}), _count]
    ),
    "learning_rate": EstimatorParameter(
        "{'constant', 'invscaling', 'adaptive'}",
        "Learning rate schedule of solver 'sgd'. 'invscaling' divides it by (samples seen + 1) ** power_t after each "
        "epoch; 'adaptive' divides it by 5 when training would stop for lack of improvement, and stops once it is "
        "1e-6 or less.",
        [StrOptions({"constant", "invscaling", "adaptive"})],
    ),
    "learning_rate_init": EstimatorParameter("float", "Initial learning rate.", [_above_zero]),
    "power_t": EstimatorParameter("float", "The exponent of 'invscaling'.", [_at_least_zero]),
    "max_iter": EstimatorParameter("int", "Maximum number of epochs; with 'lbfgs', of iterations.", [_count]),
    "shuffle": EstimatorParameter("bool", "Whether to shuffle the samples in each epoch.", ["boolean"]),
    "random_state": EstimatorParameter(
        "int, RandomState instance or None",
        "Random seed. With the same integer, initial weights, validation set and batches are those of scikit-learn's "
        "MLP.",
        ["random_state"],
    ),
    "tol": EstimatorParameter(
        "float",
        "Smallest improvement of the training loss, or with early stopping of the validation metric, that counts. With "
        "'lbfgs', the largest component of the gradient at which it stops.",
        [_at_least_zero],
    ),
    "verbose": EstimatorParameter("bool or int", "Whether to print the loss of every epoch.", ["verbose"]),
    "warm_start": EstimatorParameter(
        "bool",
        "Whether `fit` continues from the weights and the optimiser state of the previous `fit`.",
        ["boolean"],
    ),
    "momentum": EstimatorParameter("float", "Momentum of 'sgd', in [0, 1].", [Interval(Real, 0, 1, closed="both")]),
    "nesterovs_momentum": EstimatorParameter("bool", "Whether to use Nesterov momentum ('sgd').", ["boolean"]),
    "early_stopping": EstimatorParameter(
        "bool, 'score', 'loss', str or callable",
        "Whether to hold out a validation set, stop when it no longer improves, and keep the best weights. "
        "True and 'score' monitor accuracy (or R²), 'loss' the loss; any other name, or a callable, is a scikit-learn "
        "scorer, which costs one prediction per epoch on the host.",
        ["boolean", str, callable],
    ),
    "validation_fraction": EstimatorParameter(
        "float", "Fraction of the data held out for early stopping, unless `validation_data` is given.", [_share]
    ),
    "beta_1": EstimatorParameter("float", "Decay rate of the first moment ('adam', 'adamw', 'lion').", [_share]),
    "beta_2": EstimatorParameter("float", "Decay rate of the second moment (the same, and 'rmsprop').", [_share]),
    "epsilon": EstimatorParameter(
        "float", "Added to the denominator for stability ('adam', 'adamw', 'rmsprop').", [_above_zero]
    ),
    "n_iter_no_change": EstimatorParameter(
        "int", "Epochs without improvement before training stops.", [_count, Options(Real, {np.inf})]
    ),
    "max_fun": EstimatorParameter("int", "Maximum number of loss evaluations ('lbfgs').", [_count]),
}
BEYOND = {
    "dropout": EstimatorParameter(
        "float or list of float",
        "Dropout rate of the hidden layers: one for all, or one per layer.",
        [_share, list, tuple],
    ),
    "input_dropout": EstimatorParameter("float", "Dropout rate of the inputs.", [_share]),
    "l1": EstimatorParameter(
        "float",
        "Strength of the L1 penalty: l1 times the sum of absolute weights is added to the loss (not divided by the "
        "batch size, unlike alpha). Weights become exactly zero.",
        [_at_least_zero],
    ),
    "weight_decay": EstimatorParameter(
        "float or None",
        "Decoupled weight decay: each step shrinks the weights by this times the learning rate ('adamw', 'lion'). None "
        "is 0.01.",
        [None, _at_least_zero],
    ),
    "init": EstimatorParameter(
        "str or None",
        "Weight initialisation; see the page on recipes in the documentation. None: weights and biases as in "
        "scikit-learn, Glorot uniform.",
        [None, StrOptions(set(get_args(InitialiserName)))],
    ),
    "init_scale": EstimatorParameter(
        "float or None",
        "Standard deviation, half-width, value or gain of `init`. None: its default.",
        [None, Interval(Real, None, None, closed="neither")],
    ),
    "init_bias": EstimatorParameter(
        "float, str or None",
        "Value of all biases, or a bias initialisation ('zeros', 'torch'). None: with `init`, zeros.",
        [
            None,
            StrOptions(set(get_args(BiasInitialiserName)) - {"constant"}),
            Interval(Real, None, None, closed="neither"),
        ],
    ),
    "label_smoothing": EstimatorParameter(
        "float", "Label smoothing: fraction of each label spread evenly over all classes.", [_share]
    ),
    "schedule": EstimatorParameter(
        "str, dict or None",
        "Learning rate schedule over the `max_iter` epochs of a fit, with any solver but 'lbfgs': 'cosine', "
        "'one-cycle', 'step', 'exponential', 'constant'; or a dict of the recipe's fields schedule, warmup, "
        "schedule_rate, schedule_epochs, final_rate. None leaves it to `learning_rate`. Not for partial_fit.",
        [None, dict, StrOptions(set(get_args(ScheduleName)))],
    ),
    "clip_norm": EstimatorParameter(
        "float or None", "Maximum norm of a net's gradient; longer ones are clipped.", [None, _above_zero]
    ),
    "validation_data": EstimatorParameter(
        "tuple (X, y) or (X, y, sample_weight), or None",
        "Your own validation set, instead of a fraction of the training data. Its loss and score are recorded every "
        "epoch, with or without early stopping.",
        [None, tuple, list],
    ),
    "n_nets": EstimatorParameter(
        "int",
        "Ensemble size: nets to train together, one per seed. Predictions are means over the nets, of probabilities or "
        "of numbers. All nets share one validation set: that of the first seed, or your own.",
        [_count],
    ),
    "dtype": EstimatorParameter(
        "{'auto', 'float32', 'float64'}",
        "Data type of the computation. 'auto' is that of X, as in scikit-learn; 'float32' is up to twice as fast on "
        "large data.",
        [StrOptions({"auto", "float32", "float64"})],
    ),
}
CLASSIFIER = {
    "class_weight": EstimatorParameter(
        "dict, 'balanced' or None",
        "Weight of each class. 'balanced': n_samples / (n_classes * samples of the class).",
        [None, dict, list, StrOptions({"balanced"})],
    ),
    "loss": EstimatorParameter("{'log_loss'}", "The training loss.", [StrOptions({"log_loss"})]),
}
REGRESSOR = {
    "loss": EstimatorParameter(
        "{'squared_error', 'poisson', 'absolute_error', 'huber'}",
        "The training loss. With 'poisson' predictions are exp(outputs), and targets must not be negative.",
        [StrOptions(REGRESSION_LOSSES)],
    ),
    "huber_delta": EstimatorParameter(
        "float", "Residual up to which 'huber' is quadratic, in the unit of the targets.", [_above_zero]
    ),
}
SHARED = {**SCIKIT, **BEYOND}

_C = TypeVar("_C", bound=type)


def constraints(parameters: Mapping[str, EstimatorParameter]) -> dict[str, list[Any]]:
    """What scikit-learn validates parameters by."""
    return {name: each.constraints for name, each in parameters.items()}


def _indented(text: str) -> str:
    return textwrap.fill(text, 100, initial_indent="    ", subsequent_indent="    ")


def documented(parameters: Mapping[str, EstimatorParameter]) -> Callable[[_C], _C]:
    """Fill `{parameters}` in a class's docstring with the texts of its parameters, in the order of its signature."""

    def fill(cls: _C) -> _C:
        signature = inspect.signature(cls.__init__)  # type: ignore[misc]
        entries = [
            f"{name} : {parameters[name].values}, default={given.default!r}\n" + _indented(parameters[name].text)
            for name, given in signature.parameters.items()
            if name != "self"
        ]
        cls.__doc__ = inspect.cleandoc(cls.__doc__ or "").replace("{parameters}", "\n".join(entries))
        return cls

    return fill
