"""The lab's own sentences in Chinese, found by their English: messages carry both, so that a page shows its language.

Sentences of the library, and refusals that no control of the page leads to, have none; a page shows them as they are.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

HELD_BY = ("sentence", "sentences", "notes", "left_out", "names")  # names in messages of what is read by people
INSIDE = ("marks", "picture", "value")  # names of what holds such names


def chinese(text: str) -> str | None:
    """A sentence of the lab in Chinese; None where there is none."""
    for form, said in _forms():
        found = form.fullmatch(text)
        if found is not None:
            return said.format(*found.groups())
    return None


def in_chinese(header: Any) -> dict[str, str]:
    """English -> Chinese, of the sentences in a message."""
    found = {text: chinese(text) for text in _texts(header)}
    return {text: said for text, said in found.items() if said is not None}


def forms() -> dict[str, str]:
    """All of them, with {} for what differs."""
    return tomllib.loads(files("goodfit.lab").joinpath("chinese.toml").read_text("utf-8"))


@cache
def _forms() -> list[tuple[re.Pattern[str], str]]:
    made = [(re.escape(form).replace(re.escape("{}"), "(.+?)"), said) for form, said in forms().items()]
    return [(re.compile(form, re.DOTALL), said) for form, said in made]


def _texts(header: dict[str, Any]) -> Iterator[str]:
    for name in HELD_BY:
        held = header.get(name)
        yield from (each for each in (held if isinstance(held, list) else [held]) if isinstance(each, str))
    for name in INSIDE:
        held = header.get(name)
        for each in held if isinstance(held, list) else [held]:
            if isinstance(each, dict):
                yield from _texts(each)
