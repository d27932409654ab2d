"""The trainings that pages watch: each a process of its own, and what it told, for pages that come late or again."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from goodfit.errors import InputError, problem
from goodfit.lab.chinese import in_chinese
from goodfit.lab.helpers import Helpers
from goodfit.lab.messages import JOBS, Asked
from goodfit.lab.outbox import Message, Outbox
from goodfit.lab.processes import WORKER, WorkerProcess, Workers
from goodfit.lab.states import ON_THE_WAY
from goodfit.lab.telling import ADDRESSED, LATEST, columns_of, pack, split_frame, with_header

MOST_TRAININGS = 4  # processes that train for pages, beside the one for jobs
MOST_SESSIONS = 100  # pages that are known, most of them of a class that answers lessons and trains nothing
LEFT_SECONDS = 10.0  # without a page, after which a training pauses
WATCH_SECONDS = 2.0  # between two looks at who is still there
KEPT_SECONDS = 1800.0  # without a page, after which its process ends
WARM_SECONDS = 1.0  # after a page has got its process, until the next one is started
MOST_NOTES = 50  # that a page which comes back is told
ANSWERS = ("ok", "error")  # with one of which every message ends
MOST_ASKED = 200  # messages of all pages that wait for theirs
WHERE = "Lab"
AGAIN = "Open its state again."


class Curves:
    """The curves of a branch, as told chunk by chunk."""

    def __init__(self) -> None:
        self.epochs, self._pieces = 0, list[tuple[int, dict[str, NDArray[np.float32]]]]()

    def add(self, first: int, columns: dict[str, NDArray[np.float32]]) -> None:
        """New epochs; what there was of later ones than `first` is no longer so."""
        if first < self.epochs:
            kept = [(at, own) for at, own in self._pieces if at < first]
            self._pieces = [(at, {name: each[: first - at] for name, each in own.items()}) for at, own in kept]
        self._pieces.append((first, columns))
        self.epochs = first + len(columns["epoch"])
        if len(self._pieces) > 256:
            self._pieces = [(0, self.whole())]

    def whole(self) -> dict[str, NDArray[np.float32]]:
        """All epochs."""
        names = self._pieces[-1][1] if self._pieces else {}
        return {name: np.concatenate([own[name] for _, own in self._pieces]) for name in names}


class TooManyTrainings(InputError):
    """All processes train for pages that somebody watches: one may be free later."""


@dataclass(frozen=True)
class _Asker:
    """Who asked for something. number: of the message, as the page counts; do: what."""

    page: Outbox
    number: int | None
    do: str


class LabSession:
    """One training, the pages that watch it, and what it has told them."""

    def __init__(self, take: Callable[[], WorkerProcess], helpers: Helpers) -> None:
        self.id, self.seq = secrets.token_urlsafe(12), 0
        self.pages: set[Outbox] = set()
        self.left = time.monotonic()
        self._take, self._helpers = take, helpers
        self._worker: WorkerProcess | None = None
        self._askers: dict[int, _Asker] = {}
        self._asked = 0
        self._paused = False
        self._forget()

    @property
    def trains(self) -> bool:
        """Whether it has a process."""
        return self._worker is not None and self._worker.alive

    def is_of(self, state: Mapping[str, Any]) -> bool:
        """Whether a page that was loaded anew may go on with it: nobody watches it, and it trains this state."""
        base = {name: each for name, each in state.items() if name not in ON_THE_WAY}
        return not self.pages and self.trains and base == self._state

    @property
    def process(self) -> int | None:
        """The number of the process that trains."""
        return None if self._worker is None else self._worker.number

    def ask(self, message: Asked, page: Outbox, more: Mapping[str, Any]) -> None:
        """Pass on what a page asks for. more: what the process needs beside. InputError where it has died."""
        if len(self._askers) >= MOST_ASKED:
            rule = f"more than {MOST_ASKED} messages wait for their answers"
            raise InputError(problem(WHERE, rule, fix="Ask less often."))
        asked = {**message.model_dump(mode="json"), **more}
        do = asked["do"]
        if "state" in asked and asked["state"] is None and do != "answer":
            asked["state"] = self._state
        if do == "stop":
            self._stop(message, page)
            return
        self._asked += 1
        self._askers[self._asked] = _Asker(page, message.id, do)  # before anything is told of it
        try:
            self._pass_on(self._asked, asked)
        except InputError:
            del self._askers[self._asked]
            raise

    def _pass_on(self, number: int, asked: Mapping[str, Any]) -> None:
        do = asked["do"]
        if do in JOBS:
            if asked.get("state", ...) is None and do != "answer":
                raise InputError(problem(WHERE, "nothing is open", fix="Open a state first."))
            self._helpers.add(self, number, asked, self._took)
        else:
            if (self._worker is None and do in ("open", "view")) or (do == "open" and not self.trains):
                self._worker = self._take()
                self._worker.took, self._worker.died = self._took, self._died
            if self._worker is None or not self._worker.alive:
                rule = "nothing is open" if self._worker is None else "the process that trained has ended"
                raise InputError(problem(WHERE, rule, fix="Open a state first." if self._worker is None else AGAIN))
            self._worker.ask({**asked, "id": number})

    def join(self, page: Outbox, after: int) -> None:
        """Have a page watch; it is told what it missed, and of curves all. after: the last `seq` that it has had."""
        self.pages.add(page)
        self._paused = False
        for name in ("opened", "points", "branched", ("changed", "A"), ("changed", "B")):
            if name in self._last:
                page.put(self._last[name])
        for branch, curves in self._curves.items():
            page.put(pack({"say": "curves", "seq": self.seq, "to": None, "branch": branch, "first": 0}, curves.whole()))
        for seq, note in self._notes:
            if seq > after:
                page.put(note)
        for key, picture in self._newest.items():
            page.put(picture, key)

    def leave(self, page: Outbox) -> None:
        """A page has gone, and with it the job that it asked for: nobody else is told what comes of it."""
        self.pages.discard(page)
        self.left = time.monotonic()
        if any(asker.page is page and asker.do in JOBS for asker in self._askers.values()):
            self._end_job()

    def pause_if_left(self) -> None:
        """Pause where nobody has looked on for a while."""
        away = not self.pages and time.monotonic() - self.left > LEFT_SECONDS
        if away and self._worker is not None and self._worker.alive and not self._paused:
            self._paused = True
            self._worker.ask({"do": "pause"})

    async def end(self) -> None:
        """End the training."""
        self._helpers.stop(self)
        if self._worker is not None:
            await self._worker.end()

    def _stop(self, message: Asked, page: Outbox) -> None:
        """End the job of this session."""
        self._end_job()
        page.put(_encoded({"say": "ok", "seq": 0, "to": message.id, "value": {"do": "stop"}}, b""))

    def _end_job(self) -> None:
        self._helpers.stop(self)
        for number, asker in [*self._askers.items()]:
            if asker.do in JOBS:
                del self._askers[number]
                text = problem("Job", "it was stopped")
                asker.page.put(_encoded({**_error([text]), "to": asker.number}, b""))

    def _forget(self) -> None:
        """Nothing has been told yet."""
        self._last: dict[object, Message] = {}
        self._curves: dict[str, Curves] = {}
        self._notes: list[tuple[int, Message]] = []
        self._newest: dict[object, Message] = {}
        self._state: dict[str, Any] | None = None
        self._paused = False

    def _took(self, frame: bytes) -> None:
        """The process has told something: keep it, and send it on."""
        header, payload = split_frame(frame)
        say, branch = header["say"], header.get("branch")
        number = header["to"] or 0
        asker = self._askers.pop(number, None) if say in ANSWERS else self._askers.get(number)
        latest = say in LATEST
        if not latest:
            self.seq += 1
        header["seq"] = 0 if latest else self.seq
        if asker is not None and say in ADDRESSED:
            asker.page.put(_encoded({**header, "to": asker.number}, payload))
            return
        message = _encoded({**header, "to": None}, payload)
        key = (say, branch) if latest else None
        self._keep(header, payload, message, key)
        for page in self.pages:
            if say == "opened":
                page.drop_pictures()
            own = asker is not None and asker.page is page
            sent = _encoded({**header, "to": asker.number}, payload) if own and asker else message
            page.put(sent, key, last=say == "state")  # "done" comes after the curves that it is the end of

    def _keep(self, header: Mapping[str, Any], payload: bytes, message: Message, key: object) -> None:
        say, branch = header["say"], header.get("branch")
        if say == "opened":
            self._forget()
            self._state = {name: each for name, each in header["state"].items() if name not in ON_THE_WAY}
        elif say == "dropped":
            self._drop(branch)
        if key is not None:
            self._newest[key] = message

        elif say == "curves":
            self._curves.setdefault(header["branch"], Curves()).add(header["first"], columns_of(header, payload))
        elif say == "changed":
            self._last["changed", branch] = message
        elif say in ("opened", "points", "branched"):
            self._last[say] = message
        elif say in ("note", "error"):
            self._note(message)

    def _note(self, message: Message) -> None:
        """Keep it for pages that come back."""
        self._notes = [*self._notes, (self.seq, message)][-MOST_NOTES:]

    def _drop(self, branch: object) -> None:
        """A branch is gone; where it was A, B has become A, and all of it will be told again."""
        for kept in (self._last, self._newest):
            for key in [key for key in kept if isinstance(key, tuple) and key[1] == "B"]:
                del kept[key]
        self._last.pop("branched", None)
        self._newest.pop(("difference", None), None)
        self._curves = {} if branch == "A" else {name: own for name, own in self._curves.items() if name == "A"}

    def _died(self) -> None:
        """The process has ended, and nobody has asked it to."""
        fix = "What was trained can be trained again, to the same bits: open its state again."
        text = problem(WHERE, "the process that trained has ended: it was killed, or ran out of memory", fix=fix)
        self.seq += 1
        told = _encoded({**_error([text]), "seq": self.seq, "lost": True}, b"")
        self._note(told)
        for page in self.pages:
            page.put(told)
        for number, asker in [*self._askers.items()]:
            if asker.do not in JOBS:  # nobody else answers it
                del self._askers[number]
                asker.page.put(_encoded({**_error([text]), "to": asker.number, "lost": True}, b""))


class Sessions:
    """All trainings of this server. command: that starts a process for one."""

    def __init__(self, command: Sequence[str] = WORKER) -> None:
        self.workers = Workers(command)
        self.helpers = Helpers(self.workers)
        self.known: dict[str, LabSession] = {}
        self._watching: asyncio.Task[None] | None = None
        self._ending: set[asyncio.Future[None]] = set()

    def start(self) -> None:
        """Get a process warm, and look after what nobody watches."""
        self.workers.start()
        self._watching = asyncio.ensure_future(self._watch())

    def session(self, wanted: str | None, state: Mapping[str, Any] | None = None) -> tuple[LabSession, bool]:
        """(the session of that name, or a new one; whether it was there). InputError where there are too many.

        state: of a page that was loaded anew, which ends the session of its tab where it trained something else
        """
        known = self.known.get(wanted or "")
        if known is not None:
            if state is None or known.is_of(state):
                return known, True
            if not known.pages:  # else the tab was copied, and the first one goes on
                self._end(known)
        if len(self.known) >= MOST_SESSIONS:
            self._let_go([*self.known.values()], f"{MOST_SESSIONS} pages are open, which is as many as one lab has")
        made = LabSession(self._take, self.helpers)
        self.known[made.id] = made
        return made, False

    def _take(self) -> WorkerProcess:
        """A process for a session; InputError where all are taken."""
        training = [each for each in self.known.values() if each.trains]
        if len(training) >= MOST_TRAININGS:
            self._let_go(
                training, f"{MOST_TRAININGS} trainings are open in other tabs, which is as many as one lab has"
            )
        elif len(training) + 1 < MOST_TRAININGS:  # have one ready for the next page, once this one has what it needs
            asyncio.get_running_loop().call_later(WARM_SECONDS, self.workers.start)
        return self.workers.take()

    def _let_go(self, sessions: Sequence[LabSession], rule: str) -> None:
        """End the session that nobody has watched for longest; InputError where somebody watches all."""
        left = [each for each in sessions if not each.pages]
        if not left:
            raise TooManyTrainings(problem(WHERE, rule, fix="Close one of the tabs: this one tries again by itself."))
        self._end(min(left, key=lambda each: each.left))

    async def end(self) -> None:
        """End all processes."""
        if self._watching is not None:
            self._watching.cancel()
        for session in [*self.known.values()]:
            self._end(session)
        await asyncio.gather(self.helpers.end(), *self._ending)
        await self.workers.end()

    def _end(self, session: LabSession) -> None:
        self.known.pop(session.id, None)
        ending = asyncio.ensure_future(session.end())
        self._ending.add(ending)
        ending.add_done_callback(self._ending.discard)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            for session in [*self.known.values()]:
                session.pause_if_left()
                if not session.pages and time.monotonic() - session.left > KEPT_SECONDS:
                    self._end(session)


def _error(sentences: Sequence[str]) -> dict[str, Any]:
    told = {"say": "error", "seq": 0, "to": None, "sentences": list(sentences), "field": None, "lost": False}
    return {**told, "zh": in_chinese(told)}


def _encoded(header: Mapping[str, Any], payload: bytes) -> Message:
    """A message as it goes over the socket: a frame where it has columns, else text."""
    if "arrays" in header:
        return with_header(header, payload)
    return json.dumps(header, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
