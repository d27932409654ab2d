"""The server: where it listens, for whom, how it stops, and that it says nothing by itself."""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest
from serving_help import ROW, Client, array_model, served, table_model

from goodfit.cli import main
from goodfit.errors import InputError
from goodfit.serving import WebServer, app, running, web_server
from goodfit.serving.web_server import host_name

HALVES = [
    b"",
    b"POST /pre",
    b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{",
    b"GET /schema HTTP/1.1\r\nHost: localhost\r\n\r\n",  # whose answer is not read
    b"\x16\x03\x01 not HTTP at all\r\n\r\n",
]


def test_clients_that_hang_do_not_keep_it_from_stopping(capfd: pytest.CaptureFixture[str]) -> None:
    """The answers of requests under way are waited for, but not for long; and nothing is printed of it all."""
    server = WebServer(app(table_model()))
    thread = threading.Thread(target=server.run)
    thread.start()
    with contextlib.ExitStack() as stack:
        for half in HALVES:
            client = stack.enter_context(socket.create_connection(("127.0.0.1", server.port)))
            client.sendall(half)
        assert Client(server).predict({"rows": [ROW]})[0] == 200
        began = time.monotonic()
        server.stop()
        thread.join(10)
        assert not thread.is_alive()
        assert time.monotonic() - began < 6
    assert capfd.readouterr() == ("", "")
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", server.port))


def test_connections_without_a_request_do_not_keep_others_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_server, "REQUEST_SECONDS", 0.3)
    monkeypatch.setattr(web_server, "MOST_CONNECTIONS", 6)
    with served(table_model()) as client, contextlib.ExitStack() as stack:
        held = []
        for half in (*HALVES[:2], b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\nGET /hea", *[b""] * 3):
            held.append(stack.enter_context(socket.create_connection(("127.0.0.1", client.server.port), timeout=10)))
            held[-1].sendall(half)
        assert client.ask("GET", "/health")[0] == 503
        for each in held:
            while each.recv(4096):
                pass
        assert client.predict({"rows": [ROW]})[0] == 200


def test_a_port_in_use_is_one_clear_error() -> None:
    first = WebServer(app(array_model()))
    rule = f"Server: port {first.port} of 127.0.0.1 is in use. Choose another port, or 0 for one that is free."
    with contextlib.closing(first), pytest.raises(InputError) as caught:
        WebServer(app(array_model()), port=first.port)
    assert str(caught.value) == rule
    again = WebServer(app(array_model()), port=first.port)  # given back at once
    assert again.url == f"http://127.0.0.1:{first.port}"
    again.close()


@pytest.mark.parametrize(
    ("host", "port", "problem"),
    [
        ("127.0.0.1", 65536, "'port' must be from 0 to 65535; got 65536"),
        ("127.0.0.1", -1, "'port' must be from 0 to 65535; got -1"),
        ("no such host", 0, "'host' must be a name or an address of this machine; got 'no such host'"),
        ("", 0, "'host' must be a name or an address of this machine; got ''"),
        ("a" * 300, 0, "'host' must be a name or an address of this machine"),
        ("192.0.2.1", 0, "'host' must be a name or an address of this machine; got '192.0.2.1'"),
    ],
)
def test_where_it_cannot_listen_is_refused(host: str, port: int, problem: str) -> None:
    with pytest.raises(InputError, match="Server: ") as caught:
        WebServer(app(array_model()), host, port)
    assert problem in str(caught.value)


HOSTS = [
    ("localhost", 200),
    ("LOCALHOST:99", 200),
    ("127.0.0.1:8000", 200),
    ("[::1]:8000", 200),
    ("evil.example", 403),
    ("127.0.0.1.evil.example:8000", 403),
    ("localhost.evil.example", 403),
    ("", 403),
]


@pytest.mark.parametrize(("host", "status"), HOSTS)
def test_on_loopback_only_names_of_this_machine_are_answered(people: Client, host: str, status: int) -> None:
    """Or any web page could ask, by pointing a name of its own at 127.0.0.1."""
    found, headers, body = people.ask("GET", "/health", headers={"Host": host})
    assert found == status
    if status == 403:
        assert headers["content-type"] == "application/json"
        text = f"the Host header must name this machine; got {host!r}. Ask for http://127.0.0.1, with the port."
        assert json.loads(body) == {"status": 403, "problems": [f"Request: {text}"]}


def test_two_host_headers_are_refused(people: Client) -> None:
    with socket.create_connection(("127.0.0.1", people.server.port), timeout=10) as client:
        client.sendall(b"GET /health HTTP/1.0\r\nHost: localhost\r\nHost: evil.example\r\n\r\n")
        assert client.recv(99).split()[1] in (b"400", b"403")


def test_beyond_loopback_any_name_is_answered() -> None:
    with served(array_model(), host="0.0.0.0") as client:
        assert not client.server.local
        assert client.ask("GET", "/health", headers={"Host": "model.example"})[0] == 200


@pytest.mark.parametrize(
    ("header", "name"),
    [
        (b"a.b:80", "a.b"),
        (b"A", "a"),
        (b"[::1]", "::1"),
        (b"[::1]:80", "::1"),
        (b"::1", ":"),
        (b"localhost:1:2", "localhost:1"),
        (b"\xff", "ÿ"),
    ],
)
def test_the_name_in_a_host_header(header: bytes, name: str) -> None:
    assert host_name(header) == name


def test_serve_tells_when_it_listens_and_returns_when_it_is_stopped(tmp_path: Path) -> None:
    table_model().save(tmp_path / "model.safetensors")
    seen = []

    def started(server: WebServer) -> None:
        with socket.create_connection(("127.0.0.1", server.port)):
            seen.append(server.url)
        server.stop()

    running.serve(tmp_path / "model.safetensors", port=0, started=started)
    (url,) = seen
    assert url.startswith("http://127.0.0.1:")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_it_and_means_afterwards_what_it_did(number: int, capfd: pytest.CaptureFixture[str]) -> None:
    before = signal.getsignal(number)
    WebServer(app(array_model())).run(lambda _: signal.raise_signal(number))
    assert signal.getsignal(number) is before
    assert capfd.readouterr() == ("", "")


def test_a_signal_that_the_process_ignores_stays_ignored() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        server = WebServer(app(array_model()))
        timer = threading.Timer(0.5, server.stop)
        began = time.monotonic()

        def started(_: WebServer) -> None:
            signal.raise_signal(signal.SIGINT)
            timer.start()

        server.run(started)
        assert time.monotonic() - began > 0.4
    finally:
        signal.signal(signal.SIGINT, before)


def test_the_command_serves_until_a_signal_and_ends_well(tmp_path: Path) -> None:
    table_model().save(tmp_path / "model.safetensors")
    command = [sys.executable, "-m", "goodfit", "serve", "model.safetensors", "--port", "0"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, cwd=tmp_path) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        with urllib.request.urlopen(f"{url}/health", timeout=20) as answer:
            assert json.load(answer)["status"] == "ok"
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (0, "", "Serving model.safetensors. Stop it with Ctrl-C.\n")


def test_the_command_says_aloud_who_can_ask(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    table_model().save(tmp_path / "model.safetensors")

    def run(server: WebServer, started: Callable[[WebServer], None]) -> None:
        started(server)
        server.close()

    monkeypatch.setattr(WebServer, "run", run)
    file = str(tmp_path / "model.safetensors")
    assert main(["serve", file, "--port", "0", "--host", "0.0.0.0", "--quiet"]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("http://0.0.0.0:")
    assert err == "Warning: Anyone who reaches 0.0.0.0 can ask for predictions: there is no password.\n"
    assert main(["serve", file, "--port", "0"]) == 0
    assert capsys.readouterr().err == f"Serving {file}. Stop it with Ctrl-C.\n"
    assert main(["serve", file, "--port", "65536"]) == 2
    assert "'port' must be from 0 to 65535; got 65536" in capsys.readouterr().err
    assert main(["serve", file, "--max-rows", "0"]) == 2
    assert "'--max-rows' must be from 1 to" in capsys.readouterr().err
    assert main(["serve", str(tmp_path / "none")]) == 2
    assert capsys.readouterr().err.startswith(f"{tmp_path / 'none'}: must be ")
