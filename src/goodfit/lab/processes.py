"""The processes that train: one for each page, and a spare one, started ahead so that the first picture comes soon."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from goodfit.lab.pipes import SIZE, framed

WORKER = (sys.executable, "-m", "goodfit.lab.worker")
END_SECONDS = 2.0  # that a process has to end by itself
PIPE_BYTES = 2**22  # of messages that wait to be read


class WorkerProcess:
    """A process that trains.

    command: that starts it; took: is called with each frame that it sends; died: when it has ended by itself
    """

    def __init__(self, command: Sequence[str] = WORKER) -> None:
        self._command = command
        self.took: Callable[[bytes], None] = lambda _: None
        self.died: Callable[[], None] = lambda: None
        self._process: asyncio.subprocess.Process | None = None
        self._waiting: list[bytes] = []
        self._ended = False
        self._starting = asyncio.ensure_future(self._run())

    @property
    def alive(self) -> bool:
        """Whether it can be asked for anything."""
        return not self._ended

    @property
    def number(self) -> int | None:
        """Its number in the system; None before it is there."""
        return None if self._process is None else self._process.pid

    def ask(self, message: Mapping[str, Any]) -> None:
        """Send it a message; one that has ended hears nothing."""
        content = framed(json.dumps(message, ensure_ascii=True).encode())
        if self._process is None:
            self._waiting.append(content)
        elif not self._ended and self._process.stdin is not None:
            with contextlib.suppress(OSError, RuntimeError):
                self._process.stdin.write(content)

    async def end(self) -> None:
        """End it: nobody looks on any more."""
        self.took, self.died, self._ended = lambda _: None, lambda: None, True  # what is in the pipe is for nobody
        if self._process is None:
            self._starting.cancel()
            with contextlib.suppress(asyncio.CancelledError, OSError):
                await self._starting
        process = self._process
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()  # at the end of its input it ends, but for one that is in the middle of a long chunk
        await _ended(process)

    async def _run(self) -> None:
        try:
            self._process = process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                limit=PIPE_BYTES,
                start_new_session=os.name == "posix",  # Ctrl-C of the terminal is the server's
            )
            assert process.stdin is not None
            assert process.stdout is not None
            for content in self._waiting:
                process.stdin.write(content)
            self._waiting.clear()
            while True:
                head = await process.stdout.readexactly(SIZE.size)
                self.took(await process.stdout.readexactly(SIZE.unpack(head)[0]))
        except (asyncio.IncompleteReadError, OSError):
            self._ended = True
            self.died()
            if self._process is not None:
                await _ended(self._process)


async def _ended(process: asyncio.subprocess.Process) -> None:
    """Wait until a process has ended, and end it where it takes long."""
    try:
        async with asyncio.timeout(END_SECONDS):
            await process.wait()
    except TimeoutError:
        with contextlib.suppress(OSError):  # by its number: asyncio's own way takes its end away from who waits for it
            if os.name == "posix":
                os.kill(process.pid, signal.SIGKILL)
            else:
                process.kill()
        await process.wait()


class Workers:
    """Processes that train, with one spare that is warm. command: that starts one."""

    def __init__(self, command: Sequence[str] = WORKER) -> None:
        self._command = command
        self._spare: WorkerProcess | None = None

    def start(self) -> None:
        """Have a spare one."""
        if self._spare is None or not self._spare.alive:
            self._spare = WorkerProcess(self._command)

    def take(self) -> WorkerProcess:
        """The spare one; another gets warm in its place."""
        self.start()
        taken, self._spare = self._spare, None
        assert taken is not None
        return taken

    async def end(self) -> None:
        """End the spare one."""
        if self._spare is not None:
            await self._spare.end()
            self._spare = None
