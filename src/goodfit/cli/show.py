"""`goodfit show`."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter


def show(
    model: Annotated[Path, Parameter(help="Model file or run folder.")],
    /,
    *,
    json: Annotated[bool, Parameter(help="Print one JSON object instead of tables.", negative=())] = False,
) -> None:
    """Show the contents of a model file. Everything in it is checked; no code from it is run."""
    from goodfit.cli.model_tables import print_model
    from goodfit.cli.output import print_json
    from goodfit.runs import describe_model

    found = describe_model(model)
    if json:
        print_json(found.to_json())
    else:
        print_model(found)
