"""What the chapter's functions and the MXNet face do with nothing, with not-a-numbers, and with shared parts."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as onp
import pytest
import torch

from goodfit.errors import InputError
from goodfit.figures.shown import new_figure
from goodfit.interop.d2l import mxnet, plotting
from goodfit.interop.d2l import torch as pytorch
from goodfit.interop.mxnet import autograd, gluon, init, np
from goodfit.interop.mxnet.gluon import nn

FACES = pytest.mark.parametrize("d2l", [pytorch, mxnet], ids=["torch", "mxnet"])


@FACES
@pytest.mark.parametrize("name", ["evaluate_accuracy", "train_epoch_ch3", "evaluate_loss", "predict_ch3"])
def test_an_iterator_without_batches_is_refused(d2l: Any, name: str) -> None:
    rest = {"evaluate_loss": (None,), "train_epoch_ch3": (None, None)}.get(name, ())
    call = getattr(d2l, name)
    with pytest.raises(InputError, match=f"{name}: the iterator gave no batch. A generator can be used once"):
        call(lambda x: x, iter(()), *rest)


@FACES
@pytest.mark.parametrize("n", [0, -1, 1.5])
def test_pictures_are_counted_from_one(d2l: Any, n: Any) -> None:
    with pytest.raises(InputError, match="'n' must be a whole number >= 1; got"):
        d2l.predict_ch3(lambda x: x, [], n=n)


@pytest.mark.parametrize(("X", "Y"), [([], None), ([], []), ([[], []], None)])
def test_nothing_is_drawn_as_nothing(X: Any, Y: Any) -> None:
    axes = new_figure(2, 2).subplots()
    plotting.plot(X, Y, axes=axes)
    assert all(onp.size(line.get_xdata()) == 0 for line in axes.get_lines())


def test_not_a_number_is_right_never() -> None:
    answers = onp.array([onp.nan, onp.inf, 1.0, 2.0], "float32")
    for labels in ([0, 0, 1, 1], [-(2**63), -(2**63), 1, 1]):
        assert pytorch.accuracy(torch.tensor(answers), torch.tensor(labels)) == 1


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_a_block_at_two_places_is_stepped_once(optimizer: str) -> None:
    """Against the same net with the block taken twice by hand."""
    weights = []
    for twice in (True, False):
        shared = nn.Dense(2, in_units=2, weight_initializer=init.Constant(0.5))
        net = nn.Sequential()
        net.add(*[shared] * (2 if twice else 1))
        net.initialize()
        trainer = gluon.Trainer(net.collect_params(), optimizer, {"learning_rate": 0.1})
        x = np.array([[1.0, 2.0]])
        for _ in range(2):
            with autograd.record():
                y = net(x) if twice else net(net(x))
            y.backward()
            trainer.step(1)
        weights.append(shared.weight.data().asnumpy())
    onp.testing.assert_allclose(weights[0], weights[1], rtol=1e-6)


def test_which_initialiser_wins() -> None:
    """The parameter's own is told from the net's, which is a default, and from one that is asked for outright."""
    layer = nn.Dense(1, in_units=1, weight_initializer=init.Constant(3))
    layer.initialize(init.Constant(5))
    assert layer.weight.data().item() == 3
    layer.weight.initialize(init.Constant(7), force_reinit=True)
    assert layer.weight.data().item() == 7
    layer.weight.initialize(default_init=init.Constant(5), force_reinit=True)
    assert layer.weight.data().item() == 3


@pytest.mark.parametrize("key", [slice(None), 0, (0, 1)])
def test_a_recorded_value_is_not_written_where_its_gradient_is_lost(key: Any) -> None:
    x, kept = np.ones((2, 2)), np.zeros((2, 2))
    x.attach_grad()
    with autograd.record():
        y = (x * 2)[key]
        with pytest.raises(InputError, match=r"cannot be written into an array .* or write value.detach\(\)"):
            kept[key] = y
        kept[key] = y.detach()
    kept[key] = y
    assert (kept[key] == 2).asnumpy().all()


@pytest.mark.parametrize("name", ["floordiv", "mod", "matmul", "sub", "truediv", "pow"])
def test_an_operation_from_the_other_side(name: str) -> None:
    given = onp.array([[1.0, 2.0], [3.0, 4.5]], "float32")
    other: Any = given.T.copy() if name == "matmul" else 7.5
    made = getattr(operator, name)(other, np.array(given))
    onp.testing.assert_allclose(made.asnumpy(), getattr(operator, name)(other, given), rtol=1e-6)


def test_another_order_is_refused_and_places_are_found() -> None:
    x = np.array([[0.0, 2.0], [3.0, 0.0]])
    calls: list[Callable[[], Any]] = [lambda: x.reshape(4, order="F"), lambda: np.reshape(x, 4, order="F")]
    for call in calls:
        with pytest.raises(InputError, match="'order' must be 'C'; got 'F'"):
            call()
    for own, expected in zip(np.where(x > 0), onp.where(x.asnumpy() > 0), strict=True):
        assert own.tolist() == expected.tolist()
    assert np.where(x > 0, 1, x=None, y=x).tolist() == [[0, 1], [1, 0]]
    with pytest.raises(InputError, match="takes a condition alone, or with both x and y; got 2"):
        np.where(x > 0, x)
