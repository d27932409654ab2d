"""`model_card`: what is known of a run's model, as Markdown, as a page, or as JSON."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from goodfit import __version__
from goodfit.arguments import public
from goodfit.data import Ledger
from goodfit.errors import InputError, problem
from goodfit.files import write_atomically
from goodfit.plain_json import plain
from goodfit.reports.card_facts import card_facts
from goodfit.reports.card_sections import brief_name, card_sections, glance_of
from goodfit.reports.markdown import markdown
from goodfit.reports.numbers import counted
from goodfit.reports.page import SUFFIXES, Glance, Page
from goodfit.reports.source import source_of
from goodfit.runs import Run

MARKDOWN, JSON = (".md", ".markdown"), ".json"


@dataclass(frozen=True, eq=False, repr=False)
class ModelCard:
    """A model card.

    facts: all that it tells, as JSON has it; None for what is not known.
    """

    facts: Mapping[str, Any]

    @property
    def page(self) -> Page:
        """The card as a page of the reports."""
        facts = self.facts
        nets, rows = counted(facts["model"]["nets"], "net"), counted(facts["data"]["rows"]["train"], "row")
        return Page(
            title=brief_name(facts["name"]),
            kind="goodfit model card",
            lead=f"{facts['task'].capitalize()} with {nets}, trained on {rows}.",
            glance=[Glance(*each) for each in glance_of(facts)],
            sections=card_sections(facts),
            foot=f"Written by goodfit {__version__} from the files of the run; what they do not tell is not here.",
        )

    def markdown(self) -> str:
        """The card as Markdown, as GitHub reads it."""
        return markdown(self.page)

    def html(self) -> str:
        """The card as one self-contained HTML page."""
        return self.page.html()

    def to_json(self) -> dict[str, Any]:
        """The facts, with None for numbers that are not finite."""
        found: dict[str, Any] = plain(dict(self.facts))
        return found

    def write(self, path: str | os.PathLike[str]) -> Path:
        """Write the card, whole or not at all, in the form that the name ends in: .md, .html or .json."""
        target = Path(path)
        suffix = target.suffix.lower()
        if suffix in SUFFIXES:
            return self.page.write(target)
        if suffix not in (*MARKDOWN, JSON):
            rule = f"the name of a model card must end in {MARKDOWN[0]}, .html or {JSON}"
            raise InputError(problem(str(path), rule, got=target.suffix))
        as_json = json.dumps(self.to_json(), indent=2, ensure_ascii=False) + "\n"
        write_atomically(target, (as_json if suffix == JSON else self.markdown()).encode())
        return target

    def _repr_markdown_(self) -> str:
        """What a notebook shows."""
        return self.markdown()

    def __repr__(self) -> str:
        return f"ModelCard({self.facts['name']!r})"


@public
def model_card(run: Run | str | os.PathLike[str], *, ledger: Ledger | None = None) -> ModelCard:
    """What is known of a run's model: its use, data, scores, verdict, leaks, limits, and how to load it.

    Everything comes from the run's folder and the ledger. InputError or GoodfitError where the run is not done, or
    either cannot be read. No test rows are opened.

    run: a run, or the folder of one that is done.
    ledger: of the test set's openings; the project's if None.
    """
    return ModelCard(card_facts(source_of(run if isinstance(run, Run) else Path(run), ledger)))
