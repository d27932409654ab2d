"""What the exported Python files read: a model's numbers as arrays, and the rest as JSON."""

from __future__ import annotations

import ast
import io
import json
from importlib import resources
from typing import Any

import numpy as np

from goodfit.data.encoding import inverse_widths
from goodfit.data.periodic import TRAINED, PeriodicEncoding
from goodfit.data.robust import ColumnScaling
from goodfit.data.tables.categories import Frequent, OneHot
from goodfit.data.tables.dates import Moments
from goodfit.data.tables.fitted import Boolean, FittedColumn, Numeric
from goodfit.data.tables.ordered import Ordered
from goodfit.data.tables.raw import (
    CLOCK,
    DATE,
    FALSE_WORDS,
    MISSING_AMONG_NUMBERS,
    MISSING_WORDS,
    NUMBER,
    TRUE_WORDS,
)
from goodfit.models.model_file import Model
from goodfit.models.trained_net import TrainedNet
from goodfit.nets.numpy_activations import LEAK

LINES = {"identity": 1.0, "relu": 0.0, "leaky-relu": LEAK}  # activations of a straight line on each side of 0: slopes
FUNCTIONS = {"none": "positive", "log": "exp", "log1p": "expm1", "quantile": "interp"}  # of NumPy, that undo transforms
MIDNIGHT = r"^1970-01-01([ T][0-9:.]{5,15})?$"  # and after: times of day as an array of dates holds them
OWN_IMPORTS = "import itertools\nimport json\n"  # of the PyTorch file, and with what shared functions need
SHARED_IMPORTS = "import hashlib\nimport itertools\nimport json\nimport re\nfrom datetime import UTC, datetime\n"
STANDALONE = "goodfit.interop.export.standalone"


def numpy_files(model: Model) -> dict[str, bytes]:
    """The code and the numbers, by the endings of their files' names."""
    nets = [[_formula(net, layer) for layer in range(len(net.weights))] for net in model.nets]
    about = {**_about(model), "nets": nets}
    arrays: dict[str, Any] = {"about": np.array(json.dumps(about))}
    for place, net in enumerate(model.nets):
        own = _arrays(net)
        for layer, (weight, bias) in enumerate(zip(net.weights, net.biases, strict=True)):
            own |= {f"weight{layer}": weight, f"bias{layer}": bias}
        own |= {f"share{layer}": share for layer, share in enumerate(net.mixtures)}
        arrays |= {f"{place}.{name}": array for name, array in own.items()}
    content = io.BytesIO()
    np.savez(content, **arrays)
    return {".py": _source("numpy_net").encode(), ".npz": content.getvalue()}


def torch_files(model: Model) -> dict[str, bytes]:
    """The code and the numbers, by the endings of their files' names."""
    import torch

    about = {
        **_about(model),
        "nets": [list(net.activations) for net in model.nets],
        "mixed": [bool(net.mixtures) for net in model.nets],
        "sizes": [[net.first_inputs, *net.sizes[1:]] for net in model.nets],
    }
    tensors = [{name: torch.tensor(array) for name, array in _arrays(net).items()} for net in model.nets]
    found = {"about": json.dumps(about), "states": [*map(_state, model.nets)], "arrays": tensors}
    content = io.BytesIO()
    torch.save(found, content)
    return {".py": _with_shared(_source("torch_net")).encode(), ".pt": content.getvalue()}


def _state(net: TrainedNet) -> dict[str, Any]:
    """The state of an nn.Sequential of linear layers and activations."""
    import torch

    found: dict[str, Any] = {}
    for layer, (weight, bias) in enumerate(zip(net.weights, net.biases, strict=True)):
        found |= {f"{2 * layer}.weight": torch.tensor(weight), f"{2 * layer}.bias": torch.tensor(bias)}
    within = "activation." if net.mixtures else ""
    for layer, slope in enumerate(net.slopes):
        found |= {} if slope is None else {f"{2 * layer + 1}.{within}weight": torch.tensor([slope])}
    return found | {f"{2 * layer + 1}.share": torch.tensor(share) for layer, share in enumerate(net.mixtures)}


def _formula(net: TrainedNet, layer: int) -> tuple[str, float]:
    """The activation after a layer as the NumPy file has it, and its slope below 0."""
    name = net.activations[layer] if layer < len(net.activations) else "identity"
    slope = net.slopes[layer] if name == "prelu" else LINES.get(name)
    return (name, 0.0) if slope is None else ("line", slope)


def _about(model: Model) -> dict[str, Any]:
    """What all nets share, as JSON."""
    columns = [] if model.preprocessing is None else [*map(_column, model.preprocessing.columns)]
    kinds = [_kinds(net) for net in model.nets]
    truths = dict.fromkeys(sorted(TRUE_WORDS), "1") | dict.fromkeys(sorted(FALSE_WORDS), "0")
    return {
        "goodfit": model.version,
        "task": model.task,
        "classes": list(model.classes),
        "targets": list(model.targets),
        "columns": columns,
        "kinds": kinds,
        "counts": [net.count for net in model.nets],
        "truths": truths,
    }


def _kinds(net: TrainedNet) -> list[str]:
    """The NumPy function that takes each output of a net, scaled, into its target's unit."""
    if net.link == "exp":
        return ["exp"] * net.n_outputs
    kinds = ("none",) * net.n_outputs if net.transform is None else net.transform.kinds
    return [FUNCTIONS.get(kind, kind) for kind in kinds]


def _arrays(net: TrainedNet) -> dict[str, np.ndarray]:
    """What inputs and targets of a net were scaled, encoded and transformed by.

    encoded, low, slopes: [E * bins] column, lower edge and inverse width of each component; none where none is encoded.
    waved, frequencies, phases, weights, offsets: [E] columns, and what is trained, of a periodic encoding, likewise.
    """
    names = ("shift", "scale", "bend", "target_shift", "target_scale")
    found = {name: getattr(net, name) for name in names}
    numbers = np.tile(np.array([1, 1, -np.inf, np.inf], np.float32), (net.n_outputs, 1))
    knots = np.empty((net.n_outputs, 0), np.float32)
    if net.transform is not None:
        numbers = net.transform.numbers
    if net.transform is not None and net.transform.knots is not None:
        knots = net.transform.knots.swapaxes(0, 1)  # [C, 2, K]
    encoded, waved, low, slopes = np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0), np.empty(0)
    waves: tuple[np.ndarray, ...] = (np.empty((0, 1)), np.empty((0, 1)), np.empty((0, 1, 1)), np.empty((0, 1)))
    if isinstance(net.encoding, PeriodicEncoding):
        waved, waves = net.encoding.columns.astype(np.int64), net.encoding.trained
    elif net.encoding is not None:
        edges = net.encoding.edges.astype(np.float64)
        encoded = np.repeat(net.encoding.columns.astype(np.int64), net.encoding.bins)
        low, slopes = edges[:, :-1].ravel(), inverse_widths(edges[:, :-1], edges[:, 1:]).ravel()
    found |= {"waved": waved, **dict(zip(TRAINED, waves, strict=True))}
    return found | {"numbers": numbers, "knots": knots, "encoded": encoded, "low": low, "slopes": slopes}


def _column(column: FittedColumn) -> dict[str, Any]:
    """A column as the exported files read it."""
    missing = MISSING_WORDS if column.kind == "categorical" else MISSING_WORDS | MISSING_AMONG_NUMBERS
    found = {
        "name": column.name,
        "kind": column.kind,
        "missing": sorted(missing),
        "own": column.own_width,
        "width": column.width,
    }
    if isinstance(column, OneHot | Frequent | Ordered):
        places = {category: place for place, category in enumerate(column.categories)}
        values = [*column.values.tolist(), 0.0] if isinstance(column, Ordered) else []  # the last of place -1
        buckets = column.buckets if isinstance(column, Frequent) else 0
        return found | {"places": places, "buckets": buckets, "values": values}
    parts = {Numeric: ("trend",), Boolean: ("value",)}.get(type(column), getattr(column, "parts", ()))
    scaling = column.scaling if isinstance(column, Numeric | Moments) else ColumnScaling(0.0, 1.0)
    found |= {"parts": parts, "median": scaling.median, "factor": scaling.factor}
    instead = float(column.often) if isinstance(column, Boolean) else 0.0
    return found | {"instead": instead, "pattern": _pattern(column)}


def _pattern(column: Numeric | Boolean | Moments) -> str:
    """The regular expression that goodfit reads a column's texts by."""
    if isinstance(column, Moments):
        if column.only_times:
            return f"{MIDNIGHT}|{CLOCK}"
        return f"{DATE}|{CLOCK}" if column.clock else DATE
    return NUMBER  # of yes and no too: their words are numbers by then


def _source(name: str) -> str:
    """The code of an exported file: one blank line between functions will do."""
    text = resources.files("goodfit.interop.export.standalone").joinpath(f"{name}.py").read_text("utf-8")
    while "\n\n\n" in text:
        text = text.replace("\n\n\n", "\n\n")
    return text


def _with_shared(text: str) -> str:
    """The code of a file with what it takes from the NumPy file put in the place of its import."""
    shared = _source("numpy_net")
    wanted = {"number", "place", "column_inputs", "back", "finished"}
    functions = [node for node in ast.parse(shared).body if isinstance(node, ast.FunctionDef) and node.name in wanted]
    code = "\n\n".join(filter(None, (ast.get_source_segment(shared, each) for each in functions)))
    line = next(each for each in text.splitlines() if each.startswith(f"from {STANDALONE}"))
    kept = text.replace(f"{line}\n\n", "").replace(OWN_IMPORTS, SHARED_IMPORTS, 1)
    first = kept.index("class Net(")
    return f"{kept[:first]}{code}\n\n{kept[first:]}"
