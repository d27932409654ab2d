"""Which machine this process trains on, and how it is chosen."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from goodfit.errors import InputError
from goodfit.training import devices, memory
from goodfit.training.machine import PRODUCTS, machine


@pytest.mark.cpu
def test_here_it_is_a_cpu_with_the_figures_that_its_results_rest_on() -> None:
    able = machine()
    assert (able.kind, able.precision, able.shuffles, able.memory_bound) == ("cpu", "highest", False, False)
    assert able.devices == devices.prepare()
    assert not devices.accelerated()
    assert devices.free_memory() is None
    assert memory.free_memory() == pytest.approx(memory.host_memory(), rel=0.2)


@pytest.mark.cpu
@pytest.mark.parametrize(
    ("device", "precision", "said"),
    [
        ("tpu:x", None, "must be cpu, gpu, or one of them by its number, as in gpu:0; got 'tpu:x'"),
        ("cpu:", None, "must be cpu, gpu, or one of them"),
        ("gpu", None, "this machine has no gpu that JAX can use"),
        ("cpu:99", None, "this machine has no cpu:99 that JAX can use"),
        (None, "half", "must be one of highest, tf32, bf16; got 'half'"),
    ],
)
def test_what_is_not_there_is_one_clear_error(device: str | None, precision: str | None, said: str) -> None:
    with pytest.raises(InputError, match=said):
        devices.use(device, precision)  # type: ignore[arg-type]
    assert machine().kind == "cpu"


@pytest.mark.cpu
def test_a_precision_that_changes_nothing_is_said_to(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(devices, "_precision", "tf32")
    assert (machine().precision, machine().precision) == ("highest", "highest")
    assert [each.getMessage() for each in caplog.records] == [
        "No GPU here: products are float32, and the precision tf32 changes nothing."
    ]


def test_every_precision_is_one_that_jax_knows() -> None:
    import jax

    assert set(PRODUCTS) == set(devices.PRECISIONS)
    for name in PRODUCTS.values():
        with jax.default_matmul_precision(name):
            assert jax.config.jax_default_matmul_precision == name


@pytest.mark.cpu
def test_one_device_of_several_is_chosen_before_training() -> None:
    """In a process of its own: devices are set up once."""
    code = (
        "from goodfit.training import devices; from goodfit.training.machine import machine;"
        "devices.use('cpu:1'); import jax, jax.numpy as jnp;"
        "print(machine().devices, devices.local()[0].id, jnp.zeros(1).device.id)"
    )
    environment = {"JAX_NUM_CPU_DEVICES": "3"}
    made = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **environment}, capture_output=True, text=True, check=True
    )
    assert made.stdout.split() == ["1", "1", "1"]
