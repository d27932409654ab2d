"""Fits polynomials by least squares, and nets by training, to the same rows (4.3.3)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from goodfit.data import Dataset
from goodfit.data.streams import generator
from goodfit.studies.capacity.study import FEW_WIDTHS, MORE
from goodfit.studies.declaring import Measured, Tell
from goodfit.studies.estimates import Estimate, median_of, ratio_of, share_of, unmeasured
from goodfit.studies.parameters import Given
from goodfit.studies.populations import train
from goodfit.studies.tabulating import band, table_of
from goodfit.training import Examples, Recipe

POINTS = 400  # of the line between -1 and 1 on which errors are measured, evenly spaced
RATIO_ROWS = (2 / 3, 1, 2, 4, 16)  # of the rows asked for: how the errors change with them
PENALTIES = tuple(10.0**power for power in np.arange(-6, 1.5, 0.5))  # of the polynomial of the highest degree
BEYOND = (0.5, 0.8, 0.97, 1.0, 1.2, 1.5, 2, 4, 10)  # degrees + 1 over rows, through and past interpolation
LEAST = 1e-10  # of the largest singular value, below which a direction counts as none
STRENGTHS = {"l2": (1e-4, 1e-3, 1e-2), "l1": (1e-4, 1e-3, 1e-2), "dropout": (0.05, 0.1, 0.2)}
SCORED = 50  # epochs from one scoring of the validation rows to the next
NET: dict[str, Any] = {"activation": "tanh", "init": "torch", "init_bias": "torch", "dropout": 0, "valid": 0}
ADAM: dict[str, Any] = {"optimizer": "adam", "learning_rate": 0.02, "schedule": "constant"}
WORST = 1e-12  # added to training errors, which are 0 where a polynomial meets all rows


def target(x: np.ndarray) -> np.ndarray:
    """One wave and a half between -1 and 1."""
    return np.asarray(np.sin(1.5 * np.pi * x))


def rows_of(seed: int, rows: int, noise: float, purpose: str = "rows") -> tuple[np.ndarray, np.ndarray]:
    """Rows x uniform in [-1, 1] [N], and the target there with N(0, noise²) [N]."""
    rng = generator(seed, f"capacity/{purpose}")
    x = rng.uniform(-1, 1, rows)
    return x, target(x) + noise * rng.normal(size=rows)


def line() -> np.ndarray:
    """The points between -1 and 1, [POINTS]."""
    return (np.arange(POINTS) + 0.5) / POINTS * 2 - 1


def features(x: np.ndarray, degree: int) -> np.ndarray:
    """Legendre's polynomials up to a degree, [N, degree + 1]: the same fits as powers of x, without their rounding."""
    return np.polynomial.legendre.legvander(x, degree)


def least_squares(x: np.ndarray, y: np.ndarray, degree: int) -> np.ndarray:
    """The coefficients [degree + 1] of least squared error; of those that meet all rows, the shortest."""
    return np.asarray(np.linalg.lstsq(features(x, degree), y, rcond=LEAST)[0])


def ridge(x: np.ndarray, y: np.ndarray, degree: int, l2: float) -> tuple[np.ndarray, float]:
    """Least squares with the penalty l2 * sum c² beside the mean squared error, c_0 exempt; and the mean squared error
    of leaving each row out in turn, in closed form: residual / (1 - leverage).
    """
    inputs = features(x, degree)
    penalty = len(y) * l2 * np.eye(degree + 1)
    penalty[0, 0] = 0
    solved = np.linalg.solve(inputs.T @ inputs + penalty, inputs.T)
    leverage = np.einsum("nd,dn->n", inputs, solved)
    coefficients = solved @ y
    residuals = (y - inputs @ coefficients) / np.maximum(1 - leverage, WORST)
    return coefficients, float(np.square(residuals).mean())


@dataclass(frozen=True)
class Errors:
    """Mean squared errors over seeds [S]: on the training rows; on all others (noise counted); size: root sum of
    squared weights.
    """

    train: np.ndarray
    fresh: np.ndarray
    size: np.ndarray


def measure(given: Given, tell: Tell) -> Measured:
    """Degrees, then widths, then remedies."""
    tell(f"polynomials of {given.seeds} data sets, by least squares")
    degrees = {degree: _polynomial(given, given.rows, degree) for degree in range(given.degree + 1)}
    by_rows = {
        rows: _polynomial(given, rows, given.degree) for rows in sorted({round(r * given.rows) for r in RATIO_ROWS})
    }
    past = sorted({max(0, round(ratio * given.rows) - 1) for ratio in BEYOND})
    beyond = {degree: _polynomial(given, given.rows, degree) for degree in past}
    penalised = _penalised(given)
    nets = _Nets(given, tell)
    widths = nets.widths()
    remedies = {**_polynomial_remedies(given, penalised, by_rows), **nets.remedies()}
    curves = {"degree": degrees, "width": widths, "rows": by_rows, "l2": penalised[0], "beyond": beyond}
    best = {name: _best(curves[name]) for name in ("degree", "width")}
    return Measured(
        tables={
            "errors": table_of([_row(name, at, each) for name, curve in curves.items() for at, each in curve.items()]),
            "best": table_of([_best_row(name, curves[name], best[name]) for name in best]),
            "remedies": table_of([{"model": a, "remedy": b, **_gain(c)} for (a, b), c in remedies.items()]),
            "fits": _fits(given, best["degree"]),
        },
        claims=_claims(given, curves, best, remedies),
        arrays=dict(zip(("x", "y"), rows_of(given.seed, given.rows, given.noise), strict=True)),
    )


def _errors(given: Given, pairs: Sequence[tuple[np.ndarray, np.ndarray, np.ndarray]]) -> Errors:
    """Of fits, each from (x, y, coefficients)."""
    points = line()
    train = [np.square(features(x, len(c) - 1) @ c - y).mean() for x, y, c in pairs]
    fresh = [np.square(features(points, len(c) - 1) @ c - target(points)).mean() for _, _, c in pairs]
    size = [np.linalg.norm(c) for *_, c in pairs]
    return Errors(np.array(train) + WORST, np.array(fresh) + given.noise**2 + WORST, np.array(size))


def _polynomial(given: Given, rows: int, degree: int) -> Errors:
    drawn = [rows_of(seed, rows, given.noise) for seed in given.all_seeds]
    return _errors(given, [(x, y, least_squares(x, y, degree)) for x, y in drawn])


def _penalised(given: Given) -> tuple[dict[float, Errors], np.ndarray]:
    """Errors by penalty; and with the penalty that each data set chooses by leaving rows out, [S]."""
    drawn = [rows_of(seed, given.rows, given.noise) for seed in given.all_seeds]
    fits = {l2: [ridge(x, y, given.degree, l2) for x, y in drawn] for l2 in PENALTIES}
    curve = {
        l2: _errors(given, [(x, y, c) for (x, y), (c, _) in zip(drawn, found, strict=True)])
        for l2, found in fits.items()
    }
    chosen = np.array([[held for _, held in found] for found in fits.values()]).argmin(0)
    fresh = np.stack([each.fresh for each in curve.values()])
    return curve, fresh[chosen, np.arange(len(drawn))]


Remedies = dict[tuple[str, str], tuple[np.ndarray, np.ndarray]]  # (model, remedy) -> errors without and with it, [S]


def _polynomial_remedies(
    given: Given, penalised: tuple[dict[float, Errors], np.ndarray], by_rows: Mapping[int, Errors]
) -> Remedies:
    without = by_rows[given.rows].fresh
    return {
        ("polynomial", "L2"): (without, penalised[1]),
        ("polynomial", "more data"): (without, by_rows[MORE * given.rows].fresh),
    }


class _Nets:
    """Nets on the same rows: every width, and for the widest every remedy, chosen by validation rows beside them."""

    def __init__(self, given: Given, tell: Tell) -> None:
        self.given, self.tell = given, tell
        how: dict[str, Any] = {"batch_size": given.rows, "epochs": given.epochs}
        self.base = Recipe(**NET, **ADAM, hidden=(max(given.widths),), **how)

    def train(self, recipes: Sequence[Any], times: int = 1) -> Any:
        """Recipes by data sets. Validation rows are as many as the rows asked for; `fresh` are points without noise."""
        given, rows, points, sets = self.given, times * self.given.rows, line(), []
        for seed in given.all_seeds[: given.nets]:
            drawn = [rows_of(seed, rows, given.noise), rows_of(seed, given.rows, given.noise, "validation")]
            x = np.concatenate([*(each[0] for each in drawn), points])
            y = np.concatenate([*(each[1] for each in drawn), target(points)])
            sets.append(Dataset("capacity", x[:, None].astype(np.float32), y, "regression", scaling="none"))
        own, held = np.arange(rows), np.arange(rows, rows + given.rows)
        parts: dict[str, Any] = {"train": own, "own": own, "held": held, "fresh": np.arange(held[-1] + 1, len(x))}
        seeds = given.all_seeds[: given.nets]
        return train(recipes, Examples.stacked(sets, parts), seeds, score_every=SCORED)

    def widths(self) -> dict[int, Errors]:
        """Errors by hidden units; keeps what the remedies start from."""
        given, widths = self.given, sorted(self.given.widths)
        recipes = [self.base.replace(hidden=(width,)) for width in widths]
        recipes += [self.base.replace(l2=l2) for l2 in STRENGTHS["l2"]]
        self.tell(f"{given.nets * len(recipes)} nets of {len(widths)} widths, and with L2 penalties")
        self.found = self.train(recipes)
        train, fresh = squared(self.found, "own"), squared(self.found, "fresh") + given.noise**2
        size = [[np.sqrt(sum(np.square(w).sum() for w in net.weights)) for net in nets] for nets in self.found.nets]
        return {
            width: Errors(train[at] + WORST, fresh[at] + WORST, np.array(size[at], float))
            for at, width in enumerate(widths)
        }

    def remedies(self) -> Remedies:
        """Every remedy named by the notes, for the widest net."""
        given, count = self.given, len(self.given.widths)
        plain = count - 1
        others = [("l1", value) for value in STRENGTHS["l1"]] + [("dropout", value) for value in STRENGTHS["dropout"]]
        self.tell(f"{given.nets * len(others)} nets with L1 penalties and dropout")
        varied = self.train([self.base.replace(**{name: value}) for name, value in others])
        self.tell(f"{given.nets} nets with {MORE} times the rows")
        more = self.train([self.base.replace(batch_size=MORE * given.rows)], MORE)
        noise = given.noise**2 + WORST
        without = squared(self.found, "fresh")[plain] + noise
        found = {
            "early stopping": self._earliest(plain),
            "L2": _chosen(self.found, range(count, count + len(STRENGTHS["l2"]))),
            "L1": _chosen(varied, range(len(STRENGTHS["l1"]))),
            "dropout": _chosen(varied, range(len(STRENGTHS["l1"]), len(others))),
            "more data": squared(more, "fresh")[0],
        }
        return {("net", name): (without, errors + noise) for name, errors in found.items()}

    def _earliest(self, place: int) -> np.ndarray:
        """The error at the epoch where the validation rows' is least, [S]."""
        held, fresh = (2 * self.found[f"{part}_loss"][place] for part in ("held", "fresh"))  # [S, E]
        best = np.where(np.isfinite(held), held, np.inf).argmin(1)
        return np.asarray(fresh[np.arange(len(fresh)), best])


def squared(found: Any, part: str) -> np.ndarray:
    """The squared error on a part after each net's last epoch: the loss is half of it."""
    return np.asarray(2 * found.last(f"{part}_loss"))


def _chosen(found: Any, places: Sequence[int]) -> np.ndarray:
    """The error of the strength that each seed's validation rows choose, [S]."""
    held, fresh = (squared(found, part)[list(places)] for part in ("held", "fresh"))
    return np.asarray(fresh[held.argmin(0), np.arange(held.shape[1])])


def _best(curve: Mapping[Any, Errors]) -> Any:
    """The capacity of the least error on fresh rows, geometric mean over seeds."""
    return min(curve, key=lambda at: float(np.log(curve[at].fresh).mean()))


def own_best(curve: Mapping[Any, Errors]) -> np.ndarray:
    """Every seed's own best capacity, [S]."""
    values = np.array(list(curve))
    return np.asarray(values[np.stack([each.fresh for each in curve.values()]).argmin(0)])


def _row(varied: str, at: Any, errors: Errors) -> dict[str, Any]:
    numbers = {**band("train", errors.train), **band("fresh", errors.fresh)}
    return {"varied": varied, "value": at, **numbers, "size": float(np.median(errors.size))}


def _best_row(name: str, curve: Mapping[Any, Errors], best: Any) -> dict[str, Any]:
    each = median_of(own_best(curve))
    numbers = {"best": best, "median": each.value, "low": each.low, "high": each.high}
    return {"varied": name, **numbers, **band("own", own_best(curve)), "fresh": float(np.median(curve[best].fresh))}


def _gain(errors: tuple[np.ndarray, np.ndarray]) -> dict[str, float]:
    gain = ratio_of(*errors)
    return {"gain": gain.value, "low": gain.low, "high": gain.high, **band("each", errors[0] / errors[1])}


def _fits(given: Given, best: int) -> dict[str, list[Any]]:
    """The first seed's rows fitted with too small, the best and the highest degree."""
    x, y = rows_of(given.seed, given.rows, given.noise)
    points = line()
    shown = {degree: features(points, degree) @ least_squares(x, y, degree) for degree in (1, best, given.degree)}
    return {
        "degree": [degree for degree in shown for _ in points],
        "x": [value for _ in shown for value in points],
        "target": [value for _ in shown for value in target(points)],
        "fit": [value for values in shown.values() for value in values],
    }


def _claims(
    given: Given, curves: Mapping[str, Mapping[Any, Errors]], best: Mapping[str, Any], remedies: Remedies
) -> dict[str, Estimate]:
    degrees, rows, beyond = curves["degree"], curves["rows"], curves["beyond"]
    low, mid, high = degrees[1], degrees[best["degree"]], degrees[given.degree]
    own = own_best(degrees)
    fewest, most = rows[min(rows)], rows[max(rows)]
    peak, last = beyond[max(0, given.rows - 1)], beyond[max(beyond)]
    names = {"L2": "l2", "L1": "l1", "more data": "data", "early stopping": "early", "dropout": "dropout"}
    return {
        "under-train": ratio_of(low.train, mid.train),
        "under-both": ratio_of(low.fresh, low.train),
        "best-inside": share_of((own > 0) & (own < given.degree)),
        "best-close": ratio_of(mid.fresh, mid.train),
        "over-train": ratio_of(high.train, mid.train),
        "over-fresh": ratio_of(high.fresh, mid.fresh),
        "over-gap": ratio_of(high.fresh, high.train),
        "few-rows": ratio_of(fewest.fresh / fewest.train, most.fresh / most.train),
        **_width_claims(curves["width"], best["width"]),
        **{f"{names[name]}-{model}": ratio_of(*pair) for (model, name), pair in remedies.items()},
        "second-descent": ratio_of(last.fresh, peak.fresh),
        "second-below": ratio_of(last.fresh, mid.fresh),
    }


def _width_claims(widths: Mapping[int, Errors], best: int) -> dict[str, Estimate]:
    sizes = sorted(widths)
    between = [width for width in sizes[:-1] if width > best]
    hump = max(between, key=lambda width: float(np.log(widths[width].fresh).mean()), default=None)
    nothing = unmeasured(FEW_WIDTHS)
    ends = len(sizes) > 1
    return {
        "width-under": ratio_of(widths[sizes[0]].fresh, widths[best].fresh) if ends else nothing,
        "width-over": ratio_of(widths[sizes[-1]].fresh, widths[best].fresh) if ends else nothing,
        "width-gap": ratio_of(widths[sizes[-1]].fresh, widths[sizes[-1]].train),
        "width-second": nothing if hump is None else ratio_of(widths[hump].fresh, widths[sizes[-1]].fresh),
    }
