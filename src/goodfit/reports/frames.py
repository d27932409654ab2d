"""One figure at several times: a slider chooses which is seen. It is made of radio buttons, for pages run no script."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from goodfit.arguments import public
from goodfit.errors import InputError, problem
from goodfit.reports.blocks import Block, Grid
from goodfit.reports.markup import Inline

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_FRAMES = 12  # the theme has a rule for each; each is a drawing or two


@dataclass(frozen=True)
class PageFrame:
    """One stop of the slider.

    name: a short label, such as the number of an epoch
    drawn, narrow: as in a `Picture`, with the same axes in every frame
    table: that it is drawn from
    text: what it shows, in words, for those too who do not see it.
    """

    name: str
    drawn: Figure
    table: Grid
    text: Inline
    narrow: Figure | None = None


@dataclass(frozen=True)
class Frames(Block):
    """A figure with a slider. At first the last frame is seen; on paper the first, the middle and the last are.

    A browser that cannot choose shows all frames.

    title: a sentence without its full stop
    what: the slider runs over, such as "Epoch"
    frames: 1 to MOST_FRAMES, of which one alone has no slider
    text: how to read it.
    """

    title: str
    what: str
    frames: Sequence[PageFrame]
    text: Inline = ""

    def __post_init__(self) -> None:
        """Check how many there are."""
        if not 1 <= len(self.frames) <= MOST_FRAMES:
            fix = "`spread` chooses some of many."
            rule = f"a slider must have from 1 to {MOST_FRAMES} frames"
            raise InputError(problem("Page", rule, got=len(self.frames), fix=fix))

    @property
    def printed(self) -> set[int]:
        """The places of the frames that paper has."""
        last = len(self.frames) - 1
        return {0, last // 2, last}


@public
def spread(count: int, most: int = MOST_FRAMES) -> list[int]:
    """Which of so many to show: all, or `most` of them, spread evenly, with the first and the last.

    count: how many there are
    most: how many are shown at most
    """
    if count <= most:
        return list(range(count))
    return [round(at * (count - 1) / (most - 1)) for at in range(most)]
