"""What the device is measured to do, in a moment."""

import time

import jax
import jax.numpy as jnp

from goodfit.training.machine import PRODUCTS, machine

SIZE = {"cpu": 512}  # of the square matrices that are multiplied
LARGE = 4096
SECONDS = 0.3


def multiplications_a_second() -> float:
    """Multiplications that one device does in a second, in large products of float32 numbers."""
    able = machine()
    size = SIZE.get(able.kind, LARGE)
    x = jax.random.normal(jax.random.key(0), (size, size)) / size**0.5
    with jax.default_matmul_precision(None if able.kind == "cpu" else PRODUCTS[able.precision]):
        product = jax.jit(jnp.matmul).lower(x, x).compile()
    product(x, x).block_until_ready()
    done, began = 0, time.perf_counter()
    while time.perf_counter() - began < SECONDS:
        product(x, x).block_until_ready()
        done += 1
    return done * size**3 / (time.perf_counter() - began)
