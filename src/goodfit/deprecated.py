"""What older versions had and this one still takes, with a warning that names what to write instead.

A name or a call works for one more version, ENDS: then it is removed from here, which a test asks for.
"""

import importlib
import sys
from typing import Any

from goodfit.notices import warn

ENDS = "0.3"  # the version that refuses all this
MOVED: dict[str, dict[str, tuple[str, ...]]] = {  # package -> the package that has the names now -> the names
    "goodfit.data": {"goodfit.leaks": ("LeakCheck", "LeakFinding", "LeakWarning", "guard", "without_twins")},
    "goodfit.runs": {"goodfit.models": ("Model", "Score", "TrainedNet", "load_model", "save_model")},
    "goodfit.selection": {
        "goodfit.curves": ("data_curve", "epoch_curve", "learning_curve"),
        "goodfit.data": ("Folds", "make_folds"),
        "goodfit.verdicts": ("Verdict", "judge_run", "verdict"),
    },
}


def deprecated(old: str, instead: str) -> None:
    """Warn, at the line that called goodfit, that something works until ENDS. instead: what to write."""
    warn(f"{old} is deprecated; goodfit {ENDS} refuses it. {instead}", DeprecationWarning)


def moved(package: str, name: str) -> Any:
    """A name that a package had before, from where it is now, with a warning; AttributeError where it never had it."""
    for now, names in MOVED.get(package, {}).items():
        if name in names:
            deprecated(f"{package}.{name}", f"Use {now}.{name}.")
            value = getattr(importlib.import_module(now), name)
            vars(sys.modules[package])[name] = value  # `from package import name` asks twice, and is warned of once
            return value
    raise AttributeError(f"module {package!r} has no attribute {name!r}")
