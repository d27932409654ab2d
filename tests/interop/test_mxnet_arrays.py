"""The MXNet face: arrays, tape, initialisers, and what it refuses."""

from __future__ import annotations

from typing import Any

import numpy as onp
import pytest

from goodfit.errors import InputError
from goodfit.interop.mxnet import autograd, gluon, init, np, npx
from goodfit.interop.mxnet.gluon import nn


def test_numbers_are_float32_as_in_mxnet() -> None:
    for made in (np.array([1, 2]), np.zeros(3), np.ones((2, 2)), np.arange(3), np.random.normal(size=3), np.eye(2)):
        assert made.dtype == onp.float32
    assert np.array(onp.array([1, 2])).dtype == onp.int32
    assert np.array(onp.array([1.0])).dtype == onp.float32
    assert (np.arange(3) > 1).dtype == bool
    assert np.arange(3).astype(np.int64).dtype == onp.int32


def test_arrays_print_as_in_mxnet() -> None:
    assert repr(np.array([[1, 2.5]])) == "array([[1. , 2.5]])"
    assert repr(np.arange(2)[1]) == "array(1.)"
    assert repr((np.array([1]), np.array(onp.array([1])))) == "(array([1.]), array([1], dtype=int32))"
    assert f"{np.array([2.5])[0]:.2f}" == "2.50"


def test_changes_in_place() -> None:
    x = np.zeros((3, 2))
    x[0:2, 1] = np.array([5, 6])
    x[:, 0] += 1
    x[2] = 9
    assert x.tolist() == [[1, 5], [1, 6], [9, 9]]
    x /= 2
    x[:] = x - 1
    assert x.tolist() == [[-0.5, 1.5], [-0.5, 2], [3.5, 3.5]]
    y = onp.ones(2)
    z = np.array(y)
    y[0] = 7
    assert z.tolist() == [1, 1]
    w = np.arange(6)
    np.random.shuffle(w)
    assert sorted(w.tolist()) == [0, 1, 2, 3, 4, 5]


def test_a_gradient_is_overwritten_or_added_or_not_kept() -> None:
    for request, expected in (("write", 6.0), ("add", 12.0)):
        x = np.array([3.0])
        x.attach_grad(request)
        for _ in range(2):
            with autograd.record():
                y = x * x
            y.backward()
        assert x.grad.item() == expected
    x.attach_grad("null")
    assert x.grad is None


def test_a_value_that_changes_after_it_was_used_keeps_its_gradient() -> None:
    x = np.array([3.0])
    x.attach_grad()
    with autograd.record():
        y = x * x
    x[:] = 100.0
    y.backward()
    assert x.grad.item() == 6.0


def test_modes() -> None:
    x = np.ones((50, 40))
    x.attach_grad()
    layer = nn.Dropout(0.25)
    assert (layer(x).asnumpy() == 1).all()
    with autograd.record():
        assert autograd.is_recording()
        assert autograd.is_training()
        y = layer(x)
        with autograd.pause():
            assert not autograd.is_recording()
            assert not autograd.is_training()
    kept = y.asnumpy() != 0
    onp.testing.assert_allclose(y.asnumpy()[kept], 1 / 0.75, rtol=1e-6)
    assert abs(kept.mean() - 0.75) < 4 * (0.25 * 0.75 / 2000) ** 0.5
    y.backward()
    onp.testing.assert_allclose(x.grad.asnumpy(), kept / 0.75, rtol=1e-6)
    with autograd.train_mode():
        assert (nn.Dropout(1.0)(x).asnumpy() == 0).all()


def test_seeds_repeat() -> None:
    drawn = []
    for _ in range(2):
        npx.random.seed(5)
        drawn.append([np.random.normal(size=3).tolist(), np.random.rand(2).tolist(), np.random.permutation(4).tolist()])
    assert drawn[0] == drawn[1]


@pytest.mark.parametrize(
    ("how", "deviation", "uniform"),
    [
        (None, 0.07 / 3**0.5, True),
        (init.Normal(sigma=0.3), 0.3, False),
        (init.Uniform(0.2), 0.2 / 3**0.5, True),
        (init.Xavier(), (2 / 300) ** 0.5, True),
        (init.Xavier("gaussian", "in", 2), (2 / 200) ** 0.5, False),
        ("normal", 0.01, False),
    ],
)
def test_initial_weights(how: Any, deviation: float, uniform: bool) -> None:
    net = nn.Sequential()
    net.add(nn.Dense(100))
    net.initialize(how)
    net(np.zeros((1, 200)))
    weights = net[0].weight.data().asnumpy()
    assert abs(weights.std() / deviation - 1) < 0.03  # 20,000 draws: 0.5 % at most, six times over
    assert bool(abs(weights).max() < deviation * 3**0.5 + 1e-6) is uniform
    assert (net[0].bias.data().asnumpy() == 0).all()


def test_parameters_by_name() -> None:
    net = nn.Sequential()
    net.add(nn.Dense(3, in_units=2), nn.Sequential())
    net[1].add(nn.Dense(1, use_bias=False, in_units=3))
    net.initialize(init.Constant(2))
    assert list(net.collect_params()) == ["0.weight", "0.bias", "1.0.weight"]
    assert list(net.collect_params(".*bias")) == ["0.bias"]
    net.collect_params(".*bias").setattr("wd_mult", 0)
    trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.1, "wd": 1.0})
    with autograd.record():
        loss = net(np.ones((1, 2)))
    loss.backward()
    net[0].bias.set_data(np.ones(3))
    trainer.step(1)
    assert net[0].bias.data().tolist() == pytest.approx([1 - 0.1 * 2] * 3)  # the gradient alone, 2; no decay
    assert net[1][0].weight.data().tolist()[0] == pytest.approx([2 - 0.1 * (4 + 2)] * 3)  # hidden units are 4


def test_a_block_of_ones_own() -> None:
    class Both(nn.Block):
        def __init__(self) -> None:
            super().__init__()
            self.hidden = nn.Dense(3, activation="relu")
            self.out = nn.Dense(1)

        def forward(self, x: Any) -> Any:
            return self.out(self.hidden(x))

    net = Both()
    net.initialize()
    assert net(np.ones((2, 4))).shape == (2, 1)
    assert list(net.collect_params()) == ["hidden.weight", "hidden.bias", "out.weight", "out.bias"]


def _recorded(x: Any) -> Any:
    x.attach_grad()
    with autograd.record():
        return x * x


def test_what_is_refused() -> None:
    y = _recorded(np.ones(2))
    y.backward(retain_graph=True)
    y.backward()
    with pytest.raises(InputError, match=r"graph was freed by an earlier backward pass. Call the first with"):
        y.backward()
    with pytest.raises(InputError, match=r"backward: the array must have been recorded"):
        np.ones(2).backward()
    x = np.ones(2)
    x.attach_grad()
    with autograd.record(), pytest.raises(InputError, match=r"cannot be changed in place inside autograd.record"):
        x += 1
    with autograd.record(), pytest.raises(InputError, match=r"cannot be changed in place inside autograd.record"):
        x[:] = 1
    net = nn.Sequential()
    net.add(nn.Dense(1))
    with pytest.raises(InputError, match=r"Parameter 'weight': has not been initialised. Call net.initialize"):
        net(np.ones((1, 2)))
    net.initialize()
    with pytest.raises(InputError, match="its shape is not known before the first call"):
        net[0].weight.data()
    net(np.ones((1, 2)))
    with pytest.raises(InputError, match=r"Dense\(1\): takes 2 inputs a row; got \(1, 3\)"):
        net(np.ones((1, 3)))
    trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.1})
    with pytest.raises(InputError, match=r"no backward pass has written a gradient for '0.weight'"):
        trainer.step(1)
    trainer.step(1, ignore_stale_grad=True)
    with pytest.raises(InputError, match="'batch_size' must be greater than 0; got 0"):
        trainer.step(0)
    with pytest.raises(
        InputError, match=r"unknown setting of 'sgd'; got 'leraning_rate'. Did you mean 'learning_rate'"
    ):
        gluon.Trainer(net.collect_params(), "sgd", {"leraning_rate": 0.1})
    with pytest.raises(InputError, match=r"unknown optimiser; got 'agd'. Did you mean 'sgd'"):
        gluon.Trainer(net.collect_params(), "agd")
    with pytest.raises(InputError, match=r"'rate' must be from 0 to 1; got 1.5"):
        nn.Dropout(1.5)
    with pytest.raises(InputError, match=r"unknown initialiser; got 'xaver'. Did you mean 'xavier'"):
        net.initialize("xaver", force_reinit=True)
