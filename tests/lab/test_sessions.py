"""What lies between a page and the process that trains: who may ask, pages that come, go and sleep, and full disks."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lab_help import QUICK, SMALL, TOKEN, Lab, Page, lab
from quick_worker import FLOOD
from test_messages import EXAMPLES
from websockets.exceptions import ConnectionClosed, InvalidStatus

from goodfit.lab import outbox, sessions
from goodfit.lab.outbox import Outbox
from goodfit.lab.security import same_origin
from goodfit.lab.sessions import Curves
from goodfit.lab.shelves import LessonMode
from goodfit.lab.uploads import MOST_FILES, Uploads


@pytest.fixture(scope="module")
def here() -> Iterator[Lab]:
    with lab(QUICK) as found:
        yield found


def test_only_the_page_of_this_start_is_served(here: Lab) -> None:
    own, others = here.server.url, "http://evil.example"
    for headers, status in (
        ({"x-goodfit-token": TOKEN}, 422),  # known, but no table
        ({"x-goodfit-token": TOKEN, "origin": own}, 422),
        ({}, 403),
        ({"x-goodfit-token": "other"}, 403),
        ({"x-goodfit-token": TOKEN, "origin": others}, 403),
        ({"x-goodfit-token": TOKEN, "origin": "null"}, 403),
        ({"x-goodfit-token": TOKEN, "host": "evil.example"}, 403),
        ({"x-goodfit-token": TOKEN, "host": f"evil.example:{here.server.port}", "origin": "http://evil.example"}, 403),
    ):
        found, answered, body = here.ask("POST", "/files?name=x.csv", b"", headers)
        assert found == status, (headers, body)
        if status == 403:
            assert len(json.loads(body)["problems"]) == 1
        if headers.get("host") is None:
            assert answered["content-security-policy"].startswith("default-src 'self'")
            assert answered["x-frame-options"] == "DENY"
    for token, origin, more in (
        ("other", own, {}),
        (TOKEN, others, {}),
        (TOKEN, "http://127.0.0.1:1", {}),
    ):
        with pytest.raises(InvalidStatus, match="403"):
            here.socket(token, origin, **more)


def test_nothing_outside_the_page_is_served(here: Lab) -> None:
    for path in (
        "/page/../app.py",
        "/page/%2e%2e/app.py",
        "/page/..%2fapp.py",
        "/page//etc/passwd",
        "/page/x\\..\\app.py",
    ):
        status, _, body = here.ask("GET", path, headers={"x-goodfit-token": TOKEN})
        assert status == 404, (path, body)
    assert here.ask("GET", "/nowhere", headers={"x-goodfit-token": TOKEN})[0] == 404
    assert here.ask("DELETE", "/files", headers={"x-goodfit-token": TOKEN})[0] == 405


@pytest.mark.parametrize(
    ("origin", "host", "same"),
    [
        ("http://127.0.0.1:80", "127.0.0.1:80", True),
        ("http://127.0.0.1", "127.0.0.1", True),
        ("http://[::1]:8010", "[::1]:8010", True),
        ("http://127.0.0.1:81", "127.0.0.1:80", False),
        ("http://localhost:80", "127.0.0.1:80", False),
        ("file://", "", False),
        ("null", "127.0.0.1", False),
        ("http://127.0.0.1:99999", "127.0.0.1", False),
    ],
)
def test_same_origin(origin: str, host: str, same: bool) -> None:
    assert same_origin(origin.encode(), host.encode()) is same


def test_twenty_pages_watch_one_training(here: Lab) -> None:
    first = here.page()
    first.ask("open", state=SMALL)
    pages = [here.page(first.welcome["session"]) for _ in range(19)]
    assert all(page.welcome["resumed"] for page in pages)
    number = first.send("play")
    for page in [first, *pages]:
        told, _ = page.until(lambda each: each["say"] == "state" and each["epoch"] == {"A": FLOOD})
        assert told["to"] == (number if page is first else None)  # an answer is for whoever asked
        epochs = [columns["epoch"] for header, columns in page.got if header["say"] == "curves"]
        assert np.array_equal(np.concatenate(epochs), np.arange(1, FLOOD + 1))  # curves whole
    for page in [first, *pages]:
        page.close()


def test_of_pictures_a_slow_page_gets_the_newest_alone(here: Lab) -> None:
    page = here.page()
    page.ask("open", state=SMALL)
    page.send("play")
    time.sleep(0.5)  # it does something else
    page.until(lambda told: told["say"] == "state" and told["epoch"] == {"A": FLOOD})
    page.quiet()
    shown = [columns["mean"][0, 0] for header, columns in page.got if header["say"] == "boundary"]
    assert shown == sorted(shown)
    assert shown[-1] == FLOOD - 1
    assert len(shown) < FLOOD
    page.close()


def test_a_page_that_comes_back_is_told_what_it_missed(here: Lab) -> None:
    page = here.page()
    session = page.welcome["session"]
    page.ask("open", state=SMALL)
    page.ask("play")
    page.ask("rewind", epoch=100)
    page.close()
    again = here.page(session, after=10**6)
    again.quiet()
    assert again.welcome["resumed"]
    assert again.last("opened")[0]["state"] == SMALL
    header, columns = again.last("curves")
    assert (header["first"], len(columns["epoch"]), columns["epoch"][-1]) == (0, 100, 100)
    assert again.last("boundary")[1]["mean"][0, 0] == FLOOD - 1
    again.close()
    other = here.page("no-such-session")
    assert not other.welcome["resumed"]  # it opens its state again
    other.close()


def test_a_fifth_training_takes_the_place_of_one_that_nobody_watches(here: Lab) -> None:
    for session in [*here.sessions.known]:
        here.sessions.known[session].left = 0.0  # long ago
    pages = [here.page() for _ in range(5)]
    for page in pages[:4]:
        assert page.ask("open", state=SMALL)["say"] == "ok"
    assert pages[4].refused("open", state=SMALL) == (
        "Lab: 4 trainings are open in other tabs, which is as many as one lab has. Close one of the tabs: this one "
        "tries again by itself."
    )
    pages[2].close()
    deadline = time.monotonic() + 10
    while (told := pages[4].ask("open", state=SMALL))["say"] != "ok":
        assert time.monotonic() < deadline, told
    for page in pages:
        page.close()


def test_a_page_loaded_anew_takes_the_session_of_its_tab(here: Lab) -> None:
    """Where that trains what its address holds, and nobody else watches; else it is ended, or the other page's."""
    first = here.page()
    first.ask("open", state=SMALL)
    name, known = first.welcome["session"], here.sessions.known
    copied = Page(here.socket(), name)
    copied.close()
    second = Page(here.socket(), name, state={**SMALL, "epoch": 3, "acts": []})
    assert second.welcome["session"] != name  # of a tab that was copied: the first one still watches its own
    first.close()
    until(lambda: not known[name].pages)
    third = Page(here.socket(), name, state={**SMALL, "epoch": 3})
    assert (third.welcome["session"], third.welcome["resumed"]) == (name, True)
    assert "opened" in third.quiet()
    third.close()
    until(lambda: not known[name].pages)
    fourth = Page(here.socket(), name, state={**SMALL, "seed": 77})
    assert fourth.welcome["session"] != name
    assert name not in known
    for page in (second, fourth):
        page.close()


def until(found: Callable[[], bool]) -> None:
    """Wait for something that the server does by itself."""
    end = time.monotonic() + 10
    while not found():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_training_that_nobody_watches_pauses(here: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "LEFT_SECONDS", 0.0)
    monkeypatch.setattr(sessions, "WATCH_SECONDS", 0.1)
    page = here.page()
    session = page.welcome["session"]
    page.ask("open", state=SMALL)
    page.close()
    time.sleep(2.5)
    again = here.page(session)
    assert again.quiet().count("note") == 1  # it is asked once, however long nobody comes
    assert again.last("note")[0]["sentence"] == "Paused, for nobody looks on."
    again.close()


def test_a_process_that_dies_is_told_of(here: Lab) -> None:
    page = here.page()
    page.ask("open", state=SMALL)
    page.send("rewind", epoch=666)
    assert page.until(lambda told: told["say"] == "error")[0]["lost"]
    assert "has ended. Open its state again." in page.refused("pause")
    late = here.page(page.welcome["session"])
    assert late.until(lambda told: told["say"] == "error")[0]["lost"]  # whoever was away hears of it too
    late.close()
    assert page.ask("open", state=SMALL)["say"] == "ok"  # by another process
    page.close()


def test_jobs_are_done_one_after_another_beside_the_trainings(here: Lab) -> None:
    pages = [here.page() for _ in range(3)]
    assert pages[0].refused("claim", name="dropout") == "Lab: nothing is open. Open a state first."
    for page in pages[:2]:
        page.ask("open", state=SMALL)
    long = pages[0].send("claim", name="wait")
    again = pages[0].refused("claim", name="wait")
    assert again == "Job: one job at a time; another of this page is under way. Wait for its end, or stop it."
    pages[1].send("claim", name="short")
    told = pages[1].until(lambda each: each["say"] == "progress")[0]
    assert (told["to"], told["sentence"]) == (pages[1].number, "Waiting for another job.")
    assert pages[1].ask("pause")["say"] == "ok"  # the training is not held up
    assert pages[0].ask("stop")["say"] == "ok"
    assert any(
        header["to"] == long and header["sentences"] == ["Job: it was stopped."] for header, _ in pages[0].got[-2:]
    )
    pages[1].until(lambda each: each["say"] == "ok" and each["value"]["do"] == "claim")
    assert pages[1].last("claimed")[0]["value"]["state"] == SMALL  # that of the open training
    assert "Ask for less" in pages[1].refused("claim", name="die")
    assert pages[2].ask("answer", lesson="x", prediction=1)["say"] == "ok"  # a lesson needs no training
    pages[0].send("claim", name="wait")
    pages[0].ask("pause")
    pages[0].close()  # whose line breaks can ask again at once: nobody waits for what it had asked
    pages[0] = here.page(pages[0].welcome["session"])
    assert pages[0].ask("claim", name="short")["say"] == "ok"
    for page in pages:
        page.close()


@pytest.fixture(scope="module")
def talking(here: Lab) -> Iterator[Page]:
    page = here.page()
    yield page
    page.close()


# The pings of both ends of the socket draw from `random` in threads of this process, whenever they are due.
@pytest.mark.filterwarnings("ignore:Do not use the .random. module inside strategies")
@settings(max_examples=100)
@given(
    st.sampled_from([*EXAMPLES, "pause", "nothing"]),
    st.dictionaries(st.sampled_from(["id", "epoch", "state", "x"]), st.none() | st.text(max_size=5), max_size=2),
    st.sampled_from(["", "}", "\x00", "[", "é"]),
    st.booleans(),
)
def test_malformed_messages_leave_the_socket_as_it_is(
    talking: Page, name: str, fields: dict[str, Any], after: str, binary: bool
) -> None:
    known = {} if name in ("open", "play") else EXAMPLES.get(name, {})
    text = json.dumps({"do": name, **known, **fields}) + after
    talking.socket.send(text.encode() if binary else text)
    assert talking.ask("pause")["say"] in ("ok", "error")


def test_the_first_message_is_hello_and_the_second_is_not(here: Lab) -> None:
    socket = here.socket()
    socket.send(json.dumps({"do": "play", "id": 3}))
    told = json.loads(socket.recv(timeout=10))
    assert (told["to"], told["sentences"]) == (3, ["Message: the first message must be 'hello'; got 'play'."])
    socket.send(json.dumps({"do": "hello"}))
    socket.send(json.dumps({"do": "hello"}))
    assert json.loads(socket.recv(timeout=10))["say"] == "welcome"
    assert "'hello' was said before" in json.loads(socket.recv(timeout=10))["sentences"][0]
    socket.send("x" * 2_000_000)  # more than a message may have
    with pytest.raises(ConnectionClosed):
        socket.recv(timeout=10)


@pytest.mark.parametrize(
    ("name", "content", "match"),
    [
        ("a.txt", b"x", "a.txt: must be a table file: its name must end in .csv"),
        ("a.csv", b"", "a.csv: "),
        ("a.csv", b"a,b\n1,2,3\n", "a.csv: "),
        ("a.csv", b"x,x\n1,2\n", "a.csv: column names must be unique"),
        ("a.parquet", b"PAR1 and not", "a.parquet: must be a Parquet file"),
        ("..%2Fa.csv", b"a\n1\n", "no slashes"),
        ("", b"a\n1\n", "must have 1 to 200 letters"),
    ],
)
def test_what_is_no_table_is_refused_in_the_readers_words(here: Lab, name: str, content: bytes, match: str) -> None:
    status, told = here.keep(name, content)
    assert status == 422
    assert match in told["problems"][0]
    assert "goodfit-lab-" not in told["problems"][0]  # the folder is nobody's business


def test_a_file_that_is_too_large_or_finds_no_room(here: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    status, told = here.keep("a.csv", b"a\n" + b"1\n" * 10_000_001)
    assert (status, told["problems"][0].partition(".")[0]) == (
        413,
        "Request: the body must have at most 20 MB",
    )

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    status, told = here.keep("b.csv", b"a,b\n1,2\n")
    assert status == 507
    assert "could not be written: No space left on device. Free some space and try again." in told["problems"][0]
    monkeypatch.undo()
    assert here.keep("b.csv", b"a,b\n1,2\n")[0] == 200


def test_files_that_come_at_once_are_kept_one_by_one(tmp_path: Path) -> None:
    kept = Uploads()
    with ThreadPoolExecutor(8) as threads:
        told = list(threads.map(lambda k: kept.keep(f"{k}.csv", b"a,b\n1,2\n"), range(MOST_FILES)))
    assert {each["file"] for each in told} == kept.paths.keys()
    assert len({Path(path).parent for path in kept.paths.values()}) == 1
    kept.end()


def test_a_class_can_answer_and_play_and_nothing_else(tmp_path: Path) -> None:
    """What lies on the machine, its ledger, and its time are its owner's."""
    with lab(QUICK, LessonMode(collect=tmp_path / "answers.csv")) as found:
        for method, path in (("POST", "/files?name=a.csv"), ("GET", "/studies"), ("GET", f"/framed/{TOKEN}/runs.html")):
            assert found.ask(method, path, b"", {"x-goodfit-token": TOKEN})[0] == 404
        listed = json.loads(found.ask("GET", "/lessons", b"", {"x-goodfit-token": TOKEN})[2])
        assert (len(listed["lessons"]), listed["only"], listed["collects"]) == (8, False, True)
        page = found.page()
        for do, fields in (("seal", {}), ("unseal", {}), ("judge", {}), ("claim", {"name": "x"}), ("folds", {"k": 3})):
            assert "does not do this for its class" in page.refused(do, **fields)
        assert page.ask("open", state=SMALL)["say"] == "ok"
        assert page.ask("answer", lesson="x", prediction=1)["say"] == "ok"
        page.close()


def test_curves_are_cut_where_they_are_told_again() -> None:
    found = Curves()
    for first, values in ((0, [1, 2, 3]), (3, [4, 5]), (5, []), (2, [7]), (3, [8, 9])):
        found.add(first, {"epoch": np.asarray(values, np.float32)})
    assert found.whole()["epoch"].tolist() == [1, 2, 7, 8, 9]
    for epoch in range(5, 1000):
        found.add(epoch, {"epoch": np.asarray([epoch], np.float32)})
    assert (found.epochs, len(found.whole()["epoch"])) == (1000, 1000)


def test_a_page_that_is_too_far_behind_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "MOST_BYTES", 15)

    async def tried() -> list[Any]:
        box = Outbox()
        box.put("first")
        box.put("old", "picture")
        box.put("new", "picture")
        box.put("on", "state", last=True)
        box.put("more")
        box.put("end", "state", last=True)
        found: list[Any] = [await box.next() for _ in range(4)]
        for _ in range(4):
            box.put("long")
        return [*found, await box.next()]

    assert asyncio.run(tried()) == ["first", "new", "more", "end", None]
