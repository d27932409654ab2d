"""What takes part in a comparison: runs, models and nets, with the rows on which they are compared."""

from __future__ import annotations

import os
import string
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from goodfit.data import Dataset, Preprocessing, Sealed, Split, Step
from goodfit.data.prints import row_prints
from goodfit.errors import GoodfitError, InputError, problem
from goodfit.models import whereabouts
from goodfit.models.averaging import values_together
from goodfit.models.model_file import Model, load_model
from goodfit.models.row_scores import Values, row_scores, value_scores
from goodfit.models.trained_net import TrainedNet
from goodfit.models.whereabouts import existing_model_path
from goodfit.runs import record
from goodfit.runs.chosen import choice_notes
from goodfit.runs.folder import load
from goodfit.runs.measured import INDEPENDENT, dependence
from goodfit.runs.opening import Opened, open_values
from goodfit.runs.opening_runs import own_split, split_in
from goodfit.runs.run import Run
from goodfit.runs.separate import NOTHING, check_unseen, separate_rows

WHERE = "compare"
UNWEIGHTED = "Unweighted: all rows count alike here, whatever their weights."
TOGETHER = (
    "New rows are predicted by all nets of a model together: the scores are of their mean prediction, not means over "
    "nets."
)
Notify = Callable[[Step], None]


@dataclass(frozen=True)
class Door:
    """Who asks for rows, for the words of errors.

    where: its name; what: is done to a run ("compared"); call: Python that takes data which cannot be found, {} for the
    folder; changed, fix: what helps where the data are others, and where there are no validation rows.
    """

    where: str
    what: str
    call: str
    changed: str
    fix: str


COMPARE = Door(
    WHERE,
    "compared",
    "goodfit.compare(run, other, data), run being goodfit.runs.load({})",
    "Restore them; to compare on other data, give these with --data, or from Python as 'data'.",
    "Give new rows: data, or --data FILE.",
)


@dataclass(frozen=True)
class Entrant:
    """One of those that are compared.

    name: for people; nets: those that were validated; run: None for a model or nets; model: None for a run or nets.
    """

    name: str
    nets: tuple[TrainedNet, ...]
    run: Run | None = None
    model: Model | None = None

    @property
    def preprocessing(self) -> Preprocessing | None:
        """What turns a table into the nets' inputs; None where they take numbers as they are."""
        return self.nets[0].preprocessing

    @property
    def final(self) -> tuple[TrainedNet, ...]:
        """The nets that predict for new rows, which are others where they were trained anew on validation rows too."""
        return self.nets if self.run is None else self.run.final

    @property
    def folder(self) -> Path | None:
        """Where the run was written, or None."""
        return None if self.run is None else self.run.folder

    @property
    def chose_epoch(self) -> bool:
        """Whether the epoch of the weights was chosen by the validation rows."""
        return self.run is not None and "valid" in self.run.scores and self.run.recipe.keep_best

    @property
    def chosen(self) -> tuple[str, ...]:
        """What is to be said of rows that chose the members of an ensemble."""
        return () if self.run is None else choice_notes(self.run.ensemble, self.run.folder)

    def dependence(self, data: Dataset) -> tuple[str, ...]:
        """What is to be said of rows in groups or times, new ones too where the run's own have them."""
        run = self.run
        origin = {} if run is None or run.origin is None else run.origin
        own = () if run is None or run.split is None else dependence(run.split.data)
        return dependence(data) or own or (INDEPENDENT,) * any(origin.get(name) for name in ("group", "time"))

    @property
    def refit(self) -> tuple[str, ...]:
        """What is to be said of validation rows where other nets predict than those that they scored."""
        return () if self.run is None or self.run.refit is None else (str(self.run.refit),)

    @property
    def known_before(self) -> tuple[str, ...]:
        """What is to be said of validation rows that a run's start was trained on."""
        return () if self.run is None or self.run.start is None else self.run.start.told.note_on("valid")


@dataclass(frozen=True)
class Rows:
    """Rows of one entrant.

    x, y: as its nets take them
    prints: of every row, by which it is known again
    values: what the nets predict for them together, of fold members out of fold; None where each net counts by itself
    notes: on what a comparison makes no use of: weights, groups and times
    """

    x: NDArray[Any]
    y: NDArray[Any]
    prints: NDArray[np.uint64]
    values: NDArray[Any] | None = None
    notes: tuple[str, ...] = ()

    def only(self, rows: NDArray[np.bool_]) -> Rows:
        """Some of the rows."""
        values = None if self.values is None else self.values[rows]
        return Rows(self.x[rows], self.y[rows], self.prints[rows], values, self.notes)

    def scores(self, nets: Sequence[TrainedNet]) -> dict[str, Values]:
        """What every row gives to each measure."""
        if self.values is not None:
            return value_scores(nets[0].task, self.values, self.y)
        return row_scores(nets, self.x, self.y)


def entrants(given: Sequence[Any]) -> list[Entrant]:
    """What was given, in order, each with a name of its own; InputError for what cannot be compared."""
    found = [entrant(each, place) for place, each in enumerate(given)]
    kinds = {(each.nets[0].task, each.nets[0].classes, each.nets[0].n_outputs) for each in found}
    if len(kinds) > 1:
        told = "; ".join(f"{each.name}: {each.nets[0].task}, {each.nets[0].n_outputs} outputs" for each in found)
        raise InputError(problem(WHERE, "all must have the same target, with the same classes", got=told))
    names = [each.name for each in found]
    if len(set(names)) == len(names):
        return found
    longer = [str(each.folder) if each.folder else each.name for each in found]
    if len(set(longer)) < len(longer):
        longer = [f"{name} ({string.ascii_uppercase[place]})" for place, name in enumerate(names)]
    return [replace(each, name=name) for name, each in zip(longer, found, strict=True)]


def entrant(given: Any, place: int, door: Door = COMPARE) -> Entrant:
    """A run or its folder, a model or its file, a search's folder for its winner, or nets; place: names it A, B.

    InputError for what is none of these.
    """
    letter = string.ascii_uppercase[place]
    if isinstance(given, str | os.PathLike):
        path = Path(given)
        if not os.path.isdir(path) or whereabouts.is_search(path):
            model = load_model(existing_model_path(path))
            return Entrant(path.name or str(path), model.predicting, None, model)
        given = load(path)
    if isinstance(given, Run):
        name = letter if given.folder is None else given.folder.name or str(given.folder)
        return Entrant(name, given.sound, given)
    if isinstance(given, Model):
        return Entrant(letter, given.predicting, None, given)
    several = tuple(given) if isinstance(given, Sequence) else (given,)
    if several and all(isinstance(each, TrainedNet) for each in several):
        return Entrant(letter, several)
    rule = f"what is {door.what} must be a run or its folder, a model or its file, a net, or several nets"
    raise InputError(problem(door.where, rule, got=given))


def shared_validation(those: Sequence[Entrant], data: Any, progress: Notify | None) -> list[Rows] | None:
    """The validation rows that all share, in one order; None where `data` are not what every run was trained on.

    data: None, or what may be the runs' own data. InputError where the runs have different validation rows, or none.
    """
    splits = [split_for(each, data, progress) for each in those]
    if data is not None and all(each is None for each in splits):
        return None
    found = _in_common([_validation(each, parts) for each, parts in zip(those, splits, strict=True)])
    same = np.array_equal
    if not all(same(each.prints, found[0].prints) for each in found):
        other = next(place for place, each in enumerate(found) if not same(each.prints, found[0].prints))
        both = len(np.intersect1d(found[0].prints, found[other].prints))
        rule = f"must have the same validation rows; {those[0].name!r} and {those[other].name!r} share {both:,} of"
        fix = "Train them on the same data with the same --seed, which splits it, or give new rows: --data FILE."
        sizes = f"{len(found[0].prints):,} and {len(found[other].prints):,}"
        raise InputError(problem(WHERE, f"runs {rule} {sizes}", fix=fix))
    return found


def _in_common(found: Sequence[Rows]) -> list[Rows]:
    """Fold members have a prediction for every row: of them, the rows that the others have as well.

    Of rows that occur several times, as many as who has the fewest: no print tells them apart.
    """
    common, fewest = np.unique(found[0].prints, return_counts=True)
    for each in found[1:]:
        prints, counts = np.unique(each.prints, return_counts=True)
        common, here, there = np.intersect1d(common, prints, assume_unique=True, return_indices=True)
        fewest = np.minimum(fewest[here], counts[there])
    if not len(common):
        return list(found)
    return [each if each.values is None else each.only(_taken(each.prints, common, fewest)) for each in found]


def _taken(prints: NDArray[np.uint64], common: NDArray[np.uint64], fewest: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Which rows are taken: the first so many of each print. Both kinds of prints are sorted."""
    before = np.arange(len(prints)) - np.searchsorted(prints, prints)  # how many with the same print
    place = np.minimum(np.searchsorted(common, prints), len(common) - 1)
    taken: NDArray[np.bool_] = (common[place] == prints) & (before < fewest[place])
    return taken


def split_for(entrant: Entrant, data: Any, progress: Notify | None, door: Door = COMPARE) -> Split | None:
    """The split of a run, in its own data or in those given; None where the latter are others."""
    run = entrant.run
    if run is None:
        if data is not None:
            return None
        rule = f"{entrant.name!r} is a model without a run, so its validation rows are not known"
        raise InputError(problem(door.where, rule, fix=door.fix))
    if data is None:
        return run.split or own_split(run.folder, progress, door.call, door.changed, door.what)
    found = None if run.folder is None else record.RunRecord.read(run.folder)
    return split_in(data, run.split, run.folder, found, progress)


def _validation(entrant: Entrant, parts: Split | None) -> Rows:
    if parts is None:
        rule = f"data must be new to all, or what all were trained on; {entrant.name!r} was trained on other data"
        raise InputError(problem(WHERE, rule))
    out = None if entrant.run is None else entrant.run.out_of_fold
    rows = parts.valid if out is None else out.rows
    if not len(rows):
        fix = "Train with --valid above 0, or give new rows: --data FILE."
        raise InputError(problem(WHERE, f"{entrant.name!r} has no validation rows", fix=fix))
    prints = row_prints(parts.data, rows)
    order = np.argsort(prints, kind="stable")
    rows, values = rows[order], None if out is None else out.values[order]
    return Rows(parts.data.x[rows], parts.data.y[rows], prints[order], values, _notes_on(entrant, parts.data))


def opened_rows(
    those: Sequence[Entrant], data: Any, target: str | Sequence[str] | None, progress: Notify | None
) -> tuple[list[Rows], list[Opened], list[str]]:
    """(rows, openings, notes) of new rows for every entrant, each recorded in the ledger before anything is scored."""
    read = [
        separate_rows(data, each.nets[0], each.preprocessing, target_of(each, target), weight_of(each), progress)
        for each in those
    ]
    prints = [row_prints(rows.data, rows.rows) for rows, _ in read]
    if not all(np.array_equal(each, prints[0]) for each in prints):
        rule = "all must be scored on the same rows with the same target; they read these data differently"
        raise InputError(problem(WHERE, rule, got=", ".join(f"{len(each):,} rows" for each in prints)))
    notes: dict[str, None] = {}
    for each, (rows, own) in zip(those, read, strict=True):
        start = None if each.run is None else each.run.start
        seen = check_unseen(rows, split_if_there(each, progress), each.name, NOTHING if start is None else start.rows)
        notes |= dict.fromkeys((*own, *(f"{each.name}: {note}" for note in seen)))
    found = [_predicted(each, rows, own) for each, (rows, _), own in zip(those, read, prints, strict=True)]
    openings = [
        open_values(each.final, rows, own.values, run=each.folder, kind="compare")
        for each, (rows, _), own in zip(those, read, found, strict=True)
        if own.values is not None
    ]
    return found, openings, [*notes, *[TOGETHER] * any(len(each.nets) > 1 for each in those)]


def target_of(entrant: Entrant, target: str | Sequence[str] | None) -> str | Sequence[str] | None:
    """The target column or columns of new rows: as given, or as in the run's own table."""
    if target is not None or entrant.run is None or entrant.run.origin is None:
        return target
    named: str | Sequence[str] = entrant.run.origin["target"]
    return named


def weight_of(entrant: Entrant) -> str | None:
    """The column of row weights of new rows: as in the run's own table; None where there is none."""
    found = None if entrant.run is None or entrant.run.origin is None else entrant.run.origin.get("weight")
    return None if found is None else str(found)


def split_if_there(entrant: Entrant, progress: Notify | None) -> Split | None:
    """The split of a run; None for a model, and where the run's own data are not there any more."""
    try:
        return split_for(entrant, None, progress)
    except GoodfitError:
        return None


def _predicted(entrant: Entrant, sealed: Sealed, prints: NDArray[np.uint64]) -> Rows:
    """New rows with what the nets predict for them together, as whoever uses them would get it."""
    x = sealed.data.x[sealed.rows]
    values, _ = values_together(entrant.final, x, entrant.name)
    return Rows(x, sealed.data.y[sealed.rows], prints, values, _notes_on(entrant, sealed.data))


def _notes_on(entrant: Entrant, data: Dataset) -> tuple[str, ...]:
    return (*[UNWEIGHTED] * (data.weight is not None), *entrant.dependence(data))
