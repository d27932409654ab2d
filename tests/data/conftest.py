"""Small stand-ins for Fashion-MNIST's files: nothing here asks a network, and nothing touches the user's cache."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from goodfit.data import fashion_mnist
from goodfit.data.sources import FileSpec
from idx_writing import format_idx


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("GOODFIT_CACHE", str(folder))
    monkeypatch.delenv("GOODFIT_DATA", raising=False)
    return folder


@dataclass
class Tiny:
    """Fashion-MNIST with 50 + 20 rows."""

    contents: dict[str, bytes]
    pixels: np.ndarray
    labels: np.ndarray
    files: tuple[FileSpec, ...]

    def write(self, folder: Path, *, compressed: bool = True, leave_out: str = "") -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in self.contents.items():
            if name != leave_out:
                path = folder / (f"{name}.gz" if compressed else name)
                path.write_bytes(gzip.compress(content, 1) if compressed else content)
        return folder


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> Tiny:
    rng = np.random.default_rng(7)
    pixels = rng.integers(0, 256, (70, 784), dtype=np.uint8)
    labels = rng.permutation(np.arange(70) % 10).astype(np.uint8)
    contents = {
        "train-images-idx3-ubyte": format_idx(pixels[:50].reshape(50, 28, 28)),
        "train-labels-idx1-ubyte": format_idx(labels[:50]),
        "t10k-images-idx3-ubyte": format_idx(pixels[50:].reshape(20, 28, 28)),
        "t10k-labels-idx1-ubyte": format_idx(labels[50:]),
    }
    files = tuple(FileSpec(name, len(raw), hashlib.sha256(raw).hexdigest()) for name, raw in contents.items())
    for constant, value in {
        "FILES": files,
        "N_TRAIN": 50,
        "N_TEST": 20,
        "PIXELS": FileSpec("pixels.npy", 128 + pixels.size, hashlib.sha256(pixels).hexdigest()),
        "LABELS": FileSpec("labels.npy", 128 + labels.size, hashlib.sha256(labels).hexdigest()),
    }.items():
        monkeypatch.setattr(fashion_mnist, constant, value)
    return Tiny(contents, pixels, labels, files)
