"""Reports: one self-contained HTML page for a run, a search or a study, from templates.

Names are loaded on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from goodfit.lazy import lazily

if TYPE_CHECKING:
    from goodfit.reports.blocks import Block as Block
    from goodfit.reports.blocks import Bullets as Bullets
    from goodfit.reports.blocks import Code as Code
    from goodfit.reports.blocks import Facts as Facts
    from goodfit.reports.blocks import Foldout as Foldout
    from goodfit.reports.blocks import Grid as Grid
    from goodfit.reports.blocks import Note as Note
    from goodfit.reports.blocks import Paragraph as Paragraph
    from goodfit.reports.blocks import Part as Part
    from goodfit.reports.blocks import Picture as Picture
    from goodfit.reports.frames import Frames as Frames
    from goodfit.reports.frames import PageFrame as PageFrame
    from goodfit.reports.frames import spread as spread
    from goodfit.reports.markup import Link as Link
    from goodfit.reports.markup import Mono as Mono
    from goodfit.reports.markup import Strong as Strong
    from goodfit.reports.page import Glance as Glance
    from goodfit.reports.page import Page as Page
    from goodfit.reports.page import Section as Section
    from goodfit.reports.run_report import run_page as run_page
    from goodfit.reports.run_report import search_page as search_page
    from goodfit.reports.writing import write as write

_PLACES = {
    **dict.fromkeys(
        ("Block", "Bullets", "Code", "Facts", "Foldout", "Grid", "Note", "Paragraph", "Part", "Picture"), "blocks"
    ),
    **dict.fromkeys(("PageFrame", "Frames", "spread"), "frames"),
    **dict.fromkeys(("Link", "Mono", "Strong"), "markup"),
    **dict.fromkeys(("Glance", "Page", "Section"), "page"),
    **dict.fromkeys(("run_page", "search_page"), "run_report"),
    "write": "writing",
}
__all__ = sorted(_PLACES)
__getattr__, __dir__ = lazily(__name__, _PLACES)
