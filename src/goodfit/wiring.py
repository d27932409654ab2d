"""What a lower layer asks for and a higher one does, by name: so that no module imports upwards to reach it.

`goodfit/__init__.py` says who does what. Nothing is imported before it is asked for.
"""

import importlib
from typing import Any

_doers: dict[str, tuple[str, str]] = {}


def provide(task: str, module: str, function: str) -> None:
    """Say which function does a task."""
    _doers[task] = module, function


def provided(task: str) -> Any:
    """The function that does a task."""
    module, function = _doers[task]
    return getattr(importlib.import_module(module), function)
