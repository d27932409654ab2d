"""Warnings that point at the line that called goodfit, however much lies between."""

import sys
import warnings
from types import FrameType

BETWEEN = ("functools", "sklearn.base")  # modules whose frames may lie between, besides goodfit's own: wrappers


def warn(text: str, category: type[Warning] = UserWarning) -> None:
    """Warn in the name of the nearest caller outside goodfit and outside the wrappers around `fit`."""
    frame: FrameType | None = sys._getframe()
    level = 1
    while frame is not None and frame.f_back is not None and _between(frame.f_globals.get("__name__", "")):
        frame, level = frame.f_back, level + 1
    warnings.warn(text, category, stacklevel=level)


def _between(module: str) -> bool:
    return module.partition(".")[0] == "goodfit" or module in BETWEEN
