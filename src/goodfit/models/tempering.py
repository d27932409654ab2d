"""A temperature folded into a net, so that it predicts, saves and exports as any other."""

import math
from dataclasses import replace

import numpy as np

from goodfit.data.streams import is_number
from goodfit.errors import InputError, problem
from goodfit.models.trained_net import TrainedNet


def tempered_net(net: TrainedNet, temperature: float) -> TrainedNet:
    """The same net with its logits divided by a temperature, folded into the weights and biases of its last layer.

    temperature: > 0; 1 changes nothing. InputError for other numbers, for a net that is no classifier, and for one
    whose members share weights: the mean of their probabilities has no layer that it could be folded into.
    """
    if net.task == "regression":
        rule = "must be a classifier to have a temperature"
        raise InputError(problem("Net", rule, got=net.task))
    if net.members is not None:
        fix = "Train with members 1, or several seeds."
        raise InputError(problem("Net", "must have one member to have a temperature", got=net.n_members, fix=fix))
    if not (is_number(temperature) and math.isfinite(temperature) and temperature > 0):
        raise InputError(problem("Net", "'temperature' must be a finite number > 0", got=temperature))
    with np.errstate(
        over="ignore", divide="ignore", invalid="ignore"
    ):  # weights that are no longer finite are refused by the net
        weight, bias = ((each[-1] / temperature).astype(np.float32) for each in (net.weights, net.biases))
    return replace(net, weights=(*net.weights[:-1], weight), biases=(*net.biases[:-1], bias))
