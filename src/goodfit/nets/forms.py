"""Forms in which nets are trained. Whatever they are, the trained net has plain weights, into which they fold."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float
from numpy.typing import NDArray

from goodfit.nets.embedding import CategoryBlock, spread
from goodfit.nets.forward import Parameters


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Forms:
    """What stands between the weights that are trained and those of the net; nothing where they are the same.

    factors: one [S, M] a layer: 1/sqrt(fan_in) where a net is trained in the 'neural tangent' form, 1 elsewhere.
    scales: [S, M] whether a net trains the scaling of its inputs; None where none does. mixes: likewise, the mixture of
    each unit's activation with its pre-activation, which does not fold: the trained net keeps it. blocks: of categories
    that all nets embed.
    """

    factors: tuple[Float[Array, "S M"], ...] | None = None
    scales: Bool[Array, "S M"] | None = None
    mixes: Bool[Array, "S M"] | None = None
    blocks: tuple[CategoryBlock, ...] = field(default=(), metadata={"static": True})

    @property
    def none(self) -> bool:
        """Whether the weights that are trained are those of the net."""
        return self.factors is None and self.scales is None and self.mixes is None and not self.blocks


def plain(parameters: Parameters, forms: Forms) -> Parameters:
    """The same net with its weights as they multiply: z = W h + b, of scaled and encoded inputs h."""
    if forms.none:
        return parameters
    weights = parameters.weights
    if forms.factors is not None:
        weights = tuple(w * f[..., None, None] for w, f in zip(weights, forms.factors, strict=True))
    if forms.scales is not None and parameters.input_scale is not None:
        # chosen, not multiplied by 0: a net that trains none has no gradient of it, whose norm would be clipped
        scale = jnp.where(forms.scales[..., None], parameters.input_scale, 1.0)
        weights = (_by_input(weights[0], scale), *weights[1:])
    if forms.blocks and parameters.embeddings is not None:
        weights = (spread(weights[0], parameters.embeddings, forms.blocks, jnp), *weights[1:])
    mixtures = parameters.mixtures
    if forms.mixes is not None and mixtures is not None:
        mixtures = tuple(jnp.where(forms.mixes[..., None], share, 1.0) for share in mixtures)
    waves, members = parameters.waves, parameters.members
    return Parameters(weights, parameters.biases, parameters.slopes, mixtures=mixtures, waves=waves, members=members)


@jax.custom_vjp
def _by_input(weights: Float[Array, "S M H D"], scale: Float[Array, "S M D"]) -> Float[Array, "S M H D"]:
    """The first layer's weights times the scaling of its inputs.

    Its derivative by the scaling is a sum over units, written as a product: as a sum, it doubled the time of a step.
    """
    return weights * scale[..., None, :]


def _by_input_forward(weights: Array, scale: Array) -> tuple[Array, tuple[Array, Array]]:
    return _by_input(weights, scale), (weights, scale)


def _by_input_backward(kept: tuple[Array, Array], change: Array) -> tuple[Array, Array]:
    weights, scale = kept
    ones = jnp.ones(weights.shape[:-1], weights.dtype)
    return change * scale[..., None, :], jnp.einsum("...h,...hd->...d", ones, change * weights)


_by_input.defvjp(_by_input_forward, _by_input_backward)


def shares(parameters: Parameters, forms: Forms) -> tuple[Array, ...] | None:
    """|d plain / d trained| of the weights of every layer; None where both are the same."""
    if forms.factors is None and forms.scales is None:
        return None
    ones = replace(parameters, weights=tuple(map(jnp.ones_like, parameters.weights)))
    return tuple(map(jnp.abs, plain(ones, forms).weights))


def factors_of(parametrization: str, sizes: Sequence[int]) -> list[float]:
    """The factor of each layer of a net whose layers have these sizes, the inputs first.

    Source: Jacot, Gabriel & Hongler (2018), Neural Tangent Kernel, arXiv 1806.07572, section 2.
    """
    return [fan_in**-0.5 if parametrization == "ntk" else 1.0 for fan_in in sizes[:-1]]


def folded(
    weights: Sequence[NDArray[Any]],
    factors: Sequence[float],
    input_scale: NDArray[Any] | None = None,
    tables: Sequence[NDArray[Any]] = (),
    blocks: Sequence[CategoryBlock] = (),
) -> tuple[NDArray[Any], ...]:
    """`plain` on the host, of one net at its own size: to the same bits, but for the products of embeddings."""
    made = [w if f == 1 else w * w.dtype.type(f) for w, f in zip(weights, factors, strict=True)]
    if input_scale is not None:
        made[0] = made[0] * input_scale
    if blocks:
        made[0] = spread(made[0], tables, blocks, np)
    return tuple(made)


def unfolded(weights: Sequence[NDArray[Any]], factors: Sequence[float]) -> list[NDArray[Any]]:
    """What is trained of plain weights, where the scaling of inputs is 1."""
    return [w if f == 1 else w / w.dtype.type(f) for w, f in zip(weights, factors, strict=True)]
