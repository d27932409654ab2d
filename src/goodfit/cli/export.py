"""`goodfit export`."""

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter


def export(
    run: Annotated[Path, Parameter(help="Folder of a run or a search, or a model file.")],
    /,
    *,
    to: Annotated[Literal["onnx", "torch", "numpy", "sklearn"], Parameter(help="What to write.")],
    out: Annotated[
        Path | None, Parameter(help="File to write; two files share its name. [default: model_TO, beside the model]")
    ] = None,
    json: Annotated[bool, Parameter(help="Print one JSON object.", negative=())] = False,
) -> None:
    """Write a run or a model file, with preprocessing and all its nets, as files that need no goodfit.

    The files are checked on training rows before they are written, against goodfit's own predictions.
    """
    from goodfit.cli.output import console, print_json, print_line
    from goodfit.interop.export import export as write
    from goodfit.runs.folder import model_path

    found = write(run, to, model_path(run).with_name(f"model_{to}") if out is None else out)
    if json:
        print_json(found.to_json())
        return
    for line in found.lines():
        print_line(console(), line)
