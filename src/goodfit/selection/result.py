"""What a search found: every setting with its interval, the winner, and how sure that is."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from goodfit.data import Dataset
from goodfit.data.encoding import encoded_columns
from goodfit.data.folds import Fold
from goodfit.data.periodic import PeriodicColumns
from goodfit.errors import GoodfitError, InputError, problem
from goodfit.files import write_atomically, write_table
from goodfit.intervals import NOT_NEGATIVE, SCORE_BOUNDS, SHARE, Bounds
from goodfit.leaks.check import LeakCheck
from goodfit.models.weighing import as_if_alike
from goodfit.plain_json import plain
from goodfit.runs.run import layer_rows
from goodfit.selection.comparing import Comparison, compare
from goodfit.selection.layout import SearchLayout
from goodfit.selection.optimism import Optimism, bootstrap_bias_corrected
from goodfit.selection.ranked_by import RankedBy
from goodfit.selection.setting_curve import SettingCurve, band, sort_size
from goodfit.selection.sheets import Sheet
from goodfit.selection.space import Setting, describe, text_of
from goodfit.selection.values import Results
from goodfit.training.metrics import SCORE_NAMES, variances
from goodfit.training.recipe import Recipe
from goodfit.wiring import provided

TABLE, RESULT, CURVE_TABLE = "settings.csv", "selection.json", "curve.csv"
CURVES = ("curve.svg", "curve.png")
DEPENDENT = "the interval takes rows as independent, which those of one group or of neighbouring times may not be"


@dataclass(frozen=True)
class StoppedSetting:
    """A setting that a halving left behind. epochs: that its nets trained; score, loss: on held-out rows after them,
    mean over folds and seeds, nan where a net diverged; failed_folds: how many; value: of the measure that settings are
    ranked by, nan where that is the score or the loss.

    It has no interval: settings that trained on were chosen for being ahead of it on these rows, and what it would have
    come to is not known.
    """

    setting: Setting
    recipe: Recipe
    epochs: int
    score: float
    loss: float
    parameters: int
    failed_folds: int
    value: float = math.nan

    def measured(self, by: str) -> float:
        """The score, the loss or the measure."""
        return {"score": self.score, "loss": self.loss}.get(by, self.value)


@dataclass(frozen=True, eq=False, repr=False)
class Selection:
    """The result of a search.

    data_name: of the data set
    task: "classification", "multilabel" or "regression"
    settings, recipes: one each, in the order tried
    scores, losses: [settings, folds] on held-out rows, mean over seeds, nan where a net diverged
    train_scores, train_losses: likewise on training rows, nan if not asked for
    by: "score", "loss" or the name of a measure, by which `comparison` ranks (losses and errors with their sign turned)
    comparison: of all settings, with intervals of the differences
    optimism: what the winner's score is worth once it is known that it won, None where it cannot be said, as of a
    measure
    seconds: spent on compile, train and score
    parameters: of a net of each setting
    test_share: of the rows, that a fold holds out.
    stopped: settings that a halving left behind, those that came furthest first; `settings` and all that is compared
    are then the finalists.
    uncorrected: what `optimism` does not allow for, in words; empty if it allows for all of the choosing.
    leaks: what the leak guard found in the folds, None where it was not to look.
    measures, train_measures: of the measure by which settings are ranked, as the scores; nan where that is the score or
    the loss
    measure: the measure of `by`, None for score and loss
    """

    data_name: str
    task: str
    settings: tuple[Setting, ...]
    recipes: tuple[Recipe, ...]
    scores: NDArray[np.float64]
    losses: NDArray[np.float64]
    train_scores: NDArray[np.float64]
    train_losses: NDArray[np.float64]
    by: str
    comparison: Comparison
    optimism: Optimism | None
    seconds: Mapping[str, float]
    parameters: tuple[int, ...]
    test_share: float
    stopped: tuple[StoppedSetting, ...] = ()
    uncorrected: str = ""
    leaks: LeakCheck | None = None
    measures: NDArray[np.float64] | None = None
    train_measures: NDArray[np.float64] | None = None
    measure: RankedBy | None = None

    @property
    def sign(self) -> float:
        """1 where a higher score is better, -1 for losses and errors."""
        return sign_of(self.by, self.measure)

    def also_uncorrected(self, what: str) -> Self:
        """The same with something else that `optimism` does not allow for, in words."""
        return replace(self, uncorrected="; ".join(filter(None, (what, self.uncorrected))))

    @property
    def best(self) -> Recipe:
        """The recipe with the highest mean score, or the lowest loss."""
        return self.recipes[self.comparison.winner]

    @property
    def simplest(self) -> Recipe:
        """The recipe with the fewest parameters that is within one standard error of the best."""
        return self.recipes[self.comparison.one_se] if self.comparison.one_se is not None else self.best

    def curve(self) -> SettingCurve:
        """What becomes of training and held-out rows along the one field that was varied.

        InputError where several were; the training rows are known if the search was asked for `train_scores`.
        """
        fields = list(self.settings[0])
        if len(fields) != 1:
            rule = "a curve needs a search that varies one field"
            raise InputError(problem("Selection", rule, got=", ".join(fields)))
        if self.stopped:
            rule = "a curve needs a search that trains every setting for all epochs; this one stopped some"
            raise InputError(problem("Selection", rule, got=len(self.stopped), fix="Use method grid or random."))
        return _curve(fields[0], self)

    @property
    def score_name(self) -> str:
        """What a score is."""
        return SCORE_NAMES[self.task] if self.by == "score" else self.by

    def rows(self) -> list[dict[str, Any]]:
        """One dict a setting, the best first: rank, its fields, score, interval, difference to the winner.

        After a halving also `epochs`, and below the finalists those that stopped: without rank, interval or difference.
        """
        sign = self.sign
        found = []
        for number, each in enumerate(self.comparison.settings):
            low, high = sorted((sign * each.interval.low, sign * each.interval.high))
            found.append(
                {
                    "rank": each.rank,
                    **self.settings[number],
                    self.score_name: sign * each.mean,
                    "low": low,
                    "high": high,
                    "difference": sign * each.difference,
                    "parameters": self.parameters[number],
                    "failed folds": len(each.failed_folds),
                }
            )
        found.sort(key=lambda row: row["rank"])
        return [{**row, "epochs": self.best.epochs} for row in found] + self._stopped_rows() if self.stopped else found

    def _stopped_rows(self) -> list[dict[str, Any]]:
        nothing = {"low": np.nan, "high": np.nan, "difference": np.nan}
        return [
            {
                "rank": None,
                **each.setting,
                self.score_name: each.measured(self.by),
                **nothing,
                "parameters": each.parameters,
                "failed folds": each.failed_folds,
                "epochs": each.epochs,
            }
            for each in self.stopped
        ]

    def write(self, folder: str | Path) -> None:
        """Write the table as CSV, the whole as JSON, and where one field was varied its curve as table and figure."""
        folder = Path(folder)
        ranked = [row | {"rank": "" if row["rank"] is None else row["rank"]} for row in self.rows()]
        write_table(folder / TABLE, [{name: text_of(value) for name, value in row.items()} for row in ranked])
        write_atomically(folder / RESULT, (json.dumps(self.to_json(), indent=2) + "\n").encode())
        if len(self.settings) > 1 and len(self.settings[0]) == 1 and not self.stopped:
            from goodfit.figures import write_figure

            curve = self.curve()
            curve.write_csv(folder / CURVE_TABLE)
            figure = curve.figure()
            for name in CURVES:
                write_figure(figure, folder / name)

    def to_json(self) -> dict[str, Any]:
        """Everything, as JSON has it; None for what is not finite."""
        optimism = self.optimism
        return {
            "data": self.data_name,
            "by": self.by,
            "higher_is_better": self.sign > 0,
            "settings": plain(self.rows()),
            "best": self.best.to_dict(),
            "simplest": self.simplest.to_dict(),
            "chance_not_best": plain(self.comparison.chance_not_best),
            "optimism": None
            if optimism is None
            else {name: plain(value) for name, value in vars(optimism).items() if isinstance(value, float)},
            "uncorrected": self.uncorrected or None,
            "seconds": dict(self.seconds),
            "leaks": None if self.leaks is None else self.leaks.to_json(),
        }

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        html: str = provided("show in a notebook")(self)
        return html

    def __repr__(self) -> str:
        won = describe(self.settings[self.comparison.winner])
        tried = len(self.settings) + len(self.stopped)
        return f"Selection({self.data_name!r}, {tried} settings, best: {won})"


def selection_of(search: SearchLayout, sheets: Sequence[Sheet], results: Results) -> Selection:
    """Put the fits' row values together."""
    data, folds = sheets[0].data, search.folds.all
    sums = gathered(sheets, results, (len(search.settings), len(folds)), len(search.seeds))
    rows = np.zeros((len(search.settings), len(data.y)))
    counts = np.zeros(len(data.y))
    for fold in folds:
        counts[fold.valid] += 1
    for number, sheet in enumerate(sheets):
        for job, fit in enumerate(sheet.fits):
            values = results.values[number, job]
            chosen = values.score if search.by == "score" else -values.loss
            failed = (number, job) in results.frozen
            rows[fit.setting, fit.held_out] += np.nan if failed else chosen / len(search.seeds)
    ranked = higher_better(sums, search)
    if np.isnan(ranked).any(axis=1).all():
        raise GoodfitError("Search: in every setting a net diverged on some fold. Use lower learning rates.")
    held = counts > 0
    parameters = tuple(parameters_of(search.recipes, data, trained_rows(folds)))
    bounds = _bounds(search, data.task)
    relative = search.by == "score" and data.task == "regression"
    targets = data.y[held].astype(np.float64)
    parts = None
    if relative:
        weight = data.weight_of(np.flatnonzero(held))
        spread = (targets - np.average(targets, axis=0, weights=weight)) ** 2 / variances(targets, weight)
        parts = as_if_alike(spread.mean(1), weight)
    most = math.inf if bounds == SHARE else bounds[1]
    optimism = None  # which needs what every single row gives to a measure
    if search.measure is None:
        optimism = bootstrap_bias_corrected(rows[:, held] / counts[held], most=most, target_parts=parts)
    comparison = compare(ranked, search.folds.test_share, simplicity=parameters, bounds=bounds)
    return Selection(
        data_name=data.name,
        task=data.task,
        settings=search.settings,
        recipes=search.recipes,
        scores=sums[0],
        losses=sums[1],
        train_scores=sums[2],
        train_losses=sums[3],
        by=search.by,
        comparison=comparison,
        optimism=optimism,
        uncorrected=DEPENDENT if optimism and (data.groups is not None or data.time is not None) else "",
        seconds=results.seconds,
        parameters=parameters,
        test_share=search.folds.test_share,
        leaks=search.leaks,
        measures=sums[4],
        train_measures=sums[5],
        measure=search.measure,
    )


def sign_of(by: str, measure: RankedBy | None) -> float:
    """1 where a higher value is better, -1 where a lower one is."""
    return measure.sign if measure is not None else 1.0 if by == "score" else -1.0


def higher_better(sums: NDArray[np.float64], search: SearchLayout) -> NDArray[np.float64]:
    """Of what `gathered` gives, or its means, that by which settings are ranked: higher is better."""
    place = 4 if search.measure is not None else 0 if search.by == "score" else 1
    ranked: NDArray[np.float64] = sign_of(search.by, search.measure) * sums[place]
    return ranked


def _bounds(search: SearchLayout, task: str) -> Bounds:
    """Of what `higher_better` gives."""
    if search.by == "score":
        return SCORE_BOUNDS[SCORE_NAMES[task]]
    low, high = NOT_NEGATIVE if search.measure is None else search.measure.bounds
    return (low, high) if sign_of(search.by, search.measure) > 0 else (-high, -low)


def _curve(field: str, selection: Selection) -> SettingCurve:
    """The curve of a search that varied one field."""
    values = [setting[field] for setting in selection.settings]
    order = sorted(range(len(values)), key=lambda at: (sort_size(values[at]), at))
    train, valid = {
        "score": (selection.train_scores, selection.scores),
        "loss": (selection.train_losses, selection.losses),
    }.get(selection.by, (selection.train_measures, selection.measures))
    assert train is not None
    assert valid is not None
    return SettingCurve(
        field=field,
        values=tuple(values[at] for at in order),
        what=selection.score_name,
        train=band(train[order], selection.test_share, selection.score_name),
        valid=band(valid[order], selection.test_share, selection.score_name),
        best=order.index(selection.comparison.winner),
    )


def gathered(sheets: Sequence[Sheet], results: Results, shape: tuple[int, int], seeds: int) -> NDArray[np.float64]:
    """Score and loss on held-out rows, then on training rows, then the measure on both, [6, settings, folds]: means
    over seeds, nan where a net diverged. shape: settings and folds.
    """
    sums = np.zeros((6, *shape))
    for number, sheet in enumerate(sheets):
        for job, fit in enumerate(sheet.fits):
            values = results.values[number, job]
            held_out = [float(each.mean(dtype=np.float64)) for each in (values.score, values.loss)]
            failed = (number, job) in results.frozen
            means = np.full(6, np.nan) if failed else np.asarray([*held_out, *values.train, *values.measured])
            sums[:, fit.setting, fit.fold] += means / seeds
    return sums


def parameters_of(recipes: Iterable[Recipe], data: Dataset, rows: NDArray[Any]) -> list[int]:
    """How many numbers a net of each recipe learns from these rows, which say which of its inputs are encoded."""
    given = list(recipes)
    columns = len(encoded_columns(data.x[rows])) if any(each.encoding != "none" for each in given) else 0
    found = []
    for each in given:
        width = {"piecewise": each.bins, "pbld": each.components}.get(each.encoding, 0)
        periodic = PeriodicColumns(np.arange(columns), each.frequencies, each.components)
        trained = periodic.numbers if each.encoding == "pbld" else 0
        layers = layer_rows(each, data.n_inputs + width * columns, data.n_outputs)
        found.append(trained + sum(layer.parameters for layer in layers))
    return found


def trained_rows(folds: Sequence[Fold]) -> NDArray[np.int32]:
    """The rows that any of the folds trains on, in order."""
    return np.unique(np.concatenate([fold.train for fold in folds]))
