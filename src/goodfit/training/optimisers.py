"""Optimisers: Optax's transformations, with one value of every rate a net.

Each is built inside `jax.vmap` over the nets, where a net's rates are scalars. An update is
``w <- soft_threshold(w - rate * (direction + weight_decay * w), rate * l1)``, weights only for the last two. In order:
the gradient of the objective (the L2 penalty in it) is clipped, the optimiser turns it into a direction, the scheduled
rate scales that, decay and L1 follow. No schedule changes what is clipped. Where a kind of parameters has a factor
of the learning rate, all of its step has it, decay and L1 too.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float

from goodfit.nets.forms import shares
from goodfit.nets.forward import Parameters
from goodfit.nets.penalties import soft_threshold
from goodfit.training.state import Program, Rates

DECOUPLED = ("adamw", "lion")  # those whose papers decay weights apart from the gradient
LINE_SEARCH_STEPS = 20  # evaluations that L-BFGS's zoom line search may spend on one step


def over_nets(function: Callable[..., Any], in_axes: Any = 0) -> Callable[..., Any]:
    """Map a function of one net over both population axes, [S, M]."""
    return jax.vmap(jax.vmap(function, in_axes=in_axes), in_axes=in_axes)


def direction(program: Program, rates: Rates) -> optax.GradientTransformation:
    """What turns the gradient of one net, clipped, into its direction, before the learning rate. Scalars in `rates`."""
    kind = program.optimizer
    if kind in ("adam", "adamw") and program.conventions == "scikit-learn":
        return scale_by_uncorrected_adam(rates.beta1, rates.beta2, rates.epsilon)
    if kind in ("adam", "adamw"):
        return optax.scale_by_adam(rates.beta1, rates.beta2, rates.epsilon)
    if kind == "rmsprop":
        return optax.scale_by_rms(rates.beta2, rates.epsilon, eps_in_sqrt=False)
    if kind == "lion":
        return optax.scale_by_lion(rates.beta1, rates.beta2)
    if program.uses_momentum:
        return optax.trace(rates.momentum, nesterov=program.nesterov)
    return optax.identity()


def clipped(gradient: Parameters, norm: Array) -> Parameters:
    """The gradient of one net, cut to at most this norm over all its numbers."""
    clip = optax.clip_by_global_norm(norm)
    cut: Parameters = clip.update(gradient, clip.init(gradient))[0]
    return cut


def scale_by_uncorrected_adam(beta1: Array, beta2: Array, epsilon: Array) -> optax.GradientTransformation:
    """Adam in the order of its paper's section 2: epsilon is added before the correction for bias, not after.

    Source: Kingma & Ba (2015), Adam, arXiv 1412.6980; scikit-learn's solver 'adam'.
    """
    corrected = optax.scale_by_adam(beta1, beta2)

    def update(gradient: Any, state: Any, parameters: Any = None) -> tuple[Any, Any]:
        _, state = corrected.update(gradient, state, parameters)
        second = jnp.sqrt(1 - beta2**state.count)
        factor = second / (1 - beta1**state.count)
        updates = jax.tree.map(lambda m, v: factor * m / (jnp.sqrt(v) + epsilon), state.mu, state.nu)
        return updates, state

    return optax.GradientTransformation(corrected.init, update)


def lbfgs() -> optax.GradientTransformationExtraArgs:
    """L-BFGS with a memory of ten steps; the length of a step is the line search's own."""
    return optax.lbfgs(linesearch=optax.scale_by_zoom_linesearch(max_linesearch_steps=LINE_SEARCH_STEPS))


def initial_state(program: Program, rates: Rates, parameters: Parameters) -> Any:
    """The optimiser's state of every net before its first step."""
    if program.optimizer == "lbfgs":
        return over_nets(lbfgs().init)(parameters)
    return over_nets(lambda r, p: direction(program, r).init(p))(rates, parameters)


def step(
    program: Program,
    rates: Rates,
    parameters: Parameters,
    gradient: Parameters,
    state: Any,
    factor: Float[Array, "S M"],
) -> tuple[Parameters, Any]:
    """One step of every net. factor: the schedule's share of the learning rate at this step."""

    def one(rates: Rates, old: Parameters, gradient: Parameters, state: Any, factor: Array) -> Any:
        rate = step_size = rates.learning_rate * factor
        if program.uses_clipping:
            gradient = clipped(gradient, rates.clip_norm)
        if program.conventions == "scikit-learn" and program.optimizer == "sgd":
            # the schedule goes into the velocity, so that a step of the past keeps the rate it was made with
            gradient, step_size = jax.tree.map(lambda g: g * factor, gradient), rates.learning_rate
        updates, state = direction(program, rates).update(gradient, state, old)
        updates = _by_kind(updates, rates.factors)
        new = jax.tree.map(lambda p, u: p - step_size * u, old, updates)
        biases = rates.penalize_biases
        if "biases" in rates.factors:
            biases = biases * rates.factors["biases"]
        if program.optimizer in DECOUPLED:
            new = _decay(new, old, rate * rates.weight_decay, biases)
        # last: the proximal step is taken from where gradient and decay have led, and may end at 0.0
        if program.uses_l1:
            new = _soften(new, rate * rates.l1, biases, shares(new, rates.forms))
        return new, state

    moved: tuple[Parameters, Any] = over_nets(one)(rates, parameters, gradient, state, factor)
    return moved


def _decay(new: Parameters, old: Parameters, strength: Array, biases: Array) -> Parameters:
    """Decoupled weight decay (Loshchilov & Hutter): the old weights shrink beside the gradient's step."""
    return replace(
        new,
        weights=tuple(n - strength * o for n, o in zip(new.weights, old.weights, strict=True)),
        biases=jax.tree.map(lambda n, o: n - strength * biases * o, new.biases, old.biases),
    )


def _soften(new: Parameters, strength: Array, biases: Array, of_form: tuple[Array, ...] | None) -> Parameters:
    """The proximal step of L1. of_form: how far the net's weights move with the trained ones, where these differ."""
    strengths = [strength] * len(new.weights) if of_form is None else [strength * share for share in of_form]
    return replace(
        new,
        weights=tuple(soft_threshold(w, s) for w, s in zip(new.weights, strengths, strict=True)),
        biases=jax.tree.map(lambda b: soft_threshold(b, strength * biases), new.biases),
    )


def _by_kind(updates: Parameters, factors: dict[str, Array]) -> Parameters:
    """Updates of one net, each kind at its share of the learning rate."""
    return replace(
        updates, **{kind: jax.tree.map(lambda u, f=f: u * f, getattr(updates, kind)) for kind, f in factors.items()}
    )


def step_lbfgs(
    objective: Callable[[Parameters], Array], parameters: Parameters, gradient: Parameters, value: Array, state: Any
) -> tuple[Parameters, Any]:
    """One L-BFGS iteration of one net. objective: parameters -> scalar, penalties included; value: it at parameters."""
    updates, state = lbfgs().update(gradient, state, parameters, value=value, grad=gradient, value_fn=objective)
    return optax.apply_updates(parameters, updates), state


def finite(tree: Any, axes: int = 2) -> Array:
    """Whether every floating value of every net is finite, [S, M]."""
    sums = [
        leaf.sum(axis=tuple(range(axes, leaf.ndim)))
        for leaf in jax.tree.leaves(tree)
        if jnp.issubdtype(leaf.dtype, jnp.floating)
    ]
    # a sum is finite only if all its terms are (inf - inf is nan): no mask as large as the weights
    return jnp.isfinite(sum(sums))
