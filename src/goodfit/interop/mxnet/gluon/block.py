"""`Block`: a part of a net, with its parameters and the parts that it is made of."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from goodfit.errors import InputError, problem
from goodfit.interop.mxnet.gluon.parameter import Parameter, ParameterDict


class GluonBlock:
    """A part of a net. What is assigned to it and is a block or a parameter belongs to it.

    Classes of your own define `forward(self, X)` and call `super().__init__()` first.
    """

    def __init__(self, prefix: Any = None, params: Any = None) -> None:
        self._children: dict[str, GluonBlock] = {}
        self._parameters: dict[str, Parameter] = {}

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, GluonBlock | Parameter):
            if "_children" not in self.__dict__:
                fix = "Call super().__init__() first."
                raise InputError(problem(type(self).__name__, "a block must be set up before it gets parts", fix=fix))
            kept: dict[str, Any] = self._children if isinstance(value, GluonBlock) else self._parameters
            kept[name] = value
        super().__setattr__(name, value)

    def register_child(self, block: GluonBlock, name: str | None = None) -> None:
        """Add a part."""
        self._children[str(len(self._children)) if name is None else name] = block

    def named_parameters(self, prefix: str = "") -> dict[str, Parameter]:
        """All parameters, those of parts too, by names such as "0.weight"."""
        found = {f"{prefix}{name}": each for name, each in self._parameters.items()}
        for name, child in self._children.items():
            found |= child.named_parameters(f"{prefix}{name}.")
        return found

    def collect_params(self, select: str | None = None) -> ParameterDict:
        """The parameters. select: a regular expression that names match from their beginning, such as ".*bias"."""
        found = self.named_parameters()
        for name, each in found.items():
            each.name = name
        return ParameterDict((name, each) for name, each in found.items() if select is None or re.match(select, name))

    @property
    def params(self) -> ParameterDict:
        """Its own parameters."""
        return ParameterDict(self._parameters)

    def initialize(self, init: Any = None, ctx: Any = None, verbose: bool = False, force_reinit: bool = False) -> None:
        """Draw the weights by `init`, uniform in ±0.07 where None; biases begin at 0."""
        self.collect_params().initialize(init, force_reinit=force_reinit)

    def apply(self, fn: Callable[[GluonBlock], Any]) -> GluonBlock:
        """Call a function on every part, and on itself last."""
        for child in self._children.values():
            child.apply(fn)
        fn(self)
        return self

    def hybridize(self, active: bool = True, **_: Any) -> None:
        """Nothing: every operation is compiled from the start."""

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the block makes of its input."""
        raise InputError(problem(type(self).__name__, "a block of your own must define 'forward'"))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """What `forward` gives."""
        return self.forward(*args, **kwargs)

    def __repr__(self) -> str:
        lines = [f"  ({name}): " + repr(each).replace("\n", "\n  ") for name, each in self._children.items()]
        return "\n".join([f"{self.label}(", *lines, ")"]) if lines else f"{self.label}()"

    @property
    def label(self) -> str:
        """What it is called where it is printed."""
        return type(self).__name__.removeprefix("Gluon")


Block = HybridBlock = GluonBlock
