"""`goodfit serve`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

if TYPE_CHECKING:
    from goodfit.serving import WebServer


def serve(
    run: Annotated[Path, Parameter(help="Folder of a run or a search, or a model file.")],
    /,
    *,
    port: Annotated[int, Parameter(help="Port to listen on; 0 takes one that is free.")] = 8000,
    host: Annotated[str, Parameter(help="Address to listen on; the default is this machine alone.")] = "127.0.0.1",
    max_rows: Annotated[int, Parameter(help="Most rows in a request; with more it is refused.")] = 10_000,
    max_megabytes: Annotated[float, Parameter(help="Most megabytes in the body of a request.")] = 10.0,
    coverage: Annotated[
        float | None,
        Parameter(help="Add prediction intervals of numbers or sets of classes with this coverage, such as 0.9."),
    ] = None,
    adaptive: Annotated[
        bool, Parameter(help="Wider intervals where errors at such predictions were larger.", negative=())
    ] = False,
    quiet: Annotated[bool, Parameter(help="Print nothing but the address.", negative=())] = False,
) -> None:
    """Answer predictions over HTTP until Ctrl-C: rows as JSON in, labels and probabilities out. No password is asked.

    POST /predict, GET /health, GET /schema (OpenAPI), and a page for people at /.
    """
    from goodfit.cli.exits import say
    from goodfit.errors import InputError
    from goodfit.serving import Limits
    from goodfit.serving import serve as answer

    def started(server: "WebServer") -> None:
        print(server.url, flush=True)
        if not server.local:
            say(f"Warning: Anyone who reaches {server.host} can ask for predictions: there is no password.")
        if not quiet:
            say(f"Serving {run}. Stop it with Ctrl-C.")

    try:
        limits = Limits(max_rows, max_megabytes)
    except InputError as error:
        named = (text.replace("Limits: '", "Command line: '--max-", 1) for text in error.problems)
        raise InputError(*named) from None
    answer(run, port=port, host=host, limits=limits, coverage=coverage, adaptive=adaptive, started=started)
