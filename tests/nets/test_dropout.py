"""Statistical tolerances are in standard errors of what is measured. Keys are fixed: a test always or never passes."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from goodfit.nets.dropout import hash_bits, keep_mask, stream_key
from goodfit.training.devices import doubles

Z = 4.5  # standard errors that a measured value may be off: about 1 in 150,000 by chance
STREAMS, UNITS, ROWS = 256, 48, 80


def lowbias32(x: int) -> int:
    """The published permutation, in Python's whole numbers."""
    x ^= x >> 16
    x = x * 0x7FEB352D & 0xFFFFFFFF
    x ^= x >> 15
    x = x * 0x846CA68B & 0xFFFFFFFF
    return x ^ (x >> 16)


@pytest.fixture(scope="module")
def bits() -> np.ndarray:
    """[seeds * epochs * steps, units, rows], of small consecutive seeds, epochs and steps."""
    seeds, epochs, steps = np.meshgrid(np.arange(8), np.arange(4), np.arange(8), indexing="ij")
    return np.asarray(hash_bits(stream_key(seeds.ravel(), epochs.ravel(), steps.ravel(), 0), UNITS, ROWS))


def standardised_correlation(a: np.ndarray, b: np.ndarray) -> float:
    """The correlation of two arrays over its standard error under independence."""
    a, b = a - a.mean(), b - b.mean()
    return float((a * b).sum() / math.sqrt((a * a).sum() * (b * b).sum()) * math.sqrt(a.size))


def uniform(bits: np.ndarray) -> np.ndarray:
    return np.asarray(bits, np.float64) / 2**32


def keys_along(name: str, count: int = 1 << 15) -> np.ndarray:
    arguments = {"seed": 0, "epoch": 0, "step": 0, "layer": 0, name: np.arange(count)}
    return np.asarray(stream_key(**arguments))


def test_keys_and_bits_by_their_definition() -> None:
    """Worked in Python's whole numbers. A change here changes every training with dropout: name it in the changelog."""
    mask = 0xFFFFFFFF

    def key(seed: int, epoch: int, step: int, layer: int) -> int:
        base = value = lowbias32(seed + 0x9E3779B9 & mask)
        for word, factor in ((epoch, 0xC2B2AE35), (step, 0x27D4EB2F), (layer, 0x165667B1)):
            value = lowbias32(value + word * factor & mask) ^ base
        return value

    def bit_word(key: int, unit: int, row: int) -> int:
        first = lowbias32(key + unit * 0x9E3779B9 & mask)
        second = lowbias32((key ^ 0x6A09E667) + unit * 0xC2B2AE35 & mask)
        x = first + row * 0x85EBCA6B & mask
        x = (x ^ x >> 16) * 0x7FEB352D & mask ^ second
        x = (x ^ x >> 15) * 0x846CA68B & mask
        return x ^ x >> 16

    for arguments in ((0, 0, 0, 0), (1, 2, 3, 4), (2**32 - 1, 7, 1000, 2)):
        found = stream_key(*arguments)
        assert int(found) == key(*arguments)
        words = np.asarray(hash_bits(found, 5, 7))
        assert words.dtype == np.uint32
        assert words.tolist() == [[bit_word(int(found), i, b) for b in range(7)] for i in range(5)]


def test_every_kind_of_whole_number_gives_the_same_key() -> None:
    expected = int(stream_key(5, 6, 7, 1))
    assert stream_key(5, 6, 7, 1).dtype == jnp.uint32
    for kind in (np.int64, np.uint32, np.int32, np.uint8, jnp.uint32, jnp.int32):
        assert int(stream_key(kind(5), kind(6), kind(7), kind(1))) == expected
    traced = jax.jit(stream_key)
    assert int(traced(jnp.uint32(5), jnp.int32(6), 7, jnp.uint32(1))) == expected
    with doubles(True):
        assert int(stream_key(5, jnp.int64(6), 7, 1)) == int(traced(5, 6, 7, 1)) == expected
        assert stream_key(5, jnp.int64(6), 7, 1).dtype == jnp.uint32


def test_seeds_count_modulo_two_to_the_32() -> None:
    assert int(stream_key(2**32 + 5, 0, 0, 0)) == int(stream_key(5, 0, 0, 0))
    assert int(stream_key(-1, 0, 0, 0)) == int(stream_key(2**32 - 1, 0, 0, 0))


def test_keys_of_arrays_are_the_keys_of_their_members() -> None:
    """[S, 1] seeds and [1, L] layers give [S, L] keys, as the engine asks for them."""
    seeds, layers = np.array([3, 9, 2**31 + 1], np.uint32), np.arange(2)
    keys = np.asarray(stream_key(seeds[:, None], jnp.uint32(4), jnp.uint32(5), layers[None]))
    assert keys.tolist() == [[int(stream_key(s, 4, 5, layer)) for layer in layers] for s in seeds]


@pytest.mark.parametrize("name", ["seed", "epoch", "step", "layer"])
def test_keys_of_consecutive_numbers_look_random(name: str) -> None:
    """Uniform bytes, no correlation at any of several lags, no more repeats than chance gives (0.1 expected)."""
    keys = keys_along(name)
    assert keys.size - np.unique(keys).size <= 2
    for shift in (0, 8, 16, 24):
        assert stats.chisquare(np.bincount(keys >> shift & 255, minlength=256)).pvalue > 1e-4
    share = uniform(keys)
    for lag in (1, 2, 3, 4, 8, 64, 1024):
        assert abs(standardised_correlation(share[:-lag], share[lag:])) < Z


def test_the_four_arguments_are_not_interchangeable() -> None:
    """All 4^4 combinations of small numbers, and their sums and orders, give different keys."""
    grid = np.stack(np.meshgrid(*[np.arange(4)] * 4), -1).reshape(-1, 4)
    assert np.unique(np.asarray(stream_key(*grid.T))).size == 256


def test_two_seeds_never_run_in_step() -> None:
    """No two seeds have sequences of epochs that are shifted copies: a key they share is not followed by another."""
    keys = np.asarray(stream_key(np.arange(200)[:, None], np.arange(400)[None], 0, 0))
    pairs = keys.astype(np.uint64)[:, :-1] << np.uint64(32) | keys[:, 1:]
    assert np.unique(pairs).size == pairs.size


def test_bytes_are_uniform(bits: np.ndarray) -> None:
    for shift in (0, 8, 16, 24):
        counts = np.bincount((bits >> np.uint32(shift) & np.uint32(255)).ravel(), minlength=256)
        assert stats.chisquare(counts).pvalue > 1e-4


def test_mean_and_variance_of_the_bits(bits: np.ndarray) -> None:
    share = uniform(bits)
    assert abs(share.mean() - 0.5) < Z * math.sqrt(1 / 12 / share.size)
    assert share.var() == pytest.approx(1 / 12, rel=Z * math.sqrt(0.8 / share.size))  # kurtosis of U: 1.8


@pytest.mark.parametrize(("axis", "what"), [(0, "steps, epochs, seeds"), (1, "units"), (2, "rows")])
@pytest.mark.parametrize("lag", [1, 2, 3, 7, 8, 16, 32])
def test_no_correlation_along_an_axis(bits: np.ndarray, axis: int, what: str, lag: int) -> None:
    share = uniform(bits)
    ahead, behind = (
        np.take(share, range(*ends), axis) for ends in ((lag, share.shape[axis]), (0, share.shape[axis] - lag))
    )
    assert abs(standardised_correlation(ahead, behind)) < Z, what


def test_all_pairs_of_units_and_of_rows_are_uncorrelated(bits: np.ndarray) -> None:
    """The largest of all pairwise correlations is what the largest of that many independent ones would be."""
    kept = (uniform(bits) >= 0.3).astype(np.float64)
    for table in (kept.transpose(1, 0, 2).reshape(UNITS, -1), kept.transpose(2, 0, 1).reshape(ROWS, -1)):
        pairs = np.corrcoef(table)[np.triu_indices(len(table), 1)] * math.sqrt(table.shape[1])
        assert np.abs(pairs).max() < stats.norm.isf(1e-4 / pairs.size)
        assert pairs.var() == pytest.approx(1.0, rel=0.2)


def test_layers_are_uncorrelated() -> None:
    keys = stream_key(np.arange(100)[:, None], 0, 0, np.arange(4)[None])
    share = uniform(hash_bits(keys, 16, 32))  # [100, 4 layers, 16, 32]
    for a in range(4):
        for b in range(a):
            assert abs(standardised_correlation(share[:, a], share[:, b])) < Z


@pytest.mark.parametrize(("units", "rows"), [(1, 1), (1, 3), (4, 2), (16, 32)])
def test_corners_of_rectangles_are_independent(bits: np.ndarray, units: int, rows: int) -> None:
    """A hash of (unit, row) that only adds up hashes of each would fail here: its four corners would cancel."""
    w = (bits >> np.uint32(31)).astype(np.int8)
    odd = w[:, units:, rows:] ^ w[:, :-units, rows:] ^ w[:, units:, :-rows] ^ w[:, :-units, :-rows]
    assert abs(odd.mean() - 0.5) * 2 * math.sqrt(odd.size) < Z


@pytest.mark.parametrize("rate", [0.001, 0.1, 0.25, 0.5, 0.8, 0.99])
def test_kept_share_and_its_spread(rate: float) -> None:
    """Kept with probability 1 - rate; counts a unit, a row and a mask vary as binomial counts do."""
    keys = stream_key(np.arange(4)[:, None], np.arange(50)[None], 3, 1).reshape(-1)
    kept = np.asarray(keep_mask(keys, UNITS, ROWS, jnp.float32(rate)))
    assert kept.dtype == bool
    assert kept.shape == (200, UNITS, ROWS)
    variance = rate * (1 - rate)
    assert abs(kept.mean() - (1 - rate)) < Z * math.sqrt(variance / kept.size)
    for axes in ((1,), (2,), (0,), (1, 2)):
        number = math.prod(kept.shape[axis] for axis in axes)
        counts = kept.sum(axes)
        kurtosis = 3 + (1 - 6 * variance) / (number * variance)
        assert counts.var() / (number * variance) == pytest.approx(1, abs=Z * math.sqrt((kurtosis - 1) / counts.size))


def test_rate_zero_keeps_everything_and_a_rate_of_nearly_one_nearly_nothing() -> None:
    key = stream_key(np.arange(20), 0, 0, 0)
    assert np.asarray(keep_mask(key, 64, 64, jnp.zeros(20))).all()
    assert np.asarray(keep_mask(key, 64, 64, 0.0)).all()
    assert np.asarray(keep_mask(key, 64, 64, jnp.float32(np.nextafter(np.float32(1), np.float32(0))))).sum() <= 1


def test_the_threshold_is_the_rate() -> None:
    """Kept exactly where the word, as a fraction of 2^32, is at least the rate."""
    key = stream_key(1, 2, 3, 4)
    share = uniform(hash_bits(key, 50, 60))
    for rate in (0.125, 0.5, 0.75, 0.9999):
        found = keep_mask(key, 50, 60, jnp.float32(rate))
        np.testing.assert_array_equal(found, share >= float(np.float32(rate)))
    with doubles(True):
        np.testing.assert_array_equal(keep_mask(key, 50, 60, jnp.float64(0.1)), share >= np.floor(0.1 * 2**32) / 2**32)


def test_nets_that_share_a_stream_share_their_bits() -> None:
    """Keys [S, 1] and rates [S, M]: a net with the higher rate keeps a subset of what the other one keeps."""
    key = stream_key(np.arange(2)[:, None], 0, 0, 0)
    mask = np.asarray(keep_mask(key, 20, 30, jnp.asarray([[0.2, 0.6], [0.0, 0.4]])))
    assert mask.shape == (2, 2, 20, 30)
    assert (mask[:, 0] >= mask[:, 1]).all()
    assert mask[1, 0].all()
    assert (mask[0, 1] != mask[1, 1]).any()


@given(st.integers(0, 2**32 - 1))
def test_bits_do_not_depend_on_how_many_there_are(seed: int) -> None:
    key = stream_key(seed, 1, 2, 0)
    several = jnp.stack([stream_key(0, 0, 0, 0), key])
    many = np.asarray(keep_mask(several, 33, 41, jnp.asarray([0.1, 0.5])))[1]
    for units, rows in ((1, 1), (33, 5), (7, 41), (16, 16)):
        np.testing.assert_array_equal(keep_mask(key, units, rows, 0.5), many[:units, :rows])


def test_masks_in_jit_and_vmap() -> None:
    key, rate = stream_key(np.arange(3), 0, 0, 0), jnp.asarray([0.1, 0.5, 0.9])
    here = keep_mask(key, 6, 7, rate)
    np.testing.assert_array_equal(jax.jit(keep_mask, static_argnums=(1, 2))(key, 6, 7, rate), here)
    np.testing.assert_array_equal(jax.vmap(lambda k, r: keep_mask(k, 6, 7, r))(key, rate), here)
    with doubles(True):
        assert hash_bits(key, 6, 7).dtype == jnp.uint32
        np.testing.assert_array_equal(keep_mask(key, 6, 7, rate), here)
