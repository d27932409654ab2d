"""Nets whose members share weights, taken apart: each member as a net of its own, and what they predict together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from goodfit.errors import InputError, Problems, problem
from goodfit.nets.member_parts import PARTS, Members, member_parts, together

if TYPE_CHECKING:
    from jaxtyping import Float

    from goodfit.models.trained_net import TrainedNet


def member_nets(net: TrainedNet) -> Iterator[TrainedNet]:
    """The members of a net, each with weights of its own; the net itself where it has one."""
    members = net.members
    if members is None:
        yield net
        return
    for member in range(net.n_members):
        weights, biases = list(net.weights), list(net.biases)
        for layer, scaling in enumerate(members.inputs):
            weights[layer] = weights[layer] * scaling[member]
        for layer, scaling in enumerate(members.outputs):
            weights[layer] = weights[layer] * scaling[member][:, None]
        for layer, offset in enumerate(members.offsets):
            biases[layer] = biases[layer] + offset[member]
        own = slice(member * net.n_outputs, (member + 1) * net.n_outputs)
        weights[-1], biases[-1] = weights[-1][own], biases[-1][own]
        yield replace(net, weights=tuple(weights), biases=tuple(biases), members=None)


def taken_apart(nets: Sequence[TrainedNet]) -> tuple[TrainedNet, ...]:
    """All members of some nets, for what knows nets of one member alone: together they predict what the nets predict.

    InputError where no whole counts say so: of nets with different numbers of members.
    """
    if all(net.members is None for net in nets):
        return tuple(nets)
    if any(net.members is not None and net.transform is not None for net in nets):
        rule = "members that share weights cannot be taken apart where a target transform follows their mean"
        raise InputError(problem("Model", rule, fix="Train with members 1, or target_transform none."))
    most = int(np.lcm.reduce([net.n_members for net in nets]))
    return tuple(
        replace(each, count=net.count * most // net.n_members) if most > net.n_members else each
        for net in nets
        for each in member_nets(net)
    )


def outputs_together(net: TrainedNet, rows: Any, precision: Any) -> Float[np.ndarray, "N C"]:
    """The outputs of what the members of a net predict together, for checked inputs."""
    return put_together(net, np.stack([each.outputs(rows, precision) for each in member_nets(net)], axis=-1))


def put_together(net: TrainedNet, outputs: Float[np.ndarray, "N C K"]) -> Float[np.ndarray, "N C"]:
    """The outputs of what members predict together, from those of each."""
    links = {"classification": "softmax", "multilabel": "sigmoid", "regression": net.link}
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        found: Float[np.ndarray, "N C"] = together(outputs, -1, links[net.task], np)
    return found


def as_members(given: Members | None) -> Members | None:
    """What members have of their own, in float32."""
    if given is None:
        return None
    parts: Any = {name: tuple(np.asarray(own, np.float32) for own in getattr(given, name)) for name in PARTS}
    return Members(**parts)


def member_problems(members: Members, weights: Sequence[np.ndarray]) -> Problems:
    """What is wrong with them, for a net of these weights."""
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
    return found
