"""One net in a model file: what the JSON says of it, and its tensors by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from goodfit.data.encoding import PiecewiseEncoding
from goodfit.data.periodic import PeriodicEncoding
from goodfit.data.target_transform import TargetTransform
from goodfit.errors import InputError, problem
from goodfit.models.model_metadata import (
    COUNT_FORMAT,
    ENCODING_FORMAT,
    MEMBERS_FORMAT,
    PERIODIC_FORMAT,
    PLAIN_FORMAT,
    TARGETS_FORMAT,
    TRANSFORM_FORMAT,
    Metadata,
    NetEntry,
)
from goodfit.models.quantile_head import QuantileHead
from goodfit.models.trained_net import TrainedNet
from goodfit.nets.member_parts import MEMBERS, PARTS, members_of, named_parts

_SCALING = {  # name in the file -> field of TrainedNet
    "input.shift": "shift",
    "input.scale": "scale",
    "target.shift": "target_shift",
    "target.scale": "target_scale",
}
BEND, EDGES = "input.bend", "input.edges"  # only of nets whose inputs are clipped smoothly, and encoded
WAVES = {  # only of nets with a periodic encoding: -> field of it
    "input.frequencies": "frequencies",
    "input.phases": "phases",
    "input.waves.weight": "weights",
    "input.waves.bias": "offsets",
}
STEPS = {"steps.weight": "weight", "steps.bias": "bias"}  # only of nets that give quantiles: -> of their head
NUMBERS, KNOTS = "target.numbers", "target.knots"  # only of nets with a target transform


def entry_of(net: TrainedNet) -> dict[str, Any]:
    """What the JSON says of a net."""
    entry: dict[str, Any] = {"activations": list(net.activations), "seed": int(net.seed)}
    entry |= {} if net.encoding is None else {"encoded": net.encoding.columns.tolist()}
    entry |= {"periodic": True} if isinstance(net.encoding, PeriodicEncoding) else {}
    entry |= {} if net.count == 1 else {"count": net.count}
    entry |= {"targets": list(net.targets)} if net.targets else {}
    entry |= {} if net.head is None else {"levels": list(net.head.levels)}
    entry |= {"mixed": True} if net.mixtures else {}
    entry |= {} if net.members is None else {"members": [name for name in PARTS if getattr(net.members, name)]}
    return entry if net.transform is None else entry | {"target_transform": list(net.transform.kinds)}


def version_of(net: TrainedNet) -> int:
    """The first format that can hold a net."""
    if net.members is not None:
        return MEMBERS_FORMAT
    if isinstance(net.encoding, PeriodicEncoding):
        return PERIODIC_FORMAT
    if net.targets or net.head is not None or net.mixtures:
        return TARGETS_FORMAT
    if net.count != 1 or net.encoding is not None:
        return ENCODING_FORMAT if net.count == 1 else COUNT_FORMAT
    return PLAIN_FORMAT if net.transform is None else TRANSFORM_FORMAT


def tensors_of(net: TrainedNet) -> dict[str, np.ndarray]:
    """A net's tensors by name, without its number."""
    tensors: dict[str, np.ndarray] = {}
    for layer, (weight, bias) in enumerate(zip(net.weights, net.biases, strict=True)):
        tensors |= {f"layers.{layer}.weight": weight, f"layers.{layer}.bias": bias}
    for layer, slope in enumerate(net.slopes):
        if slope is not None:
            tensors[f"layers.{layer}.slope"] = np.array([slope], np.float32)
    tensors |= {f"layers.{layer}.mixture": share for layer, share in enumerate(net.mixtures)}
    tensors |= dict(named_parts(net.members))
    tensors |= {name: getattr(net, attribute) for name, attribute in _SCALING.items()}
    tensors |= {BEND: net.bend} if net.bend.any() else {}
    if isinstance(net.encoding, PiecewiseEncoding):
        tensors[EDGES] = net.encoding.edges
    elif net.encoding is not None:
        tensors |= dict(zip(WAVES, net.encoding.trained, strict=True))
    tensors |= {} if net.head is None else {name: getattr(net.head, own) for name, own in STEPS.items()}
    if net.transform is not None:
        tensors[NUMBERS] = net.transform.numbers
        tensors |= {} if net.transform.knots is None else {KNOTS: net.transform.knots}
    return tensors


def names_of(number: int, net: NetEntry) -> list[str]:
    """The names of the tensors of a net with these hidden layers."""
    layers = [f"layers.{layer}.{part}" for layer in range(len(net.activations) + 1) for part in ("weight", "bias")]
    slopes = [f"layers.{layer}.slope" for layer, name in enumerate(net.activations) if name == "prelu"]
    slopes += [f"layers.{layer}.mixture" for layer in range(len(net.activations) * net.mixed)]
    transform = [NUMBERS] if net.target_transform else []
    transform += [KNOTS] if "quantile" in net.target_transform else []
    encoding = [*WAVES] if net.periodic else [EDGES] if net.encoded else []
    more = [*encoding, *(STEPS if net.levels else []), *_names_of_members(net)]
    return [f"nets.{number}.{name}" for name in (*layers, *slopes, *_SCALING, *more, *transform)]


def _names_of_members(net: NetEntry) -> list[str]:
    """The names of what members have of their own: of one hidden layer where they scale its inputs alone."""
    layers = len(net.activations) if "outputs" in net.members else 1
    return [f"{MEMBERS}{name}.{layer}" for name in net.members for layer in range(layers)]


def net_of(number: int, entry: NetEntry, tensors: Mapping[str, np.ndarray], found: Metadata) -> TrainedNet:
    """One net of a file. TrainedNet checks what it is given."""
    start, layers = f"nets.{number}.", range(len(entry.activations))
    slopes = [tensors.get(f"{start}layers.{layer}.slope") for layer in layers]
    if any(slope is not None and slope.shape != (1,) for slope in slopes):
        raise InputError(problem("Net", "a slope must be one number", got=[getattr(s, "shape", None) for s in slopes]))
    scaling: dict[str, Any] = {attribute: tensors[start + name] for name, attribute in _SCALING.items()}
    transform, head = None, None
    encoding: PiecewiseEncoding | PeriodicEncoding | None = None
    if entry.levels:
        head = QuantileHead(entry.levels, *(tensors[start + name] for name in STEPS))
    if entry.periodic:
        encoding = PeriodicEncoding(np.asarray(entry.encoded, np.int32), *(tensors[start + name] for name in WAVES))
    elif entry.encoded:
        encoding = PiecewiseEncoding(np.asarray(entry.encoded, np.int32), tensors[start + EDGES])
    if entry.target_transform:
        transform = TargetTransform(entry.target_transform, tensors[start + NUMBERS], tensors.get(start + KNOTS))
    return TrainedNet(
        weights=tuple(tensors[f"{start}layers.{layer}.weight"] for layer in (*layers, len(layers))),
        biases=tuple(tensors[f"{start}layers.{layer}.bias"] for layer in (*layers, len(layers))),
        activations=entry.activations,
        task=found.task,
        classes=found.classes,
        slopes=tuple(None if slope is None else slope.item() for slope in slopes),
        **scaling,
        bend=tensors.get(start + BEND, np.zeros(1, np.float32)),
        seed=entry.seed,
        link=found.link,
        transform=transform,
        encoding=encoding,
        preprocessing=found.preprocessing,
        count=entry.count,
        targets=entry.targets,
        head=head,
        mixtures=tuple(tensors[f"{start}layers.{layer}.mixture"] for layer in layers if entry.mixed),
        members=members_of({name: tensors[start + name] for name in _names_of_members(entry)}),
    )
