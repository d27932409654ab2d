"""The forward pass of a population: one net is a slice of every array.

Axes: S groups of nets that share their rows, M nets of a group, B rows, D inputs, H hidden units, C outputs.
Activations are kept units-major, [S, M, H, B]: then the first layer of a whole group is one matrix product of
[M*H, D] with [D, B], every later layer is a batched product without a transposition, and sums over classes run
along contiguous rows.
"""

import itertools
from dataclasses import dataclass, replace
from functools import partial

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, UInt32

from goodfit.nets.activations import ACTIVATIONS
from goodfit.nets.dropout import keep_mask
from goodfit.nets.encoding import Edges, Waves, encode, sources
from goodfit.nets.member_parts import Members
from goodfit.nets.members import heads, moved, of_members, scaled, side_by_side

LARGEST = 1e15  # of scaled inputs before they are bent: in float32, the square of more would not be finite
OwnInputs = tuple[Array, Array, Array | None]  # shift, factor and bend, [S, M, D] each


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Parameters:
    """What training changes.

    weights: one [S, M, out, in] a layer, zero where a unit is padding
    biases: one [S, M, out] a layer, None where nets have none
    slopes: one [S, M] a hidden layer whose activation trains its slope (prelu), None for the others.
    input_scale: of the first layer's inputs, None where no net trains it. `forward` takes weights that `forms.plain`
    has it folded into.
    mixtures: the share of its activation that each unit of a hidden layer takes, the rest being of its pre-activation;
    None where no net trains any.
    waves: of a periodic encoding of the inputs; None without one.
    embeddings: [S, M, size, vectors] of every block of categories that are embedded; None without any.
    members: what members that share the weights have of their own; None where a net has one.
    """

    weights: tuple[Float[Array, "S M out in"], ...]
    biases: tuple[Float[Array, "S M out"] | None, ...]
    slopes: tuple[Float[Array, "S M"] | None, ...]
    input_scale: Float[Array, "S M D"] | None = None
    mixtures: tuple[Float[Array, "S M H"], ...] | None = None
    waves: Waves | None = None
    embeddings: tuple[Float[Array, "S M size vectors"], ...] | None = None
    members: Members | None = None


@dataclass(frozen=True)
class Architecture:
    """The static shape of a cohort's nets, padded to the largest.

    inputs: of the first layer, the components of encoded ones among them
    widths: hidden units a layer
    outputs: of all members
    activations: names, one a hidden layer
    masked: some net has fewer units somewhere
    ragged: some net has fewer layers
    dropout, input_dropout: some net drops hidden units, or inputs.
    lean: what a hidden layer hands back is held once, and of relu its result alone, so that large layers make fewer
    ways through memory: what a GPU waits for.
    members: of every net, which share its hidden layers
    """

    inputs: int
    widths: tuple[int, ...]
    outputs: int
    activations: tuple[str, ...]
    masked: bool = False
    ragged: bool = False
    dropout: bool = False
    input_dropout: bool = False
    lean: bool = False
    members: int = 1

    @property
    def multiplications(self) -> int:
        """Of one net's forward pass of one row, by all members: its weights, padding included."""
        sizes = [self.inputs, *self.widths, self.outputs // self.members]
        return self.members * sum(i * o for i, o in itertools.pairwise(sizes))


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Present:
    """Which padded units and layers exist. units: one [S, M, H] a hidden layer (1.0 or 0.0); layers: [S, M, L]."""

    units: tuple[Float[Array, "S M H"], ...]
    layers: Bool[Array, "S M L"]


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Dropout:
    """Rates and random streams of one step.

    keys: [S, L + 1] one stream a group and layer, inputs first; rates: [S, M, L] hidden layers; input_rate: [S, M].
    """

    keys: UInt32[Array, "S L1"]
    rates: Float[Array, "S M L"]
    input_rate: Float[Array, "S M"]


def forward(
    parameters: Parameters,
    x: Float[Array, "S B D"],
    architecture: Architecture,
    present: Present,
    dropout: Dropout | None = None,
    scaling: OwnInputs | None = None,
    bins: Edges | None = None,
) -> Float[Array, "S M C B"]:
    """Outputs before the loss's link (logits, or predicted numbers), [S, M, C, B]; of K members, [S, M, C, K * B].

    dropout: None in evaluation, when nothing is dropped. scaling: (shift, factor, bend) of every net's own, [S, M, D]
    each, which sees (x - shift) * factor, bent. Where there is no bend, the first layer's weights take it up, so that
    all nets go on sharing its product. bins: by which the scaled inputs are encoded, or which of them are by the
    waves of the parameters. A dropped input takes its components along.
    """
    hidden: Array = x
    nets, waves, members = parameters.weights[0].shape[1], parameters.waves, parameters.members
    drops = dropout is not None and architecture.input_dropout
    if dropout is not None and drops:
        # a dropped input is 0 in scaled units: the scaling cannot move into the weights here
        own = _own_inputs(x, nets, scaling, bins, waves)
        own = own if members is None else side_by_side(own, architecture.members)  # each member drops its own
        hidden = _drop(own, dropout.keys[:, 0], dropout.input_rate, None if bins is None else (x.shape[-1], bins))
    elif (
        members is not None
        or waves is not None
        or (scaling is not None and (scaling[2] is not None or bins is not None))
    ):
        hidden = _own_inputs(x, nets, scaling, bins, waves)
    elif scaling is not None:
        parameters = _scaled_first_layer(parameters, *scaling[:2])
    elif bins is not None:
        hidden = encode(x.swapaxes(-1, -2), bins).swapaxes(-1, -2)  # shared by the nets of a group
    for layer, name in enumerate(architecture.activations):
        once = members is not None and layer == 0 and not drops  # rows stand there once for all members
        z = affine(parameters, layer, hidden, once=once)  # [S, M, H, B]
        slope = parameters.slopes[layer]
        share = mixture_of(parameters, layer)
        lean = architecture.lean and slope is None and share is None
        a = _activate_lean(name, z) if lean else activate(name, z, slope, share)
        # a padded unit has z = 0, but its activation need not be 0 (sigmoid: 1/2): the next layer must not see it
        if architecture.masked:
            a = a * present.units[layer][..., None]
        if dropout is not None and architecture.dropout:
            a = _drop(a, dropout.keys[:, layer + 1], dropout.rates[..., layer])
        # a net that lacks this layer hands on what it had, after mask and dropout: what passes has had both already.
        # Layer 0 is never lacking: nets without a hidden layer are planned apart
        if architecture.ragged and layer > 0:
            a = jnp.where(present.layers[..., layer, None, None], a, _resize(hidden, a.shape[-2]))
        hidden = a
    last = len(architecture.activations)
    if members is not None:
        return heads(parameters.weights[last], parameters.biases[last], hidden, architecture.members)
    return affine(parameters, last, hidden)


def bend_inputs(z: Array, bend: Array) -> Array:
    """Scaled inputs after a smooth clip, z / sqrt(1 + (z * bend)^2)."""
    z = jnp.clip(z, -LARGEST, LARGEST)
    return z / jnp.sqrt(1 + (z * bend) ** 2)


def _own_inputs(x: Array, nets: int, scaling: OwnInputs | None, bins: Edges | None, waves: Waves | None) -> Array:
    """The inputs of every net, scaled and encoded, [S, M, D, B]."""
    own = jnp.broadcast_to(x.swapaxes(-1, -2)[:, None], (x.shape[0], nets, x.shape[2], x.shape[1]))
    if scaling is not None:
        shift, factor, bend = scaling
        own = (own - shift[..., None]) * factor[..., None]
        own = own if bend is None else bend_inputs(own, bend[..., None])
    return own if bins is None else encode(own, bins, waves)


def _scaled_first_layer(parameters: Parameters, shift: Array, factor: Array) -> Parameters:
    """Weights and biases that do to x what the first layer does to (x - shift) * factor."""
    weights = parameters.weights[0] * factor[..., None, :]  # [S, M, H, D]
    constant = -jnp.einsum("smhd,smd->smh", weights, shift)
    bias = constant if parameters.biases[0] is None else parameters.biases[0] + constant
    return replace(parameters, weights=(weights, *parameters.weights[1:]), biases=(bias, *parameters.biases[1:]))


def affine(parameters: Parameters, layer: int, hidden: Array, *, once: bool = False) -> Array:
    """W h + b of one layer, [S, M, out, B].

    hidden: inputs shared by a group, [S, B, D], or units [S, M, H, B], with the rows of K members side by side. once:
    the inputs stand once for all members, whose scalings multiply the weights instead: inputs are often many, as those
    of categories are, and a copy of each row for each member would be the largest array of all.
    """
    weights, biases, members = parameters.weights[layer], parameters.biases[layer], parameters.members
    if members is not None and once:
        z = _own_product(of_members(weights, members.inputs[layer]), hidden)  # [S, M, H K, B]
        z = moved(z.reshape(*weights.shape[:3], -1), members, layer)
        return z if biases is None else z + biases[..., None]
    if members is not None and layer < len(members.inputs):
        hidden = scaled(hidden, members.inputs[layer])
    z = jnp.einsum("smhd,sbd->smhb", weights, hidden) if hidden.ndim == 3 else _own_product(weights, hidden)
    z = z if members is None else moved(z, members, layer)
    return z if biases is None else z + biases[..., None]


@jax.custom_vjp
def _own_product(weights: Float[Array, "S M K H"], hidden: Float[Array, "S M H B"]) -> Float[Array, "S M K B"]:
    """The product of every net with activations of its own.

    Its derivative by `hidden` is written so that it comes out units-major; JAX's own comes out rows-major, and
    turning it round cost a twelfth of a training.
    """
    return jnp.einsum("smkh,smhb->smkb", weights, hidden)


def _own_product_forward(weights: Array, hidden: Array) -> tuple[Array, tuple[Array, Array]]:
    return _own_product(weights, hidden), (weights, hidden)


def _own_product_backward(kept: tuple[Array, Array], change: Float[Array, "S M K B"]) -> tuple[Array, Array]:
    weights, hidden = kept
    of_hidden = jax.lax.dot_general(weights, change, (((2,), (2,)), ((0, 1), (0, 1))))  # [S, M, H, B]
    return jnp.einsum("smkb,smhb->smkh", change, hidden), of_hidden


_own_product.defvjp(_own_product_forward, _own_product_backward)


def activate(name: str, z: Array, slope: Array | None, share: Array | None = None) -> Array:
    """The activation of that name of z [S, M, H, B]. slope: [S, M] where it is trained (prelu), else None.

    share: [S, M, H] that each unit takes of it, where it is trained, the rest being of z; None for all of it.
    """
    function = ACTIVATIONS[name].function
    a = function(z) if slope is None else function(z, slope[..., None, None])
    # not z + share (a - z), which loses a where z is large
    return a if share is None else share[..., None] * a + (1 - share[..., None]) * z


def mixture_of(parameters: Parameters, layer: int) -> Array | None:
    """The shares of a hidden layer's units, [S, M, H]; None where they take all of their activation."""
    return None if parameters.mixtures is None else parameters.mixtures[layer]


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def _activate_lean(name: str, z: Array) -> Array:
    """`activate`, with the same derivative.

    That is held before anything reads it: the product before it takes it up, while its readers, a product and a sum
    over rows, would each compute it anew. relu's is read off its result, so that z need not be kept beside it.
    """
    return activate(name, z, None)


def _lean_forward(name: str, z: Array) -> tuple[Array, Array]:
    if name != "relu":
        return activate(name, z, None), z
    a = jax.lax.optimization_barrier(activate(name, z, None))  # or z would be kept, and its readers compute a again
    return a, a


def _lean_backward(name: str, kept: Array, change: Array) -> tuple[Array]:
    if name == "relu":
        back = jax.lax.select(kept <= 0, jnp.zeros_like(change), change)
    else:
        (back,) = jax.vjp(partial(activate, name, slope=None), kept)[1](change)
    return (jax.lax.optimization_barrier(back),)


_activate_lean.defvjp(_lean_forward, _lean_backward)


def _drop(a: Array, keys: Array, rates: Array, encoded: tuple[int, Edges] | None = None) -> Array:
    """Inverted dropout: kept units are divided by the share kept, so that the mean stays.

    encoded: how many inputs the units come from, and by which bins: those of one input are kept or dropped together.
    """
    keep = keep_mask(keys[:, None], encoded[0] if encoded else a.shape[-2], a.shape[-1], rates)  # [S, M, H, B]
    keep = keep[..., sources(encoded[0], a.shape[-2], encoded[1]), :] if encoded else keep
    kept = 1.0 / (1.0 - rates)
    # chosen, not multiplied by 0: a dropped activation that has overflowed would give nan
    return jnp.where(keep, a * kept[..., None, None], jnp.zeros((), a.dtype))


def _resize(hidden: Array, units: int) -> Array:
    """Cut or pad the units of a layer that a shallower net passes through; what is cut is padding by construction."""
    have = hidden.shape[-2]
    if have >= units:
        return hidden[..., :units, :]
    return jnp.pad(hidden, ((0, 0), (0, 0), (0, units - have), (0, 0)))
