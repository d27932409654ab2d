"""Nets whose members share weights, taken apart: each member as a net of its own."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from goodfit.errors import InputError, problem
from goodfit.models.member_layers import layers_of_members
from goodfit.models.trained_net import TrainedNet


def member_nets(net: TrainedNet) -> Iterator[TrainedNet]:
    """The members of a net, each with weights of its own; the net itself where it has one."""
    if net.members is None:
        yield net
        return
    for weights, biases in layers_of_members(net.members, net.weights, net.biases):
        yield replace(net, weights=weights, biases=biases, members=None)


def taken_apart(nets: Sequence[TrainedNet]) -> tuple[TrainedNet, ...]:
    """All members of some nets, for what knows nets of one member alone: together they predict what the nets predict.

    InputError where no whole counts say so: of nets with different numbers of members.
    """
    if all(net.members is None for net in nets):
        return tuple(nets)
    if any(net.members is not None and net.transform is not None for net in nets):
        clipped = all(net.transform is None or not net.transform.named for net in nets)
        what = "their predictions are clipped" if clipped else "a target transform follows their mean"
        fix = f"Train with members 1, or {'without clip_predictions' if clipped else 'target_transform none'}."
        rule = f"members that share weights cannot be taken apart where {what}"
        raise InputError(problem("Model", rule, fix=fix))
    most = int(np.lcm.reduce([net.n_members for net in nets]))
    return tuple(
        replace(each, count=net.count * most // net.n_members) if most > net.n_members else each
        for net in nets
        for each in member_nets(net)
    )
