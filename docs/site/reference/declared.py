"""The TOML files of the package that declare what it finds, measures, writes and reads."""

from __future__ import annotations

import functools
import importlib
import tomllib
from typing import Any

from .public import SOURCE


@functools.cache
def declared(path: str) -> dict[str, dict[str, Any]]:
    """A file of the package, such as "formats.toml"."""
    return tomllib.loads((SOURCE / path).read_text("utf-8"))


def constant(place: str) -> Any:
    """The value of MODULE.CONSTANT, below goodfit."""
    module, _, name = place.rpartition(".")
    return getattr(importlib.import_module(f"goodfit.{module}"), name)
