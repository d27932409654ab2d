"""A table file and what was said of it, as a shell takes them."""

import csv
import io
from collections.abc import Mapping
from typing import Any

from goodfit.data.tables.targets import target_names


def table_words(table: Mapping[str, Any]) -> list[str]:
    """A table file and what was said of it, as the command line takes them."""
    words = [str(table["path"])]
    for name in target_names(table["target"]):
        words += ["--target", name]
    for name in table.get("ids", ()):
        words += ["--id", _quoted(str(name))]
    for name, kind in table.get("kinds", {}).items():
        words += ["--kind", f"{name}={kind}"]
    for name, order in table.get("ordered", {}).items():
        words += ["--ordered", f"{name}={'<'.join(order)}"]
    for flag in ("task", "group", "time", "weight"):
        words += [f"--{flag}", str(table[flag])] if table.get(flag) else []
    test = table.get("test")
    return words if test is None else [*words, "--test", "0" if test == 0 else str(test)]


def _quoted(name: str) -> str:
    """A name as '--id' takes it: in double quotes where it holds a comma or a quote."""
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow([name])
    return text.getvalue()
