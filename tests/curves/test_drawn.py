"""Curves over a parameter of a drawn data set: the degree of a polynomial is the figure of section 4.3.3."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from goodfit.curves import data_curve, learning_curve
from goodfit.data import load
from goodfit.errors import InputError
from goodfit.selection import select
from goodfit.training import Recipe

STRAIGHT = Recipe(hidden=(), optimizer="lbfgs", epochs=40)  # least squares: the polynomial of the best fit


def test_the_right_degree_is_found_and_too_many_terms_overfit() -> None:
    """The truth is a cubic. Held-out rows are best at 3; training rows only get better with more terms."""
    found = data_curve(STRAIGHT, "polynomial", "degree", [1, 3, 12], by="loss")
    assert found.values == (1, 3, 12)
    assert found.best == 1
    assert found.train.mean[0] > found.train.mean[1] >= found.train.mean[2] * 0.99
    assert found.valid.mean[0] > 10 * found.valid.mean[1]
    assert found.valid.mean[2] > found.valid.mean[1]
    assert found.rows()[1]["best"] is True


def test_a_value_is_a_search_of_that_data_set() -> None:
    recipe = Recipe(hidden=(4,), epochs=4, dropout=0.0)
    found = data_curve(recipe, "moons", "noise", [0.5, 0.1], folds=3, seeds=2)
    for place, noise in enumerate((0.1, 0.5)):
        alone = select(recipe, load("moons", noise=noise), vary={"l2": [recipe.l2]}, folds=3, seeds=2)
        assert found.valid.mean[place] == pytest.approx(alone.scores.mean(), abs=1e-3)


def test_curves_keep_what_they_computed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = Recipe(hidden=(4,), epochs=3, dropout=0.0)
    one = data_curve(recipe, "moons", "noise", [0.1, 0.5], folds=3, out=tmp_path / "noise")
    two = learning_curve(recipe, "moons", rows=[20, 60], folds=3, out=tmp_path / "rows")

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("nothing is left to be trained")

    monkeypatch.setattr("goodfit.training.session.fit", refuse)
    again = data_curve(recipe, "moons", "noise", [0.1, 0.5], folds=3, out=tmp_path / "noise")
    np.testing.assert_array_equal(again.valid.mean, one.valid.mean)
    again = learning_curve(recipe, "moons", rows=[20, 60], folds=3, out=tmp_path / "rows")
    np.testing.assert_array_equal(again.valid.mean, two.valid.mean)
    with pytest.raises(InputError, match="holds a different curve"):
        learning_curve(recipe, "moons", rows=[20, 70], folds=3, out=tmp_path / "rows")


@pytest.mark.parametrize(
    ("arguments", "changes", "message"),
    [
        (("moons", "nois", [0.1]), {}, "'moons' has no parameter 'nois' that can be varied. Did you mean 'noise'"),
        (("digits", "noise", [0.1]), {}, "'digits' has no parameter 'noise' that can be varied. It has no parameters"),
        (("moons", "seed", [1, 2]), {}, "'moons' has no parameter 'seed'"),
        (("moons", "noise", []), {}, "'noise' must have distinct values, at least one"),
        (("moons", "noise", [0.1, 0.1]), {}, "'noise' must have distinct values"),
        (("moons", "noise", [-1.0]), {}, "'noise' must be a finite number >= 0"),
        (("polynomial", "degree", [1.5]), {}, "'degree' must be an integer >= 0; got 1.5"),
        (("polynomial", "degree", [30]), {}, "'n_features' must be at most 21"),
        (("moons", "noise", [0.1]), {"by": "accuracy"}, "'by' must be score or loss"),
    ],
)
def test_curves_that_cannot_be(arguments: tuple[Any, ...], changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        data_curve(None, *arguments, **changes)
