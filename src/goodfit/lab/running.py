"""`goodfit lab`: the server, and the browser that shows it."""

from __future__ import annotations

import socket
import threading
import webbrowser
from collections.abc import Callable
from pathlib import Path

from goodfit.lab.app import lab_app
from goodfit.lab.security import TOKEN, new_token
from goodfit.lab.shelves import LessonMode
from goodfit.serving.web_server import LOOPBACK, LOOPBACK_NAMES, WebServer

PORT = 8010
ANYWHERE = "0.0.0.0"
OUTSIDE = "192.0.2.1", 9  # an address that nobody has (RFC 5737), by which the way out of this machine is found


def run_lab(
    *,
    port: int = PORT,
    opens: bool = True,
    lesson: str | Path | None = None,
    collect: str | Path | None = None,
    started: Callable[[str, WebServer], None] | None = None,
) -> None:
    """Serve the lab until Ctrl-C or SIGTERM: on this machine, or to a class room where answers are collected.

    port: 0 takes one that is free
    opens: whether the browser is asked to show it
    lesson: the one lesson that is shown, by its name or its file; None for all that ship
    collect: a CSV file that gets the answers to these lessons, of everybody who reaches this machine and has the
    address; None for only this machine, and no file
    started: called with the address, which holds the token of this start, and the server

    InputError where the port is taken, or the lesson is none.
    """
    mode = LessonMode(None if lesson is None else Path(lesson), None if collect is None else Path(collect))
    token, first = new_token(), "#view=lessons" if collect is not None else ""
    if lesson is not None:
        first = f"#lesson={mode.lessons[0].name}"
    if collect is None:
        server = WebServer(lab_app(token, mode=mode), LOOPBACK, port, sockets=True)
        host = LOOPBACK
    else:
        host = own_address()
        app = lab_app(token, mode=mode, names={*LOOPBACK_NAMES, host, socket.gethostname().lower()})
        server = WebServer(app, ANYWHERE, port, sockets=True)
    address = f"http://{host}:{server.port}/?{TOKEN}={token}{first}"

    def begun(own: WebServer) -> None:
        if started is not None:
            started(address, own)
        if opens:  # a browser of the terminal would wait in the foreground
            threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()

    server.run(begun)


def own_address() -> str:
    """The address by which other machines reach this one; that of loopback where there is no network. Sends nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        try:
            asked.connect(OUTSIDE)  # of datagrams this only looks up the way
            found: str = asked.getsockname()[0]
        except OSError:
            return LOOPBACK
    return found
