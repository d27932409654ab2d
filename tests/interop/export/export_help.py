"""Models with weights that were drawn, not trained, and tables for them: parity of exports asks for no fit."""

from __future__ import annotations

import importlib.util
import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from goodfit.data.tables import Preprocessing
from goodfit.models import Model, TrainedNet
from goodfit.models.averaging import mean_values
from goodfit.nets.numpy_activations import FUNCTIONS

ACTIVATIONS = tuple(FUNCTIONS)
ROWS = 120


def drawn_net(
    inputs: int, outputs: int = 3, activations: Sequence[str] = ("relu", "tanh"), seed: int = 0, **facts: Any
) -> TrainedNet:
    """A net with hidden layers of 7, 6, ... units; its facts are those of a classifier unless others are given."""
    rng = np.random.default_rng(seed)
    sizes = [inputs, *range(7, 7 - len(activations), -1), outputs]
    weights = [rng.normal(0, 1.5 / np.sqrt(a), (b, a)) for a, b in itertools.pairwise(sizes)]
    slopes = [float(rng.normal()) if name == "prelu" else None for name in activations]
    task = facts.setdefault("task", "classification")
    if task != "regression":
        facts.setdefault("classes", tuple(f"class {letter}" for letter in "zyxw"[:outputs]))
    biases = [rng.normal(0, 1, size) for size in sizes[1:]]
    return TrainedNet(tuple(weights), tuple(biases), tuple(activations), slopes=tuple(slopes), **facts)


def people(rows: int = ROWS) -> dict[str, Any]:
    """A table of all kinds of columns, each with missing values."""
    rng = np.random.default_rng(5)
    city = rng.choice(["Oslo", "Rio de Janeiro", "Köln", "7"], rows).astype(object)
    member = rng.choice(["yes", "no"], rows).astype(object)
    since = np.datetime64("2019-12-30T05:00", "s") + rng.integers(0, 10**8, rows)
    account = 1e9 + rng.normal(0, 1e-2, rows)
    city[::9], member[::7], since[::11], account[::8] = None, "", np.datetime64("NaT"), np.nan
    return {
        "city": city,
        "account": account,
        "height": rng.normal(170, 10, rows),
        "member": member,
        "active": rng.random(rows) > 0.4,
        "since": since,
        "code": rng.integers(0, 5, rows),
    }


KINDS: dict[str, Any] = {
    "city": "categorical",
    "account": "numeric",
    "height": "numeric",
    "member": "boolean",
    "active": "boolean",
    "since": "date",
    "code": "categorical",
}


def people_model(nets: int = 3, *, without: Sequence[str] = (), **facts: Any) -> tuple[Model, dict[str, Any]]:
    """A model of several nets on that table, and the table."""
    table = {name: values for name, values in people().items() if name not in without}
    fitted = Preprocessing.fit(table, {name: KINDS[name] for name in table})
    made = tuple(drawn_net(fitted.n_inputs, seed=seed, **facts) for seed in range(nets))
    return Model(made, preprocessing=fitted), table


def onnx_feed(table: dict[str, Any]) -> dict[str, np.ndarray]:
    """A table as docs/export.md says that an ONNX file takes it."""
    feed = {}
    for name, values in table.items():
        if KINDS[name] == "numeric":
            column = np.asarray(values, np.float64)
        elif KINDS[name] == "date":
            column = (values - np.datetime64("1970-01-01")) / np.timedelta64(1, "D")
        else:
            column = np.array(["" if value is None else str(value) for value in values], object)
        feed[name] = column[:, None]
    return feed


def session(path: str | Path) -> Any:
    """An ONNX file in ONNX Runtime."""
    import onnxruntime

    return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])


def imported(path: str | Path) -> Any:
    """An exported Python file as a module."""
    spec = importlib.util.spec_from_file_location("exported_net", path)
    module = importlib.util.module_from_spec(spec)  # type: ignore[arg-type]
    spec.loader.exec_module(module)  # type: ignore[union-attr]
    return module


def expected_of(model: Model, table: dict[str, Any]) -> np.ndarray:
    """What goodfit predicts for a table: probabilities or numbers."""
    assert model.preprocessing is not None
    return mean_values(model.nets, model.preprocessing.transform(table)[0])


def close(found: Any, expected: Any) -> None:
    """Within 1e-5, relative to each number, or to the mean magnitude of its column."""
    found, expected = np.asarray(found, np.float64), np.asarray(expected, np.float64)
    assert found.shape == expected.shape
    scale = np.maximum(np.abs(expected), np.abs(expected).mean(0))
    assert (np.abs(found - expected) / scale).max() <= 1e-5
