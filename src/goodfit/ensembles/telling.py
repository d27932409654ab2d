"""An ensemble's members as a table: the same on the command line and in reports."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from typing import Any

MEMBER_COLUMNS = ("fields that differ from the default's", "weight", "loss out of fold", "epochs")
EPOCHS = ("epochs", "patience")


def member_rows(facts: Mapping[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    """One row a member, the one with the largest weight first. facts: `Run.ensemble`."""
    for member in facts.get("members", ()):
        fields = {name: value for name, value in member["fields"].items() if name not in EPOCHS}
        told = ", ".join(f"{name} {_text(value)}" for name, value in fields.items())
        epochs = _text(member["fields"].get("epochs", facts.get("epochs", "-")))
        yield told or "none", f"{member['share']:.1%}", f"{member['loss']:.4f}", epochs


def title_of(facts: Mapping[str, Any]) -> str:
    """What the table is of."""
    members = len(facts.get("members", ()))
    return f"Ensemble of {members} setting{'s' * (members != 1)}, of {facts.get('settings', members):,} that were tried"


def call_of_fit(facts: Mapping[str, Any], data: list[str]) -> list[str]:
    """The words of the command that makes such a fit. data: those of the data."""
    seed = facts.get("seed", 0)
    words = ["goodfit", "fit", *data, "--minutes", f"{facts.get('seconds', 0) / 60:g}"]
    return [*words, *(["--seed", str(seed)] if seed else [])]


def commands_of(folder: str) -> list[str]:
    """What comes next, a line each."""
    verdict, report, card = (
        shlex.join(["goodfit", *words])
        for words in (["verdict", folder, "--quick"], ["report", folder], ["card", folder])
    )
    return [f"Verdict on the recipe of the first member: {verdict}", f"Report and model card: {report}, {card}"]


def _text(value: Any) -> str:
    if isinstance(value, list):
        return "x".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value)
