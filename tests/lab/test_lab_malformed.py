"""A thousand malformed requests and messages against the whole application, in this process: refused, and no crash."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Mapping
from typing import Any

import pytest
from lab_help import QUICK, TOKEN
from test_messages import EXAMPLES

from goodfit.lab.app import LabApp, lab_app
from goodfit.lab.messages import ASKED
from goodfit.lab.security import POLICY, LabGuard

HOST = b"127.0.0.1:8010"
ORIGIN = b"http://127.0.0.1:8010"
METHODS = ("GET", "GET", "POST", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "", "\x00", "GET /")
PATHS = (
    "/",
    "/page/",
    "/page/main.js",
    "/files",
    "/files",
    "/files",
    "/lessons",
    "/claims",
    "/studies",
    "/framed/",
    f"/framed/{TOKEN}/",
    f"/framed/{TOKEN}/runs.html",
    "/live",
    "/page/../app.py",
    "//",
    "",
)
PIECES = ("..", "\x00", "%00", "é", "a" * 5000, "\\", "\ud800", "?", "#", "/", ".well-known", "page")
QUERIES = ("token=" + TOKEN, "token=x", "name=a.csv", "name=..%2f..%2fx", "name=%00", "token=%ff", "=&=&", "é" * 500)
VALUES: tuple[Any, ...] = (None, True, -1, 2**70, 0.5, 1e300, "", "\ud800", "é", [], [[]], {}, {"x": {}}, [1, "a"])
MANY = 500


def a_request(draw: random.Random) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """(scope, what is received): parts that fit, and parts that do not."""
    path = draw.choice(PATHS) + "/".join(draw.choices(PIECES, k=draw.choice((0, 0, 0, 1, 2))))
    query = "&".join(draw.choices(QUERIES, k=draw.choice((0, 1, 1, 3)))).encode("utf-8", "surrogatepass")
    headers = [(b"host", HOST)] * draw.choice((1, 1, 1, 0, 2)) + [(b"origin", ORIGIN)] * draw.choice((0, 0, 1, 2))
    headers += [(b"x-goodfit-token", draw.choice((TOKEN.encode(), TOKEN.encode(), b"\xff", b"")))]
    for name in draw.sample((b"content-length", b"range", b"if-none-match", b"if-modified-since", b"origin"), 2):
        headers.append((name, draw.choice((b"-1", b"9" * 30, b"bytes=9-1", b"null", b"\xff\x00", b"*"))))
    scope = {"type": "http", "http_version": "1.1", "scheme": "http", "method": draw.choice(METHODS), "path": path}
    scope |= {"raw_path": path.encode("utf-8", "surrogatepass"), "query_string": query, "headers": headers}
    scope |= {"root_path": "", "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 8010)}
    body: list[dict[str, Any]] = [
        {"type": "http.request", "body": draw.randbytes(draw.choice((0, 3, 200))), "more_body": True}
        for _ in range(draw.randrange(3))
    ]
    last: dict[str, Any] = {"type": "http.request", "body": b"", "more_body": False}
    return scope, [*body, draw.choice((last, last, {"type": "http.disconnect"}))]


async def answered(
    app: LabApp | LabGuard, scope: dict[str, Any], given: list[dict[str, Any]]
) -> list[Mapping[str, Any]]:
    """What an application sends for a request."""
    sent: list[Mapping[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return given.pop(0) if given else {"type": "http.disconnect"}

    async def send(message: Mapping[str, Any]) -> None:
        sent.append(message)

    await asyncio.wait_for(app(scope, receive, send), 20)
    return sent


def test_malformed_requests_are_refused() -> None:
    async def all_of_them() -> set[int]:
        app, draw, seen = lab_app(TOKEN, QUICK), random.Random(1), set[int]()
        for _ in range(MANY):
            scope, given = a_request(draw)
            gone = given[-1]["type"] == "http.disconnect"
            sent = await answered(app, scope, given)
            if gone and not sent:
                continue  # nobody to answer
            status = sent[0]["status"]
            seen.add(status)
            assert status < 500, (status, scope)
            body = b"".join(each.get("body", b"") for each in sent[1:])
            if status >= 400 and body and dict(sent[0]["headers"])[b"content-type"].startswith(b"application/json"):
                assert all(each.endswith((".", "?")) for each in json.loads(body)["problems"])
        return seen

    assert {200, 403, 404, 405, 422} <= asyncio.run(all_of_them())


def test_only_framed_pages_have_headers_of_their_own() -> None:
    async def app(scope: Any, _: Any, send: Any) -> None:
        own = [(b"content-security-policy", b"own"), (b"x-other", b"kept")]
        await send({"type": "http.response.start", "status": 200, "headers": own})

    for path, policy in ((f"/framed/{TOKEN}/x.html", b"own"), ("/", POLICY.encode())):
        scope = {"type": "http", "method": "GET", "path": path, "headers": [(b"host", HOST)], "query_string": b""}
        (start,) = asyncio.run(answered(LabGuard(app, TOKEN), scope, []))
        assert [value for name, value in start["headers"] if name == b"content-security-policy"] == [policy]
        assert (b"x-other", b"kept") in start["headers"]


@pytest.mark.parametrize(("host", "there"), [(HOST, True), (b"[::1]:80", True), (b"192.0.2.2:80", False)])
def test_what_browsers_heed_on_this_machine_alone_is_not_said_elsewhere(host: bytes, there: bool) -> None:
    """They would complain of it on the console of every pupil."""

    async def app(scope: Any, _: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})

    scope = {"type": "http", "method": "GET", "path": "/", "headers": [(b"host", host)], "query_string": b""}
    (start,) = asyncio.run(answered(LabGuard(app, TOKEN), scope, []))
    assert ((b"cross-origin-opener-policy", b"same-origin") in start["headers"]) is there


def a_message(draw: random.Random) -> dict[str, Any]:
    """A frame of a page that has lost its mind: known messages with wrong parts, cut texts, bytes."""
    known = [name for name in ASKED if name not in ("hello", "claim")]  # the quick process has claims that end it
    name = draw.choice((*known, *known, "hello", "x", ""))
    fields = {**EXAMPLES.get(name, {})}
    for field in draw.sample(("id", "epoch", "fields", "state", "net", "branch", "layer", "space", "x"), 2):
        fields[field] = draw.choice(VALUES)
    text = json.dumps({"do": draw.choice((name, name, name, *VALUES)), **fields})
    text = draw.choice((text, text, text[: draw.randrange(len(text))], text + draw.choice('}["\x00')))
    content: Any = {"bytes": draw.randbytes(9)} if draw.random() < 0.1 else {"text": text}
    return {"type": "websocket.receive", **content}


def test_a_socket_lives_through_malformed_messages() -> None:
    """Every message gets its answer, and a page that then asks for something gets it."""

    async def all_of_them() -> list[dict[str, Any]]:
        app, draw = lab_app(TOKEN, QUICK), random.Random(2)
        given: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        told: asyncio.Queue[Mapping[str, Any]] = asyncio.Queue()
        headers = [(b"host", HOST), (b"origin", ORIGIN)]
        scope = {"type": "websocket", "scheme": "ws", "path": "/live", "headers": headers, "subprotocols": []}
        scope |= {"query_string": f"token={TOKEN}".encode(), "root_path": "", "client": None, "server": None}
        serving = asyncio.ensure_future(app(scope, given.get, told.put))
        given.put_nowait({"type": "websocket.connect"})
        for message in ({"do": "hello"}, {"do": "open", "state": {}}):
            given.put_nowait({"type": "websocket.receive", "text": json.dumps(message)})
        found: list[dict[str, Any]] = []
        for number in range(MANY):
            given.put_nowait(a_message(draw))
            asked = {"do": "pause", "id": 2**30 + number}  # a message that is one
            given.put_nowait({"type": "websocket.receive", "text": json.dumps(asked)})
            while not (found and found[-1].get("to") == asked["id"]):
                message = await asyncio.wait_for(told.get(), 20)
                assert message["type"] != "websocket.close", message
                if message.get("text"):
                    found.append(json.loads(message["text"]))
        given.put_nowait({"type": "websocket.disconnect"})
        await asyncio.wait_for(serving, 20)
        await app.sessions.end()
        return found

    found = asyncio.run(all_of_them())
    assert [each for each in found if (each["to"] or 0) >= 2**30 and each["say"] != "ok"] == []
    errors = [each for each in found if each["say"] == "error"]
    assert len(errors) + sum(each["say"] == "ok" for each in found) >= 1.9 * MANY  # jobs may be on their way
    assert len(errors) > MANY / 3
    assert not any("bug" in sentence for each in errors for sentence in each["sentences"])
