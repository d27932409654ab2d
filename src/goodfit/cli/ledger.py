"""`goodfit ledger`."""

from typing import Annotated

from cyclopts import Parameter


def ledger(
    *,
    width: Annotated[
        float | None,
        Parameter(help="Say how many openings are left before the interval is wider than this.", metavar="WIDTH"),
    ] = None,
    json: Annotated[bool, Parameter(help="Print one JSON object instead of a table.", negative=())] = False,
) -> None:
    """List every opening of a sealed test set, newest last, how wide intervals have become, and what the next costs.

    The next interval is given as if the newest score came again: for models that were planned, for as many as may
    follow, and for models that were built from scores on this very test set.
    """
    from goodfit.cli.exits import say
    from goodfit.cli.openings import opening_record, print_openings, print_outlooks
    from goodfit.cli.output import print_json
    from goodfit.data import Ledger
    from goodfit.runs.looks import outlooks

    book = Ledger()
    found = book.openings()
    coming = outlooks(found, width)
    if json:
        lines = [opening_record(line) for line in found]
        print_json({"ledger": str(book.path), "openings": lines, "next": [each.to_json() for each in coming]})
    elif found:
        print_openings(book.path, found)
        print_outlooks(coming, width)
    else:
        say(f"No test set has been opened yet: {book.path} is empty.")
