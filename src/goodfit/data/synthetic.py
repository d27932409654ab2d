"""Data sets drawn by a formula: the chapter's two, and pictures to learn from, most of which no straight line divides.

Every set has training rows first and `n_test` official test rows last. Training rows, test rows
and noise are streams of their own: another `n_train` or `noise` changes nothing else.
"""

import math
from collections.abc import Callable, Sequence

import numpy as np

from goodfit.data.dataset import Dataset
from goodfit.data.streams import checked_seed, generator, is_number
from goodfit.errors import InputError, Problems, problem

MAX_DEGREE = 20
POLYNOMIAL = (5.0, 1.2, -3.4, 5.6)  # coefficients of x^i / i!, section 4.3.4
ABOUT = {
    "polynomial": "A cubic in one variable, with its powers as features (4.3.4)",
    "linear": "A linear function of 200 features, with 20 training examples (4.4.1)",
    "moons": "Two interleaving half circles",
    "circles": "Two concentric circles",
    "spirals": "Interleaving spiral arms",
    "xor": "Points in a square: do the signs of the coordinates differ?",
    "blobs": "Clouds of points around a circle, one a class",
    "sine": "A sine wave in one variable, with noise",
}
LINEAR_BIAS, LINEAR_WEIGHT = 0.05, 0.01  # section 4.4.1


def polynomial(
    *, seed: int = 0, n_train: int = 100, n_test: int = 100, n_features: int = MAX_DEGREE, noise: float = 0.1
) -> Dataset:
    """Section 4.3.4: y = 5 + 1.2 x - 3.4 x^2/2! + 5.6 x^3/3! + N(0, noise^2), with x from N(0, 1).

    The inputs are x^i / i! for i = 0 to n_features - 1; the first is the constant 1. n_features: 1 to 21 (degree 20).
    4 features fit, 2 are too few, and 20 are too many. The default is the chapter's: 20 features, 100 + 100 rows.
    """
    where = "polynomial"
    seed = checked_seed(seed, where)
    _check(where, [("n_train", n_train, 1), ("n_test", n_test, 0), ("n_features", n_features, 1)], [("noise", noise)])
    if n_features > MAX_DEGREE + 1:
        rule = f"'n_features' must be at most {MAX_DEGREE + 1}, which is degree {MAX_DEGREE}"
        raise InputError(problem(where, rule, got=n_features))
    x = _both(seed, "polynomial/x", n_train, n_test, lambda rng, n: rng.normal(size=n))
    eps = _both(seed, "polynomial/noise", n_train, n_test, lambda rng, n: rng.normal(size=n))
    n_powers = max(n_features, len(POLYNOMIAL))
    powers = x[:, None] ** np.arange(n_powers) / np.array([float(math.factorial(i)) for i in range(n_powers)])
    y = powers[:, : len(POLYNOMIAL)] @ np.array(POLYNOMIAL) + noise * eps
    return Dataset(
        name=where,
        x=powers[:, :n_features],
        y=y,
        task="regression",
        features=tuple("1" if i == 0 else "x" if i == 1 else f"x^{i}/{i}!" for i in range(n_features)),
        test=_last(n_train, n_test),
        scaling="none",
        about=ABOUT[where],
        source=f"drawn with seed {seed}; section 4.3.4",
    )


def linear(*, seed: int = 0, n_train: int = 20, n_test: int = 100, n_inputs: int = 200, noise: float = 0.01) -> Dataset:
    """Section 4.4.1: y = 0.05 + sum of 0.01 x_i + N(0, noise^2), with each x_i from N(0, 1).

    Far more inputs than training rows by default (200 and 20), so that a net without penalties learns them by heart.
    """
    where = "linear"
    seed = checked_seed(seed, where)
    _check(where, [("n_train", n_train, 1), ("n_test", n_test, 0), ("n_inputs", n_inputs, 1)], [("noise", noise)])
    x = _both(seed, "linear/x", n_train, n_test, lambda rng, n: rng.normal(size=(n, n_inputs)))
    eps = _both(seed, "linear/noise", n_train, n_test, lambda rng, n: rng.normal(size=n))
    return Dataset(
        name=where,
        x=x,
        y=LINEAR_BIAS + LINEAR_WEIGHT * x.sum(axis=1) + noise * eps,
        task="regression",
        test=_last(n_train, n_test),
        scaling="none",
        about=ABOUT[where],
        source=f"drawn with seed {seed}; section 4.4.1",
    )


def moons(*, seed: int = 0, n_train: int = 400, n_test: int = 400, noise: float = 0.15) -> Dataset:
    """Two half circles that reach into each other: (cos t, sin t) and (1 - cos t, 1/2 - sin t), t in [0, pi].

    noise: standard deviation of what is added to both coordinates.
    """
    seed, codes = _start("moons", seed, n_train, n_test, 2, noise)
    t = math.pi * _uniform(seed, "moons", n_train, n_test)
    clean = np.where(
        codes[:, None] == 0,
        np.stack([np.cos(t), np.sin(t)], axis=1),
        np.stack([1 - np.cos(t), 0.5 - np.sin(t)], axis=1),
    )
    names = ("upper", "lower")
    return _picture("moons", clean, codes, names, seed, n_train, n_test, noise)


def circles(
    *, seed: int = 0, n_train: int = 400, n_test: int = 400, noise: float = 0.08, factor: float = 0.5
) -> Dataset:
    """Two circles about the origin, of radius 1 and of radius `factor` (in (0, 1)); see `moons` for noise."""
    where = "circles"
    seed, codes = _start(where, seed, n_train, n_test, 2, noise)
    if not is_number(factor) or not 0 < factor < 1:
        raise InputError(problem(where, "'factor' must be a number in (0, 1)", got=factor))
    t = 2 * math.pi * _uniform(seed, where, n_train, n_test)
    radius = np.where(codes == 0, 1.0, factor)
    clean = radius[:, None] * np.stack([np.cos(t), np.sin(t)], axis=1)
    return _picture(where, clean, codes, ("outer", "inner"), seed, n_train, n_test, noise)


def spirals(
    *, seed: int = 0, n_train: int = 600, n_test: int = 600, noise: float = 0.02, n_classes: int = 3, turns: float = 1.0
) -> Dataset:
    """Arms from the origin to radius 1: arm k has radius r at the angle 2 pi (turns r + k / n_classes).

    r is uniform in [0, 1]. See `moons` for noise.
    """
    where = "spirals"
    _check(where, [("n_classes", n_classes, 2)], [("turns", turns)])
    seed, codes = _start(where, seed, n_train, n_test, n_classes, noise)
    radius = _uniform(seed, where, n_train, n_test)
    angle = 2 * math.pi * (turns * radius + codes / n_classes)
    clean = radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    names = tuple(f"arm {k + 1}" for k in range(n_classes))
    return _picture(where, clean, codes, names, seed, n_train, n_test, noise)


def xor(*, seed: int = 0, n_train: int = 400, n_test: int = 400, noise: float = 0.0) -> Dataset:
    """Points of the square [-1, 1] x [-1, 1]; class 1, "different", where the signs of the coordinates differ.

    noise is added after the class is set, so that with noise some points lie on the wrong side.
    """
    seed, codes = _start("xor", seed, n_train, n_test, 2, noise)
    size = _both(seed, "xor/x", n_train, n_test, lambda rng, n: rng.uniform(0, 1, (n, 2)))
    sign = np.where(_uniform(seed, "xor/sign", n_train, n_test) < 0.5, -1.0, 1.0)
    clean = np.stack([sign * size[:, 0], np.where(codes == 0, sign, -sign) * size[:, 1]], axis=1)
    return _picture("xor", clean, codes, ("same", "different"), seed, n_train, n_test, noise)


def blobs(*, seed: int = 0, n_train: int = 400, n_test: int = 400, noise: float = 0.35, n_classes: int = 3) -> Dataset:
    """Clouds of points about n_classes centres, evenly on a circle of radius 1; the first is at (1, 0).

    noise: standard deviation of both coordinates about the centre.
    """
    where = "blobs"
    _check(where, [("n_classes", n_classes, 2)], [])
    seed, codes = _start(where, seed, n_train, n_test, n_classes, noise)
    angle = 2 * math.pi * codes / n_classes
    clean = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    names = tuple(f"blob {k + 1}" for k in range(n_classes))
    return _picture(where, clean, codes, names, seed, n_train, n_test, noise)


def sine(*, seed: int = 0, n_train: int = 100, n_test: int = 100, noise: float = 0.2, periods: float = 2.0) -> Dataset:
    """y = sin(pi * periods * x) + N(0, noise^2), with x uniform in [-1, 1]: so many periods."""
    where = "sine"
    seed = checked_seed(seed, where)
    _check(where, [("n_train", n_train, 1), ("n_test", n_test, 0)], [("noise", noise), ("periods", periods)])
    x = 2 * _uniform(seed, "sine/x", n_train, n_test) - 1
    eps = _both(seed, "sine/noise", n_train, n_test, lambda rng, n: rng.normal(size=n))
    return Dataset(
        name=where,
        x=x[:, None],
        y=np.sin(math.pi * periods * x) + noise * eps,
        task="regression",
        features=("x",),
        test=_last(n_train, n_test),
        scaling="standard",
        about=ABOUT[where],
        source=f"drawn with seed {seed}",
    )


def _both(
    seed: int, purpose: str, n_train: int, n_test: int, draw: Callable[[np.random.Generator, int], np.ndarray]
) -> np.ndarray:
    """Training rows, then test rows, each from a stream of their own."""
    parts = [draw(generator(seed, f"{purpose}/{part}"), n) for part, n in (("train", n_train), ("test", n_test))]
    return np.concatenate(parts)


def _uniform(seed: int, purpose: str, n_train: int, n_test: int) -> np.ndarray:
    return _both(seed, purpose, n_train, n_test, lambda rng, n: rng.uniform(size=n))


def _last(n_train: int, n_test: int) -> np.ndarray:
    return np.arange(n_train, n_train + n_test, dtype=np.int32)


def _start(
    where: str,
    seed: int,
    n_train: int,
    n_test: int,
    n_classes: int,
    noise: float,
) -> tuple[int, np.ndarray]:
    """(the seed, class codes): the classes take turns, so that each has its share in both parts within one row."""
    seed = checked_seed(seed, where)
    _check(where, [("n_train", n_train, n_classes), ("n_test", n_test, 0)], [("noise", noise)])
    return seed, np.concatenate([np.arange(n_train) % n_classes, np.arange(n_test) % n_classes]).astype(np.int32)


def _picture(
    name: str,
    clean: np.ndarray,
    codes: np.ndarray,
    classes: tuple[str, ...],
    seed: int,
    n_train: int,
    n_test: int,
    noise: float,
) -> Dataset:
    """Two-dimensional points and their classes, with noise added to the points."""
    moved = clean + noise * _both(seed, f"{name}/noise", n_train, n_test, lambda rng, n: rng.normal(size=(n, 2)))
    return Dataset(
        name=name,
        x=moved,
        y=codes,
        task="classification",
        classes=classes,
        features=("x1", "x2"),
        test=_last(n_train, n_test),
        scaling="standard",
        about=ABOUT[name],
        source=f"drawn with seed {seed}",
    )


def _check(where: str, counts: Sequence[tuple[str, object, int]], sizes: Sequence[tuple[str, object]]) -> None:
    """Counts are whole numbers from a least one on; sizes are finite numbers >= 0. All problems at once."""
    problems = Problems()
    for name, count, least in counts:
        if not isinstance(count, int | np.integer) or isinstance(count, bool) or count < least:
            problems.add(where, f"'{name}' must be an integer >= {least}", got=count)
    for name, size in sizes:
        if not is_number(size) or not (math.isfinite(size) and size >= 0):
            problems.add(where, f"'{name}' must be a finite number >= 0", got=size)
    problems.raise_if_any()
