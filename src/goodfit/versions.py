"""The versions of the libraries that decide the bits of a training beside goodfit itself."""

import functools
from importlib.metadata import version

DECIDING = ("jax", "jaxlib", "numpy")


@functools.cache
def libraries() -> dict[str, str]:
    """Library -> version in this process."""
    return {name: version(name) for name in DECIDING}
