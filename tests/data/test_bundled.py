from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import sklearn.datasets

from goodfit.data import bundled
from goodfit.errors import InputError

# Facts from the pages of the UCI repository (digits: its test part) and of the diabetes study, by name.
COUNTS = {"iris": [50, 50, 50], "wine": [59, 71, 48], "breast-cancer": [212, 357]}


@pytest.mark.parametrize("name", bundled.BUNDLED)
def test_the_same_values_as_scikit_learn(name: str, tmp_path: Path) -> None:
    entry = bundled.BUNDLED[name]
    x, y = getattr(sklearn.datasets, entry.loader)(return_X_y=True, **dict(entry.options))
    for data in (bundled.load(name, folder=tmp_path), bundled.load(name, folder=tmp_path)):  # from scikit-learn, kept
        np.testing.assert_array_equal(data.x, x.astype(np.float32))
        np.testing.assert_array_equal(data.y.reshape(y.shape), y)
        assert len(data.features) == data.n_inputs
        assert data.scaling == "standard"
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("name", COUNTS)
def test_class_counts(name: str) -> None:
    assert np.bincount(bundled.load(name).y).tolist() == COUNTS[name]


def test_facts() -> None:
    assert bundled.load("breast-cancer").classes == ("malignant", "benign")
    digits = bundled.load("digits")
    assert digits.classes == tuple("0123456789")
    assert digits.image_shape == (8, 8)
    assert (digits.x.min(), digits.x.max()) == (0, 16)
    diabetes = bundled.load("diabetes")
    assert diabetes.scale_targets
    assert (diabetes.y.min(), diabetes.y.max()) == (25, 346)
    assert diabetes.features[0] == "age"
    assert diabetes.x[:, 0].max() == 79  # years: not scaled


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 not a zip file", None])
def test_a_damaged_file_in_the_cache_is_written_again(tmp_path: Path, damage: bytes | None) -> None:
    good = bundled.load("iris", folder=tmp_path)
    (path,) = tmp_path.iterdir()
    content = path.read_bytes()
    flipped = bytearray(content)
    flipped[200] ^= 255  # within the values of x: its CRC no longer holds
    path.write_bytes(flipped if damage is None else damage)
    assert bundled.load("iris", folder=tmp_path).x.tobytes() == good.x.tobytes()
    with np.load(path) as file:
        assert file["x"].tobytes() == good.x.tobytes()


def test_a_cache_that_cannot_be_written_costs_only_time(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    assert len(bundled.load("iris", folder=tmp_path / "taken")) == 150


def test_unknown_name() -> None:
    with pytest.raises(InputError, match=r"data set: unknown name; got 'wines'\. Did you mean 'wine'"):
        bundled.load("wines")
