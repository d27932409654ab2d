"""Who may talk to the lab: a browser on this machine, from the lab's own page, that knows the token of this start."""

from __future__ import annotations

import hmac
import secrets
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from goodfit.errors import problem
from goodfit.serving.replies import problems_reply
from goodfit.serving.web_server import LOOPBACK_NAMES, host_name

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

TOKEN = "token"  # in the query, or in a header of its own
HEADER = b"x-goodfit-token"
FRAMED = "/framed/"  # below which the token stands in the path
OPEN_PATHS = ("/", "/page/")  # the page itself, which says nothing of anybody
POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'"
)
"""Whatever finds its way into the page loads nothing from elsewhere, and the page stands in no other's frame."""
OPENER = b"cross-origin-opener-policy"
"""Left out in a class room: browsers heed it on this machine and by HTTPS alone, and complain of it elsewhere."""
HEADERS = (
    (b"content-security-policy", POLICY.encode()),
    (OPENER, b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
)


_NAMES = {name for name, _ in HEADERS}


def new_token() -> str:
    """A token that nobody can guess, for one start of the lab."""
    return secrets.token_urlsafe(24)


class LabGuard:
    """The application for requests of the lab's own page: others are answered 403, in one sentence.

    A request with an Origin must have it of the address that it asks for; all but the page itself need the token. Every
    answer has the page's security headers; pages that are framed bring some of their own in their place.
    """

    def __init__(self, app: ASGIApp, token: str) -> None:
        self.app, self.token = app, token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or refuse it."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return

        async def safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = [*message.get("headers", ())]
                if scope["path"].startswith(FRAMED):
                    kept = {name for name, _ in own}
                else:
                    kept, own = set(), [each for each in own if each[0] not in _NAMES]
                if not _is_loopback(scope):
                    kept = kept | {OPENER}
                message = {**message, "headers": [*own, *(each for each in HEADERS if each[0] not in kept)]}
            await send(message)

        refusal = self._refusal(scope)
        if refusal is None:
            await self.app(scope, receive, safely)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            await problems_reply(403, [refusal])(scope, receive, safely)

    def _refusal(self, scope: Scope) -> str | None:
        """Why a request is not answered."""
        headers: dict[bytes, list[bytes]] = {}
        for name, value in scope.get("headers", ()):
            headers.setdefault(name, []).append(value)
        origins, hosts = headers.get(b"origin", []), headers.get(b"host", [])
        if len(hosts) != 1 or len(origins) > 1:
            return problem("Request", "there must be one Host header and at most one Origin header")
        if origins and not same_origin(origins[0], hosts[0]):
            fix = "Open the lab's own address."
            return problem("Request", "the Origin must be the lab itself", got=origins[0].decode("latin-1"), fix=fix)
        if scope["type"] == "websocket" and not origins:
            return problem("Request", "a WebSocket must name its Origin")
        open_path = scope["path"] == OPEN_PATHS[0] or scope["path"].startswith(OPEN_PATHS[1:])
        if scope["type"] == "http" and open_path and scope["method"] in ("GET", "HEAD"):
            return None
        if not self._knows_token(scope, headers):
            fix = "Open the address that `goodfit lab` printed, which holds it."
            return problem("Request", "the token must be that of this start of the lab", fix=fix)
        return None

    def _knows_token(self, scope: Scope, headers: dict[bytes, list[bytes]]) -> bool:
        query = scope.get("query_string", b"").decode("latin-1")
        given = [part.partition("=")[2] for part in query.split("&") if part.partition("=")[0] == TOKEN]
        given += [each.decode("latin-1") for each in headers.get(HEADER, [])]
        if scope["path"].startswith(FRAMED):
            given = [scope["path"].removeprefix(FRAMED).partition("/")[0]]
        # a path may hold halves of surrogate pairs
        return len(given) == 1 and hmac.compare_digest(given[0].encode(errors="replace"), self.token.encode())


def _is_loopback(scope: Scope) -> bool:
    """Whether a request asks this machine by a name that only its own browsers use."""
    return any(name == b"host" and host_name(value) in LOOPBACK_NAMES for name, value in scope.get("headers", ()))


def same_origin(origin: bytes, host: bytes) -> bool:
    """Whether an Origin header names the same host and port as the Host header."""
    text = origin.decode("latin-1").strip().lower()
    try:
        found = urlsplit(text)
        port = found.port
    except ValueError:
        return False
    if found.scheme not in ("http", "https") or not found.netloc:
        return False
    own = host.decode("latin-1").strip().lower()
    return found.netloc == own or (found.hostname == host_name(host) and port is None and ":" not in own)
