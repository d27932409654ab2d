"""Predicts with PyTorch and NumPy, as nets did in goodfit; their numbers are in the .pt file that has this file's name.

predict(x): names of classes [N], labels of 0 and 1 [N, C], or numbers [N, C]; predict_proba(x): probabilities [N, C].
x: a dict of columns (arrays or lists) or a data frame; numbers [N, D] for nets that were trained on arrays.
NETS: the nets, modules of float64, in which goodfit predicts; NETS[0].float() is one of float32. NETS[0].layers is an
nn.Sequential of nn.Linear and activations; FILE["states"][0] is its state, float32.
"""

import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch

from goodfit.interop.export.standalone.numpy_net import column_inputs, finished

FILE: dict[str, Any] = torch.load(Path(__file__).with_suffix(".pt"), weights_only=True)
ABOUT: dict[str, Any] = json.loads(FILE["about"])
ACTIVATIONS: dict[str, Any] = {
    "identity": torch.nn.Identity,
    "relu": torch.nn.ReLU,
    "sigmoid": torch.nn.Sigmoid,
    "tanh": torch.nn.Tanh,
    "leaky-relu": torch.nn.LeakyReLU,  # 0.01 below 0
    "elu": torch.nn.ELU,
    "selu": torch.nn.SELU,
    "gelu": torch.nn.GELU,
    "silu": torch.nn.SiLU,
    "softplus": torch.nn.Softplus,
    "mish": torch.nn.Mish,
    "prelu": torch.nn.PReLU,
}


class Mixed(torch.nn.Module):
    """An activation of which each unit takes its own share, and the rest of its input itself."""

    def __init__(self, activation: Any, units: int) -> None:
        super().__init__()
        self.activation, self.share = activation, torch.nn.Parameter(torch.ones(units))

    def forward(self, z: Any) -> Any:
        """The units' values [N, units] of z [N, units]."""
        return self.share * self.activation(z) + (1 - self.share) * z


class Net(torch.nn.Module):
    """One net. `forward` takes its inputs, unscaled, [N, D], and gives its outputs before probabilities, [N, C].

    layers: an nn.Sequential; arrays: what inputs and targets were scaled by.
    """

    def __init__(self, place: int) -> None:
        super().__init__()
        sizes, names = ABOUT["sizes"][place], ABOUT["nets"][place]
        layers: list[torch.nn.Module] = []
        for layer, (before, after) in enumerate(itertools.pairwise(sizes)):
            layers.append(torch.nn.Linear(before, after))
            if layer < len(names):
                activation = ACTIVATIONS[names[layer]]()
                layers.append(Mixed(activation, after) if ABOUT["mixed"][place] else activation)
        self.layers = torch.nn.Sequential(*layers)
        self.layers.load_state_dict(FILE["states"][place])
        self.arrays: dict[str, Any] = FILE["arrays"][place]

    def forward(self, x: Any) -> Any:
        """Outputs [N, C] of inputs [N, D]."""
        shift, scale, bend = (self.arrays[name].to(x) for name in ("shift", "scale", "bend"))
        z = ((x - shift) * scale).clip(-1e15, 1e15) if bend.any() else (x - shift) * scale
        z = z / (1 + (z * bend) ** 2).sqrt()
        places, waved = (self.arrays[name].to(x.device) for name in ("encoded", "waved"))
        names = ("low", "slopes", "frequencies", "phases", "weights", "offsets")
        low, slopes, frequencies, phases, weights, offsets = (self.arrays[name].to(x) for name in names)
        pieces = ((z[:, places] - low) * slopes).clip(0, 1)
        waves = torch.cos(2 * torch.pi * z[:, waved, None] * frequencies + phases)
        sums = torch.einsum("nef,eof->neo", waves, weights) + offsets
        return self.layers(torch.cat([z, pieces, sums.flatten(1)], 1))


NETS = [Net(place).double() for place in range(len(FILE["states"]))]


def predict_proba(x: Any) -> Any:
    """Probabilities [N, C] of the classes ABOUT["classes"], or for regression numbers: the mean over the nets."""
    inputs = [column_inputs(np.asarray(x[each["name"]]), each)[:, : each["width"]] for each in ABOUT["columns"]]
    rows, total = np.column_stack(inputs).astype(np.float32) if inputs else np.asarray(x), np.zeros(1)
    for place, net in enumerate(NETS):
        with torch.no_grad():
            outputs = net(torch.from_numpy(rows.astype(np.float64))).numpy()
        total = total + ABOUT["counts"][place] * finished(
            outputs, place, {name: array.numpy() for name, array in net.arrays.items()}
        )
    return (total / sum(ABOUT["counts"])).astype(np.float32)


def predict(x: Any) -> Any:
    """Names of classes [N], labels of 0 and 1 [N, C], or numbers [N, C]."""
    values = predict_proba(x)
    if ABOUT["task"] == "classification":
        return np.array(ABOUT["classes"])[values.argmax(1)]
    return values if ABOUT["task"] == "regression" else (values > 0.5).astype(int)
