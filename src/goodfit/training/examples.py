"""The rows that a population learns from and is scored on, on the host."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from goodfit.data.dataset import Dataset
from goodfit.data.encoding import PiecewiseEncoding, edges_of, encoded_columns
from goodfit.data.periodic import PeriodicColumns
from goodfit.data.robust import bent, robust_scaling
from goodfit.data.split import Split
from goodfit.data.target_transform import TargetTransform, fit_transform
from goodfit.errors import InputError, problem
from goodfit.training.embeddings import Categories, categories_of
from goodfit.training.recipe_rules import BINS, COMPONENTS, FREQUENCIES

if TYPE_CHECKING:
    from goodfit.data.tables.streamed_rows import StreamedRows
    from goodfit.training.recipe import Recipe

Indexes = NDArray[np.int32]
Numbers = NDArray[np.floating]


@dataclass(frozen=True)
class Scaling:
    """How inputs and numeric targets are scaled: (value - shift) * scale, fitted on training rows only.

    shift, scale: [D] of the inputs; target_shift, target_scale: [C] of the targets (0 and 1 for classes). bend: [D]
    how much scaled inputs z are clipped smoothly, to z / sqrt(1 + (z * bend)^2); None where none is. transform: of the
    targets before they are scaled, None where they are scaled as they are. encoding: of the scaled and clipped inputs,
    None where there is none; of a periodic one, which nets train, what all have in common.
    """

    shift: Numbers
    scale: Numbers
    target_shift: Numbers
    target_scale: Numbers
    bend: Numbers | None = None
    transform: TargetTransform | None = None
    encoding: PiecewiseEncoding | PeriodicColumns | None = None

    def inputs(self, x: NDArray[np.generic], trained: tuple[NDArray[Any], ...] = ()) -> NDArray[np.float64]:
        """Raw inputs [N, D] as a net sees them, [N, D + components], in float64. trained: of its encoding."""
        z = self.scaled(x)
        return z if self.encoding is None else self.encoding.of(trained).apply(z)

    def scaled(self, x: NDArray[np.generic], column: int | slice = slice(None)) -> NDArray[np.float64]:
        """Raw inputs [N, D], or one column [N] of them, scaled and clipped, in float64."""
        z = (x[:, column].astype(np.float64) - self.shift[column]) * self.scale[column]
        return z if self.bend is None else bent(z, self.bend[column])

    def targets(self, y: NDArray[np.generic]) -> NDArray[np.float64]:
        """Numeric targets [N, C] as a net is trained on them, in float64."""
        values = y.astype(np.float64) if self.transform is None else self.transform.forward(y)
        found: NDArray[np.float64] = (values - self.target_shift) * self.target_scale
        return found

    def after(self, first: Scaling) -> Scaling:
        """What must be done to values that `first` has scaled without a clip, for this scaling of the raw ones."""
        return Scaling(
            (self.shift - first.shift) * first.scale,
            self.scale / first.scale,
            (self.target_shift - first.target_shift) * first.target_scale,
            self.target_scale / first.target_scale,
            self.bend,
            encoding=self.encoding,
        )


@dataclass(frozen=True)
class Examples:
    """Data, which rows train, which rows score, and how much each row counts.

    A net picks its set of weights by its job's `rows`.

    x: [N, D] in storage type
    y: [N] class codes or [N, C] numbers
    task: "classification", "multilabel" or "regression"
    outputs: C
    train: rows of an epoch
    scaling: of inputs and targets
    parts: name -> rows scored at the end of an epoch
    weights: [G, N] sets of training row weights, or None
    part_weights: name -> [G, N] weights with which a part's rows count, for folds
    folds: [N] fold of each row, or None (batches are then balanced over folds).
    own_scalings: of every set, in the place of `scaling`, where each set of rows fits its own.
    set_rows: where several data sets are stacked, the rows of each; all else then tells of one of them, and a job's
    `rows` is the number of its own.
    squares: what squared errors of training rows and parts are weighed by, [G, C] each, where the score is not to be
    R².
    row_weights: [N] how much each row counts by itself, in every set and part; None where all count alike.
    categories: which inputs are the categories of a table's columns.
    streamed: rows that train in the place of `train`, which is then a sample of them.
    """

    x: NDArray[np.generic]
    y: NDArray[np.generic]
    task: str
    outputs: int
    train: Indexes
    scaling: Scaling
    parts: Mapping[str, Indexes] = field(default_factory=dict)
    weights: Numbers | None = None
    part_weights: Mapping[str, Numbers] = field(default_factory=dict)
    folds: Indexes | None = None
    own_scalings: tuple[Scaling, ...] | None = None
    set_rows: int = 0
    squares: tuple[Numbers, ...] | None = None
    row_weights: Numbers | None = None
    categories: tuple[Categories, ...] = ()
    streamed: StreamedRows | None = None

    @classmethod
    def of_split(
        cls,
        split: Split,
        scaling: str = "auto",
        score_test: bool = False,
        loss: str = "auto",
        target_transform: str = "none",
        clip_predictions: bool = False,
        encoding: str = "none",
        **sizes: int,
    ) -> Examples:
        """The rows of a split: training rows train, validation rows (and test rows, if asked) score every epoch.

        Where the split has folds, a job with `rows` k learns from all but fold k, which scores it. Inputs and targets
        are scaled, transformed and encoded by all training rows: of its fold, a net knows what these make of means and
        deviations, quantiles, bin edges, and, for a table, categories and medians.

        split: whose rows they are
        scaling, loss, target_transform, clip_predictions, encoding, sizes: the recipe's, as in `fit_scaling`.
        score_test: whether test rows are scored in every epoch
        """
        data = split.data
        parts = {"valid": split.valid} if len(split.valid) else {}
        if score_test and len(split.test):
            parts["test"] = split.rows("test")
        found = cls(
            x=data.x,
            y=data.y,
            task=data.task,
            outputs=data.n_outputs,
            train=split.train,
            scaling=fit_scaling(
                data, split.train, scaling, loss, target_transform, clip_predictions, encoding, None, **sizes
            ),
            parts=parts,
            row_weights=row_weights(data),
            categories=categories_of(data.preprocessing),
            streamed=data.streamed,
        )
        return found if split.folds is None else found.with_folds(split.folds)

    @classmethod
    def stacked(cls, sets: Sequence[Dataset], parts: Mapping[str, NDArray[np.integer]], loss: str = "auto") -> Examples:
        """Data sets of one shape, so that one program trains nets on all: a job with `rows` g learns from set g alone.

        sets: the data sets
        parts: name -> rows of a set that are scored every epoch; "train" are those that train. Each set is scaled as it
        says, by its own training rows.
        loss: as in `fit_scaling`.
        InputError where the sets differ in shape or task.
        """
        first = sets[0]
        for number, each in enumerate(sets):
            if (each.x.shape, each.y.shape, each.task) != (first.x.shape, first.y.shape, first.task):
                rule = f"stacked data sets must all have shape {first.x.shape} and be for {first.task}"
                raise InputError(problem("Examples", rule, got=f"{each.x.shape}, {each.task} (set {number})"))
            if each.weight is not None:
                raise InputError(problem("Examples", "stacked data sets have no row weights", got=f"set {number}"))
        train = np.asarray(parts["train"], np.int32)
        own = tuple(fit_scaling(each, train, loss=loss) for each in sets)
        plain = (
            all(not each.shift.any() and (each.scale == 1).all() and each.bend is None for each in own)
            and not first.scale_targets
        )
        return cls(
            x=np.concatenate([each.x for each in sets]),
            y=np.concatenate([each.y for each in sets]),
            task=first.task,
            outputs=first.n_outputs,
            train=train,
            scaling=own[0],
            parts={name: np.asarray(rows, np.int32) for name, rows in parts.items() if name != "train"},
            own_scalings=None if plain else own,
            set_rows=len(first.x),
        )

    def with_folds(self, folds: Indexes, fit: Callable[[Indexes], Scaling] | None = None) -> Examples:
        """These rows for cross-validation: a job with `rows` k trains on all folds but k, and is scored on fold k.

        The part "valid" becomes the training rows, each net's own fold of them; batches take as many rows from every
        fold.

        folds: [n] the fold of each training row, from 0.
        fit: row numbers -> their scaling; each fold is then scaled by the rows that it learns from alone, so that
        nothing of a held-out row leaks into its nets.
        """
        of_row = np.full(len(self.y), -1, np.int32)
        of_row[self.train] = folds
        own = np.stack([of_row == fold for fold in range(int(folds.max()) + 1)])  # [G, N]
        # a row outside the training part, of fold -1, weighs nothing for any net
        learns = (of_row >= 0) & ~own
        return replace(
            self,
            parts={**self.parts, "valid": self.train},
            weights=learns.astype(np.float32),
            part_weights={**self.part_weights, "valid": own.astype(np.float32)},
            folds=of_row,
            own_scalings=None if fit is None else tuple(fit(np.flatnonzero(rows).astype(np.int32)) for rows in learns),
        )

    @property
    def learning_weights(self) -> Numbers | None:
        """[G, N] or [1, N]: how much each row counts in training; None where all count alike."""
        return self._weighed(self.weights)

    def weights_of(self, part: str) -> Numbers | None:
        """[G, N] or [1, N]: how much each row counts in the score of a part; None where all count alike."""
        return self._weighed(self.part_weights.get(part))

    def _weighed(self, sets: Numbers | None) -> Numbers | None:
        if self.row_weights is None:
            return sets
        return self.row_weights[None] if sets is None else sets * self.row_weights

    @property
    def rows_an_epoch(self) -> int:
        """How many rows an epoch has."""
        return len(self.train) if self.streamed is None else self.streamed.rows

    @property
    def own_inputs(self) -> int:
        """Numbers of a row that every net holds by itself; 0 where nets share its inputs. A clip of a net's own, or an
        encoding, cannot move into the first layer.
        """
        own, encoding = self.own_scalings or (), self.scaling.encoding
        if isinstance(encoding, PeriodicColumns):
            return self.inputs + encoding.own_width
        return self.inputs * any(scaling.bend is not None or scaling.encoding is not None for scaling in own)

    @property
    def inputs(self) -> int:
        """Inputs of the first layer: D, and the components of encoded ones."""
        return int(self.x.shape[1]) + (0 if self.scaling.encoding is None else self.scaling.encoding.width)

    def scaling_of(self, rows: int) -> Scaling:
        """The scaling of the nets with this set of row weights."""
        return self.scaling if self.own_scalings is None else self.own_scalings[rows]


def row_weights(data: Dataset) -> Numbers | None:
    """The weights of a data set's rows in float32, [N], with mean 1: sums of large or tiny ones stay finite there."""
    weights = data.weight_of(np.arange(len(data)))
    return None if weights is None else (weights / weights.mean()).astype(np.float32)


def scaled_by(recipe: Recipe) -> dict[str, Any]:
    """What of a recipe decides how inputs and targets are scaled, as arguments of `of_split` and `fit_scaling`."""
    sizes = {"piecewise": ("bins",), "pbld": ("frequencies", "components")}.get(recipe.encoding, ())
    fields = ("scaling", "loss", "target_transform", "clip_predictions", "encoding", *sizes)
    return {name: getattr(recipe, name) for name in fields}


def fit_scaling(
    data: Dataset,
    rows: Indexes,
    scaling: str = "auto",
    loss: str = "auto",
    target_transform: str = "none",
    clip_predictions: bool = False,
    encoding: str = "none",
    columns: Indexes | None = None,
    **sizes: int,
) -> Scaling:
    """The scaling of a data set, from its training rows.

    scaling: none; unit (by the largest value that the storage type holds, or the largest magnitude among the rows);
    standard (mean 0, standard deviation 1; a column without spread is only shifted); robust (as tables scale numbers,
    with a smooth clip); auto, what the data set says.
    loss: "poisson" takes targets as they are, whatever the data set says.
    target_transform: of numeric targets, before they are scaled; InputError where the training rows have none such.
    clip_predictions: whether predictions stay within the range of these rows' targets without one, too.
    encoding: of the scaled inputs: "piecewise" and "pbld" encode the columns given, or those that `encoded_columns`
    chooses of the rows. sizes: `bins` of the one, `frequencies` and `components` of the other.
    """
    kind = data.scaling if scaling == "auto" else scaling
    width = data.x.shape[1]
    shift, scale = np.zeros(width, np.float32), np.ones(width, np.float32)
    if kind == "unit":
        scale[:] = 1.0 / _largest(data.x, rows)
    elif kind == "standard":
        shift, scale = _standard(data.x[rows])
    bend = None
    if kind == "robust":
        shift, scale, bend = robust_scaling(data.x[rows])
        bend = bend if bend.any() else None
    target_shift, target_scale = np.zeros(data.n_outputs, np.float32), np.ones(data.n_outputs, np.float32)
    transform = None
    if data.task == "regression" and loss != "poisson":
        transform = fit_transform(data.y[rows], target_transform, clip=clip_predictions)
    if data.scale_targets and loss != "poisson":
        values = data.y[rows]
        target_shift, target_scale = _standard(values if transform is None else transform.forward(values))
    found = Scaling(shift, scale, target_shift, target_scale, bend, transform)
    return (
        found
        if encoding == "none"
        else replace(found, encoding=_encoding(encoding, data, rows, found, columns, **sizes))
    )


def _encoding(
    kind: str,
    data: Dataset,
    rows: Indexes,
    scaling: Scaling,
    columns: Indexes | None,
    bins: int = BINS,
    frequencies: int = FREQUENCIES,
    components: int = COMPONENTS,
) -> PiecewiseEncoding | PeriodicColumns | None:
    """The encoding of inputs that are scaled so; None where no column has enough distinct values."""
    x = data.x[rows]
    chosen = encoded_columns(x) if columns is None else columns
    if not len(chosen):
        return None
    if kind == "pbld":
        return PeriodicColumns(chosen, frequencies, components)
    return PiecewiseEncoding(chosen, np.stack([edges_of(scaling.scaled(x, int(each)), bins) for each in chosen]))


def _largest(x: NDArray[np.generic], rows: Indexes) -> float:
    if x.dtype.kind in "ui":
        return float(np.iinfo(str(x.dtype)).max)
    return float(np.abs(x[rows]).max()) or 1.0


def _standard(values: NDArray[np.generic]) -> tuple[Numbers, Numbers]:
    # in float64: a long float32 sum loses the digits that a column far from 0 with little spread needs
    mean = values.mean(axis=0, dtype=np.float64)
    spread = values.std(axis=0, dtype=np.float64)
    return mean.astype(np.float32), (1.0 / np.where(spread > 0, spread, 1.0)).astype(np.float32)
