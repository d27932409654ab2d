"""One figure at several times: a slider chooses which is seen. It is made of radio buttons, for pages run no script."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from goodfit.errors import InputError, problem
from goodfit.reports.blocks import Fold, Grid, Writing, drawings
from goodfit.reports.languages import PHRASES
from goodfit.reports.markup import Inline, escape, inline, plain

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_FRAMES = 12  # the theme has a rule for each; each is a drawing or two


@dataclass(frozen=True)
class Frame:
    """One stop of the slider.

    name: a short label, such as the number of an epoch; drawn, narrow: as in a `Picture`, with the same axes in every
    frame; table: that it is drawn from; text: what it shows, in words, for those too who do not see it.
    """

    name: str
    drawn: Figure
    table: Grid
    text: Inline
    narrow: Figure | None = None


@dataclass(frozen=True)
class Frames:
    """A figure with a slider. At first the last frame is seen; on paper the first, the middle and the last are.

    title: a sentence without its full stop; what: the slider runs over, such as "Epoch"; frames: 1 to MOST_FRAMES, of
    which one alone has no slider; text: how to read it. A browser that cannot choose shows all frames.
    """

    title: str
    what: str
    frames: Sequence[Frame]
    text: Inline = ""

    def __post_init__(self) -> None:
        """Check how many there are."""
        if not 1 <= len(self.frames) <= MOST_FRAMES:
            fix = "`spread` chooses some of many."
            rule = f"a slider must have from 1 to {MOST_FRAMES} frames"
            raise InputError(problem("Page", rule, got=len(self.frames), fix=fix))

    def html(self, to: Writing) -> str:
        """<figure> with a <fieldset> of radio buttons and a <div> a frame."""
        to.figures += 1
        number, last, phrases = to.figures, len(self.frames) - 1, PHRASES[to.language]
        place, group = to.ids.new(f"figure-{number}"), to.ids.new(f"figure-{number}-at")
        about = [to.ids.new(f"{place}-frame") for _ in self.frames]
        printed = {0, last // 2, last}
        stops = "".join(self._stop(at, group, about[at]) for at in range(len(self.frames)))
        legend = f"<legend>{escape(self.what)}</legend>"
        slider = f'<fieldset class="stops">{legend}<div class="track">{stops}</div></fieldset>' if last else ""
        body = "".join(self._frame(at, number, about[at], at in printed, to) for at in range(len(self.frames)))
        figure = phrases.figure.format(number=number)
        caption = f"<strong>{figure}</strong> {escape(self.title)}{phrases.stop}{inline(self.text)}".rstrip()
        return f'<figure id="{place}" class="frames">{slider}{body}<figcaption>{caption}</figcaption></figure>'

    def _stop(self, at: int, group: str, about: str) -> str:
        chosen = " checked" if at == len(self.frames) - 1 else ""
        told = f'name="{group}" autocomplete="off" aria-describedby="{about}"{chosen}'
        return f'<label><input type="radio" {told}><span>{escape(self.frames[at].name)}</span></label>'

    def _frame(self, at: int, number: int, about: str, printed: bool, to: Writing) -> str:
        frame, phrases = self.frames[at], PHRASES[to.language]
        when = f"{self.what} {frame.name}"
        name = f"{phrases.figure.format(number=number)} {self.title}: {when}"
        described = f"{plain(frame.text)} {phrases.table_below}"
        drawn = drawings(frame.drawn, frame.narrow, name, described, to)
        words = f'<p class="small" id="{about}"><strong>{escape(when)}.</strong> {inline(frame.text)}</p>'
        fold = Fold(f"{phrases.table_of_figure.format(number=number)}: {when}", [frame.table]).html(to)
        return f'<div class="frame{" printed" if printed else ""}">{drawn}{words}{fold}</div>'


def spread(count: int, most: int = MOST_FRAMES) -> list[int]:
    """Which of so many to show: all, or `most` of them, spread evenly, with the first and the last."""
    if count <= most:
        return list(range(count))
    return [round(at * (count - 1) / (most - 1)) for at in range(most)]
