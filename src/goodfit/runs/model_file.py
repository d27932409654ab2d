"""The model file: trained nets of one data set in one safetensors file, with everything that predicting needs.

Tensors, all float32: `nets.0.layers.0.weight` [out, in], `nets.0.layers.0.bias` [out], `nets.0.layers.0.slope` [1]
(prelu only); `nets.0.input.shift` and `.scale` [D]; `nets.0.target.shift` and `.scale` [C]. Inputs enter the net as
(x - shift) * scale, regression targets were trained on as (y - shift) * scale.
Metadata, as JSON: `goodfit` (its version), `task`, `classes`, `nets` (a list of {"activations": [...], "seed": 0}), and
`about`: whatever else the writer gives, such as the recipe.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from goodfit import __version__
from goodfit.errors import InputError, problem
from goodfit.files import write_atomically
from goodfit.runs.trained_net import TrainedNet
from goodfit.training import tensor_file

FORMAT = 1
_SCALING = {  # name in the file -> field of TrainedNet
    "input.shift": "shift",
    "input.scale": "scale",
    "target.shift": "target_shift",
    "target.scale": "target_scale",
}


@dataclass(frozen=True, eq=False)
class Model:
    """What a model file holds.

    nets: at least one, all of one task and with the same classes. about: JSON of the writer's, such as the recipe.
    version: the goodfit that wrote it.
    """

    nets: tuple[TrainedNet, ...]
    about: dict[str, Any] = field(default_factory=dict)
    version: str = __version__


def save_model(
    path: str | os.PathLike[str], nets: Sequence[TrainedNet], about: Mapping[str, Any] | None = None
) -> None:
    """Write nets to a model file, whole or not at all.

    nets: at least one; their layers may differ, their task and classes may not. about: JSON without non-finite numbers.
    """
    meanings = {(net.task, net.classes) for net in nets}
    if len(meanings) != 1:
        rule = "must hold at least one net, and all of one task and with the same classes"
        raise InputError(problem(str(path), rule, got=f"{len(nets)} nets, {len(meanings)} different tasks or classes"))
    (task, classes) = meanings.pop()
    tensors: dict[str, np.ndarray] = {}
    for number, net in enumerate(nets):
        tensors |= {f"nets.{number}.{name}": array for name, array in _tensors(net).items()}
    metadata = {
        "goodfit": __version__,
        "task": task,
        "classes": list(classes),
        "nets": [{"activations": list(net.activations), "seed": int(net.seed)} for net in nets],
        "about": dict(about or {}),
    }
    write_atomically(path, tensor_file.pack(tensors, metadata, kind="model", version=FORMAT))


def load_model(path: str | os.PathLike[str]) -> Model:
    """Read a model file; never runs code from it.

    Everything is checked: that the file is whole and of this format, that it holds the tensors that its metadata call
    for and no others, that their shapes fit and their numbers are finite. If not, one InputError names what is wrong.
    """
    where = os.fspath(path)
    tensors, metadata = tensor_file.read(path, kind="model", version=FORMAT)
    try:
        described = [(tuple(map(str, net["activations"])), int(net["seed"])) for net in metadata["nets"]]
        task, classes = metadata["task"], tuple(map(str, metadata["classes"]))
        version, about = metadata["goodfit"], dict(metadata["about"])
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(problem(where, "must describe its nets, task and classes", got=error)) from error
    expected = {name for number, net in enumerate(described) for name in _names(number, net[0])}
    if not described or expected != tensors.keys() or any(array.dtype != np.float32 for array in tensors.values()):
        wrong = sorted(expected ^ tensors.keys())
        rule = "must hold the float32 tensors of its nets and no others"
        raise InputError(problem(where, rule, got=wrong or f"{len(described)} nets"))
    nets: list[TrainedNet] = []
    problems: list[str] = []
    for number, (activations, seed) in enumerate(described):
        try:
            nets.append(_net(number, tensors, activations, seed=seed, task=task, classes=classes))
        except InputError as error:
            problems += [f"{where}: net {number} of {len(described)}: {text}" for text in error.problems]
    if problems:
        raise InputError(*problems)
    return Model(tuple(nets), about, version)


def _tensors(net: TrainedNet) -> dict[str, np.ndarray]:
    """A net's tensors by name, without its number."""
    tensors: dict[str, np.ndarray] = {}
    for layer, (weight, bias) in enumerate(zip(net.weights, net.biases, strict=True)):
        tensors |= {f"layers.{layer}.weight": weight, f"layers.{layer}.bias": bias}
    for layer, slope in enumerate(net.slopes):
        if slope is not None:
            tensors[f"layers.{layer}.slope"] = np.array([slope], np.float32)
    return tensors | {name: getattr(net, attribute) for name, attribute in _SCALING.items()}


def _names(number: int, activations: Sequence[str]) -> list[str]:
    """The names of the tensors of a net with these hidden layers."""
    layers = [f"layers.{layer}.{part}" for layer in range(len(activations) + 1) for part in ("weight", "bias")]
    slopes = [f"layers.{layer}.slope" for layer, name in enumerate(activations) if name == "prelu"]
    return [f"nets.{number}.{name}" for name in (*layers, *slopes, *_SCALING)]


def _net(number: int, tensors: Mapping[str, np.ndarray], activations: tuple[str, ...], **about: Any) -> TrainedNet:
    """One net of a file. TrainedNet checks what it is given."""
    start = f"nets.{number}."
    slopes = [tensors.get(f"{start}layers.{layer}.slope") for layer in range(len(activations))]
    if any(slope is not None and slope.size != 1 for slope in slopes):
        raise InputError(problem("Net", "a slope must be one number", got=[getattr(s, "shape", None) for s in slopes]))
    return TrainedNet(
        weights=tuple(tensors[f"{start}layers.{layer}.weight"] for layer in range(len(activations) + 1)),
        biases=tuple(tensors[f"{start}layers.{layer}.bias"] for layer in range(len(activations) + 1)),
        activations=activations,
        slopes=tuple(None if slope is None else slope.item() for slope in slopes),
        **{attribute: tensors[start + name] for name, attribute in _SCALING.items()},  # type: ignore[arg-type]
        **about,
    )
