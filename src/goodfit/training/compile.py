"""Compiling the programs of populations. The most recent ones are kept (`kept.py`), and all are counted."""

import contextlib
import functools
import os
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from goodfit.host import cores
from goodfit.nets.forward import Parameters
from goodfit.training.devices import local, prepare
from goodfit.training.kept import Compiled, RecentPrograms, size_of
from goodfit.training.machine import PRODUCTS, machine
from goodfit.training.optimisers import initial_state
from goodfit.training.program import run_chunk
from goodfit.training.state import Chunk, Draws, Program, ProgramRows, Rates, Settings, State

LARGE = 3e8  # multiplications of an epoch's forward pass, from which the fusion emitters pay
Rows = TypeVar("Rows", ProgramRows, ProgramRows | None)
AXIS = "nets"  # the mesh's only axis: devices share the population


_programs = RecentPrograms()
_count = 0


def compilations() -> int:
    """Programs compiled (or read from the disk's cache) by this process so far."""
    return _count


def forget() -> None:
    """Drop all compiled programs that are kept, as a new process would start."""
    _programs.clear()


def compiled(
    program: Program, settings: Settings, rows: ProgramRows, chunk: Chunk, state: State, *, gives_state: bool = True
) -> tuple[Compiled, bool]:
    """The compiled program for these arguments, and whether it had to be compiled now.

    gives_state: the old state is given away: the new one takes its buffers, so that memory holds weights and moments
    once.
    """
    function = functools.partial(_sharded, program)
    donate = (3,) if gives_state else ()
    return compiled_function(function, program, (settings, rows, chunk, state), settings.epochs.size, donate=donate)


def compiled_function(
    build: Callable[[], Callable[..., Any]],
    program: Program,
    arguments: tuple[Any, ...],
    nets: int,
    *,
    donate: tuple[int, ...] = (),
) -> tuple[Compiled, bool]:
    """The compiled function that `build` makes of a program, for arguments of these shapes, and whether it is new.

    build: what is compiled is told apart by its name; nets: that the arguments hold; donate: arguments given away.
    """
    global _count
    leaves, shape = jax.tree.flatten(arguments)
    name = getattr(build, "func", build).__qualname__
    key = name, donate, program, shape, tuple((leaf.shape, str(leaf.dtype)) for leaf in leaves)
    if (found := _programs.get(key)) is not None:
        return found, False
    started = time.perf_counter()
    function: Any = jax.jit(build(), donate_argnums=donate)
    with _products(program):
        lowered = function.lower(*arguments)
    made = Compiled(_compile(lowered, program, nets), time.perf_counter() - started)
    # JAX would keep what it traced, functions of jax.numpy inside included, for a call of `function` that never comes
    function.clear_cache()
    _count += 1
    _programs.put(key, made, size_of(made.call))
    return made, True


def _products(program: Program) -> Any:
    """The precision of the program's products, while it is lowered. CPUs have but one."""
    if machine().kind == "cpu":
        return contextlib.nullcontext()
    return jax.default_matmul_precision(PRODUCTS[program.precision])


def _compile(lowered: Any, program: Program, nets: int) -> Any:
    """Compile for this machine.

    On CPUs with the options that were measured to compile two to three times faster and run as fast: LLVM's first
    level of optimisation, a piece of code a core, and XLA's fusion emitters only for large programs, whose steps they
    shorten by up to a fifth while they nearly double the compilation. What the user's XLA_FLAGS name is left to them:
    an option given here would silently go before a flag.
    """
    if machine().kind == "cpu":
        options: dict[str, Any] = {"xla_backend_optimization_level": 1, "xla_cpu_parallel_codegen_split_count": cores()}
        large = program.steps * program.batch * nets * program.architecture.multiplications >= LARGE
        choices = [options] if large else [{**options, "xla_cpu_use_fusion_emitters": False}, options]
        flags = os.environ.get("XLA_FLAGS", "")
        for chosen in choices:
            own = {name: value for name, value in chosen.items() if name not in flags}
            with contextlib.suppress(jax.errors.JaxRuntimeError):  # a JAX that does not know an option
                return lowered.compile(compiler_options=own)
    return lowered.compile()


def mesh(devices: int) -> Mesh:
    """The first `devices` devices of this process."""
    prepare()
    return Mesh(np.asarray(local()[:devices]), (AXIS,))


def place(program: Program, settings: Settings, rows: Rows, state: State) -> tuple[Settings, Rows, State]:
    """Put the lasting arguments on the devices: the data, None where they come later, on every device, every net on
    one.
    """
    sharded = NamedSharding(mesh(program.devices), PartitionSpec(AXIS))
    return jax.device_put(settings, sharded), place_rows(program, rows), jax.device_put(state, sharded)


def place_rows(program: Program, rows: Rows) -> Rows:
    """Put the data on every device."""
    placed: Rows = jax.device_put(rows, NamedSharding(mesh(program.devices), PartitionSpec()))
    return placed


def place_chunk(program: Program, chunk: Chunk) -> Chunk:
    """Put a chunk's arguments on the devices."""
    over = mesh(program.devices)
    sharded, replicated = NamedSharding(over, PartitionSpec(AXIS)), NamedSharding(over, PartitionSpec())
    placed: Chunk = jax.device_put(chunk, _chunk_tree(sharded, replicated))
    return placed


def _chunk_tree(sharded: Any, replicated: Any) -> Chunk:
    return Chunk(replicated, replicated, sharded, sharded, sharded, replicated, replicated)


def _sharded(program: Program) -> Callable[[Settings, ProgramRows, Chunk, State], Any]:
    """The program over arrays with a leading device axis; every device runs alone, nothing is exchanged."""

    def local(settings: Settings, rows: ProgramRows, chunk: Chunk, state: State) -> Any:
        settings, state, order = (jax.tree.map(lambda leaf: leaf[0], tree) for tree in (settings, state, chunk.order))
        own = replace(chunk, seeds=chunk.seeds[0], order=order, counts=chunk.counts[0])
        run = _in_turn if program.in_turn else run_chunk
        result = run(program, settings, rows, own, state)
        return jax.tree.map(lambda leaf: leaf[None], result)

    if program.devices == 1:
        return local
    split, whole = PartitionSpec(AXIS), PartitionSpec()
    return jax.shard_map(
        local,
        mesh=mesh(program.devices),
        in_specs=(split, whole, _chunk_tree(split, whole), split),
        out_specs=split,
        check_vma=False,
    )


def _in_turn(program: Program, settings: Settings, rows: ProgramRows, chunk: Chunk, state: State) -> tuple[State, Any]:
    """`run_chunk` for one group of nets after another: the weights of each stay in the cache from step to step."""

    def one(group: tuple[Settings, State, jax.Array, jax.Array, jax.Array]) -> tuple[State, Any]:
        settings, state, seed, order, count = group
        settings, state = (jax.tree.map(lambda leaf: leaf[None], tree) for tree in (settings, state))
        own = replace(chunk, seeds=seed[None], order=order[:, :, None], counts=count[:, None])
        state, metrics = run_chunk(program, settings, rows, own, state)
        return jax.tree.map(lambda leaf: leaf[0], state), metrics[:, :, 0]

    assert not isinstance(chunk.order, Draws)  # orders are drawn where groups train together
    groups = chunk.seeds, jnp.moveaxis(chunk.order, 2, 0), jnp.moveaxis(chunk.counts, 1, 0)
    state, metrics = jax.lax.map(one, (settings, state, *groups))
    return state, jnp.moveaxis(metrics, 0, 2)


def fresh_state(program: Program, settings: Settings, parameters: Parameters) -> State:
    """The state before the first epoch, on the host, [K, S, M, ...]."""
    shape = settings.epochs.shape
    numbers: dict[str, Any] = {
        # whatever comes first is an improvement
        "best_value": np.full(shape, np.inf, settings.rates.l2.dtype),
        "best_epoch": np.zeros(shape, np.int32),
        "since_best": np.zeros(shape, np.int32),
        "frozen": np.zeros(shape, bool),
        "stopped_epoch": np.zeros(shape, np.int32),
    }
    return State(
        parameters=parameters,
        optimizer=_fresh_optimizer(program, settings.rates, parameters),
        best=jax.tree.map(np.copy, parameters) if program.keep_best else None,
        rate=np.ones(shape, settings.rates.l2.dtype) if program.uses_plateaus else None,  # type: ignore[arg-type]
        active=settings.epochs > 0,
        **numbers,
    )


def _fresh_optimizer(program: Program, rates: Rates, parameters: Parameters) -> Any:
    """Optax's first state. All of it is zero but for L-BFGS, so that nothing need be compiled to draw it up."""
    devices, groups = rates.l2.shape[:2]
    flat = jax.tree.map(lambda leaf: leaf.reshape(-1, *leaf.shape[2:]), (rates, parameters))
    if program.optimizer == "lbfgs":
        state = jax.tree.map(np.asarray, _initial_state(program)(*flat))
    else:
        leaves, tree = jax.tree.flatten(flat)
        shapes = _optimizer_shapes(
            program, tree, tuple(jax.ShapeDtypeStruct(leaf.shape, leaf.dtype) for leaf in leaves)
        )
        state = jax.tree.map(lambda leaf: np.zeros(leaf.shape, leaf.dtype), shapes)
    return jax.tree.map(lambda leaf: leaf.reshape(devices, groups, *leaf.shape[1:]), state)


@functools.lru_cache(maxsize=16)
def _initial_state(program: Program) -> Callable[..., Any]:
    """JAX knows a function by its identity: a new one for every fit would be compiled in every fit."""
    return jax.jit(functools.partial(initial_state, program))


@functools.lru_cache(maxsize=64)
def _optimizer_shapes(program: Program, tree: Any, leaves: tuple[jax.ShapeDtypeStruct, ...]) -> Any:
    return jax.eval_shape(functools.partial(initial_state, program), *jax.tree.unflatten(tree, leaves))
