"""Many nets at once give what each gives alone."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from goodfit.models import stacked
from goodfit.models.stacked import stacked_outputs
from goodfit.models.trained_net import TrainedNet

RNG = np.random.default_rng(3)
X = RNG.integers(0, 255, (23, 4)).astype(np.uint8)
SHIFT, SCALE = np.array([1.0, 2.0, 3.0, 4.0]), np.array([0.01, 0.02, 0.03, 0.04])


def net(*hidden: int, activation: str = "tanh", **fields: Any) -> TrainedNet:
    sizes = [4, *hidden, 3]
    return TrainedNet(
        tuple(RNG.normal(size=(o, i)) for i, o in itertools.pairwise(sizes)),
        tuple(RNG.normal(size=o) for o in sizes[1:]),
        (activation,) * len(hidden),
        "classification",
        classes=("a", "b", "c"),
        **{"shift": SHIFT, "scale": SCALE, **fields},
    )


MIXED = [
    *(net(5) for _ in range(4)),
    net(5, shift=np.zeros(4)),  # the same shape, other inputs
    net(5, bend=np.array([0, 1 / 3, 2, 0])),
    net(5, bend=np.array([0, 1 / 3, 2, 0])),
    net(),
    net(),
    net(6, 7, activation="gelu"),
    net(6, 7, activation="gelu"),
    net(5),
    net(5, activation="prelu", slopes=(0.2,)),
    net(5, activation="prelu", slopes=(0.3,)),
    net(1),
]


@pytest.mark.parametrize("small", [False, True])
def test_every_net_gives_what_it_gives_alone(small: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if small:  # stacks of two nets, blocks of two rows
        monkeypatch.setattr(stacked, "MOST_UNITS", 10)
        monkeypatch.setattr(stacked, "BLOCK_NUMBERS", 28)
    found = dict(stacked_outputs(MIXED, X))
    assert sorted(found) == list(range(len(MIXED)))
    for place, each in enumerate(MIXED):
        np.testing.assert_allclose(found[place], each.outputs(X), rtol=1e-5, atol=1e-5)
        assert found[place].dtype == np.float32


def test_a_net_that_overflows_leaves_the_others_alone() -> None:
    huge = net(5, activation="relu")
    huge = TrainedNet(tuple(w * 1e30 for w in huge.weights), huge.biases, ("relu",), huge.task, huge.classes)
    plain = TrainedNet(*(getattr(MIXED[0], name) for name in ("weights", "biases")), ("relu",), huge.task, huge.classes)
    found = dict(stacked_outputs([huge, plain], X))
    assert not np.isfinite(found[0]).any()
    np.testing.assert_allclose(found[1], plain.outputs(X), rtol=1e-5)
