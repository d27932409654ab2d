"""`goodfit measure`."""

from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter


def measure(
    run: Annotated[Path, Parameter(help="Folder of a finished run or search, or a model file.")],
    data: Annotated[
        str | None,
        Parameter(help="New rows: a table file or a data set. [default: those that the run held out]"),
    ] = None,
    /,
    *,
    target: Annotated[
        list[str] | None, Parameter(help="Target column of DATA. [default: as in the run]", metavar="NAME", negative=())
    ] = None,
    positive: Annotated[
        str | None,
        Parameter(
            help="Of two classes, that of average precision, F1 and --costs. [default: the second, or a rare first]"
        ),
    ] = None,
    costs: Annotated[
        str | None,
        Parameter(help="Costs of a false positive and a false negative: find the threshold.", metavar="FP,FN"),
    ] = None,
    json: Annotated[bool, Parameter(help="Print one JSON object instead of tables.", negative=())] = False,
    quiet: Annotated[bool, Parameter(help="Show no progress.", negative=())] = False,
) -> None:
    """Measure what a model predicts: accuracy beside the largest class, ROC AUC, F1, confusion matrix, errors.

    The sealed test set stays closed. New rows are recorded in the ledger, as by 'goodfit test'.
    """
    from goodfit.cli.folders import name_of
    from goodfit.cli.measure_tables import print_measures
    from goodfit.cli.output import print_json
    from goodfit.cli.progress import watch
    from goodfit.cli.tables import one_or_several
    from goodfit.runs import measures, threshold

    paid = None if costs is None else _two(costs)
    with watch(quiet=quiet) as watcher:
        how: dict[str, Any] = {"target": one_or_several(target), "positive": positive, "progress": watcher.step}
        chosen = None if paid is None else threshold(run, data, false_positive=paid[0], false_negative=paid[1], **how)
        found = measures(run, data, **how)
    if json:
        print_json({**found.to_dict(), "threshold": None if chosen is None else chosen.to_dict()})
    else:
        print_measures(found, f"{name_of(run)}, {found.rows:,} rows", chosen)


def _two(text: str) -> tuple[float, float]:
    """What a false positive and a false negative cost, from FP,FN."""
    from goodfit.errors import InputError, problem

    try:
        first, second = map(float, text.split(","))
    except ValueError:
        rule, fix = "'--costs' must be two numbers, FP,FN", "For example, --costs 1,20."
        raise InputError(problem("Command line", rule, got=text, fix=fix)) from None
    return first, second
