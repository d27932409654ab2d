"""Looking for files in one place after another, with every file checked by the SHA-256 of its uncompressed content."""

import contextlib
import hashlib
import os
import queue
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any, Literal

from goodfit.data.idx import uncompress
from goodfit.errors import InputError
from goodfit.reading import read_bytes

Outcome = Literal["found", "missing", "wrong", "failed"]
"""found: all files, all right; missing: not there; wrong: a file with other content; failed: could not be asked."""
BLOCK = 1 << 18  # bytes read at a time from a mirror
MIRROR_PATIENCE = 2.5  # seconds that all mirrors together have to answer
MIRROR_TIMEOUT = 10.0  # seconds without a byte, after a mirror has answered
BREAKS = (OSError, ValueError, HTTPException)  # the ways in which a network breaks under urllib
COMPRESSED_LIMIT = 1 << 16  # bytes by which a compressed file may exceed its content (headers, incompressible data)


class DataWarning(UserWarning):
    """A file of a data set was not used because its content is wrong, or could not be kept in the cache."""


@dataclass(frozen=True)
class FileSpec:
    """A file that is looked for; the same content is the same file, compressed or not."""

    name: str
    """Without `.gz`."""
    size: int
    """Of the uncompressed content, in bytes."""
    sha256: str
    """Of the uncompressed content, in hexadecimal."""


@dataclass(frozen=True)
class Step:
    """What a search for data, or a computation, is doing now, for a progress display.

    state: what it does or has found there
    """

    place: str  # where it looks
    state: Literal["looking", "fetching", "found", "missing", "wrong", "failed", "computing"]
    detail: str = ""  # a phrase, such as why it failed
    fraction: float | None = None
    """Of the fetching from this place, or of what is computed, in [0, 1]; None where it is not known."""


Notify = Callable[[Step], None]
Contents = dict[str, bytes]
"""Uncompressed content by the name of the file."""


class NotFoundHere(Exception):
    """A thing that was tried did not give what was wanted; the message says why."""

    def __init__(self, outcome: Outcome, detail: str) -> None:
        self.outcome: Outcome = outcome
        super().__init__(detail)


class Look:
    """One look at one place: passes progress on, and keeps what went wrong on the way."""

    def __init__(self, place: str, notify: Notify) -> None:
        self.place = place
        self.notify = notify
        self.notes: list[tuple[Outcome, str]] = []

    def tell(self, detail: str, fraction: float | None = None) -> None:
        """Say what is being fetched, and which fraction of the whole has come."""
        self.notify(Step(self.place, "fetching", detail, fraction))

    def note(self, outcome: Outcome, detail: str) -> None:
        """Keep why something here was not used; a wrong file is reported at once, too."""
        self.notes.append((outcome, detail))
        if outcome == "wrong":
            self.notify(Step(self.place, "wrong", detail))


@dataclass(frozen=True)
class Place:
    """Somewhere to look: `find` returns the contents, or None (or raises NotFoundHere) and leaves notes."""

    name: str
    find: Callable[[Look], Contents | None]


@dataclass(frozen=True)
class Attempt:
    """What came of one place."""

    place: str  # what was looked at, as in `FetchReport.source`
    outcome: Outcome  # found, missing, wrong (content that was refused) or failed (such as no network)
    detail: str
    """What was tried there and why it was not used."""
    wrong: tuple[str, ...]
    """Each wrong file that was met, by name, even if the place then had the right one elsewhere."""
    seconds: float  # that it took


def silent(step: Step) -> None:
    """The progress callback that says nothing."""


def search(places: Iterable[Place], notify: Notify = silent) -> tuple[Contents | None, tuple[Attempt, ...]]:
    """The contents from the first place that has them (None if no place has), and what came of each place tried."""
    attempts: list[Attempt] = []
    for place in places:
        started = time.perf_counter()
        look = Look(place.name, notify)
        notify(Step(place.name, "looking"))
        contents = None
        try:
            contents = place.find(look)
        except NotFoundHere as missing:
            look.note(missing.outcome, str(missing))
        wrong = tuple(detail for kind, detail in look.notes if kind == "wrong")
        outcome = "found" if contents is not None else _worst(look)
        detail = "; ".join(detail for _, detail in look.notes)
        attempts.append(Attempt(place.name, outcome, detail, wrong, time.perf_counter() - started))
        notify(Step(place.name, outcome, detail))
        if contents is not None:
            return contents, tuple(attempts)
    return None, tuple(attempts)


def _worst(look: Look) -> Outcome:
    kinds = {kind for kind, _ in look.notes}
    return "wrong" if "wrong" in kinds else "failed" if "failed" in kinds else "missing"


def checked(content: bytes, spec: FileSpec, where: str) -> bytes:
    """The uncompressed content, if it is the right one; NotFoundHere names the file and both checksums if it is not."""
    try:
        content = uncompress(content, where=where, limit=spec.size + 1)
    except InputError as error:
        raise NotFoundHere("wrong", str(error)) from error
    found = hashlib.sha256(content).hexdigest()
    if found != spec.sha256:
        short = f"SHA-256 of its content is {found[:12]}..., expected {spec.sha256[:12]}..."
        raise NotFoundHere("wrong", f"{where} is not the right file ({short})")
    return content


def in_folders(folders: Sequence[Path], files: Sequence[FileSpec], look: Look) -> Contents | None:
    """The files, plain or with `.gz`, from the first folder that has all of them right.

    Leaves a note for each folder that does not, with each wrong file by its path.
    """
    absent: list[str] = []
    for folder in folders:
        if not os.path.isdir(folder):
            absent.append(str(folder))
            continue
        lacking: list[str] = []
        found = {spec.name: _in_folder(folder, spec, look, lacking) for spec in files}
        contents = {name: content for name, content in found.items() if content is not None}
        if len(contents) == len(files):
            return contents
        if lacking:
            what = "the files" if len(lacking) == len(files) else ", ".join(lacking)
            look.note("missing", f"{folder} lacks {what}")
    if absent:
        look.note("missing", f"no folder {', '.join(absent)}")
    return None


def _in_folder(folder: Path, spec: FileSpec, look: Look, lacking: list[str]) -> bytes | None:
    """The content of one file, or None and a note or a name in `lacking`; a wrong file hides no right one beside it."""
    absent = 0
    for path in (folder / spec.name, folder / f"{spec.name}.gz"):
        try:
            return checked(read_bytes(path, most=spec.size + COMPRESSED_LIMIT), spec, str(path))
        except NotFoundHere as wrong:
            look.note(wrong.outcome, str(wrong))
        except FileNotFoundError:
            absent += 1
        except OSError as error:
            look.note("failed", f"{path} cannot be read ({error.strerror or error})")
    if absent == 2:
        lacking.append(spec.name)
    return None


def from_mirrors(
    mirrors: Sequence[str],
    files: Sequence[FileSpec],
    look: Look,
    *,
    open_url: Callable[..., Any] | None = None,
    patience: float = MIRROR_PATIENCE,
) -> Contents | None:
    """The files, compressed, from the first mirror that answers and has them right.

    mirrors: addresses that end with "/". All are asked at once for the smallest file, so that a closed network costs
    `patience` seconds at most, whatever hangs: the name lookup, the connection or the proxy.
    open_url: `urllib.request.urlopen`, or what stands for it in a test.
    """
    fetch = _urlopen if open_url is None else open_url
    smallest = min(files, key=lambda spec: spec.size)
    answers: queue.SimpleQueue[tuple[str, bytes | str]] = queue.SimpleQueue()

    def ask(mirror: str) -> None:
        try:
            answers.put((mirror, _download(fetch, mirror, smallest, patience)))
        except BREAKS as error:
            answers.put((mirror, _reason(error)))

    for mirror in mirrors:
        threading.Thread(target=ask, args=(mirror,), daemon=True, name=f"goodfit asks {mirror}").start()
    given = _collect(answers, len(mirrors), patience)
    for mirror in mirrors:
        answer = given.get(mirror, f"no answer within {patience:g} s")
        if isinstance(answer, str):
            look.note("failed", f"{mirror}: {answer}")
            continue
        try:
            return _all_from(mirror, files, {smallest.name: answer}, fetch, look)
        except NotFoundHere as wrong:
            look.note(wrong.outcome, str(wrong))
        except BREAKS as error:
            look.note("failed", f"{mirror}: {_reason(error)}")
    return None


def _urlopen(address: str, *, timeout: float) -> Any:
    from urllib.request import urlopen

    return urlopen(address, timeout=timeout)


def _collect(
    answers: queue.SimpleQueue[tuple[str, bytes | str]], expected: int, patience: float
) -> dict[str, bytes | str]:
    """The answers that come within `patience` seconds."""
    given: dict[str, bytes | str] = {}
    deadline = time.monotonic() + patience
    with contextlib.suppress(queue.Empty):
        while len(given) < expected:
            mirror, answer = answers.get(timeout=max(0.0, deadline - time.monotonic()))
            given[mirror] = answer
    return given


def _all_from(
    mirror: str, files: Sequence[FileSpec], fetched: Contents, open_url: Callable[..., Any], look: Look
) -> Contents:
    total, done = sum(spec.size for spec in files), 0
    contents: Contents = {}
    for spec in files:

        def told(share: float, spec: FileSpec = spec, done: int = done) -> None:
            look.tell(f"{spec.name} from {mirror}", (done + share * spec.size) / total)

        raw = fetched.get(spec.name) or _download(open_url, mirror, spec, MIRROR_TIMEOUT, told)
        contents[spec.name] = checked(raw, spec, f"{mirror}{spec.name}.gz")
        done += spec.size
    return contents


def _download(
    open_url: Callable[..., Any],
    mirror: str,
    spec: FileSpec,
    timeout: float,
    told: Callable[[float], None] = lambda share: None,
) -> bytes:
    """The compressed file as it comes; OSError if it is longer than it can rightly be.

    told: called with the share of the file that has come, in [0, 1], where the mirror says how long it is.
    """
    blocks, size = [], 0
    with open_url(f"{mirror}{spec.name}.gz", timeout=timeout) as response:
        length = int(response.headers.get("Content-Length") or 0)
        while block := response.read(BLOCK):
            blocks.append(block)
            size += len(block)
            told(min(1.0, size / length) if length else 0.0)
            if size > spec.size + COMPRESSED_LIMIT:
                raise OSError(f"{spec.name}.gz is longer than it can be")
    return b"".join(blocks)


def _reason(error: BaseException) -> str:
    """The cause in one line: urllib wraps the real one."""
    return str(getattr(error, "reason", "") or error) or type(error).__name__
