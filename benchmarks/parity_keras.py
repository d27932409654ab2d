"""What `benchmarks.parity` compares with Keras 3 on its JAX backend.

The nets have relu units: Keras computes tanh in float32, whatever the type of its input.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import keras
import numpy as np

from benchmarks.parity import Setting, furthest, setting

OPTIMISERS: dict[str, tuple[dict[str, Any], Callable[[], Any]]] = {  # what -> (changes of the recipe, Keras's)
    "SGD": ({}, lambda: keras.optimizers.SGD(0.1)),
    "SGD, momentum 0.9": ({"momentum": 0.9}, lambda: keras.optimizers.SGD(0.1, momentum=0.9)),
    "SGD, Nesterov momentum 0.9": (
        {"momentum": 0.9, "nesterov": True},
        lambda: keras.optimizers.SGD(0.1, momentum=0.9, nesterov=True),
    ),
    "Adam, both with their own epsilon, 1e-7 there and 1e-8 here": (
        {"optimizer": "adam", "learning_rate": 0.01},
        lambda: keras.optimizers.Adam(0.01),
    ),
    "Adam, both with epsilon 1e-7": (
        {"optimizer": "adam", "learning_rate": 0.01, "epsilon": 1e-7},
        lambda: keras.optimizers.Adam(0.01),
    ),
    "Adam, both with epsilon 1e-14": (
        {"optimizer": "adam", "learning_rate": 0.01, "epsilon": 1e-14},
        lambda: keras.optimizers.Adam(0.01, epsilon=1e-14),
    ),
    "AdamW, weight decay 0.3, biases included, epsilon 1e-14": (
        {"optimizer": "adamw", "learning_rate": 0.01, "weight_decay": 0.3, "penalize_biases": True, "epsilon": 1e-14},
        lambda: keras.optimizers.AdamW(0.01, weight_decay=0.3, epsilon=1e-14),
    ),
    "RMSprop, `rho` 0.9, epsilon 1e-14": (
        {"optimizer": "rmsprop", "learning_rate": 0.01, "epsilon": 1e-14},
        lambda: keras.optimizers.RMSprop(0.01, epsilon=1e-14),
    ),
    "Lion, weight decay 0.3, biases included": (
        {"optimizer": "lion", "learning_rate": 0.001, "weight_decay": 0.3, "penalize_biases": True},
        lambda: keras.optimizers.Lion(0.001, weight_decay=0.3),
    ),
    "SGD, gradients clipped to norm 0.05 (`global_clipnorm`)": (
        {"clip_norm": 0.05},
        lambda: keras.optimizers.SGD(0.1, global_clipnorm=0.05),
    ),
    "SGD, `CosineDecay`, a step a batch": (
        {"schedule": "cosine"},
        lambda: keras.optimizers.SGD(keras.optimizers.schedules.CosineDecay(0.1, 15)),
    ),
}


def relu(data: str = "iris", **changes: Any) -> Setting:
    return setting(data, activation="relu", **changes)


def model_of(given: Setting, **options: Any) -> Any:
    """The net, in float64, with the weights that both begin with; a kernel is [in, out] there. options: of a layer."""
    keras.backend.set_floatx("float64")  # of data
    keras.config.set_dtype_policy("float64")  # of what layers compute
    sizes = [len(w) for w, _ in given.layers]
    names = ["relu"] * (len(sizes) - 1) + [None]
    layers = [keras.layers.Dense(n, activation=name, **options) for n, name in zip(sizes, names, strict=True)]
    model = keras.Sequential([keras.layers.Input((given.x.shape[1],)), *layers])
    model.set_weights([part for w, b in given.layers for part in (w.T, b)])
    return model


def numbers(model: Any) -> list[np.ndarray]:
    return [part.T if part.ndim == 2 else part for part in map(np.asarray, model.get_weights())]


def trained(given: Setting, optimizer: Callable[[], Any], loss: Any = None, **options: Any) -> float:
    """By `fit`, on the order of every epoch."""
    with jax.enable_x64(True):
        model = model_of(given, **options)
        made = loss or keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(optimizer=optimizer(), loss=made)
        for epoch in given.order:
            rows = np.concatenate(epoch)
            model.fit(
                given.x[rows], given.y[rows], batch_size=given.recipe.batch_size, epochs=1, shuffle=False, verbose=0
            )
        theirs = numbers(model)
    return given.differs(theirs)


def outputs() -> float:
    """One forward pass, before any step: Keras's outputs and those of the weights in NumPy."""
    given = relu()
    with jax.enable_x64(True):
        theirs = np.asarray(model_of(given)(given.x))
    (w1, b1), (w2, b2), (w3, b3) = given.layers
    return furthest([np.maximum(np.maximum(given.x @ w1.T + b1, 0) @ w2.T + b2, 0) @ w3.T + b3], [theirs])


def _optimised(name: str) -> Callable[[], float]:
    changes, optimizer = OPTIMISERS[name]
    return lambda: trained(relu(**changes), optimizer)


ROWS: dict[str, dict[str, Callable[[], float]]] = {
    "keras": {"outputs of the same weights, before any step": outputs}
    | {f"weights after 15 steps: {name}": _optimised(name) for name in OPTIMISERS}
    | {
        "weights after 15 steps: SGD, `kernel_regularizer=L2(0.05)` / `l2` 0.1": lambda: trained(
            relu(l2=0.1), lambda: keras.optimizers.SGD(0.1), kernel_regularizer=keras.regularizers.L2(0.05)
        ),
        "weights after 42 steps: `mean_squared_error` at rate 0.05 / `squared-error` at 0.1": lambda: trained(
            relu("diabetes"), lambda: keras.optimizers.SGD(0.05), keras.losses.MeanSquaredError()
        ),
        "weights after 42 steps: `Huber()`, one output": lambda: trained(
            relu("diabetes", loss="huber"), lambda: keras.optimizers.SGD(0.1), keras.losses.Huber()
        ),
    }
}
