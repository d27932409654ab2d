"""Members: several nets that share the weights of their hidden layers, and differ by scalings of units.

Member i has weights W * s_i r_i^T in a layer of shared weights W: a scaling r_i of its inputs and s_i of its outputs,
an offset of its biases, and an output layer of its own. What they predict together is the mean of their probabilities,
or of their numbers.
Source: Wen, Tran & Ba (2020), BatchEnsemble, arXiv 2002.06715; Gorishniy, Kotelnikov & Babenko (2025), TabM, arXiv
2410.24210, whose "mini" scales the inputs of the first layer alone. Biases of their own begin alike there, as here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from jaxtyping import Array, Float

PARTS, MEMBERS = ("inputs", "outputs", "offsets"), "members."  # fields of `Members`, and before their names in files
FORMS = PARTS[:1], PARTS[:2], PARTS  # the parts that members may have: scalings of inputs, of both, and offsets
FULL: Final = "tabm"  # the form that scales every hidden layer; the other, tabm-mini, the first inputs alone


@dataclass(frozen=True)
class Members:
    """What K members have of their own, beside the output layer, whose K times C outputs stand member by member.

    inputs: the scaling of the inputs of hidden layers, [S, M, K, in] each; of the first alone in the form "mini".
    outputs, offsets: the scaling of the outputs of hidden layers, and what is added to their biases, [S, M, K, out]
    each; () in the form "mini", and offsets where nets have no biases. Without the axes S and M it is of one net.
    """

    inputs: tuple[Float[Array, "*nets K in"], ...]
    outputs: tuple[Float[Array, "*nets K out"], ...] = ()
    offsets: tuple[Float[Array, "*nets K out"], ...] = ()


def member_parts(members: Members) -> list[tuple[str, int, Any]]:
    """(name of the part, layer, array) of all that members have of their own."""
    return [(name, layer, own) for name in PARTS for layer, own in enumerate(getattr(members, name))]


def named_parts(members: Members | None) -> list[tuple[str, Any]]:
    """The same by names that `members_of` reads; [] without members."""
    return [] if members is None else [(f"{MEMBERS}{name}.{layer}", own) for name, layer, own in member_parts(members)]


def members_of(named: Mapping[str, Any]) -> Members | None:
    """What members have of their own, from arrays by name; None without any. ValueError where parts lack a layer."""
    counts = {name: sum(key.startswith(f"{MEMBERS}{name}.") for key in named) for name in PARTS}
    if {f"{MEMBERS}{name}.{layer}" for name, n in counts.items() for layer in range(n)} != named.keys():
        raise ValueError("members have other parts, or not of all layers from the first")
    parts: Any = {name: tuple(named[f"{MEMBERS}{name}.{layer}"] for layer in range(n)) for name, n in counts.items()}
    return Members(**parts) if named else None


def together(z: Any, axis: int, link: str, library: Any) -> Any:
    """Outputs that give what members predict together: the mean of their probabilities, or of their numbers.

    z: outputs of every member, on `axis`, negative; those of a member stand on the axis before it.
    link: a name of `losses.LINKS`; library: NumPy or jax.numpy.
    """
    if link == "identity":
        return z.mean(axis)
    count = z.shape[axis]

    def log_mean(values: Any) -> Any:
        top = values.max(axis, keepdims=True)
        return library.log(library.exp(values - top).sum(axis) / count) + library.squeeze(top, axis)

    if link == "exp":
        return log_mean(z)
    if link == "sigmoid":
        return log_mean(-library.logaddexp(0, -z)) - log_mean(-library.logaddexp(0, z))
    top = z.max(axis - 1, keepdims=True)
    return log_mean(z - top - library.log(library.exp(z - top).sum(axis - 1, keepdims=True)))
