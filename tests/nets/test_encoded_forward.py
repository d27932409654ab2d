"""Encoding in the program: NumPy's numbers, PyTorch's gradient, and inputs that are dropped whole."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import torch

from goodfit.data.encoding import PiecewiseEncoding, edges_of
from goodfit.nets.dropout import keep_mask, stream_key
from goodfit.nets.encoding import Edges, encode, sources
from goodfit.nets.forward import Architecture, Dropout, Parameters, Present, forward

RNG = np.random.default_rng(1)
X = RNG.normal(size=(2, 9, 4)).astype(np.float32)  # [S, B, D]
COLUMNS, BINS, HIDDEN = np.array([1, 3], np.int32), 5, 6
EDGES = np.stack([edges_of(X[..., column].ravel(), BINS) for column in COLUMNS])
SEEN = 4 + 2 * BINS
ARCHITECTURE = Architecture(SEEN, (HIDDEN,), 3, ("tanh",))
PRESENT = Present((jnp.ones((2, 3, HIDDEN)),), jnp.ones((2, 3, 1), bool))


def edges(values: np.ndarray) -> Edges:
    return Edges(jnp.asarray(COLUMNS), jnp.asarray(values))


def parameters() -> Parameters:
    """Of 2 groups of 3 nets."""
    drawn = [RNG.normal(size=(2, 3, *shape)).astype(np.float32) for shape in ((HIDDEN, SEEN), (3, HIDDEN))]
    biases = [RNG.normal(size=(2, 3, size)).astype(np.float32) for size in (HIDDEN, 3)]
    return Parameters(tuple(map(jnp.asarray, drawn)), tuple(map(jnp.asarray, biases)), (None,))


def test_the_program_encodes_as_numpy_does() -> None:
    flat = X.reshape(-1, 4)
    expected = PiecewiseEncoding(COLUMNS, EDGES).apply(flat)
    np.testing.assert_allclose(encode(jnp.asarray(flat.T), edges(EDGES)).T, expected, rtol=1e-5, atol=1e-6)
    no_width = np.repeat(EDGES[:, :1], BINS + 1, axis=1)
    assert not np.asarray(encode(jnp.asarray(flat.T), edges(no_width)))[4:].any()
    assert sources(4, SEEN, edges(EDGES)).tolist() == [0, 1, 2, 3, *[1] * BINS, *[3] * BINS]


def by_torch(weights: Parameters, group: int, net: int, own: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Outputs [C, B] of one net with bins of its own, and the gradient of their squares by the first weights."""
    x = torch.tensor(X[group], dtype=torch.float64)
    parts = [x]
    for number, column in enumerate(COLUMNS):
        for k in range(BINS):
            low, high = float(own[number, k]), float(own[number, k + 1])
            parts.append(((x[:, column] - low) / (high - low)).clamp(0, 1)[:, None])
    first, second = (torch.tensor(np.asarray(w[group, net], np.float64), requires_grad=True) for w in weights.weights)
    shifts = [torch.tensor(np.asarray(b[group, net], np.float64)) for b in weights.biases]
    z = torch.tanh(torch.cat(parts, 1) @ first.T + shifts[0]) @ second.T + shifts[1]
    (z**2).sum().backward()
    assert first.grad is not None
    return z.detach().numpy().T, first.grad.numpy()


def test_outputs_and_gradients_are_those_of_torch() -> None:
    """With bins that all nets share, and with bins of each net's own, behind a scaling of its own."""
    weights = parameters()
    own = np.sort(RNG.normal(size=(2, 3, 2, BINS + 1)), axis=-1).astype(np.float32)
    same = (jnp.zeros((2, 3, 4)), jnp.ones((2, 3, 4)), None)
    for values, scaling in ((EDGES, None), (own, same)):

        def total(weights: Parameters, values: np.ndarray = values, scaling: object = scaling) -> tuple[object, object]:
            given = (weights, jnp.asarray(X), ARCHITECTURE, PRESENT, None, scaling, edges(values))
            z = forward(*given)  # type: ignore[arg-type]
            return (z**2).sum(), z

        gradient, z = jax.grad(total, has_aux=True)(weights)
        for group in range(2):
            for net in range(3):
                expected = by_torch(weights, group, net, values if values.ndim == 2 else values[group, net])
                np.testing.assert_allclose(z[group, net], expected[0], rtol=1e-4, atol=1e-4)
                np.testing.assert_allclose(gradient.weights[0][group, net], expected[1], rtol=1e-3, atol=1e-3)


def test_a_dropped_input_takes_its_components_along() -> None:
    """By hand: the mask of the four inputs, and each component with that of its own."""
    weights = parameters()
    keys = jnp.stack([jnp.stack([stream_key(seed, 1, 2, layer) for layer in range(2)]) for seed in (5, 6)])
    rate = jnp.full((2, 3), 0.4)
    architecture = Architecture(SEEN, (HIDDEN,), 3, ("tanh",), input_dropout=True)
    dropout = Dropout(keys, jnp.zeros((2, 3, 1)), rate)
    found = forward(weights, jnp.asarray(X), architecture, PRESENT, dropout, None, edges(EDGES))
    keep = np.asarray(keep_mask(keys[:, :1], 4, 9, rate))  # [S, M, D, B]
    assert 0 < keep.mean() < 1
    seen = np.stack([PiecewiseEncoding(COLUMNS, EDGES).apply(x).T for x in X])[:, None] / 0.6
    seen = np.where(keep[:, :, [0, 1, 2, 3, *[1] * BINS, *[3] * BINS]], seen, 0)
    hidden = np.tanh(weights.weights[0] @ seen + weights.biases[0][..., None])  # type: ignore[index]
    expected = weights.weights[1] @ hidden + weights.biases[1][..., None]  # type: ignore[index]
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)
