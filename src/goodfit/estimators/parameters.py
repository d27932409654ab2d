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
class Parameter:
    """One parameter: its values in words, its meaning, and the constraints that scikit-learn checks it by."""

    values: str
    text: str
    constraints: list[Any]


SCIKIT = {
    "hidden_layer_sizes": Parameter(
        "array-like of int or int", "Units of each hidden layer, from the inputs on.", ["array-like", _count]
    ),
    "activation": Parameter(
        "str or list of str",
        "Activation after the hidden layers: scikit-learn's 'identity', 'logistic', 'tanh', 'relu', or any of "
        "goodfit's ('gelu', 'silu', 'leaky-relu', 'elu', 'selu', 'softplus', 'mish', 'prelu', 'sigmoid'). A list names "
        "one for each hidden layer.",
        [_activations, list, tuple],
    ),
    "solver": Parameter(
        "{'lbfgs', 'sgd', 'adam', 'adamw', 'rmsprop', 'lion'}",
        "How the weights are found. 'lbfgs' is SciPy's L-BFGS-B on all rows at once, in float64; the others take "
        "batches.",
        [StrOptions(SOLVERS)],
    ),
    "alpha": Parameter(
        "float",
        "Strength of the L2 penalty, in scikit-learn's meaning: alpha / 2 times the sum of squared weights, divided by "
        "the rows (the sum of their weights) of the batch, joins the loss. Biases are exempt.",
        [_at_least_zero],
    ),
    "batch_size": Parameter(
        "int or 'auto'", "Rows of a batch. 'auto' is the smaller of 200 and the rows.", [StrOptions({"auto"}), _count]
    ),
    "learning_rate": Parameter(
        "{'constant', 'invscaling', 'adaptive'}",
        "What becomes of the learning rate, with solver 'sgd'. 'invscaling' divides it by (rows seen + 1) ** power_t "
        "after each epoch; 'adaptive' divides it by 5 where training would stop for want of improvement, and stops "
        "once it is 1e-6 or less.",
        [StrOptions({"constant", "invscaling", "adaptive"})],
    ),
    "learning_rate_init": Parameter("float", "Size of the steps.", [_above_zero]),
    "power_t": Parameter("float", "The exponent of 'invscaling'.", [_at_least_zero]),
    "max_iter": Parameter("int", "Epochs at most; with 'lbfgs', iterations.", [_count]),
    "shuffle": Parameter("bool", "Whether each epoch takes the rows in a new order.", ["boolean"]),
    "random_state": Parameter(
        "int, RandomState instance or None",
        "Decides every random draw. With the same integer, weights, validation rows and batches are those of "
        "scikit-learn's MLP.",
        ["random_state"],
    ),
    "tol": Parameter(
        "float",
        "Smallest change of the training loss, or with early stopping of what is watched, that counts as improvement. "
        "With 'lbfgs', the largest component of the gradient at which it stops.",
        [_at_least_zero],
    ),
    "verbose": Parameter("bool or int", "Whether to print the loss of every epoch.", ["verbose"]),
    "warm_start": Parameter(
        "bool",
        "Whether `fit` goes on from the weights of the last `fit`, and from the state of its optimiser.",
        ["boolean"],
    ),
    "momentum": Parameter(
        "float", "Share of the last step that the next keeps ('sgd'), in [0, 1].", [Interval(Real, 0, 1, closed="both")]
    ),
    "nesterovs_momentum": Parameter("bool", "Whether the momentum looks ahead ('sgd').", ["boolean"]),
    "early_stopping": Parameter(
        "bool, 'score', 'loss', str or callable",
        "Whether to watch validation rows, stop when they improve no more, and keep the weights of the best epoch. "
        "True and 'score' watch accuracy (or R²), 'loss' the loss; any other name, or a callable, is a scorer of "
        "scikit-learn's, which costs a prediction an epoch on the host.",
        ["boolean", str, callable],
    ),
    "validation_fraction": Parameter(
        "float", "Share of the rows that early stopping sets aside, unless `validation_data` is given.", [_share]
    ),
    "beta_1": Parameter("float", "Decay of the gradient's mean ('adam', 'adamw', 'lion').", [_share]),
    "beta_2": Parameter("float", "Decay of the squared gradient's mean (the same, and 'rmsprop').", [_share]),
    "epsilon": Parameter("float", "Added before dividing ('adam', 'adamw', 'rmsprop').", [_above_zero]),
    "n_iter_no_change": Parameter(
        "int", "Epochs without improvement that are borne before training stops.", [_count, Options(Real, {np.inf})]
    ),
    "max_fun": Parameter("int", "Evaluations of the loss at most ('lbfgs').", [_count]),
}
BEYOND = {
    "dropout": Parameter(
        "float or list of float",
        "Share of units dropped after hidden layers: one for all, or one for each.",
        [_share, list, tuple],
    ),
    "input_dropout": Parameter("float", "Share of inputs dropped.", [_share]),
    "l1": Parameter(
        "float",
        "Strength of the L1 penalty: l1 times the sum of absolute weights joins the loss (it is not divided by rows, "
        "as alpha is). Weights become exactly zero.",
        [_at_least_zero],
    ),
    "weight_decay": Parameter(
        "float or None",
        "Each step shrinks the weights by learning rate times this ('adamw', 'lion'). None is 0.01.",
        [None, _at_least_zero],
    ),
    "init": Parameter(
        "str or None",
        "How weights are drawn; see the documentation's page on recipes. None: as scikit-learn draws weights and "
        "biases, uniform in Glorot's range.",
        [None, StrOptions(set(get_args(InitialiserName)))],
    ),
    "init_scale": Parameter(
        "float or None",
        "Deviation, half-width, value or gain of `init`. None: its own.",
        [None, Interval(Real, None, None, closed="neither")],
    ),
    "init_bias": Parameter(
        "float, str or None",
        "The value of all biases, or how they are drawn ('zeros', 'torch'). None: with `init`, zeros.",
        [
            None,
            StrOptions(set(get_args(BiasInitialiserName)) - {"constant"}),
            Interval(Real, None, None, closed="neither"),
        ],
    ),
    "label_smoothing": Parameter("float", "Share of each label spread evenly over all classes.", [_share]),
    "schedule": Parameter(
        "str, dict or None",
        "How the learning rate changes over the `max_iter` epochs of a fit, with any solver but 'lbfgs': 'cosine', "
        "'one-cycle', 'step', 'exponential', 'constant'; or a dict of the recipe's fields schedule, warmup, "
        "schedule_rate, schedule_epochs, final_rate. None leaves it to `learning_rate`. Not for partial_fit.",
        [None, dict, StrOptions(set(get_args(ScheduleName)))],
    ),
    "clip_norm": Parameter("float or None", "Longest gradient, over all weights of a net.", [None, _above_zero]),
    "validation_data": Parameter(
        "tuple (X, y) or (X, y, sample_weight), or None",
        "Rows to validate on, in the place of a share of the training rows. Their loss and score are recorded every "
        "epoch, with early stopping or without.",
        [None, tuple, list],
    ),
    "n_nets": Parameter(
        "int",
        "Nets to train, from as many seeds, as one population. Predictions are means over the nets: of probabilities, "
        "or of numbers. All nets validate on the same rows: those that the first seed sets aside, or your own.",
        [_count],
    ),
    "dtype": Parameter(
        "{'auto', 'float32', 'float64'}",
        "Of all arithmetic. 'auto' is that of X, as in scikit-learn; 'float32' is up to twice as fast on large data.",
        [StrOptions({"auto", "float32", "float64"})],
    ),
}
CLASSIFIER = {
    "class_weight": Parameter(
        "dict, 'balanced' or None",
        "Weight of the rows of each class. 'balanced': rows / (classes * rows of the class).",
        [None, dict, list, StrOptions({"balanced"})],
    ),
    "loss": Parameter("{'log_loss'}", "The loss that is trained on.", [StrOptions({"log_loss"})]),
}
REGRESSOR = {
    "loss": Parameter(
        "{'squared_error', 'poisson', 'absolute_error', 'huber'}",
        "The loss that is trained on. With 'poisson' predictions are exp(outputs), and targets must not be negative.",
        [StrOptions(REGRESSION_LOSSES)],
    ),
    "huber_delta": Parameter(
        "float", "Residual up to which 'huber' is quadratic, in the targets' unit.", [_above_zero]
    ),
}
SHARED = {**SCIKIT, **BEYOND}

_C = TypeVar("_C", bound=type)


def constraints(parameters: Mapping[str, Parameter]) -> dict[str, list[Any]]:
    """What scikit-learn validates parameters by."""
    return {name: each.constraints for name, each in parameters.items()}


def _indented(text: str) -> str:
    return textwrap.fill(text, 100, initial_indent="    ", subsequent_indent="    ")


def documented(parameters: Mapping[str, Parameter]) -> Callable[[_C], _C]:
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
