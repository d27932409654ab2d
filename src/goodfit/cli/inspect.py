"""`goodfit inspect`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from goodfit.errors import InputError, problem

if TYPE_CHECKING:
    from goodfit.runs import Model, Run


def inspect(
    net: Annotated[Path, Parameter(help="Folder of a run, or a model file.")],
    data: Annotated[str | None, Parameter(help="Name of a data set. [default: what the run was trained on]")] = None,
    /,
    *,
    which: Annotated[int, Parameter(help="The net among several, from 0.")] = 0,
    all: Annotated[bool, Parameter(help="Show findings that are ok or cannot tell too.", negative=())] = False,
    attempt: Annotated[
        bool, Parameter(name="--try", help="Train the advice beside the present recipe.", negative=())
    ] = False,
    seeds: Annotated[int, Parameter(help="Seeds that --try trains each recipe with.")] = 5,
    figure: Annotated[Path | None, Parameter(help="Draw the flow into this .svg or .png file.")] = None,
    quick: Annotated[bool, Parameter(help="No curvature, and no test of learning rates.", negative=())] = False,
    json: Annotated[bool, Parameter(help="Print one JSON object instead of tables.", negative=())] = False,
) -> None:
    """Look inside a net: what happens on its way forward and back, what is wrong with it, and what mends it."""
    from goodfit.cli.inspection_tables import print_inspection, print_trial
    from goodfit.cli.output import print_json
    from goodfit.cli.train import seeds_from
    from goodfit.inspection import inspect as look

    subject = opened(net)
    found = look(subject, rows_of(data), which=which, curvature=not quick, retrain=not quick)
    if figure is not None:
        from goodfit.figures import write_figure

        write_figure(found.figure(), figure)
    trial = found.try_advice(seeds_from(0, seeds)) if attempt and found.advice else None
    if json:
        print_json({**found.to_json(), "trial": None if trial is None else trial.to_json()})
        return
    print_inspection(found, every=all)
    if trial is not None:
        print_trial(trial)


def opened(net: Path) -> Run | Model:
    """A run from its folder, or a model from its file."""
    from goodfit.runs import load, load_model

    return load(net) if net.is_dir() else load_model(net)


def rows_of(data: str | None) -> Any:
    """The data set of that name, or None where none was given."""
    if data is None:
        return None
    from goodfit.cli.tables import is_table
    from goodfit.data import load

    if is_table(data):
        rule = "'DATA' must be a data set of goodfit's own; a run of a table finds the table itself"
        raise InputError(problem("Command line", rule, got=data, fix="Leave it out, or use goodfit.inspect in Python."))
    return load(data)
