"""What is in a model file, as plain values: for `goodfit show`, and for whoever wants to know before using it."""

import hashlib
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from goodfit.arguments import public
from goodfit.data.encoding import PiecewiseEncoding
from goodfit.data.periodic import PeriodicEncoding
from goodfit.models.model_file import FORMAT, KIND, OLDEST_FORMAT, Model, model_of
from goodfit.models.quantiles import levels_in
from goodfit.models.trained_net import TrainedNet
from goodfit.models.whereabouts import model_path
from goodfit.training import tensor_file


@dataclass(frozen=True)
class NetFacts:
    """One net. sizes: from the inputs to the outputs; activations: one a hidden layer; members: that share it."""

    sizes: tuple[int, ...]
    activations: tuple[str, ...]
    parameters: int
    seed: int
    members: int = 1


@dataclass(frozen=True)
class ColumnFacts:
    """One column of the table that the nets take, and how many inputs it becomes."""

    name: str
    kind: str
    inputs: int


@dataclass(frozen=True)
class ModelFacts:
    """What is in a model file.

    path: of the file
    bytes, sha256: of the whole file
    format: its version
    goodfit: the version that wrote it
    task: "classification", "multilabel" or "regression"
    link: what turns outputs into predictions
    classes: names of classes or labels, () for regression
    inputs: D, numbers or columns
    outputs: C
    parameters: numbers that all nets together were trained in
    nets: one a net
    data: name, fingerprint and rows of what the nets were trained on, or None
    columns: None where the nets take numbers as they are
    about: JSON of the writer's, such as the recipe.
    target_transform: of the first net's targets, one each; () where none is.
    clipped: whether predictions stay within the range of the training targets.
    encoded, bins: how many inputs of the first net are encoded, by how many bins each; 0 where none is.
    targets: names of several targets; () where they have none.
    levels: of the quantiles that the nets give; () where they give none.
    mixed: how many nets have trained mixtures of activations.
    frequencies, components: by how many cosines, in how many sums of them each, where they are trained, else 0.
    """

    path: str
    bytes: int
    sha256: str
    format: int
    goodfit: str
    task: str
    link: str
    classes: tuple[str, ...]
    inputs: int
    outputs: int
    parameters: int
    nets: tuple[NetFacts, ...]
    data: dict[str, Any] | None
    columns: tuple[ColumnFacts, ...] | None
    about: dict[str, Any]
    target_transform: tuple[str, ...] = ()
    clipped: bool = False
    encoded: int = 0
    bins: int = 0
    targets: tuple[str, ...] = ()
    levels: tuple[float, ...] = ()
    mixed: int = 0
    frequencies: int = 0
    components: int = 0

    def to_json(self) -> dict[str, Any]:
        """The fields as JSON has them."""
        return asdict(self)


@public
def describe_model(path: str | os.PathLike[str]) -> ModelFacts:
    """What is in a model file, or in that of a run's folder; InputError where it is not sound."""
    file = model_path(path) if os.path.isdir(Path(path)) else Path(path)
    where = str(file)
    content = tensor_file.read_bytes(file, kind=KIND)
    unpacked = tensor_file.unpack(content, where=where, kind=KIND, version=FORMAT, oldest=OLDEST_FORMAT)
    model = model_of(unpacked, where)
    encoding, transform = model.nets[0].encoding, model.nets[0].transform
    return ModelFacts(
        path=where,
        bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        format=unpacked.version,
        goodfit=model.version,
        task=model.task,
        link=model.nets[0].link,
        classes=model.classes,
        inputs=model.nets[0].n_inputs,
        outputs=model.nets[0].n_outputs,
        parameters=sum(net.n_parameters for net in model.nets),
        nets=tuple(map(_net, model.nets)),
        data=model.data,
        columns=_columns(model),
        about=model.about,
        target_transform=() if transform is None else transform.named,
        clipped=transform is not None and transform.clips,
        encoded=0 if encoding is None else len(encoding.columns),
        bins=encoding.bins if isinstance(encoding, PiecewiseEncoding) else 0,
        frequencies=encoding.bare.frequencies if isinstance(encoding, PeriodicEncoding) else 0,
        components=encoding.bare.components if isinstance(encoding, PeriodicEncoding) else 0,
        targets=model.targets,
        levels=levels_in(model.nets[0]),
        mixed=sum(bool(net.mixtures) for net in model.nets),
    )


def _net(net: TrainedNet) -> NetFacts:
    return NetFacts(net.sizes, net.activations, net.n_parameters, net.seed, net.n_members)


def _columns(model: Model) -> tuple[ColumnFacts, ...] | None:
    if model.preprocessing is None:
        return None
    return tuple(ColumnFacts(column.name, column.kind, column.width) for column in model.preprocessing.columns)
