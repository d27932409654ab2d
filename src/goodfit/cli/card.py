"""`goodfit card`."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter


def card(
    run: Annotated[Path, Parameter(help="Folder of a finished run.")],
    /,
    *,
    out: Annotated[Path | None, Parameter(help="File to write: .md, .html or .json. [default: stdout]")] = None,
    json: Annotated[bool, Parameter(help="Print the facts as one JSON object.", negative=())] = False,
) -> None:
    """Write a model card as Markdown or HTML: data, recipe, scores with intervals, verdict, limits, how to load it.

    It is made from the run's folder and the ledger. The test set stays sealed.
    """
    from goodfit.cli.exits import say
    from goodfit.cli.output import print_json
    from goodfit.reports import model_card

    found = model_card(run)
    if json:
        print_json(found.to_json())
    elif out is None:
        print(found.markdown(), end="")
    if out is not None:
        say(f"Model card: {found.write(out)}")
