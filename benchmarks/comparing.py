"""How often differences are told rightly, by simulation: the part "comparing" of `benchmarks.honesty`.

Two models on the same rows, drawn from laws whose true difference is known, by every measure of `goodfit compare`; then
several models at once, some of them equally good. Samples of which no interval is given are left out.
`python -m benchmarks.comparing [--quick]` prints every cell.
"""

from __future__ import annotations

import itertools
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.bars import Bar, Measurement
from benchmarks.interval_cells import _chances, _odds
from goodfit.models.paired import Difference, differences, pair_differences
from goodfit.models.row_scores import BRIER, LOG_LOSS

DRAWS, FAMILIES, QUICK = 500, 300, 20
HELD, FALSE = 0.92, 0.08
Draw = Callable[[np.random.Generator], tuple[tuple[float, float], float]]
LAWS = "normal", "t5", "skewed", "t3"  # of noise; all have mean 0 and variance 1
Table = NDArray[np.float64]


@dataclass(frozen=True)
class PairCell:
    """One line of the table. level: that the interval promises; draw: an interval and the truth."""

    kind: str
    about: str
    draw: Draw
    level: float = 0.95


def cells() -> Iterator[PairCell]:
    """All that is simulated."""
    for rows in (20, 50, 200, 1000):
        for wins, losses in ((0.0, 0.0), (0.05, 0.0), (0.1, 0.02), (0.1, 0.1), (0.3, 0.1), (0.5, 0.3), (0.9, 0.05)):
            for level in (0.95, 0.995):
                told = f"{rows} rows, only one is right in {wins:g} and {losses:g}"
                yield PairCell("accuracy, one net", told, _hits(rows, wins, losses, level), level)
        for nets in (2, 5, 30):
            for hardness in (0.0, 1.5, 6.0):
                for bias in (0.0, 2.5):
                    told = f"{rows} rows, {nets} nets, log odds {bias:g} and {bias + 0.5:g}, +- {hardness:g}"
                    yield PairCell("accuracy, several nets", told, _several(rows, nets, bias, hardness))
    for rows in (30, 50, 200, 1000):
        for spread in (1.0, 3.0, 8.0):
            for sure in (0.5, 2.0):
                told = f"{rows} rows, log odds +- {spread:g}, the second's {sure:g} times as large"
                for name in (LOG_LOSS, BRIER):
                    yield PairCell(name, told, _chances_of(name, rows, spread, sure))
        for share in (0.02, 0.1, 0.3):
            told = f"{rows} rows, of which {share:g} differ, by 0.5 +- 1"
            yield PairCell("few rows differ", told, _rare(rows, share))
        for law in LAWS:
            for name in ("R²", "mean squared error", "mean absolute error"):
                kind = f"{name}, {'heavy tails' if law == 't3' else 'light tails'}"
                yield PairCell(kind, f"{rows} rows, {law} noise", _errors(name, rows, law))


def _ends(found: Difference) -> tuple[float, float]:
    return found.low, found.high


def _of(name: str, first: Table, second: Table, y: Table, level: float = 0.95, single: bool = False) -> Difference:
    return differences({name: first}, {name: second}, y, level=level, single=single)[0]


def _hits(rows: int, wins: float, losses: float, level: float) -> Draw:
    def draw(rng: np.random.Generator) -> tuple[tuple[float, float], float]:
        at = rng.random(rows)
        second, first = (at < wins).astype(float), ((at >= wins) & (at < wins + losses)).astype(float)
        return _ends(_of("accuracy", first, second, at, level, single=True)), wins - losses

    return draw


def _several(rows: int, nets: int, bias: float, hardness: float) -> Draw:
    truth = _odds(bias + 0.5, hardness) - _odds(bias, hardness)

    def draw(rng: np.random.Generator) -> tuple[tuple[float, float], float]:
        odds = np.log(1 / _chances(rng, bias, hardness, rows) - 1)
        first, second = ((rng.random((nets, rows)) < 1 / (1 + np.exp(odds - more))).mean(0) for more in (0.0, 0.5))
        return _ends(_of("accuracy", first, second, odds)), truth

    return draw


def _chances_of(name: str, rows: int, spread: float, sure: float, noise: float = 0.0) -> Draw:
    """The first says the true chances, the second is unsure or too sure, with noise in its log odds."""

    def scores(rng: np.random.Generator, count: int) -> tuple[dict[str, Table], dict[str, Table]]:
        odds = spread * rng.normal(size=count)
        signs = np.where(rng.random(count) < 1 / (1 + np.exp(-odds)), -1.0, 1.0)
        found = []
        for told in (odds, sure * odds + noise * rng.normal(size=count)):
            loss = np.logaddexp(0, signs * told)
            own = 2 * (1 - np.exp(-loss)) ** 2 if name == BRIER else loss
            found.append({"accuracy": (signs * told < 0).astype(float), name: own})
        return found[0], found[1]

    first, second = scores(np.random.default_rng(1), 2_000_000)
    truth = float((first[name] - second[name]).mean())

    def draw(rng: np.random.Generator) -> tuple[tuple[float, float], float]:
        mine, other = scores(rng, rows)
        return _ends(differences(mine, other, mine[name])[1]), truth

    return draw


def _rare(rows: int, share: float) -> Draw:
    """Losses that are the same but on a few rows."""

    def draw(rng: np.random.Generator) -> tuple[tuple[float, float], float]:
        apart = (rng.random(rows) < share) * rng.normal(0.5, 1, rows)
        return _ends(_of(LOG_LOSS, apart, 0 * apart, apart)), 0.5 * share

    return draw


def _noise(rng: np.random.Generator, law: str, rows: int) -> Table:
    if law == "normal":
        return rng.normal(size=rows)
    if law == "skewed":  # exponential
        return rng.exponential(size=rows) - 1
    freedom = float(law[1:])
    return rng.standard_t(freedom, size=rows) / math.sqrt(freedom / (freedom - 2))


def _errors(name: str, rows: int, law: str) -> Draw:
    """Two models that are off by 0.6 and 0.3 of the noise's standard deviation; the signal's is 1."""

    def scores(rng: np.random.Generator, count: int) -> tuple[Table, Table, Table]:
        noise, signal = _noise(rng, law, count), rng.normal(size=count)
        first, second = (noise + off * rng.normal(size=count) for off in (0.6, 0.3))
        return first, second, signal + noise

    if name == "mean absolute error":
        first, second, _ = scores(np.random.default_rng(1), 4_000_000)
        truth = float((np.abs(first) - np.abs(second)).mean())
    else:
        truth = (0.6**2 - 0.3**2) / (2 if name == "R²" else 1)

    def draw(rng: np.random.Generator) -> tuple[tuple[float, float], float]:
        first, second, y = scores(rng, rows)
        if name == "mean absolute error":
            return _ends(_of(name, np.abs(first), np.abs(second), y)), truth
        return _ends(_of(name, first[:, None] ** 2, second[:, None] ** 2, y[:, None])), truth

    return draw


@dataclass(frozen=True)
class Family:
    """Several models on the same rows, of which the last is better. nets: of each; gap: by how much, in log odds."""

    models: int
    rows: int
    nets: int
    gap: float

    @property
    def about(self) -> str:
        """In words."""
        better = f"one better by {self.gap:g} in log odds" if self.gap else "all as good"
        return f"{self.models} models, {better}, {self.nets} net{'s' * (self.nets > 1)} each, {self.rows} rows"

    def draw(self, rng: np.random.Generator) -> tuple[bool, bool, bool, bool]:
        """Whether all intervals hold; whether, of models that are as good, one is called better; the same by McNemar's
        p as it is; and by Holm's."""
        odds = 1.0 + 1.5 * rng.normal(size=self.rows)
        better = np.array([0.0] * (self.models - 1) + [self.gap])
        chances = 1 / (1 + np.exp(-(odds + better[:, None])))
        right = (rng.random((self.nets, self.models, self.rows)) < chances).mean(0)
        pairs = list(itertools.combinations(range(self.models), 2))
        found = pair_differences([{"accuracy": each} for each in right], odds, pairs, len(pairs), single=self.nets == 1)
        truths = [_odds(1.0 + gap, 1.5) for gap in better]
        mains = [each[0] for each in found]
        held = all(
            main.low <= truths[other] - truths[one] <= main.high
            for main, (one, other) in zip(mains, pairs, strict=True)
        )
        equal = [
            main for main, (_, other) in zip(mains, pairs, strict=True) if not (self.gap and other == self.models - 1)
        ]
        low = [
            [p is not None and p <= 0.05 for p in ps]
            for ps in zip(*((one.chance, one.adjusted) for one in equal), strict=True)
        ]
        return held, any(main.better for main in equal), any(low[0]), any(low[1])


def families() -> Iterator[Family]:
    """All that is simulated of several models."""
    for models in (3, 5, 10):
        for rows in (50, 300):
            for nets in (1, 5):
                for gap in (0.0, 1.5):
                    yield Family(models, rows, nets, gap)


def family_lines(draws: int) -> list[tuple[str, float, str, float, float | None, bool]]:
    """(what, worst cell, which, best cell, bar, whether at most), over all families."""
    told: list[tuple[str, Family, float]] = []
    for family in families():
        rng = np.random.default_rng(0)
        shares = np.mean([family.draw(rng) for _ in range(draws)], axis=0)
        names = ("intervals", "better", *(("plain", "Holm") if family.nets == 1 else ()))
        told += [(name, family, float(share)) for name, share in zip(names, shares, strict=False)]
    found = []
    for name, what, bar in FAMILY_LINES:
        own = sorted(((share, family.about) for one, family, share in told if one == name), reverse=name != "intervals")
        found.append((what, *own[0], own[-1][0], bar, name != "intervals"))
    return found


FAMILY_LINES = (
    ("intervals", "intervals of all pairs of 3 to 10 models hold together", HELD),
    ("better", "one of equally good models is called better than another", FALSE),
    ("Holm", "the same by McNemar's test with Holm's correction", FALSE),
    ("plain", "the same by McNemar's test as it is", None),
)


def covered(cell: PairCell, draws: int) -> tuple[float, float, float]:
    """(share of intervals that hold the truth, their median width, share of samples that have none)."""
    rng = np.random.default_rng(0)
    ends, truths = zip(*(cell.draw(rng) for _ in range(draws)), strict=True)
    low, high = np.array(ends).T
    made = np.isfinite(low) & np.isfinite(high)
    if made.sum() < draws / 20:
        return math.nan, math.nan, float(1 - made.mean())
    held = (low <= np.array(truths) + 1e-9) & (np.array(truths) - 1e-9 <= high)
    return float(held[made].mean()), float(np.median((high - low)[made])), float(1 - made.mean())


def kinds_of(draws: int, tell: Callable[[str], None] | None = None) -> dict[str, list[tuple[float, str]]]:
    """Kind -> (coverage, which) of its cells that have intervals."""
    kinds: dict[str, list[tuple[float, str]]] = {}
    for cell in cells():
        share, width, none = covered(cell, draws)
        if tell is not None:
            tell(f"{cell.kind:34} {cell.level:6g} {share:8.3f} {width:8.3f} {none:6.3f}  {cell.about}")
        if not math.isnan(share):
            kinds.setdefault(f"{cell.kind}, {100 * cell.level:g} %", []).append((share, cell.about))
    return kinds


def tables(keep: Path | None = None) -> str:
    """The tables for docs/honesty.md. keep: not used, for nothing is trained."""
    return _tables(kinds_of(DRAWS), family_lines(FAMILIES))


def _tables(
    kinds: dict[str, list[tuple[float, str]]], several: Sequence[tuple[str, float, str, float, float | None, bool]]
) -> str:
    found = [
        "| interval of a difference in | cells | coverage, worst cell | which | best cell |",
        "|---|---|---|---|---|",
    ]
    for kind, own in kinds.items():
        worst = min(own)
        found.append(f"| {kind} | {len(own)} | {worst[0]:.3f} | {worst[1]} | {max(own)[0]:.3f} |")
    found += [
        "",
        "| several models: share of samples in which | worst cell | which | best cell | bar |",
        "|---|---|---|---|---|",
    ]
    for what, share, which, best, bar, most in several:
        limit = "" if bar is None else f"{'<=' if most else '>='} {bar:g}"
        found.append(f"| {what} | {share:.3f} | {which} | {best:.3f} | {limit} |")
    return "\n".join(found)


HOW = f"{FAMILIES} to {DRAWS} samples a cell from laws whose truth is known; see docs/honesty.md."


def measure(quick: bool) -> list[Measurement]:
    """The worst cell of every kind of interval at 95 %, and of the lines of several models that have a bar."""
    found = []
    for kind, own in kinds_of(QUICK if quick else DRAWS).items():
        if kind.endswith(" 95 %"):
            bar = Bar(
                f"intervals of differences, {kind}: coverage, worst cell", HELD, HOW, at_least=True, unit="of cases"
            )
            found.append(Measurement(bar, *min(own)))
    for what, share, which, _, limit, most in family_lines(QUICK if quick else FAMILIES):
        if limit is not None:
            told = Bar(f"comparing: {what}", limit, HOW, at_least=not most, unit="of cases")
            found.append(Measurement(told, share, f"worst: {which}"))
    return found


def main(arguments: list[str]) -> int:
    """Print every cell, and the tables."""
    draws, several = (QUICK, QUICK) if "--quick" in arguments else (DRAWS, FAMILIES)
    print(f"{'kind':34} {'level':>6} {'coverage':>8} {'width':>8} {'none':>6}  cell")
    print(_tables(kinds_of(draws, print), family_lines(several)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
