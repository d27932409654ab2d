"""Two or more models compared on the same rows: which is better, by how much, and whether that is more than chance."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from goodfit.arguments import public
from goodfit.errors import InputError, nearest, problem
from goodfit.intervals import LEVEL, level_of_openings
from goodfit.models.paired import Difference, pair_differences
from goodfit.runs.entrants import Entrant, Notify, Rows, entrants, opened_rows, shared_validation
from goodfit.runs.opening import percent
from goodfit.runs.run import rows_words
from goodfit.wiring import provided

AGAINST = "all", "first"
MOST = 26  # that are compared at once
ABOUT_NETS = (
    "Intervals are about these nets on other rows of the same kind. How far other seeds would move a difference is not "
    "in them: see 'goodfit runs --group recipe'."
)


@dataclass(frozen=True)
class PairDifference:
    """Two of those compared, by name, and how much better the second is by every measure, the main score first."""

    first: str
    second: str
    measures: tuple[Difference, ...]

    @property
    def main(self) -> Difference:
        """By accuracy, exact match or R²."""
        return self.measures[0]

    def sentence(self, rows: str) -> str:
        """What follows, in one sentence. rows: "360 validation rows"."""
        found = self.main
        if math.isnan(found.low):
            return f"{self.first} and {self.second}: {found.measure} on {rows} has {found.method}."
        apart = found.adjusted is not None and found.adjusted <= 1 - LEVEL
        if not found.better:
            ends = f"{found.gain:+.3f} [{found.low:+.3f}, {found.high:+.3f}]"
            told = f"{self.second} - {self.first} = {ends} in {found.measure} on {rows}"
            if apart:
                test = (
                    f"differ (p = {found.adjusted:.2g}, McNemar's test with Holm's correction), but by how much is open"
                )
                return f"{self.first} and {self.second} {test}: {told}."
            return f"{self.first} and {self.second} cannot be told apart: {told}."
        best, other, sign = (self.second, self.first, 1) if found.better > 0 else (self.first, self.second, -1)
        low, high = sorted((sign * found.low, sign * found.high))
        ends = f"{sign * found.gain:.3f} [{low:.3f}, {high:.3f}]"
        return f"{best} is better than {other} by {ends} in {found.measure} on {rows}."


@dataclass(frozen=True)
class Compared:
    """What a comparison found.

    names: of those compared
    nets: how many each has.
    part: "valid" for validation rows that all share, "new" for rows of other data, which were opened through the ledger
    rows: how many.
    level: of every interval, so that the intervals of one measure hold together for all `comparisons`.
    comparisons: how many pairs are compared, for which the level allows
    pairs: each of them.
    openings: numbers of the lines in the ledger, () for validation rows.
    notes: what to know.
    """

    names: tuple[str, ...]
    nets: tuple[int, ...]
    part: Literal["valid", "new"]
    rows: int
    level: float
    comparisons: int
    pairs: tuple[PairDifference, ...]
    openings: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()
    out_of_fold: bool = False
    """Whether "valid" are the training rows, each predicted by the nets that did not learn from it."""

    @property
    def sentences(self) -> tuple[str, ...]:
        """One a pair, by the main score."""
        rows = rows_words(self.rows, self.part, out_of_fold=self.out_of_fold)
        return tuple(pair.sentence(rows) for pair in self.pairs)

    def to_json(self) -> dict[str, Any]:
        """Everything that `goodfit compare --json` prints, as JSON has it."""
        return {
            "names": list(self.names),
            "nets": list(self.nets),
            "part": self.part,
            "rows": self.rows,
            "level": self.level,
            "comparisons": self.comparisons,
            "pairs": [
                {
                    "first": pair.first,
                    "second": pair.second,
                    "sentence": sentence,
                    "measures": [each.to_dict() for each in pair.measures],
                }
                for pair, sentence in zip(self.pairs, self.sentences, strict=True)
            ],
            "openings": list(self.openings),
            "notes": list(self.notes),
        }

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        return str(provided("show in a notebook")(self))

    def __str__(self) -> str:
        return "\n".join(self.sentences)


@public
def compare(
    a: Any,
    b: Any,
    data: Any = None,
    *,
    others: Sequence[Any] = (),
    against: str = "all",
    target: str | Sequence[str] | None = None,
    progress: Notify | None = None,
) -> Compared:
    """Compare two or more models on the same rows: differences with intervals, paired row by row.

    The level of the intervals is 1 - 0.05 / comparisons, so that those of one measure hold together at 95 %
    (Bonferroni); on new rows every pair of models that were ever opened on them counts. See docs/compare.md.

    a, b: each a run or its folder, a model or its file, a net, or several nets. Several nets count by what they predict
      together for new rows, and out of fold; by the mean over nets for validation rows.
    data: None, or what all were trained on, compares on the validation rows, which all must share. Anything else is new
      rows for all, as `Run.test` takes them: every model's opening of them is recorded in the ledger first.
    others: further models.
    against: "all" compares each with each, "first" each with `a`.
    target: of a table file or data frame that is new rows, where it is not the runs' own.
    progress: called while a named data set is being found.
    InputError where they cannot be compared: other targets, other validation rows, or none.
    """
    if against not in AGAINST:
        raise InputError(
            problem("compare", "'against' must be a known way", got=against, fix=nearest(against, AGAINST))
        )
    if len(others) > MOST - 2:
        raise InputError(problem("compare", f"at most {MOST} models are compared at once", got=len(others) + 2))
    those = entrants([a, b, *others])
    rows = shared_validation(those, data, progress)
    places = list(itertools.combinations(range(len(those)), 2))
    if against == "first":
        places = [(first, second) for first, second in places if first == 0]
    if rows is not None:
        folds = all(each.values is not None for each in rows)
        found = _compared(those, rows, "valid", places, len(places), _of_validation(those, folds=folds))
        return replace(found, out_of_fold=folds)
    rows, opened, notes = opened_rows(those, data, target, progress)
    looks = max(each.nth for each in opened)
    counted = max(len(places), looks * (looks - 1) // 2)  # each with each, whichever were asked for now
    found = _compared(those, rows, "new", places, counted, notes)
    return replace(found, openings=tuple(each.number for each in opened))


def _compared(
    those: Sequence[Entrant],
    rows: Sequence[Rows],
    part: Literal["valid", "new"],
    places: Sequence[tuple[int, int]],
    counted: int,
    notes: Sequence[str],
) -> Compared:
    level = level_of_openings(counted)
    scores = [own.scores(each.nets) for each, own in zip(those, rows, strict=True)]
    single = all(len(each.nets) == 1 or own.values is not None for each, own in zip(those, rows, strict=True))
    found = pair_differences(scores, rows[0].y, places, counted, single=single)
    pairs = [
        PairDifference(those[first].name, those[second].name, measures)
        for (first, second), measures in zip(places, found, strict=True)
    ]
    names, nets = tuple(each.name for each in those), tuple(len(each.nets) for each in those)
    alike = dict.fromkeys(note for own in rows for note in own.notes)
    told = (*notes, *_together(counted, level, part), *alike, ABOUT_NETS)
    return Compared(names, nets, part, len(rows[0].prints), level, counted, tuple(pairs), notes=told)


def _together(counted: int, level: float, part: str) -> list[str]:
    if counted == 1:
        return []
    every = "both" if counted == 2 else f"all {counted}"
    more = "" if part == "valid" else ", those with models opened on these rows before included"
    return [
        f"{percent(level)} intervals, so {every} comparisons{more} hold jointly at 95 % (Bonferroni), for a measure."
    ]


def _of_validation(those: Sequence[Entrant], *, folds: bool) -> list[str]:
    """What validation rows, or folds, were used for."""
    known = [f"{each.name}: {note}" for each in those for note in (*each.refit, *each.chosen, *each.known_before)]
    chosen = [each.name for each in those if each.chose_epoch]
    if not chosen:
        return known
    who, nets = ("Each fold", "the nets that left it out") if folds else ("The validation rows", "each net")
    whose = "all" if len(chosen) == len(those) else ", ".join(chosen)
    return [
        f"{who} chose the epoch of {nets} ({whose}): both scores are slightly optimistic. Where they "
        "also chose hyperparameters, the difference is, too.",
        *known,
    ]


def compare_folders(
    folders: Sequence[Path], data: str | None, target: str | Sequence[str] | None, against: str, progress: Notify | None
) -> Compared:
    """What `goodfit compare` does; InputError for fewer than two."""
    if len(folders) < 2:
        raise InputError(problem("compare", "it takes two runs or more", got=len(folders), fix="Name another run."))
    first, second, *others = folders
    return compare(first, second, data, others=others, against=against, target=target, progress=progress)
