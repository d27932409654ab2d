"""What this machine has for this process: memory and cores, as its system tells, and libraries."""

import functools
import math
import os
from importlib.metadata import version

DECIDING = ("jax", "jaxlib", "numpy")  # the libraries that decide the bits of a training beside goodfit itself


def host_memory() -> float:
    """Bytes that are free on this machine; all of it where the system does not tell what is free, as macOS does not."""
    free = _bytes("SC_AVPHYS_PAGES")
    return free if free < math.inf else host_total()


def host_total() -> float:
    """Bytes of memory of this machine; infinite where the system does not tell."""
    return _bytes("SC_PHYS_PAGES")


def cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@functools.cache
def libraries() -> dict[str, str]:
    """Each of DECIDING -> its version in this process."""
    return {name: version(name) for name in DECIDING}


def _bytes(pages: str) -> float:
    try:
        return float(os.sysconf(pages)) * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return math.inf
