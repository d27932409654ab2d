"""The data sets that goodfit knows by name."""

import inspect
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from goodfit.arguments import public
from goodfit.data import bundled, fashion_mnist, synthetic
from goodfit.data.dataset import Dataset, Task
from goodfit.data.fashion_mnist import FetchReport
from goodfit.data.sources import Notify
from goodfit.errors import InputError, Problems, nearest, problem
from goodfit.reading import similar_file


@dataclass(frozen=True)
class Entry:
    """What is known of a data set without loading it."""

    name: str  # by which `load` knows it
    about: str
    """One line."""
    task: Task  # classification, multilabel or regression
    rows: int
    """All rows, official test rows included; for a drawn set, with the default parameters."""
    test_rows: int
    """Official test rows; 0 where the set has none and `split` takes some."""
    inputs: int  # D
    outputs: int  # C: classes, labels or targets
    source: str  # where it comes from
    image_shape: tuple[int, int] | None = None  # (height, width) of images
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """What `load` takes for it, with the defaults; empty for sets that are what they are."""


_DRAW: dict[str, Callable[..., Dataset]] = {
    "polynomial": synthetic.polynomial,
    "linear": synthetic.linear,
    "moons": synthetic.moons,
    "circles": synthetic.circles,
    "spirals": synthetic.spirals,
    "xor": synthetic.xor,
    "blobs": synthetic.blobs,
    "sine": synthetic.sine,
}


def _drawn(name: str, task: Task, rows: int, test_rows: int, inputs: int, outputs: int) -> Entry:
    defaults = {key: parameter.default for key, parameter in inspect.signature(_DRAW[name]).parameters.items()}
    about, source = synthetic.ABOUT[name], "synthetic"
    return Entry(name, about, task, rows, test_rows, inputs, outputs, source, parameters=defaults)


def _found() -> Entry:
    side, n_test = fashion_mnist.SIDE, fashion_mnist.N_TEST
    return Entry(
        fashion_mnist.NAME,
        fashion_mnist.ABOUT,
        "classification",
        fashion_mnist.N_TRAIN + n_test,
        n_test,
        side * side,
        len(fashion_mnist.CLASSES),
        "found on this machine, or downloaded",
        (side, side),
    )


def _entries() -> list[Entry]:
    shipped = [
        Entry(
            name, known.about, known.task, known.rows, 0, known.inputs, known.outputs, "scikit-learn", known.image_shape
        )
        for name, known in bundled.BUNDLED.items()
    ]
    return [
        _found(),
        *shipped,
        _drawn("polynomial", "regression", 200, 100, 20, 1),
        _drawn("linear", "regression", 120, 100, 200, 1),
        _drawn("moons", "classification", 800, 400, 2, 2),
        _drawn("circles", "classification", 800, 400, 2, 2),
        _drawn("spirals", "classification", 1200, 600, 2, 3),
        _drawn("xor", "classification", 800, 400, 2, 2),
        _drawn("blobs", "classification", 800, 400, 2, 3),
        _drawn("sine", "regression", 200, 100, 1, 1),
    ]


_ENTRIES = {entry.name: entry for entry in _entries()}


def names() -> list[str]:
    """The names that `load` knows, Fashion-MNIST first, then scikit-learn's, then the drawn ones."""
    return list(_ENTRIES)


@public
def describe(name: str) -> Entry:
    """What is known of a data set without loading it. Raises InputError, with the nearest name, for an unknown one."""
    if name not in _ENTRIES and os.path.splitext(name)[1]:  # meant as a file
        fix = similar_file(name) or "'goodfit data list' lists the data sets."
        raise InputError(problem(name, "there is no such file, and no data set of this name", fix=fix))
    if name not in _ENTRIES:
        raise InputError(problem("data set", "unknown name", got=name, fix=nearest(name, _ENTRIES)))
    return _ENTRIES[name]


@public
def load(name: str, *, progress: Notify | None = None, **parameters: Any) -> Dataset:
    """The data set of that name.

    name: one of `names()`
    progress: called with each `Step` while Fashion-MNIST is looked for; the other sets are there at once.
    parameters: of drawn sets only, such as seed=1, noise=0.2; `describe(name).parameters` lists them with defaults.
    Raises InputError for an unknown name or parameter, GoodfitError if Fashion-MNIST is nowhere to be had.
    """
    known = describe(name).parameters
    problems = Problems()
    for given in parameters:
        if given not in known:
            fix = nearest(given, known) if known else "It has no parameters."
            problems.add(f"data set {name!r}", "unknown parameter", got=given, fix=fix)
    problems.raise_if_any()
    if name in _DRAW:
        return _DRAW[name](**parameters)
    if name in bundled.BUNDLED:
        return bundled.load(name)
    return fashion_mnist.load(progress=progress)


@public
def fetch(name: str, *, progress: Notify | None = None) -> FetchReport:
    """Make sure that a data set can be loaded without a network from now on, and say how it was come by.

    Raises GoodfitError, with every place that was tried, if it cannot be had or cannot be kept.

    name: of the data set
    progress: called with each `Step` while it is looked for
    """
    entry = describe(name)
    if name == fashion_mnist.NAME:
        return fashion_mnist.fetch(progress=progress)
    return FetchReport(name, entry.source, None)
