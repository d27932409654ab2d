"""The data sets that come with scikit-learn: no network, a few hundred rows each.

Importing scikit-learn takes over a second, so what it gives is kept in goodfit's cache, and read from there next time.
"""

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from goodfit.data.cache import keep, user_cache
from goodfit.data.dataset import Dataset, Task
from goodfit.data.npz import read_npz
from goodfit.errors import GoodfitError, InputError, nearest, problem
from goodfit.reading import read_bytes

LAYOUT = 1  # of the cached file; a change of what is kept gets a new number


@dataclass(frozen=True)
class Bundled:
    """What is to be said of a bundled set before it is loaded."""

    loader: str
    """Function of `sklearn.datasets`."""
    about: str
    task: Task
    rows: int
    inputs: int
    outputs: int
    options: tuple[tuple[str, Any], ...] = ()
    """Arguments of the loader."""
    image_shape: tuple[int, int] | None = None


BUNDLED = {
    "digits": Bundled(
        "load_digits", "Handwritten digits, 8 x 8 grey levels from 0 to 16", "classification", 1797, 64, 10, (), (8, 8)
    ),
    "iris": Bundled("load_iris", "Three species of iris by the size of their flowers", "classification", 150, 4, 3),
    "wine": Bundled("load_wine", "Wines of three growers by chemical analysis", "classification", 178, 13, 3),
    "breast-cancer": Bundled(
        "load_breast_cancer", "Malignant or benign, by measurements of cell nuclei", "classification", 569, 30, 2
    ),
    "diabetes": Bundled(
        "load_diabetes",
        "Progression of diabetes in a year, by ten measurements",
        "regression",
        442,
        10,
        1,
        (("scaled", False),),
    ),
}


def load(name: str, *, folder: Path | None = None) -> Dataset:
    """A bundled set by its name: inputs in scikit-learn's units as float32 (diabetes: unscaled), to be standardised.

    Digits are standardised like the rest, not divided by 16: the storage type's largest value is not theirs. Columns
    that hold one value only (three pixels of the digits) have no deviation to divide by; training leaves them at 0.
    folder: where the arrays are kept (by default `bundled` in the cache). A cache that cannot be used costs time only.
    """
    entry = BUNDLED.get(name)
    if entry is None:
        raise InputError(problem("data set", "unknown name", got=name, fix=nearest(name, BUNDLED)))
    arrays = _kept(name, entry, user_cache() / "bundled" if folder is None else folder)
    regression = entry.task == "regression"
    return Dataset(
        name=name,
        x=arrays["x"],
        y=arrays["y"],
        task=entry.task,
        classes=() if regression else tuple(arrays["classes"].tolist()),
        features=tuple(arrays["features"].tolist()),
        image_shape=entry.image_shape,
        scaling="standard",
        scale_targets=regression,
        about=entry.about,
        source=f"scikit-learn, sklearn.datasets.{entry.loader}",
    )


def _kept(name: str, entry: Bundled, folder: Path) -> dict[str, np.ndarray]:
    """The arrays from the cache, or else from scikit-learn, and then kept. A corrupt file is known by its own CRCs."""
    from importlib.metadata import version

    path = folder / f"{name}-{version('scikit-learn')}-{LAYOUT}.npz"
    with contextlib.suppress(OSError, ValueError, KeyError):
        loaded = read_npz(read_bytes(path))
        return {key: loaded[key].copy() for key in ("x", "y", "classes", "features")}
    arrays = _from_sklearn(entry)
    with contextlib.suppress(GoodfitError):
        keep(path, lambda file: np.savez(file, **arrays))  # type: ignore[arg-type]
    return arrays


def _from_sklearn(entry: Bundled) -> dict[str, np.ndarray]:
    import sklearn.datasets

    bunch = getattr(sklearn.datasets, entry.loader)(**dict(entry.options))
    whole = entry.task == "classification"
    return {
        "x": bunch.data.astype(np.float32),
        "y": bunch.target.astype(np.int32 if whole else np.float32),
        "classes": np.array([str(label) for label in getattr(bunch, "target_names", ())], dtype=str),
        "features": np.array([str(feature) for feature in bunch.feature_names], dtype=str),
    }
