from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from goodfit.data import Dataset, Split
from goodfit.training.examples import Examples, fit_scaling


def dataset(**changes: Any) -> Dataset:
    fields: dict[str, Any] = {
        "name": "toy",
        "x": np.array([[0, 10, 5], [2, 10, 5], [4, 40, 5], [100, 0, -7]], np.float32),
        "y": np.array([[1.0], [3.0], [5.0], [1000.0]], np.float32),
        "task": "regression",
        "classes": (),
        "features": ("a", "b", "c"),
        "test": np.zeros(0, np.int32),
        "image_shape": None,
        "scaling": "standard",
        "scale_targets": False,
        "about": "a toy",
        "source": "by hand",
    }
    return Dataset(**(fields | changes))


ROWS = np.arange(3, dtype=np.int32)  # the fourth is not trained on, and must not matter


def scaled(scaling: Any) -> Any:
    return (dataset().x[:3] - scaling.shift) * scaling.scale


def test_standard_by_hand() -> None:
    scaling = fit_scaling(dataset(), ROWS)
    np.testing.assert_allclose(scaling.shift, [2, 20, 5])
    np.testing.assert_allclose(1 / scaling.scale, [np.sqrt(8 / 3), np.sqrt(200), 1])  # the third has no spread
    np.testing.assert_allclose(scaled(scaling).mean(0), 0, atol=1e-6)
    np.testing.assert_allclose(scaled(scaling).std(0), [1, 1, 0], atol=1e-6)
    np.testing.assert_array_equal(scaling.target_shift, [0])
    np.testing.assert_array_equal(scaling.target_scale, [1])


def test_poisson_takes_targets_as_they_are() -> None:
    data = dataset(scale_targets=True)
    for found in (
        fit_scaling(data, ROWS, loss="poisson"),
        Examples.of_split(Split(data, ROWS, ROWS[:0], ROWS[:0]), loss="poisson").scaling,
    ):
        np.testing.assert_array_equal(found.target_shift, [0])
        np.testing.assert_array_equal(found.target_scale, [1])
        np.testing.assert_allclose(found.shift, [2, 20, 5])


def test_unit_by_hand() -> None:
    scaling = fit_scaling(dataset(), ROWS, "unit")
    np.testing.assert_array_equal(scaling.shift, 0)
    np.testing.assert_allclose(scaling.scale, 1 / 40)
    negative = fit_scaling(dataset(x=-dataset().x), ROWS, "unit")
    np.testing.assert_allclose(negative.scale, 1 / 40)
    nothing = fit_scaling(dataset(x=np.zeros((4, 3), np.float32)), ROWS, "unit")
    np.testing.assert_array_equal(nothing.scale, 1)
    pixels = fit_scaling(dataset(x=np.full((4, 3), 7, np.uint8)), ROWS, "unit")
    np.testing.assert_allclose(pixels.scale, 1 / 255)


def test_robust_by_hand() -> None:
    """As tables scale numbers, from the training rows; zeros and ones stay as they are."""
    data = dataset(x=np.array([[0, 0, 5], [2, 1, 5], [4, 1, 5], [1e30, 0, -7]], np.float32))
    scaling = fit_scaling(data, ROWS, "robust")
    np.testing.assert_array_equal(scaling.shift, [2, 0, 5])
    np.testing.assert_array_equal(scaling.scale, [0.5, 1, 0])  # quartiles 1 and 3; none in the third
    z = scaling.inputs(data.x)
    np.testing.assert_allclose(z[:3, 0], np.array([-1, 0, 1]) / np.sqrt(1 + 1 / 9), rtol=1e-6)
    assert z[3, 0] == pytest.approx(3)
    np.testing.assert_array_equal(z[:, 1], [0, 1, 1, 0])
    np.testing.assert_array_equal(z[:, 2], 0)
    tiny = fit_scaling(dataset(x=np.array([[0], [1e-45], [3e-45], [0]], np.float32), features=()), ROWS, "robust")
    assert np.isfinite(tiny.inputs(data.x[:, :1])).all()
    both = fit_scaling(dataset(x=np.array([[0, 1, 1], [1, 0, 1], [1, 1, 0], [5, 5, 5]], np.float32)), ROWS, "robust")
    assert both.bend is None


def test_none_and_auto() -> None:
    none = fit_scaling(dataset(), ROWS, "none")
    np.testing.assert_array_equal(none.shift, 0)
    np.testing.assert_array_equal(none.scale, 1)
    auto = fit_scaling(dataset(scaling="unit"), ROWS)
    np.testing.assert_allclose(auto.scale, 1 / 40)


def test_targets() -> None:
    scaling = fit_scaling(dataset(scale_targets=True), ROWS)
    np.testing.assert_allclose(scaling.target_shift, [3])
    np.testing.assert_allclose(1 / scaling.target_scale, [np.sqrt(8 / 3)])


@pytest.mark.parametrize("score_test", [False, True])
@pytest.mark.parametrize(("valid", "test"), [([2], [3]), ([], [3]), ([2], []), ([], [])])
def test_the_parts_of_a_split(valid: list[int], test: list[int], score_test: bool) -> None:
    data = dataset()
    train = [row for row in range(4) if row not in (*valid, *test)]
    parts = (np.array(rows, np.int32) for rows in (train, valid, test))
    split = Split(data, *parts, seed=0)
    examples = Examples.of_split(split, score_test=score_test)
    names = (["valid"] if valid else []) + (["test"] if test and score_test else [])
    assert list(examples.parts) == names
    np.testing.assert_array_equal(examples.train, train)
    assert (examples.task, examples.outputs) == ("regression", 1)
    assert examples.x is data.x
    assert examples.weights is None
    assert examples.folds is None
    np.testing.assert_allclose(examples.scaling.shift, data.x[train].mean(0), rtol=1e-6)


def test_folds_by_hand() -> None:
    split = Split(dataset(), *(np.array(rows, np.int32) for rows in ([3, 0, 2], [], [1])), seed=0)
    examples = Examples.of_split(split, score_test=True).with_folds(np.array([0, 1, 0], np.int32))
    np.testing.assert_array_equal(examples.folds, [1, -1, 0, 0])
    np.testing.assert_array_equal(examples.weights, [[1, 0, 0, 0], [0, 0, 1, 1]])  # by the fold left out
    np.testing.assert_array_equal(examples.part_weights["valid"], [[0, 0, 1, 1], [1, 0, 0, 0]])
    np.testing.assert_array_equal(examples.parts["valid"], [3, 0, 2])
    np.testing.assert_array_equal(examples.parts["test"], [1])
    assert list(examples.part_weights) == ["valid"]
