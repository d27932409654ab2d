"""`goodfit dependence`."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter


def dependence(
    run: Annotated[Path, Parameter(help="Folder of a finished run or search, or a model file.")],
    data: Annotated[
        str | None,
        Parameter(help="Rows to average over: a table file or a data set. [default: the held-out rows of the run]"),
    ] = None,
    /,
    *,
    column: Annotated[
        tuple[str, ...], Parameter(help="Column to vary; may be given several times.", metavar="NAME", negative=())
    ] = (),
    values: Annotated[
        str | None,
        Parameter(
            help="Values to set it to, separated by commas, of one column; one that holds a comma in double quotes.",
            metavar="VALUE,…",
        ),
    ] = None,
    points: Annotated[int, Parameter(help="How many values at most, of numbers and dates.", metavar="N")] = 20,
    figure: Annotated[Path | None, Parameter(help="Draw it as .svg or .png, of one column.", metavar="FILE")] = None,
    json: Annotated[bool, Parameter(help="Print a JSON list instead of tables.", negative=())] = False,
    quiet: Annotated[bool, Parameter(help="Show no progress.", negative=())] = False,
) -> None:
    """Show how a model's mean prediction changes as a column is set to one value after another.

    The band is the disagreement of the nets. No target is looked at, and the sealed test set stays closed.
    """
    from goodfit.cli.dependence_output import draw, print_dependence
    from goodfit.cli.folders import name_of
    from goodfit.cli.output import print_json
    from goodfit.cli.progress import watch
    from goodfit.data.tables import split_names
    from goodfit.runs.depending import partial_dependences

    with watch(quiet=quiet) as watcher:
        given = None if values is None else split_names([values])
        found = partial_dependences(run, column, data, values=given, points=points, progress=watcher.step)
    if figure is not None:
        draw(found, figure)
    if json:
        print_json([each.to_dict() for each in found])
    else:
        print_dependence(found, name_of(run))
