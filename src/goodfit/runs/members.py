"""Fold members: nets that each learned from all folds but one. What they say of rows that they had not seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from goodfit.data import Split
from goodfit.files import write_atomically
from goodfit.models.quantiles import quantiles_of
from goodfit.models.scores import Score
from goodfit.models.stacked import score_values, stacked_values
from goodfit.models.trained_net import TrainedNet
from goodfit.training import tensor_file

FILE = "out-of-fold.safetensors"
LARGEST = np.finfo(np.float32).max
KIND, VERSION = "out-of-fold predictions", 1


@dataclass(frozen=True, eq=False)
class OutOfFold:
    """Predictions for training rows by the nets that did not learn from them, mean over these.

    All training rows but those of folds that only diverged nets left out. rows: [n] their numbers in the data set;
    folds: [n] the fold of each; values: float32 [n, C], probabilities of the classes or labels, or numbers in the unit
    of the targets.
    """

    rows: NDArray[np.int32]
    folds: NDArray[np.int32]
    values: NDArray[np.float32]
    quantiles: NDArray[np.float64] | None = None
    """[n, T, L] of nets that give quantiles; None for others, and where it was read from a folder."""

    def write(self, folder: Path) -> None:
        """Write it into the folder of a run."""
        arrays = {"rows": self.rows, "folds": self.folds, "values": self.values}
        write_atomically(folder / FILE, tensor_file.pack(arrays, {}, kind=KIND, version=VERSION))

    @classmethod
    def read(cls, folder: Path, members: int, outputs: int, frozen: NDArray[np.bool_]) -> OutOfFold:
        """From the folder of a run of so many folds, whose nets have so many outputs; InputError where its file is
        damaged or missing. frozen: [P] which of its nets diverged.
        """
        path = folder / FILE
        found = tensor_file.read(path, kind=KIND, version=VERSION)
        try:
            rows, folds = (tensor_file.array_of(found.arrays, name, "iu", None) for name in ("rows", "folds"))
            values = tensor_file.array_of(found.arrays, "values", "f", len(rows), outputs)
            if len(folds) != len(rows) or len(np.unique(rows)) < len(rows) or rows.min(initial=0) < 0:
                raise ValueError("every row stands once, and has a fold")
            needed = {fold_of(net, members) for net in _sound(frozen)}
            if not needed <= {*folds.tolist()} <= {*range(members)} or not np.isfinite(values).all():
                raise ValueError("folds are counted from 0, and values are finite")
        except (KeyError, ValueError) as error:
            raise tensor_file.damaged(path, KIND) from error
        return cls(rows, folds, values)


def _sound(frozen: NDArray[np.bool_]) -> NDArray[np.intp]:
    """The nets that predict: those that did not diverge, or all where all did."""
    return np.flatnonzero(~frozen | frozen.all())


def fold_of(net: int, folds: int) -> int:
    """The fold that a net leaves out: in turn, so that so many nets, or a multiple of them, leave out each alike."""
    return net % folds


def sound_by_fold(frozen: NDArray[np.bool_], folds: int) -> list[list[int]]:
    """The places of the nets that leave out each fold and predict; [] for a fold that has none of these."""
    return [[net for net in _sound(frozen) if fold_of(net, folds) == fold] for fold in range(folds)]


def score_folds(
    nets: Sequence[TrainedNet], frozen: NDArray[np.bool_], parts: Split
) -> tuple[dict[str, Score], OutOfFold]:
    """(scores, out-of-fold predictions) of the nets of a split with folds.

    "train" scores each row by the mean over the nets that learned from it, "valid" by the mean over those that did not.
    Nets that are frozen do not count, as they do not predict, unless all are. Rows that only such nets left out have no
    out-of-fold prediction, and are in no score of these.
    """
    folds = parts.folds
    assert folds is not None
    count, rows = int(folds.max()) + 1, parts.train
    out, own = (np.zeros((len(rows), nets[0].n_outputs)) for _ in range(2))  # sums over nets
    head = nets[0].head
    quantiles = None if head is None else np.zeros((len(rows), nets[0].n_outputs, len(head.levels)))
    heard = np.zeros((2, count))  # how many nets gave to each, as often as they count
    of_net = np.asarray([fold_of(net, count) for net in range(len(nets))])
    sound = _sound(frozen)
    for place, values in stacked_values([nets[net] for net in sound], parts.data.x[rows]):
        fold = of_net[sound[place]]
        left_out = folds == fold
        finite = np.clip(np.where(np.isnan(values), 0, values), -LARGEST, LARGEST)  # of nets that diverged
        finite = finite * nets[sound[place]].count
        out[left_out] += finite[left_out]
        own[~left_out] += finite[~left_out]
        if quantiles is not None:
            own_rows = np.flatnonzero(left_out)
            net = nets[sound[place]]
            quantiles[own_rows] += net.count * quantiles_of(net, parts.data.x[rows[own_rows]])
        heard += nets[sound[place]].count * np.array([np.arange(count) == fold, np.arange(count) != fold])
    data, task = parts.data, nets[0].task
    there, learned = heard[0, folds] > 0, heard[1, folds] > 0
    values = (out[there] / heard[0, folds[there], None]).astype(np.float32)
    of_own = (own[learned] / heard[1, folds[learned], None]).astype(np.float32)
    scores = {
        part: score_values(task, predicted, data.y[rows[some]], data.weight_of(rows[some]))
        for part, predicted, some in (("train", of_own, learned), ("valid", values, there))
    }
    if quantiles is not None:
        quantiles = quantiles[there] / heard[0, folds[there], None, None]
    return scores, OutOfFold(rows[there], folds[there], values, quantiles)


def left_out_note(found: OutOfFold, parts: Split) -> tuple[str, ...]:
    """What is to be said of training rows without an out-of-fold prediction; () where all have one."""
    lost = len(parts.train) - len(found.rows)
    text = (
        f"{lost:,} of {len(parts.train):,} training rows are left out: all nets that did not learn from them diverged."
    )
    return (text,) if lost else ()
