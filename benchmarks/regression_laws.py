"""Laws of targets and errors with a known R², by which its interval and those of absolute errors are judged.

DEVELOPMENT are those that the interval was made on; HELD_OUT were drawn up when it was fixed, and no limit was set on
them. Of RARE, more than half of the true squared error lies in rows rarer than one in a thousand, or in so few that
many samples hold none and look like any other: nothing in those data tells of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
TRUTH_ROWS = 1_000_000  # of which the true absolute errors are taken


@dataclass(frozen=True)
class Law:
    """target = signal + scale * noise, prediction = signal + off * (what nets err) + shift.

    signal: draws so many rows; variance: of the signal; noise: draws one for each row of a signal, of mean 0 given the
    signal; square: its mean square, infinite where there is no R². off: of the nets' own errors, in standard deviations
    of the signal. shift: of all predictions, in standard deviations of the target over the square root of the rows.
    """

    signal: Callable[[np.random.Generator, int], Values]
    variance: float
    noise: Callable[[np.random.Generator, Values], Values]
    square: float
    scales: tuple[float, ...] = (0.5, 1.0)
    off: float = 0.3
    shift: float = 0.0

    def sample(self, rng: np.random.Generator, rows: int, nets: int, scale: float) -> tuple[Values, Values]:
        """Predictions [P, N, 1] and targets [N, 1]. Nets share half of the variance of their errors."""
        signal = self.signal(rng, rows)
        target = signal + scale * self.noise(rng, signal)
        common, own = rng.normal(size=rows), rng.normal(size=(nets, rows))
        off = self.off * math.sqrt(self.variance) * (math.sqrt(0.5) * common + math.sqrt(0.5) * own)
        prediction = signal + off + self.moved(rows, scale)
        return prediction[..., None], target[:, None]

    def moved(self, rows: int, scale: float) -> float:
        """The shift in the unit of the target."""
        return self.shift * math.sqrt(self.variance + scale**2 * self.square) / math.sqrt(rows) if self.shift else 0.0

    def r2(self, rows: int, scale: float) -> float:
        """The true R², of every net; nan where there is none."""
        noise = scale**2 * self.square
        if not math.isfinite(noise):
            return math.nan
        unexplained = noise + self.off**2 * self.variance + self.moved(rows, scale) ** 2
        return 1 - unexplained / (self.variance + noise)


@cache
def absolute(law: Law, rows: int, nets: int, scale: float) -> tuple[float, float]:
    """The true mean and median absolute error, of a large sample. rows: of the samples that are judged."""
    rng = np.random.default_rng(1)
    signal = law.signal(rng, TRUTH_ROWS)
    noise = scale * law.noise(rng, signal)
    common = rng.normal(size=TRUTH_ROWS)
    each = np.zeros(TRUTH_ROWS)
    for _ in range(nets):
        off = math.sqrt(0.5) * common + math.sqrt(0.5) * rng.normal(size=TRUTH_ROWS)
        each += np.abs(law.off * math.sqrt(law.variance) * off + law.moved(rows, scale) - noise) / nets
    return float(each.mean()), float(np.median(each))


def _normal(rng: np.random.Generator, rows: int) -> Values:
    return rng.normal(size=rows)


def _zero(rng: np.random.Generator, rows: int) -> Values:
    return np.zeros(rows)


def _lognormal(spread: float) -> tuple[Callable[[np.random.Generator, int], Values], float, float]:
    """exp(spread z): how it is drawn, its variance, and its mean square."""
    mean, square = math.exp(spread**2 / 2), math.exp(2 * spread**2)
    return lambda rng, rows: np.exp(spread * rng.normal(size=rows)), square - mean**2, square


def _of(draw: Callable[[np.random.Generator, int], Values]) -> Callable[[np.random.Generator, Values], Values]:
    """Noise that has nothing to do with the signal."""
    return lambda rng, signal: draw(rng, len(signal))


def _student(freedom: float) -> Law:
    """Student's noise, as it is."""
    square = freedom / (freedom - 2) if freedom > 2 else math.inf
    return Law(_normal, 1.0, _of(lambda rng, rows: rng.standard_t(freedom, rows)), square)


def _outliers(share: float, factor: float) -> Law:
    """Normal noise; a share of the rows has it `factor` times as large."""

    def draw(rng: np.random.Generator, rows: int) -> Values:
        return rng.normal(size=rows) * np.where(rng.random(rows) < share, factor, 1.0)

    return Law(_normal, 1.0, _of(draw), 1 - share + share * factor**2)


def _growing(spread: float) -> Law:
    """A skewed signal, and noise in proportion to it."""
    signal, variance, square = _lognormal(spread)
    return Law(signal, variance, lambda rng, s: s * rng.normal(size=len(s)), square)


def _skewed_target(spread: float) -> Law:
    """A skewed signal and normal noise as large."""
    signal, variance, _ = _lognormal(spread)
    return Law(signal, variance, _of(lambda rng, rows: math.sqrt(variance) * rng.normal(size=rows)), variance)


def _relative(spread: float, noise: float) -> Law:
    """A log-normal target, of which log y is predicted with normal noise, as with a target transform."""
    signal, variance, square = _lognormal(spread)

    def draw(rng: np.random.Generator, s: Values) -> Values:
        return s * (np.exp(noise * rng.normal(size=len(s)) - noise**2 / 2) - 1)

    return Law(signal, variance, draw, square * math.expm1(noise**2), scales=(1.0,), off=0.0)


def _counts(spread: float, level: float) -> Law:
    """Poisson counts with a log-normal mean, predicted by their mean."""
    signal, variance, _ = _lognormal(spread)
    mean = level * math.exp(spread**2 / 2)
    return Law(
        lambda rng, rows: level * signal(rng, rows),
        level**2 * variance,
        lambda rng, s: rng.poisson(s) - s,
        mean,
        scales=(1.0,),
        off=0.0,
    )


def _grades(wrong: float) -> Law:
    """Grades from 1 to 5, predicted as whole numbers; a share of them is off by one."""

    def draw(rng: np.random.Generator, signal: Values) -> Values:
        return np.where(rng.random(len(signal)) < wrong, rng.choice([-1.0, 1.0], len(signal)), 0.0)

    return Law(lambda rng, rows: rng.integers(1, 6, rows).astype(float), 2.0, draw, wrong, scales=(1.0,), off=0.0)


def _noise(draw: Callable[[np.random.Generator, int], Values], square: float = 1.0) -> Law:
    return Law(_normal, 1.0, _of(draw), square)


def _constant(shift: float, draw: Callable[[np.random.Generator, int], Values] = _normal, square: float = 1.0) -> Law:
    """A constant prediction, so far off the mean of the target."""
    return Law(_zero, 0.0, _of(draw), square, scales=(1.0,), off=0.0, shift=shift)


def _centred_lognormal(rng: np.random.Generator, rows: int) -> Values:
    return (np.exp(rng.normal(size=rows)) - math.exp(0.5)) / math.sqrt(math.e * math.expm1(1))


DEVELOPMENT = {
    "normal": _noise(_normal),
    "Laplace": _noise(lambda rng, rows: rng.laplace(size=rows), 2.0),
    "t5": _student(5),
    "t4": _student(4),
    "t3": _student(3),
    "t2.5": _student(2.5),
    "log-normal": _noise(_centred_lognormal),
    "5 % outliers x 5": _outliers(0.05, 5),
    "grows with the target": _growing(0.7),
    "skewed target": _skewed_target(1.0),
    "target transform": _relative(0.8, 0.6),
    "counts": _counts(0.3, 1.0),
    "constant prediction": _constant(0),
    "constant prediction, off": _constant(2),
    "constant prediction, log-normal": _constant(0, _centred_lognormal),
}
HELD_OUT = {
    "logistic": _noise(lambda rng, rows: rng.logistic(size=rows), math.pi**2 / 3),
    "uniform": _noise(lambda rng, rows: rng.uniform(-1, 1, rows), 1 / 3),
    "t8": _student(8),
    "t3.5": _student(3.5),
    "t2.8": _student(2.8),
    "exponential": _noise(lambda rng, rows: rng.exponential(size=rows) - 1),
    "Weibull 0.6": _noise(
        lambda rng, rows: rng.weibull(0.6, rows) - math.gamma(1 + 1 / 0.6),
        math.gamma(1 + 2 / 0.6) - math.gamma(1 + 1 / 0.6) ** 2,
    ),
    "10 % outliers x 4": _outliers(0.1, 4),
    "grows with the target, less skewed": _growing(0.5),
    "grows with the target, more skewed": _growing(0.9),
    "skewed target, 0.8": _skewed_target(0.8),
    "target transform, 0.5": _relative(0.5, 0.8),
    "counts, larger": _counts(0.5, 3.0),
    "grades, 30 % off by one": _grades(0.3),
    "grades, 4 % off by one": _grades(0.04),
    "constant prediction, off by 1": _constant(1),
    "constant prediction, off by 4": _constant(4),
    "constant prediction, exponential": _constant(1, lambda rng, rows: rng.exponential(size=rows) - 1),
}
RARE = {
    "1 % outliers x 20": _outliers(0.01, 20),
    "0.5 % outliers x 10": _outliers(0.005, 10),
    "t2.1": _student(2.1),
    "t2.2": _student(2.2),
}
WITHOUT_R2 = {"t1.5": _student(1.5), "Cauchy": _student(1.0)}
