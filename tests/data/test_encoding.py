"""Edges of bins and the components that they give, against NumPy's quantiles and numbers worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goodfit.data.encoding import LARGEST_EDGE, PiecewiseEncoding, edges_of, encoded_columns

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("bins", [1, 4, 16])
def test_edges_are_the_quantiles_of_numbers_that_hardly_repeat(bins: int) -> None:
    values = RNG.normal(size=501)
    expected = np.quantile(values, np.linspace(0, 1, bins + 1)).astype(np.float32)
    np.testing.assert_array_equal(edges_of(values, bins), expected)


def test_few_values_have_an_edge_each() -> None:
    """And bins of no width behind the last."""
    values = np.repeat([3.0, -1.0, 0.5, 7.0], [1, 90, 4, 5])
    np.testing.assert_array_equal(edges_of(values, 5), np.float32([-1, 0.5, 3, 7, 7, 7]))
    np.testing.assert_array_equal(edges_of(values, 3), np.float32([-1, 0.5, 3, 7]))
    np.testing.assert_array_equal(edges_of(np.full(9, 2.0), 2), np.float32([2, 2, 2]))


def test_a_value_that_most_rows_have_takes_no_bins_from_the_others() -> None:
    """Of 17 quantiles, 11 are 0: ten other edges come from the distinct values, evenly by their number."""
    other = np.arange(1.0, 41.0)
    values = np.concatenate([np.zeros(60), other])
    edges = edges_of(values, 16)
    assert len(np.unique(edges)) == 17
    quantiles = np.unique(np.quantile(values, np.linspace(0, 1, 17)))
    assert np.isin(quantiles.astype(np.float32), edges).all()
    rest = np.setdiff1d(other, quantiles)
    added = np.setdiff1d(edges, quantiles.astype(np.float32))
    places = np.searchsorted(rest, added)
    assert len(added) == 17 - len(quantiles)
    assert np.abs(np.diff(places) - len(rest) / len(added)).max() < 1  # evenly


def test_edges_that_rounding_cannot_tell_apart_are_one() -> None:
    """In float32, 1 and 1 + 1e-6 are 8 steps apart: a bin between them would be decided by rounding."""
    np.testing.assert_array_equal(edges_of(np.array([1.0, 1 + 1e-6, 2.0]), 2), np.float32([1, 2, 2]))
    np.testing.assert_array_equal(edges_of(np.array([1.0, 1 + 1e-4, 2.0]), 2), np.float32([1, 1 + 1e-4, 2]))
    np.testing.assert_array_equal(edges_of(np.array([0.0, 1e-40, 1e-39]), 2), np.zeros(3, np.float32))
    assert np.abs(edges_of(np.array([-1e300, 0.0, 1e300]), 2)).max() <= LARGEST_EDGE


@given(st.lists(st.floats(-1e6, 1e6, width=32), min_size=1, max_size=60), st.integers(1, 20))
def test_edges_of_any_numbers_are_sound(values: list[float], bins: int) -> None:
    edges = edges_of(np.asarray(values), bins)
    assert edges.shape == (bins + 1,)
    assert not PiecewiseEncoding(np.array([0]), edges[None]).problems(1 + bins).found
    least, largest = np.float32(min(values)), np.float32(max(values))
    assert edges[0] == least
    assert edges[-1] <= largest
    z = PiecewiseEncoding(np.array([0]), edges[None]).apply(np.asarray(values, np.float32)[:, None])
    assert np.isfinite(z).all()
    assert (z[:, 1:] >= 0).all()
    assert (z[:, 1:] <= 1).all()


def test_columns_with_three_values_or_more_are_encoded() -> None:
    x = np.array([[0, 5, 1, 1, 0], [1, 5, 2, 1, 9], [0, 5, 3, 2, 0], [1, 5, 1, 2, 4]], np.uint8)
    assert encoded_columns(x).tolist() == [2, 4]


def test_components_by_hand() -> None:
    encoding = PiecewiseEncoding(np.array([0, 2]), np.array([[-1, 0, 2], [1, 1, 5]]))
    z = np.array([[-3.0, 8, 1], [-0.25, 8, 0.5], [0.5, 8, 2], [9, 8, 7]])
    expected = [
        [-3, 8, 1, 0, 0, 0, 0],  # below the first edge nothing is told but by z itself
        [-0.25, 8, 0.5, 0.75, 0, 0, 0],
        [0.5, 8, 2, 1, 0.25, 0, 0.25],  # a bin of no width is 0, beyond it too
        [9, 8, 7, 1, 1, 0, 1],
    ]
    for kind in (np.float32, np.float64):
        found = encoding.apply(z.astype(kind))
        assert found.dtype == kind
        np.testing.assert_array_equal(found, expected)
    assert (encoding.bins, encoding.width) == (2, 4)
