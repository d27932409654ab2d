"""The lab's routes."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles

from goodfit.lab.live import Live
from goodfit.lab.processes import WORKER
from goodfit.lab.security import LabGuard
from goodfit.lab.sessions import Sessions
from goodfit.lab.uploads import MOST_BYTES, Uploads
from goodfit.serving.replies import body_of, json_reply, web_app

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.types import ASGIApp, Receive, Scope, Send

PAGE = Path(__file__).parent / "page"


@dataclass(frozen=True)
class LabApp:
    """An ASGI application, and the trainings that it has."""

    app: ASGIApp
    sessions: Sessions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        await self.app(scope, receive, send)


def lab_app(token: str, worker: Sequence[str] = WORKER) -> LabApp:
    """The ASGI application of the lab.

    token: that its requests must have, see `security.LabGuard`
    worker: the command that starts a process for a training
    """
    sessions, uploads = Sessions(worker), Uploads()

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        sessions.start()
        try:
            yield
        finally:
            await sessions.end()
            uploads.end()

    async def front(_: Request) -> Response:
        return FileResponse(PAGE / "index.html", headers={"cache-control": "no-cache"})

    async def keep_file(request: Request) -> Response:
        content = await body_of(request, MOST_BYTES, "Train larger tables with `goodfit train`.")
        name = request.query_params.get("name", "")
        return json_reply(await anyio.to_thread.run_sync(uploads.keep, name, content))

    made = web_app(
        [
            Route("/", front),
            Mount("/page", StaticFiles(directory=PAGE)),
            Route("/files", keep_file, methods=["POST"]),
            WebSocketRoute("/live", Live(sessions, uploads)),
        ],
        lifespan=lifespan,
    )
    return LabApp(LabGuard(made, token), sessions)
