"""What a notebook shows of a result: a few lines of HTML, tables and a figure, escaped like every page."""

from __future__ import annotations

import math
from typing import Any

from goodfit.data import Table
from goodfit.reports.card_rendering import card
from goodfit.reports.commands import nearest_recipe
from goodfit.reports.result_cards import card_of_result
from goodfit.selection.result import Selection
from goodfit.selection.space import describe, text_of
from goodfit.training.recipe import Recipe
from goodfit.training.recipe_fields import to_text
from goodfit.verdicts.gain_words import gain_text, interval_text, score_text
from goodfit.verdicts.result import Verdict
from goodfit.words import fixed


def card_of(shown: Any) -> str:
    """What `_repr_html_` of goodfit's results gives."""
    if isinstance(shown, Recipe):
        return _recipe(shown)
    if isinstance(shown, Table):
        return _table(shown)
    if isinstance(shown, Selection):
        return _selection(shown)
    return _verdict(shown) if isinstance(shown, Verdict) else card_of_result(shown)


def _recipe(recipe: Recipe) -> str:
    name, differing = nearest_recipe(recipe)
    rules = Recipe.fields()
    rows = [(field, to_text(value), rules[field].description) for field, value in differing.items()]
    title = f"Recipe: {name}, unchanged" if not rows else f"Recipe: {name}, but for"
    return card(title, (), ("field", "value", "meaning"), rows, left=3)


def _table(table: Table) -> str:
    rows = [
        (each.name, each.kind or each.role, each.about, f"{each.distinct:,}", f"{each.missing:,}")
        for each in table.columns
    ]
    title = f"Table {table.name}, {len(table):,} rows; target {', '.join(table.target.columns)}: {table.target.about}"
    return card(title, table.notes, ("column", "kind", "remark", "distinct", "missing"), rows, left=3)


def _selection(found: Selection) -> str:
    fields = list(found.settings[0])
    rows = [
        ("" if row["rank"] is None else str(row["rank"]), *(text_of(row[field]) for field in fields),
         _number(row[found.score_name]), _between(row["low"], row["high"]))
        for row in found.rows()
    ]  # fmt: skip
    tried = len(found.settings) + len(found.stopped)
    title = f"Search on {found.data_name}, {tried} settings; best: {describe(found.settings[found.comparison.winner])}"
    columns = ("rank", *fields, found.score_name, "95 % interval")
    return card(title, (), columns, rows, left=1 + len(fields))


def _verdict(found: Verdict) -> str:
    rows = [
        (row["name"], row["change"], score_text(row["score"]), gain_text(row["difference"], found.constant),
         interval_text(row["low"], row["high"], found.constant), gain_text(row["at_most"], found.constant),
         row["result"])
        for row in found.rows()
    ]  # fmt: skip
    columns = ("alternative", "change", found.what, "gain", "interval", "at most", "")
    return card(found.sentence, (), columns, rows, left=2, notes=found.reasons)


def _number(value: Any) -> str:
    return fixed(value) if math.isfinite(value) else "-"


def _between(low: float, high: float) -> str:
    return f"{fixed(low)} to {fixed(high)}" if math.isfinite(low) and math.isfinite(high) else "-"
