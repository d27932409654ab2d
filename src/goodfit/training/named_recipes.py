"""Recipes that have a name."""

from goodfit.training.recipe import Recipe

DEFAULT = Recipe()
CHAPTER = Recipe(
    hidden=(256,),
    activation="relu",
    init="normal",
    init_scale=0.01,
    init_bias="torch",
    dropout=0.0,
    loss="cross-entropy",
    optimizer="sgd",
    learning_rate=0.1,
    schedule="constant",
    batch_size=256,
    epochs=10,
    scaling="unit",
    valid=0.0,
)
"""Section 4.2: 784-256-10 on Fashion-MNIST, weights N(0, 0.01^2), biases as torch draws them, plain SGD."""

NAMED: dict[str, Recipe] = {"default": DEFAULT, "chapter": CHAPTER}
