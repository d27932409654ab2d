"""Training on rows that are not in memory: the engine's own program, on one window of rows after another.

To the program a window is an epoch, which scores nothing unless it is the last of an epoch of the training. So what the
program counts in epochs is counted in windows, and turned back by whoever reads it (`Cohort.windows` of them are one).
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from goodfit.training.compile import compiled, place_chunk, place_rows
from goodfit.training.interrupts import wait_for
from goodfit.training.state import Chunk, Program, ProgramRows, Settings, State
from goodfit.training.windows import StreamOrder

if TYPE_CHECKING:
    from goodfit.data.tables.streamed_rows import StreamedRows
    from goodfit.training.cohort import Cohort


def in_windows(settings: Settings, windows: int) -> Settings:
    """Settings of which the epochs are counted in windows. Patience counts scored ones, which are whole epochs."""
    return settings if windows == 1 else replace(settings, epochs=settings.epochs * np.int32(windows))


def in_epochs(windows: NDArray[Any], of_an_epoch: int) -> NDArray[Any]:
    """Numbers of windows, from 1, as those of the epochs that they are part of; 0 stays."""
    return -(-windows // of_an_epoch)


@dataclass
class Window:
    """What a call of the program takes beside settings and state, on the host; x of `rows` is that of the window alone,
    without the rows that are scored, which are on the devices.
    """

    program: Program
    rows: ProgramRows
    chunk: Chunk


class WindowRunner:
    """Windows, one after another, an epoch at a time; the next one is read and laid out while the devices work.

    settings: on the devices, in windows; last: the epoch after which to stop; tell: called with (epochs done, windows
    of the next one done, how many it has) after every window but the last of an epoch.
    """

    def __init__(
        self, cohort: Cohort, settings: Settings, score_every: int, last: int, tell: Callable[[int, int, int], None]
    ) -> None:
        self.cohort, self.settings, self.score_every, self.last = cohort, settings, score_every, last
        self.tell = tell
        self.orders = cast("tuple[StreamOrder, ...]", cohort.orders)
        self.windows = cohort.windows
        self.streamed = cast("StreamedRows", cohort.examples.streamed)
        self.compile_seconds = 0.0
        self.state: State

    def chunks(self, done: int, state: State, aim: float) -> Iterator[tuple[int, State, NDArray[Any]]]:
        """(epochs done, state, metrics [1, Q, K, S, M]) after every epoch, as of a runner of whole epochs."""
        self.state = state
        with ThreadPoolExecutor(1, "goodfit-window") as reader:
            ahead: Future[Window] | None = None
            while done < self.last and np.asarray(self.state.active).any():
                pieces, counts = list[NDArray[Any]](), list[NDArray[Any]]()
                for window in range(self.windows):
                    made = (ahead or reader.submit(self._window, done, window)).result()
                    following = divmod(done * self.windows + window + 1, self.windows)
                    ahead = reader.submit(self._window, *following) if following[0] < self.last else None
                    pieces.append(self._train(made))
                    counts.append(np.asarray(made.chunk.counts)[:, 0])
                    if window + 1 < self.windows:
                        self.tell(done, window + 1, self.windows)
                done += 1
                yield done, self.state, _of_epoch(pieces, counts)

    def _train(self, window: Window) -> NDArray[Any]:
        """Metrics [1, Q, K, S, M] of a window."""
        rows, chunk = place_rows(window.program, window.rows), place_chunk(window.program, window.chunk)
        x = jax.device_put(jnp.concatenate([self._placed.x, rows.x]), self._placed.x.sharding)
        rows = replace(rows, x=x)
        built, fresh = compiled(window.program, self.settings, rows, chunk, self.state)
        self.compile_seconds += built.seconds if fresh else 0.0
        self.state, metrics = built.call(self.settings, rows, chunk, self.state)
        wait_for(metrics)
        return np.moveaxis(np.asarray(metrics), 0, 2)

    @cached_property
    def _held(self) -> NDArray[np.int32]:
        """The rows in memory that are scored, in every window the first of its rows."""
        parts = [self.cohort.examples.parts[name] for name in self.cohort.program.parts]
        return np.unique(np.concatenate([*parts, np.empty(0, np.int32)]))

    @cached_property
    def _base(self) -> ProgramRows:
        """What all windows have in common; its rows are those that are scored."""
        rows = self.cohort.rows()
        parts = tuple((np.where(own < 0, -1, np.searchsorted(self._held, own)), weights) for own, weights in rows.parts)
        unit = None if rows.unit is None else replace(rows.unit, y=rows.unit.y[self._held])
        held: Any = {"x": np.asarray(rows.x)[self._held], "y": np.asarray(rows.y)[self._held]}
        return replace(rows, parts=cast("Any", parts), unit=unit, **held)

    @cached_property
    def _placed(self) -> ProgramRows:
        """The same on the devices, sent once."""
        return place_rows(self.cohort.program, self._base)

    @cached_property
    def _factors(self) -> Callable[[int], NDArray[np.floating]]:
        """Epoch (from 0) -> factors of the schedules in its steps, [steps, schedules]: made once an epoch."""

        @functools.lru_cache(maxsize=2)
        def made(epoch: int) -> NDArray[np.floating]:
            steps = self.orders[0].steps
            found = np.ones((steps, len(self.cohort.schedules)), self.cohort.dtype)
            for number, schedule in enumerate(self.cohort.schedules):
                found[:, number] = schedule.factors(epoch, 1, steps)[0]
            return found

        return made

    def _window(self, epoch: int, window: int) -> Window:
        """Read a window of an epoch (from 0), and lay it out."""
        cohort, base, held, first = self.cohort, self._base, len(self._held), self.orders[0]
        # every window has the size of the largest: one shape, one program
        x = np.zeros((first.window_rows, base.x.shape[1]), np.float32)
        ranges = first.ranges(epoch, window)
        end = sum(stop - start for start, stop in ranges)
        y = self._behind(base.y, own := self.streamed.read(ranges, x[:end]))
        unit = base.unit
        if unit is not None:
            transform = cohort.examples.scaling.transform
            unit = replace(unit, y=self._behind(unit.y, own))
            y = self._behind(base.y, transform.forward(own).astype(cohort.dtype))  # type: ignore[union-attr]
        program = replace(cohort.program, steps=first.steps_of(window), chunk=1)
        rows = replace(self._placed, x=cast("Any", x), y=y, unit=unit)
        return Window(program, rows, self._chunk(epoch, window, held))

    def _behind(self, held: Any, own: NDArray[Any]) -> Any:
        """Targets of the rows that are scored and then of a window, filled up with zeros."""
        found = np.zeros((len(held) + self.orders[0].window_rows, *held.shape[1:]), held.dtype)
        found[: len(held)], found[len(held) : len(held) + len(own)] = held, own
        return found

    def _chunk(self, epoch: int, window: int, held: int) -> Chunk:
        cohort, first = self.cohort, self.orders[0]
        devices, groups, _ = cohort.grid.shape
        steps, before = first.steps_of(window), window * first.window_steps
        order = np.full((devices, 1, steps, groups, first.width), -1, np.int32)
        for group, rows in enumerate(self.orders):
            own = rows.order(epoch, window)
            order[group // groups, 0, :, group % groups] = np.where(own < 0, -1, own + held)
        counts = (order >= 0).sum((2, 4)).astype(cohort.dtype)
        table = self._factors(epoch)[None, before : before + steps]
        scored = np.array([window == self.windows - 1 and (epoch + 1) % self.score_every == 0])
        at = np.int32(epoch * self.windows + window)
        arguments: Any = (at, np.int32(1), cohort.seeds, order, counts, table, scored)
        return Chunk(*arguments)


def _of_epoch(pieces: list[NDArray[Any]], counts: list[NDArray[Any]]) -> NDArray[Any]:
    """Metrics of an epoch from those of its windows: means over all rows in training, scores of the last window."""
    found = pieces[-1].copy()
    if len(pieces) > 1:
        weights = np.stack(counts)[:, None, None, ..., None]  # [windows, 1, 1, K, S, 1]
        training = np.stack([piece[:, :2] for piece in pieces])  # [windows, 1, 2, K, S, M]
        found[:, :2] = (training * weights).sum(0) / np.maximum(weights.sum(0), 1)
    return found
