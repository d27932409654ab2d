"""Searches: which recipe to keep, by cross-validation of many settings as populations.

Names are loaded on first use, so that the command line's help does not load JAX.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from goodfit.lazy import lazily

if TYPE_CHECKING:
    from goodfit.selection.result import Selection as Selection
    from goodfit.selection.search import resume as resume
    from goodfit.selection.search import select as select
    from goodfit.selection.setting_curve import SettingCurve as SettingCurve
    from goodfit.selection.space import Range as Range

_PLACES = {
    "Range": "space",
    "Selection": "result",
    "SettingCurve": "setting_curve",
    "resume": "search",
    "select": "search",
}
__all__ = sorted(_PLACES)
__getattr__, __dir__ = lazily(__name__, _PLACES)
