"""What is simulated of R², absolute errors, winners and gains with all kinds of noise, for `benchmarks.intervals`."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.interval_cells import Cell, Draw, Drawn, Sample, drawn, each
from benchmarks.regression_laws import DEVELOPMENT, HELD_OUT, RARE, WITHOUT_R2, Law, absolute
from goodfit.intervals import lasting_level, level_of_openings
from goodfit.models.scores import Score, score_regression
from goodfit.selection.comparing import interval
from goodfit.selection.optimism import bootstrap_bias_corrected
from goodfit.training.metrics import r2, r2_of_rows
from goodfit.verdicts.deciding import OFFSET, decide

ROWS = (20, 30, 50, 100, 300, 1000)
OTHER_ROWS = (25, 40, 75, 150, 500, 2000)  # for the laws that are held out
SETS = {  # a word behind the kind -> laws, rows, nets
    "": (DEVELOPMENT, ROWS, (1, 5)),
    ", held out": (HELD_OUT, OTHER_ROWS, (1, 3, 10)),
    ", rare": (RARE, ROWS, (1,)),
    ", undefined": (WITHOUT_R2, ROWS, (1,)),
}
TRIED = 0.05  # how large what a look tries is, beside what is added by earlier answers
MEASURES = ("R²", "mean absolute error", "median absolute error")
SEVERAL = ("normal", "t3", "log-normal", "logistic", "t2.8", "Weibull 0.6")  # laws that are drawn with several nets


def cells() -> Iterator[Cell]:
    """All that is simulated here."""
    for ending, (laws, sizes, several) in SETS.items():
        for name, law in laws.items():
            for rows in sizes:
                for nets in several if name in SEVERAL else (1,):
                    for scale in law.scales:
                        told = f"{name}, {rows} rows, {nets} net{'s' * (nets > 1)}, noise x {scale:g}"
                        for measure in MEASURES:
                            sample = _scored(law, rows, nets, scale, measure)
                            yield Cell(measure + ending, told, sample, 500 if rows < 1000 else 250)
    for name in ("normal", "t3", "log-normal", "skewed target"):
        for folds in (5, 10):
            for rows in (8, 40, 200):
                told = f"{name}, {folds} folds of {rows} rows"
                yield Cell("R² over folds", told, each(_folds(DEVELOPMENT[name], folds, rows)), 500)
        for settings in (1, 10):
            for rows in (50, 200):
                told = f"{name}, {settings}{' equal settings' if settings > 1 else ' setting'}, {rows} rows"
                yield Cell("R² of a winner", told, each(_winner(DEVELOPMENT[name], settings, rows)), 200)
    for name in ("normal", "t3", "log-normal"):
        law = DEVELOPMENT[name]
        for rows in (100, 1000):
            told = f"{name}, 10 models that err on some of the same rows, {rows} rows"
            yield Cell("R² of openings", told, each(_openings(law, 10, rows)), 500)
            for user, reach in (("R²", 0.3), ("R²", 1.0), ("absolute errors", 1.0)):
                told = f"{name}, 20 models, each built from all {user} before, {rows} rows, reach {reach:g}"
                yield Cell("R² built from answers", told, each(_built(law, 20, rows, reach, user == "R²")), 100)
    for name in ("normal", "t3"):
        for rows, inputs, strengths in ((60, 20, (0.0, 0.1)), (200, 20, (0.001, 0.3)), (100, 40, (0.01, 1.0))):
            told = f"{name} noise, {rows} rows, ridge regressions of {inputs} features"
            yield Cell("gain", told, each(_gain(DEVELOPMENT[name], rows, inputs, strengths)), 1000)


@lru_cache(maxsize=1)
def _scores(law: Law, rows: int, nets: int, scale: float, draws: int) -> list[Score]:
    rng = np.random.default_rng(0)
    return [score_regression(*law.sample(rng, rows, nets, scale)) for _ in range(draws)]


def _scored(law: Law, rows: int, nets: int, scale: float, measure: str) -> Sample:
    def sample(draws: int) -> list[Drawn]:
        scores = _scores(law, rows, nets, scale, draws)
        if measure == "R²":
            return [drawn(score.low, score.high, law.r2(rows, scale)) for score in scores]
        truth = absolute(law, rows if law.shift else 0, nets, scale)[MEASURES.index(measure) - 1]
        found = [next(one for one in score.errors if one.name == measure) for score in scores]
        return [drawn(one.low, one.high, truth) for one in found]

    return sample


@cache
def _fold_score(law: Law, rows: int) -> float:
    """The mean R² of so many rows, of 5,000 samples."""
    rng = np.random.default_rng(2)
    return float(np.mean([_r2(law, rng, rows) for _ in range(5_000)]))


def _r2(law: Law, rng: np.random.Generator, rows: int) -> float:
    prediction, target = law.sample(rng, rows, 1, 1.0)
    return float(r2(prediction, target)[0])


def _folds(law: Law, folds: int, rows: int) -> Draw:
    def draw(rng: np.random.Generator) -> Drawn:
        found = interval([_r2(law, rng, rows) for _ in range(folds)], 1 / folds, bounds=(-math.inf, 1.0))
        return drawn(found.low, found.high, _fold_score(law, rows))

    return draw


def _winner(law: Law, settings: int, rows: int) -> Draw:
    def draw(rng: np.random.Generator) -> Drawn:
        prediction, target = law.sample(rng, rows, settings, 1.0)
        parts = (target[:, 0] - target.mean()) ** 2 / target.var()
        found = bootstrap_bias_corrected(
            r2_of_rows(prediction, target), 300, int(rng.integers(2**31)), most=1.0, target_parts=parts
        )
        return drawn(found.low, found.high, law.r2(rows, 1.0))

    return draw


def _gain(law: Law, rows: int, inputs: int, strengths: tuple[float, float]) -> Draw:
    """Two ridge regressions, 3 times 5 folds: their error on new rows is |w - b|² + the noise's variance, halved."""

    def draw(rng: np.random.Generator) -> Drawn:
        truth = rng.normal(size=inputs) / math.sqrt(inputs)
        x = rng.normal(size=(rows, inputs))
        y = x @ truth + law.noise(rng, np.zeros(rows)) / math.sqrt(law.square)
        found, exact = [], []
        for _ in range(3):
            order = rng.permutation(rows)
            for fold in np.array_split(order, 5):
                train = np.setdiff1d(order, fold)
                weights = [_ridge(x[train], y[train], strength) for strength in strengths]
                found.append([float(((y[fold] - x[fold] @ w) ** 2).mean()) / 2 for w in weights])
                exact.append([(float(((w - truth) ** 2).sum()) + 1) / 2 for w in weights])
        errors, logs = np.asarray(found).T, np.log(np.asarray(exact).T + OFFSET)
        gain = decide(errors, errors, ["tighter"], 1.0, 5).gains[0]
        own = math.exp(np.log(errors[0] + OFFSET).mean())
        return drawn(gain.low, gain.high, own * (1 - math.exp(-float((logs[0] - logs[1]).mean()))))

    return draw


def _openings(law: Law, models: int, rows: int) -> Draw:
    """Whether the widened intervals of models that were fixed before all hold."""
    level = level_of_openings(models)

    def draw(rng: np.random.Generator) -> Drawn:
        prediction, target = law.sample(rng, rows, models, 1.0)
        scores = [score_regression(one[None], target, level=level) for one in prediction]
        return _together([(one.low, one.high) for one in scores], [law.r2(rows, 1.0)] * models)

    return draw


def _built(law: Law, looks: int, rows: int, reach: float, squared: bool) -> Draw:
    """Whether all intervals hold of a model and of what is added to it by the answers before.

    Every look tries a little of one more function of the inputs, and reads off the answer how it goes with the errors
    or, if not squared, with their signs; the best sum of those tried before is added, `reach` times as large as they.
    """

    def draw(rng: np.random.Generator) -> Drawn:
        prediction, target = law.sample(rng, rows, 1, 1.0)
        errors = target - prediction[0]
        tried = rng.normal(size=(looks, rows))
        told = tried @ (errors if squared else np.sign(errors))[:, 0]
        variance = law.variance + law.square
        unexplained = (1 - law.r2(rows, 1.0)) * variance
        ends, truths = [], []
        for look in range(looks):
            best = np.linalg.lstsq(tried[:look] @ tried[:look].T, told[:look], rcond=None)[0]
            parts = np.zeros(look + 1)
            parts[:look] = best / max(float(np.linalg.norm(best)), 1e-300)
            parts[look] = TRIED
            parts *= reach * math.sqrt(unexplained)
            score = score_regression(prediction + (parts @ tried[: look + 1])[None, :, None], target)
            ends.append(score.after_answers(look, lasting_level(look + 1)))
            truths.append(1 - (unexplained + float(parts @ parts)) / variance)
        return _together(ends, truths)

    return draw


def _together(ends: list[tuple[float, float]], truths: list[float]) -> Drawn:
    """Whether all intervals hold; the width of the last."""
    low, high = np.array(ends).T
    held = (low <= truths) & (truths <= high)
    return Drawn(bool(np.isfinite([low, high]).all()), bool(held.all()), float(high[-1] - low[-1]))


def _ridge(x: NDArray[np.float64], y: NDArray[np.float64], strength: float) -> NDArray[np.float64]:
    found: NDArray[Any] = np.linalg.solve(x.T @ x + strength * len(y) * np.eye(x.shape[1]), x.T @ y)
    return found
