"""Transforms of numeric targets, with their inverses: for targets whose spread grows with their size.

A net that is trained on log y and squared error cannot predict a negative price, and no few large targets decide what
it learns. What it predicts is then near the median of y where the noise of log y is symmetric, not the mean.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from goodfit.errors import Problems, nearest

KINDS = ("none", "log", "log1p", "yeo-johnson", "quantile")
MOST_KNOTS = 256  # of a quantile transform
LARGEST = float(np.finfo(np.float32).max)  # stands for "without a limit" where files hold finite numbers alone
LAMBDAS = (-3.0, 5.0)  # that a Yeo-Johnson transform may take; 1 changes nothing
FEWEST_ROWS = 30  # of which "auto" judges a target's shape
LEAST_SPREAD = 1.0  # standard deviation of the logarithms from which "auto" takes them
Numbers = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class TargetTransform:
    """The transform of each of C targets, fitted on training rows.

    kinds: one of KINDS a target
    numbers: [C, 4] float32, of each target: lambda (yeo-johnson), the unit that it is divided by (yeo-johnson), and the
    least and largest transformed training target, between which an output is cut off before it is transformed back
    knots: [2, C, K] float32, of quantile: normal quantiles, and the targets there; None where no target has it
    """

    kinds: tuple[str, ...]
    numbers: NDArray[np.float32]
    knots: NDArray[np.float32] | None = None

    def forward(self, y: NDArray[Any]) -> Numbers:
        """Targets [N, C] as they are trained on, before they are scaled, in float64.

        A held-out target of which there is no logarithm counts as the least training target.
        """
        found = np.array(y, np.float64)
        for column, kind in enumerate(self.kinds):
            shape, unit, least, _ = self.numbers[column].astype(np.float64)
            own = found[:, column]
            if kind in ("log", "log1p"):
                moved = own if kind == "log" else own + 1
                function = np.log if kind == "log" else np.log1p
                found[:, column] = np.where(moved > 0, function(np.where(moved > 0, own, 1.0)), least)
            elif kind == "yeo-johnson":
                found[:, column] = yeo_johnson(own / unit, shape)
            elif kind == "quantile" and self.knots is not None:
                found[:, column] = _normal(own, self.knots[0, column], self.knots[1, column])
        return found

    def inverse(self, t: NDArray[Any]) -> NDArray[Any]:
        """Targets in their own unit from transformed ones, [N, C] both, in the type of t."""
        parts = inverse_parts(self, t.dtype)
        found: NDArray[Any] = inverted(np, t.T, parts).T
        return found.astype(t.dtype, copy=False)

    @property
    def named(self) -> tuple[str, ...]:
        """The kinds; () where no target is transformed, and predictions are clipped alone."""
        return () if set(self.kinds) == {"none"} else self.kinds

    @property
    def clips(self) -> bool:
        """Whether all predictions stay within the range of the training targets."""
        return bool((self.numbers[:, 3] < LARGEST).all())

    def problems(self, outputs: int) -> Problems:
        """What is wrong with it, for a net with so many outputs: a file of anybody's may hold it."""
        found = Problems()
        strange = [kind for kind in self.kinds if kind not in KINDS]
        if strange:
            found.add(
                "Net", "each target's transform must be a known one", got=strange[0], fix=nearest(strange[0], KINDS)
            )
        if len(self.kinds) != outputs or self.numbers.shape != (outputs, 4):
            rule = f"a target transform must have a kind and four numbers for each of the {outputs} outputs"
            found.add("Net", rule, got=f"{len(self.kinds)} kinds, numbers {self.numbers.shape}")
            return found
        if not np.isfinite(self.numbers).all() or (self.numbers[:, 1] <= 0).any():
            found.add("Net", "the numbers of a target transform must be finite, with a unit > 0")
        elif (self.numbers[:, 2] > self.numbers[:, 3]).any():
            found.add("Net", "a target transform must have its least value first")
        if (self.knots is not None) != ("quantile" in self.kinds):
            found.add("Net", "a target transform must have knots if and only if it has a quantile transform")
        elif self.knots is not None:
            right = self.knots.ndim == 3 and self.knots.shape[:2] == (2, outputs) and self.knots.shape[2] > 0
            if not right or not np.isfinite(self.knots).all() or (np.diff(self.knots, axis=2) < 0).any():
                found.add("Net", f"the knots of a target transform must be (2, {outputs}, K) finite, rising numbers")
        return found


def fit_transform(y: NDArray[Any], kind: str, where: str = "Recipe", *, clip: bool = False) -> TargetTransform | None:
    """The transform of targets [n, C], from their training rows; None where all stay as they are.

    kind: one of KINDS for every target, or "auto", which `auto_kind` decides for each. InputError names the targets
    that have no such transform. clip: whether predictions of targets that stay as they are keep within the range of
    the training targets, as those of transformed ones do.
    """
    if kind == "none" and not clip:
        return None
    values = np.asarray(y, np.float64)
    kinds = tuple(auto_kind(own) if kind == "auto" else kind for own in values.T)
    problems = Problems()
    for column, (name, own) in enumerate(zip(kinds, values.T, strict=True)):
        bound = {"log": 0.0, "log1p": -1.0}.get(name)
        if bound is not None and own.min() <= bound:
            rule = f"'target_transform' {name} needs training targets > {bound:g}; target {column} has others"
            fix = "Use yeo-johnson, quantile or none."
            problems.add(where, rule, got=float(own.min()), fix=fix)
    problems.raise_if_any()
    if set(kinds) == {"none"} and not clip:
        return None
    numbers = np.tile(np.array([1.0, 1.0, -LARGEST, LARGEST]), (len(kinds), 1))
    knots = None
    if "quantile" in kinds:
        count = min(MOST_KNOTS, len(values))
        knots = np.stack([np.tile(_places(count), (len(kinds), 1)), _knots(values, count)]).astype(np.float32)
    for column, name in enumerate(kinds):
        if name == "yeo-johnson":
            unit = _unit(values[:, column])
            numbers[column, :2] = best_lambda(values[:, column] / unit), unit
    made = TargetTransform(kinds, numbers.astype(np.float32), knots)
    transformed = made.forward(values)
    for column, name in enumerate(kinds):
        if name != "none" or clip:
            numbers[column, 2:] = transformed[:, column].min(), transformed[:, column].max()
    return TargetTransform(kinds, numbers.astype(np.float32), knots)


def auto_kind(y: Numbers) -> str:
    """What "auto" takes for training targets [n]: log where it makes much of a spread that it can even out, else none.

    log: there are FEWEST_ROWS or more, all are > 0, their logarithms have a standard deviation of LEAST_SPREAD or more,
    and are less skewed than 1 in magnitude, so that they are nearer to a normal distribution than the targets.
    """
    if len(y) < FEWEST_ROWS or y.min() <= 0:
        return "none"
    logs = np.log(y)
    spread = float(logs.std())
    if spread < LEAST_SPREAD:
        return "none"
    return "log" if abs(float((((logs - logs.mean()) / spread) ** 3).mean())) < 1 else "none"


def yeo_johnson(y: Numbers, shape: float) -> Numbers:
    """Yeo and Johnson's transform with the parameter lambda = shape. Source: scipy.stats.yeojohnson has the formulas.

    Powers are taken as expm1(lambda log1p |y|) / lambda, which is exact where lambda is near 0.
    """
    logs = np.log1p(np.abs(y))
    power = np.where(y >= 0, shape, 2 - shape)
    safe = np.where(power == 0, 1.0, power)
    with np.errstate(over="ignore"):
        grown = np.where(power == 0, logs, np.expm1(np.minimum(safe * logs, 700.0)) / safe)
    return np.where(y >= 0, grown, -grown)


def best_lambda(y: Numbers) -> float:
    """The lambda under which transformed y is most likely normal: maximum likelihood, within LAMBDAS."""
    from scipy.optimize import minimize_scalar

    logs = float((np.sign(y) * np.log1p(np.abs(y))).sum())

    def loss(shape: float) -> float:
        variance = float(yeo_johnson(y, shape).var())
        return np.inf if variance <= 0 else 0.5 * len(y) * np.log(variance) - (shape - 1) * logs

    if np.ptp(y) == 0:
        return 1.0
    return float(minimize_scalar(loss, bounds=LAMBDAS, method="bounded", options={"xatol": 1e-6}).x)


def inverse_parts(transform: TargetTransform, dtype: Any) -> dict[str, Any]:
    """What `inverted` reads: arrays [C, 1], and knots [2, C, K] where there are any."""
    names = ("shape", "unit", "least", "largest")
    parts: dict[str, Any] = {name: transform.numbers[:, at, None].astype(dtype) for at, name in enumerate(names)}
    parts["kind"] = np.asarray([KINDS.index(kind) for kind in transform.kinds], np.int32)[:, None]
    return parts | ({} if transform.knots is None else {"knots": transform.knots.astype(dtype)})


def inverted(xp: Any, t: Any, parts: dict[str, Any]) -> Any:
    """Targets in their own unit of transformed ones, [..., C, B] both. xp: numpy, or jax.numpy inside a program.

    Every kind's formula is computed for all and one is taken; 1 stands in where a formula is not defined.
    """
    kind, shape = parts["kind"], parts["shape"]
    t = xp.clip(t, parts["least"], parts["largest"])
    is_log, is_log1p, is_power = (kind == KINDS.index(name) for name in ("log", "log1p", "yeo-johnson"))
    small = xp.where(is_log | is_log1p, t, xp.zeros_like(t))
    found = xp.where(is_log, xp.exp(small), xp.where(is_log1p, xp.expm1(small), t))
    power = xp.where(t >= 0, shape, 2 - shape)
    safe = xp.where(power == 0, xp.ones_like(power), power)
    size = xp.where(is_power, xp.abs(t), xp.zeros_like(t))
    inner = xp.maximum(safe * size, -1 + 2.0**-23)  # rounding must not pass the asymptote of a negative power
    logs = xp.where(power == 0, size, xp.log1p(inner) / safe)
    grown = xp.expm1(logs) * parts["unit"]
    found = xp.where(is_power, xp.where(t >= 0, grown, -grown), found)
    if "knots" not in parts:
        return found
    knots = parts["knots"]
    columns = [xp.interp(t[..., column, :], *knots[:, column]) for column in range(knots.shape[1])]
    return xp.where(kind == KINDS.index("quantile"), xp.stack(columns, axis=-2), found)


def _unit(y: Numbers) -> float:
    """The median magnitude of what is not 0: a transform of metres is then that of kilometres."""
    sizes = np.abs(y[y != 0])
    return float(np.clip(np.median(sizes), 1e-30, 1e30)) if len(sizes) else 1.0


def _places(count: int) -> Numbers:
    """Normal quantiles of (k + 1/2) / count."""
    from scipy.special import ndtri

    found: Numbers = ndtri((np.arange(count) + 0.5) / count)
    return found


def _knots(values: Numbers, count: int) -> Numbers:
    """The quantiles of targets [n, C] at (k + 1/2) / count, [C, count]; the outermost are the extremes."""
    levels = (np.arange(count) + 0.5) / count
    found: Numbers = np.quantile(values, levels, axis=0, method="hazen").T
    found[:, 0], found[:, -1] = values.min(0), values.max(0)
    return found


def _normal(y: Numbers, places: NDArray[Any], knots: NDArray[Any]) -> Numbers:
    """The normal quantile of each target: in the middle of a range that equal knots span, as scikit-learn has it."""
    places, knots = places.astype(np.float64), knots.astype(np.float64)
    found: Numbers = 0.5 * (np.interp(y, knots, places) - np.interp(-y, -knots[::-1], -places[::-1]))
    return found
