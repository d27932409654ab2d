"""Members that share the weights of a net, as arrays: what each multiplies by, and what they predict together."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from goodfit.errors import Problems
from goodfit.nets.member_parts import PARTS, Members, member_parts, together

if TYPE_CHECKING:
    from jaxtyping import Float

    Layers = tuple[tuple[Float[np.ndarray, "out in"], ...], tuple[Float[np.ndarray, " out"], ...]]


def layers_of_members(
    members: Members, weights: Sequence[np.ndarray], biases: Sequence[np.ndarray]
) -> Iterator[Layers]:
    """(weights, biases) of each member, one after another, of those that they share, in the type of the weights."""
    count = len(members.inputs[0])
    outputs = len(weights[-1]) // count
    for member in range(count):
        own_weights, own_biases = list(weights), list(biases)
        for layer, scaling in enumerate(members.inputs):
            own_weights[layer] = own_weights[layer] * scaling[member]
        for layer, scaling in enumerate(members.outputs):
            own_weights[layer] = own_weights[layer] * scaling[member][:, None]
        for layer, offset in enumerate(members.offsets):
            own_biases[layer] = own_biases[layer] + offset[member]
        own = slice(member * outputs, (member + 1) * outputs)
        own_weights[-1], own_biases[-1] = own_weights[-1][own], own_biases[-1][own]
        yield tuple(own_weights), tuple(own_biases)


def put_together(task: str, link: str, outputs: Float[np.ndarray, "N C K"]) -> Float[np.ndarray, "N C"]:
    """The outputs of what members predict together, from those of each. task, link: of a `TrainedNet`."""
    links = {"classification": "softmax", "multilabel": "sigmoid", "regression": link}
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        found: Float[np.ndarray, "N C"] = together(outputs, -1, links[task], np)
    return found


def as_members(given: Members | None) -> Members | None:
    """What members have of their own, in float32."""
    if given is None:
        return None
    parts: Any = {name: tuple(np.asarray(own, np.float32) for own in getattr(given, name)) for name in PARTS}
    return Members(**parts)


def member_problems(members: Members, weights: Sequence[np.ndarray], biases: Sequence[np.ndarray]) -> Problems:
    """What is wrong with them, for a net of these finite float32 weights [out, in] and biases [out], one a layer."""
    found, layers = Problems(), len(weights) - 1
    counts = [len(getattr(members, name)) for name in PARTS]
    if not layers or counts not in ([1, 0, 0], [layers, layers, 0], [layers, layers, layers]):
        rule = "members must scale the inputs of the first hidden layer, or inputs and outputs of all"
        found.add("Net", rule, got=dict(zip(PARTS, counts, strict=True)))
        return found
    count = members.inputs[0].shape[0] if members.inputs[0].ndim == 2 else 0
    for name, layer, own in member_parts(members):
        units = weights[layer].shape[1 if name == "inputs" else 0]
        if own.shape != (count, units) or count < 1:
            rule = f"'members.{name}' of layer {layer} must have a number for each member and unit, {units} units"
            found.add("Net", rule, got=own.shape)
        elif not np.isfinite(own).all():
            found.add("Net", f"'members.{name}' of layer {layer} must be finite")
    if count and weights[-1].shape[0] % count:
        found.add("Net", f"the last layer must have as many outputs for each of {count} members", got=len(weights[-1]))
    if not found.found and (member := _overflowing(members, weights, biases)) is not None:
        rule = "weights and biases of every member, as scaled, must be finite in float32"
        found.add("Net", rule, got=f"member {member} beyond {np.finfo(np.float32).max:.3g}")
    return found


def _overflowing(members: Members, weights: Sequence[np.ndarray], biases: Sequence[np.ndarray]) -> int | None:
    """The first member whose own weights or biases are not finite in float32; None without one."""
    scalings = [*itertools.zip_longest(members.inputs, members.outputs, members.offsets)]  # a layer each
    with np.errstate(over="ignore", invalid="ignore"):
        for (inputs, outputs, offsets), weight, bias in zip(scalings, weights, biases, strict=False):
            most = float(np.abs(weight).max()) * float(np.abs(inputs).max())
            most = max(most, most * float(1 if outputs is None else np.abs(outputs).max()))
            most = max(most, float(np.abs(bias).max()) + float(0 if offsets is None else np.abs(offsets).max()))
            if most > np.finfo(np.float32).max:  # perhaps: the largest of each need not meet
                break
        else:
            return None
        for member, layers in enumerate(layers_of_members(members, weights, biases)):
            if not all(np.isfinite(own).all() for own in itertools.chain(*layers)):
                return member
    return None
