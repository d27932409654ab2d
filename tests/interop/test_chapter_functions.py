"""The functions of the chapter in both faces, each by a case worked out by hand."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from typing import Any

import numpy as onp
import pytest
import torch

from goodfit.errors import InputError
from goodfit.interop.d2l import fashion, showing
from goodfit.interop.d2l import mxnet as on_mxnet
from goodfit.interop.d2l import torch as on_torch
from goodfit.interop.mxnet import autograd, gluon, init, np
from goodfit.interop.mxnet.gluon import nn

FACES = {"torch": (on_torch, torch.tensor), "mxnet": (on_mxnet, np.array)}


@pytest.fixture(params=FACES)
def face(request: pytest.FixtureRequest) -> tuple[Any, Callable[..., Any]]:
    return FACES[request.param]


@pytest.fixture
def few_images(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fashion-MNIST with 5 training rows and 3 test rows: all pixels of row i are 51 i."""

    def pixels(rows: int) -> fashion.Pixels:
        levels = onp.arange(rows, dtype=onp.uint8) * 51
        return fashion.Pixels(onp.tile(levels[:, None, None], (1, 28, 28)), onp.arange(rows, dtype=onp.int32))

    monkeypatch.setattr(fashion, "parts", lambda: (pixels(5), pixels(3)))


def test_linear_regression(face: Any) -> None:
    d2l, array = face
    X, w, b = array([[1.0, 2.0], [3.0, 4.0]]), array([[1.0], [10.0]]), array([0.5])
    assert d2l.linreg(X, w, b).tolist() == [[21.5], [43.5]]
    loss = d2l.squared_loss(array([[21.5], [43.5]]), array([20.5, 45.5]))
    assert loss.tolist() == [[0.5], [2.0]]  # not reduced, and in the shape of the prediction


def test_synthetic_data(face: Any) -> None:
    d2l, array = face
    w = array([[2.0], [-3.4]])
    X, y = d2l.synthetic_data(w, 4.2, 2000)
    assert (tuple(X.shape), tuple(y.shape)) == ((2000, 2), (2000, 1))
    X, y = onp.asarray(X), onp.asarray(y)
    noise = y - X @ onp.array([[2.0], [-3.4]]) - 4.2
    assert abs(noise.std() / 0.01 - 1) < 0.1  # six standard errors of 2000
    assert abs(X.std() - 1) < 0.1
    assert abs(X.mean()) < 0.1


def test_sgd_of_torch_zeroes_the_gradient() -> None:
    w = torch.tensor([1.0, 2.0], requires_grad=True)
    (w * torch.tensor([10.0, 20.0])).sum().backward()
    on_torch.sgd([w], lr=0.1, batch_size=5)
    assert w.tolist() == pytest.approx([0.8, 1.6])
    assert w.grad.tolist() == [0, 0]


def test_sgd_of_mxnet_leaves_the_gradient_to_be_overwritten() -> None:
    w = np.array([1.0, 2.0])
    w.attach_grad()
    for _ in range(2):
        with autograd.record():
            y = w * np.array([10.0, 20.0])
        y.backward()
        on_mxnet.sgd([w], lr=0.1, batch_size=5)
        assert w.grad.tolist() == [10, 20]
    assert w.tolist() == pytest.approx([0.6, 1.2])


def test_accuracy_is_a_count(face: Any) -> None:
    d2l, array = face
    assert d2l.accuracy(array([[0.1, 0.9], [0.8, 0.2], [0.3, 0.7]]), array(onp.array([1, 1, 1]))) == 2.0
    assert d2l.accuracy(array(onp.array([1, 0, 1])), array(onp.array([1, 1, 1]))) == 2.0
    assert d2l.accuracy(array([[1.0], [0.0], [1.0]]), array(onp.array([1, 1, 1]))) == 2.0  # (3, 1) with (3,)
    with pytest.raises(InputError, match=r"accuracy: there must be one answer for each label; got \(\(2,\), \(3,\)\)"):
        d2l.accuracy(array([1.0, 2.0]), array([1.0, 2.0, 3.0]))


def test_accumulator(face: Any) -> None:
    d2l, array = face
    sums = d2l.Accumulator(2)
    sums.add(array([3.0]).sum(), 2)
    sums.add(1.5, d2l.size(array([[1.0, 2.0, 3.0]])))
    assert (sums[0], sums[1]) == (4.5, 5.0)
    sums.reset()
    assert sums[0] == 0
    with pytest.raises(InputError, match="'add' takes one number for each of the 2 sums; got 1"):
        sums.add(1)


def test_timer(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = iter([10.0, 12.0, 20.0, 21.0])
    monkeypatch.setattr("time.perf_counter", lambda: next(ticks))
    timer = on_torch.Timer()
    assert timer.stop() == 2
    timer.start()
    assert timer.stop() == 1
    assert (timer.avg(), timer.sum(), timer.cumsum()) == (1.5, 3, [2, 3])


def test_batches(face: Any) -> None:
    d2l, array = face
    X, y = array([[float(i)] for i in range(7)]), array([float(i) for i in range(7)])
    plain = [(a.tolist(), b.tolist()) for a, b in d2l.load_array((X, y), 3, is_train=False)]
    assert plain == [([[0], [1], [2]], [0, 1, 2]), ([[3], [4], [5]], [3, 4, 5]), ([[6]], [6])]
    shuffled = d2l.load_array((X, y), 3)
    assert len(shuffled) == 3
    orders = []
    for _ in range(6):
        rows = [(a[0], b) for pair in shuffled for a, b in zip(pair[0].tolist(), pair[1].tolist(), strict=True)]
        assert all(a == b for a, b in rows)
        assert sorted(b for _, b in rows) == list(range(7))
        orders.append([b for _, b in rows])
    assert len({tuple(order) for order in orders}) > 1


@pytest.mark.usefixtures("few_images")
def test_fashion_mnist(face: Any) -> None:
    d2l, _ = face
    train, test = d2l.load_data_fashion_mnist(2)
    (X, y), *_ = test
    assert tuple(X.shape) == (2, 1, 28, 28)
    assert str(X.dtype).endswith("float32")
    onp.testing.assert_allclose(onp.asarray(X)[1], 0.2)
    assert y.tolist() == [0, 1]
    assert [len(y) for _, y in train] == [2, 2, 1]
    passes = {tuple(each for _, y in train for each in y.tolist()) for _ in range(10)}
    assert len(passes) > 1
    assert {tuple(sorted(each)) for each in passes} == {(0, 1, 2, 3, 4)}
    (X, _), *_ = d2l.load_data_fashion_mnist(2, resize=14)[1]
    assert tuple(X.shape) == (2, 1, 14, 14)
    onp.testing.assert_allclose(onp.asarray(X)[1], 0.2)
    with pytest.raises(InputError, match="'batch_size' must be a whole number >= 1; got 0"):
        d2l.load_data_fashion_mnist(0)


def test_labels() -> None:
    assert on_torch.get_fashion_mnist_labels(torch.tensor([0, 9])) == ["t-shirt", "ankle boot"]
    assert on_mxnet.get_fashion_mnist_labels([5]) == ["sandal"]
    with pytest.raises(InputError, match="labels must be from 0 to 9; got 10"):
        on_torch.get_fashion_mnist_labels([10])


def _constant_net(face: str) -> Any:
    """A net that gives class 1 a score of 1 and class 0 none, whatever it sees."""
    if face == "torch":
        layer = torch.nn.Linear(1, 2)
        with torch.no_grad():
            layer.weight.zero_()
            layer.bias.copy_(torch.tensor([0.0, 1.0]))
        return torch.nn.Sequential(torch.nn.Flatten(), layer)
    net = nn.Sequential()
    net.add(nn.Dense(2, in_units=1))
    net.initialize(init.Zero())
    net[0].bias.set_data(np.array([0.0, 1.0]))
    return net


def _rows(face: str) -> Any:
    X, y = onp.ones((4, 1), "float32"), onp.array([1, 1, 1, 0])
    return [(FACES[face][1](X[:3]), FACES[face][1](y[:3])), (FACES[face][1](X[3:]), FACES[face][1](y[3:]))]


RIGHT, WRONG = float(onp.log1p(onp.exp(-1.0))), float(onp.log1p(onp.exp(1.0)))  # cross-entropies of that net


@pytest.mark.parametrize("name", FACES)
def test_an_epoch_gives_mean_loss_and_share_while_training(name: str) -> None:
    """A learning rate of 0, so that the net stays what it is: three of four right."""
    net, d2l = _constant_net(name), FACES[name][0]
    if name == "torch":
        loss, updater = torch.nn.CrossEntropyLoss(reduction="none"), torch.optim.SGD(net.parameters(), lr=0.0)
    else:
        loss = gluon.loss.SoftmaxCrossEntropyLoss()
        updater = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.0})
    found = d2l.train_epoch_ch3(net, _rows(name), loss, updater)
    assert found == pytest.approx(((3 * RIGHT + WRONG) / 4, 0.75), rel=1e-6)
    assert d2l.evaluate_accuracy(net, _rows(name)) == 0.75


def test_an_optimiser_steps_on_the_mean_and_a_function_gets_the_batch_size() -> None:
    net, (X, y) = torch.nn.Linear(1, 1, bias=False), (torch.tensor([[1.0], [3.0]]), torch.tensor([[0.0], [0.0]]))
    with torch.no_grad():
        net.weight.fill_(1.0)
    on_torch.train_epoch_ch3(net, [(X, y)], on_torch.squared_loss, torch.optim.SGD(net.parameters(), lr=0.1))
    assert net.weight.item() == pytest.approx(1 - 0.1 * (1 + 9) / 2)
    w, seen = torch.tensor([[1.0]], requires_grad=True), []
    on_torch.train_epoch_ch3(lambda X: X @ w, [(X, y)], on_torch.squared_loss, seen.append)
    assert seen == [2]
    assert w.grad.item() == 10.0  # of the sum
    v = np.array([[1.0]])
    v.attach_grad()
    batch = (np.array([[1.0], [3.0]]), np.zeros((2, 1)))
    on_mxnet.train_epoch_ch3(
        lambda X: np.dot(X, v), [batch], on_mxnet.squared_loss, lambda size: on_mxnet.sgd([v], 0.1, size)
    )
    assert v.item() == pytest.approx(0.5)


def test_a_module_is_put_into_its_mode_and_stays_there() -> None:
    net = _constant_net("torch")
    on_torch.evaluate_accuracy(net, _rows("torch"))
    assert not net.training
    loss = torch.nn.CrossEntropyLoss(reduction="none")
    on_torch.train_epoch_ch3(net, _rows("torch"), loss, torch.optim.SGD(net.parameters(), lr=0.0))
    assert net.training
    with pytest.raises(InputError, match="the loss must give one number a row, not their mean"):
        on_torch.train_epoch_ch3(net, _rows("torch"), torch.nn.CrossEntropyLoss(), None)


@pytest.mark.parametrize("name", FACES)
def test_train_ch3_warns_and_says_what_the_test_curve_is(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    net, d2l = _constant_net(name), FACES[name][0]
    rows = _rows(name)
    loss = torch.nn.CrossEntropyLoss(reduction="none") if name == "torch" else gluon.loss.SoftmaxCrossEntropyLoss()
    params = net.parameters() if name == "torch" else net.collect_params()
    still = torch.optim.SGD(params, lr=0.0) if name == "torch" else gluon.Trainer(params, "sgd", {"learning_rate": 0})
    with pytest.warns(UserWarning, match="train_ch3: the") as told:
        assert d2l.train_ch3(net, rows, rows[1:], loss, 2, still) is None
    assert sorted(str(each.message) for each in told) == [
        "train_ch3: the test accuracy ends at 0; the book expects more than 0.7.",
        "train_ch3: the training loss ends at 0.563; the book expects less than 0.5.",
    ]
    out = capsys.readouterr().out.splitlines()
    assert out[0] == "epoch 1: train loss 0.5633, train acc 0.75, test acc 0"
    assert out[2] == "Figure: d2l-figures/figure-1.png"
    assert re.match(r"Note: 'test acc' was measured after every epoch.*it is a validation curve", out[3])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        d2l.train_ch3(net, rows[:1], rows[:1], lambda *given: loss(*given) * 0, 1, lambda size: None)
    with pytest.raises(InputError, match="'num_epochs' must be a whole number >= 1; got 0"):
        d2l.train_ch3(net, rows, rows, loss, 0, still)


def test_the_losses_of_rows_meet_outputs_of_columns() -> None:
    """Labels (n,) and outputs (n, 1): (1 + 4) / 2 over two rows, not a table of four differences."""
    X, y = torch.tensor([[1.0], [2.0]]), torch.tensor([0.0, 0.0])
    assert on_torch.evaluate_loss(lambda X: X, [(X, y)], torch.nn.MSELoss(reduction="none")) == 2.5
    halves = gluon.loss.L2Loss()
    assert on_mxnet.evaluate_loss(lambda X: X, [(np.array(X.numpy()), np.array(y.numpy()))], halves) == 1.25


@pytest.mark.usefixtures("few_images")
@pytest.mark.parametrize("name", FACES)
def test_predictions_are_drawn_with_both_names(name: str) -> None:
    d2l, array = FACES[name]
    _, test = d2l.load_data_fashion_mnist(3)
    scores = onp.zeros((3, 10), "float32")
    scores[:, 1] = 1
    with showing.collected() as drawn:
        d2l.predict_ch3(lambda X: array(scores), test, n=2)
    axes = drawn[0].figure().axes
    assert [each.get_title() for each in axes] == ["t-shirt\ntrouser", "trouser\ntrouser"]


def test_a_missing_gpu_is_the_cpu() -> None:
    count = torch.cuda.device_count()
    assert on_torch.try_gpu(count) == torch.device("cpu")
    assert str(on_mxnet.try_gpu(99)) == "cpu(0)"
    assert on_mxnet.try_all_gpus()
    assert on_torch.try_all_gpus()
