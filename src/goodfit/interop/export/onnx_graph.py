"""A graph of ONNX operators in the making, and formulas of which ONNX has no operator."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

ML = "ai.onnx.ml"
Value = str  # the name of a tensor


class OnnxGraph:
    """Nodes and constants, with names that no input or output has.

    taken: names that are not to be given to a tensor.
    """

    def __init__(self, taken: Iterable[str]) -> None:
        self.taken = set(taken)
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self._scalars: dict[tuple[str, bytes], Value] = {}

    def name(self, word: str) -> Value:
        """A name that is new: the word, with underscores after it where it is taken."""
        while word in self.taken:
            word += "_"
        self.taken.add(word)
        return word

    def constant(self, array: Any) -> Value:
        """A constant tensor; the same number is held once."""
        import onnx

        array = np.asarray(array)
        key = (str(array.dtype), array.tobytes())
        if array.ndim == 0 and key in self._scalars:
            return self._scalars[key]
        name = self.name(f"constant {len(self.constants)}")
        held = array.astype(object) if array.dtype.kind == "U" else array
        self.constants.append(onnx.numpy_helper.from_array(held, name))
        if array.ndim == 0:
            self._scalars[key] = name
        return name

    def add(self, operator: str, *inputs: Value, output: Value = "", domain: str = "", **attributes: Any) -> Value:
        """A node with one output, whose name comes back. output: the name that it must have."""
        import onnx

        output = output or self.name(f"{operator} {len(self.nodes)}")
        label = f"{len(self.nodes)} {operator}"
        self.nodes.append(onnx.helper.make_node(operator, inputs, [output], label, domain=domain, **attributes))
        return output

    def cast(self, value: Value, kind: Any, output: Value = "") -> Value:
        """The value in another type. kind: of NumPy."""
        import onnx

        return self.add("Cast", value, output=output, to=onnx.helper.np_dtype_to_tensor_dtype(np.dtype(kind)))

    def clip(self, value: Value, least: Any, most: Any) -> Value:
        """The value between two numbers, or two arrays of them, in its own type."""
        return self.add("Min", self.add("Max", value, self.constant(least)), self.constant(most))

    def log1p(self, x: Value) -> Value:
        """log(1 + x) of float64, exact where x is small. Source: Higham (2002), Accuracy and Stability, problem 1.5."""
        one = self.constant(1.0)
        u = self.add("Add", x, one)
        beyond = self.add("Sub", u, one)
        small = self.add("Equal", beyond, self.constant(0.0))
        ratio = self.add("Div", x, self.add("Where", small, one, beyond))
        return self.add("Where", small, x, self.add("Mul", self.add("Log", u), ratio))

    def expm1(self, x: Value) -> Value:
        """exp(x) - 1 of float64, exact where x is small: by tanh, exp(x) - 1 = tanh(x / 2) (exp(x) + 1)."""
        half = self.add("Tanh", self.add("Mul", x, self.constant(0.5)))
        return self.add("Mul", half, self.add("Add", self.add("Exp", x), self.constant(1.0)))
