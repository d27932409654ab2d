"""`nn`: the layers."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from goodfit.errors import InputError, nearest, problem
from goodfit.interop.mxnet import npx, steps
from goodfit.interop.mxnet.array import apply, ndarray
from goodfit.interop.mxnet.gluon.block import Block as Block
from goodfit.interop.mxnet.gluon.block import GluonBlock
from goodfit.interop.mxnet.gluon.block import HybridBlock as HybridBlock
from goodfit.interop.mxnet.gluon.parameter import Parameter


class Sequential(GluonBlock):
    """Blocks one after another."""

    def add(self, *blocks: Any) -> None:
        """Add blocks at the end."""
        for block in blocks:
            if not isinstance(block, GluonBlock):
                fix = "For example: net.add(nn.Dense(10))."
                raise InputError(problem("Sequential", "only blocks can be added", got=block, fix=fix))
            self.register_child(block)

    def forward(self, x: Any) -> Any:
        """The last block's output."""
        for block in self._children.values():
            x = block(x)
        return x

    def __getitem__(self, key: int | slice) -> Any:
        found = list(self._children.values())[key]
        if isinstance(found, GluonBlock):
            return found
        part = Sequential()
        part.add(*found)
        return part

    def __len__(self) -> int:
        return len(self._children)

    def __iter__(self) -> Iterator[GluonBlock]:
        return iter(self._children.values())


class Dense(GluonBlock):
    """act(x W' + b), W of shape (units, inputs).

    units: outputs; activation: its name, or None; flatten: whether all axes but the first are taken as one; in_units:
    inputs, 0 to find out at the first call.
    """

    def __init__(
        self,
        units: int,
        activation: str | None = None,
        use_bias: bool = True,
        flatten: bool = True,
        dtype: Any = "float32",
        weight_initializer: Any = None,
        bias_initializer: Any = "zeros",
        in_units: int = 0,
    ) -> None:
        super().__init__()
        if isinstance(units, bool) or not isinstance(units, int) or units < 1:
            raise InputError(problem("Dense", "'units' must be a whole number >= 1", got=units))
        self._units, self._flatten = units, flatten
        self.weight = Parameter("weight", shape=(units, in_units), init=weight_initializer)
        self.bias = Parameter("bias", shape=(units,), init=bias_initializer) if use_bias else None
        self.act = None if activation is None else GluonActivation(activation)

    def forward(self, x: ndarray) -> ndarray:
        """x: (B, ...) to (B, units); without flatten, (..., inputs) to (..., units)."""
        inputs = math.prod(x.shape[1:]) if self._flatten else x.shape[-1]
        known = self.weight.shape[1]
        if known and known != inputs:
            raise InputError(problem(f"Dense({self._units})", f"takes {known} inputs a row", got=x.shape))
        self.weight.settle((self._units, inputs))
        given = [x, self.weight.data()]
        if self.bias is not None:
            given.append(self.bias.data())
        made = apply(steps.dense, *given, flatten=self._flatten)
        return made if self.act is None else self.act(made)

    def __repr__(self) -> str:
        units, inputs = self.weight.shape
        name = "linear" if self.act is None else repr(self.act)
        return f"Dense({inputs or None} -> {units}, {name})"


class GluonActivation(GluonBlock):
    """relu, sigmoid, tanh, softrelu or softsign of each number."""

    def __init__(self, activation: str) -> None:
        super().__init__()
        if activation not in steps.ACTIVATIONS:
            fix = nearest(activation, steps.ACTIVATIONS)
            raise InputError(problem("Activation", "the name must be a known one", got=activation, fix=fix))
        self._name = activation

    def forward(self, x: ndarray) -> ndarray:
        """Element by element."""
        return npx.activation(x, self._name)

    def __repr__(self) -> str:
        return f"Activation({self._name})"


class GluonDropout(GluonBlock):
    """Each number 0 with probability `rate` and else divided by 1 - rate; passes everything on outside of training."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        if not 0 <= rate <= 1:
            raise InputError(problem("Dropout", "'rate' must be from 0 to 1", got=rate))
        self._rate = rate

    def forward(self, x: ndarray) -> ndarray:
        """The same shape."""
        return npx.dropout(x, self._rate)

    def __repr__(self) -> str:
        return f"Dropout(p = {self._rate:g})"


class Flatten(GluonBlock):
    """(B, ...) to (B, all the rest)."""

    def forward(self, x: ndarray) -> ndarray:
        """Two axes."""
        return x.reshape(x.shape[0], -1)


Activation, Dropout, HybridSequential = GluonActivation, GluonDropout, Sequential
