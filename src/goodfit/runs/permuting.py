"""`goodfit.importance`: which columns of a table a model's predictions need, by permuting them on held-out rows."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from goodfit.arguments import public
from goodfit.data.sources import Step
from goodfit.data.streams import checked_seed, is_number
from goodfit.errors import InputError, nearest, problem
from goodfit.models.measures import RMSE
from goodfit.models.permuted import Change, changes, together
from goodfit.plain_json import plain
from goodfit.runs.entrants import Door, Notify
from goodfit.runs.held_out import HeldOut, held_out
from goodfit.runs.opening import percent
from goodfit.wiring import provided
from goodfit.words import as_listed, duration

DOOR = Door(
    "importance",
    "explained",
    "goodfit.importance(goodfit.runs.load({}), data)",
    "Restore them; other data can be given as DATA, or from Python as 'data'.",
    "Give rows that it was not trained on: DATA, or from Python 'data'.",
)
REPEATS = 10
MOST_REPEATS = 1000
MOST_WORK = 2**31  # numbers that nets compute, about half a minute on one core; of more, fewer rows are drawn
FEWEST_ROWS = 500  # that are kept however long they take
LINKED = 0.7  # rank correlation above which columns are permuted together as well
NOT_TOLD = "cannot be told from none"
PERHAPS = "perhaps needed"
SURE = 2  # half-widths of its interval above 0, on rows that also chose epochs; docs/explaining.md has the simulation
CHOSEN = (
    "Validation and out-of-fold rows also chose each net's epoch, so that small importance is flattered: {} {} "
    + PERHAPS
    + ", above 0 by less than twice the half-width of the interval. New rows can tell."
)
SHARED = (
    "Correlated columns share importance: permuting one leaves what the others say of it, so that each may look "
    "unimportant. {}: see the lines of several columns."
)
EACH = "Each interval holds at {} by itself: of many columns without importance, a few seem to have some by chance."


@dataclass(frozen=True)
class Importance:
    """Of a column, or of several that were permuted together.

    columns: their names; score: how much the score drops; loss: how much the loss rises; new: whether on rows that had
    no part in the training, nor in the choice of epochs.
    """

    columns: tuple[str, ...]
    score: Change
    loss: Change
    new: bool = True

    @property
    def label(self) -> str:
        """The columns' names."""
        return self.columns[0] if len(self.columns) == 1 else " + ".join(map(as_listed, self.columns))

    @property
    def verdict(self) -> str:
        """What the interval of the loss says: "needed", "perhaps needed", "cannot be told from none", "harmful"; ""
        without one. On rows that chose epochs, what is needed is so with an interval twice as wide.
        """
        if math.isnan(self.loss.low):
            return ""
        if not self.loss.told or self.loss.high < 0:
            return "harmful" if self.loss.told else NOT_TOLD
        half = self.loss.value - self.loss.low
        return "needed" if self.new or self.loss.value > SURE * half else PERHAPS


@dataclass(frozen=True)
class Importances:
    """What permuting columns does to the predictions of a model; see docs/explaining.md.

    columns: one a column, the largest rise of the loss first
    groups: of correlated columns, permuted together
    rows: which they are, in words
    repeats: permutations
    level: of each interval by itself
    linked: rank correlation above which columns are in a group
    notes: what to know.
    """

    columns: tuple[Importance, ...]
    groups: tuple[Importance, ...]
    rows: str
    repeats: int
    level: float
    linked: float
    notes: tuple[str, ...]

    def __getitem__(self, column: str) -> Importance:
        """That of a column. InputError for another name."""
        found = {each.label: each for each in self.columns}
        if column not in found:
            raise InputError(problem("importance", "there is no such column", got=column, fix=nearest(column, found)))
        return found[column]

    def lines(self, most: int) -> tuple[list[str], list[list[str]], str]:
        """(heads, rows, how many are left out) of a table with so many columns and as many groups at most."""
        score, loss = self.columns[0].score.name, self.columns[0].loss.name
        interval = f"{percent(self.level)} interval"
        heads = [
            "column",
            f"drop of {score}",
            interval,
            f"rise of {'RMSE' if loss == RMSE else loss}",
            interval,
            "verdict",
        ]
        shown = [*self.columns[:most], *self.groups[:most]]
        rows = [[each.label, *each.score.shown, *each.loss.shown, each.verdict] for each in shown]
        more = len(self.columns) + len(self.groups) - len(shown)
        return heads, rows, f"{more:,} more with a smaller rise of the loss." if more else ""

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        return str(provided("show in a notebook")(self))

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON has it, None for a number that is not finite."""
        lines = {
            name: [{**asdict(each), "verdict": each.verdict} for each in those]
            for name, those in (("columns", self.columns), ("groups", self.groups))
        }
        rest = {"rows": self.rows, "repeats": self.repeats, "level": self.level, "linked": self.linked}
        found: dict[str, Any] = plain({**lines, **rest, "notes": self.notes})
        return found


@public
def importance(
    model: Any,
    data: Any = None,
    *,
    target: str | Sequence[str] | None = None,
    of: str | None = None,
    repeats: int = REPEATS,
    linked: float = LINKED,
    seed: int = 0,
    progress: Notify | None = None,
) -> Importances:
    """Permutation importance of every column of the table, on rows that the nets did not learn from.

    The values of a column (all its inputs together: categories, parts of dates, the mark of missing ones) are shuffled
    over the rows. How much the score drops, and the loss rises, is how much the predictions need the column. The rows
    are those of each fold by the nets that left it out, or the validation rows; at most 5,000, drawn at random, and
    fewer, but at least 500, where all predictions would take longer than about half a minute. Intervals are of these
    nets on other rows, at 95 % each. The sealed test set stays closed.

    model: a run or its folder, a model or its file, several nets, or a fitted estimator for tables.
    data: None, or what the run was trained on, takes the rows above. Anything else is new rows with targets, recorded
      in the ledger first; a model without a run needs these.
    target: of a table file or data frame that is new rows, where it is not the run's own.
    of: one of several targets, by its name, of which alone it is; None for all of them, by the mean of R² and of errors
      in standard deviations of each.
    repeats: permutations of each column, 1 to 1000; more make intervals shorter, down to what the rows allow.
    linked: rank correlation above which columns are permuted together as well, 0 to 1; 1 for never.
    seed: of the permutations, an integer >= 0.
    progress: called while a named data set is being found, and after each column.
    InputError for other values, where there are no such rows, and where a prediction is not finite.
    """
    if isinstance(repeats, bool) or not 1 <= repeats <= MOST_REPEATS:
        raise InputError(problem(DOOR.where, f"'repeats' must be from 1 to {MOST_REPEATS:,}", got=repeats))
    if not is_number(linked) or not 0 <= linked <= 1:
        raise InputError(problem(DOOR.where, "'linked' must be from 0 to 1", got=linked, fix="0.7 is the default."))
    seed = checked_seed(seed, DOOR.where)
    return importance_on(held_out(model, data, target, progress, DOOR, seed), repeats, linked, seed, progress, of)


def importance_on(
    rows: HeldOut,
    repeats: int = REPEATS,
    linked: float = LINKED,
    seed: int = 0,
    progress: Notify | None = None,
    of: str | None = None,
) -> Importances:
    """The same for rows that were found."""
    own_target = _place(rows, of)
    places = [inputs for _, inputs in rows.columns]
    names = [name for name, _ in rows.columns]
    own: list[tuple[int, ...]] = [(at,) for at in range(len(names))]
    # inputs without a table, such as pixels, are no columns that a person has named: there may be many thousands
    tied = together(rows.x, places, linked) if rows.one.preprocessing is not None else []
    groups = [*own, *tied]
    rows = _affordable(rows, 1 + repeats * len(groups), seed)
    task = rows.one.nets[0].task
    found = changes(
        lambda x: rows.predict(x)[:, own_target],
        rows.x,
        rows.y if task == "classification" else rows.y[:, own_target],
        task,
        [np.concatenate([places[at] for at in each]) for each in groups],
        repeats=repeats,
        seed=seed,
        level=rows.level,
        tell=_telling(progress),
    )
    new = rows.part != "valid"
    told = [Importance(tuple(names[at] for at in each), *pair, new) for each, pair in zip(groups, found, strict=True)]
    first, rest = told[: len(own)], told[len(own) :]
    return Importances(
        _ranked(first),
        _ranked(rest),
        rows.words,
        repeats,
        rows.level,
        linked,
        (*_notes(first, rest, linked, rows.level), *rows.notes),
    )


def _place(rows: HeldOut, of: str | None) -> slice:
    """Which of the outputs is asked for: one of several targets, or all."""
    if of is None:
        return slice(None)
    names = rows.one.nets[0].targets
    if of not in names:
        fix = nearest(of, names) if names else "Leave it out: there is one target, or they have no names."
        raise InputError(problem(DOOR.where, "'of' must be one of several targets", got=of, fix=fix))
    return slice(names.index(of), names.index(of) + 1)


def _affordable(rows: HeldOut, predictions: int, seed: int) -> HeldOut:
    """The rows, or as many of them as can be predicted so often within the budget."""
    count = max(FEWEST_ROWS, int(len(rows.x) * MOST_WORK / max(1, predictions * rows.work)))
    if count >= len(rows.x):
        return rows
    return rows.fewer(count, seed, f"{predictions:,} predictions of all of them would take long")


def _telling(progress: Notify | None) -> Callable[[int, int], None]:
    """Tells how many of all columns are done, and how long the others will take."""
    began = time.monotonic()

    def tell(done: int, columns: int) -> None:
        left = (time.monotonic() - began) / done * (columns - done)
        detail = f"{done:,} of {columns:,} columns" + (f", {duration(left)} left" if done < columns else "")
        if progress is not None:
            progress(Step("importance", "computing", detail, done / columns))

    return tell


def _ranked(those: list[Importance]) -> tuple[Importance, ...]:
    """The largest rise of the loss first, the unknown last."""
    return tuple(sorted(those, key=lambda each: -math.inf if math.isnan(each.loss.value) else each.loss.value)[::-1])


def _notes(columns: list[Importance], groups: list[Importance], linked: float, level: float) -> list[str]:
    lost = sum(each.verdict == NOT_TOLD for each in columns)
    told = []
    if lost:
        some = "1 column" if lost == 1 else f"{lost:,} columns"
        told.append(f"{some} of {len(columns):,} {NOT_TOLD}: the interval of the loss holds 0.")
    perhaps = [each.label for each in columns if each.verdict == PERHAPS]
    if perhaps:
        told.append(CHOSEN.format(_some([as_listed(each) for each in perhaps]), "is" if len(perhaps) == 1 else "are"))
    if groups:
        which = _some([each.label for each in groups], "; ")
        told.append(SHARED.format(f"Rank correlation above {linked:g}: {which}"))
    if len(columns) > 1:
        told.append(EACH.format(percent(level)))
    return told


def _some(names: Sequence[str], between: str = ", ") -> str:
    """The first three, and how many more."""
    return between.join(names[:3]) + (f" and {len(names) - 3} more" * (len(names) > 3))
