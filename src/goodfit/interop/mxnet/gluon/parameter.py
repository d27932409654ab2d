"""Parameters of layers: their values are drawn when their shape is known."""

from __future__ import annotations

from typing import Any

from goodfit.errors import InputError, problem
from goodfit.interop.mxnet.array import GradReq, array, ndarray
from goodfit.interop.mxnet.init import Initializer, initializer


class Parameter:
    """Weights or biases of a layer.

    shape: with 0 for a length that the first call tells; init: of its own, or None for that of the net; lr_mult,
    wd_mult: factors of the trainer's learning rate and weight decay; grad_req: see `ndarray.attach_grad`.
    """

    def __init__(
        self,
        name: str = "parameter",
        grad_req: GradReq = "write",
        shape: Any = None,
        init: Any = None,
        lr_mult: float = 1.0,
        wd_mult: float = 1.0,
    ) -> None:
        self.name, self.grad_req, self.init = name, grad_req, init
        self.shape = (shape,) if isinstance(shape, int) else tuple(shape or ())
        self.lr_mult, self.wd_mult = lr_mult, wd_mult
        self._array: ndarray | None = None
        self._drawn_by: Initializer | None = None

    def initialize(
        self, init: Any = None, ctx: Any = None, default_init: Any = None, force_reinit: bool = False
    ) -> None:
        """Draw the values now, or when the shape is known. Drawn ones stay, unless `force_reinit`.

        By `init`; else by the parameter's own; else by `default_init`; else uniform in ±0.07.
        """
        if self._array is not None and not force_reinit:
            return
        self._array = None
        self._drawn_by = initializer(
            next(each for each in (init, self.init, default_init, "uniform") if each is not None)
        )
        if all(self.shape):
            self.settle(self.shape)

    def settle(self, shape: tuple[int, ...]) -> None:
        """Say what the shape is, and draw the values if that waited for it."""
        if self._array is not None:
            return
        if self._drawn_by is None:
            fix = "Call net.initialize() first."
            raise InputError(problem(f"Parameter {self.name!r}", "has not been initialised", fix=fix))
        self.shape = shape
        self._array = array(self._drawn_by.draw(shape), "float32")
        self._array.attach_grad(self.grad_req)

    def data(self, ctx: Any = None) -> ndarray:
        """The values."""
        if self._array is None:
            waits = self._drawn_by is not None
            rule = "its shape is not known before the first call of the net" if waits else "has not been initialised"
            fix = "Call the net on a batch first, or give in_units." if waits else "Call net.initialize() first."
            raise InputError(problem(f"Parameter {self.name!r}", rule, fix=fix))
        return self._array

    def grad(self, ctx: Any = None) -> ndarray:
        """The gradient of the last backward pass."""
        found = self.data().grad
        if found is None:
            raise InputError(problem(f"Parameter {self.name!r}", "has no gradient, for its grad_req is 'null'"))
        return found

    def set_data(self, data: Any) -> None:
        """Put other values into it."""
        given = data if isinstance(data, ndarray) else array(data)
        if self._array is None:
            self._drawn_by = self._drawn_by or initializer("zeros")
            self.settle(given.shape)
        if given.shape != self.shape:
            rule = f"values must have the shape {self.shape}"
            raise InputError(problem(f"Parameter {self.name!r}", rule, got=given.shape))
        self.data()[:] = given

    def zero_grad(self) -> None:
        """Set the gradient to zero."""
        if self._array is not None:
            self._array.zero_grad()

    def list_data(self) -> list[ndarray]:
        """The values, as a list of one device."""
        return [self.data()]

    def __repr__(self) -> str:
        return f"Parameter {self.name} (shape={self.shape})"


class ParameterDict(dict[str, Parameter]):
    """Name -> parameter."""

    def initialize(self, init: Any = None, ctx: Any = None, verbose: bool = False, force_reinit: bool = False) -> None:
        """Initialise them all. init: for those without one of their own."""
        for each in self.values():
            each.initialize(default_init=init, force_reinit=force_reinit)

    def setattr(self, name: str, value: Any) -> None:
        """Set an attribute of them all, such as "wd_mult"."""
        for each in self.values():
            if not hasattr(each, name):
                raise InputError(problem("Parameter", "there is no such attribute", got=name))
            setattr(each, name, value)

    def zero_grad(self) -> None:
        """Set all gradients to zero."""
        for each in self.values():
            each.zero_grad()
