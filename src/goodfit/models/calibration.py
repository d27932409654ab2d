"""Whether probabilities mean what they say: proper scores, and predicted beside observed shares, with what chance does.

Of rows that are given a probability of 0.8, 80 % should come true. How far that fails on few rows is mostly chance, so
every figure here stands beside what perfectly calibrated probabilities would show on the same rows.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from goodfit.data.streams import generator
from goodfit.intervals import LEVEL, NOT_NEGATIVE, SHARE, Bounds, clopper_pearson, of_differences, of_mean
from goodfit.models.averaging import decided
from goodfit.models.paired import FEWEST_WRONG, LEAST_ROWS
from goodfit.models.row_scores import BRIER, LOG_LOSS, Values
from goodfit.models.weighing import Weights, as_if_alike, effective_rows, known_share, told
from goodfit.plain_json import plain
from goodfit.training.metrics import SCORE_NAMES, hits, log_losses

if TYPE_CHECKING:
    from jaxtyping import Bool, Float

TOP, CONFIDENCE, OVERCONFIDENCE = "predicted class", "mean confidence", "confidence - accuracy"
MOST_BINS = 10
ROWS_A_BIN = 20  # at least; with fewer, a bin's band is so wide that it shows nothing
LEAST_BINS = 2
FEWEST_BINNED = LEAST_BINS * ROWS_A_BIN
RESAMPLES, FEWER_RESAMPLES, MANY_ROWS = 999, 199, 100_000  # fewer resamples from so many rows on, which take seconds
BAND = 0.9  # of the resamples lie in a bin's band, which leaves out 5 % at each end
NOTICEABLE = 0.02  # calibration error for which the rows that it takes are told
SMALL = 1e-12  # by which equal errors may differ in their last bits


@dataclass(frozen=True)
class ProbabilityScore:
    """A score of probabilities over rows.

    name: what is measured
    value: the mean over rows; log loss in nats per row, Brier score 0 to 2, the others fractions
    low, high: the interval at `level`, nan where there is none
    rows: how many rows it stands on
    method: how the interval was made, or why there is none
    """

    name: str
    value: float
    low: float
    high: float
    level: float
    rows: int
    method: str

    def to_dict(self) -> dict[str, Any]:
        """The fields as JSON has them, None for a number that is not finite."""
        found: dict[str, Any] = plain(asdict(self))
        return found


@dataclass(frozen=True)
class ReliabilityBin:
    """Rows with about the same probability.

    predicted: their mean probability
    observed: the share of them that came true
    low, high: between which 90 % of such shares lie where the probabilities are true (the 5-95 % consistency band)
    rows: how many there are
    """

    predicted: float
    observed: float
    low: float
    high: float
    rows: int


@dataclass(frozen=True)
class Reliability:
    """Predicted beside observed, bin by bin, and the calibration error with what chance alone would show.

    of: what the probabilities are of: "predicted class", or the name of a class or label
    bins: with about equally many rows each, from the smallest probability on
    error: expected calibration error (ECE), the mean over rows of |predicted - observed| of their bin, 0 to 1
    by_chance: the mean of this error where the probabilities are true
    limit: below which it stays then in 95 % of draws
    chance: how often it is then as large as here or larger; the p of a test, at least 1 / (resamples + 1)
    rows: how many rows it stands on
    """

    of: str
    bins: tuple[ReliabilityBin, ...]
    error: float
    by_chance: float
    limit: float
    chance: float
    rows: int

    @property
    def lean(self) -> float:
        """Mean predicted less observed: as large as `error` where every bin is too sure, -`error` where none is."""
        return sum((each.predicted - each.observed) * each.rows for each in self.bins) / self.rows

    def needed(self, error: float = NOTICEABLE) -> int:
        """About how many such rows it takes to tell an error of this size from chance; `limit` falls as 1 / √rows."""
        return math.ceil(self.rows * (self.limit / error) ** 2)

    def to_dict(self) -> dict[str, Any]:
        """The fields as JSON has them, and how many rows it takes."""
        found: dict[str, Any] = plain(asdict(self))
        return {**found, "needed": {"error": NOTICEABLE, "rows": self.needed()}}


def rows_of_probabilities(task: str, chances: Float[np.ndarray, "N C"], y: Any) -> dict[str, Values]:
    """Measure -> what every row gives to it, [N], for probabilities as they predict.

    y: codes [N], or labels of 0 and 1 [N, C].
    Log loss in nats (multilabel: the sum over labels) and Brier score, the sum over outputs of (probability - target)².
    Sources: Brier (1950), Verification of forecasts expressed in terms of probability; both are proper: Gneiting &
    Raftery (2007), Strictly proper scoring rules, prediction, and estimation.
    """
    chosen = decided(task, chances)
    truth = y if task == "multilabel" else np.eye(chances.shape[1])[y]
    found = {
        SCORE_NAMES[task]: hits(task, chosen, y).astype(np.float64),
        LOG_LOSS: np.asarray(log_losses(task, chances, y), np.float64),
        BRIER: ((chances - truth) ** 2).sum(-1),
    }
    if task == "classification":
        found[CONFIDENCE] = np.asarray(chances.max(1), np.float64)
        found[OVERCONFIDENCE] = found[CONFIDENCE] - found[SCORE_NAMES[task]]
    return found


def probability_scores(
    rows: Mapping[str, Values], level: float = LEVEL, weight: Weights = None
) -> list[ProbabilityScore]:
    """The mean of each measure with its interval over rows, from what `rows_of_probabilities` gives.

    Accuracy: Clopper-Pearson. The others: the farther ends of Student's interval and Hall's, which allows for skewness;
    none with fewer than 30 rows, where all rows have the same, and of a loss where fewer than 5 rows are wrong, which
    make most of it.
    weight: how much each row counts, [N], > 0: means are weighted, and effective rows take the place of rows in these
      rules and in the interval of accuracy.
    """
    right = next(rows[name] for name in SCORE_NAMES.values() if name in rows)
    count, wrong, what, known = len(right), float((1 - right).sum()), "rows", None
    if weight is not None:
        what, known = "effective rows", effective_rows(weight)
        wrong = effective_rows(weight * (1 - right)) if wrong else 0.0
    found = []
    for name, values in rows.items():
        if name in SCORE_NAMES.values():
            value, worth = known_share(values, weight)
            low, high = clopper_pearson(value * worth, worth, level)
            method = told("Clopper-Pearson", None if weight is None else worth, count)
            found.append(ProbabilityScore(name, value, low, high, level, count, method))
            continue
        why = why_no_interval(known or count, wrong, 0 if name == CONFIDENCE else FEWEST_WRONG, what)
        if not why and np.ptp(values) <= SMALL:
            why = f"all rows have the same {name}"
        values = as_if_alike(values, weight)
        ends = (math.nan, math.nan) if why else of_mean(values, level, _BOUNDS[name], known)
        method = f"no interval: {why}" if why else told("Student's and Hall's t, the wider", known, count)
        found.append(ProbabilityScore(name, float(values.mean()), *ends, level, count, method))
    return found


_BOUNDS: dict[str, Bounds] = {
    LOG_LOSS: NOT_NEGATIVE,
    BRIER: NOT_NEGATIVE,
    CONFIDENCE: SHARE,
    OVERCONFIDENCE: of_differences(SHARE),
}


def why_no_interval(rows: float, wrong: float, fewest: int = FEWEST_WRONG, what: str = "rows") -> str:
    """Why a mean over rows has no interval, or "" where it has one.

    wrong: how many of the rows are predicted wrong; fewest: how many of these it takes, 0 for what is no loss
    what: is counted as wrong, "rows" or "groups"
    """
    if rows < LEAST_ROWS:
        return f"it takes {LEAST_ROWS} {what} or more"
    if wrong < fewest:
        return f"fewer than {fewest} {what} are misclassified, too few to measure a loss"
    return ""


def reliability(
    of: str, chances: Float[np.ndarray, " N"], true: Bool[np.ndarray, " N"], *, seed: int = 0
) -> Reliability | None:
    """Predicted beside observed shares, in bins with about equally many rows; None with fewer than 40 rows.

    of: what the probabilities are of
    chances: probability of each row, 0 to 1
    true: whether what it is of came true
    seed: of the resamples
    10 bins, fewer with fewer than 200 rows; rows of the same probability share a bin. What true probabilities would
    show: 999 times (199 from 100,000 rows on) every row comes true with its own probability, in the same bins
    (consistency resampling). The test holds its level exactly, whatever the bins, where the rows are independent.
    Source: Bröcker & Smith (2007), Increasing the reliability of reliability diagrams; they resample the probabilities
    as well, here these are kept.
    """
    rows = len(chances)
    bins = min(MOST_BINS, rows // ROWS_A_BIN)
    if bins < LEAST_BINS:
        return None
    order = np.argsort(chances, kind="stable")
    ordered = np.asarray(chances, np.float64)[order]
    starts = _starts(ordered, bins)
    counts = np.diff([*starts, rows])
    predicted = np.add.reduceat(ordered, starts) / counts  # [B]
    observed = np.add.reduceat(np.asarray(true, np.float64)[order], starts) / counts
    drawn = _drawn(ordered, starts, seed) / counts  # [R, B]
    errors = (np.abs(drawn - predicted) * counts).sum(1) / rows
    error = float((np.abs(observed - predicted) * counts).sum() / rows)
    low, high = np.quantile(drawn, ((1 - BAND) / 2, (1 + BAND) / 2), axis=0, method="inverted_cdf")
    made = [
        ReliabilityBin(float(p), float(o), float(least), float(most), int(count))
        for p, o, least, most, count in zip(predicted, observed, low, high, counts, strict=True)
    ]
    return Reliability(
        of,
        tuple(made),
        error,
        by_chance=float(errors.mean()),
        limit=float(np.quantile(errors, LEVEL)),
        chance=float(1 + (errors >= error - SMALL).sum()) / (1 + len(errors)),
        rows=rows,
    )


def _starts(ordered: Values, bins: int) -> np.ndarray:
    """Where each bin begins among sorted probabilities; equal ones stand in one bin."""
    cuts = np.arange(bins) * len(ordered) // bins
    starts: np.ndarray = np.unique(np.searchsorted(ordered, ordered[cuts]))
    return starts


def _drawn(ordered: Values, starts: np.ndarray, seed: int) -> Float[np.ndarray, "R B"]:
    """How many rows of each bin come true, where each does with its own probability, again and again."""
    rng = generator(seed, "calibration/resamples")
    many = RESAMPLES if len(ordered) < MANY_ROWS else FEWER_RESAMPLES
    found = np.empty((many, len(starts)))
    for line in found:  # one by one: all at once would take rows times resamples of memory
        line[:] = np.add.reduceat(rng.random(len(ordered)) < ordered, starts, dtype=np.int64)
    return found


def by_output(task: str, classes: Sequence[str], chances: Float[np.ndarray, "N C"], y: Any) -> list[Reliability]:
    """The reliability of every class or label, by the probabilities of it; () with fewer than 40 rows."""
    found = []
    for place, name in enumerate(classes):
        own = y == place if task == "classification" else y[:, place] > 0.5
        found.append(reliability(name, chances[:, place], np.asarray(own), seed=place + 1))
    return [each for each in found if each is not None]


def of_top_class(chances: Float[np.ndarray, "N C"], y: Any) -> Reliability | None:
    """The reliability of the probability of the predicted class; None with fewer than 40 rows."""
    return reliability(TOP, chances.max(1), decided("classification", chances) == y)
