from __future__ import annotations

import numpy as np
from engine_reference import PLAIN

from goodfit.nets.initialisers import INITIALISERS
from goodfit.training.initialise import initial_layers

DEEP = PLAIN.replace(hidden=(7, 5), init="he-normal", init_bias="torch")


def test_shapes_and_kind() -> None:
    layers = initial_layers(DEEP, 11, 3)
    assert [(w.shape, b.shape) for w, b in layers] == [((7, 11), (7,)), ((5, 7), (5,)), ((3, 5), (3,))]
    assert all(part.dtype == np.float32 for layer in layers for part in layer)
    assert [w.shape for w, _ in initial_layers(PLAIN.replace(hidden=()), 11, 3)] == [(3, 11)]


def test_drawn_by_seed_and_layer() -> None:
    first, again, other = (initial_layers(DEEP.replace(seed=seed), 11, 3) for seed in (1, 1, 2))
    for (w, b), (same_w, same_b), (other_w, other_b) in zip(first, again, other, strict=True):
        np.testing.assert_array_equal(w, same_w)
        np.testing.assert_array_equal(b, same_b)
        assert (w != other_w).all()
        assert (b != other_b).all()
    square = initial_layers(DEEP.replace(hidden=(11, 11)), 11, 3)
    assert (square[0][0] != square[1][0]).all()  # layers of one shape are not copies
    wider = initial_layers(DEEP.replace(seed=1, hidden=(7, 6)), 11, 3)
    np.testing.assert_array_equal(wider[0][0], first[0][0])  # a layer knows its own sizes only


def test_draws_stay_what_they_were_from_version_to_version() -> None:
    """By definition: layer l is drawn from PCG64 of (seed, 0x1A17, l), weights before biases."""
    for layer, (weights, biases) in enumerate(initial_layers(DEEP.replace(seed=6), 11, 3)):
        generator = np.random.Generator(np.random.PCG64([6, 0x1A17, layer]))
        fan_in = weights.shape[1]
        normal = generator.standard_normal(weights.shape, dtype=np.float32)
        np.testing.assert_allclose(weights, normal * np.sqrt(2 / fan_in), rtol=1e-6)
        uniform = generator.random(biases.shape, dtype=np.float32)
        np.testing.assert_allclose(biases, (2 * uniform - 1) / np.sqrt(fan_in), rtol=1e-5, atol=1e-7)


def test_scale_and_bias() -> None:
    narrow = initial_layers(PLAIN.replace(init="normal", init_scale=0.01), 300, 3)[0][0]
    wide = initial_layers(PLAIN.replace(init="normal", init_scale=0.1), 300, 3)[0][0]
    np.testing.assert_allclose(wide, 10 * narrow, rtol=1e-5)
    default = initial_layers(PLAIN.replace(init="normal"), 300, 3)[0][0]
    np.testing.assert_allclose(default, narrow * INITIALISERS["normal"].default_scale / 0.01, rtol=1e-5)
    assert narrow.std() == np.float32(0.01) or abs(narrow.std() / 0.01 - 1) < 0.1
    constant = initial_layers(PLAIN.replace(init_bias="constant", init_bias_value=0.25), 4, 3)
    assert all((b == 0.25).all() for _, b in constant)
    assert all((b == 0).all() for _, b in initial_layers(PLAIN.replace(init_bias="zeros"), 4, 3))
