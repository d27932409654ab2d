"""Losses of every row, the score of every row, and what turns outputs into predictions.

Arrays are units-major: outputs z are [..., C, B] and the leading axes are nets, so that sums over outputs run over
axis -2. Targets may have axes of length 1 where nets share their rows. Everything keeps the type of z. There are no
gathers: the output of a row's class is picked by comparing class numbers, which fuses with the rest.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Bool, Float, Int

from goodfit.errors import InputError, nearest, problem
from goodfit.nets.activations import softplus

Rows = Float[Array, "... B"]
PerRow = Callable[[Array, Array, Any, Any], tuple[Array, Array]]


@dataclass(frozen=True)
class Loss:
    """One loss.

    name: as in a recipe
    tasks: the kinds of targets that it takes.
    per_row: (z, target, smoothing, delta) -> (trained, plain), [..., B] each. trained is what training minimises,
    plain is the same loss without label smoothing, which is what is reported. target: whole class numbers [..., B]
    for cross-entropy, numbers [..., C, B] for the others. smoothing (of labels, in [0, 1)) and delta (Huber's, > 0)
    are broadcast against [..., B]; smoothing None leaves it out of the program; delta is read by huber alone.
    formula: of one row, in plain text.
    source: where it is defined
    link: the name in LINKS of what turns outputs into predictions.
    """

    name: str
    tasks: tuple[str, ...]
    per_row: PerRow
    formula: str
    source: str
    link: str


def cross_entropy(
    z: Float[Array, "... C B"], target: Int[Array, "... B"], smoothing: Any, delta: Any
) -> tuple[Rows, Rows]:
    """Minus the log-probability of the row's class under softmax, in nats; never overflows.

    Smoothing s moves the share s of a row's weight from its class to all classes alike (its own among them).
    A class number outside 0..C-1 gives a finite value without meaning: weigh such rows with zero.
    """
    # the shift cancels in the value and in the gradient: it only keeps exp from overflowing
    top = lax.stop_gradient(z.max(-2, keepdims=True))
    log_sum = jnp.log(jnp.exp(z - top).sum(-2)) + top[..., 0, :]
    own = _own_output(z, target)
    plain = log_sum - own
    if smoothing is None:
        return plain, plain
    return plain + _like(smoothing, z) * (own - z.mean(-2)), plain


def binary_cross_entropy(
    z: Float[Array, "... C B"], target: Float[Array, "... C B"], smoothing: Any, delta: Any
) -> tuple[Rows, Rows]:
    """Minus the log-likelihood of yes-or-no targets under sigmoid, in nats, summed over outputs; never overflows.

    target: 1 or 0, or a probability. Smoothing s moves targets towards 1/2: t (1 - s) + s/2.
    """
    plain = (softplus(z) - z * target).sum(-2)
    if smoothing is None:
        return plain, plain
    return plain + _like(smoothing, z) * (z * (target - 0.5)).sum(-2), plain


def squared_error(
    z: Float[Array, "... C B"], target: Float[Array, "... C B"], smoothing: Any, delta: Any
) -> tuple[Rows, Rows]:
    """Half the squared difference, summed over outputs."""
    difference = z - target
    plain = 0.5 * (difference * difference).sum(-2)
    return plain, plain


def absolute_error(
    z: Float[Array, "... C B"], target: Float[Array, "... C B"], smoothing: Any, delta: Any
) -> tuple[Rows, Rows]:
    """The absolute difference, summed over outputs; its derivative at 0 is 0."""
    difference = z - target
    plain = (difference * lax.sign(difference)).sum(-2)  # not abs, whose derivative at 0 JAX takes to be 1
    return plain, plain


def huber(z: Float[Array, "... C B"], target: Float[Array, "... C B"], smoothing: Any, delta: Any) -> tuple[Rows, Rows]:
    """Half the squared difference up to delta, and its tangent beyond, summed over outputs."""
    difference = z - target
    width = _like(delta, z)
    width = width[..., None, :] if width.ndim else width
    inner = jnp.minimum(jnp.maximum(difference, -width), width)  # the difference, cut to [-delta, delta]
    plain = (inner * (difference - 0.5 * inner)).sum(-2)
    return plain, plain


def poisson(
    z: Float[Array, "... C B"], target: Float[Array, "... C B"], smoothing: Any, delta: Any
) -> tuple[Rows, Rows]:
    """Half the deviance of a Poisson distribution of mean exp(z), summed over outputs; 0 where exp(z) is the target.

    target: >= 0, not necessarily whole. Infinite where exp(z) overflows, from z = 88.7 on in float32.
    With d = z - log t the formula is t (exp(d) - 1 - d), which does not subtract large numbers of equal size.
    """
    some = target > 0
    mean = jnp.where(some, target, jnp.ones((), z.dtype))
    ratio = jnp.where(some, z - jnp.log(mean), jnp.zeros((), z.dtype))  # log(exp(z) / t)
    plain = jnp.where(some, mean * (jnp.expm1(ratio) - ratio), jnp.exp(z)).sum(-2)
    return plain, plain


def quantile(
    z: Float[Array, "... C B"], target: Float[Array, "... T B"], smoothing: Any, delta: Any
) -> tuple[Rows, Rows]:
    """The pinball loss of quantiles of several levels, summed over levels and targets.

    z: T medians, then for each other level, from the lowest, a step of each target: a quantile is the one below plus
    softplus(step), so that none can cross another. delta: the levels [L], symmetric about 0.5, which is among them.
    """
    levels, targets = jnp.asarray(delta, z.dtype), target.shape[-2]
    middle = len(delta) // 2
    median = z[..., None, :targets, :]  # [..., 1, T, B]
    steps = softplus(z[..., targets:, :]).reshape(*z.shape[:-2], len(delta) - 1, targets, z.shape[-1])
    below = median - lax.cumsum(steps[..., :middle, :, :], axis=steps.ndim - 3, reverse=True)
    above = median + jnp.cumsum(steps[..., middle:, :, :], axis=-3)
    difference = target[..., None, :, :] - jnp.concatenate([below, median, above], axis=-3)
    level = levels[:, None, None]
    plain = jnp.maximum(level * difference, (level - 1) * difference).sum((-3, -2))
    return plain, plain


def _is_own(z: Array, target: Array) -> Bool[Array, "... C B"]:
    """Where an output belongs to the row's class."""
    return _classes(z) == target.astype(jnp.int32)[..., None, :]


def _classes(z: Array) -> Int[Array, "C 1"]:
    return lax.broadcasted_iota(jnp.int32, (z.shape[-2], 1), 0)


def _own_output(z: Array, target: Array) -> Rows:
    """The output of the row's class."""
    return jnp.where(_is_own(z, target), z, jnp.zeros((), z.dtype)).sum(-2)


def _like(value: Any, z: Array) -> Array:
    return jnp.asarray(value, z.dtype)


LOSSES: dict[str, Loss] = {
    each.name: each
    for each in (
        Loss(
            "cross-entropy",
            ("classification",),
            cross_entropy,
            "-log softmax(z)_y, with smoothing s: -(1 - s) log softmax(z)_y - s/C sum_k log softmax(z)_k",
            "torch.nn.CrossEntropyLoss; smoothing: Szegedy et al. (2016), arXiv 1512.00567",
            "softmax",
        ),
        Loss(
            "binary-cross-entropy",
            ("multilabel",),
            binary_cross_entropy,
            "-sum_k t_k log sigmoid(z_k) + (1 - t_k) log sigmoid(-z_k), with smoothing s: t (1 - s) + s/2 for t",
            "torch.nn.BCEWithLogitsLoss",
            "sigmoid",
        ),
        Loss("squared-error", ("regression",), squared_error, "1/2 sum_k (z_k - t_k)^2", "least squares", "identity"),
        Loss("absolute-error", ("regression",), absolute_error, "sum_k |z_k - t_k|", "torch.nn.L1Loss", "identity"),
        Loss(
            "huber",
            ("regression",),
            huber,
            "sum_k r^2/2 if r <= delta else delta (r - delta/2), r = |z_k - t_k|",
            "Huber (1964), Robust estimation of a location parameter; torch.nn.HuberLoss",
            "identity",
        ),
        Loss(
            "poisson",
            ("regression",),
            poisson,
            "sum_k exp(z_k) - t_k z_k + t_k log t_k - t_k, for t_k >= 0",
            "half the Poisson deviance: sklearn.metrics.mean_poisson_deviance; sklearn.neural_network.MLPRegressor",
            "exp",
        ),
        Loss(
            "quantile",
            ("regression",),
            quantile,
            "sum_kl max(l d, (l - 1) d), d = t_k - q_kl, for the levels l",
            "Koenker and Bassett (1978), Regression Quantiles; sklearn.metrics.mean_pinball_loss, one for each level",
            "identity",
        ),
    )
}
"""Name, as in a recipe -> loss."""
DEFAULT_LOSSES = {  # task -> the loss that a recipe's "auto" means
    "classification": "cross-entropy",
    "multilabel": "binary-cross-entropy",
    "regression": "squared-error",
}


def get(name: str) -> Loss:
    """The loss of that name; InputError with the nearest valid name where there is none."""
    if name not in LOSSES:
        raise InputError(problem("Net", "no such loss", got=name, fix=nearest(name, LOSSES)))
    return LOSSES[name]


def chosen_class(z: Float[Array, "... C B"], target: Array) -> Array:
    """Whether every row's class has the largest output, the first among equals, [..., B]; not where it is nan.

    z: [..., C, B] outputs
    target: [..., B] class codes
    """
    own = _own_output(z, target)[..., None, :]
    # Of equal outputs the first counts: an earlier class must be surpassed, a later one equalled.
    earlier = _classes(z) < target.astype(jnp.int32)[..., None, :]
    return jnp.where(earlier, own > z, own >= z).all(-2)


def softmax(z: Float[Array, "... C B"]) -> Float[Array, "... C B"]:
    """Probabilities of the classes, which sum to 1 over axis -2."""
    powers = jnp.exp(z - lax.stop_gradient(z.max(-2, keepdims=True)))
    return powers / powers.sum(-2, keepdims=True)


def _identity(z: Array) -> Array:
    return z


LINKS: dict[str, Callable[[Array], Array]] = {
    "softmax": softmax,
    "sigmoid": lax.logistic,
    "identity": _identity,
    "exp": jnp.exp,
}
