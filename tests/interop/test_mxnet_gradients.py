"""The MXNet face against PyTorch: what every operation, layer and loss gives, and its gradient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as onp
import pytest
import torch

from goodfit.interop.mxnet import autograd, gluon, np, npx
from goodfit.interop.mxnet.gluon import nn

X = onp.random.default_rng(0).normal(size=(5, 4)).astype("float32")
Z = onp.random.default_rng(1).normal(size=(5, 4)).astype("float32")
POSITIVE = onp.abs(X) + 0.5
TOLERANCE = {"rtol": 2e-5, "atol": 2e-6}  # float32, a few operations

# Few operations a case, in few shapes: each is compiled for each shape. Outputs are weighted at random on the way back.
OPERATIONS: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {  # ours and torch's, of x and z
    "add": (lambda x, z: x + z * 2 + 1, lambda x, z: x + z * 2 + 1),
    "subtract": (lambda x, z: 3 - x - z, lambda x, z: 3 - x - z),
    "divide": (lambda x, z: 2 / (x + 9) + z / 3, lambda x, z: 2 / (x + 9) + z / 3),
    "power": (lambda x, z: x**3 + x**2 - z, lambda x, z: x**3 + x**2 - z),
    "broadcast": (lambda x, z: x * z.sum(axis=0) + z[:, :1], lambda x, z: x * z.sum(dim=0) + z[:, :1]),
    "dot": (lambda x, z: np.dot(x, z.T), lambda x, z: x @ z.T),
    "matmul": (lambda x, z: x @ z.T, lambda x, z: x @ z.T),
    "exp": (lambda x, z: np.exp(x) + z.exp(), lambda x, z: x.exp() + z.exp()),
    "log": (lambda x, z: np.log(np.abs(x) + 1), lambda x, z: torch.log(x.abs() + 1)),
    "sqrt": (lambda x, z: np.sqrt(x * x + 1), lambda x, z: (x * x + 1).sqrt()),
    "tanh": (lambda x, z: np.tanh(x), lambda x, z: torch.tanh(x)),
    "sin": (lambda x, z: np.sin(x) * np.cos(z), lambda x, z: torch.sin(x) * torch.cos(z)),
    "relu": (lambda x, z: npx.relu(x), lambda x, z: torch.relu(x)),
    "sigmoid": (lambda x, z: npx.sigmoid(x), lambda x, z: torch.sigmoid(x)),
    "softmax": (lambda x, z: npx.softmax(x) * z, lambda x, z: torch.softmax(x, 1) * z),
    "log_softmax": (lambda x, z: npx.log_softmax(x, axis=0) * z, lambda x, z: torch.log_softmax(x, 0) * z),
    "maximum": (lambda x, z: np.maximum(x, 0) + np.minimum(z, 0.3), lambda x, z: x.clamp(min=0) + z.clamp(max=0.3)),
    "two maxima": (lambda x, z: np.maximum(x, z), lambda x, z: torch.maximum(x, z)),
    "clip": (lambda x, z: np.clip(x, -0.5, 0.5), lambda x, z: x.clamp(-0.5, 0.5)),
    "mean": (lambda x, z: x.mean(axis=1) + z.std(axis=1), lambda x, z: x.mean(1) + z.std(1, unbiased=False)),
    "sum": (lambda x, z: np.sum(x, 1, keepdims=True) * z, lambda x, z: x.sum(1, keepdim=True) * z),
    "max": (lambda x, z: x.max(axis=1) + z.min(axis=1), lambda x, z: x.amax(1) + z.amin(1)),
    "reshape": (lambda x, z: x.reshape(2, -1).reshape((5, 4)) * z, lambda x, z: x * z),
    "reshape_like": (lambda x, z: npx.reshape_like(x, z.T), lambda x, z: x.reshape(4, 5)),
    "concatenate": (lambda x, z: np.concatenate([x, z], 1), lambda x, z: torch.cat([x, z], 1)),
    "stack": (lambda x, z: np.stack([x, z]), lambda x, z: torch.stack([x, z])),
    "slices": (lambda x, z: x[1:3, ::2] * z[0, 1], lambda x, z: x[1:3, ::2] * z[0, 1]),
    "rows": (lambda x, z: x[np.array([0, 2, 2])], lambda x, z: x[[0, 2, 2]]),
    "mask": (lambda x, z: x[x > 0], lambda x, z: x[x > 0]),
    "where": (lambda x, z: np.where(x > z, x, z * 2), lambda x, z: torch.where(x > z, x, z * 2)),
    "norm": (lambda x, z: np.linalg.norm(x) + (z**2).sum() / 2, lambda x, z: x.norm() + z.pow(2).sum() / 2),
    "expand": (lambda x, z: np.expand_dims(x, 1), lambda x, z: x.unsqueeze(1)),
    "einsum": (lambda x, z: np.einsum("ij,kj->ik", x, z), lambda x, z: torch.einsum("ij,kj->ik", x, z)),
    "used twice": (lambda x, z: (x * x + x) * np.exp(x) * z, lambda x, z: (x * x + x) * x.exp() * z),
    "in place": (lambda x, z: _added(x * 2, z), lambda x, z: x * 2 + z),
    "type": (lambda x, z: x.astype("float32").copy() * z, lambda x, z: x * z),
}


def _added(x: Any, z: Any) -> Any:
    x += z
    return x


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_and_its_gradient(name: str) -> None:
    ours, theirs = OPERATIONS[name]
    x, z = np.array(X), np.array(Z)
    x.attach_grad()
    z.attach_grad()
    with autograd.record():
        y = ours(x, z)
    weights = onp.random.default_rng(2).normal(size=y.shape).astype("float32")
    y.backward(np.array(weights))
    tx, tz = torch.tensor(X, requires_grad=True), torch.tensor(Z, requires_grad=True)
    ty = theirs(tx, tz)
    ty.backward(torch.tensor(weights))
    onp.testing.assert_allclose(y.asnumpy(), ty.detach().numpy(), **TOLERANCE)
    for own, other in ((x, tx), (z, tz)):
        expected = onp.zeros_like(X) if other.grad is None else other.grad.numpy()
        onp.testing.assert_allclose(own.grad.asnumpy(), expected, **TOLERANCE)


ACTIVATIONS = {
    "relu": torch.nn.ReLU(),
    "sigmoid": torch.nn.Sigmoid(),
    "tanh": torch.nn.Tanh(),
    "softrelu": torch.nn.Softplus(),
    "softsign": torch.nn.Softsign(),
}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_a_net_and_its_gradients(name: str) -> None:
    net, other = nn.Sequential(), torch.nn.Sequential(torch.nn.Linear(4, 3), ACTIVATIONS[name], torch.nn.Linear(3, 2))
    net.add(nn.Flatten(), nn.Dense(3, activation=name), nn.Dense(2), nn.Dropout(0.5))
    net.initialize()
    net(np.array(X))
    for own, layer in ((net[1], other[0]), (net[2], other[2])):
        own.weight.set_data(layer.weight.detach().numpy())
        own.bias.set_data(layer.bias.detach().numpy())
    with autograd.record(train_mode=False):
        made = net(np.array(X).reshape(5, 2, 2))
    made.backward()
    expected = other(torch.tensor(X))
    expected.sum().backward()
    onp.testing.assert_allclose(made.asnumpy(), expected.detach().numpy(), **TOLERANCE)
    for own, layer in ((net[1], other[0]), (net[2], other[2])):
        onp.testing.assert_allclose(own.weight.grad().asnumpy(), layer.weight.grad.numpy(), **TOLERANCE)
        onp.testing.assert_allclose(own.bias.grad().asnumpy(), layer.bias.grad.numpy(), **TOLERANCE)


LABELS = onp.array([0, 3, 1, 2, 2])
SHARES = torch.softmax(torch.tensor(Z), 1).numpy()
LOSSES: dict[str, tuple[Any, onp.ndarray, Callable[[Any], Any]]] = {  # ours, labels, torch's one number a row
    "l2": (gluon.loss.L2Loss(), Z, lambda x: ((x - torch.tensor(Z)) ** 2 / 2).mean(1)),
    "l1": (gluon.loss.L1Loss(), Z, lambda x: (x - torch.tensor(Z)).abs().mean(1)),
    "softmax": (
        gluon.loss.SoftmaxCrossEntropyLoss(),
        LABELS,
        lambda x: torch.nn.functional.cross_entropy(x, torch.tensor(LABELS), reduction="none"),
    ),
    "softmax of shares": (
        gluon.loss.SoftmaxCrossEntropyLoss(sparse_label=False),
        SHARES,
        lambda x: torch.nn.functional.cross_entropy(x, torch.tensor(SHARES), reduction="none"),
    ),
    "sigmoid": (
        gluon.loss.SigmoidBinaryCrossEntropyLoss(),
        SHARES,
        lambda x: torch.nn.functional.binary_cross_entropy_with_logits(x, torch.tensor(SHARES), reduction="none").mean(
            1
        ),
    ),
    "weighted": (gluon.loss.L2Loss(weight=3.0), Z, lambda x: 1.5 * ((x - torch.tensor(Z)) ** 2).mean(1)),
}


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_and_its_gradient(name: str) -> None:
    loss, labels, theirs = LOSSES[name]
    x = np.array(X)
    x.attach_grad()
    with autograd.record():
        rows = loss(x, np.array(labels))
    rows.backward()
    tx = torch.tensor(X, requires_grad=True)
    expected = theirs(tx)
    expected.sum().backward()
    assert rows.shape == (5,)
    onp.testing.assert_allclose(rows.asnumpy(), expected.detach().numpy(), **TOLERANCE)
    onp.testing.assert_allclose(x.grad.asnumpy(), tx.grad.numpy(), **TOLERANCE)


def test_losses_stay_finite_far_out() -> None:
    far = np.array([[1000.0, -1000.0]])
    onp.testing.assert_allclose(gluon.loss.SoftmaxCrossEntropyLoss()(far, np.array([1])).asnumpy(), [2000.0])
    onp.testing.assert_allclose(gluon.loss.SigmoidBCELoss()(far, np.array([[0.0, 1.0]])).asnumpy(), [1000.0])


OPTIMISERS = {
    "sgd": ({"learning_rate": 0.1, "wd": 0.3}, lambda p: torch.optim.SGD(p, 0.1, weight_decay=0.3)),
    "momentum": (
        {"learning_rate": 0.1, "momentum": 0.9},
        lambda p: torch.optim.SGD(p, 0.1, momentum=0.9),
    ),
    "adam": ({"learning_rate": 0.1, "wd": 0.3}, lambda p: torch.optim.Adam(p, 0.1, weight_decay=0.3)),
}


@pytest.mark.parametrize("name", OPTIMISERS)
def test_steps_are_those_of_torch_on_the_mean(name: str) -> None:
    """Gradients of the sum, divided by the batch size; weight decay after that."""
    settings, make = OPTIMISERS[name]
    net = nn.Dense(2, in_units=4)
    net.initialize()
    layer = torch.nn.Linear(4, 2)
    net.weight.set_data(layer.weight.detach().numpy())
    net.bias.set_data(layer.bias.detach().numpy())
    trainer = gluon.Trainer(net.collect_params(), "adam" if name == "adam" else "sgd", settings)
    other = make(layer.parameters())
    for _ in range(5):
        with autograd.record():
            rows = ((net(np.array(X)) - 1) ** 2).sum(axis=1)
        rows.backward()
        trainer.step(5)
        other.zero_grad()
        ((layer(torch.tensor(X)) - 1) ** 2).sum(1).mean().backward()
        other.step()
    onp.testing.assert_allclose(net.weight.data().asnumpy(), layer.weight.detach().numpy(), rtol=2e-4, atol=2e-5)
    onp.testing.assert_allclose(net.bias.data().asnumpy(), layer.bias.detach().numpy(), rtol=2e-4, atol=2e-5)
