"""Jobs beside the trainings (`messages.JOBS`), one after another in a process of their own.

A training that somebody watches is not held up by them; and with two cores, two jobs at once would take twice as long.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from goodfit.errors import InputError, problem
from goodfit.lab.processes import WorkerProcess, Workers
from goodfit.lab.telling import split_frame, with_header

MOST_JOBS = 64  # that wait
IDLE_SECONDS = 120.0  # after which the process without a job ends
WHERE = "Job"


@dataclass(frozen=True)
class _Job:
    """What one session has asked for. number: of the message; took: gets what is told of it."""

    session: object
    number: int
    message: Mapping[str, Any]
    took: Callable[[bytes], None]

    def tell(self, header: Mapping[str, Any]) -> None:
        """Tell whoever asked."""
        self.took(with_header({"to": self.number, **header}, b""))


class Helpers:
    """The process for jobs, and those that wait for it."""

    def __init__(self, workers: Workers) -> None:
        self._workers = workers
        self._process: WorkerProcess | None = None
        self._waiting: deque[_Job] = deque()
        self._now: _Job | None = None
        self._leaving: asyncio.TimerHandle | None = None
        self._ending: set[asyncio.Future[None]] = set()

    def add(self, session: object, number: int, message: Mapping[str, Any], took: Callable[[bytes], None]) -> None:
        """Have a job done. InputError where this session has one already, or too many wait."""
        if any(job.session is session for job in (*self._waiting, self._now) if job is not None):
            fix = "Wait for its end, or stop it."
            raise InputError(problem(WHERE, "one job at a time; another of this page is under way", fix=fix))
        if len(self._waiting) >= MOST_JOBS:
            raise InputError(problem(WHERE, f"{MOST_JOBS} jobs wait already", fix="Ask again later."))
        made = _Job(session, number, message, took)
        self._waiting.append(made)
        before = len(self._waiting) - (self._now is None)
        if before:
            said = f"Waiting: {before} before this one." if before > 1 else "Waiting for another job."
            made.tell({"say": "progress", "job": message["do"], "share": 0.0, "sentence": said})
        self._begin()

    def stop(self, session: object) -> None:
        """End the job of a session, if there is one."""
        self._waiting = deque(job for job in self._waiting if job.session is not session)
        if self._now is not None and self._now.session is session:
            self._now = None
            self._end_process()
            self._begin()

    async def end(self) -> None:
        """End the process."""
        self._waiting.clear()
        self._now = None
        self._end_process()
        await asyncio.gather(*self._ending)

    def _begin(self) -> None:
        """Begin the next job."""
        if self._leaving is not None:
            self._leaving.cancel()
            self._leaving = None
        if self._now is not None:
            return
        if not self._waiting:
            if self._process is not None:
                self._leaving = asyncio.get_running_loop().call_later(IDLE_SECONDS, self._end_process)
            return
        self._now = self._waiting.popleft()
        if self._process is None or not self._process.alive:
            self._process = self._workers.take()
            self._process.took, self._process.died = self._took, self._died
        self._process.ask({**self._now.message, "id": self._now.number})

    def _took(self, frame: bytes) -> None:
        job = self._now
        header, _ = split_frame(frame)
        if job is None or header.get("to") != job.number:
            return  # of a job that was stopped, or nobody's
        job.took(frame)
        if header["say"] in ("ok", "error"):
            self._now = None
            self._begin()

    def _died(self) -> None:
        """The process has ended in the middle of a job."""
        job, self._now, self._process = self._now, None, None
        if job is not None:
            rule = "the process that did this job has ended: it was killed, or ran out of memory"
            sentences = [problem(WHERE, rule, fix="Ask for less: fewer nets, rows or units.")]
            job.tell({"say": "error", "sentences": sentences, "field": None, "lost": False})
        self._begin()

    def _end_process(self) -> None:
        if self._process is not None:
            ending = asyncio.ensure_future(self._process.end())
            self._ending.add(ending)
            ending.add_done_callback(self._ending.discard)
            self._process = None
