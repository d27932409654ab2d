"""`goodfit ledger`."""

from typing import Annotated

from cyclopts import Parameter


def ledger(
    *,
    json: Annotated[bool, Parameter(help="Print one JSON object instead of a table.", negative=())] = False,
) -> None:
    """List every opening of a sealed test set, newest last, and how much wider the intervals have become."""
    from goodfit.cli.exits import say
    from goodfit.cli.openings import opening_record, print_openings
    from goodfit.cli.output import print_json
    from goodfit.data import Ledger

    book = Ledger()
    found = book.openings()
    if json:
        print_json({"ledger": str(book.path), "openings": [opening_record(line) for line in found]})
    elif found:
        print_openings(book.path, found)
    else:
        say(f"No test set has been opened yet: {book.path} is empty.")
