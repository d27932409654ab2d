"""`goodfit inspect`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from goodfit.cli import tables
from goodfit.cli.device_flags import with_device_flags
from goodfit.cli.exits import say
from goodfit.cli.folders import resumable
from goodfit.cli.train import refuse_beside_resume, seeds_from
from goodfit.errors import InputError, problem

if TYPE_CHECKING:
    from goodfit.inspection import Inspection
    from goodfit.inspection.trial import Trial
    from goodfit.models import Model
    from goodfit.runs import Run


def _flag(help: str, name: str | None = None) -> Parameter:
    return Parameter(name=name, help=help, negative=())


@with_device_flags
def inspect(
    net: Annotated[Path | None, Parameter(help="Run folder or model file.")] = None,
    data: Annotated[
        str | None, Parameter(help="Name of a data set, or a table file. [default: the training data of the run]")
    ] = None,
    /,
    *,
    target: Annotated[
        list[str] | None, Parameter(help="Target column of the table, if the model file does not name it.", negative=())
    ] = None,
    which: Annotated[int, Parameter(help="Which net of several, counted from 0.")] = 0,
    all: Annotated[bool, _flag("Also show findings that are ok or cannot tell.")] = False,
    attempt: Annotated[bool, _flag("Train the advised recipe and the current one, and compare them.", "--try")] = False,
    seeds: Annotated[int, Parameter(help="Seeds per recipe with --try.")] = 5,
    resume: Annotated[Path | None, Parameter(help="Run folder: resume its --try, which was interrupted.")] = None,
    quick: Annotated[bool, _flag("Skip the Hessian and the learning rate range test.")] = False,
    steps: Annotated[bool, _flag("Instead, show the forward and backward pass of --rows step by step.")] = False,
    rows: Annotated[str, Parameter(help="Training examples for --steps, such as 0,3,10-12.")] = "0",
    check: Annotated[bool, _flag("Instead, check the gradient against finite differences.")] = False,
    figure: Annotated[Path | None, Parameter(help="Write a figure of the passes to this .svg or .png file.")] = None,
    json: Annotated[bool, _flag("Print one JSON object instead of tables.")] = False,
    quiet: Annotated[bool, _flag("Show no progress and no notes.")] = False,
) -> None:
    """Diagnose a net: activations and gradients by layer, what is wrong, and how to fix it."""
    given = locals()
    how: dict[str, Any] = {
        "data": data,
        "target": tables.one_or_several(target),
        "which": which,
        "seeds": seeds,
        "quick": quick,
    }
    told = not quiet
    if resume is not None:
        from goodfit.inspection.trial import unfinished_call

        refuse_beside_resume(inspect, given, "all", "figure", "attempt", rest="--all, --figure, --json and --quiet")
        net, attempt, how = resume, True, how | unfinished_call(resume)
    if net is None:
        raise InputError(problem("Command line", "'NET' must be given", fix="Give a run folder or a model file."))
    if steps or check:
        _passes(net, how, None if check and not steps else rows, figure, json=json, told=told)
    else:
        _findings(net, how, figure, attempt=attempt, every=all, json=json, told=told)


def _passes(net: Path, how: dict[str, Any], rows: str | None, figure: Path | None, *, json: bool, told: bool) -> None:
    """Both passes of some rows, step by step; the check of the gradient where no rows are given."""
    from goodfit.cli import step_output

    subject = opened(net)
    known = rows_of(subject, how["data"], how["target"], told=told)
    if rows is None:
        step_output.show_check(subject, known, how["which"], json=json)
    else:
        step_output.show_steps(subject, known, how["which"], rows, figure, json=json)


def _findings(
    net: Path, how: dict[str, Any], figure: Path | None, *, attempt: bool, every: bool, json: bool, told: bool
) -> None:
    from goodfit.cli.inspection_tables import print_inspection, print_trial
    from goodfit.cli.output import print_json
    from goodfit.inspection import inspect as look

    chosen, subject = seeds_from(0, how["seeds"]), opened(net)
    retrain = not how["quick"]
    known = rows_of(subject, how["data"], how["target"], told=told)
    found = look(subject, known, which=how["which"], curvature=retrain, retrain=retrain)
    if figure is not None:
        from goodfit.figures import write_figure

        write_figure(found.figure(), figure)
    trial = _tried(found, net, chosen, how) if attempt and found.advice else None
    if attempt and trial is None and told:
        say("Nothing to try: " + ("no issues were found." if not found.issues else "the issues come without advice."))
    if json:
        print_json({**found.to_json(), "trial": None if trial is None else trial.to_json()})
        return
    print_inspection(found, every=every, which=how["which"], nets=len(subject.nets))
    if trial is not None:
        print_trial(trial)


def _tried(found: Inspection, net: Path, seeds: range, how: dict[str, Any]) -> Trial:
    """The trial of the advice; a run keeps in its folder what is trained for it until it is done."""
    from goodfit.inspection.trial import RECORD, UNFINISHED

    if not os.path.isdir(net):
        return found.try_advice(seeds)
    data = how["data"]
    call = {**how, "data": str(Path(data).resolve()) if data is not None and tables.is_table(data) else data}
    with resumable("inspect", net, f"{UNFINISHED}/{RECORD}"):
        return found.try_advice(seeds, out=net, call=call)


def opened(net: Path) -> Run | Model:
    """A run from its folder, or a model from its file."""
    from goodfit.models import load_model
    from goodfit.runs import load

    return load(net) if os.path.isdir(net) else load_model(net)


def rows_of(net: Run | Model, data: str | None, target: str | list[str] | None, *, told: bool) -> Any:
    """The data set of that name, or the rows of that table file; None where none was given.

    told: whether progress and notes are shown
    """
    table = data is not None and tables.is_table(data)
    if target is not None and not table:
        rule, fix = "'--target' names a column of a table file", "Give the file too, or omit --target."
        raise InputError(problem("Command line", rule, got=target, fix=fix))
    if data is None:
        return None
    if not table:
        from goodfit.cli.progress import watch
        from goodfit.data import load

        with watch(quiet=not told) as watcher:
            return load(data, progress=watcher.step)
    from goodfit.inspection import table_rows
    from goodfit.inspection.inspecting import model_of

    found = table_rows(model_of(net), data, target=target)
    for note in found.notes if told else ():
        say(f"Note: {note}")
    return found.data
