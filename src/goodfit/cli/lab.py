"""`goodfit lab`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

if TYPE_CHECKING:
    from goodfit.serving import WebServer


def lab(
    *,
    port: Annotated[int, Parameter(help="Port to listen on; 0 takes one that is free.")] = 8010,
    open: Annotated[bool, Parameter(help="Show it in the browser.")] = True,
    lesson: Annotated[
        Path | None,
        Parameter(
            help="Show one lesson: hidden-layers, first-mlp, overfitting, weight-decay, dropout, chain-rule, "
            "vanishing-gradients, initialisation, or a file of your own (docs/lab-lessons.md)."
        ),
    ] = None,
    collect: Annotated[
        Path | None,
        Parameter(
            help="Class room: let other machines open the lessons (all, or the one), and append their answers to "
            "this CSV file."
        ),
    ] = None,
    quiet: Annotated[bool, Parameter(help="Print nothing but the address.", negative=())] = False,
) -> None:
    """Play with populations of nets in the browser, until Ctrl-C. Only this machine can reach it, but for --collect."""
    from goodfit.cli.exits import say
    from goodfit.lab.running import run_lab

    def started(address: str, server: "WebServer") -> None:
        print(address, flush=True)
        if collect is not None:
            say(f"Whoever has this address can answer; answers go to {collect}.")
        if not quiet:
            say("The lab is open at this address. Stop it with Ctrl-C.")

    run_lab(port=port, opens=open, lesson=lesson, collect=collect, started=started)
