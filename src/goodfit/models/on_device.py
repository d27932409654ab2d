"""The outputs of many nets on an accelerator that this process trains on already. Without one, NumPy computes them."""

from __future__ import annotations

import contextlib
import functools
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from goodfit.models.blockwise import overflow_allowed
from goodfit.models.trained_net import TrainedNet, checked_inputs

if TYPE_CHECKING:
    from jaxtyping import Float

    from goodfit.nets.forward import Architecture

DEVICES = "goodfit.training.devices"
PROGRAMS = 16  # that are kept


def accelerated() -> bool:
    """Whether this process has trained on something else than its CPU. Nothing is imported or started to find out."""
    devices = sys.modules.get(DEVICES)
    return devices is not None and bool(devices.accelerated())


def outputs_on_device(nets: Sequence[TrainedNet], x: Any) -> Float[np.ndarray, "P N C"]:
    """What `TrainedNet.outputs` gives for each of some nets of one shape, with one scaling, up to rounding."""
    import jax
    import jax.numpy as jnp

    from goodfit.nets.encoding import Edges, Waves
    from goodfit.nets.forward import Architecture, Parameters
    from goodfit.training.machine import machine

    first = nets[0]
    rows = checked_inputs(x, first.n_inputs)
    # JAX would cut numbers of 64 bits to 32: integers beyond 2^31 would become others
    kind = rows.dtype if rows.dtype.itemsize <= 4 else np.dtype(np.float32)
    layers = range(len(first.weights))
    parameters = Parameters(
        tuple(jnp.asarray(np.stack([net.weights[layer] for net in nets])[None]) for layer in layers),
        tuple(jnp.asarray(np.stack([net.biases[layer] for net in nets])[None]) for layer in layers),
        tuple(None if slope is None else jnp.full((1, len(nets)), slope, jnp.float32) for slope in first.slopes),
        mixtures=tuple(jnp.asarray(np.stack(own)[None]) for own in zip(*(net.mixtures for net in nets), strict=True))
        or None,
        waves=None
        if first.encoding is None or not first.encoding.trained
        else Waves(*(jnp.asarray(np.broadcast_to(own, (1, len(nets), *own.shape))) for own in first.encoding.trained)),
    )
    architecture = Architecture(first.first_inputs, first.sizes[1:-1], first.n_outputs, first.activations)
    able, own = machine(), first.encoding
    bins: Any = None if own is None else Edges(own.columns, getattr(own, "edges", None))  # type: ignore[arg-type]
    most = int(
        np.clip(able.block_numbers // (len(nets) * max(first.sizes[1:]) + first.first_inputs), 64, able.block_rows)
    )
    size = max(1, min(most, len(rows)))
    result = np.empty((len(nets), len(rows), first.n_outputs), np.float32)
    run = None
    for start in range(0, len(rows), size):
        block = rows[start : start + size]
        full = np.zeros((size, *rows.shape[1:]), kind)  # one shape, one program
        with overflow_allowed():
            full[: len(block)] = block
        arguments = (parameters, jax.device_put(full), first.shift, first.scale, first.bend, bins)
        if run is None:
            leaves, tree = jax.tree.flatten(arguments)
            run = _compiled(architecture, tree, tuple((leaf.shape, leaf.dtype) for leaf in leaves))
        z = run(*arguments)  # [P, C, size]
        result[:, start : start + len(block)] = np.asarray(z).swapaxes(1, 2)[:, : len(block)]
    return result


@functools.lru_cache(maxsize=PROGRAMS)
def _compiled(architecture: Architecture, tree: Any, leaves: tuple[tuple[Any, Any], ...]) -> Callable[..., Any]:
    """The forward pass of nets of a shape, products in float32 as NumPy's are; kept for the next call.

    tree, leaves: of its arguments: how they are put together, and the shape and type of each array.

    Compiled without trying kernels: that takes many seconds for float32, and the pass is over in one.
    """
    import jax
    import jax.numpy as jnp

    from goodfit.nets.forward import Parameters, Present, bend_inputs, forward

    nobody = Present((), jnp.zeros((1, 1, 0), bool))  # read for padded nets alone

    def outputs(parameters: Parameters, x: Any, shift: Any, scale: Any, bend: Any, bins: Any) -> Any:
        rows = bend_inputs((x.astype(jnp.float32) - shift) * scale, bend)
        with jax.default_matmul_precision("highest"):
            return forward(parameters, rows[None], architecture, nobody, bins=bins)[0]

    arguments = jax.tree.unflatten(tree, [jax.ShapeDtypeStruct(shape, kind) for shape, kind in leaves])
    lowered = jax.jit(outputs).lower(*arguments)
    with contextlib.suppress(jax.errors.JaxRuntimeError):  # a JAX that does not know the option
        return lowered.compile(compiler_options={"xla_gpu_autotune_level": "0"})
    return lowered.compile()
