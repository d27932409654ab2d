"""docs/inspection.md lists every code with its limits, and every number of a layer."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

from goodfit.inspection.findings import CHECKS
from goodfit.inspection.measuring import LayerMeasure

PAGE = (Path(__file__).parents[2] / "docs" / "inspection.md").read_text("utf-8")


def test_every_code_and_limit_is_on_the_page() -> None:
    rows = re.findall(r"^\| `([\w-]+)` \| (.*) \| (.*) \|$", PAGE, re.MULTILINE)
    expected = [
        (check.code, check.finds, ", ".join(f"`{name}` {value:g}" for name, value in check.limits.items()))
        for check in CHECKS.values()
    ]
    assert rows == expected


def test_every_number_of_a_layer_is_on_the_page() -> None:
    section = PAGE.partition("## What is measured")[2].partition("## Findings")[0]
    named = set(re.findall(r"`(\w+)`", section))
    assert {each.name for each in fields(LayerMeasure)} - {"layer", "name", "activation", "inputs", "units"} <= named
