"""Random bits for dropout: an integer hash of (stream, unit, row), so that no state is carried and nothing is drawn.

Whether unit i of row b is kept depends on the stream, i, b and the rate alone: not on how many units or rows there are,
and not on other nets. Nets that share a stream share their bits, and are compared on common random numbers.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Bool, Float, UInt32

_GOLDEN = np.uint32(0x9E3779B9)  # 2^32 over the golden ratio, odd: its multiples are spread evenly
_ROW = np.uint32(0x85EBCA6B)  # odd, so that two rows of a unit never share an input of the hash
_SECOND = np.uint32(0x6A09E667)  # turns a key into the start of a second, unrelated word
_SECOND_UNIT = np.uint32(0xC2B2AE35)
_FACTORS = (np.uint32(0xC2B2AE35), np.uint32(0x27D4EB2F), np.uint32(0x165667B1))  # odd: of epoch, step and layer


def stream_key(seed: Any, epoch: Any, step: Any, layer: Any) -> UInt32[Array, "*shape"]:
    """The key of the stream of one layer at one step, uint32, of the arguments' broadcast shape.

    Each argument is a whole number or an array of them, traced or not, taken modulo 2^32. Consecutive seeds, epochs,
    steps and layers give keys that look unrelated.

    seed: of the net
    epoch, step: from 0
    layer: from 0
    """
    base = _mix(_word(seed) + _GOLDEN)
    key = base
    for value, factor in zip((epoch, step, layer), _FACTORS, strict=True):
        key = _mix(key + _word(value) * factor) ^ base  # ^ base: where two seeds meet, they part again
    return key


def keep_mask(
    key: UInt32[Array, "*shape"], units: int, rows: int, rate: Float[Array, "*shape"]
) -> Bool[Array, "... units rows"]:
    """Which units are kept for which rows: each with probability 1 - rate, independently.

    Kept values are not scaled here: the caller divides them by 1 - rate.

    key: from `stream_key`
    units: how many the layer has
    rows: how many the batch has
    rate: in [0, 1), broadcast against key, exact to 2^-24; 0 keeps everything.
    """
    return hash_bits(key, units, rows) >= _threshold(jnp.asarray(rate))[..., None, None]


def hash_bits(key: UInt32[Array, "*shape"], units: int, rows: int) -> UInt32[Array, "... units rows"]:
    """32 bits for every unit and row of a stream."""
    unit = lax.iota(jnp.uint32, units)
    row = lax.iota(jnp.uint32, rows) * _ROW
    key = _word(key)[..., None]
    first = _mix(key + unit * _GOLDEN)[..., None]  # [..., units, 1]
    second = _mix((key ^ _SECOND) + unit * _SECOND_UNIT)[..., None]
    return _mix(first + row, second)  # where the rows of two units meet in the first word, the second parts them


def _mix(x: UInt32[Array, "*shape"], between: UInt32[Array, "*shape"] | None = None) -> UInt32[Array, "*shape"]:
    """lowbias32, a permutation of 32 bits in which every bit of the input moves every bit of the output.

    between: bits that join after the first multiplication. Source: Wellons, hash-prospector ("lowbias32").
    """
    x = (x ^ (x >> np.uint32(16))) * np.uint32(0x7FEB352D)
    if between is not None:
        x = x ^ between
    x = (x ^ (x >> np.uint32(15))) * np.uint32(0x846CA68B)
    return x ^ (x >> np.uint32(16))


def _threshold(rate: Float[Array, "*shape"]) -> UInt32[Array, "*shape"]:
    """rate * 2^32, rounded down."""
    return (rate * 4294967296.0).astype(jnp.uint32)


def _word(value: Any) -> UInt32[Array, "*shape"]:
    """A whole number, or an array of them, modulo 2^32."""
    if isinstance(value, jax.Array):
        return value.astype(jnp.uint32)
    return jnp.asarray(np.asarray(value).astype(np.uint32))
