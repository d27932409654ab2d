"""How to load the model of a card, predict with it, serve it, and train it again: code that runs as it stands."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from goodfit.reports.blocks import Block, Code, Paragraph
from goodfit.reports.page import Section

SHOWN_COLUMNS = 12  # of a row in the example; with more, it is made from their names


def use_section(facts: Mapping[str, Any]) -> Section:
    """Loading, predicting, serving and repeating. facts: as `card_facts` gives them."""
    folder = facts["folder"]
    blocks: list[Block] = []
    if folder is None:
        blocks.append(Paragraph("This run was not written to a folder: train it with out=FOLDER to keep its model."))
    else:
        blocks.append(Code(python_text(facts), "Python that predicts", "python"))
        blocks.append(Code(_commands(facts), "Commands that predict and serve", "sh"))
    if facts["command"] is not None:
        blocks.append(Paragraph("This repeats the training:"))
        blocks.append(Code(facts["command"], "Command that repeats the training", "sh"))
    return Section("How to use it", blocks)


def python_text(facts: Mapping[str, Any]) -> str:
    """Lines that load the model and predict for one row."""
    columns, lines = facts["columns"], ["import goodfit as gf"]
    if columns is None:
        lines = ["import numpy as np", "", *lines]
    lines += ["", f"model = gf.load_model({facts['folder']!r})"]
    if columns is None:
        lines.append(f"rows = np.zeros((1, {facts['model']['sizes'][0]}))  # one row; give your own")
    elif len(columns) <= SHOWN_COLUMNS:
        cells = "".join(f"    {each['name']!r}: [{each['typical']!r}],\n" for each in columns)
        lines.append(f"rows = {{  # a data frame or a dict of columns\n{cells}}}")
    else:
        lines.insert(1, "from goodfit.data.tables import typical_row")
        lines.append(f"row = typical_row(model.preprocessing)  # {len(columns)} columns; give your own")
        lines.append("rows = {name: [value] for name, value in row.items()}")
    lines.append("print(model.predict(rows))")
    if facts["task"] != "regression":
        lines.append("print(model.classes, model.predict_proba(rows))")
    return "\n".join(lines)


def _commands(facts: Mapping[str, Any]) -> str:
    folder, lines = facts["folder"], []
    if facts["columns"] is not None or facts["data"]["built_in"]:  # no file holds arrays for a command
        data = "new.csv" if facts["columns"] is not None else facts["data"]["name"]
        lines.append(["goodfit", "predict", folder, data])
    return "\n".join(map(shlex.join, [*lines, ["goodfit", "serve", folder]]))
