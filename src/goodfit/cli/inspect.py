"""`goodfit inspect`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from goodfit.cli.exits import say
from goodfit.errors import InputError, problem

if TYPE_CHECKING:
    from goodfit.models import Model
    from goodfit.runs import Run


def _flag(help: str, name: str | None = None) -> Parameter:
    return Parameter(name=name, help=help, negative=())


def inspect(
    net: Annotated[Path, Parameter(help="Folder of a run, or a model file.")],
    data: Annotated[
        str | None, Parameter(help="Name of a data set, or a table file. [default: what the run was trained on]")
    ] = None,
    /,
    *,
    target: Annotated[str | None, Parameter(help="Column that the nets predict, where the model does not say.")] = None,
    which: Annotated[int, Parameter(help="The net among several, from 0.")] = 0,
    all: Annotated[bool, _flag("Show findings that are ok or cannot tell too.")] = False,
    attempt: Annotated[bool, _flag("Train the advice beside the present recipe.", "--try")] = False,
    seeds: Annotated[int, Parameter(help="Seeds that --try trains each recipe with.")] = 5,
    quick: Annotated[bool, _flag("No curvature, and no test of learning rates.")] = False,
    steps: Annotated[bool, _flag("Show the passes of --rows step by step instead.")] = False,
    rows: Annotated[str, Parameter(help="Training rows for --steps: 0,3,10-12.")] = "0",
    check: Annotated[bool, _flag("Check the gradient against differences instead.")] = False,
    figure: Annotated[Path | None, Parameter(help="Draw the flow, or the steps, into this .svg or .png file.")] = None,
    json: Annotated[bool, _flag("Print one JSON object instead of tables.")] = False,
) -> None:
    """Look inside a net: what happens on its way forward and back, what is wrong with it, and what mends it."""
    from goodfit.cli import step_output

    subject = opened(net)
    known = rows_of(subject, data, target)
    if steps:
        step_output.show_steps(subject, known, which, rows, figure, json=json)
    elif check:
        step_output.show_check(subject, known, which, json=json)
    else:
        _findings(subject, known, which, attempt, seeds, figure, every=all, quick=quick, json=json)


def _findings(
    net: Run | Model,
    data: Any,
    which: int,
    attempt: bool,
    seeds: int,
    figure: Path | None,
    *,
    every: bool,
    quick: bool,
    json: bool,
) -> None:
    from goodfit.cli.inspection_tables import print_inspection, print_trial
    from goodfit.cli.output import print_json
    from goodfit.cli.train import seeds_from
    from goodfit.inspection import inspect as look

    chosen = seeds_from(0, seeds)
    found = look(net, data, which=which, curvature=not quick, retrain=not quick)
    if figure is not None:
        from goodfit.figures import write_figure

        write_figure(found.figure(), figure)
    trial = found.try_advice(chosen) if attempt and found.advice else None
    if json:
        print_json({**found.to_json(), "trial": None if trial is None else trial.to_json()})
        return
    print_inspection(found, every=every)
    if trial is not None:
        print_trial(trial)


def opened(net: Path) -> Run | Model:
    """A run from its folder, or a model from its file."""
    from goodfit.models import load_model
    from goodfit.runs import load

    return load(net) if net.is_dir() else load_model(net)


def rows_of(net: Run | Model, data: str | None, target: str | None) -> Any:
    """The data set of that name, or the rows of that table file; None where none was given."""
    from goodfit.cli.tables import is_table

    table = data is not None and is_table(data)
    if target is not None and not table:
        rule, fix = "'--target' names a column of a table file", "Give the file too, or leave it out."
        raise InputError(problem("Command line", rule, got=target, fix=fix))
    if data is None:
        return None
    if not table:
        from goodfit.data import load

        return load(data)
    from goodfit.inspection import table_rows
    from goodfit.inspection.inspecting import model_of

    found = table_rows(model_of(net), data, target=target)
    for note in found.notes:
        say(f"Note: {note}")
    return found.data
