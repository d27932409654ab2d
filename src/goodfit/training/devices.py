"""JAX, set up for populations: every core a device, compiled programs kept on disk. Loaded before the first program.

A library must not surprise its host: both are set only before JAX's backend has started and only where the user has
said nothing; goodfit works with whatever devices it finds.
"""

import contextlib
import functools
import importlib.util
import os
import sys
import threading
import warnings
from pathlib import Path
from typing import Any, Literal, get_args

import jax

from goodfit.data.cache import user_cache
from goodfit.errors import GoodfitError, InputError, nearest, problem
from goodfit.host import cores

_config: Any = jax.config  # its options are not typed
Precision = Literal["highest", "tf32", "bf16"]
PRECISIONS: tuple[str, ...] = get_args(Precision)
COUNT_FLAG = "xla_force_host_platform_device_count"
MOST_DEVICES = 16  # of one host: beyond it, threads inside a product serve better than more shards


_starting = threading.Lock()
PREALLOCATE = "XLA_PYTHON_CLIENT_PREALLOCATE"
GPU_PLUGINS = ("jax_cuda13_plugin", "jax_cuda12_plugin", "jax_rocm7_plugin", "jax_rocm60_plugin")
_chosen: list[Any] | None = None  # the devices that were asked for
_precision: Precision | None = None
_kind: str | None = None  # of device that was asked for
Choice = tuple[str | None, Precision | None]
"""(kind of device, precision) that were asked for; None for what JAX finds, and the machine's own."""


def use(device: str | None = None, precision: Precision | None = None) -> None:
    """Choose what this process trains on, before it trains anything.

    device: "cpu" or "gpu" for all devices of the kind, "gpu:0" for one of them; None for what was chosen before, or
    else what JAX finds.
    precision: of products of float32 numbers on a GPU: "highest" (factors of 24 significant bits), "tf32" (11) or
    "bf16" (8), with float32 sums in each; None for tf32. CPUs compute float32.

    InputError for any other value, and where there is no such device. GoodfitError in a fork.
    """
    global _chosen, _precision, _kind
    where = "device"
    if precision is not None and precision not in PRECISIONS:
        rule = f"must be one of {', '.join(PRECISIONS)}"
        raise InputError(problem("precision", rule, got=precision, fix=nearest(precision, PRECISIONS)))
    refuse_fork()
    _precision = precision
    if device is None:
        return
    kind, _, number = device.partition(":")
    if kind not in ("cpu", "gpu") or (":" in device and not number.isdecimal()):
        raise InputError(problem(where, "must be cpu, gpu, or one of them by its number, as in gpu:0", got=device))
    before = _config.jax_platforms
    _config.update("jax_platforms", kind)  # where JAX has not started yet, it starts that kind alone
    _prepare_once()
    try:
        found = jax.local_devices(backend=kind)
    except RuntimeError:  # JAX has no such platform here
        found = []
    if len(found) <= int(number or 0):
        _config.update("jax_platforms", before)
        rule = f"this machine has no {device} that JAX can use"
        raise InputError(problem(where, rule, fix="See 'goodfit devices' for what there is."))
    _chosen, _kind = found if not number else found[int(number) : int(number) + 1], kind
    _config.update("jax_default_device", _chosen[0])


def chosen_precision() -> Precision | None:
    """The precision that was asked for; None: the machine's own."""
    return _precision


def choice() -> Choice:
    """What was asked for in this process, as its workers are to follow it."""
    return _kind, _precision


def follow(asked: Choice) -> None:
    """Choose what another process chose, in a worker of it; which device of the kind is left to the worker.

    InputError where this machine has none of the kind.
    """
    kind, precision = asked
    if asked != choice():
        use(kind if kind != _kind else None, precision)


_orphaned = False  # whether this process was forked from one in which JAX had started


def prepare() -> int:
    """Set JAX up once a process; the number of devices that a population may be sharded over.

    GoodfitError in a process that was forked after JAX had started.
    """
    refuse_fork()
    with _starting:
        _prepare_once()
    return len(local())


def refuse_fork() -> None:
    """GoodfitError in a process that was forked after JAX had started: it would wait for ever for threads it lacks."""
    if _orphaned:
        rule = "was forked from one in which JAX had started, and JAX does not work in a fork"
        fix = "Start processes by 'spawn' (multiprocessing.get_context('spawn')), or use joblib's backend 'loky'."
        raise GoodfitError(problem("Process", rule, fix=fix))


def _after_fork() -> None:
    global _orphaned
    _orphaned = _orphaned or _started()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def one_core() -> None:
    """Have JAX use one device and one thread in this process, a worker beside others; nothing once JAX has started."""
    if not _started() and not _user_has_said():
        os.environ.setdefault("NPROC", "1")  # XLA's own name for the threads that it may have
        _config.update("jax_num_cpu_devices", 1)


def _started() -> bool:
    bridge: Any = sys.modules.get("jax._src.xla_bridge")
    return bool(getattr(bridge, "_backends", True))


def doubles(yes: bool) -> contextlib.AbstractContextManager[Any]:
    """While this lasts, JAX computes in float64 where that is asked for, or does not; others are not concerned."""
    module: Any = jax if hasattr(jax, "enable_x64") else jax.experimental  # JAX before 0.8
    context: contextlib.AbstractContextManager[Any] = module.enable_x64(yes)
    return context


def start_ahead() -> None:
    """Start a GPU while the caller reads its data: it takes a second or two. Nothing happens where there is none."""
    if not _orphaned and _chosen is None and any(importlib.util.find_spec(name) for name in GPU_PLUGINS):
        threading.Thread(target=_start).start()  # no daemon: a process must not end in the middle of it


def _start() -> None:
    with contextlib.suppress(RuntimeError):  # whoever trains will hear of it
        prepare()
        jax.device_put(0.0, local()[0]).block_until_ready()


@functools.cache
def _prepare_once() -> None:
    if not _user_has_said():
        with contextlib.suppress(RuntimeError):  # JAX has started: its devices stay as they are
            _config.update("jax_num_cpu_devices", min(cores(), MOST_DEVICES))
    # a population says what memory it takes: three quarters of a card that others use too need not be taken ahead
    os.environ.setdefault(PREALLOCATE, "false")
    keep_programs(user_cache() / "programs")


def local() -> list[Any]:
    """The devices that populations are trained on, in order."""
    return jax.local_devices() if _chosen is None else _chosen


def accelerated() -> bool:
    """Whether this process trains on something else than its CPU, and has begun to; a fork of it cannot."""
    return not _orphaned and bool(_prepare_once.cache_info().currsize) and local()[0].platform != "cpu"


def free_memory() -> float | None:
    """Bytes that are free on every device that this process trains on; None on a CPU, and where it is not known."""
    prepare()
    if not accelerated():
        return None
    told = [each.memory_stats() or {} for each in local()]
    if not all("bytes_limit" in stats for stats in told):
        return None
    return float(min(stats["bytes_limit"] - stats.get("bytes_in_use", 0) for stats in told))


def keep_programs(folder: Path) -> None:
    """Keep compiled programs in `folder` between processes, unless the user keeps them elsewhere or nowhere."""
    if _config.jax_compilation_cache_dir is not None or not _config.jax_enable_compilation_cache:
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return  # a cache that cannot be written saves nothing, and costs nothing
    # an entry that another process is writing, or was killed over, cannot be read; the program is then compiled anew
    warnings.filterwarnings("ignore", message="Error (reading|writing) persistent compilation cache entry")
    _config.update("jax_compilation_cache_dir", str(folder))
    _config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    _config.update("jax_persistent_cache_min_entry_size_bytes", -1)


def _user_has_said() -> bool:
    return (
        "JAX_NUM_CPU_DEVICES" in os.environ
        or COUNT_FLAG in os.environ.get("XLA_FLAGS", "")
        or _config.jax_num_cpu_devices not in (-1, None)
    )
