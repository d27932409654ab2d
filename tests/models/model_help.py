"""Nets and model files for the tests of the model file: sound ones, and ones to be made unsound."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from goodfit.data.target_transform import TargetTransform
from goodfit.errors import InputError
from goodfit.models import model_file, net_tensors
from goodfit.models.model_file import load_model
from goodfit.models.quantile_head import QuantileHead
from goodfit.models.trained_net import TrainedNet
from goodfit.nets.member_parts import Members
from goodfit.training import tensor_file

ABOUT = {"recipe": {"hidden": [3], "seed": 4}}
DATA = {"name": "mine", "fingerprint": "ab12", "rows": 150}


def net(sizes: tuple[int, ...], activations: tuple[str, ...] = (), seed: int = 0, **fields: Any) -> TrainedNet:
    """A random net for two classes, if `fields` do not say otherwise."""
    rng = np.random.default_rng(seed)
    shapes = list(zip(sizes[1:], sizes[:-1], strict=True))
    return TrainedNet(
        weights=tuple(rng.normal(size=shape) for shape in shapes),
        biases=tuple(rng.normal(size=out) for out, _ in shapes),
        activations=activations,
        slopes=tuple(0.2 if name == "prelu" else None for name in activations),
        shift=rng.normal(size=sizes[0]),
        scale=rng.uniform(1, 2, size=sizes[0]),
        seed=seed,
        **({"task": "classification", "classes": ("a", "é")} | fields),
    )


NETS = (net((4, 3, 2), ("prelu",), 4), net((4, 5, 6, 2), ("relu", "tanh"), 5), net((4, 2), (), 6))
RATES = net((4, 3, 2), ("gelu",), 7, task="regression", classes=(), link="exp")
TRANSFORM = TargetTransform(
    ("log", "quantile", "none", "yeo-johnson", "log1p"),
    np.array([[1, 1, -2, 3], [1, 1, -1, 1], [1, 1, -1e30, 1e30], [-0.5, 2, -4, 1.9], [1, 1, 0, 4]], np.float32),
    np.stack([np.tile([-1, 0, 1], (5, 1)), np.tile([2, 2, 9], (5, 1))]).astype(np.float32),
)
TRANSFORMED = net((4, 3, 5), ("gelu",), 9, task="regression", classes=(), transform=TRANSFORM)
LABELS = net((4, 3, 2), ("sigmoid",), 8, task="multilabel")
MEMBERS = net(
    (4, 3, 4),
    ("relu",),
    11,
    members=Members((np.array([[1, -1, 1, 2]] * 2),), (np.ones((2, 3)),), (np.zeros((2, 3)),)),
)
QUANTILES = net(
    (4, 3, 2),
    ("tanh",),
    10,
    task="regression",
    classes=(),
    targets=("price", "rooms"),
    head=QuantileHead((0.1, 0.5, 0.9), np.ones((4, 3), np.float32), np.arange(4, dtype=np.float32)),
)


def content(nets: tuple[TrainedNet, ...] = NETS[:1]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The tensors and the metadata of a sound file."""
    metadata = {
        "goodfit": "0",
        "task": nets[0].task,
        "link": nets[0].link,
        "classes": list(nets[0].classes),
        "nets": [{"activations": list(each.activations), "seed": each.seed} for each in nets],
        "about": {},
        "preprocessing": None,
        "data": dict(DATA),
    }
    tensors = {f"nets.{i}.{k}": v for i, each in enumerate(nets) for k, v in net_tensors.tensors_of(each).items()}
    return tensors, metadata


def packed(tensors: dict[str, Any], metadata: Any, version: int = model_file.FORMAT) -> bytes:
    """A whole file with this content, whether that makes sense or not."""
    return tensor_file.pack(tensors, metadata, kind="model", version=version)


def refused(path: Path, file: bytes) -> InputError:
    """The error on loading this file."""
    path.write_bytes(file)
    with pytest.raises(InputError, match=r"model\.safetensors: ") as caught:
        load_model(path)
    return caught.value
