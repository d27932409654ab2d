"""Penalties on weights: l1 * sum |w| + l2/2 * sum w^2.

A strength has the leading axes of the weights, one value a net; sums run over the axes that remain.
"""

from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Float


def soft_threshold(weights: Float[Array, "*shape"], strength: Any) -> Float[Array, "*shape"]:
    """Proximal step of the L1 penalty: shrink towards zero, and stop there.

    Weights with |w| <= strength become exactly 0.0, which is what makes L1 select features. nan stays nan.
    Source: the proximal operator of the l1 norm, as in Parikh & Boyd (2014), Proximal Algorithms.

    weights: [nets..., ...]
    strength: [nets...] or a number, >= 0, already multiplied by the learning rate.
    """
    limit = _over(strength, weights)
    # inside the limits this is w - w, which is 0.0 exactly
    return weights - jnp.minimum(jnp.maximum(weights, -limit), limit)


def l1_penalty(weights: Float[Array, "*shape"], strength: Any) -> Float[Array, "*shape"]:
    """strength * sum |w| of every net, [nets...].

    weights: [nets..., ...]
    strength: [nets...] or a number, >= 0.
    """
    strength = jnp.asarray(strength, weights.dtype)
    total: Array = strength * jnp.abs(weights).sum(_rest(strength, weights))
    return total


def l2_penalty(weights: Float[Array, "*shape"], strength: Any) -> Float[Array, "*shape"]:
    """strength/2 * sum w^2 of every net, [nets...]; its gradient is strength * w.

    weights: [nets..., ...]
    strength: as in `l1_penalty`.
    """
    strength = jnp.asarray(strength, weights.dtype)
    total: Array = 0.5 * strength * (weights * weights).sum(_rest(strength, weights))
    return total


def _rest(strength: Array, weights: Array) -> tuple[int, ...]:
    """The axes of the weights that are not nets."""
    return tuple(range(strength.ndim, weights.ndim))


def _over(strength: Any, weights: Array) -> Array:
    """The strength with an axis of length 1 for each axis of the weights that is not nets."""
    limit = jnp.asarray(strength, weights.dtype)
    return limit.reshape(limit.shape + (1,) * (weights.ndim - limit.ndim))
