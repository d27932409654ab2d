"""Model files of nets whose targets were transformed."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from model_help import TRANSFORM, TRANSFORMED, content, packed, refused

from goodfit.data.target_transform import TargetTransform
from goodfit.errors import InputError
from goodfit.models.model_file import load_model, save_model
from goodfit.runs.model_facts import describe_model
from goodfit.runs.opening import model_print
from goodfit.training import tensor_file


def test_nets_keep_the_transform_of_their_targets(tmp_path: Path) -> None:
    """Only files with one are of format 3: without, they are as they were, and older versions can read them."""
    path = tmp_path / "model.safetensors"
    save_model(path, [TRANSFORMED, replace(TRANSFORMED, transform=None)])
    content = tensor_file.read(path, kind="model", version=3)
    assert [name for name in content.arrays if "numbers" in name or "knots" in name] == [
        "nets.0.target.knots",
        "nets.0.target.numbers",
    ]
    one, other = load_model(path).nets
    assert one.transform is not None
    assert one.transform.kinds == TRANSFORM.kinds
    np.testing.assert_array_equal(one.transform.numbers, TRANSFORM.numbers)
    np.testing.assert_array_equal(one.transform.knots, TRANSFORM.knots)  # type: ignore[arg-type]
    assert describe_model(path).target_transform == TRANSFORM.kinds
    assert model_print([one]) == model_print([TRANSFORMED])
    assert len({model_print([net]) for net in (one, other, replace(one, transform=_other_range()))}) == 3
    assert other.transform is None
    x = np.random.default_rng(0).normal(size=(9, 4)).astype(np.float32)
    np.testing.assert_array_equal(one.predict(x), TRANSFORMED.predict(x))
    save_model(path, [other])
    assert tensor_file.read(path, kind="model", version=2).version == 2


def test_a_transform_that_a_file_cannot_mean_is_refused(tmp_path: Path) -> None:
    for name, array, message in (
        ("numbers", np.zeros((5, 4), np.float32), r"finite, with a unit > 0"),
        ("numbers", np.ones((4, 4), np.float32), r"four numbers for each of the 5 outputs"),
        ("knots", np.zeros((2, 5, 0), np.float32), r"\(2, 5, K\) finite, rising numbers"),
        ("knots", -np.arange(30, dtype=np.float32).reshape(2, 5, 3), r"finite, rising numbers"),
    ):
        tensors, metadata = content((TRANSFORMED,))
        metadata["nets"][0]["target_transform"] = list(TRANSFORM.kinds)
        tensors[f"nets.0.target.{name}"] = array
        error = refused(tmp_path / "model.safetensors", packed(tensors, metadata))
        assert re.search(message, str(error))
    tensors, metadata = content((TRANSFORMED,))
    metadata["nets"][0]["target_transform"] = ["log", "quantle", "none", "yeo-johnson", "log1p"]
    del tensors["nets.0.target.knots"]
    error = refused(tmp_path / "model.safetensors", packed(tensors, metadata))
    assert "must be a known one; got 'quantle'. Did you mean 'quantile'?" in str(error)
    error = refused(tmp_path / "model.safetensors", packed(tensors, metadata, version=2))
    assert "'target_transform' is for files of format 3 or later; got 2" in str(error)


def _other_range() -> TargetTransform:
    return replace(TRANSFORM, numbers=TRANSFORM.numbers + np.float32([0, 0, 0, 1]))


def test_a_net_of_a_file_predicts_by_the_documented_formulas(tmp_path: Path) -> None:
    """By hand, from the tensors alone."""
    save_model(tmp_path / "model.safetensors", [TRANSFORMED])
    x = np.random.default_rng(1).normal(size=(50, 4)).astype(np.float32) * 3
    z = TRANSFORMED.outputs(x, np.float64)
    t = np.clip(z, TRANSFORM.numbers[:, 2], TRANSFORM.numbers[:, 3])
    power = np.where(t[:, 3] >= 0, -0.5, 2.5)
    grown = (1 + power * np.abs(t[:, 3])) ** (1 / power) - 1
    expected = np.stack(
        [
            np.exp(t[:, 0]),
            np.interp(t[:, 1], [-1, 0, 1], [2, 2, 9]),
            z[:, 2],
            2 * np.sign(t[:, 3]) * grown,
            np.exp(t[:, 4]) - 1,
        ],
        axis=1,
    )
    found = load_model(tmp_path / "model.safetensors").predict(x)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_a_transform_is_for_regression_without_a_link() -> None:
    rule = "a target transform is for regression with the link identity"
    with pytest.raises(InputError, match=rule):
        replace(TRANSFORMED, link="exp")
    with pytest.raises(InputError, match=rule):
        replace(TRANSFORMED, task="multilabel", classes=tuple("abcde"))
