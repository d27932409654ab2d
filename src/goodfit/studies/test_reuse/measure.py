"""Measures what a reused test set says (4.3.2): the best of many coin flips, and a leaderboard climbed by its answers.

All models flip coins: the true accuracy of each is 1/2, however it was chosen or put together, for its predictions know
nothing of the labels of new rows. A model stands for the rows of the test set that it has right.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from goodfit.data.streams import generator
from goodfit.intervals import LEVEL, chernoff, clopper_pearson, lasting_level, level_of_openings
from goodfit.studies.declaring import Measured, Tell
from goodfit.studies.estimates import Estimate, mean_of, share_of
from goodfit.studies.parameters import Given
from goodfit.studies.tabulating import band, cells, table_of

TRUTH = 0.5
FLIP, VOTE = "flip", "vote"  # who changes one prediction a look; who takes the vote of the better models
Hits = NDArray[np.int64]


def measure(given: Given, tell: Tell) -> Measured:
    """Let every seed's user look, and see which intervals hold the truth."""
    tell(f"Best of {given.models:,} coin flips")
    flips = np.array(
        [generator(seed, "test-reuse/flips").binomial(given.rows, TRUTH, given.models) for seed in given.all_seeds]
    )
    tell(f"Leaderboard climbed by {given.looks:,} answers")
    climbed = {
        FLIP: np.array(
            [flipping(generator(seed, "test-reuse/flip"), given.rows, given.looks) for seed in given.all_seeds]
        ),
        VOTE: np.array(
            [voting(generator(seed, "test-reuse/vote"), given.rows, given.looks) for seed in given.all_seeds]
        ),
    }
    limits = {
        "plain": limit_of(given.rows, max(given.models, given.looks), lambda _: LEVEL),
        "planned": limit_of(given.rows, max(given.models, given.looks), level_of_openings),
        "lasting": limit_of(given.rows, max(given.models, given.looks), lasting_level),
    }
    best = [_best(given, flips, limits, looks) for looks in _grid(given.models)]
    climbs = [
        _climb(given, user, hits, limits, looks) for user, hits in climbed.items() for looks in _grid(given.looks)
    ]
    return Measured(
        tables={"best": table_of(best), "climbs": table_of(climbs)},
        claims=_claims(given, flips, climbed, limits),
    )


def flipping(rng: np.random.Generator, rows: int, looks: int) -> Hits:
    """Scores, in hits, of a user who changes one prediction at a time and keeps what the answer says is better, [K].

    The first look is at coin flips. What is given is the score of the model that is kept after each look.
    """
    right = rng.random(rows) < TRUTH
    hits = [int(right.sum())]
    for row in rng.integers(rows, size=looks - 1):
        hits.append(hits[-1] + (not right[row]))  # a prediction that was right is put back, for the answer was worse
        right[row] = True
    return np.array(hits)


def voting(rng: np.random.Generator, rows: int, looks: int) -> Hits:
    """Scores, in hits, of the majority vote of all models so far that scored above 1/2, and the others reversed, [K].

    Each look but the vote's own is at a coin flip. After k - 1 of them, the kth look is at the vote.
    Source: Blum & Hardt (2015), The Ladder: a reliable leaderboard for machine learning competitions, the boosting
    attack.
    """
    right = rng.integers(0, 2, size=(looks, rows), dtype=np.int16) * 2 - 1  # [K, N], 1 right and -1 wrong
    better = np.where(right.sum(1) >= 0, 1, -1)
    votes = np.cumsum(right * better[:, None].astype(np.int16), axis=0, dtype=np.int16)  # of the first k models
    ties = rng.random(rows) < TRUTH
    first = int((right[0] > 0).sum())
    return np.array([first, *((votes[:-1] > 0) | ((votes[:-1] == 0) & ties)).sum(1).tolist()])


def limit_of(rows: int, looks: int, level: Callable[[int], float]) -> Hits:
    """The most hits of each look whose interval still holds 1/2, [K]; level: of the nth look's interval."""
    found, at = [], rows // 2
    for look in range(1, looks + 1):
        while at < rows and clopper_pearson(at + 1, rows, level(look))[0] <= TRUTH:
            at += 1  # levels rise from look to look, and limits with them
        found.append(at)
    return np.array(found)


def log_missing(rows: int, look: int) -> float:
    """What the interval of the nth look may miss by, where models are built from n - 1 answers: its logarithm."""
    return math.log((1 - LEVEL) / (look * (look + 1))) - (look - 1) * math.log(rows + 1)


def holds_adaptive(rows: int, hits: float, look: int) -> bool:
    """Whether the interval for models built from earlier answers holds 1/2."""
    low, high = chernoff(hits / rows, rows, log_missing(rows, look))
    return low <= TRUTH <= high


def expected_best(rows: int, models: int) -> float:
    """The expected accuracy of the best of independent coin flips: the sum of P(best > h) over all h, by rows."""
    from scipy.stats import binom

    below = binom.logcdf(np.arange(rows), rows, TRUTH)
    return float(-np.expm1(models * below).sum() / rows)


def _grid(most: int) -> list[int]:
    """1, 3, 10, 30, ... and the most."""
    steps = [step * 10**power for power in range(6) for step in (1, 3)]
    return [*(step for step in steps if step < most), most]


def _within(hits: Hits, limit: Hits, rows: int) -> NDArray[np.bool_]:
    """Whether the intervals of all looks hold 1/2, of each seed [S]; hits [S, K], limit [K]."""
    return np.asarray(((hits <= limit) & (hits >= rows - limit)).all(1))


def _best(given: Given, flips: Hits, limits: dict[str, Hits], looks: int) -> dict[str, Any]:
    """After so many looks: the best, and in which share of seeds all intervals given by then hold the truth."""
    seen = flips[:, :looks]
    return {
        "looks": looks,
        **cells("best", mean_of(seen.max(1) / given.rows)),
        "formula": expected_best(given.rows, looks),
        "limit": limits["planned"][looks - 1] / given.rows,
        "plain": float(_within(seen, limits["plain"][:looks], given.rows).mean()),
        "planned": float(_within(seen, np.full(looks, limits["planned"][looks - 1]), given.rows).mean()),
        "lasting": float(_within(seen, limits["lasting"][:looks], given.rows).mean()),
    }


def _climb(given: Given, user: str, hits: Hits, limits: dict[str, Hits], looks: int) -> dict[str, Any]:
    """After so many looks: the score, and in which share of seeds the interval of the last look holds the truth."""
    last = hits[:, looks - 1 : looks]
    middle = float(np.median(last)) / given.rows
    low, high = chernoff(middle, given.rows, log_missing(given.rows, looks))
    return {
        "user": user,
        "looks": looks,
        **band("score", last[:, 0] / given.rows),
        "limit": limits["planned"][looks - 1] / given.rows,
        "wide": (high - low) / 2,
        **{name: float(_within(last, limit[looks - 1 : looks], given.rows).mean()) for name, limit in limits.items()},
        "adaptive": float(np.mean([holds_adaptive(given.rows, int(each), looks) for each in last[:, 0]])),
    }


def _claims(given: Given, flips: Hits, climbed: dict[str, Hits], limits: dict[str, Hits]) -> dict[str, Estimate]:
    best = flips.max(1)
    planned = np.full(given.models, limits["planned"][given.models - 1])
    most = np.full(given.looks, limits["planned"][given.looks - 1])
    return {
        "one-look": share_of(_within(flips[:, :1], limits["plain"][:1], given.rows)),
        "best-rises": mean_of(best / given.rows),
        "formula": mean_of(best / given.rows - expected_best(given.rows, given.models)),
        "best-plain": share_of(best <= limits["plain"][0]),
        "best-planned": share_of(_within(flips, planned, given.rows)),
        "best-lasting": share_of(_within(flips, limits["lasting"][: given.models], given.rows)),
        "climb-rises": mean_of(climbed[VOTE][:, -1] / given.rows - TRUTH),
        "climb-planned": share_of(np.all([_within(hits, most, given.rows) for hits in climbed.values()], axis=0)),
        "climb-adaptive": share_of(_all_adaptive(given, list(climbed.values()))),
    }


def _all_adaptive(given: Given, users: Sequence[Hits]) -> NDArray[np.bool_]:
    """Whether the intervals of all looks for models built from answers hold the truth, for both users, [S]."""
    held = []
    for look in range(1, given.looks + 1):
        farthest = np.max([np.abs(hits[:, look - 1] - given.rows / 2) for hits in users], axis=0)  # [S]
        inside = {each: holds_adaptive(given.rows, given.rows / 2 + each, look) for each in np.unique(farthest)}
        held.append([inside[each] for each in farthest])
    return np.asarray(np.array(held, bool).all(0))
