"""Partial dependence as tables, and as a figure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from goodfit.cli.output import console, print_line, table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from goodfit.runs import Dependence


def print_dependence(found: Sequence[Dependence], name: str) -> None:
    """A table a column, and what is to be known of them, once."""
    out = console()
    for each in found:
        out.print(table(f"{name}: mean over {each.rows}", *each.lines()))
        out.print()
    for text in dict.fromkeys(note for each in found for note in each.notes):
        print_line(out, text)


def draw(found: Sequence[Dependence], path: Path) -> None:
    """The figure of the only column; InputError where there are several."""
    from goodfit.errors import InputError, problem
    from goodfit.figures import write_figure

    if len(found) > 1:
        rule = "'--figure' draws one column"
        raise InputError(problem("Command line", rule, got=", ".join(each.column for each in found)))
    write_figure(found[0].figure(), path)
