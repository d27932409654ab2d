"""What `benchmarks.parity` compares of the book's cells: their loops, and the recipe that trains the same net.

The cells run on `goodfit.interop`, in float32; the recipe is trained in float64 from the same weights.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from benchmarks.parity import Setting, setting


def in_order(given: Setting, array: Callable[[np.ndarray], Any]) -> Iterator[tuple[Any, Any]]:
    """Batches as `load_array` gives them, in the order in which goodfit draws the rows."""
    for epoch in given.order:
        for batch in epoch:
            yield array(given.x[batch].astype(np.float32)), array(given.y[batch])


def by_gluon(wd: float) -> float:
    """Linear regression as in the book's section on weight decay, with Gluon's Trainer."""
    from goodfit.interop.mxnet import autograd, gluon
    from goodfit.interop.mxnet import np as mxnet_numpy
    from goodfit.interop.mxnet.gluon import nn

    given = setting("diabetes", hidden=(), l2=wd, penalize_biases=True, learning_rate=0.05)
    net = nn.Sequential()
    net.add(nn.Dense(1))
    net.initialize()
    net(mxnet_numpy.array(given.x[:1].astype(np.float32)))  # only so that it knows its shapes
    (w, b) = given.layers[0]
    net[0].weight.set_data(mxnet_numpy.array(w))
    net[0].bias.set_data(mxnet_numpy.array(b))
    loss = gluon.loss.L2Loss()
    trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.05, "wd": wd})
    for x, y in in_order(given, lambda values: mxnet_numpy.array(values.astype(np.float32))):
        with autograd.record():
            rows = loss(net(x), y)
        rows.backward()
        trainer.step(len(x))
    return given.differs([net[0].weight.data().asnumpy(), net[0].bias.data().asnumpy()])


def by_train_epoch(concise: bool) -> float:
    """`train_epoch_ch3` with an optimiser of PyTorch's, or with the book's own `sgd` on the sum of losses."""
    import torch
    from torch import nn

    from goodfit.interop.d2l import torch as d2l

    given = setting()
    layers: list[nn.Module] = []
    for w, b in given.layers:
        linear = nn.Linear(w.shape[1], w.shape[0])
        with torch.no_grad():
            linear.weight.copy_(torch.tensor(w))
            linear.bias.copy_(torch.tensor(b))
        layers += [linear, nn.Tanh()]
    net, parameters = nn.Sequential(*layers[:-1]), [p for layer in layers for p in layer.parameters()]
    updater: Any = torch.optim.SGD(parameters, lr=0.1)
    if not concise:
        updater = lambda rows: d2l.sgd(parameters, 0.1, rows)  # noqa: E731
    d2l.train_epoch_ch3(net, list(in_order(given, torch.tensor)), nn.CrossEntropyLoss(reduction="none"), updater)
    return given.differs([p.detach().numpy() for p in parameters])


ROWS: dict[str, dict[str, Callable[[], float]]] = {
    "the-book": {
        "weights after 15 steps: `d2l.train_epoch_ch3` with `torch.optim.SGD`": lambda: by_train_epoch(concise=True),
        "weights after 15 steps: `d2l.train_epoch_ch3` with `d2l.sgd`": lambda: by_train_epoch(concise=False),
        "weights after 42 steps: `gluon.Trainer`, `L2Loss`": lambda: by_gluon(0.0),
        "weights after 42 steps: `gluon.Trainer`, `wd` 0.1 / `l2` 0.1, bias included": lambda: by_gluon(0.1),
    }
}
