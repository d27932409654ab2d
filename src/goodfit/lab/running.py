"""`goodfit lab`: the server, and the browser that shows it."""

from __future__ import annotations

import threading
import webbrowser
from collections.abc import Callable

from goodfit.lab.app import lab_app
from goodfit.lab.security import TOKEN, new_token
from goodfit.serving.web_server import LOOPBACK, WebServer

PORT = 8010


def run_lab(*, port: int = PORT, opens: bool = True, started: Callable[[str, WebServer], None] | None = None) -> None:
    """Serve the lab on this machine until Ctrl-C or SIGTERM.

    port: 0 takes one that is free
    opens: whether the browser is asked to show it
    started: called with the address, which holds the token of this start, and the server

    InputError where the port is taken.
    """
    token = new_token()
    server = WebServer(lab_app(token), LOOPBACK, port, sockets=True)
    address = f"{server.url}/?{TOKEN}={token}"

    def begun(own: WebServer) -> None:
        if started is not None:
            started(address, own)
        if opens:  # a browser of the terminal would wait in the foreground
            threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()

    server.run(begun)
