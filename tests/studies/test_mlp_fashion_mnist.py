"""Section 4.2 in its small form, on the digits: the claims, and accuracies against predictions row by row."""

from __future__ import annotations

import numpy as np
import pytest
from studies_help import Small

from goodfit.data import load
from goodfit.studies.mlp_fashion_mnist.images import images, late

pytestmark = pytest.mark.xdist_group("mlp-fashion-mnist")  # a worker runs its small form once


def test_the_claims(small: Small) -> None:
    result = small("mlp-fashion-mnist")
    sure = ("loss-falls", "accurate", "surer-where-right")
    assert {name: result.claim(name).status for name in sure} == dict.fromkeys(sure, "holds")
    assert result.claim("test-once").status == "does not hold"
    assert result.claim("test-once").found.value == 120
    assert result.claim("tempting").found.value >= 0


def test_the_last_accuracy_is_that_of_the_predictions(small: Small) -> None:
    """Scored inside the compiled program, and by NumPy from the weights, for the first of three seeds."""
    result = small("mlp-fashion-mnist")
    predicted = result.tables["predictions"]
    assert np.mean(np.array(predicted["is"]) == np.array(predicted["says"])) == np.mean(predicted["right"])
    curves = result.tables["curves"]
    last = max(at for at, model in enumerate(curves["model"]) if model == "mlp")
    low, high = curves["test_low"][last], curves["test_high"][last]
    assert low - 0.01 <= np.mean(predicted["right"]) <= high + 0.01


def test_choices_stand_on_their_own_epochs(small: Small) -> None:
    table = small("mlp-fashion-mnist").tables["choices"]
    assert table["seed"] == [0, 1, 2]
    for chosen, test, best in zip(table["chosen"], table["test"], table["best"], strict=True):
        assert 1 <= chosen <= 120
        assert test <= best


def test_parts_of_the_images_never_meet() -> None:
    found = images("digits", 1000)
    assert len(found.training) == 1000
    assert len(found.test) == 400
    assert not set(found.training) & set(found.test)
    assert len(images("digits", 60_000).training) == 1797 - 400
    pixels = load("digits").x
    np.testing.assert_allclose(found.inputs(found.test), pixels[found.test] / 16)
    np.testing.assert_allclose(found.examples(found.training).scaling.scale, 1 / 16)


def test_late_is_the_mean_of_the_last_epochs() -> None:
    assert late(np.array([[9.0, 1.0, 2.0, 6.0]])) == pytest.approx([3.0])
