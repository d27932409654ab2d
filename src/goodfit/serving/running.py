"""`serve`: a run, a search or a model file behind an HTTP endpoint, until it is stopped."""

from __future__ import annotations

import os
from collections.abc import Callable

from goodfit.arguments import public
from goodfit.models.model_file import load_model
from goodfit.models.whereabouts import existing_model_path
from goodfit.serving.answering import Limits
from goodfit.serving.routes import app
from goodfit.serving.web_server import LOOPBACK, WebServer

PORT = 8000


@public
def serve(
    run: str | os.PathLike[str],
    *,
    port: int = PORT,
    host: str = LOOPBACK,
    limits: Limits | None = None,
    coverage: float | None = None,
    adaptive: bool = False,
    started: Callable[[WebServer], None] | None = None,
) -> None:
    """Serve the predictions of a run over HTTP, until Ctrl-C or SIGTERM; docs/serve.md says what can be asked.

    run: a run's folder, a search's (for the nets of the winner), or a model file.
    port: default 8000; 0 takes one that is free.
    host: default '127.0.0.1', which only this machine can reach. With any other, everybody who reaches the machine
    can ask, without a password.
    limits: of one request; `Limits()` if None.
    coverage, adaptive: of prediction intervals or sets in every answer, as in `app`.
    started: called once the server accepts connections; its `url` says where, and its `stop` ends it.
    InputError where the run is not done, there is no such host, or the port is taken.
    """
    WebServer(app(load_model(existing_model_path(run)), limits, coverage=coverage, adaptive=adaptive), host, port).run(
        started
    )
