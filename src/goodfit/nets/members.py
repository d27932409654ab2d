"""Members of nets in a program: see `member_parts`.

The members' rows stand side by side, as if each row came once for each member, so that all members make one product
with the weights that they share.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from goodfit.nets.member_parts import PARTS, Members

jax.tree_util.register_dataclass(Members, PARTS, ())


def side_by_side(values: Float[Array, "... B"], members: int) -> Float[Array, "... KB"]:
    """The same rows once for each member, all of a member's together."""
    return jnp.tile(values, (1,) * (values.ndim - 1) + (members,))


def apart(values: Float[Array, "... KB"], members: int) -> Float[Array, "... K B"]:
    """The other way round: the members on an axis of their own."""
    return values.reshape(*values.shape[:-1], members, -1)


def by_unit(values: Float[Array, "S M K H"]) -> Float[Array, "S M H K 1"]:
    """What members have of every unit, so that it meets `apart`."""
    return values.swapaxes(-1, -2)[..., None]


def scaled(hidden: Float[Array, "S M H KB"], scaling: Float[Array, "S M K H"]) -> Float[Array, "S M H KB"]:
    """Every member's rows times its scaling of the units."""
    members = scaling.shape[-2]
    return (apart(hidden, members) * by_unit(scaling)).reshape(hidden.shape)


def of_members(weights: Float[Array, "S M H D"], scaling: Float[Array, "S M K D"]) -> Float[Array, "S M HK D"]:
    """The weights of each member's units, those of a unit together: W with its inputs scaled."""
    own = weights[:, :, :, None] * scaling[:, :, None]  # [S, M, H, K, D]
    return own.reshape(*weights.shape[:2], -1, weights.shape[-1])


def moved(z: Float[Array, "S M H KB"], members: Members, layer: int) -> Float[Array, "S M H KB"]:
    """What members do to the product of a hidden layer, before its biases are added."""
    if layer < len(members.outputs):
        z = scaled(z, members.outputs[layer])
    if layer < len(members.offsets):
        offsets = members.offsets[layer]
        z = (apart(z, offsets.shape[-2]) + by_unit(offsets)).reshape(z.shape)
    return z


def heads(
    weights: Float[Array, "S M KC H"],
    biases: Float[Array, "S M KC"] | None,
    hidden: Float[Array, "S M H KB"],
    count: int,
) -> Float[Array, "S M C KB"]:
    """The outputs of the members' own output layers for their own rows. count: K."""
    own = weights.reshape(*weights.shape[:2], count, -1, weights.shape[-1])  # [S, M, K, C, H]
    z = jnp.einsum("smkch,smhkb->smckb", own, apart(hidden, count))
    if biases is not None:
        z = z + by_unit(biases.reshape(*biases.shape[:2], count, -1))
    return z.reshape(*z.shape[:3], -1)
