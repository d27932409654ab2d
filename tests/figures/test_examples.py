from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from goodfit.data.dataset import Dataset
from goodfit.figures import examples, png, svg
from goodfit.figures.examples import POINTS


def images(dtype: Any, rows: int = 40, classes: int = 3) -> Dataset:
    """Row i is an image full of the number i; its class is i modulo the classes; the first class has one row less."""
    codes = np.arange(1, rows) % classes
    x = np.repeat(np.arange(1, rows)[:, None], 6, axis=1).astype(dtype)
    names = tuple(f"class {code}" for code in range(classes))
    return Dataset("pictures", x, codes, "classification", names, image_shape=(2, 3))


@pytest.mark.parametrize(("dtype", "limits"), [(np.uint8, (0, 255)), (np.float32, (1, 39))])
def test_images_stand_in_the_row_of_their_class(dtype: Any, limits: tuple[int, int]) -> None:
    figure = examples(images(dtype))
    shown = [axes for axes in figure.axes if axes.images]
    assert len(figure.axes) == len(shown) == 30
    for place, axes in enumerate(figure.axes):
        (image,) = axes.images
        pixels = image.get_array()
        assert pixels.shape == (2, 3)
        assert pixels[0, 0] % 3 == place // 10
        assert image.get_clim() == limits
    numbers = [axes.images[0].get_array()[0, 0] for axes in shown]
    assert len(set(numbers)) == 30  # no image twice
    assert [axes.texts[0].get_text() for axes in figure.axes[::10]] == ["class 0", "class 1", "class 2"]


def test_a_class_with_few_images_leaves_places_empty() -> None:
    figure = examples(images(np.uint8, rows=8))
    assert [len(axes.images) for axes in figure.axes[:10]] == [1, 1] + [0] * 8
    assert png(figure)


def test_the_seed_chooses_the_images() -> None:
    first, again, other = (svg(examples(images(np.uint8, 200), seed=seed)) for seed in (0, 0, 1))
    assert first == again != other


def test_two_inputs_are_drawn_in_the_plane_each_class_with_its_own_colour_and_marker() -> None:
    rng = np.random.default_rng(0)
    data = Dataset("blobs", rng.normal(size=(90, 2)), np.arange(90) % 3, "classification", ("a", "b", "c"))
    figure = examples(data)
    (axes,) = figure.axes
    for code, line in enumerate(axes.lines):
        np.testing.assert_array_equal(line.get_xydata(), data.x[code::3])
        assert line.get_label() == data.classes[code]
    assert len({line.get_color() for line in axes.lines}) == len({line.get_marker() for line in axes.lines}) == 3
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("feature 0", "feature 1")
    assert figure.get_suptitle() == "blobs: 90 rows, 2 inputs"


def test_many_points_are_thinned() -> None:
    rng = np.random.default_rng(0)
    data = Dataset("m", rng.normal(size=(5000, 2)), np.arange(5000) % 2, "classification", ("a", "b"), ("u", "v"))
    figure = examples(data, title="thinned")
    assert sum(len(line.get_xdata()) for line in figure.axes[0].lines) == POINTS
    assert (figure.axes[0].get_xlabel(), figure.axes[0].get_ylabel()) == ("u", "v")
    assert figure.get_suptitle() == "thinned"


def test_regression_shows_the_target_and_the_input_closest_to_it() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 4))
    x[:, 3] = 5  # constant
    y = -2 * x[:, 1] + 0.5 * rng.normal(size=300)
    counts, scatter = examples(Dataset("r", x, y, "regression")).axes
    assert sum(bar.get_height() for bar in counts.patches) == 300
    assert (counts.get_xlabel(), counts.get_ylabel()) == ("target", "rows")
    np.testing.assert_allclose(scatter.lines[0].get_xdata(), x[:, 1], rtol=1e-6)
    assert scatter.get_xlabel() == "feature 1"
    correlation = np.corrcoef(x[:, 1], y)[0, 1]
    assert scatter.get_title(loc="left") == f"Most correlated feature (r = {correlation:.2f})"


def test_regression_uses_the_names_of_the_inputs() -> None:
    data = Dataset("r", np.arange(20.0).reshape(10, 2), np.arange(10.0), "regression", features=("size", "age"))
    assert examples(data).axes[1].get_xlabel() == "size"


def test_other_classification_counts_the_rows_of_each_class() -> None:
    data = Dataset("wine", np.zeros((10, 3)), np.array([0] * 7 + [2] * 3), "classification", ("a", "b", "c"))
    (axes,) = examples(data).axes
    assert [bar.get_width() for bar in axes.patches] == [7, 0, 3]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "b", "c"]
    assert axes.get_xlabel() == "rows of the class"


def test_multilabel_counts_the_rows_with_each_label() -> None:
    y = np.array([[1, 1], [0, 1], [0, 0], [1, 1]])
    (axes,) = examples(Dataset("tags", np.zeros((4, 3)), y, "multilabel", ("a", "b"))).axes
    assert [bar.get_width() for bar in axes.patches] == [2, 3]
    assert axes.get_xlabel() == "rows with the label"
