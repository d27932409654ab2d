from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goodfit.nets.dropout import keep_mask, stream_key
from goodfit.nets.forward import Architecture, Dropout, Parameters, Present, forward
from goodfit.training.devices import doubles

run = jax.jit(forward, static_argnums=2)
EVERY = Present((), jnp.ones((1, 1, 0), bool))


def arrays(*values: Any) -> tuple[Any, ...]:
    """One group of one net: [1, 1, ...] each."""
    return tuple(jnp.asarray(value, jnp.float32)[None, None] for value in values)


def one_net(weights: Any, biases: Any, activations: tuple[str, ...], slopes: Any = ()) -> Parameters:
    return Parameters(arrays(*weights), arrays(*biases), slopes or (None,) * len(activations))


def test_no_hidden_layer_by_hand() -> None:
    net = one_net([[[1, -2], [0, 3], [1, 1]]], [[0, 1, -1]], ())
    z = run(net, jnp.asarray([[[1.0, 2.0], [0.0, -1.0]]]), Architecture(2, (), 3, ()), EVERY)
    np.testing.assert_array_equal(z, [[[[-3, 2], [7, -2], [2, -2]]]])  # [S, M, C, B]: outputs first, then rows


def test_two_layers_by_hand() -> None:
    """h1 = relu([u - v, v + 1]); h2 = prelu(h1_0 - h1_1; 0.5); z = 2 h2 - 1."""
    net = one_net([[[1, -1], [0, 1]], [[1, -1]], [[2]]], [[0, 1], [0], [-1]], ("relu", "prelu"), (None, *arrays(0.5)))
    x = jnp.asarray([[[2.0, 1.0], [5.0, 1.0], [0.0, -3.0]]])  # h1: (1, 2), (4, 2), (3, 0); h2: -0.5, 2, 3
    z = run(net, x, Architecture(2, (2, 1), 1, ("relu", "prelu")), EVERY)
    np.testing.assert_array_equal(z, [[[[-2, 3, 5]]]])


def test_without_biases_by_hand() -> None:
    net = Parameters(arrays([[1, -1], [0, 1]], [[1, 2]]), (None, None), (None,))
    z = run(net, jnp.asarray([[[2.0, 1.0]]]), Architecture(2, (2,), 1, ("relu",)), EVERY)
    np.testing.assert_array_equal(z, [[[[3]]]])


def draw(rng: np.random.Generator, inputs: int, hidden: list[int], outputs: int) -> tuple[list[Any], list[Any]]:
    sizes = [inputs, *hidden, outputs]
    weights = [rng.normal(size=(o, i)) for i, o in pairwise(sizes)]
    return weights, [rng.normal(size=o) for o in sizes[1:]]


def padded(nets: list[tuple[list[Any], list[Any]]], hidden: list[list[int]], widths: list[int]) -> Any:
    """Nets of different sizes as one group, padded with zeros; and what of it is present."""
    inputs, outputs = nets[0][0][0].shape[1], len(nets[0][1][-1])
    sizes = [inputs, *widths, outputs]
    weights = [np.zeros((1, len(nets), o, i)) for i, o in pairwise(sizes)]
    biases = [np.zeros((1, len(nets), o)) for o in sizes[1:]]
    units = [np.zeros((1, len(nets), width)) for width in widths]
    layers = np.zeros((1, len(nets), len(widths)), bool)
    for number, ((w, b), sizes_of) in enumerate(zip(nets, hidden, strict=True)):
        places = [*range(len(sizes_of)), len(widths)]
        for place, own_w, own_b in zip(places, w, b, strict=True):
            weights[place][0, number, : own_w.shape[0], : own_w.shape[1]] = own_w
            biases[place][0, number, : len(own_b)] = own_b
        for layer, width in enumerate(sizes_of):
            units[layer][0, number, :width] = 1
            layers[0, number, layer] = True
    return Parameters(tuple(weights), tuple(biases), (None,) * len(widths)), Present(tuple(units), layers)


@given(
    st.lists(st.lists(st.integers(1, 5), min_size=1, max_size=3), min_size=3, max_size=3),
    st.sampled_from(["tanh", "sigmoid", "softplus", "relu"]),  # of which two are not 0 at 0
    st.integers(0, 2**31),
)
def test_padding_changes_nothing(hidden: list[list[int]], name: str, seed: int) -> None:
    """Every net of a padded group computes what it computes alone, whatever its width and depth."""
    rng = np.random.default_rng(seed)
    nets = [draw(rng, 2, sizes, 3) for sizes in hidden]
    x = rng.normal(size=(4, 2))
    widths = [6, 5, 7]  # so that a layer that is passed through is cut, or padded
    parameters, present = padded(nets, hidden, widths)
    function = {"tanh": np.tanh, "sigmoid": lambda z: 1 / (1 + np.exp(-z)), "relu": lambda z: np.maximum(z, 0)}
    function["softplus"] = lambda z: np.log1p(np.exp(z))
    with doubles(True):
        architecture = Architecture(2, tuple(widths), 3, (name,) * 3, masked=True, ragged=True)
        z = np.asarray(run(parameters, x[None], architecture, present))
    assert z.shape == (1, 3, 3, 4)
    for number, (weights, biases) in enumerate(nets):
        h = x
        for w, b in zip(weights[:-1], biases[:-1], strict=True):
            h = function[name](h @ w.T + b)
        np.testing.assert_allclose(z[0, number], (h @ weights[-1].T + biases[-1]).T, rtol=1e-10, atol=1e-12)


def test_a_padded_unit_gets_no_gradient() -> None:
    rng = np.random.default_rng(0)
    hidden = [[4, 3], [2], [1, 2]]
    parameters, present = padded([draw(rng, 2, sizes, 2) for sizes in hidden], hidden, [4, 3])
    architecture = Architecture(2, (4, 3), 2, ("sigmoid", "softplus"), masked=True, ragged=True)
    x = jnp.asarray(rng.normal(size=(1, 5, 2)))

    def total(parameters: Parameters) -> Any:
        return (run(parameters, x, architecture, present) ** 2).sum()

    gradient = jax.grad(total)(jax.tree.map(jnp.asarray, parameters))
    for got, own in zip(jax.tree.leaves(gradient), jax.tree.leaves(parameters), strict=True):
        assert (np.asarray(got)[own == 0] == 0).all()
        assert (np.asarray(got)[own != 0] != 0).any()


def dropout_of(rates: list[float], input_rate: float, groups: int = 1, nets: int = 1, step: int = 0) -> Dropout:
    layers = np.arange(len(rates) + 1)
    keys = stream_key(np.arange(groups)[:, None], 3, step, layers[None])
    each = (groups, nets)
    return Dropout(
        keys, jnp.full((*each, len(rates)), jnp.asarray(rates, jnp.float32)), jnp.full(each, input_rate, jnp.float32)
    )


def test_dropout_by_hand() -> None:
    """What is kept is divided by the share kept, what is dropped is 0, at the inputs and after the activation."""
    weights = [np.eye(4) * 2, np.ones((1, 4))]
    net = one_net(weights, [np.ones(4), np.zeros(1)], ("relu",))
    x = np.arange(1, 21, dtype=np.float32).reshape(1, 5, 4)
    architecture = Architecture(4, (4,), 1, ("relu",), dropout=True, input_dropout=True)
    dropout = dropout_of([0.5], 0.25)
    inputs = np.asarray(keep_mask(dropout.keys[0, 0], 4, 5, jnp.float32(0.25))).T / 0.75
    units = np.asarray(keep_mask(dropout.keys[0, 1], 4, 5, jnp.float32(0.5))).T / 0.5
    assert 0 < (inputs == 0).sum() < 20
    assert 0 < (units == 0).sum() < 20
    expected = (np.maximum(2 * (x[0] * inputs) + 1, 0) * units).sum(1)
    np.testing.assert_allclose(run(net, jnp.asarray(x), architecture, EVERY, dropout)[0, 0, 0], expected, rtol=1e-6)
    silent = run(net, jnp.asarray(x), architecture, EVERY)  # in evaluation nothing is dropped
    np.testing.assert_allclose(silent[0, 0, 0], (2 * x[0] + 1).sum(1), rtol=1e-6)


def test_rates_of_zero_change_nothing() -> None:
    rng = np.random.default_rng(1)
    weights, biases = draw(rng, 3, [4], 2)
    net = one_net(weights, biases, ("tanh",))
    x = jnp.asarray(rng.normal(size=(1, 6, 3)), jnp.float32)
    with_streams = Architecture(3, (4,), 2, ("tanh",), dropout=True, input_dropout=True)
    none = run(net, x, Architecture(3, (4,), 2, ("tanh",)), EVERY)
    np.testing.assert_allclose(run(net, x, with_streams, EVERY, dropout_of([0.0], 0.0)), none, rtol=1e-6)
    np.testing.assert_array_equal(run(net, x, Architecture(3, (4,), 2, ("tanh",)), EVERY, dropout_of([0.9], 0.9)), none)


@pytest.mark.parametrize("where", ["inputs", "units"])
def test_the_mean_over_masks_is_the_output_without_dropout(where: str) -> None:
    """For a linear net; 3000 steps, within 5 standard errors."""
    rng = np.random.default_rng(2)
    weights, biases = draw(rng, 3, [6], 2)
    net = one_net(weights, biases, ("identity",))
    x = jnp.asarray(rng.normal(size=(1, 4, 3)), jnp.float32)
    architecture = Architecture(3, (6,), 2, ("identity",), dropout=where == "units", input_dropout=where == "inputs")
    steps = 3000
    keys = stream_key(np.uint32(5), np.uint32(0), np.arange(steps)[:, None, None], np.arange(2)[None, None])
    rates = jnp.full((1, 1, 1), 0.3), jnp.full((1, 1), 0.3)
    drawn = jax.vmap(lambda key: run(net, x, architecture, EVERY, Dropout(key, *rates)))(keys)
    mean, error = np.asarray(drawn.mean(0)), np.asarray(drawn.std(0)) / math.sqrt(steps)
    assert (error > 0).all()
    assert (np.abs(mean - run(net, x, architecture, EVERY)) < 5 * error).all()


def test_nets_of_a_group_share_rows_and_streams_and_groups_do_not() -> None:
    rng = np.random.default_rng(3)
    weights, biases = draw(rng, 3, [8], 2)
    two = Parameters(
        tuple(jnp.broadcast_to(jnp.asarray(w, jnp.float32), (2, 2, *w.shape)) for w in weights),
        tuple(jnp.broadcast_to(jnp.asarray(b, jnp.float32), (2, 2, *b.shape)) for b in biases),
        (None,),
    )
    x = jnp.broadcast_to(jnp.asarray(rng.normal(size=(1, 6, 3)), jnp.float32), (2, 6, 3))
    z = run(two, x, Architecture(3, (8,), 2, ("tanh",), dropout=True), EVERY, dropout_of([0.5], 0.0, 2, 2))
    np.testing.assert_array_equal(z[:, 0], z[:, 1])
    assert (z[0] != z[1]).mean() > 0.9
