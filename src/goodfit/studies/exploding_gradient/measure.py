"""Measures exploding gradients (4.7.2): products of many matrices, deep nets whose weights are too large."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from goodfit.inspection.variances import predicted
from goodfit.studies.common.deep_nets import SGD, digits, doublings, flow_of, initial_nets
from goodfit.studies.declaring import Columns, Measured, Tell
from goodfit.studies.estimates import Estimate, exactly, mean_of, median_of, ratio_of, share_of, unmeasured
from goodfit.studies.exploding_gradient.products import ROUNDING, Products, exponent, multiply
from goodfit.studies.exploding_gradient.study import LEARNED, OTHER_PRODUCTS
from goodfit.studies.parameters import Given
from goodfit.studies.populations import train
from goodfit.studies.tabulating import QUANTILES, columns
from goodfit.training import Recipe

FIRST = (  # the matrix that the notes print
    (-0.7872, 2.7090, 0.5996, -1.3191),
    (-1.8260, -0.7130, -0.5521, 0.1051),
    (1.1213, 1.0472, -0.3991, -0.3802),
    (0.5552, 0.4517, -0.3218, 0.5214),
)
PRODUCT = (  # and what they print of it, multiplied by 100 more
    (-2.1897e26, 8.8308e26, 1.9813e26, 1.7019e26),
    (1.3110e26, -5.2870e26, -1.1862e26, -1.0189e26),
    (-1.6008e26, 6.4559e26, 1.4485e26, 1.2442e26),
    (3.0943e25, -1.2479e26, -2.7998e25, -2.4050e25),
)
LARGEST = math.log(float(np.finfo(np.float32).max))
HORIZON = 1001  # matrices of a product that is followed until float32 cannot hold it
NUMBERS = 3e7  # random numbers of a product, for all draws together: fewer draws of large matrices
SIZES = (2, 4, 8, 16, 32, 64)
PASSED = 64  # rows of which gradients are measured
ROWS = 1000  # that train
LOG10 = math.log(10)


def measure(given: Given, tell: Tell) -> Measured:
    """Multiply matrices, then follow gradients through deep nets, then train them."""
    count = given.factors + 1
    tell(f"Products of {count} matrices")
    long = multiply(given.seed, _draws(given, given.size, HORIZON), given.size, HORIZON, given.deviation)
    whole = multiply(given.seed, _draws(given, given.size, count), given.size, count, given.deviation)
    sizes = _sizes(given)
    tell("Gradients of deep nets at the start")
    flows, table = _flows(given)
    tell(f"Trainings of {given.seeds} nets each, up to {given.depth} layers deep")
    trained = _trainings(given)
    deep = {name: trained[name, given.depth] for name, _ in _conditions(given)}
    tables = {
        "sizes": sizes,
        "depths": table,
        "training": _training_table(trained),
        "entries": _entries(whole),
        "growth": _growth(given, long),
    }
    first, last = (np.abs(each).max(axis=(1, 2)) for each in (whole.first, whole.unit))
    printed = {
        "first": mean_of(first),
        "product": mean_of((whole.scale + np.log(last)) / LOG10),
        "smallest": mean_of((whole.scale + np.log(np.abs(whole.unit).min(axis=(1, 2)))) / LOG10),
    }
    claims = {**_of_products(given, whole, long), **_of_flows(given, flows), **_of_trainings(given, deep)}
    return Measured(tables, claims, printed, {"last": whole.largest[-1] / LOG10, "count": count})


def _draws(given: Given, size: int, factors: int) -> int:
    """So many of a product: as asked, but fewer where matrices are large."""
    return int(np.clip(NUMBERS // (size**2 * factors), 8, given.draws))


def _growth(given: Given, long: Products) -> Columns:
    at = np.unique(np.linspace(1, HORIZON, 201).round().astype(int))
    low, median, high = np.quantile(long.largest[at - 1] / LOG10, QUANTILES, axis=1).tolist()
    theory = at * exponent(given.size, 1, given.deviation) / LOG10
    return {"matrices": at.tolist(), "low": low, "median": median, "high": high, "theory": theory.tolist()}


def _sizes(given: Given) -> Columns:
    """Growth a factor and the collapse to rank one, by the size of the matrices."""
    rows, count = [], given.factors + 1
    for size in SIZES:
        found = multiply(given.seed, min(_draws(given, size, count), 1000), size, count, given.deviation)
        rate = mean_of(found.column / count)
        gap = (exponent(size, 2) - exponent(size, 1)) * count / LOG10
        theory = exponent(size, 1, given.deviation), max(gap, math.log10(ROUNDING))
        ratio = float(np.median(np.log10(found.ratios())))
        rows.append((size, len(found.scale), theory[0], rate.value, rate.low, rate.high, ratio, theory[1]))
    return columns(("size", "draws", "theory", "rate", "low", "high", "ratio", "ratio_theory"), rows)


def _entries(whole: Products) -> Columns:
    """Every entry that the notes print, beside ours as draws spread; of the product, log10 of its size."""
    with np.errstate(divide="ignore"):
        logs = (whole.scale[:, None, None] + np.log(np.abs(whole.unit))) / LOG10
    both = (("first", np.array(FIRST), whole.first), ("product", np.log10(np.abs(PRODUCT)), logs))
    rows = [
        (
            name,
            row + 1,
            column + 1,
            float(noted[row, column]),
            *map(float, np.quantile(ours[:, row, column], QUANTILES)),
        )
        for name, noted, ours in both
        for row in range(min(whole.first.shape[1], len(FIRST)))
        for column in range(min(whole.first.shape[1], len(FIRST)))
    ]
    return columns(("matrix", "row", "column", "notes", "low", "median", "high"), rows)


def _of_products(given: Given, whole: Products, long: Products) -> dict[str, Estimate]:
    beyond = long.largest > LARGEST
    until = np.where(beyond.any(0), beyond.argmax(0) + 1.0, np.inf)
    noted = np.linalg.svd(np.array(PRODUCT), compute_uv=False)
    usual: Estimate = unmeasured(OTHER_PRODUCTS)
    if (given.size, given.factors, given.deviation) == (4, 100, 1.0):
        usual = share_of(whole.largest[-1] > math.log(8.8308e26))
    rate = exponent(given.size, 1, given.deviation)
    return {
        "grows": share_of(whole.largest[-1] > whole.largest[0]),
        "infinite": median_of(until),
        "lyapunov": mean_of(whole.column / (given.factors + 1) - rate),
        "notes-usual": usual,
        "rank-one": ratio_of(whole.ratios()),
        "notes-rank-one": exactly(float(noted[1] / noted[0])),
    }


def _gains(given: Given) -> tuple[float, float, float]:
    """Of the initial weights, beside the critical size: small, critical, large."""
    return 1 / given.gain, 1.0, given.gain


def _recipe(given: Given, depth: int, gain: float, clip: float | None = None) -> Recipe:
    how: dict[str, Any] = {"learning_rate": given.learning_rate, "epochs": given.epochs, "clip_norm": clip}
    scale = math.sqrt(2) * gain  # He's is sqrt(2)
    return SGD.replace(hidden=(given.width,) * depth, activation="relu", init="he-normal", init_scale=scale, **how)


def _flows(given: Given) -> tuple[dict[tuple[float, int], dict[str, np.ndarray]], Columns]:
    """Of every gain and depth: growth of the gradient from the outputs to the first layer, and the first step, [S]."""
    examples, found = digits(given.all_seeds, PASSED), {}
    rows = []
    for gain in _gains(given):
        for depth in doublings(2, given.depth):
            recipe = _recipe(given, depth, gain)
            nets = initial_nets(recipe, examples, given.all_seeds)
            flow = flow_of(nets, examples, "relu", PASSED)
            sizes = np.array([[np.linalg.norm(weight) for weight in net.weights] for net in nets])
            growth = flow.back[:, 0] / flow.back[:, -1]
            step = given.learning_rate * (flow.weights / sizes).max(1)
            found[gain, depth] = {"growth": growth, "step": step}
            gains = [each.gradient_gain for each in predicted(recipe, 64, 10, 1.0)[1:]]
            quantiles = np.quantile(growth, QUANTILES).tolist()
            theory = math.sqrt(math.prod(gains) * given.width / 10)  # of norms, not of mean squares
            rows.append((gain, depth, theory, *quantiles, float(np.median(step))))
    return found, columns(("gain", "depth", "theory", "low", "median", "high", "step"), rows)


def _of_flows(given: Given, flows: dict[tuple[float, int], dict[str, np.ndarray]]) -> dict[str, Estimate]:
    large, deep = given.gain, given.depth
    return {
        "both": ratio_of(flows[large, deep]["growth"]),
        "large-alone": ratio_of(flows[large, 2]["growth"]),
        "deep-alone": ratio_of(flows[1.0, deep]["growth"]),
        "step": ratio_of(flows[large, deep]["step"]),
    }


@dataclass(frozen=True)
class Ends:
    """How trainings of S seeds end. finite: whether the loss is a number, [S]; score: of the test rows, [S]."""

    finite: np.ndarray
    score: np.ndarray

    @property
    def learned(self) -> np.ndarray:
        """Whether a net predicts most test rows right, [S]."""
        return self.finite & (self.score >= LEARNED)


def _conditions(given: Given) -> list[tuple[str, tuple[float, float | None]]]:
    small, critical, large = _gains(given)
    return [
        ("small", (small, None)),
        ("critical", (critical, None)),
        ("large", (large, None)),
        ("clipped", (large, given.clip)),
    ]


NAMES = {
    "small": "weights too small",
    "critical": "weights of critical scale",
    "large": "weights too large",
    "clipped": "too large, gradient clipped",
}


def _trainings(given: Given) -> dict[tuple[str, int], Ends]:
    """(condition, depth) -> how its trainings end; all of them train together."""
    places = [(name, depth, how) for name, how in _conditions(given) for depth in doublings(2, given.depth)]
    recipes = [_recipe(given, depth, *how) for _, depth, how in places]
    found = train(recipes, digits(given.all_seeds, ROWS), given.all_seeds, score_every=given.epochs)
    finite = np.isfinite(found["train_loss"][..., -1])
    score = np.nan_to_num(found["test_score"][..., -1])
    return {(name, depth): Ends(one, other) for (name, depth, _), one, other in zip(places, finite, score, strict=True)}


def _training_table(trained: dict[tuple[str, int], Ends]) -> Columns:
    rows = []
    for (name, depth), ends in trained.items():
        share = share_of(ends.learned)
        scores = np.quantile(np.where(ends.finite, ends.score, 0.0), QUANTILES).tolist()
        rows.append((NAMES[name], depth, float(ends.finite.mean()), share.value, share.low, share.high, *scores))
    names = ("weights", "depth", "finite", "learned", "low", "high", "score_low", "score", "score_high")
    return columns(names, rows)


def _of_trainings(given: Given, deep: dict[str, Ends]) -> dict[str, Estimate]:
    return {
        "unstable": share_of(~deep["large"].learned),
        "critical": share_of(deep["critical"].learned),
        "clipping-finite": share_of(deep["clipped"].finite),
        "clipping-learns": share_of(deep["clipped"].learned),
    }
