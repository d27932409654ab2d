"""The pictures that a page looks at: drawn of the nets as they are, and not so often that training waits for them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from goodfit.lab import messages, pictures
from goodfit.lab.messages import Branch
from goodfit.lab.opening import OpenState
from goodfit.lab.tracks import Track
from goodfit.models.trained_net import TrainedNet

FRAMES = 25.0  # a second at most: of paced training, of pictures
PICTURE_SHARE = 16  # pictures may take so many times less time than passes between them


class Painter:
    """Draws what a page looks at. tell: (header, columns) -> it is sent."""

    def __init__(self, tell: Callable[..., None]) -> None:
        self.tell, self.view = tell, messages.AskView(do="view")
        self._opened: OpenState | None = None
        self._grid: tuple[Any, ...] = ()
        self._next = 0.0

    @property
    def due(self) -> bool:
        """Whether training has had its time since the last picture."""
        return time.perf_counter() >= self._next

    def turn_to(self, opened: OpenState) -> None:
        """Draw nets of another state from now on."""
        self._opened, self._grid = opened, ()

    def look(self, view: messages.AskView) -> None:
        """Draw other pictures from now on."""
        self.view, self._grid = view, ()

    def draw(self, nets: Mapping[Branch, tuple[Track, Sequence[TrainedNet]]], batch: int) -> None:
        """Draw the nets of each branch; and leave time for training before the next picture."""
        began = time.perf_counter()
        for branch, (track, own) in nets.items():
            self._draw(branch, track, own, batch)
        ended = time.perf_counter()
        self._next = ended + max(1 / FRAMES, PICTURE_SHARE * (ended - began))

    def _draw(self, branch: Branch, track: Track, nets: Sequence[TrainedNet], batch: int) -> None:
        assert self._opened is not None
        view, plane = self.view, self._opened.plane
        if not self._grid:
            self._grid = tuple(
                plane.inputs(points) if plane is not None and points else None
                for points in (view.grid, view.thumbnails)
            )
        fine, coarse = self._grid
        about = {"branch": branch, "epoch": track.epoch, "batch": batch}
        one = view.net if view.net is not None and view.net < len(nets) else None
        if plane is not None and fine is not None:
            shown = [nets[one]] if one is not None else sound(nets, track.frozen)
            self.tell({"say": "boundary", **about, "net": one}, pictures.boundary(shown, plane, fine, view.grid))
        unit_net = min(view.unit_net, len(nets) - 1)
        net = nets[unit_net]
        hidden = list(net.sizes[1:-1])
        if view.thumbnails:
            columns = pictures.units(net, plane, coarse, view.thumbnails)
            self.tell({"say": "units", **about, "net": unit_net, "hidden": hidden}, columns)


def sound(nets: Sequence[TrainedNet], frozen: NDArray[np.bool_]) -> Sequence[TrainedNet]:
    """The nets that are finite; all where none is."""
    return [net for net, stuck in zip(nets, frozen, strict=True) if not stuck] or nets
