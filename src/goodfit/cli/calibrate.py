"""`goodfit calibrate`."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter


def calibrate(
    run: Annotated[Path, Parameter(help="Folder of a finished run or search, or a model file.")],
    data: Annotated[
        str | None,
        Parameter(help="New rows: a table file or a data set. [default: those that the run held out]"),
    ] = None,
    /,
    *,
    target: Annotated[
        str | None, Parameter(help="Target column of DATA. [default: as in the run]", metavar="NAME")
    ] = None,
    classes: Annotated[bool, Parameter(help="Look at every class by itself as well.", negative=())] = False,
    out: Annotated[
        Path | None, Parameter(help="Reliability diagram to write (.svg, .png), or a folder for it and the numbers.")
    ] = None,
    save: Annotated[Path | None, Parameter(help="Model file to write, with the temperature folded in.")] = None,
    save_anyway: Annotated[
        bool, Parameter(help="Write it with a temperature that is not advised, too.", negative=())
    ] = False,
    json: Annotated[bool, Parameter(help="Print one JSON object instead of tables.", negative=())] = False,
    quiet: Annotated[bool, Parameter(help="Show no progress.", negative=())] = False,
) -> None:
    """Say whether a classifier is as sure as it is right, and find the temperature that mends it.

    The sealed test set stays closed. New rows are recorded in the ledger, as by 'goodfit test'.
    """
    from goodfit.cli.calibration_tables import print_calibration
    from goodfit.cli.output import print_json
    from goodfit.cli.progress import watch
    from goodfit.errors import InputError
    from goodfit.runs.calibrating import calibrate_folder

    with watch(quiet=quiet) as watcher:
        found, written = calibrate_folder(run, data, target, classes, watcher.step, out, save, save_anyway)
    if json:
        print_json(found.to_json())
    else:
        print_calibration(found, written)
    if save is not None and "Model" not in written:  # after what the opening of new rows was spent on
        raise InputError(found.doubt)
