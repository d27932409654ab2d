"""`goodfit lab`: it prints its address, serves the page, stops quietly; and a class room's answers are written down."""

from __future__ import annotations

import csv
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from goodfit.cli import main
from goodfit.errors import InputError
from goodfit.lab import running
from goodfit.lab.jobs import Teller, answer
from goodfit.lab.lessons import shipped
from goodfit.lab.messages import AskAnswer
from goodfit.lab.shelves import LessonMode
from goodfit.serving import WebServer

TEACHER = (Path(__file__).parents[2] / "docs" / "tutorials" / "teacher.md").read_text("utf-8")


def test_it_prints_its_address_and_stops_quietly(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "goodfit", "lab", "--port", "0", "--no-open"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path)
    assert process.stdout is not None
    address = process.stdout.readline().strip()
    with urllib.request.urlopen(address) as answered:
        assert answered.headers["content-security-policy"].startswith("default-src 'self'")
        assert b"<!doctype html>" in answered.read().lower()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (0, "")
    assert err == "The lab is open at this address. Stop it with Ctrl-C.\n"
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize(
    ("flags", "match"),
    [
        (["--port", "70000"], "'port' must be from 0 to 65535; got 70000"),
        (["--lesson", "hiden-layers"], "or a file; got 'hiden-layers'. Did you mean 'hidden-layers'?"),
        (["--lesson", "nowhere.toml"], "or a file; got 'nowhere.toml'. Valid: chain-rule, dropout,"),
    ],
)
def test_what_it_refuses(flags: list[str], match: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lab", "--no-open", *flags]) == 2
    assert match in capsys.readouterr().err


def test_a_class_room_is_reached_by_the_address_of_this_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "own_address", lambda: "192.0.2.7")
    seen: list[str] = []

    def started(address: str, server: WebServer) -> None:
        seen.append(address)
        server.stop()

    running.run_lab(port=0, opens=False, lesson="hidden-layers", collect=tmp_path / "answers.csv", started=started)
    assert seen[0].startswith("http://192.0.2.7:")
    assert seen[0].endswith("#lesson=hidden-layers")


def test_every_command_of_the_teachers_tutorial_opens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As far as the server, whose place is taken: the lessons are read, and the address tells what is opened."""

    class Server:
        port = 1

        def __init__(self, *_: Any, **__: Any) -> None: ...

        def run(self, begun: Any) -> None:
            begun(self)

    monkeypatch.setattr(running, "WebServer", Server)
    monkeypatch.chdir(tmp_path)
    own = re.search(r'text = """\n(.*?)"""', TEACHER, re.DOTALL)
    assert own is not None
    Path("spiral.toml").write_text(own[1], encoding="utf-8")
    opened = []
    for command in sorted(set(re.findall(r"goodfit (lab[^`\n]*)", TEACHER))):
        assert main([*command.split(), "--no-open", "--quiet"]) == 0, command
        opened.append(f"{command} {capsys.readouterr().out.partition('#')[2].strip()}")
    assert opened == [
        "lab ",
        "lab --collect answers.csv view=lessons",
        "lab --lesson hidden-layers --collect answers.csv lesson=hidden-layers",
        "lab --lesson spiral.toml lesson=spiral",
        "lab --port 0 ",
    ]


def test_the_help_lists_the_lessons_that_ship(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lab", "--help"]) == 0
    told = re.sub(r"\W", "", capsys.readouterr().out)  # the lines are broken, also at hyphens
    assert re.sub(r"\W", "", "Show one lesson" + "".join(each.name for each in shipped())) in told


def test_an_answer_is_scored_and_written_down(tmp_path: Path) -> None:
    path, told = tmp_path / "answers.csv", list[dict[str, Any]]()
    lesson = next(each for each in shipped() if each.name == "hidden-layers")
    asked = AskAnswer(do="answer", lesson=lesson.name, prediction=0.5, name="Ada", note="=1+1")
    answer(Teller(told.append, "answer"), asked, {}, {"collect": str(path), "page": "p1"})
    value = told[-1]["value"]
    assert (told[-1]["say"], value["right"]) == ("answered", True)
    assert value["collected"]["en"] == "Attempt 1 has been collected."
    other = AskAnswer(do="answer", lesson="chain-rule", prediction=-0.25, name="Ada")
    answer(Teller(told.append, "answer"), other, {}, {"collect": str(path), "page": "p1"})
    with open(path, newline="", encoding="utf-8") as file:
        line, second = csv.DictReader(file)
    assert [second[name] for name in ("lesson", "attempt", "seen_before", "right")] == ["chain-rule", "1", "no", "yes"]
    assert (line["lesson"], line["name"], line["right"], line["note"]) == ("hidden-layers", "Ada", "yes", "'=1+1")
    assert line["page"] == "p1"
    with pytest.raises(InputError, match=r"there is no such lesson; got 'hidden-layer'. Did you mean 'hidden-layers'"):
        answer(Teller(told.append, "answer"), asked.model_copy(update={"lesson": "hidden-layer"}), {}, {})


def test_a_file_of_ones_own_wins_over_a_lesson_of_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert LessonMode(Path("dropout")).lessons[0].name == "dropout"
    assert LessonMode(Path("dropout")).told()["lesson_file"] == "dropout"
    own = re.search(r'text = """\n(.*?)"""', TEACHER, re.DOTALL)
    assert own is not None
    Path("dropout").write_text(own[1], encoding="utf-8")
    shown = LessonMode(Path("dropout"))
    assert shown.lessons[0].title != next(each for each in shipped() if each.name == "dropout").title
    assert shown.told()["lesson_file"] == str(tmp_path.resolve() / "dropout")
