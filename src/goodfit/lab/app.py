"""The lab's routes."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles

from goodfit.errors import InputError
from goodfit.lab.chinese import translated
from goodfit.lab.framed import FramedPages
from goodfit.lab.live import CLASS, Live
from goodfit.lab.processes import WORKER
from goodfit.lab.security import LabGuard
from goodfit.lab.sessions import Sessions
from goodfit.lab.shelves import PLAIN, LessonMode, claims_told, lessons_told
from goodfit.lab.study_shelf import studies_told
from goodfit.lab.uploads import MOST_BYTES, Uploads
from goodfit.serving.replies import Refused, body_of, json_reply, web_app
from goodfit.serving.web_server import guarded

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


class _PageFiles(StaticFiles):
    """The page's own files, which a browser asks for anew: another version of goodfit has others."""

    def file_response(self, *given: Any, **named: Any) -> Response:
        """A file, or that it is still the same."""
        answer = super().file_response(*given, **named)
        answer.headers["cache-control"] = "no-cache"
        return answer


def _told(tell: Callable[[], dict[str, Any]]) -> Callable[[Request], Awaitable[Response]]:
    """A route that tells something, found in a thread: it may read files."""

    async def told(_: Request) -> Response:
        return json_reply(await anyio.to_thread.run_sync(tell))

    return told


def lab_app(
    token: str, worker: Sequence[str] = WORKER, *, mode: LessonMode = PLAIN, names: Collection[str] = ()
) -> LabApp:
    """The ASGI application of the lab.

    token: that its requests must have, see `security.LabGuard`
    worker: the command that starts a process for a training
    mode: whether it shows one lesson, and collects answers
    names: hosts that may be asked for, in lower case; () leaves that to the server
    """
    sessions, uploads, pages = Sessions(worker), Uploads(), FramedPages()
    more = mode.told()

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        sessions.start()
        more["pages"] = pages.start()
        try:
            yield
        finally:
            await sessions.end()
            uploads.end()
            pages.end()

    async def front(_: Request) -> Response:
        return FileResponse(PAGE / "index.html", headers={"cache-control": "no-cache"})

    async def keep_file(request: Request) -> Response:
        name = request.query_params.get("name", "")
        try:
            content = await body_of(request, MOST_BYTES, "Train larger tables with `goodfit train`.")
            return json_reply(await anyio.to_thread.run_sync(uploads.keep, name, content))
        except (InputError, Refused) as error:
            status, more = (error.status, {"connection": "close"}) if isinstance(error, Refused) else (422, None)
            told = {"status": status, "problems": list(error.problems), "zh": translated(error.problems)}
            return json_reply(told, status, more)

    routes = [
        Route("/", front),
        Mount("/page", _PageFiles(directory=PAGE)),
        Route("/lessons", _told(partial(lessons_told, mode))),
        Route("/claims", _told(claims_told)),
        WebSocketRoute("/live", Live(sessions, uploads, more, CLASS if mode.collect else None)),
    ]
    if mode.collect is None:  # what lies on the machine is its owner's, and not a class's
        routes += [Route("/files", keep_file, methods=["POST"]), Route("/studies", _told(studies_told))]
        routes += pages.routes()
    made = web_app(routes, lifespan=lifespan)
    return LabApp(LabGuard(guarded(made, names) if names else made, token), sessions)
