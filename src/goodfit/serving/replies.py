"""Requests and answers in JSON: bodies read up to a limit, and every refusal in the grammar of `goodfit.errors`."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from goodfit.errors import GoodfitError, InputError, problem

BODY_SECONDS = 30.0  # in which the body of a request must have arrived
DRAIN_SECONDS = 10.0  # for which the rest of a body that is too large is read and thrown away
JSON = "application/json"
SAFE = {"x-content-type-options": "nosniff", "cache-control": "no-store"}  # of every answer


class Refused(Exception):
    """A request that is not answered. status: of HTTP, 4xx; problems: sentences of the grammar."""

    def __init__(self, status: int, *problems: str) -> None:
        super().__init__(*problems)
        self.status, self.problems = status, problems


def json_reply(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A value as JSON; its numbers must be finite."""
    content = json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    return Response(content, status, {**SAFE, **(headers or {})}, media_type=JSON)


def problems_reply(status: int, problems: Sequence[str], headers: Mapping[str, str] | None = None) -> Response:
    """A refusal: {"status": 422, "problems": ["..."]}."""
    return json_reply({"status": status, "problems": list(problems)}, status, headers)


def web_app(routes: Sequence[BaseRoute], *, lifespan: Any = None) -> Starlette:
    """An application in which everything that is refused is answered in JSON: wrong paths and methods, `Refused`,
    InputError as 422, another GoodfitError as 507, and what nobody foresaw as 500, with the traceback in the log.

    lifespan: Starlette's, of what is there from the server's start to its end.
    """
    made = Starlette(
        routes=list(routes),
        lifespan=lifespan,
        exception_handlers={
            HTTPException: _http_error,
            Refused: _refused,
            InputError: _input_error,
            GoodfitError: _machine_error,
            ClientDisconnect: _gone,
            Exception: _bug,
        },
    )
    made.router.redirect_slashes = False
    return made


async def body_of(request: Request, most: int, fix: str = "") -> bytes:
    """The body of a request, of at most so many bytes; no more than that is ever held.

    fix: what to do about a larger one. Refused with 413 where it is larger, with 408 where it takes too long.
    """
    declared = request.headers.get("content-length", "")
    large = Refused(413, problem("Request", f"the body must have at most {most / 1e6:g} MB", fix=fix))
    if declared.isdecimal() and int(declared) > most:
        await _drained(request)
        raise large
    found = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                if len(found) + len(chunk) > most:
                    found.clear()
                    await _drained(request)
                    raise large
                found += chunk
    except TimeoutError:
        rule = f"the body must arrive within {BODY_SECONDS:g} seconds"
        raise Refused(408, problem("Request", rule)) from None
    return bytes(found)


async def _drained(request: Request) -> None:
    """Read what is left and drop it: a client that is still sending would not see the answer, but a broken connection.

    One that waits to be asked for the body (Expect: 100-continue) is not asked.
    """
    if request.headers.get("expect", "").lower() == "100-continue":
        return
    try:
        async with asyncio.timeout(DRAIN_SECONDS):
            while (message := await request.receive())["type"] == "http.request" and message.get("more_body"):
                pass
    except TimeoutError:
        return


async def _http_error(_: Request, error: Any) -> Response:
    words = {404: "there is nothing at this path", 405: "this path does not take this method"}
    text = problem("Request", words.get(error.status_code, str(error.detail)), fix="GET / lists what there is.")
    return problems_reply(error.status_code, [text], error.headers)


async def _refused(_: Request, error: Any) -> Response:
    # of what was refused before its end, the rest must not be taken for another request
    return problems_reply(error.status, error.problems, {"connection": "close"} if error.status in (408, 413) else None)


async def _input_error(_: Request, error: Any) -> Response:
    return problems_reply(422, error.problems)


async def _machine_error(_: Request, error: Any) -> Response:
    return problems_reply(507, [str(error)])  # a full disk, a folder that may not be written


async def _gone(_: Request, __: Exception) -> Response:
    return Response(status_code=400)  # which nobody reads


async def _bug(request: Request, error: Exception) -> Response:
    logging.getLogger("goodfit.serving").error("%s %s failed", request.method, request.url.path, exc_info=error)
    text = problem("Server", "this is a bug in goodfit", fix="Its log says where it happened; please report it.")
    return problems_reply(500, [text])
