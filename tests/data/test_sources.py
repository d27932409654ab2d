from __future__ import annotations

import gzip
import hashlib
import io
import threading
import time
from pathlib import Path
from typing import Any
from urllib.error import URLError

import pytest

from goodfit.data import sources
from goodfit.data.sources import FileSpec, Look, NotFoundHere, Place, Step, from_mirrors, in_folders, search

RAW = {"big": b"b" * 5000, "small": b"s" * 10}
FILES = tuple(FileSpec(name, len(raw), hashlib.sha256(raw).hexdigest()) for name, raw in RAW.items())


def look() -> Look:
    return Look("p", sources.silent)


def notes(seen: Look) -> list[str]:
    return [f"{outcome}: {detail}" for outcome, detail in seen.notes]


class Response(io.BytesIO):
    def __init__(self, content: bytes) -> None:
        super().__init__(content)
        self.headers = {"Content-Length": str(len(content))} if content[:1] != b"<" else {}


class Web:
    """Stands for urlopen: answers by address with bytes, or with an exception to raise."""

    def __init__(self, answers: dict[str, Any]) -> None:
        self.answers = answers
        self.asked: list[str] = []

    def __call__(self, address: str, *, timeout: float) -> Response:
        self.asked.append(address)
        answer = self.answers.get(address, OSError("404"))
        if isinstance(answer, BaseException):
            raise answer
        return Response(answer)


def mirror(address: str, **changes: Any) -> dict[str, Any]:
    return {f"{address}{name}.gz": changes.get(name, gzip.compress(raw)) for name, raw in RAW.items()}


def test_search_goes_on_and_tells_each_step() -> None:
    def wrong(seen: Look) -> None:
        seen.tell("x", 0.5)
        seen.note("wrong", "x is wrong")

    def broken(seen: Look) -> None:
        raise NotFoundHere("failed", "no line")

    steps: list[Step] = []
    places = [Place("a", wrong), Place("b", broken), Place("c", lambda seen: {"f": b""}), Place("d", broken)]
    contents, attempts = search(places, steps.append)
    assert contents == {"f": b""}
    assert [(a.place, a.outcome, a.detail, a.wrong) for a in attempts] == [
        ("a", "wrong", "x is wrong", ("x is wrong",)),
        ("b", "failed", "no line", ()),
        ("c", "found", "", ()),
    ]
    assert [(s.place, s.state) for s in steps] == [
        ("a", "looking"),
        ("a", "fetching"),
        ("a", "wrong"),
        ("a", "wrong"),
        ("b", "looking"),
        ("b", "failed"),
        ("c", "looking"),
        ("c", "found"),
    ]
    assert search([Place("n", lambda seen: None)])[1][0].outcome == "missing"


def put(folder: Path, **contents: bytes) -> Path:
    folder.mkdir(exist_ok=True)
    for name, content in contents.items():
        (folder / name.replace("_gz", ".gz")).write_bytes(content)
    return folder


def test_folders_plain_and_compressed(tmp_path: Path) -> None:
    put(tmp_path / "a", big=RAW["big"], small_gz=gzip.compress(RAW["small"]))
    seen = look()
    assert in_folders([tmp_path / "none", tmp_path / "a"], FILES, seen) == RAW
    assert seen.notes == []


def test_a_wrong_file_is_named_and_the_right_one_beside_it_is_used(tmp_path: Path) -> None:
    put(tmp_path / "a", big=b"b" * 4999 + b"x", big_gz=gzip.compress(RAW["big"]), small=RAW["small"])
    seen = look()
    assert in_folders([tmp_path / "a"], FILES, seen) == RAW
    (note,) = notes(seen)
    assert note.startswith(f"wrong: {tmp_path / 'a' / 'big'} is not the right file (SHA-256 of its content is ")


@pytest.mark.parametrize(
    ("contents", "expected"),
    [
        ({}, ["missing: {} lacks the files"]),
        ({"small": RAW["small"]}, ["missing: {} lacks big"]),
        ({"small": b"", "big": RAW["big"]}, ["wrong: {}/small is not the right file"]),
        ({"small": RAW["small"], "big": RAW["big"][:-1]}, ["wrong: {}/big is not the right file"]),
        ({"small": RAW["small"], "big": RAW["big"] + b"x"}, ["wrong: {}/big is not the right file"]),
        ({"small": b"x"}, ["wrong: {}/small is not the right file", "missing: {} lacks big"]),
        (
            {"small": RAW["small"], "big_gz": gzip.compress(RAW["big"])[:-9]},
            ["wrong: {}/big.gz: the gzip stream must be whole; it is truncated"],
        ),
        (
            {"small": RAW["small"], "big_gz": gzip.compress(RAW["big"])[:-8] + bytes(8)},
            ["wrong: {}/big.gz: the gzip stream must be intact"],
        ),
    ],
)
def test_broken_folders(tmp_path: Path, contents: dict[str, bytes], expected: list[str]) -> None:
    folder = put(tmp_path / "a", **contents)
    seen = look()
    assert in_folders([folder], FILES, seen) is None
    assert len(notes(seen)) == len(expected)
    for note, start in zip(notes(seen), expected, strict=True):
        assert note.startswith(start.format(folder))


def test_unreadable_things_are_reasons(tmp_path: Path) -> None:
    folder = put(tmp_path / "a", small=RAW["small"])
    (folder / "big").mkdir()  # reading it is an OSError, for root too
    seen = look()
    assert in_folders([folder, tmp_path / ("x" * 300)], FILES, seen) is None
    first, second = notes(seen)
    assert first == f"failed: {folder / 'big'} cannot be read (Is a directory)"
    assert second.startswith("missing: no folder ")


def test_first_mirror_that_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    web = Web({**mirror("https://a/", small=URLError("no such host")), **mirror("https://b/")})
    seen = look()
    assert from_mirrors(["https://a/", "https://b/"], FILES, seen, open_url=web) == RAW
    assert notes(seen) == ["failed: https://a/: no such host"]
    assert sorted(web.asked) == ["https://a/small.gz", "https://b/big.gz", "https://b/small.gz"]
    monkeypatch.setattr("urllib.request.urlopen", web)
    assert from_mirrors(["https://b/"], FILES, look()) == RAW


def test_fractions_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[Step] = []
    packed = gzip.compress(RAW["big"], 0)
    web = Web(mirror("https://b/", big=packed))
    monkeypatch.setattr(sources, "BLOCK", 1000)
    from_mirrors(["https://b/"], FILES, Look("p", steps.append), open_url=web)
    expected = [min(1, 1000 * i / len(packed)) * 5000 / 5010 for i in range(1, 7)]
    assert [step.fraction for step in steps] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("changes", "note"),
    [
        ({"big": OSError("reset by peer")}, "failed: https://a/: reset by peer"),
        ({"big": TimeoutError()}, "failed: https://a/: TimeoutError"),
        ({"big": b"<html>sign in</html>"}, "wrong: https://a/big.gz is not the right file"),
        ({"small": b"<html>sign in</html>"}, "wrong: https://a/small.gz is not the right file"),
        ({"big": gzip.compress(RAW["big"])[:-9]}, "wrong: https://a/big.gz: the gzip stream must be whole"),
        ({"big": bytes(200_000)}, "failed: https://a/: big.gz is longer than it can be"),
        ({"big": gzip.compress(bytes(50_000_000))}, "wrong: https://a/big.gz is not the right file"),
    ],
)
def test_broken_mirrors(changes: dict[str, Any], note: str) -> None:
    web = Web({**mirror("https://a/", **changes), **mirror("https://b/")})
    seen = look()
    assert from_mirrors(["https://a/", "https://b/"], FILES, seen, open_url=web) == RAW
    assert len(seen.notes) == 1
    assert notes(seen)[0].startswith(note)
    assert from_mirrors(["https://a/"], FILES, look(), open_url=web) is None


def test_mirrors_that_hang_cost_little_time_all_together() -> None:
    release = threading.Event()

    def hang(address: str, *, timeout: float) -> io.BytesIO:
        release.wait(30)
        raise OSError("too late")

    seen = look()
    started = time.monotonic()
    assert from_mirrors(["https://a/", "https://b/", "https://c/"], FILES, seen, open_url=hang, patience=0.2) is None
    assert time.monotonic() - started < 2
    assert notes(seen) == [f"failed: https://{name}/: no answer within 0.2 s" for name in "abc"]
    release.set()
