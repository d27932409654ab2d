"""A web server for this machine: whatever application it is given, it starts, says where, and stops quietly.

It listens on the loopback address unless told otherwise. What listens there can still be reached from any web page that
the user's browser has open, under a name that its owner has pointed at 127.0.0.1; so requests for other names are
refused (`guarded`).
"""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import json
import os
import signal
import socket
import threading
from collections.abc import Callable, Collection, Iterator
from typing import TYPE_CHECKING, Any

from goodfit.errors import GoodfitError, InputError, Problems, problem

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

LOOPBACK = "127.0.0.1"
LOOPBACK_NAMES = ("localhost", LOOPBACK, "::1")
LARGEST_PORT = 65535
STOP_SECONDS = 2  # that requests under way have when the server stops
REQUEST_SECONDS = 10.0  # in which a request must have begun, with all its headers
IDLE_SECONDS = 5  # that a connection stays open between two requests
MOST_CONNECTIONS = 100  # at once; more are answered 503
BACKLOG = 128
MOST_SOCKET_BYTES = 2**20  # of a message that comes over a WebSocket
STOPPING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM") if hasattr(signal, name))
_NO_ADDRESS = {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.EINVAL}


class WebServer:
    """An ASGI application on a port: made, it has its address and accepts connections; `run` answers them.

    app: the application.
    host: a name or address of this machine; default '127.0.0.1', which only this machine can reach.
    port: 0 to 65535; 0 for one that is free.
    sockets: whether the application has WebSockets, and a lifespan.
    InputError where there is no such host or the port is taken.
    """

    def __init__(self, app: ASGIApp, host: str = LOOPBACK, port: int = 0, *, sockets: bool = False) -> None:
        self.host = host
        self._socket = listening(host, port)
        address, self.port = self._socket.getsockname()[:2]
        self.local: bool = ipaddress.ip_address(address.partition("%")[0]).is_loopback
        """Whether only this machine can reach it."""
        self._server = _quiet_server(guarded(app, {*LOOPBACK_NAMES, host.lower()}) if self.local else app, sockets)

    @property
    def url(self) -> str:
        """Where a browser on this machine finds it: http://127.0.0.1:8000."""
        return f"http://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"

    def run(self, started: Callable[[WebServer], None] | None = None) -> None:
        """Answer until `stop` is called or, in the main thread, Ctrl-C or SIGTERM arrives; then return.

        Requests under way have STOP_SECONDS more; a second signal does not wait for them. Signals that the process
        ignores stay ignored.
        started: called first, when a signal stops the server already.
        """
        with contextlib.closing(self._socket), self._signals():
            if started is not None:
                started(self)
            self._server.run([self._socket])

    def stop(self) -> None:
        """Have `run` return, from whatever thread; a second time, without waiting for the requests under way."""
        self._server.force_exit = self._server.should_exit
        self._server.should_exit = True

    def close(self) -> None:
        """Give the port back; for a server that is not to run."""
        self._socket.close()

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        heeded = [each for each in STOPPING if signal.getsignal(each) is not signal.SIG_IGN]
        before = {each: signal.signal(each, lambda *_: self.stop()) for each in heeded}
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)


def _quiet_server(app: ASGIApp, sockets: bool) -> Any:
    import uvicorn
    from uvicorn.protocols.http.h11_impl import H11Protocol

    class Impatient(H11Protocol):
        """Closes connections on which no request arrives: uvicorn's own patience begins with the first answer, and
        ends with the first letter of the next request.
        """

        def connection_made(self, transport: Any) -> None:
            self.upgraded = False
            super().connection_made(transport)
            self.loop.call_later(REQUEST_SECONDS, self._look, None)

        def _look(self, before: Any) -> None:
            """Close if no request has begun since the last look, at which `before` was the newest."""
            waiting = self.cycle is None or self.cycle.response_complete
            if self.upgraded:
                return
            if waiting and self.cycle is before:
                self.transport.close()
            elif not self.transport.is_closing():
                self.loop.call_later(REQUEST_SECONDS, self._look, self.cycle)

        def handle_websocket_upgrade(self, event: Any) -> None:
            self.upgraded = True  # a socket may say nothing for hours
            super().handle_websocket_upgrade(event)

    class Quiet(uvicorn.Server):
        """Leaves signals to `WebServer`: its own way raises each again after the last request."""

        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            yield

    settings = uvicorn.Config(
        app,
        http=Impatient,
        ws="websockets-sansio" if sockets else "none",
        ws_max_size=MOST_SOCKET_BYTES,
        loop="asyncio",
        lifespan="on" if sockets else "off",
        log_config=None,
        log_level="critical",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_keep_alive=IDLE_SECONDS,
        timeout_graceful_shutdown=STOP_SECONDS,
    )
    return Quiet(settings)


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens; InputError where it cannot, with what to do about it."""
    problems = Problems()
    if not host or not host.isprintable():
        problems.add("Server", "'host' must be a name or an address of this machine", got=host)
    if not 0 <= port <= LARGEST_PORT:
        rule = f"'port' must be from 0 to {LARGEST_PORT}"
        problems.add("Server", rule, got=port, fix="With 0 it takes one that is free.")
    problems.raise_if_any()
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (OSError, UnicodeError) as error:
        raise _no_host(host) from error
    made = socket.socket(family, kind, protocol)
    try:
        if os.name == "posix":  # or a restart waits for old connections; on Windows it would share a port in use
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(address)
        made.listen(BACKLOG)
    except OSError as error:
        made.close()
        raise _not_bound(host, port, error) from error
    return made


def _no_host(host: str) -> InputError:
    rule = "'host' must be a name or an address of this machine"
    return InputError(problem("Server", rule, got=host, fix=f"{LOOPBACK} is this machine alone."))


def _not_bound(host: str, port: int, error: OSError) -> GoodfitError:
    if error.errno == errno.EADDRINUSE:
        fix = "Choose another port, or 0 for one that is free."
        return InputError(problem("Server", f"port {port} of {host} is in use", fix=fix))
    if error.errno in (errno.EACCES, errno.EPERM):
        fix = "Choose one above 1023, or 0 for one that is free."
        return InputError(problem("Server", f"port {port} of {host} may not be used: {error.strerror}", fix=fix))
    if error.errno in _NO_ADDRESS:
        return _no_host(host)
    return GoodfitError(problem("Server", f"cannot listen on port {port} of {host}: {error.strerror or error}"))


def guarded(app: ASGIApp, names: Collection[str]) -> ASGIApp:
    """The application for requests whose Host header is one of these names, with any port; others are answered 403.

    names: host names and addresses, in lower case, IPv6 ones without brackets.
    """

    async def guard(scope: Scope, receive: Receive, send: Send) -> None:
        given = [value for name, value in scope.get("headers", ()) if name == b"host"]
        if scope["type"] == "lifespan" or (len(given) == 1 and host_name(given[0]) in names):
            await app(scope, receive, send)
            return
        if scope["type"] == "websocket":  # before it is accepted, this is an answer with status 403
            await send({"type": "websocket.close", "code": 1008})
            return
        got = given[0].decode("latin-1") if given else "none"
        fix = f"Ask for http://{LOOPBACK}, with the port."
        text = problem("Request", "the Host header must name this machine", got=got, fix=fix)
        content = json.dumps({"status": 403, "problems": [text]}, ensure_ascii=False).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]
        await send({"type": "http.response.start", "status": 403, "headers": [*headers, (b"connection", b"close")]})
        await send({"type": "http.response.body", "body": content})

    return guard


def host_name(header: bytes) -> str:
    """The name in a Host header, in lower case, without the port and without the brackets of IPv6."""
    text = header.decode("latin-1").strip().lower()
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.rpartition(":")[0] if ":" in text else text
