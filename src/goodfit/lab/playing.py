"""What a page plays: a training A, perhaps B beside it, and what is told of them as they go on.

It runs in the process that trains, and does one thing after another: whatever is asked is done between two chunks.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from goodfit.errors import InputError, problem
from goodfit.lab import messages, pictures
from goodfit.lab.changing import LENGTH, WHERE
from goodfit.lab.difference import difference
from goodfit.lab.messages import Branch
from goodfit.lab.opening import OpenState
from goodfit.lab.painting import FRAMES, Painter
from goodfit.lab.parting import Parting
from goodfit.lab.speed import Speed
from goodfit.lab.states import LabState
from goodfit.lab.tracks import Track
from goodfit.models.trained_net import TrainedNet
from goodfit.training.fitting import Report

Tell = Callable[..., None]
"""(header, columns) -> it is sent."""
CATCHING_SECONDS = 0.25  # between two messages of how far an opened state is trained
STATE_SECONDS = 0.1  # between two messages of how it stands
SLICE_SECONDS = 0.08  # that each of two branches trains before the other has its turn


class Player:
    """The trainings of one page. tell: sends a message; waiting: whether somebody asks for something; overtaken:
    whether for something that does not want what is being opened.
    """

    def __init__(self, tell: Tell, waiting: Callable[[], bool], overtaken: Callable[[], bool]) -> None:
        self.tell, self.waiting, self.overtaken = tell, waiting, overtaken
        self.opened: OpenState | None = None
        self.refusal: InputError | None = None  # why nothing is open
        self.tracks: dict[Branch, Track] = {}
        self._painter = Painter(tell)
        self._parting: Parting | None = None  # of the last B
        self.playing, self.batch = False, 0
        self.speed: float | None = None
        self.goal: int | None = None
        self._coming: tuple[LabState, Track | None] | None = None  # what A, and B, are not trained as far as yet
        self._sent: dict[Branch, int] = {}
        self._stated = self._due = 0.0
        self._slice = 1
        self._speed = Speed()

    # what is asked for

    def open(self, opened: OpenState) -> None:
        """Show a state from its beginning, trained as far as it says."""
        track = Track(opened)
        self.pause()
        self.opened, self.tracks, self._sent, self.batch = opened, {"A": track}, {}, 0
        self._painter.turn_to(opened)
        steps = {"steps": track.steps, "metrics": list(track.names)}
        self.tell({"say": "opened", **opened.told(), **steps})
        if opened.plane is not None:
            columns, there = pictures.points_of(opened.data, opened.plane, (opened.parts.train, opened.parts.valid))
            self.tell({"say": "points", "branch": "A", "shown": len(columns["y"]), "of": there}, columns)
        state = opened.state
        if state.goal:
            self._draw({"A": track.nets()})  # the initial nets at once: what follows may take long
            self.state(state.goal)
        self._coming = state, None if state.branch is None else Track(opened)
        self.catch_up()

    def catch_up(self) -> None:
        """Train an opened state as far as it says, and show it; or until it is overtaken, to go on later."""
        if self._coming is None or self.overtaken():
            return
        (state, beside), track = self._coming, self.track("A")

        def look(own: Track, report: Report) -> bool:
            self._catching(own, report, state.goal)
            return self.overtaken()

        try:
            track.follow(state.acts, state.epoch, look)
            if beside is not None and state.branch is not None:
                beside.follow(state.branch.acts, state.branch.epoch, look)
        except Exception:
            self.show("A", changed=True)  # as far as it came
            raise
        if self.overtaken():
            return
        self.show("A", changed=True)
        if beside is not None:
            self._beside(beside)

    def play(self, speed: float | None) -> None:
        """Train on."""
        self.track("A")
        self.playing, self.speed, self.goal, self.batch, self._coming = True, speed, None, 0, None
        self._due = time.perf_counter()
        self._speed.forget()

    def tell_waiting(self) -> None:
        """Tell that it waits, for something to be compiled."""
        self._speed.forget()
        self.state()

    def pause(self) -> None:
        """Stay where it is."""
        self.playing, self.goal, self._coming = False, None, None

    def halt(self) -> None:
        """Stay where it is, and show that: while it trained, pictures were of an epoch before."""
        stale = self.tracks if self.playing else {}
        self.pause()
        for branch in stale:
            self.show(branch)

    def step(self, epochs: int) -> None:
        """Train so many epochs: A, and B as far. Asked for while such a step is on its way, they are added to it."""
        begun = self.track("A").epoch if self.goal is None else self.goal
        self.play(None)
        self.goal = begun + epochs

    def next_batch(self) -> None:
        """Look at the nets one batch later."""
        track = self.track("A")
        if self.goal is not None:  # a step that is on its way comes first
            for each in self.tracks.values():
                each.train(self.goal)
            self.pause()
            for branch in self.tracks:
                self.show(branch)
        if track.ended:
            raise InputError(
                problem(WHERE, "the training has come to its end", fix="Rewind it, or give it more epochs.")
            )
        self.pause()
        if self.batch + 1 >= track.steps:
            self.batch = 0
            track.train(track.epoch + 1)
            self.show("A")
            return
        nets = track.nets_at(track.after_batches(self.batch + 1))
        self.batch += 1
        self._draw({"A": nets})
        self.state()

    def rewind(self, branch: Branch, epoch: int) -> None:
        """Back to an epoch; with A, B goes as far as to where it left."""
        self._go_back(branch, lambda track: track.rewind(epoch))

    def undo(self, branch: Branch) -> None:
        """Back to the last change, without it."""
        self._go_back(branch, Track.undo)

    def reset(self) -> None:
        """Back to the beginning, and to one training."""
        self.track("A")
        self.pause()
        if "B" in self.tracks:
            self.drop("B")
        self._go_back("A", Track.reset)

    def change(self, branch: Branch, fields: Mapping[str, Any]) -> None:
        """Go on with other fields. InputError where nothing is left to train with them."""
        track = self.track(branch)
        if track.ended and not fields.keys() & set(LENGTH):
            fix = "Give it more epochs first, or go back to an earlier one."
            raise InputError(problem(WHERE, "all epochs are trained, and a change now would never be used", fix=fix))
        note = track.change(fields)
        within, self.batch = self.batch, 0  # of an epoch that trains otherwise now
        if within:
            self._draw({branch: track.nets()})
        self._show_changes(branch)
        self._drop_what_is_gone()
        if note:
            self.tell({"say": "note", "sentence": note})
        self.state()

    def branch(self, epoch: int | None, fields: Mapping[str, Any]) -> None:
        """Have B leave A."""
        track = self.track("A")
        self._beside(track.branch(track.epoch if epoch is None else epoch, fields))

    def _beside(self, made: Track) -> None:
        """Show a training as B."""
        self.tracks["B"], self._parting = made, Parting.of(self.track("A"), made)
        self._sent.pop("B", None)
        mark = made.marks[len(self._parting.before)]
        self.tell({"say": "branched", "epoch": mark.epoch, "fields": dict(mark.fields), "sentence": mark.sentence})
        self.show("B", changed=True)

    def drop(self, branch: Branch) -> None:
        """Leave a branch out."""
        if "B" not in self.tracks:
            raise InputError(problem(WHERE, "there is no branch to drop"))
        left = self.tracks["A" if branch == "B" else "B"]
        self.tracks = {"A": left}
        self.tell({"say": "dropped", "branch": branch})
        self._sent = {} if branch == "A" else {"A": self._sent.get("A", 0)}
        self.show("A", changed=True)

    def edit(self, branch: Branch, act: Callable[[Track], None]) -> None:
        """Set weights by hand."""
        self.batch = 0
        act(self.track(branch))
        self._show_changes(branch)
        self._drop_what_is_gone()
        self.show(branch)

    def look(self, view: messages.AskView) -> None:
        """Show other pictures from now on."""
        self._painter.look(view)
        if self.tracks:
            self._draw({branch: track.nets() for branch, track in self.tracks.items()})

    # what goes on

    def advance(self) -> None:
        """Train for as long as nobody asks for anything, or for a slice."""
        if self.speed is None and len(self.tracks) == 1:
            track = self.track("A")
            track.train(track.cohort.epochs if self.goal is None else self.goal, self._looked)
        elif self.speed is None:
            self._slices()
        else:
            self._paced(self.speed)
        reached = self.goal is not None and all(
            track.epoch >= self.goal or track.ended for track in self.tracks.values()
        )
        if reached or all(track.ended for track in self.tracks.values()):
            self.pause()
            for branch in self.tracks:
                self.show(branch)

    def state(self, opening: int | None = None) -> None:
        """Tell how it stands. opening: the epoch that an opened state is trained to, where it is not there yet."""
        tracks = self.tracks
        if not tracks:
            return
        frozen: dict[str, list[int]] = {
            branch: [int(net) for net in np.flatnonzero(track.frozen)] for branch, track in tracks.items()
        }
        ended = all(track.ended for track in tracks.values())
        lost = ended and all(len(frozen[branch]) == len(track.jobs) for branch, track in tracks.items())
        stands = "diverged" if lost else "done" if ended else "playing" if self.playing else "paused"
        stands = stands if opening is None else "opening"
        self._stated = time.perf_counter()
        self.tell(
            {
                "say": "state",
                "state": stands,
                "epoch": {branch: track.epoch for branch, track in tracks.items()},
                "goal": opening,
                "batch": self.batch,
                "steps": tracks["A"].steps,
                "speed": round(self._speed.measured, 1) if self.playing else 0.0,
                "frozen": frozen,
            }
        )

    def show(self, branch: Branch, *, changed: bool = False) -> None:
        """Tell all of a branch: its curves, its pictures, where it stands."""
        if changed:
            self._show_changes(branch)
        track = self.track(branch)
        self._curves(branch, track)
        self._draw({branch: track.nets()})
        self._difference()
        self.state()

    # how

    def track(self, branch: Branch) -> Track:
        """The training of a branch; InputError where there is none."""
        if not self.tracks and self.refusal is not None:
            raise self.refusal
        if branch not in self.tracks:
            rule = "there is no branch B" if self.tracks else "nothing is open"
            fix = "Make one with 'branch'." if self.tracks else "Open a state first."
            raise InputError(problem(WHERE, rule, fix=fix))
        return self.tracks[branch]

    def _go_back(self, branch: Branch, how: Callable[[Track], None]) -> None:
        track = self.track(branch)
        self.pause()
        self.batch = 0
        how(track)
        self._show_from(branch)
        self._drop_what_is_gone()
        beside = self.tracks.get("B") if branch == "A" else None
        if beside is None or self._parting is None:
            return
        epoch = max(track.epoch, self._parting.epoch)
        if beside.epoch > epoch:
            beside.rewind(epoch)
            self._show_from("B")

    def _show_from(self, branch: Branch) -> None:
        """Tell all of a branch that is back at an earlier epoch."""
        self._sent[branch] = min(self._sent.get(branch, 0), self.tracks[branch].epoch)
        self.show(branch, changed=True)

    def _drop_what_is_gone(self) -> None:
        """Drop B where A is no longer the training that it left, or where it has not left it any more."""
        beside, parting = self.tracks.get("B"), self._parting
        if beside is None or parting is None:
            return
        if not parting.is_of(self.track("A")):
            self.drop("B")
            self.tell({"say": "note", "sentence": parting.said_when_gone})
        elif not parting.has_left(beside):
            self.drop("B")

    def _looked(self, track: Track, report: Report) -> bool:
        """After a chunk of a single training."""
        self._curves("A", track)
        if self._painter.due:
            self._draw({"A": track.nets(report.nets())})
        if time.perf_counter() - self._stated > STATE_SECONDS:
            self.state()
        return self.waiting()

    def _catching(self, track: Track, report: Report, goal: int) -> None:
        """After a chunk on the way to where an opened state stands: tell how far it is."""
        if time.perf_counter() - self._stated < CATCHING_SECONDS:
            return
        if track is self.tracks["A"]:  # B is told as a whole once it is there
            self._curves("A", track)
            self._draw({"A": track.nets(report.nets())})
        self.state(goal)

    def _slices(self) -> None:
        """Train two branches in turn: the one that is behind first, then both alike."""
        behind = min(track.epoch for track in self.tracks.values() if not track.ended)
        until = behind + self._slice
        if self.goal is not None:
            until = min(until, self.goal)
        began = time.perf_counter()
        trained = self._all_to(until)
        taken = (time.perf_counter() - began) / max(1, trained)
        self._slice = max(1, min(2 * self._slice, int(SLICE_SECONDS / max(taken, 1e-6))))

    def _paced(self, speed: float) -> None:
        """Train so many epochs a second, in as many pieces as there are frames."""
        epochs = max(1, round(speed / FRAMES))
        until = min(track.epoch for track in self.tracks.values() if not track.ended) + epochs
        self._all_to(until if self.goal is None else min(until, self.goal))
        now = time.perf_counter()
        self._due = max(self._due + epochs / speed, now - 1 / FRAMES)  # what was late is not made up for
        while (left := self._due - time.perf_counter()) > 0 and not self.waiting():
            time.sleep(min(left, 0.01))

    def _all_to(self, until: int) -> int:
        """Train all branches to an epoch, and tell; how many epochs that were."""
        trained = 0
        for branch, track in self.tracks.items():
            before = track.epoch
            track.train(until)
            trained += track.epoch - before
            self._curves(branch, track)
        if self._painter.due:
            self._draw({branch: track.nets() for branch, track in self.tracks.items()})
        self._difference()
        if time.perf_counter() - self._stated > STATE_SECONDS:
            self.state()
        return trained

    def _curves(self, branch: Branch, track: Track) -> None:
        """Tell the epochs that are new."""
        first = self._sent.get(branch)
        if first is not None and first == track.epoch:
            return
        first = min(first or 0, track.epoch)
        new = track.metrics[first:]
        columns = {name: new[:, place] for place, name in enumerate(track.names)}
        epochs = np.arange(first + 1, track.epoch + 1)
        self._sent[branch] = track.epoch
        self._speed.note(track.epoch)
        self.tell({"say": "curves", "branch": branch, "first": first}, {"epoch": epochs, **columns})

    def _show_changes(self, branch: Branch) -> None:
        self._coming = None  # it is there, or something else was done with it on its way
        track = self.track(branch)
        self.tell(
            {
                "say": "changed",
                "branch": branch,
                "marks": [mark.to_json() for mark in track.marks],
                "acts": [mark.act.to_json() for mark in track.marks],
                "recipe": track.recipe.to_dict(),
            }
        )

    def _difference(self) -> None:
        """Tell how far B is from A, where both are somewhere."""
        if "B" in self.tracks and self._parting is not None:
            found = difference(self.tracks["A"], self.tracks["B"], self._parting.epoch)
            self.tell({"say": "difference", **found})

    def _draw(self, nets: Mapping[Branch, Sequence[TrainedNet]]) -> None:
        """Draw nets of branches as they are now."""
        self._painter.draw({branch: (self.tracks[branch], own) for branch, own in nets.items()}, self.batch)
