"""What only some systems have: used behind a guard, and the guards hold. Linux is what the tests run on."""

from __future__ import annotations

import ast
import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

import goodfit.files
from goodfit import host
from goodfit.errors import InputError
from goodfit.files import is_living, write_atomically

ROOT = Path(__file__).parents[1]
MODULES = {"fcntl", "grp", "msvcrt", "posix", "pty", "pwd", "resource", "syslog", "termios", "tty", "winreg"}
NAMES = {  # of the module `os`, `signal` or `socket`, that Windows or macOS lacks, or takes otherwise
    *("fork", "forkpty", "getuid", "geteuid", "getgid", "getegid", "getloadavg", "kill", "killpg", "mkfifo", "nice"),
    *("chown", "chmod", "fchmod", "lchown", "link", "symlink", "pipe2", "posix_spawn", "register_at_fork", "uname"),
    *("sched_getaffinity", "sched_setaffinity", "setsid", "getpgid", "statvfs", "sysconf", "wait", "waitpid"),
    *("O_CLOEXEC", "O_NOCTTY", "O_NONBLOCK", "O_DIRECTORY", "O_NOFOLLOW", "O_BINARY", "AF_UNIX", "SO_REUSEPORT"),
    *("SIGALRM", "SIGCHLD", "SIGHUP", "SIGKILL", "SIGQUIT", "SIGSTOP", "SIGCONT", "SIGUSR1", "SIGUSR2", "SIGPIPE"),
    *("alarm", "setitimer", "pause", "sigwait", "pthread_kill", "pthread_sigmask", "set_wakeup_fd", "startfile"),
}
OWNERS = {"os", "signal", "socket"}
MISSING = {"ImportError", "ModuleNotFoundError", "AttributeError"}
TEXT_METHODS = {"read_text": 0, "write_text": 1, "open": 2}  # of a Path -> the place of `encoding` among its arguments


def parents(tree: ast.AST) -> dict[ast.AST, ast.AST]:
    return {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}


def asks(node: ast.AST) -> bool:
    """Whether a condition asks which system this is, or whether something is there."""
    text = ast.unparse(node)
    return any(each in text for each in ("os.name", "sys.platform", "hasattr("))


def is_guarded(node: ast.AST, above: dict[ast.AST, ast.AST]) -> bool:
    """Whether a use stands below such a condition, behind an early return of one, or where its lack is caught."""
    child = node
    while (parent := above.get(child)) is not None:
        if isinstance(parent, ast.If | ast.IfExp) and child is not parent.test and asks(parent.test):
            return True
        if isinstance(parent, ast.BoolOp) and any(asks(each) for each in parent.values[: parent.values.index(child)]):
            return True
        if isinstance(parent, ast.comprehension | ast.GeneratorExp) and asks(parent):
            return True
        if isinstance(parent, ast.Try) and child in parent.body:
            caught = " ".join(ast.unparse(each.type) for each in parent.handlers if each.type)
            if any(each in caught for each in MISSING):
                return True
        body = getattr(parent, "body", None)
        if isinstance(body, list) and child in body:
            before = body[: body.index(child)]
            leaves = (each for each in before if isinstance(each, ast.If) and asks(each.test))
            if any(isinstance(each.body[-1], ast.Return | ast.Raise) for each in leaves):
                return True
        child = parent
    return False


def unguarded(source: str) -> Iterator[str]:
    """What a file uses that only some systems have, without a guard."""
    tree = ast.parse(source)
    above = parents(tree)
    for node in ast.walk(tree):
        found: list[str] = []
        if isinstance(node, ast.Import):
            found = [each.name for each in node.names if each.name in MODULES]
        elif isinstance(node, ast.ImportFrom):
            found = [f"{node.module}"] if node.module in MODULES else []
            found += [each.name for each in node.names if node.module in OWNERS and each.name in NAMES]
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            found = [ast.unparse(node)] if node.value.id in OWNERS and node.attr in NAMES else []
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found = [node.value] if node.value.startswith(("/proc/", "/dev/", "/tmp/", "/sys/")) else []
        yield from (f"{node.lineno}: {each}" for each in found if not is_guarded(node, above))


def without_encoding(source: str) -> Iterator[str]:
    """Calls that read or write text in whatever encoding the system has."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        words = {each.arg for each in node.keywords}
        given = {
            each.value.value for each in node.keywords if isinstance(each.value, ast.Constant) and each.arg == "mode"
        }
        given |= {each.value for each in node.args if isinstance(each, ast.Constant) and isinstance(each.value, str)}
        binary = any(len(str(each)) <= 3 and "b" in str(each) for each in given)
        match node.func:
            case ast.Name("open") | ast.Attribute(ast.Name("os"), "fdopen"):
                wrong = not binary and "encoding" not in words
            case ast.Attribute(_, "read_text" | "write_text" as method):
                wrong = "encoding" not in words and len(node.args) <= TEXT_METHODS[method]
            case ast.Attribute(ast.Name("subprocess"), "run" | "Popen" | "check_output"):
                wrong = bool(words & {"text", "universal_newlines"}) and "encoding" not in words
            case _:
                continue
        if wrong:
            yield f"{node.lineno}: {ast.unparse(node)[:80]}"


@pytest.mark.parametrize("rule", [unguarded, without_encoding])
def test_the_package_asks_before_it_uses_what_some_systems_lack(rule) -> None:  # type: ignore[no-untyped-def]
    found = [
        f"{path.relative_to(ROOT).as_posix()}:{each}"
        for path in sorted((ROOT / "src").rglob("*.py"))
        for each in rule(path.read_text("utf-8"))
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "source",
    [
        "import fcntl",
        "def f():\n    os.kill(1, 0)",
        "signal.signal(signal.SIGKILL, f)",
        "from os import fork",
        "if os.getpid() == 1:\n    os.fork()",
        "open('/proc/meminfo', 'rb')",
        "if hasattr(os, 'fork'):\n    pass\nos.fork()",
    ],
)
def test_an_unguarded_use_would_be_seen(source: str) -> None:
    assert list(unguarded(source))


@pytest.mark.parametrize(
    "source",
    [
        "try:\n    import fcntl\nexcept ImportError:\n    fcntl = None",
        "n = len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else 1",
        "def f():\n    if os.name != 'posix':\n        return\n    os.kill(1, 0)",
        "root = hasattr(os, 'geteuid') and os.geteuid() == 0",
        "getattr(os, 'O_NONBLOCK', 0)",
    ],
)
def test_guarded_uses_pass(source: str) -> None:
    assert not list(unguarded(source))


@pytest.mark.parametrize(
    "line",
    ["open(p)", "open(p, 'w')", "p.read_text()", "p.write_text(t)", "os.fdopen(1)", "subprocess.run(c, text=True)"],
)
def test_text_without_an_encoding_would_be_seen(line: str) -> None:
    assert list(without_encoding(line))


@pytest.mark.parametrize(
    "line",
    [
        "open(p, 'rb')",
        "open(p, encoding='utf-8')",
        "p.read_text('utf-8')",
        "p.write_text(t, 'utf-8')",
        "os.fdopen(1, 'wb')",
    ],
)
def test_text_with_an_encoding_and_bytes_pass(line: str) -> None:
    assert not list(without_encoding(line))


def test_a_system_that_does_not_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows: neither cores of a process nor memory; macOS: all memory, but not what is free of it."""
    monkeypatch.delattr(os, "sched_getaffinity")
    assert host.cores() == (os.cpu_count() or 1)
    total = host.host_total()
    known = os.sysconf

    def of_macos(name: str) -> int:
        if name == "SC_AVPHYS_PAGES":
            raise ValueError("unrecognized configuration name")
        return known(name)

    monkeypatch.setattr(os, "sysconf", of_macos)
    assert host.host_memory() == total < math.inf
    monkeypatch.delattr(os, "sysconf")
    assert host.host_memory() == host.host_total() == math.inf


def windows(**names: object) -> SimpleNamespace:
    """The module `os` as code sees it on Windows; `os.name` itself is not touched, for pathlib asks it too."""
    return SimpleNamespace(**{**vars(os), "name": "nt", **names})


def test_on_windows_a_file_that_is_read_is_renamed_when_the_reader_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, refused, paused = os.replace, [PermissionError(13, "Access is denied")] * 2, list[float]()

    def replace(source: Path, target: Path) -> None:
        if refused:
            raise refused.pop()
        real(source, target)

    monkeypatch.setattr(goodfit.files, "os", windows(replace=replace))
    monkeypatch.setattr(goodfit.files, "time", SimpleNamespace(time=time.time, sleep=paused.append))
    write_atomically(os.fspath(tmp_path / "a"), b"whole")
    assert (tmp_path / "a").read_bytes() == b"whole"
    assert paused == list(goodfit.files.PAUSES[:2])
    refused += [PermissionError(13, "Access is denied")] * 9
    with pytest.raises(InputError, match=r"must be writable: Access is denied"):
        write_atomically(os.fspath(tmp_path / "a"), b"other")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_on_windows_no_process_is_asked_whether_it_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = lambda *_: pytest.fail("on Windows this sends Ctrl-C")  # noqa: E731
    monkeypatch.setattr(goodfit.files, "os", windows(kill=asked))
    assert is_living(os.getppid())
    assert not is_living(os.getpid())


LACKING = f"""
import builtins, os, signal, sys
real = builtins.__import__
def lacking(name, *more, **named):
    if name in {sorted(MODULES)!r} and "goodfit" in sys._getframe(1).f_globals.get("__name__", ""):
        raise ImportError(name)
    return real(name, *more, **named)
import jax, multiprocessing.resource_tracker, subprocess, asyncio, tempfile, uvicorn  # what others need of them
for name in ("sched_getaffinity", "register_at_fork", "uname", "geteuid"):
    delattr(os, name)
builtins.__import__ = lacking
import goodfit.training.devices, goodfit.models.blockwise, goodfit.leaving, goodfit.training.lock as lock
import goodfit.training.interrupts, goodfit.lab.answers, goodfit.training.machine, goodfit.serving.web_server
from pathlib import Path
assert lock.fcntl is None and goodfit.lab.answers.fcntl is None
with lock.held(Path(".")):
    assert not lock.is_held(Path("."))
print("imported")
"""


def test_the_package_is_imported_and_holds_a_run_where_posix_names_are_missing() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LACKING], capture_output=True, text=True, encoding="utf-8", check=False
    )
    assert (done.returncode, done.stdout.strip()) == (0, "imported"), done.stderr


def test_signals_that_a_system_lacks_are_left_out() -> None:
    from goodfit.leaving import SIGNALS

    assert {each.name for each in SIGNALS} <= {"SIGINT", "SIGTERM", "SIGHUP"}
    assert signal.SIGINT in SIGNALS
