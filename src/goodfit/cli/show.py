"""`goodfit show`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter


def show(
    model: Annotated[Path, Parameter(help="Model file, or folder of a run.")],
    /,
    *,
    json: Annotated[bool, Parameter(help="Print one JSON object instead of tables.", negative=())] = False,
) -> None:
    """Show what is in a model file; everything in it is checked, and nothing of it is run."""
    from goodfit.cli.model_tables import print_model
    from goodfit.cli.output import print_json
    from goodfit.runs import describe_model

    found = describe_model(model)
    if json:
        print_json(found.to_json())
    else:
        print_model(found)
