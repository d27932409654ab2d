from __future__ import annotations

import contextlib
import errno
import importlib
import inspect
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import threading
import warnings
from pathlib import Path
from typing import Any

import pytest

from docs_blocks import check_command
from goodfit import __version__
from goodfit.cli import exits
from goodfit.cli.app import COMMANDS as COMMANDS_HELP
from goodfit.cli.app import DATA_COMMANDS, FUNCTIONS
from goodfit.errors import GoodfitError, InputError
from goodfit.training.recipe import Recipe

COMMANDS = [
    *[(), ("train",), ("runs",), ("show",), ("predict",), ("report",)],
    *[("data",), ("data", "list"), ("data", "show"), ("data", "fetch")],
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_explains_itself(call, command: tuple[str, ...]) -> None:  # type: ignore[no-untyped-def]
    code, out, err = call(*command, "--help")
    assert (code, err) == (0, "")
    assert out.startswith(f"Usage: {' '.join(['goodfit', *command])}")


EVERY = [
    *((name,) for name in COMMANDS_HELP),
    *(("data", name) for name in DATA_COMMANDS),
    ("study", "dropout"),
    ("data",),
]


@pytest.mark.parametrize("command", EVERY, ids=" ".join)
def test_help_opens_with_one_line_and_an_example_that_parses(call: Any, command: tuple[str, ...]) -> None:
    _, does, example, *_ = call(*command, "--help")[1].split("\n\n")
    assert does.endswith((".", "?"))
    assert len(does) <= 120
    assert example.startswith(f"Example: goodfit {command[0]}")
    check_command(shlex.split(example.removeprefix("Example: ")))


def test_every_field_of_the_recipe_is_a_flag_with_its_help(call) -> None:  # type: ignore[no-untyped-def]
    out = " ".join(call("train", "--help")[1].replace("│", " ").split())
    for rule in Recipe.fields().values():
        assert f"--{rule.flag} " in out
        assert rule.description.split(".")[0].split(":")[0][:30] in out, rule.name
    assert "--no-nesterov" in out


def test_version(call) -> None:  # type: ignore[no-untyped-def]
    assert call("--version") == (0, f"goodfit {__version__}\n", "")


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("trian",), "'trian' is not a command of 'goodfit'. Did you mean 'train'?"),
        (("xyz",), "'xyz' is not a command of 'goodfit'. See 'goodfit --help'."),
        (("--verzion",), "'--verzion' is not an option of 'goodfit'. Did you mean '--version'?"),
        (("data", "lst"), "'lst' is not a command of 'goodfit data'. Did you mean 'list'?"),
        (
            ("train", "iris", "--recpie", "x"),
            "'--recpie' is not an option of 'goodfit train'. Did you mean '--recipe'?",
        ),
        (("train", "iris", "--hiden=3"), "'--hiden' is not an option of 'goodfit train'. Did you mean '--hidden'?"),
        (("runs", "--foo"), "'--foo' is not an option of 'goodfit runs'. See 'goodfit runs --help'."),
        (("train", "iris", "--seeds", "x"), "'--seeds' must be an integer; got 'x'."),
        (("train", "iris", "--nesterov=maybe"), "'--nesterov' must be true or false; got 'maybe'."),
        (("train", "iris", "--hidden"), "'--hidden' needs a value. See 'goodfit train --help'."),
        (("train", "iris", "b"), "unexpected argument; got 'b'."),
        (("predict",), "'RUN' must be given. See 'goodfit predict --help'."),
        (("export", "a run"), "'--to' must be given: one of onnx, torch, numpy, sklearn. See 'goodfit export --help'."),
        (("report",), "'RUN' must be given. See 'goodfit report --help'."),
        (
            ("train", "iris", "--l2", "1", "--l2", "2"),
            "Parameter --l2 specified multiple times. See 'goodfit train --help'.",
        ),
        (("train",), "'DATA' must be given. Name a data set (see 'goodfit data list') or a table file."),
        (
            ("train", "iris", "--seeds", "0"),
            "'--seeds' must be an integer >= 1, and the last seed <= 4294967295; got 0.",
        ),
        (
            ("train", "iris", "--seed", "4294967295", "--seeds", "2"),
            "'--seeds' must be an integer >= 1, and the last seed <= 4294967295; got 2.",
        ),
        (
            ("train", "iris", "--resume", "x", "--l2", "3", "--no-keep-best"),
            "'--resume' continues with the original settings and cannot be combined with DATA, --l2, --keep-best. "
            "Use only --resume, --json and --quiet.",
        ),
    ],
)
def test_bad_usage_is_one_clear_message_and_exit_code_2(call, fake, arguments, text) -> None:  # type: ignore[no-untyped-def]
    assert call(*arguments) == (2, "", f"Command line: {text}\n")
    assert fake.calls == []


def test_problems_of_flags_and_data_come_together(call, fake) -> None:  # type: ignore[no-untyped-def]
    code, out, err = call("train", "irs", "--l2", "-0.1", "--activation", "tahn")
    assert (code, out, len(err.splitlines())) == (2, "", 3)
    assert "'--activation' must be one of" in err
    assert "got 'tahn'. Did you mean 'tanh'?" in err
    assert "'--l2' must be a finite number >= 0; got -0.1. Use 0 to switch it off." in err
    assert "Did you mean 'iris'?" in err


def test_a_bug_is_one_line_and_exit_code_1(call, fake, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    fake.error = RuntimeError("odd\nthing")
    code, out, err = call("train", "iris", "--quiet")
    assert (code, out) == (1, "")
    assert err == (
        "This is a bug in goodfit: RuntimeError: odd. "
        "Set GOODFIT_DEBUG=1 to see where it happened, and please report it.\n"
    )
    monkeypatch.setenv("GOODFIT_DEBUG", "1")
    assert "Traceback (most recent call last)" in call("train", "iris", "--quiet")[2]


@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        (InputError("a", "b"), 2, "a\nb"),
        (GoodfitError("a"), 1, "a"),
        (KeyboardInterrupt(), 1, "Interrupted."),
        (
            MemoryError(),
            1,
            "Memory: there is not enough for this work. Try a smaller net, fewer seeds or a smaller batch size.",
        ),
        (RuntimeError("RESOURCE_EXHAUSTED: Out of memory allocating 8 bytes"), 1, "Memory: there is not enough"),
        (OSError(errno.ENOSPC, "No space left on device", "f"), 1, "f: the operation failed: No space left on device."),
        (OSError("odd"), 1, "System: the operation failed: odd."),
        (ZeroDivisionError(), 1, "This is a bug in goodfit: ZeroDivisionError. Set"),
    ],
)
def test_every_exception_has_an_exit_code_and_a_text(error: BaseException, code: int, text: str) -> None:
    told = exits.explain(error)
    assert told.exit_code == code
    assert str(told).startswith(text)


def test_the_code_of_a_system_exit_is_kept(capsys) -> None:  # type: ignore[no-untyped-def]
    def stop(code: object):  # type: ignore[no-untyped-def]
        def work() -> None:
            raise SystemExit(code)

        return work

    assert exits.guarded(stop(2)) == 2
    assert exits.guarded(stop(None)) == 0
    assert capsys.readouterr() == ("", "")


def test_in_process_a_broken_pipe_is_no_failure(capsys) -> None:  # type: ignore[no-untyped-def]
    def plain() -> None:
        raise BrokenPipeError

    def of_rich() -> None:
        try:
            plain()
        except BrokenPipeError:
            raise SystemExit(1)  # noqa: B904 - as rich does

    assert exits.guarded(plain) == exits.guarded(of_rich) == 0
    assert capsys.readouterr() == ("", "")


def test_a_closed_stderr_does_not_hide_the_exit_code(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    def full() -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    def closed(*_: object, **__: object) -> None:
        raise BrokenPipeError

    dropped: list[object] = []
    monkeypatch.setattr(exits, "drop", dropped.append)
    monkeypatch.setattr("builtins.print", closed)
    assert exits.guarded(full) == 1
    assert dropped == [sys.stderr, sys.stdout]


def test_warnings_are_one_line(capsys) -> None:  # type: ignore[no-untyped-def]
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        assert exits.guarded(lambda: warnings.warn("a file was wrong", UserWarning, stacklevel=1)) == 0
    assert capsys.readouterr() == ("", "Warning: a file was wrong\n")


def run(*arguments: str, code: str | None = None, **more: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", code] if code else [sys.executable, "-m", "goodfit", *arguments]
    return subprocess.run(command, text=True, timeout=60, check=False, **{"capture_output": True, **more})  # type: ignore[call-overload, no-any-return]


HEAVY = ("jax", "sklearn", "matplotlib", "scipy", "numpy", "pydantic", "rich", "cyclopts")


@pytest.mark.parametrize(
    ("code", "heavy"),
    [
        ("import goodfit", HEAVY),
        ("import goodfit.errors, goodfit.cli, goodfit.files", HEAVY),
        ("from goodfit.cli import main; main(['--help'])", HEAVY[:6]),
        ("from goodfit.cli import main; main(['train', '--help'])", HEAVY[:5]),
        ("from goodfit.cli import main; main(['train', 'iris', '--l2', '-1'])", HEAVY[:1]),
        ("from goodfit.training.recipe import Recipe; Recipe()", (*HEAVY[:5], "rich", "cyclopts")),
    ],
)
def test_heavy_packages_wait_until_they_are_needed(code: str, heavy: tuple[str, ...]) -> None:
    done = run(code=f"{code}\nimport sys\nprint('loaded', [name for name in {heavy!r} if name in sys.modules])")
    assert done.stdout.splitlines()[-1:] == ["loaded []"], done.stderr


def test_python_dash_m_is_the_command_line() -> None:
    done = run("data", "list", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert "iris" in [entry["name"] for entry in json.loads(done.stdout)]
    assert run("nothing").returncode == 2


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk_behind_stdout_is_the_machines_fault() -> None:
    with open("/dev/full", "w") as full:
        done = run("--version", capture_output=False, stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 1
    assert re.fullmatch(r"System: the operation failed: No space left on device\.\n", done.stderr)


def test_a_reader_that_leaves_early_is_no_failure() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = run("train", "--help", capture_output=False, stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_reader_of_progress_that_leaves_does_not_stop_the_work() -> None:
    code = (
        "from goodfit.cli.exits import guarded, say\n"
        "def work():\n    [say('x') for _ in range(3)]\n    print('result')\n"
        "raise SystemExit(guarded(work))"
    )
    reader, writer = os.pipe()
    os.close(reader)
    done = run(code=code, capture_output=False, stdout=subprocess.PIPE, stderr=writer)
    os.close(writer)
    assert (done.returncode, done.stdout) == (0, "result\n")


def test_a_limit_of_serving_is_named_by_its_flag(call: Any) -> None:
    for flag in ("--max-rows", "--max-megabytes"):
        code, _, err = call("serve", "nowhere", flag, "0")
        assert (code, err.startswith(f"Command line: '{flag}' must be from 1 to ")) == (2, True)


def test_a_terminal_without_unicode_is_served() -> None:
    done = run("data", "show", "digits", env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert (done.returncode, done.stderr) == (0, "")
    assert "1,797" in done.stdout


def press() -> None:
    """Ctrl-C, heard before the next line runs."""
    signal.raise_signal(signal.SIGINT)


def test_a_second_ctrl_c_while_a_command_ends_takes_nothing_of_its_last_words(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """At each place where a command that was interrupted still runs code of its own."""
    heard = []
    say = exits.say

    def words(text: str) -> None:
        heard.append("words")
        press()
        say(text)

    def work() -> None:
        try:
            with contextlib.ExitStack() as last:
                last.callback(lambda: (heard.append("clean-up"), press()))
                press()
            raise AssertionError
        except KeyboardInterrupt:
            heard.append("handler")
            press()
            try:
                raise OSError
            except OSError:
                press()
            raise exits.Interrupted("Interrupted. Go on with: x") from None
        finally:
            heard.append("finally")
            press()

    monkeypatch.setattr(exits, "say", words)
    before = signal.getsignal(signal.SIGINT)
    assert exits.guarded(work) == 1
    assert signal.getsignal(signal.SIGINT) is before
    assert heard == ["clean-up", "handler", "finally", "words"]
    assert capsys.readouterr().err == "Interrupted. Go on with: x\n"


def test_a_ctrl_c_while_an_error_is_told_is_not_heard(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def work() -> None:
        raise InputError("This is wrong.")

    tell = exits._tell
    monkeypatch.setattr(exits, "_tell", lambda *told: (press(), tell(*told), press()))
    assert exits.guarded(work) == 2
    assert capsys.readouterr().err == "This is wrong.\n"


def test_where_ctrl_c_is_ignored_it_stays_so(monkeypatch: pytest.MonkeyPatch) -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        assert exits.guarded(press) == 0
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
    codes = []
    thread = threading.Thread(target=lambda: codes.append(exits.guarded(lambda: None)))
    thread.start()
    thread.join()
    assert codes == [0]


def test_completion_of_commands_and_options(call: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert "--install-completion" in call("--help")[1]
    code, _, err = call("--install-completion", "--shell", "bash")
    assert code == 0, err
    (script,) = [path for path in tmp_path.rglob("*goodfit*") if path.is_file()]
    text = script.read_text()
    for word in ("train", "select", "--hidden", "--strict", "weight-decay"):
        assert word in text


NO_RESULT = {"lab", "serve"}  # they go on until they are stopped
NOTHING_BESIDE = {"card", "devices", "export", "ledger", "report", "runs", "show", "data list"}


@pytest.mark.parametrize("command", [*((name,) for name in COMMANDS_HELP), *(("data", name) for name in DATA_COMMANDS)])
def test_sister_commands_have_the_same_common_flags(command: tuple[str, ...]) -> None:
    """--json wherever there is a result, --quiet wherever progress or notes may stand beside it."""
    name = " ".join(command)
    module = importlib.import_module(f"goodfit.cli.{command[0]}")
    function = module.list_ if name == "study" else getattr(module, FUNCTIONS.get(command[-1], command[-1]))
    flags = inspect.signature(function).parameters
    assert ("json" in flags) == (name not in NO_RESULT)
    assert ("quiet" in flags) == (name not in NOTHING_BESIDE)
    if name in NOTHING_BESIDE and command[0] != "data":
        assert "progress" not in Path(str(module.__file__)).read_text("utf-8")


@pytest.mark.parametrize("words", [("data", "list"), ("data", "show", "moons"), ("data", "check", "moons", "--quiet")])
def test_no_line_of_a_table_ends_in_blanks(call: Any, words: tuple[str, ...]) -> None:
    code, out, err = call(*words)
    assert (code, err) == (0, "")
    assert len(out.splitlines()) > 2
    assert [line for line in out.splitlines() if line != line.rstrip()] == []
