"""What docs/recipe.md says of conventions in which other libraries differ."""

from __future__ import annotations

import numpy as np
import pytest

import goodfit as gf
from goodfit.data import Dataset, Split
from goodfit.training.named_recipes import NAMED
from goodfit.training.recipe import Recipe


def test_adamw_that_is_asked_for_has_a_decay() -> None:
    assert Recipe(optimizer="adamw").weight_decay == 0.01
    assert Recipe(optimizer="sgd").replace(optimizer="adamw").weight_decay == 0.01
    assert Recipe.from_json('{"optimizer": "adamw"}').weight_decay == 0.01
    assert Recipe(optimizer="adamw", weight_decay=0).weight_decay == 0
    assert Recipe(optimizer="adamw").replace(optimizer="adam").weight_decay == 0
    for recipe in (Recipe(), Recipe(learning_rate=0.01), Recipe(optimizer="lion"), *NAMED.values()):
        assert recipe.weight_decay == 0
    for recipe in (Recipe(), Recipe(optimizer="adamw"), Recipe(optimizer="adamw", weight_decay=0)):
        assert Recipe.from_json(recipe.to_json()) == recipe


def test_the_default_recipe_is_adam() -> None:
    one = gf.train(Recipe(hidden=(4,), epochs=2), "iris", leaks="off")
    same = gf.train(Recipe(hidden=(4,), epochs=2, optimizer="adam"), "iris", leaks="off")
    other = gf.train(Recipe(hidden=(4,), epochs=2, optimizer="adamw"), "iris", leaks="off")
    first, second, third = (run.nets[0].weights[0] for run in (one, same, other))
    assert np.array_equal(first, second)
    assert not np.array_equal(first, third)


@pytest.mark.parametrize("smoothing", [0.0, 0.3])
@pytest.mark.parametrize("weights", [(1.0, 1.0, 1.0), (0.5, 2.0, 4.0)])
def test_class_weights_weigh_the_whole_loss_of_a_row(smoothing: float, weights: tuple[float, ...]) -> None:
    """One step of softmax regression from zero weights, where every class has the probability 1/3, by hand."""
    y = np.array([0, 0, 0, 1, 1, 2], np.int32)
    x = np.ones((6, 1), np.float32)
    data = Dataset("few", x, y, "classification", ("a", "b", "c"), scaling="none")
    rows, none = np.arange(6, dtype=np.int32), np.arange(0, dtype=np.int32)
    recipe = Recipe(hidden=(), init="zeros", optimizer="sgd", learning_rate=1.0, schedule="constant", epochs=1,
                    batch_size=6, class_weight=weights, label_smoothing=smoothing, dropout=0, valid=0)  # fmt: skip
    run = gf.train(recipe, Split(data, rows, none, none), leaks="off")
    w, third = np.array(weights), np.full(3, 1 / 3)
    own = np.eye(3)[y]
    goodfit = w[y][:, None] * (third - (1 - smoothing) * own - smoothing / 3)
    torch = (1 - smoothing) * w[y][:, None] * (third - own) + smoothing / 3 * (third * w.sum() - w)
    steps = [-gradient.sum(0) / w[y].sum() for gradient in (goodfit, torch)]
    assert np.allclose(run.nets[0].biases[0], steps[0], atol=1e-6)
    alike = smoothing == 0 or len(set(weights)) == 1
    assert np.allclose(steps[0], steps[1]) == alike
