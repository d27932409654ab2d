"""Devices by MXNet's names."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Device:
    """cpu(0), gpu(1)."""

    device_type: str
    device_id: int = 0

    def __repr__(self) -> str:
        return f"{self.device_type}({self.device_id})"

    __str__ = __repr__


def cpu(device_id: int = 0) -> Device:
    """The processor."""
    return Device("cpu", device_id)


def gpu(device_id: int = 0) -> Device:
    """An accelerator; whether JAX has one is what `num_gpus` tells."""
    return Device("gpu", device_id)


def num_gpus() -> int:
    """How many accelerators JAX has."""
    import jax

    return sum(device.platform in ("gpu", "cuda", "rocm") for device in jax.devices())
