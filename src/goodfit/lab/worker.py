"""The process that trains for a page: `python -m goodfit.lab.worker`, started and ended by `sessions.py`.

What goes wrong with one message is told in a sentence, and the next is dealt with; a crash ends this process alone.
"""

from __future__ import annotations

import contextlib
import functools
import os
import re
import signal
import threading
import traceback
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from goodfit.errors import GoodfitError, InputError, problem
from goodfit.lab import messages
from goodfit.lab.ahead import Ahead
from goodfit.lab.opening import FileGone, open_state
from goodfit.lab.pipes import Commands, framed
from goodfit.lab.playing import Player
from goodfit.lab.states import DEFAULT, checked_state
from goodfit.lab.telling import pack, with_header
from goodfit.lab.tracks import Track
from goodfit.training.devices import prepare
from goodfit.training.recipe import Recipe

OVERTAKES = "open", "reset"  # what does not wait until an opened state is trained as far as it says
IDLE_SECONDS = 0.2  # without a message, after which the program of an open state is compiled ahead
SOON_SECONDS = 0.02  # between two looks whether one is compiled that Play waits for
_FIELD = re.compile(r"'([a-z0-9_]+)'")


class Worker:
    """One page's trainings, and the messages about them. send: takes a frame."""

    def __init__(self, commands: Commands, send: Callable[[bytes], None]) -> None:
        self.commands, self.send = commands, send
        self.player = Player(self.tell, lambda: commands.waiting, lambda: commands.holds_any(*OVERTAKES))
        self.files: dict[str, Path] = {}
        self.beside: dict[str, Any] = {}
        """What the server tells with every message."""
        self._to: int | None = None
        self._did = ""  # what was asked for last
        self._ahead = Ahead()
        self._warm = False
        self._acts: dict[str, Callable[[Any], Any]] = {
            "open": lambda asked: self._open(asked.state),
            "play": lambda asked: self.player.play(asked.speed),
            "pause": lambda _: self.player.halt(),
            "step": lambda asked: self.player.step(asked.epochs),
            "batch": lambda _: self.player.next_batch(),
            "reset": lambda _: self.player.reset(),
            "rewind": lambda asked: self.player.rewind(asked.branch, asked.epoch),
            "undo": lambda asked: self.player.undo(asked.branch),
            "change": lambda asked: self.player.change(asked.branch, asked.fields),
            "branch": lambda asked: self.player.branch(asked.epoch, asked.fields),
            "drop": lambda asked: self.player.drop(asked.branch),
            "weight": lambda asked: self.player.edit(asked.branch, lambda track: track.set_weight(asked.act)),
            "equal": lambda asked: self.player.edit(asked.branch, lambda track: track.make_equal(asked.layer)),
            "view": lambda asked: self.player.look(asked),
            "explain": self._explain,
            "say": self._say,
            "seal": lambda _: self._seal(opens=False),
            "unseal": lambda _: self._seal(opens=True),
            "export": self._export,
            **{name: functools.partial(self._job, name) for name in messages.JOBS},
        }

    def run(self) -> None:
        """Deal with messages, and train between them, until the process is ended."""
        warnings.showwarning = lambda message, *_, **__: self._note(message)
        prepare()
        while True:
            self._turn()

    def _turn(self) -> None:
        """Deal with a message; where there is none, train on, or have compiled what will."""
        coming = next((track for track in self.player.tracks.values() if not self._ahead.has(track)), None)
        plays, trains = self.player.playing, self.player.playing and coming is None
        asked = self.commands.next(0 if trains else SOON_SECONDS if plays else IDLE_SECONDS)
        if asked is None and trains:
            self._guarded(self.player.advance, None, pause=True)
        elif asked is None and coming is not None:
            if self._ahead.begin(coming, waited_for=plays) and plays:
                self.player.tell_waiting()
        elif asked is None and not self._warms():
            asked = self.commands.next()
        if asked is not None:
            own = asked
            self._did = str(own.get("do"))
            self._guarded(lambda: self._do(own), own.get("id"))
            self._guarded(self.player.catch_up, None)  # where what overtook it was refused

    def _warms(self) -> bool:
        """Have compiled what most pages open with, once, where nothing is open yet; whether that was to be done."""
        if self._warm or self.player.tracks:
            return False
        self._warm = True
        with contextlib.suppress(Exception):  # whoever plays it hears of it
            self._ahead.begin(Track(open_state(checked_state(DEFAULT), {})))
        return True

    def _note(self, warning: Warning | str) -> None:
        """Tell of a warning; one of what is compiled comes again from what it trains."""
        if threading.current_thread() is threading.main_thread():
            self.tell({"say": "note", "sentence": str(warning)})

    def tell(self, header: Mapping[str, Any], columns: Mapping[str, Any] | None = None) -> None:
        """Send a message to the page."""
        whole = {"to": self._to, **header}
        self.send(with_header(whole, b"") if columns is None else pack(whole, columns))

    def _do(self, asked: Mapping[str, Any]) -> None:
        declared = messages.ASKED[asked["do"]]
        if "files" in asked:
            self.files = {name: Path(path) for name, path in asked["files"].items()}
            self.beside = {name: each for name, each in asked.items() if name not in declared.model_fields}
        told = declared.model_validate({name: each for name, each in asked.items() if name in declared.model_fields})
        self._acts[asked["do"]](told)
        self.tell({"say": "ok", "value": {"do": asked["do"]}})
        if told.do in ("play", "pause", "step"):
            self.player.state()

    def _open(self, state: Mapping[str, Any]) -> None:
        try:
            opened = open_state(checked_state(state), self.files)
        except InputError as error:
            self.player.refusal = error
            raise
        self.player.open(opened)

    def _answer(self, say: str, value: Mapping[str, Any]) -> None:
        self.tell({"say": say, "value": value})

    def _say(self, asked: messages.AskSay) -> None:
        from goodfit.lab.asking import findings  # here: the first picture does not wait for what it imports

        self._answer("findings", findings(self.player.track("A"), asked.net))

    def _seal(self, *, opens: bool) -> None:
        from goodfit.lab.asking import sealed, unsealed

        track = self.player.track("A")
        self._answer(*(("unsealed", unsealed(track)) if opens else ("sealed", sealed(track))))

    def _explain(self, asked: messages.AskExplain) -> None:
        from goodfit.lab.asking import explained

        player = self.player
        self._answer("explained", explained(player.track("A"), asked.net, asked.rows, player.batch))

    def _export(self, asked: messages.AskExport) -> None:
        from goodfit.lab.exporting import export
        from goodfit.lab.replay import ready

        state = checked_state(asked.state)
        if asked.kind == "replay":
            ready(state, self.files)
        else:
            self._answer("exported", vars(export(state, asked.kind, self.files)))

    def _job(self, name: str, asked: Any) -> None:
        """A job beside the trainings: this process is then the one for jobs."""
        from goodfit.lab import jobs

        job = jobs.Teller(self.tell, name)
        if name == "answer":
            jobs.answer(job, asked, self.files, self.beside)
        elif name == "study":
            jobs.study(job, asked, Path(self.beside["pages"]))
        else:
            getattr(jobs, name)(job, asked, self.files)

    def _guarded(self, act: Callable[[], None], to: int | None, *, pause: bool = False) -> None:
        """Do something; say in a sentence what went wrong."""
        self._to = to
        try:
            act()
        except InputError as error:
            self._refuse(error.problems, gone=isinstance(error, FileGone))
        except GoodfitError as error:
            self._refuse([str(error)])
        except MemoryError:
            self._refuse(
                [problem("Lab", "there is not enough memory for this", fix="Train fewer nets, or smaller ones.")]
            )
        except Exception as error:  # noqa: BLE001 - whatever it is, the page must hear of it, and the others go on
            traceback.print_exc()
            said = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else 'no message'}"
            self._refuse([problem("Lab", "this is a bug in goodfit", got=said, fix="Please report it.")])
        else:
            pause = False
        finally:
            if pause:
                self.player.pause()
                self.player.state()
            self._to = None

    def _refuse(self, sentences: Any, *, gone: bool = False) -> None:
        fields = [name for text in sentences for name in _FIELD.findall(text) if name in Recipe.model_fields]
        # a study's parameters may have the names of fields, and what is wrong with an answer is said beside it
        field = fields[0] if fields and self._did not in ("study", "answer") else None
        self.tell({"say": "error", "sentences": list(sentences), "field": field, "lost": False, "gone": gone})


def main() -> None:
    """Take commands from standard input, and answer on standard output, which nothing else writes to."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the server's, which ends this process
    source, into = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb", buffering=0)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)

    def send(frame: bytes) -> None:
        left = memoryview(framed(frame))
        while left:
            left = left[into.write(left) :]

    np.seterr(all="ignore")  # nets that diverge are told of as such
    Worker(Commands(source), send).run()


if __name__ == "__main__":
    main()
