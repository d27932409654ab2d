"""What this machine has for this process, as its system tells it: memory and cores."""

import math
import os


def host_memory() -> float:
    """Bytes that are free on this machine; infinite where the system does not tell."""
    return _bytes("SC_AVPHYS_PAGES")


def host_total() -> float:
    """Bytes of memory of this machine; infinite where the system does not tell."""
    return _bytes("SC_PHYS_PAGES")


def cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _bytes(pages: str) -> float:
    try:
        return float(os.sysconf(pages)) * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return math.inf
