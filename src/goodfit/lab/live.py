"""A page's WebSocket: what it asks goes to its session, what that tells comes back."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
from collections.abc import Collection, Mapping
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from goodfit import strict_json
from goodfit.errors import InputError, problem
from goodfit.lab.chinese import in_chinese
from goodfit.lab.greeting import greeting
from goodfit.lab.messages import Asked, AskHello, read_asked
from goodfit.lab.outbox import Outbox
from goodfit.lab.sessions import LabSession, Sessions, TooManyTrainings
from goodfit.lab.uploads import Uploads

MOST_SOCKETS = 64
TRY_LATER = 1013  # the code with which a socket is closed that is one too many, or too slow
WHERE = "Message"


CLASS = (
    *("hello", "answer", "stop", "open", "play", "pause", "step", "batch", "rewind", "reset", "view", "change"),
    *("undo", "weight", "equal", "branch", "drop"),
)
"""What may be asked by a class on other machines: to answer, and to play. Not what reads or writes the owner's ledger,
nor what keeps everybody's answers waiting."""


class Live:
    """The application of the route /live.

    more: what every process is told beside each message; allowed: what may be asked, None for everything
    """

    def __init__(
        self, sessions: Sessions, uploads: Uploads, more: Mapping[str, Any], allowed: Collection[str] | None = None
    ) -> None:
        self.sessions, self.uploads, self.more, self.allowed = sessions, uploads, more, allowed
        self._open = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one page until it goes."""
        socket = WebSocket(scope, receive, send)
        if self._open >= MOST_SOCKETS:
            await socket.close(TRY_LATER)
            return
        await socket.accept()
        self._open += 1
        page = _Page(self, socket)
        sending = asyncio.ensure_future(page.send())
        try:
            await page.receive()
        finally:
            self._open -= 1
            if page.session is not None:
                page.session.leave(page.outbox)
            sending.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await sending


class _Page:
    """One page while it is there."""

    def __init__(self, live: Live, socket: WebSocket) -> None:
        self.live, self.socket, self.outbox = live, socket, Outbox()
        self.session: LabSession | None = None

    async def receive(self) -> None:
        """Deal with what the page asks, until it goes."""
        while True:
            message = await self.socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            text = message.get("text")
            given = message.get("bytes") or b"" if text is None else text
            try:
                await self._asked(read_asked(given))
            except InputError as error:
                header: dict[str, Any] = {"say": "error", "seq": 0, "sentences": list(error.problems)}
                header |= {"to": _number(given), "zh": in_chinese(header)}
                header |= {"field": None, "lost": False, "later": isinstance(error, TooManyTrainings)}
                self.outbox.put(json.dumps(header, ensure_ascii=False))

    async def send(self) -> None:
        """Send what is told, as fast as the page reads."""
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            while (message := await self.outbox.next()) is not None:
                if isinstance(message, str):
                    await self.socket.send_text(message)
                else:
                    await self.socket.send_bytes(message)
            await self.socket.close(TRY_LATER, "too slow; connect again")

    async def _asked(self, asked: Asked) -> None:
        do, allowed = getattr(asked, "do", ""), self.live.allowed
        if allowed is not None and do not in allowed:
            rule = "a lab that collects answers does not do this for its class"
            raise InputError(problem(WHERE, rule, got=do, fix="Start a lab of your own: `goodfit lab`."))
        if isinstance(asked, AskHello):
            await self._hello(asked)
        elif self.session is None:
            raise InputError(problem(WHERE, "the first message must be 'hello'", got=getattr(asked, "do", None)))
        else:
            more = {"files": self.live.uploads.paths, "page": page_name(self.session.id), **self.live.more}
            self.session.ask(asked, self.outbox, more)

    async def _hello(self, asked: AskHello) -> None:
        if self.session is not None:
            raise InputError(problem(WHERE, "'hello' was said before", got=self.session.id))
        session, known = self.live.sessions.session(asked.session, asked.state)
        self.session = session
        header = {"say": "welcome", "seq": 0, "to": asked.id, "session": session.id, "resumed": known}
        header["collects"] = self.live.allowed is not None
        self.outbox.put(json.dumps({**header, **greeting()}, ensure_ascii=False))
        session.join(self.outbox, asked.after if asked.state is None else session.seq)  # old notes are not news


def page_name(session: str) -> str:
    """What answers call a page by: nobody can take its session over by this."""
    return hashlib.sha256(session.encode()).hexdigest()[:8]


def _number(given: str | bytes) -> int | None:
    """The number of a message that could not be read, if it has one."""
    if isinstance(given, bytes):
        return None
    try:
        value = strict_json.parse(given)
    except ValueError:
        return None
    number = value.get("id") if isinstance(value, dict) else None
    return number if type(number) is int and 0 <= number < 2**53 else None
