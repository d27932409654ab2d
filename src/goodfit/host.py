"""The memory of this machine, as its system tells it."""

import math
import os


def host_memory() -> float:
    """Bytes that are free on this machine; infinite where the system does not tell."""
    return _bytes("SC_AVPHYS_PAGES")


def host_total() -> float:
    """Bytes of memory of this machine; infinite where the system does not tell."""
    return _bytes("SC_PHYS_PAGES")


def _bytes(pages: str) -> float:
    try:
        return float(os.sysconf(pages)) * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return math.inf
