"""`goodfit notes`."""

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter


def notes(
    document: Annotated[Path, Parameter(help="Markdown file (.md) or notebook (.ipynb) whose code is run.")],
    /,
    *,
    out: Annotated[Path, Parameter(help="Output folder for the page and the notebook.")] = Path("notes"),
    face: Annotated[
        Literal["torch", "mxnet", "both"], Parameter(help="Run the cells written for PyTorch, for MXNet, or both.")
    ] = "both",
    seed: Annotated[int, Parameter(help="Seed of all random numbers.")] = 0,
    studies: Annotated[
        bool,
        Parameter(help="Re-measure numbers that the document prints, over many seeds, by the study of their section."),
    ] = True,
    json: Annotated[bool, Parameter(help="Print one JSON object instead of tables.", negative=())] = False,
    quiet: Annotated[bool, Parameter(help="Show no progress.", negative=())] = False,
) -> None:
    """Run the code cells of a document, and write its outputs beside the code as a page and a notebook.

    It executes the code of the document with your rights: run only documents that you trust.
    """
    from goodfit.cli.exits import say
    from goodfit.cli.notes_output import print_notes
    from goodfit.notes import run

    say(f"Running the code of {document}, with your rights. Run only documents that you trust.")
    found = run(
        document, out=out, face=face, seed=seed, studies=studies, tell=lambda text: None if quiet else say(text)
    )
    print_notes(found, json=json)
