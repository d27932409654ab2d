"""A lab on a free port, a page without a browser, and a process that trains nothing but answers at once."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websockets.sync.client import connect

from goodfit.lab.app import lab_app
from goodfit.lab.processes import WORKER
from goodfit.lab.sessions import Sessions
from goodfit.lab.shelves import PLAIN, LessonMode
from goodfit.lab.telling import TOLD, columns_of, split_frame
from goodfit.serving import WebServer
from http_asking import ask

TOKEN = "a-token-of-this-test"
QUICK = (sys.executable, str(Path(__file__).with_name("quick_worker.py")))
SECONDS = 60.0
Header = dict[str, Any]

SMALL: dict[str, Any] = {
    "recipe": {
        "hidden": [4, 3],
        "activation": "tanh",
        "dropout": 0.0,
        "optimizer": "adam",
        "learning_rate": 0.02,
        "schedule": "constant",
        "batch_size": 16,
        "epochs": 40,
        "valid": 0.25,
        "keep_best": False,
    },
    "data": {"name": "moons", "rows": 64, "noise": 0.2, "seed": 1},
    "nets": 3,
    "seed": 5,
}


@contextmanager
def lab(worker: Sequence[str] = WORKER, mode: LessonMode = PLAIN) -> Iterator[Lab]:
    """The lab on a free port, for as long as the block lasts."""
    app = lab_app(TOKEN, worker, mode=mode)
    server = WebServer(app, sockets=True)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield Lab(server, app.sessions)
    finally:
        server.stop()
        thread.join(20)
        assert not thread.is_alive()


class Lab:
    """Asks a lab, each time by a connection of its own."""

    def __init__(self, server: WebServer, sessions: Sessions) -> None:
        self.server, self.sessions = server, sessions

    def ask(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, headers in lower case, and body."""
        return ask(self.server.port, method, path, body, headers)

    def keep(self, name: str, content: bytes) -> tuple[int, Any]:
        """Drop a file on the page: status and JSON."""
        status, _, answer = self.ask("POST", f"/files?name={name}", content, {"x-goodfit-token": TOKEN})
        return status, json.loads(answer)

    def socket(self, token: str = TOKEN, origin: str | None = None, **headers: str) -> Any:
        """A WebSocket."""
        address = f"ws://127.0.0.1:{self.server.port}/live?token={token}"
        named: Any = origin or self.server.url
        opening = connect(address, origin=named, max_size=None, additional_headers=headers, proxy=None)
        return opening.__enter__()  # whoever has it closes it

    def page(self, session: str | None = None, after: int = 0) -> Page:
        """A page that has said hello."""
        return Page(self.socket(), session, after)


class Page:
    """A page without a browser. got: all that it was told, (header, columns) each."""

    def __init__(self, socket: Any, session: str | None = None, after: int = 0, **loaded: Any) -> None:
        self.socket, self.number = socket, 0
        self.got: list[tuple[Header, dict[str, Any]]] = []
        self.welcome = self.ask("hello", session=session, after=after, **loaded)

    def send(self, do: str, **fields: Any) -> int:
        """Ask for something; the number of the message."""
        self.number += 1
        self.socket.send(json.dumps({"do": do, "id": self.number, **fields}))
        return self.number

    def read(self, seconds: float = SECONDS) -> tuple[Header, dict[str, Any]]:
        """The next message; it is as `telling` declares it."""
        message = self.socket.recv(timeout=seconds)
        header, columns = json.loads(message) if isinstance(message, str) else {}, {}
        if isinstance(message, bytes):
            header, payload = split_frame(message)
            columns = columns_of(header, payload)
        TOLD[header["say"]].model_validate(header)
        self.got.append((header, columns))
        return header, columns

    def until(self, found: Callable[[Header], bool]) -> tuple[Header, dict[str, Any]]:
        """Read on to the first message for which this holds."""
        end = time.monotonic() + SECONDS
        while True:
            header, columns = self.read(max(0.01, end - time.monotonic()))
            if found(header):
                return header, columns

    def ask(self, do: str, **fields: Any) -> Header:
        """Ask for something, and read to its end: "ok", an error, or a welcome."""
        number = self.send(do, **fields)
        return self.until(lambda told: told["to"] == number and told["say"] in ("ok", "error", "welcome"))[0]

    def refused(self, do: str, **fields: Any) -> str:
        """What is said where something is not done."""
        told = self.ask(do, **fields)
        assert told["say"] == "error", told
        return "\n".join(told["sentences"])

    def quiet(self, seconds: float = 0.3) -> list[str]:
        """What else comes, until nothing does: what each says."""
        found = []
        while True:
            try:
                found.append(self.read(seconds)[0]["say"])
            except TimeoutError:
                return found

    def last(self, say: str) -> tuple[Header, dict[str, Any]]:
        """The newest of a kind."""
        return next(each for each in reversed(self.got) if each[0]["say"] == say)

    def close(self) -> None:
        """Close the tab."""
        self.socket.close()
