"""Leakage: rows that occur in two parts of the data, and features that give away the target.

Names are loaded on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from goodfit.lazy import lazily

if TYPE_CHECKING:
    from goodfit.leaks.check import LeakCheck as LeakCheck
    from goodfit.leaks.check import LeakWarning as LeakWarning
    from goodfit.leaks.guarding import LeakFinding as LeakFinding
    from goodfit.leaks.guarding import guard as guard
    from goodfit.leaks.guarding import without_twins as without_twins

_PLACES = {
    "LeakCheck": "check",
    "LeakFinding": "guarding",
    "LeakWarning": "check",
    "guard": "guarding",
    "without_twins": "guarding",
}
__all__ = sorted(_PLACES)
__getattr__, __dir__ = lazily(__name__, _PLACES)
