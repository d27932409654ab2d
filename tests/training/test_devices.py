"""JAX is set up once, before it starts, and never against the user's word. Each case is a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from goodfit.training import devices

PROGRAM = """
import json, os, sys, warnings
warnings.simplefilter("error")
import jax
BEFORE
from goodfit.training.devices import prepare
found = prepare()
config = jax.config
print(json.dumps({
    "devices": found,
    "again": prepare(),
    "jax": jax.local_device_count(),
    "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
    "cache": config.jax_compilation_cache_dir,
    "least": config.jax_persistent_cache_min_compile_time_secs,
}))
"""
SAID = ("JAX_NUM_CPU_DEVICES", "XLA_FLAGS", "JAX_COMPILATION_CACHE_DIR", "JAX_ENABLE_COMPILATION_CACHE")


def told(tmp_path: Path, before: str = "", **environment: str) -> dict[str, Any]:
    """What `prepare` did in a new process, with nothing said but `environment`."""
    kept = {name: value for name, value in os.environ.items() if name not in SAID}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.replace("BEFORE", before)],
        env=kept | {"GOODFIT_CACHE": str(tmp_path / "cache")} | environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    assert found["devices"] == found["again"] == found["jax"]
    return found


def test_every_core_is_a_device_and_programs_are_kept(tmp_path: Path) -> None:
    found = told(tmp_path)
    assert found["devices"] == min(found["cores"], devices.MOST_DEVICES)
    assert found["cache"] == str(tmp_path / "cache" / "programs")
    assert Path(found["cache"]).is_dir()
    assert found["least"] == 0.0


def test_the_users_number_of_devices_and_cache_stay(tmp_path: Path) -> None:
    own = str(tmp_path / "own")
    found = told(tmp_path, JAX_NUM_CPU_DEVICES="3", JAX_COMPILATION_CACHE_DIR=own)
    assert (found["devices"], found["cache"]) == (3, own)
    assert found["least"] > 0
    assert not (tmp_path / "cache" / "programs").exists()


def test_flags_of_xla_and_a_folder_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where a folder should be")
    found = told(tmp_path, XLA_FLAGS="--xla_force_host_platform_device_count=3")
    assert (found["devices"], found["cache"]) == (3, None)


def test_a_jax_that_has_started_stays_as_it_is(tmp_path: Path) -> None:
    found = told(tmp_path, "jax.devices()", JAX_ENABLE_COMPILATION_CACHE="false")
    assert (found["devices"], found["cache"]) == (1, None)


class Config(SimpleNamespace):
    def update(self, name: str, value: Any) -> None:
        setattr(self, name, value)


def settings(**changes: Any) -> Config:
    plain = {"jax_compilation_cache_dir": None, "jax_enable_compilation_cache": True, "jax_num_cpu_devices": -1}
    return Config(**(plain | changes))


def test_keeping_programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "_config", settings())
    devices.keep_programs(tmp_path / "a" / "b")
    assert devices._config.jax_compilation_cache_dir == str(tmp_path / "a" / "b")
    assert devices._config.jax_persistent_cache_min_entry_size_bytes == -1
    devices.keep_programs(tmp_path / "elsewhere")  # the first word stands
    assert not (tmp_path / "elsewhere").exists()
    (tmp_path / "file").touch()
    monkeypatch.setattr(devices, "_config", settings())
    devices.keep_programs(tmp_path / "file")
    assert devices._config.jax_compilation_cache_dir is None
    monkeypatch.setattr(devices, "_config", settings(jax_enable_compilation_cache=False))
    devices.keep_programs(tmp_path / "off")
    assert not (tmp_path / "off").exists()


def test_what_the_user_has_said(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SAID:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(devices, "_config", settings())
    assert not devices._user_has_said()
    monkeypatch.setenv("XLA_FLAGS", "--xla_cpu_enable_fast_math=false")
    assert not devices._user_has_said()
    monkeypatch.setenv("XLA_FLAGS", f"--{devices.COUNT_FLAG}=1")
    assert devices._user_has_said()
    monkeypatch.delenv("XLA_FLAGS")
    monkeypatch.setattr(devices, "_config", settings(jax_num_cpu_devices=1))
    assert devices._user_has_said()


def test_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    assert 1 <= devices.cores() <= (os.cpu_count() or 1)
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert devices.cores() == 1
