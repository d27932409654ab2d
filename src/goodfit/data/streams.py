"""Random streams: every draw has a key of its own, so that no draw moves another."""

import operator
import zlib
from typing import TypeGuard

import numpy as np

from goodfit.errors import InputError, problem


def generator(seed: int, purpose: str) -> np.random.Generator:
    """A generator keyed by (seed, what the numbers are for).

    The same pair gives the same bits on every machine and in every process; different purposes of one seed
    are independent streams. seed: a whole number >= 0.
    """
    return np.random.default_rng([seed, zlib.crc32(purpose.encode())])


def checked_seed(seed: object, where: str) -> int:
    """The seed as an int, or an InputError that names `where` it was given."""
    try:
        whole = operator.index(seed)  # type: ignore[arg-type]
    except TypeError:
        whole = -1
    if whole < 0 or isinstance(seed, bool):
        raise InputError(problem(where, "'seed' must be an integer >= 0", got=seed))
    return whole


def is_number(value: object) -> TypeGuard[float]:
    """Whether a parameter is a real number; True and False are not."""
    return isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
