"""The machine, in terms that name no one's machine."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version

LIBRARIES = ("jax", "numpy", "scikit-learn")
BUSY = 0.25  # load a core, above which other programs disturb the measurements


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def description() -> str:
    """`2 cores (x86_64, Linux), Python 3.11.2, jax 0.10.2, ...`."""
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    kind = f"{platform.machine()}, {platform.system()}"
    return f"{cores()} cores ({kind}), Python {platform.python_version()}, {libraries}"


def load() -> float | None:
    """Processes that were running or waiting over the last minute, on average; None where the system does not say."""
    try:
        return os.getloadavg()[0]
    except (AttributeError, OSError):
        return None


def busy(load: float | None) -> bool:
    """Whether that load is too much to measure beside."""
    return load is not None and load > BUSY * cores()
