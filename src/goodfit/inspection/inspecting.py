"""`goodfit.inspect`: gather the evidence about a net, examine it, and say what to change."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from goodfit.arguments import public
from goodfit.data import Dataset, Split, split
from goodfit.data.tables.targets import own_order
from goodfit.errors import GoodfitError, InputError, Problems, nearest, problem
from goodfit.inspection.advising import Advice, advise
from goodfit.inspection.beginning import initial_net
from goodfit.inspection.constant import constant_loss
from goodfit.inspection.findings import CHECKS, Evidence, Finding, Losses, examine
from goodfit.inspection.learning_rates import RangeTest
from goodfit.inspection.measuring import Measurement, measure
from goodfit.inspection.probe import run_probe
from goodfit.inspection.raw_tables import table_rows
from goodfit.inspection.retraining import range_test, retrained
from goodfit.inspection.subject import MOST_ROWS, WHERE, Subject, subject_of
from goodfit.inspection.trial import SEEDS, Trial, try_advice
from goodfit.models.member_nets import member_nets
from goodfit.models.model_file import STARTED, Model
from goodfit.models.predicting import ENSEMBLE
from goodfit.models.trained_net import TrainedNet
from goodfit.notices import warn
from goodfit.runs.checks import as_split, fitted_recipe
from goodfit.runs.run import Run
from goodfit.training.devices import prepare
from goodfit.training.recipe import Recipe
from goodfit.training.recipe_rules import ALONE
from goodfit.wiring import provided
from goodfit.words import as_listed

if TYPE_CHECKING:
    from matplotlib.figure import Figure

GOING_ON = (
    "The learning rate range test and the trainings that look for what holds a net back were left out: they begin with "
    "weights drawn anew, and this net went on from trained ones."
)
MEDIANS = "Losses and gradients are those of the medians alone, as absolute errors, and not of the other quantiles."
MEMBERS = (
    "Looked at is the first of the members that share the net's weights, as a net of its own; losses by epoch are "
    "those of all members together. What its start and trainings anew would say was left out."
)


@dataclass(frozen=True, eq=False, repr=False)
class Inspection:
    """What an inspection found.

    evidence: what the checks looked at
    findings: one a check, in order
    advice: one change of recipe for all issues
    recipe, parts: what the net was trained by and on, None where not known
    note: what was left out, and what is to be known of the net; "" if nothing.
    """

    evidence: Evidence
    findings: tuple[Finding, ...]
    advice: Advice
    recipe: Recipe | None
    parts: Split | None
    note: str

    @property
    def issues(self) -> tuple[Finding, ...]:
        """The findings with the status "issue"."""
        return tuple(finding for finding in self.findings if finding.status == "issue")

    @property
    def measurement(self) -> Measurement:
        """What was measured of the net."""
        return self.evidence.final

    def __getitem__(self, code: str) -> Finding:
        """The finding of a code; InputError with the nearest code where there is none."""
        for finding in self.findings:
            if finding.code == code:
                return finding
        raise InputError(problem(WHERE, "no such finding", got=code, fix=nearest(code, CHECKS)))

    def try_advice(
        self,
        seeds: int | Iterable[int] = range(SEEDS),
        *,
        out: str | Path | None = None,
        call: Mapping[str, Any] | None = None,
    ) -> Trial:
        """Train the advised recipe beside the present one; see `trial.try_advice`.

        InputError where there is no advice, or recipe and data are not known.

        seeds: how many nets of each recipe, or their seeds
        out: folder that keeps what was trained, None for none
        call: what else was asked for, kept in the folder
        """
        if self.recipe is None or self.parts is None:
            rule = "trying the advice needs the recipe and the data"
            raise InputError(problem(WHERE, rule, fix="Inspect a run, or give recipe= and the data set."))
        return try_advice(self.advice, self.recipe, self.parts, seeds, out=out, call=call)

    def figure(self) -> Figure:
        """The flow: activations and gradients from the inputs to the outputs, with the issues at their place."""
        from goodfit.figures.flow import flow
        from goodfit.inspection.tables import flow_table

        return flow(flow_table(self.measurement, self.issues))

    def to_json(self) -> dict[str, Any]:
        """Everything that `goodfit inspect --json` prints, as JSON has it."""
        initial, rates, variants = self.evidence.initial, self.evidence.rates, self.evidence.variants
        return {
            "net": repr(self.measurement.subject.net),
            "rows": len(self.measurement.subject.rows),
            "note": self.note,
            "findings": [finding.to_json() for finding in self.findings],
            "advice": self.advice.recipe,
            "data_advice": self.advice.data,
            "constant_loss": self.evidence.constant,
            "final": self.measurement.to_json(),
            "initial": None if initial is None else initial.to_json(),
            "range_test": None if rates is None else {"rates": rates.rates.tolist(), "losses": rates.losses.tolist()},
            "variants": None if variants is None else {name: variants.reached(name) for name in variants.losses},
        }

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        return str(provided("show in a notebook")(self))

    def __repr__(self) -> str:
        found = ", ".join(finding.code for finding in self.issues) or "no issue"
        return f"Inspection({self.measurement.subject.net!r}: {found})"


@public
def inspect(
    net: Run | Model | TrainedNet,
    x: Any = None,
    y: Any = None,
    *,
    recipe: Recipe | None = None,
    losses: Losses | None = None,
    which: int = 0,
    rows: int = MOST_ROWS,
    curvature: bool = True,
    retrain: bool = True,
) -> Inspection:
    """Look inside a net: what happens on its way forward and back, and why it does not learn, if it does not.

    net: a run, a model, or a net (`goodfit.inspection.describe_net` makes one of weights).
    x, y: raw inputs and targets; or x a Dataset or Split, whose training rows are taken; or, for nets that were trained
    on a table, a table file, a Table, a data frame or a dict of columns (see `table_rows`); a run knows its own.
    recipe: what the net was trained by, where it does not know, as of an ensemble's nets but those of its first
    setting; without one, findings on the start and the steps are "cannot tell".
    losses: of its training so far, which a run knows; without them it is not known whether the net was trained.
    which: the net among several.
    rows: that are measured, at most.
    curvature: measure the Hessian's largest eigenvalue.
    retrain: allow the range test of learning rates, which trains the recipe a dozen times, for some seconds; and where
    the net learned little, the trainings without what may hold it back.
    """
    prepare()
    chosen = _chosen(net, which)
    recipe = recipe or _recipe_of(net, which)
    parts = _parts(net, chosen, recipe, x, y)
    shared = chosen.members is not None
    if recipe is not None:  # of fold members one is looked at, with its fold as validation rows
        recipe = fitted_recipe(recipe.replace(fold_members=0) if recipe.fold_members else recipe, parts)
    alone = recipe.replace(**ALONE) if recipe is not None and shared else recipe  # of what is measured
    subject = _subject(chosen, recipe, parts.x("train"), parts.y("train"), rows)
    drawn, start = _beginning(net, which)
    drawn = drawn and not shared
    retrain = retrain and drawn
    if recipe is not None and recipe.init_data != "none" and not isinstance(net, Run):
        drawn = False  # the rows to which its initial weights were fitted are not known
    losses = losses or _losses(net, which)
    evidence = gather(
        subject, alone, parts, losses=losses, curvature=curvature, retrain=retrain, drawn=drawn, start=start
    )
    findings = examine(evidence)

    def test_again(advice: Advice) -> RangeTest | None:
        if not retrain or recipe is None:
            return None
        return range_test(advice.applied(recipe), advice.split(parts))

    advice = advise(findings, evidence, test_again)
    notes = [subject.note, MEMBERS if shared else "" if drawn else GOING_ON, "" if chosen.head is None else MEDIANS]
    if isinstance(net, Run) and net.refit is not None:
        notes.append(f"Looked at is a net from before. {net.refit}")
    return Inspection(evidence, findings, advice, recipe, parts, " ".join(filter(None, notes)))


@public
def rows_of(net: Run | Model | TrainedNet, numbers: Sequence[int], data: Any = None, *, which: int = 0) -> Subject:
    """A net with some of the rows that it learned from, to be looked at step by step. Of members the first is taken.

    The subject's rows are numbers in the data set.

    net: a run, a model, or a net
    numbers: places among the training rows in the order of the data set, from 0; test rows stay sealed.
    data: the Dataset or Split, where the net is not a run that knows its own.
    which: the net among several
    """
    chosen, recipe = _chosen(net, which), _recipe_of(net, which)
    parts = _parts(net, chosen, recipe, data, None)
    train = np.sort(parts.train)
    problems = Problems()
    for number in numbers:
        if not 0 <= number < len(train):
            problems.add(WHERE, f"a row must be a training example, from 0 to {len(train) - 1}", got=number)
    problems.raise_if_any()
    at = train[np.asarray(numbers, np.int64)]
    return replace(_subject(chosen, recipe, parts.data.x[at], parts.data.y[at]), rows=at)


def subject_for(net: Run | Model | TrainedNet, x: Any = None, y: Any = None, *, which: int = 0) -> Subject:
    """A net with the rows that `inspect` would measure it on; the arguments are its. Of members the first."""
    chosen, recipe = _chosen(net, which), _recipe_of(net, which)
    parts = _parts(net, chosen, recipe, x, y)
    return _subject(chosen, recipe, parts.x("train"), parts.y("train"))


def _subject(net: TrainedNet, recipe: Recipe | None, x: Any, y: Any, rows: int = MOST_ROWS) -> Subject:
    """With the recipe's loss, where there is one; of members that share weights, the first stands for all."""
    net = next(member_nets(net))
    if recipe is None:
        return subject_of(net, x, y, rows=rows)
    return subject_of(net, x, y, loss=recipe.loss, huber_delta=recipe.huber_delta, rows=rows)


def gather(
    subject: Subject,
    recipe: Recipe | None,
    parts: Split | None,
    *,
    losses: Losses | None = None,
    curvature: bool = True,
    retrain: bool = True,
    drawn: bool = True,
    start: TrainedNet | None = None,
) -> Evidence:
    """All that checks look at, for a net and the rows that it is measured on.

    drawn: whether its training began with the weights that its recipe draws; if not, start is the net that it began as,
    None where that is unknown.
    """
    began = start if recipe is None or not drawn else initial_net(recipe, subject.net, parts)
    initial = None
    if began is not None:
        initial = measure(subject.with_net(began), recipe, epoch=0, curvature=False)
    epoch = None if losses is None else losses.stopped
    steps = None
    if recipe is not None and parts is not None:
        steps = recipe.epochs * -(-len(parts.train) // recipe.batch_size)
    evidence = Evidence(
        final=measure(subject, recipe, epoch=epoch, curvature=curvature),
        initial=initial,
        recipe=recipe,
        steps=steps,
        constant=constant_loss(subject),
        losses=losses,
        rates=None,
        probe=run_probe(subject),
    )
    return retrained(evidence, parts) if retrain and parts is not None else evidence


def _chosen(net: Any, which: int) -> TrainedNet:
    if isinstance(net, TrainedNet):
        return net
    if not isinstance(net, Run | Model):
        fix = "goodfit.inspection.describe_net makes a net of weights."
        raise InputError(problem(WHERE, "'net' must be a run, a model or a net", got=type(net).__name__, fix=fix))
    if not 0 <= which < len(net.nets):
        raise InputError(problem(WHERE, f"'which' must be a net from 0 to {len(net.nets) - 1}", got=which))
    return net.nets[which]


def _recipe_of(net: Any, which: int) -> Recipe | None:
    """What trained a net; None where that is not known, as of an ensemble's nets but those of its first setting."""
    if isinstance(net, Run | Model):
        ensemble = net.ensemble if isinstance(net, Run) else net.about.get(ENSEMBLE)
        if ensemble is not None and (net.recipe is None or which >= net.recipe.fold_members):
            return None
    if isinstance(net, Run):
        return net.recipe
    # a recipe that only describes the layers of a net from elsewhere says nothing of its training
    return net.recipe if isinstance(net, Model) and "recipe" in net.about else None


def _beginning(net: Any, which: int) -> tuple[bool, TrainedNet | None]:
    """Whether the recipe drew the weights that a net's training began with, and if not, the net that it began as."""
    if isinstance(net, Run) and net.start is not None:
        start = net.start.start
        return False, start.nets[start.place(which)]
    return not (isinstance(net, Model) and STARTED in net.about), None


def _losses(net: Any, which: int) -> Losses | None:
    if not isinstance(net, Run):
        return None
    history = net.history
    return Losses(
        history["train_loss"][:, which].astype(np.float64),
        bool(history.frozen[which]),
        int(history.stopped_epoch[which]),
    )


def _parts(net: Any, chosen: TrainedNet, recipe: Recipe | None, x: Any, y: Any) -> Split:
    """The rows to look at, as a split whose training rows they are."""
    if isinstance(x, Split):
        return _fitting(chosen, x)
    if x is not None and y is None and not isinstance(x, Dataset) and (model := model_of(net)).preprocessing:
        rows = table_rows(model, x)
        for note in rows.notes:
            warn(note)
        x = rows.data
    if isinstance(x, Dataset) and recipe is not None and recipe.fold_members:
        return _fitting(chosen, as_split(recipe, x).with_valid(_place(net, chosen)))
    if isinstance(x, Dataset):
        valid = 0.0 if recipe is None else recipe.valid
        return _fitting(chosen, split(x, valid=valid, seed=0 if recipe is None else recipe.seed))
    if x is not None:
        subject_of(next(member_nets(chosen)), x, y, rows=1)  # says what does not fit
        data = Dataset("rows", x, y, chosen.task, chosen.classes)
        nothing = np.empty(0, np.int32)
        return Split(data, np.arange(len(data), dtype=np.int32), nothing, nothing)
    if not isinstance(net, Run):
        raise InputError(problem(WHERE, "'x' and 'y' must be given: the data of the net are unknown"))
    if net.split is None and net.folder is None:
        raise InputError(problem(WHERE, "'x' and 'y' must be given: the data of the run are unknown"))
    parts = split_of(net) if net.split is None else net.split
    return parts.with_valid(_place(net, chosen))


def _place(net: Run | Model | TrainedNet, chosen: TrainedNet) -> int:
    """The number of a net among those that it came with."""
    nets = (net,) if isinstance(net, TrainedNet) else net.nets
    return next(place for place, each in enumerate(nets) if each is chosen)


def model_of(net: Run | Model | TrainedNet) -> Model:
    """The nets with what turns a table into their inputs, where they were trained on one."""
    if isinstance(net, Model):
        return net
    return Model((net,)) if isinstance(net, TrainedNet) else net.model


def split_of(run: Run) -> Split:
    """The rows of a run that was loaded from its folder, read again."""
    from goodfit.runs import record, rows_again

    if run.folder is None:
        raise GoodfitError("A run without a folder has no rows to read.")
    call = "goodfit.inspect(goodfit.runs.load({}), data)"
    found = record.RunRecord.read(run.folder)
    data = rows_again.data_of(run.folder, found, None, call)
    return rows_again.read_split(run.folder, data, found, "inspected")


def _fitting(net: TrainedNet, parts: Split) -> Split:
    data, problems = parts.data, Problems()
    if data.n_inputs != net.n_inputs:
        rule = f"the net takes {net.n_inputs} features; {data.name!r} has a different number"
        problems.add(WHERE, rule, got=data.n_inputs)
    if (data.task, data.n_outputs) != (net.task, net.n_outputs):
        rule = f"the net is for {net.task} with {net.n_outputs} outputs; {data.name!r} is not"
        problems.add(WHERE, rule, got=f"{data.task}, {data.n_outputs} outputs")
    if data.targets != own_order(data.targets, net.targets):
        rule = "must have the targets of the net in its order: " + ", ".join(map(as_listed, net.targets))
        problems.add(f"Data {data.name!r}", rule, got=data.targets)
    problems.raise_if_any()
    return parts


def sharpness_words(measured: Measurement) -> str:
    """The curvature beside what the learning rate allows, in words."""
    if math.isnan(measured.sharpness):
        return "not measured"
    if math.isnan(measured.stable):
        return f"{measured.sharpness:.3g}"
    side = "below" if measured.sharpness < measured.stable else "above"
    return f"{measured.sharpness:.3g}, {side} 2 / learning rate = {measured.stable:.3g}"
