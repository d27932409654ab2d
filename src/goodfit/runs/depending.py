"""`goodfit.partial_dependence`: how predictions change as a column is set to one value after another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from goodfit.arguments import public
from goodfit.data.streams import checked_seed, generator
from goodfit.data.tables.files import read_columns
from goodfit.data.tables.grids import ColumnGrid, column_grid, number_grid
from goodfit.data.tables.preprocessing import RowReader
from goodfit.errors import InputError, nearest, problem
from goodfit.models.dependence import dependence, mean_and_spread
from goodfit.models.predicting import dataset_to_predict
from goodfit.models.trained_net import counts_of
from goodfit.plain_json import plain
from goodfit.runs.entrants import UNWEIGHTED, Door, Entrant, Notify, entrant, split_for, weight_of
from goodfit.runs.held_out import MOST_ROWS, inputs_by_column
from goodfit.runs.run import rows_words
from goodfit.words import digits

if TYPE_CHECKING:
    from jaxtyping import Float
    from matplotlib.figure import Figure

DOOR = Door(
    "partial dependence",
    "explained",
    "goodfit.partial_dependence(goodfit.runs.load({}), column, data)",
    "Restore them; other rows can be given as DATA, or from Python as 'data'.",
    "Give rows: DATA, or from Python 'data'.",
)
POINTS = 20
MOST_POINTS = 1000
DISAGREEMENT = (
    "Disagreement of nets: their standard deviation. It is no interval for what is true, nor one for new rows."
)
ONE_NET = "There is one net, so there is no disagreement of nets to show."


@dataclass(frozen=True, eq=False)
class Dependence:
    """The mean prediction over rows by the value of a column; see docs/explaining.md.

    column: its name
    values: G numbers, or the words of categories, truth values, dates
    task: of the nets
    outputs: names of the C classes, labels or targets; "" of a single target
    mean: [G, C] probabilities, or numbers in the unit of the targets
    spread: [G, C] the standard deviation over nets, their disagreement, 0 of a single net
    rows: which they are, in words
    nets: how many
    single: [R, G, C] the curves of some rows (ICE)
    numeric: whether values are numbers
    notes: what to know
    """

    column: str
    values: tuple[Any, ...]
    task: str
    outputs: tuple[str, ...]
    mean: Float[np.ndarray, "G C"]
    spread: Float[np.ndarray, "G C"]
    rows: str
    nets: int
    single: Float[np.ndarray, "R G C"]
    numeric: bool
    notes: tuple[str, ...]

    @property
    def shown(self) -> range:
        """The outputs to show: of two classes the second, whose probability tells the other's."""
        two = self.task == "classification" and len(self.outputs) == 2
        return range(1, 2) if two else range(len(self.outputs))

    @property
    def what(self) -> str:
        """What the means are of."""
        return "prediction" if self.task == "regression" else "probability"

    def lines(self) -> tuple[list[str], list[list[str]]]:
        """(heads, rows) of a table: the mean of each output and the disagreement of nets."""
        names = [self.outputs[place] for place in self.shown]
        heads = [self.column]
        for name in names:
            heads += [f"mean {self.what}{f' of {name}' if name else ''}", "disagreement of nets"]
        lines = []
        for value, mean, spread in zip(self.values, self.mean, self.spread, strict=True):
            cells = [f"{value:.5g}" if self.numeric else str(value)]
            for place in self.shown:
                cells += [digits(float(mean[place])), digits(float(spread[place]), 2) if self.nets > 1 else "-"]
            lines.append(cells)
        return heads, lines

    def figure(self, width: float = 6.4) -> Figure:
        """It as a line with the disagreement of nets as a band, and curves of single rows where there are some."""
        from goodfit.figures import dependence_curve

        shown = list(self.shown)
        return dependence_curve(
            self.column,
            self.values,
            [self.outputs[place] for place in shown],
            self.mean[:, shown],
            self.spread[:, shown],
            what=f"mean {self.what}",
            single=self.single[:, :, shown],
            numeric=self.numeric,
            width=width,
        )

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON has it."""
        arrays = {name: getattr(self, name).tolist() for name in ("mean", "spread", "single")}
        rest = {name: getattr(self, name) for name in ("column", "values", "task", "outputs", "rows", "nets", "notes")}
        found: dict[str, Any] = plain({**rest, **arrays})
        return found


@dataclass(frozen=True, eq=False)
class Explained:
    """Rows whose predictions are explained. x: [N, D] inputs; features: names of inputs that come from no table."""

    one: Entrant
    x: Float[np.ndarray, "N D"]
    features: tuple[str, ...]
    words: str
    notes: tuple[str, ...]


def partial_dependences(
    model: Any,
    columns: Sequence[str],
    data: Any = None,
    *,
    values: Sequence[Any] | None = None,
    points: int = POINTS,
    progress: Notify | None = None,
) -> list[Dependence]:
    """`partial_dependence` of several columns over the same rows, which are read once. InputError as there, without a
    column, and for values of several.
    """
    if not columns:
        raise InputError(problem(DOOR.where, "give the column to vary", fix="For example, --column age."))
    if values is not None and len(columns) > 1:
        raise InputError(problem(DOOR.where, "values are of one column", got=", ".join(columns)))
    rows = explained_rows(model, data, progress)
    return [dependence_on(rows, column, values, _checked_points(points)) for column in columns]


@public
def partial_dependence(
    model: Any,
    column: str,
    data: Any = None,
    *,
    values: Sequence[Any] | None = None,
    points: int = POINTS,
    single_rows: int = 0,
    seed: int = 0,
    progress: Notify | None = None,
) -> Dependence:
    """Partial dependence: the mean prediction over rows as a column is set to one value after another.

    All nets of the model predict together, as they do for new rows. No target is looked at, and the ledger stays as it
    is. At most 5,000 rows, drawn at random. Where columns are correlated, some of the rows are such as never occur.

    model: a run or its folder, a model or its file, several nets, or a fitted estimator for tables.
    column: of the table; without a table, the name of an input, or "input 3".
    data: None, or what the run was trained on, takes the rows that its nets were validated on (its training rows where
      there are none). Anything else is new rows, with or without a target; a model without a run needs these.
    values: to set the column to. None: quantiles of numbers from 5 to 95 %, the 30 most frequent categories, no and
      yes, or even steps from the first date to the last, by these rows.
    points: how many at most, of numbers and dates, 2 to 1000.
    single_rows: how many rows, drawn at random, have their own curve as well (ICE).
    seed: of what is drawn, an integer >= 0.
    progress: called while a named data set is being found.
    InputError for other values, an unknown column, and where a prediction is not finite.
    """
    points = _checked_points(points)
    if isinstance(single_rows, bool) or not 0 <= single_rows <= MOST_ROWS:
        raise InputError(problem(DOOR.where, f"'single_rows' must be from 0 to {MOST_ROWS:,}", got=single_rows))
    seed = checked_seed(seed, DOOR.where)
    rows = explained_rows(model, data, progress, seed)
    return dependence_on(rows, column, values, points, single_rows, seed)


def explained_rows(model: Any, data: Any = None, progress: Notify | None = None, seed: int = 0) -> Explained:
    """The rows over which predictions are averaged; see `partial_dependence`."""
    one = entrant(getattr(model, "run_", model), 0, DOOR)
    parts = split_for(one, data, progress, DOOR)
    notes: tuple[str, ...] = ()
    if parts is not None:
        learned = not len(parts.valid) or (one.run is not None and one.run.out_of_fold is not None)
        places, words = (parts.train, "train") if learned else (parts.valid, "valid")
        x, features = parts.data.x, parts.data.features
    else:
        x, features, notes = _new_rows(one, data, progress)
        places, words = np.arange(len(x)), "new"
    if weight_of(one) is not None or (parts is not None and parts.data.weight is not None):
        notes = (*notes, UNWEIGHTED)
    if len(places) > MOST_ROWS:
        notes = (*notes, f"{MOST_ROWS:,} of {len(places):,} rows, drawn at random.")
        places = np.sort(generator(seed, "explained").choice(places, MOST_ROWS, replace=False))
    if not len(places):
        raise InputError(problem(DOOR.where, "there must be rows to average over", fix="Give others."))
    own = x[places].astype(np.float32, copy=False)  # what a column is set to need be no whole number, as pixels are
    return Explained(one, own, tuple(features), rows_words(len(places), words, out_of_fold=False), notes)


def dependence_on(
    rows: Explained,
    column: str,
    values: Sequence[Any] | None = None,
    points: int = POINTS,
    single_rows: int = 0,
    seed: int = 0,
) -> Dependence:
    """The same for rows that were found."""
    nets = rows.one.final
    columns = dict(inputs_by_column(nets[0], rows.features))
    if column not in columns:
        raise InputError(
            problem(DOOR.where, "'column' must be one that the net takes", got=column, fix=nearest(column, columns))
        )
    places = columns[column]
    grid = _grid(rows, column, places, points, values)
    count = min(single_rows, len(rows.x))
    drawn = np.sort(generator(seed, "single rows").choice(len(rows.x), count, replace=False))
    whole, single = dependence(nets, rows.x, places, grid.inputs, drawn)
    if not np.isfinite(whole).all():
        raise InputError(problem(DOOR.where, "every prediction must be finite", fix="Leave out nets that diverged."))
    net = nets[0]
    several = net.targets or tuple(f"target {place + 1}" for place in range(net.n_outputs))
    targets = ("",) if net.n_outputs == 1 else several
    notes = (DISAGREEMENT if len(nets) > 1 else ONE_NET, *grid.notes, *rows.notes)
    mean, spread = mean_and_spread(whole, counts_of(nets))
    return Dependence(
        column,
        grid.values,
        net.task,
        net.classes or targets,
        mean,
        spread,
        rows.words,
        len(nets),
        single,
        grid.numeric,
        notes,
    )


def _checked_points(points: int) -> int:
    if isinstance(points, bool) or not 2 <= points <= MOST_POINTS:
        raise InputError(problem(DOOR.where, f"'points' must be from 2 to {MOST_POINTS:,}", got=points))
    return points


def _grid(rows: Explained, column: str, places: Any, points: int, values: Sequence[Any] | None) -> ColumnGrid:
    preprocessing = rows.one.preprocessing
    if preprocessing is not None:
        (fitted,) = (each for each in preprocessing.columns if each.name == column)
        return column_grid(fitted, rows.x[:, places], points, values)
    try:
        given = np.asarray(number_grid(rows.x[:, places[0]], points) if values is None else list(values), np.float64)
    except (TypeError, ValueError):
        given = np.empty((0, 0))
    if given.ndim != 1 or not given.size or not np.isfinite(given).all():
        raise InputError(problem(f"values of {column!r}", "must be finite numbers", got=values))
    return ColumnGrid(tuple(given.tolist()), given[:, None].astype(rows.x.dtype), True)


def _new_rows(one: Entrant, data: Any, progress: Notify | None) -> tuple[Any, tuple[str, ...], tuple[str, ...]]:
    """(inputs, names of inputs, notes) of rows that are not the run's own, whether they have a target or not."""
    if one.preprocessing is None:
        found = dataset_to_predict(one.name, data, progress)
        if found.n_inputs != one.nets[0].n_inputs:
            rule = f"takes {one.nets[0].n_inputs} features; {found.name!r} has a different number"
            raise InputError(problem(one.name, rule, got=found.n_inputs))
        return found.x, found.features, ()
    reader = RowReader(one.preprocessing)
    x, _ = reader.read(read_columns(data) if isinstance(data, str) else getattr(data, "frame", data))
    return x, (), (*reader.notes(), *reader.warnings())
