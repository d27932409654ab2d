"""Looking inside nets while they train: between chunks of epochs, as often as a share of the time allows."""

import itertools
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from goodfit.inspection.layer_table import QUANTILE_FIELDS, write_layers
from goodfit.inspection.measuring import QUANTILES, row_norm, saturated_in
from goodfit.inspection.passes import run_passes
from goodfit.inspection.precision import SMALLEST, underflows
from goodfit.inspection.subject import Subject
from goodfit.models.member_nets import member_nets
from goodfit.models.quantile_head import split_head
from goodfit.models.trained_net import TrainedNet
from goodfit.nets.losses import LOSSES
from goodfit.training.cohort import Cohort
from goodfit.training.fitting import Report
from goodfit.training.population import NetArrays

MOST_SHARE = 0.05  # of the training time that looking may take; with all that it costs besides, less than a tenth
ROWS = 128  # that nets are looked at with
MOST_NETS = 16  # of a population, the first of them


@dataclass
class Watcher:
    """Called after every chunk of a training, with its report and cohort; keeps a table of layers by epoch.

    The end of the first chunk and that of the training are always looked at; compiling the passes is not counted, as it
    is not for training.

    share: of the training time that looking may take: where the next look would cost more, it is left out, so that few
    epochs of a fast training are seen and many of a slow one.
    rows: one dict an epoch, net and layer
    folder: of the run, which gets the table after every look.
    spent, compiling: seconds that looking and compiling took.
    """

    share: float = MOST_SHARE
    rows: list[dict[str, Any]] = field(default_factory=list)
    folder: Path | None = None
    spent: float = 0.0
    compiling: float = 0.0
    _last: float = 0.0
    _subject: Subject | None = None

    def __call__(self, report: Report, cohort: Cohort) -> None:
        """Look, if there is time for it."""
        trained = report.seconds["train"] - self.spent - self.compiling
        ends = report.epoch >= cohort.epochs or not report.active.any()
        if self.rows and not ends and self.spent + 2 * self._last > self.share * trained:
            return  # one look is left for the end
        began = time.perf_counter()
        nets = list(itertools.islice(zip(report.nets(), cohort.jobs, strict=True), MOST_NETS))
        if self._subject is None:
            fetched = time.perf_counter()
            self._subject = _subject(cohort, nets[0][0])
            run_passes(self._subject)  # compiles
            self.compiling = time.perf_counter() - fetched
            began += self.compiling
        self.rows = [row for row in self.rows if row["epoch"] < report.epoch]  # a resumed run sees some epochs again
        for number, (net, job) in enumerate(nets):
            looked = self._subject.with_net(_net(cohort, net, number))
            about = {"epoch": report.epoch, "net": number, "seed": job.recipe.seed}
            self.rows += [{**about, **row} for row in summary(looked)]
        if self.folder is not None:
            self.write(self.folder)
        self._last = time.perf_counter() - began
        self.spent += self._last

    def write(self, folder: str | Path) -> Path:
        """Write the table into a run's folder, whole or not at all; its path."""
        return write_layers(self.rows, Path(folder))


def summary(subject: Subject) -> list[dict[str, Any]]:
    """What is kept of every layer: fields of `LayerMeasure`, and quantiles as `flow_table` has them."""
    net, passes = subject.net, run_passes(subject)
    found = []
    for layer, z in enumerate(passes.z):
        last = layer == len(net.activations)
        values, gradient = z if last else passes.a[layer], passes.z_gradients[layer]
        after = np.nan if last else row_norm(passes.z_gradients[layer + 1])
        quantiles = np.stack([np.quantile(values, QUANTILES), np.quantile(np.abs(gradient), QUANTILES)])
        found.append(
            {
                "layer": "output" if last else f"hidden {layer + 1}",
                "mean": float(values.mean()),
                "variance": float(values.var()),
                "saturated": np.nan if last else saturated_in(net, layer, passes),
                "dead": np.nan if last else float((np.abs(passes.slopes_z[layer]) < SMALLEST).all(1).mean()),
                "weight_gradient": float(np.linalg.norm(passes.weight_gradients[layer])),
                "z_gradient": row_norm(gradient),
                "ratio": row_norm(gradient) / after if after > 0 else np.nan,
                "zeros": float((gradient == 0).mean()),
                "underflow": underflows(gradient),
                **dict(zip(QUANTILE_FIELDS, quantiles.ravel().tolist(), strict=True)),
            }
        )
    return found


def _subject(cohort: Cohort, net: NetArrays) -> Subject:
    """The first net with rows that it learns from."""
    examples, scaling = cohort.examples, cohort.examples.scaling
    rows = np.sort(np.random.default_rng(0).permutation(examples.train)[:ROWS])
    x = scaling.inputs(examples.x[rows], net.waves)
    target: np.ndarray = examples.y[rows]
    if examples.task != "classification":
        target = scaling.targets(target).T
    made = _net(cohort, net, 0)
    delta = cohort.jobs[0].recipe.huber_delta
    loss = "absolute-error" if cohort.program.levels else cohort.program.loss  # of the medians
    return Subject(made, x, target, examples.x[rows], rows, len(examples.train), loss, delta)


def _net(cohort: Cohort, net: NetArrays, number: int) -> TrainedNet:
    """A net of the population as the passes take one; inputs come scaled."""
    examples: Any = cohort.examples
    link: Any = "exp" if LOSSES[cohort.program.loss].link == "exp" else "identity"
    classes = () if examples.task == "regression" else tuple(map(str, range(examples.outputs)))
    activations = cohort.jobs[number].recipe.activations
    weights, biases, head = split_head(net.weights, net.biases, cohort.program.levels)
    about = {"classes": classes, "slopes": net.slopes, "link": link, "mixtures": net.mixtures, "head": head}
    made = TrainedNet(weights, biases, activations, examples.task, members=net.members, **about)
    return next(member_nets(made))  # of members that share weights the first stands for all
