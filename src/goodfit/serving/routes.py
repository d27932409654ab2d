"""The application that serves a model: POST /predict, GET /health, GET /schema, and a page for people."""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING

import anyio.to_thread
from anyio import CapacityLimiter
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from goodfit.arguments import public
from goodfit.errors import Problems, nearest, problem
from goodfit.models.model_file import Model
from goodfit.serving.answering import IN_PARTS, Answering, Limits
from goodfit.serving.replies import SAFE, Refused, body_of, json_reply, web_app
from goodfit.serving.rows import WHERE
from goodfit.serving.schema import openapi

if TYPE_CHECKING:
    from starlette.applications import Starlette

COVERAGE, ADAPTIVE = QUERY = "coverage", "adaptive"  # of a request's query
TRUTHS = {"true": True, "false": False, "1": True, "0": False}


@public
def app(
    model: Model, limits: Limits | None = None, *, coverage: float | None = None, adaptive: bool = False
) -> Starlette:
    """An ASGI application that predicts with a model: for `goodfit serve`, or under a server of your own.

    model: as `load_model` gives it.
    limits: of one request; `Limits()` if None.
    coverage: of the prediction intervals or sets in every answer, above 0 and below 1; None for none but where a
    request asks.
    adaptive: whether intervals are wider where errors at such predictions were larger.
    InputError for another coverage, and where the model has no intervals or sets.
    Paths and answers are those of docs/serve.md. It checks no Host header: `WebServer` does on the loopback address.
    """
    answering = Answering(model, limits or Limits(), coverage, adaptive)
    # Predicting takes a core; more at once would only take more memory.
    limiter = cache(lambda: CapacityLimiter(os.cpu_count() or 1))
    schema = cache(lambda: openapi(answering))

    async def predict(request: Request) -> Response:
        kind, asked = _content_type(request, answering), _asked(request)
        body = await body_of(request, answering.limits.bytes, IN_PARTS)
        return await anyio.to_thread.run_sync(
            lambda: json_reply(answering.answer(body, kind, *asked)), limiter=limiter(), abandon_on_cancel=True
        )

    async def health(_: Request) -> Response:
        limits = {"rows": answering.most_rows, "bytes": answering.limits.bytes}
        return json_reply({"status": "ok", "model": answering.about, "limits": limits})

    async def show_schema(_: Request) -> Response:
        return json_reply(await anyio.to_thread.run_sync(schema))

    def written(url: str) -> str:
        from goodfit.serving.front_page import front_page  # templates and figures: half a second before the first page

        return front_page(answering, url)

    async def page(request: Request) -> Response:
        return HTMLResponse(await anyio.to_thread.run_sync(written, str(request.base_url)), headers=SAFE)

    return web_app(
        [
            Route("/predict", predict, methods=["POST"]),
            Route("/health", health),
            Route("/schema", show_schema),
            Route("/", page),
        ]
    )


def _asked(request: Request) -> tuple[float | None, bool | None]:
    """The coverage that a request asks for, and whether adaptively; None for each that it does not say."""
    given, problems = request.query_params, Problems()
    for name in given.keys() - {COVERAGE, ADAPTIVE}:
        problems.add(WHERE, "the query may hold 'coverage' and 'adaptive'", got=name, fix=nearest(name, QUERY))
    coverage, adaptive = given.get(COVERAGE), given.get(ADAPTIVE)
    found = None
    if coverage is not None:
        try:
            found = float(coverage)
        except ValueError:
            problems.add(WHERE, f"{COVERAGE!r} must be a number", got=coverage, fix="0.9 is usual.")
    wider = None if adaptive is None else TRUTHS.get(adaptive.lower())  # Python's clients write True
    if adaptive is not None and wider is None:
        problems.add(WHERE, f"{ADAPTIVE!r} must be true or false", got=adaptive)
    problems.raise_if_any()
    return found, wider


def _content_type(request: Request, answering: Answering) -> str:
    """The content type of a request's body; refused with 415 where it is none that the model takes."""
    given = request.headers.get("content-type", "")
    kind = given.partition(";")[0].strip().lower()
    if kind not in answering.accepted:
        rule = f"the content type must be {' or '.join(answering.accepted)}"
        fix = f"Send the header Content-Type: {answering.accepted[0]}."
        raise Refused(415, problem(WHERE, rule, got=given or "none", fix=fix))
    return kind
