"""Measures and draws exploding gradients (4.7.2): products of many matrices, deep nets whose weights are too large."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from goodfit.studies.declaring import Columns, Measured, Tell
from goodfit.studies.estimates import Estimate, exactly, mean_of, median_of, ratio_of, share_of, unmeasured
from goodfit.studies.parameters import Given
from goodfit.studies.tabulating import columns
from goodfit.studies.words import Words

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from goodfit.studies.workings.products import Products

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
LEARNED = 0.5  # test accuracy from which a net of ten classes has learned
PASSED = 64  # rows of which gradients are measured
ROWS = 1000  # that train
LOG10 = math.log(10)
BAND = (0.025, 0.5, 0.975)


def measure(given: Given, tell: Tell) -> Measured:
    """Multiply matrices, then follow gradients through deep nets, then train them."""
    from goodfit.studies.workings.products import multiply

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
    from goodfit.studies.workings.products import exponent

    at = np.unique(np.linspace(1, HORIZON, 201).round().astype(int))
    low, median, high = np.quantile(long.largest[at - 1] / LOG10, BAND, axis=1)
    theory = at * exponent(given.size, 1, given.deviation) / LOG10
    return {
        "matrices": at.tolist(),
        "low": low.tolist(),
        "median": median.tolist(),
        "high": high.tolist(),
        "theory": theory.tolist(),
    }


def _sizes(given: Given) -> Columns:
    """Growth a factor and the collapse to rank one, by the size of the matrices."""
    from goodfit.studies.workings.products import ROUNDING, exponent, multiply

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
        (name, row + 1, column + 1, float(noted[row, column]), *map(float, np.quantile(ours[:, row, column], BAND)))
        for name, noted, ours in both
        for row in range(min(whole.first.shape[1], len(FIRST)))
        for column in range(min(whole.first.shape[1], len(FIRST)))
    ]
    return columns(("matrix", "row", "column", "notes", "low", "median", "high"), rows)


def _of_products(given: Given, whole: Products, long: Products) -> dict[str, Estimate]:
    from goodfit.studies.workings.products import exponent

    beyond = long.largest > LARGEST
    until = np.where(beyond.any(0), beyond.argmax(0) + 1.0, np.inf)
    noted = np.linalg.svd(np.array(PRODUCT), compute_uv=False)
    usual: Estimate = unmeasured(
        Words("The notes multiply 4 x 4 matrices, 100 to the first.", "笔记只给出 4×4 矩阵再乘 100 个的结果。")
    )
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


def _depths(given: Given) -> list[int]:
    """2, 4, 8, ... up to the deepest."""
    return sorted({2**power for power in range(1, 6) if 2**power < given.depth} | {given.depth})


def _gains(given: Given) -> tuple[float, float, float]:
    """Of the initial weights, beside the critical size: small, critical, large."""
    return 1 / given.gain, 1.0, given.gain


def _recipe(given: Given, depth: int, gain: float, clip: float | None = None) -> Any:
    from goodfit.training import Recipe

    return Recipe(
        hidden=(given.width,) * depth,
        activation="relu",
        init="he-normal",
        init_scale=math.sqrt(2) * gain,
        dropout=0.0,
        optimizer="sgd",
        learning_rate=given.learning_rate,
        schedule="constant",
        batch_size=50,
        epochs=given.epochs,
        clip_norm=clip,
        valid=0,
    )


def _flows(given: Given) -> tuple[dict[tuple[float, int], dict[str, np.ndarray]], Columns]:
    """Of every gain and depth: growth of the gradient from the outputs to the first layer, and the first step, [S]."""
    from goodfit.inspection.variances import predicted
    from goodfit.studies.workings.deep_nets import digits, flow_of, initial_nets

    examples, found = digits(given.all_seeds, PASSED), {}
    rows = []
    for gain in _gains(given):
        for depth in _depths(given):
            recipe = _recipe(given, depth, gain)
            nets = initial_nets(recipe, examples, given.all_seeds)
            flow = flow_of(nets, examples, "relu", PASSED)
            sizes = np.array([[np.linalg.norm(weight) for weight in net.weights] for net in nets])
            growth = flow.back[:, 0] / flow.back[:, -1]
            step = given.learning_rate * (flow.weights / sizes).max(1)
            found[gain, depth] = {"growth": growth, "step": step}
            gains = [each.gradient_gain for each in predicted(recipe, 64, 10, 1.0)[1:]]
            quantiles = np.quantile(growth, BAND).tolist()
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
    "critical": "weights of critical size",
    "large": "weights too large",
    "clipped": "too large, gradient clipped",
}


def _trainings(given: Given) -> dict[tuple[str, int], Ends]:
    """(condition, depth) -> how its trainings end; all of them train together."""
    from goodfit.studies.populations import train
    from goodfit.studies.workings.deep_nets import digits

    places = [(name, depth, how) for name, how in _conditions(given) for depth in _depths(given)]
    recipes = [_recipe(given, depth, *how) for _, depth, how in places]
    found = train(recipes, digits(given.all_seeds, ROWS), given.all_seeds, score_every=given.epochs)
    finite = np.isfinite(found["train_loss"][..., -1])
    score = np.nan_to_num(found["test_score"][..., -1])
    return {(name, depth): Ends(one, other) for (name, depth, _), one, other in zip(places, finite, score, strict=True)}


def _training_table(trained: dict[tuple[str, int], Ends]) -> Columns:
    rows = []
    for (name, depth), ends in trained.items():
        share = share_of(ends.learned)
        scores = np.quantile(np.where(ends.finite, ends.score, 0.0), BAND).tolist()
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


def draw_product(measured: Measured, width: float) -> Figure:
    """Growth with the number of matrices, and the end after as many as the notes multiply."""
    from goodfit.figures.panels import legend_below, line, panels
    from goodfit.figures.style import COLOURS, INK, NARROW, house_style

    table = measured.columns("growth")
    with house_style():
        figure, (growth, ends) = panels(2, width, height=3.5)
        middle = line(growth, table["matrices"], table["median"], table["low"], table["high"])
        (theory,) = growth.plot(table["matrices"], table["theory"], color=COLOURS[1], linestyle="--")
        limit = growth.axhline(LARGEST / LOG10, color=INK, linewidth=1, linestyle=":")
        noted = growth.scatter([101], [math.log10(8.8308e26)], marker="x", color=INK, s=45, zorder=4)
        shown = min(3.0 * measured.arrays["count"], HORIZON)
        growth.set_xlim(0, shown)
        ends_at = [float(np.interp(shown, table["matrices"], table[key])) for key in ("low", "high")]
        growth.set_ylim(min(-2.0, 1.05 * ends_at[0]), 1.05 * max(ends_at[1], LARGEST / LOG10))
        growth.set_xlabel("matrices multiplied")
        growth.set_ylabel("log10 of the largest entry")
        growth.set_title("By the number of matrices")
        last = measured.arrays["last"]
        ends.hist(last, bins=int(np.clip(len(last) // 20, 8, 40)), color=COLOURS[0], alpha=0.6, linewidth=0)
        ends.axvline(math.log10(8.8308e26), color=INK, linewidth=1.5, linestyle="-.")
        ends.set_xlabel("log10 of the largest entry")
        ends.set_ylabel("draws")
        ends.set_title("After all of them")
        handles = {
            "draws": middle,
            "theory": theory,
            "largest float32": limit,
            "notes": noted,
        }
        legend_below(figure, handles, title="line: median of draws; band: the middle 95 %", narrow=width < NARROW)
    return figure


def draw_sizes(measured: Measured, width: float) -> Figure:
    """Growth a factor, and how nearly of rank one, by size."""
    from goodfit.figures.panels import legend_below, panels
    from goodfit.figures.style import COLOURS, NARROW, house_style

    table = measured.columns("sizes")
    with house_style():
        figure, axes = panels(2, width, height=3.3)
        for panel, (found, theory) in zip(axes, (("rate", "theory"), ("ratio", "ratio_theory")), strict=True):
            (drawn,) = panel.plot(table["size"], table[theory], color=COLOURS[1], linestyle="--")
            (points,) = panel.plot(table["size"], table[found], "o", color=COLOURS[0], markersize=6)
            panel.set_xscale("log", base=2)
            panel.set_xticks(table["size"], [str(size) for size in table["size"]])
            panel.set_xlabel("size of the matrices")
        bars = axes[0].vlines(table["size"], table["low"], table["high"], color=COLOURS[0], linewidth=3, alpha=0.5)
        axes[0].set_title("Growth")
        axes[0].set_ylabel("growth a factor (nats)")
        axes[1].set_title("Towards rank one")
        axes[1].set_ylabel("log10 of 2nd / 1st singular value")
        handles = {"measured": points, "95 % interval": bars, "theory": drawn}
        legend_below(figure, handles, narrow=width < NARROW)
    return figure


def draw_depths(measured: Measured, width: float) -> Figure:
    """Growth of gradients by depth, and the test accuracy after training."""
    from goodfit.figures.panels import legend_below, line, panels
    from goodfit.figures.style import NARROW, house_style

    flows = measured.columns("depths")
    ends = measured.columns("training")
    with house_style():
        figure, (growth, learned) = panels(2, width, height=3.6)
        handles = {}
        for place, gain in enumerate(np.unique(flows["gain"])):
            here = flows["gain"] == gain
            line(growth, flows["depth"][here], *(flows[key][here] for key in ("median", "low", "high")), place=place)
        for place, name in enumerate(NAMES.values()):
            here = ends["weights"] == name
            values = (ends[key][here] for key in ("score", "score_low", "score_high"))
            handles[name] = line(learned, ends["depth"][here], *values, place=place)
        growth.set_yscale("log")
        growth.set_title("Gradient at the start")
        growth.set_ylabel("at the first layer / at the outputs")
        learned.set_title("After training")
        learned.set_ylabel("test accuracy (0: broken off)")
        learned.set_ylim(-0.03, 1.03)
        for panel in (growth, learned):
            panel.set_xscale("log", base=2)
            panel.set_xticks(np.unique(flows["depth"]), [str(depth) for depth in np.unique(flows["depth"])])
            panel.set_xlabel("hidden layers")
        legend_below(
            figure, handles, title="line: median over seeds; band: the middle 95 % of seeds", narrow=width < NARROW
        )
    return figure
