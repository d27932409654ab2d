"""Predictions on an accelerator are those of NumPy. Here JAX's CPU stands in for one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from goodfit.models import TrainedNet, on_device, stacked
from goodfit.models.stacked import score_nets, stacked_outputs
from goodfit.training.machine import machine


def nets(task: str, activation: str, count: int = 3) -> list[TrainedNet]:
    rng = np.random.default_rng(1)
    made = []
    for _ in range(count):
        weights = tuple(rng.normal(size=size).astype(np.float32) for size in ((5, 4), (6, 5), (3, 6)))
        biases = tuple(rng.normal(size=len(weight)).astype(np.float32) for weight in weights)
        made.append(
            TrainedNet(
                weights,
                biases,
                (activation, activation),
                task,  # type: ignore[arg-type]
                classes=() if task == "regression" else ("a", "b", "c"),
                slopes=(0.25, 0.5) if activation == "prelu" else (),
                shift=np.float32(0.5),  # type: ignore[arg-type]
                scale=np.float32(2.0),  # type: ignore[arg-type]
                bend=np.float32(0.3),  # type: ignore[arg-type]
            )
        )
    return made


@pytest.mark.parametrize("activation", ["relu", "gelu", "prelu", "mish"])
def test_outputs_are_numpys_in_blocks_of_any_size(activation: str, monkeypatch: pytest.MonkeyPatch) -> None:
    able = replace(machine(), block_rows=64)
    monkeypatch.setattr("goodfit.training.machine._described", lambda *_: able)
    own, x = nets("classification", activation), np.random.default_rng(2).normal(size=(150, 4))
    found = on_device.outputs_on_device(own, x)
    for net, z in zip(own, found, strict=True):
        np.testing.assert_allclose(z, net.outputs(x), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("kind", [np.uint8, np.int64, np.uint64, np.float64, np.longdouble, bool])
def test_inputs_of_any_type_are_numpys(kind: type) -> None:
    """Milliseconds since 1970 are beyond 2^31, where JAX's integers end."""
    ends = (0, 2) if kind in (bool, np.uint8) else (1_700_000_000_000, 1_700_000_900_000)
    x = np.random.default_rng(4).integers(*ends, (7, 4)).astype(kind)
    own = [replace(net, shift=x.mean(0), scale=np.float32(1e-5)) for net in nets("regression", "tanh")]
    for net, z in zip(own, on_device.outputs_on_device(own, x), strict=True):
        np.testing.assert_allclose(z, net.outputs(x), rtol=1e-4, atol=1e-4)


def test_no_rows_have_no_outputs() -> None:
    assert on_device.outputs_on_device(nets("regression", "relu"), np.zeros((0, 4))).shape == (3, 0, 3)


@pytest.mark.parametrize("task", ["classification", "multilabel", "regression"])
def test_scores_are_those_without_it(task: str, monkeypatch: pytest.MonkeyPatch) -> None:
    own, rng = nets(task, "gelu", 4), np.random.default_rng(3)
    x = rng.normal(size=(90, 4))
    y = {
        "classification": rng.integers(0, 3, 90).astype(np.int32),
        "multilabel": rng.integers(0, 2, (90, 3)).astype(np.float32),
        "regression": rng.normal(size=(90, 3)).astype(np.float32),
    }[task]
    without = score_nets(own, x, y)
    monkeypatch.setattr(stacked, "accelerated", lambda: True)
    within = score_nets(own, x, y)
    assert within.value == pytest.approx(without.value, rel=1e-5)
    assert sorted(place for place, _ in stacked_outputs(own, x)) == [0, 1, 2, 3]


@pytest.mark.cpu
def test_without_one_nothing_is_started() -> None:
    assert not on_device.accelerated()


def test_a_second_call_compiles_nothing() -> None:
    """Neither for other nets of the same shape nor for other rows; for another number of nets it does."""
    on_device._compiled.cache_clear()
    x = np.random.default_rng(5).normal(size=(9, 4))
    for count, programs in ((3, 1), (3, 1), (2, 2)):
        own = [replace(net, shift=np.float32(count)) for net in nets("regression", "prelu", count)]
        for net, z in zip(own, on_device.outputs_on_device(own, x + count), strict=True):
            np.testing.assert_allclose(z, net.outputs(x + count), rtol=1e-4, atol=1e-4)
        assert on_device._compiled.cache_info().misses == programs
