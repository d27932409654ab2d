"""One forward and one backward pass of one net, with everything in between kept. Gradients come from JAX.

Axes: B rows, H units of a layer. Layers are numbered from 0; the last gives the outputs.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from goodfit.inspection.precision import exact
from goodfit.inspection.subject import Subject
from goodfit.models.trained_net import TrainedNet
from goodfit.nets.forward import Parameters, activate, affine, mixture_of
from goodfit.nets.losses import LOSSES

Layers = tuple[Float[np.ndarray, "H B"], ...]


@dataclass(frozen=True, eq=False, repr=False)
class Passes:
    """All values of a forward and a backward pass, in float64.

    z: W a + b of every layer, [H, B]; a: activation of every hidden layer, [H, B]; slopes_z: f'(z) of every hidden
    layer, or where it has mixtures a f'(z) + 1 - a. z_gradients, a_gradients: the gradient of each row's own loss,
    [H, B]. weight_gradients [out, in], bias_gradients [out]: of the mean loss over the rows. row_losses: [B]; loss:
    their mean.
    """

    z: Layers
    a: Layers
    slopes_z: Layers
    z_gradients: Layers
    a_gradients: Layers
    weight_gradients: tuple[np.ndarray, ...]
    bias_gradients: tuple[np.ndarray, ...]
    row_losses: Float[np.ndarray, " B"]

    @property
    def loss(self) -> float:
        """The mean loss."""
        return float(self.row_losses.mean())


def parameters_of(net: TrainedNet) -> Parameters:
    """A net as a population of one, in float64 (inside `exact`)."""
    return Parameters(
        tuple(jnp.asarray(weight.astype(np.float64)[None, None]) for weight in net.weights),
        tuple(jnp.asarray(bias.astype(np.float64)[None, None]) for bias in net.biases),
        tuple(None if slope is None else jnp.full((1, 1), slope, jnp.float64) for slope in net.slopes),
        mixtures=tuple(jnp.asarray(share.astype(np.float64)[None, None]) for share in net.mixtures) or None,
    )


def walk(
    parameters: Parameters, x: Array, activations: tuple[str, ...], offsets: Any = None
) -> tuple[list[Array], list[Array]]:
    """z of every layer and a of every hidden one, [1, 1, H, B]. x: [1, B, D].

    offsets: (of z, of a) to add, whose gradients are those of z and a; None adds nothing.
    """
    hidden, zs, activated = x, [], []
    for layer in range(len(parameters.weights)):
        z = affine(parameters, layer, hidden)
        z = z if offsets is None else z + offsets[0][layer]
        zs.append(z)
        if layer < len(activations):
            hidden = activate(activations[layer], z, parameters.slopes[layer], mixture_of(parameters, layer))
            hidden = hidden if offsets is None else hidden + offsets[1][layer]
            activated.append(hidden)
    return zs, activated


def row_losses(
    parameters: Parameters, x: Array, target: Array, activations: tuple[str, ...], loss: str, delta: float
) -> Array:
    """The loss of every row, [B]."""
    z = walk(parameters, x, activations)[0][-1][0, 0]
    return LOSSES[loss].per_row(z, target, None, delta)[1]


def mean_loss(
    parameters: Parameters, x: Array, target: Array, activations: tuple[str, ...], loss: str, delta: float
) -> Array:
    """The mean loss of the rows."""
    return row_losses(parameters, x, target, activations, loss, delta).mean()


def run_passes(subject: Subject) -> Passes:
    """Both passes for the rows of a subject."""
    with exact():
        x, target = jnp.asarray(subject.x[None]), jnp.asarray(subject.target)
        found = _passes(
            parameters_of(subject.net), x, target, subject.net.activations, subject.loss, subject.huber_delta
        )
        zs, activated, slopes, losses, gradient, (of_z, of_a) = jax.tree.map(np.asarray, found)
    rows = len(subject.rows)

    def plain(arrays: Any) -> Layers:
        return tuple(array[0, 0] for array in arrays)

    return Passes(
        z=plain(zs),
        a=plain(activated),
        slopes_z=plain(slopes),
        z_gradients=tuple(array * rows for array in plain(of_z)),
        a_gradients=tuple(array * rows for array in plain(of_a)),
        weight_gradients=plain(gradient.weights),
        bias_gradients=plain(gradient.biases),
        row_losses=losses,
    )


@partial(jax.jit, static_argnums=(3, 4))
def _passes(
    parameters: Parameters, x: Array, target: Array, activations: tuple[str, ...], loss: str, delta: float
) -> Any:
    empty = walk(parameters, x, activations)
    zeros = jax.tree.map(jnp.zeros_like, (tuple(empty[0]), tuple(empty[1])))

    def total(parameters: Parameters, offsets: Any) -> tuple[Array, Any]:
        zs, activated = walk(parameters, x, activations, offsets)
        losses = LOSSES[loss].per_row(zs[-1][0, 0], target, None, delta)[1]
        return losses.mean(), (zs, activated, losses)

    (_, (zs, activated, losses)), (gradient, offsets) = jax.value_and_grad(total, (0, 1), has_aux=True)(
        parameters, zeros
    )
    slopes = []
    for layer, name in enumerate(activations):
        of_z = partial(activate, name, slope=parameters.slopes[layer], share=mixture_of(parameters, layer))
        slopes.append(jax.jvp(of_z, (zs[layer],), (jnp.ones_like(zs[layer]),))[1])
    return zs, activated, slopes, losses, gradient, offsets
