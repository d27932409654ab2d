"""From an estimator's parameters to recipes and jobs of the engine."""

import operator
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import get_scorer

from goodfit.errors import InputError, problem
from goodfit.estimators.parameters import ACTIVATIONS, DECOUPLED_DECAY, SMALLEST_RATE, STEPS_DOWN
from goodfit.estimators.streams import Stream, glorot_uniform
from goodfit.nets.initialisers import BIAS_INITIALISERS
from goodfit.training.initialise import PURPOSE, initial_layers
from goodfit.training.population import Job, NetArrays, Plateau
from goodfit.training.recipe import Recipe
from goodfit.training.schedules import Schedule
from goodfit.training.settings import schedule_of

NAMES = {  # a recipe's field -> the parameter that gives it, where the names differ
    "hidden": "hidden_layer_sizes",
    "optimizer": "solver",
    "learning_rate": "learning_rate_init",
    "l2": "alpha",
    "epochs": "max_iter",
    "beta1": "beta_1",
    "beta2": "beta_2",
    "nesterov": "nesterovs_momentum",
}
LOSSES = {"absolute_error": "absolute-error", "squared_error": "squared-error", "log_loss": "auto"}
SCHEDULE_FIELDS = ("schedule", "warmup", "schedule_rate", "schedule_epochs", "final_rate")
MOST_MOMENTUM = float(np.nextafter(1.0, 0.0))


@dataclass(frozen=True)
class InverseScaling(Schedule):
    """scikit-learn's 'invscaling': the rate of an epoch is divided by (rows seen before it + 1) ** power.

    rows: of an epoch; begun, seen: the epochs and rows of the fits before this one; afresh: the first epoch has the
    whole rate all the same.
    """

    kind: str = "invscaling"
    rows: int = 1
    power: float = 0.5
    begun: int = 0
    seen: int = 0
    afresh: bool = True

    def factors(self, first: int, count: int, steps: int) -> NDArray[np.float64]:
        """As in `Schedule`."""
        since = np.arange(first, first + count) - self.begun
        seen = self.seen + since * float(self.rows)
        return np.repeat(np.where(self.afresh & (since == 0), 1.0, (seen + 1.0) ** -self.power)[:, None], steps, axis=1)


@dataclass(frozen=True)
class Shifted(Schedule):
    """A schedule that begins after `begun` epochs: one of a fit that goes on from another."""

    inner: Schedule = field(default_factory=Schedule)
    begun: int = 0

    def factors(self, first: int, count: int, steps: int) -> NDArray[np.float64]:
        """As in `Schedule`."""
        return self.inner.factors(first - self.begun, count, steps)


def watched(estimator: Any) -> str | Callable[..., Any]:
    """What `early_stopping` means: "nothing", "score", "loss", or a scorer."""
    given = estimator.early_stopping
    if isinstance(given, str) and given not in ("score", "loss"):
        try:
            scorer: Callable[..., Any] = get_scorer(given)
            return scorer
        except ValueError as error:
            rule = "'early_stopping' must be a boolean, 'score', 'loss' or a scikit-learn scorer"
            fix = "See sklearn.metrics.get_scorer_names()."
            raise InputError(problem(type(estimator).__name__, rule, got=given, fix=fix)) from error
    if callable(given) or isinstance(given, str):
        chosen: str | Callable[..., Any] = given
        return chosen
    return "score" if given else "nothing"


def hidden_sizes(estimator: Any) -> tuple[int, ...]:
    """Units of the hidden layers; in scikit-learn's words, ValueError where one is not positive, TypeError where it is
    not whole.
    """
    given = estimator.hidden_layer_sizes
    sizes = list(given) if hasattr(given, "__iter__") else [given]
    if np.any(np.array(sizes) <= 0):
        raise ValueError(f"hidden_layer_sizes must be > 0, got {sizes}.")
    return tuple(operator.index(size) for size in sizes)


def recipe_of(estimator: Any, hidden: tuple[int, ...], seed: int, epochs: int, watches: str) -> Recipe:
    """The recipe of one net. epochs: of this fit; watches: "loss" or "score".

    InputError names parameters of the estimator that do not go together.
    """
    solver, activation = estimator.solver, estimator.activation
    names = [activation] if isinstance(activation, str) else list(activation)
    names = [ACTIVATIONS.get(name, name) for name in names]
    patience = estimator.n_iter_no_change
    fields: dict[str, Any] = {
        "hidden": hidden,
        "activation": names[0] if isinstance(activation, str) else tuple(names),
        "dropout": estimator.dropout if np.isscalar(estimator.dropout) else tuple(map(float, estimator.dropout)),
        "input_dropout": estimator.input_dropout,
        "encoding": estimator.encoding,
        "bins": estimator.bins,
        "loss": LOSSES.get(estimator.loss, estimator.loss),
        "label_smoothing": estimator.label_smoothing,
        "l1": estimator.l1,
        "l2": estimator.alpha,
        "optimizer": solver,
        "epochs": epochs,
        "patience": 0 if patience == np.inf else patience + 1,
        "min_change": estimator.tol,
        "monitor": watches,
        "schedule": "constant",
        "seed": seed,
    }
    if estimator.init is not None:
        fields |= {"init": estimator.init, "init_scale": estimator.init_scale}
    if isinstance(estimator.init_bias, str):
        fields["init_bias"] = estimator.init_bias
    elif estimator.init_bias is not None:
        fields |= {"init_bias": "constant", "init_bias_value": float(estimator.init_bias)}
    if solver != "lbfgs":
        fields["learning_rate"] = estimator.learning_rate_init
    if solver == "sgd" and estimator.momentum > 0:
        fields |= {
            "momentum": min(estimator.momentum, MOST_MOMENTUM),
            "nesterov": bool(estimator.nesterovs_momentum),
        }
    if solver in ("adam", "adamw", "lion"):
        fields |= {"beta1": estimator.beta_1, "beta2": estimator.beta_2}
    if solver == "rmsprop":
        fields["beta2"] = estimator.beta_2
    if solver in ("adam", "adamw", "rmsprop"):
        fields["epsilon"] = estimator.epsilon
    if solver in ("adamw", "lion"):
        given = estimator.weight_decay
        fields["weight_decay"] = DECOUPLED_DECAY if given is None else given
    elif estimator.weight_decay is not None:
        fields["weight_decay"] = estimator.weight_decay
    if estimator.clip_norm is not None:
        fields["clip_norm"] = estimator.clip_norm
    if getattr(estimator, "huber_delta", None) is not None:
        fields["huber_delta"] = estimator.huber_delta
    return _named(estimator, {**fields, **_schedule_fields(estimator)})


def _schedule_fields(estimator: Any) -> dict[str, Any]:
    """The recipe's fields that `schedule` gives."""
    given = estimator.schedule
    if given is None:
        return {}
    name = type(estimator).__name__
    if estimator.solver == "sgd" and estimator.learning_rate != "constant":
        rule = f"{name}: 'schedule' must be left out where 'learning_rate' is {estimator.learning_rate!r}"
        raise InputError(f"{rule}; got {given!r}. Use one of the two.")
    fields = {"schedule": given} if isinstance(given, str) else dict(given)
    wrong = sorted(map(str, fields.keys() - set(SCHEDULE_FIELDS)))
    if wrong:
        rule = f"{name}: 'schedule' must be a name, or a dict with the keys {', '.join(SCHEDULE_FIELDS)}"
        raise InputError(f"{rule}; got {', '.join(wrong)}.")
    return fields


def _named(estimator: Any, fields: dict[str, Any]) -> Recipe:
    """The recipe, or an InputError that speaks of the estimator's parameters."""
    try:
        return Recipe(**fields)
    except InputError as error:
        name = type(estimator).__name__
        raise InputError(*(_in_words_of(name, text) for text in error.problems)) from None


def _in_words_of(name: str, text: str) -> str:
    for ours, theirs in NAMES.items():
        text = text.replace(f"'{ours}'", f"'{theirs}'").replace(f"with {ours} ", f"with {theirs} ")
    return name + text.removeprefix("Recipe")


def initial_net(estimator: Any, recipe: Recipe, stream: Stream, inputs: int, outputs: int, dtype: Any) -> NetArrays:
    """The weights that a net starts with. Draws from the stream only what scikit-learn would draw."""
    sizes = [inputs, *recipe.hidden, outputs]
    slopes = (None,) * len(recipe.hidden)
    if estimator.init is not None:
        layers = initial_layers(recipe, inputs, outputs)
        return NetArrays(tuple(w.astype(dtype) for w, _ in layers), tuple(b.astype(dtype) for _, b in layers), slopes)
    net = glorot_uniform(stream.draws, sizes, estimator.activation == "logistic", dtype)
    if estimator.init_bias is None:
        return net
    draw = BIAS_INITIALISERS[recipe.init_bias].draw
    biases = tuple(
        draw(np.random.default_rng([stream.seed, PURPOSE, layer]), w.shape[1], w.shape[0], recipe.init_bias_value)
        for layer, w in enumerate(net.weights)
    )
    return NetArrays(net.weights, tuple(b.astype(dtype) for b in biases), slopes)


def job_of(estimator: Any, recipe: Recipe, initial: NetArrays, rows: int, begun: int, seen: int, afresh: bool) -> Job:
    """The job of one net.

    rows: of an epoch; begun, seen: epochs and rows of the fits before this one; afresh: whether rates begin anew.
    """
    policy = estimator.learning_rate if estimator.solver == "sgd" else "constant"
    schedule: Schedule = Shifted(inner=schedule_of(Job(recipe)), begun=begun)
    if policy == "invscaling":
        schedule = InverseScaling(rows=rows, power=estimator.power_t, begun=begun, seen=seen, afresh=afresh)
    floor = SMALLEST_RATE / estimator.learning_rate_init
    plateau = Plateau(1 / STEPS_DOWN, floor) if policy == "adaptive" else None
    whole = recipe.replace(epochs=begun + recipe.epochs) if begun else recipe
    return Job(whole, initial=initial, schedule=schedule, plateau=plateau)
