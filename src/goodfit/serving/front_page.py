"""What a browser finds at the root of a served model: what it predicts, from what, and how to ask."""

from __future__ import annotations

import json
import shlex
from typing import Any

from goodfit import __version__
from goodfit.data.tables.typical import typical_row, typical_value
from goodfit.reports.blocks import Block, Code, Facts, Grid, Paragraph
from goodfit.reports.markup import Mono, joined
from goodfit.reports.page import Page, Section
from goodfit.serving.answering import Answering
from goodfit.serving.rows import ENTRY

SHOWN_COLUMNS = 100
LONGEST = 80  # letters of a value in the table


def front_page(answering: Answering, url: str) -> str:
    """The page, as HTML. url: under which it was asked for, for the example."""
    model = answering.model
    classes = [(f"{len(model.classes):,} classes", joined(model.classes))] if model.classes else []
    data = [] if model.data is None else [("Trained on", f"{model.data['name']}, {model.data['rows']:,} rows")]
    facts = Facts(
        [
            ("Task", model.task),
            *classes,
            *data,
            ("Nets", f"{len(model.predicting):,}"),
            ("Fingerprint", Mono(answering.about["fingerprint"])),
            ("Limits of a request", f"{answering.most_rows:,} rows, {answering.limits.bytes:,} bytes"),
        ]
    )
    paths = Grid("What can be asked", ("request", "answer"), _PATHS, left=2)
    sections = [
        Section("Model", [facts]),
        Section("Requests", [paths, Code(example(answering, url), "An example")]),
        Section("Inputs", _inputs(answering)),
    ]
    return Page("A served model", sections, kind="goodfit serve", foot=f"Served by goodfit {__version__}.").html()


_PATHS = (
    (Mono("POST /predict"), "predictions for rows, with probabilities by class name"),
    (Mono("GET /schema"), "columns, types and answers, as an OpenAPI document"),
    (Mono("GET /health"), "whether the server answers, and the model's fingerprint"),
)


def example(answering: Answering, url: str) -> str:
    """A command that asks for a prediction."""
    text = json.dumps({ENTRY: [example_row(answering)]}, ensure_ascii=False)
    return f"curl {url}predict -H 'Content-Type: application/json' -d {shlex.quote(text)}"


def example_row(answering: Answering) -> Any:
    """A row as a request has it: typical values by column, or zeros."""
    preprocessing, width = answering.model.preprocessing, answering.model.nets[0].n_inputs
    return [0] * width if preprocessing is None else typical_row(preprocessing)


def _inputs(answering: Answering) -> list[Block]:
    preprocessing, width = answering.model.preprocessing, answering.model.nets[0].n_inputs
    if preprocessing is None:
        return [Paragraph(f"A row is a list of {width:,} numbers, in the unit of the data that it was trained on.")]
    columns = preprocessing.columns
    rows = [
        (Mono(column.name[:LONGEST]), column.kind, str(typical_value(column))[:LONGEST])
        for column in columns[:SHOWN_COLUMNS]
    ]
    rest = len(columns) - len(rows)
    note = f"{rest:,} more stand in /schema." if rest else ""
    return [Grid("Columns of a row", ("column", "kind", "typical value"), rows, left=3, note=note)]
