"""JAX, set up for populations: every core a device, compiled programs kept on disk. Loaded before the first program.

A library must not surprise its host: both are set only before JAX's backend has started and only where the user has
said nothing; goodfit works with whatever devices it finds.
"""

import contextlib
import functools
import os
import sys
from pathlib import Path
from typing import Any

import jax

from goodfit.data.cache import user_cache
from goodfit.errors import GoodfitError, problem

_config: Any = jax.config  # its options are not typed
COUNT_FLAG = "xla_force_host_platform_device_count"
MOST_DEVICES = 16  # of one host: beyond it, threads inside a product serve better than more shards


_orphaned = False  # whether this process was forked from one in which JAX had started


def prepare() -> int:
    """Set JAX up once a process; the number of devices that a population may be sharded over.

    GoodfitError in a process that was forked after JAX had started.
    """
    refuse_fork()
    return _prepare()


def refuse_fork() -> None:
    """GoodfitError in a process that was forked after JAX had started: it would wait for ever for threads it lacks."""
    if _orphaned:
        rule = "was forked from one in which JAX had started, and JAX does not work in a fork"
        fix = "Start processes by 'spawn' (multiprocessing.get_context('spawn')), or use joblib's backend 'loky'."
        raise GoodfitError(problem("Process", rule, fix=fix))


def _after_fork() -> None:
    global _orphaned
    bridge: Any = sys.modules.get("jax._src.xla_bridge")
    _orphaned = _orphaned or bool(getattr(bridge, "_backends", True))


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


@functools.cache
def _prepare() -> int:
    if not _user_has_said():
        with contextlib.suppress(RuntimeError):  # JAX has started: its devices stay as they are
            _config.update("jax_num_cpu_devices", min(cores(), MOST_DEVICES))
    keep_programs(user_cache() / "programs")
    return jax.local_device_count()


def keep_programs(folder: Path) -> None:
    """Keep compiled programs in `folder` between processes, unless the user keeps them elsewhere or nowhere."""
    if _config.jax_compilation_cache_dir is not None or not _config.jax_enable_compilation_cache:
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return  # a cache that cannot be written saves nothing, and costs nothing
    _config.update("jax_compilation_cache_dir", str(folder))
    _config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    _config.update("jax_persistent_cache_min_entry_size_bytes", -1)


def _user_has_said() -> bool:
    return (
        "JAX_NUM_CPU_DEVICES" in os.environ
        or COUNT_FLAG in os.environ.get("XLA_FLAGS", "")
        or _config.jax_num_cpu_devices not in (-1, None)
    )


def cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
