"""Nets as ONNX operators: scaling of inputs, layers, and what turns outputs into probabilities or numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from goodfit.data.encoding import inverse_widths
from goodfit.data.periodic import PeriodicEncoding
from goodfit.data.robust import LARGEST
from goodfit.data.target_transform import TargetTransform
from goodfit.interop.export.onnx_graph import OnnxGraph, Value
from goodfit.models.trained_net import TrainedNet
from goodfit.nets.numpy_activations import LEAK, SELU_ALPHA, SELU_SCALE


def mean_of_nets(graph: OnnxGraph, nets: Sequence[TrainedNet], x: Value, precision: Any) -> Value:
    """The mean over nets of probabilities or numbers, float64 [N, C].

    x: float32 [N, D], before the nets' own scaling; precision: float type of the layers.
    """
    scaled: dict[bytes, Value] = {}
    values = []
    for net in nets:
        bins = () if net.encoding is None else (*net.encoding.fixed, *net.encoding.trained)
        key = b"".join(array.tobytes() for array in (net.shift, net.scale, net.bend, *bins))
        if key not in scaled:
            scaled[key] = graph.cast(_encoded(graph, net, _scaled(graph, net, x)), precision)
        found = _finished(graph, net, _layers(graph, net, scaled[key], precision))
        values.append(found if net.count == 1 else graph.add("Mul", found, graph.constant(float(net.count))))
    if len(values) == 1 and nets[0].count == 1:
        return values[0]
    return graph.add("Div", graph.add("Sum", *values), graph.constant(float(sum(net.count for net in nets))))


def _scaled(graph: OnnxGraph, net: TrainedNet, x: Value) -> Value:
    """The inputs as the first layer takes them, computed in float64."""
    shift, scale, bend = (array.astype(np.float64) for array in (net.shift, net.scale, net.bend))
    if not shift.any() and (scale == 1).all() and not bend.any():
        return x
    z = graph.add("Sub", graph.cast(x, np.float64), graph.constant(shift))
    z = graph.add("Mul", z, graph.constant(scale))
    return bent(graph, graph.clip(z, -LARGEST, LARGEST), bend) if bend.any() else z


def _encoded(graph: OnnxGraph, net: TrainedNet, z: Value) -> Value:
    """Scaled inputs with the components of encoded ones behind them, float64."""
    if net.encoding is None:
        return z
    if isinstance(net.encoding, PeriodicEncoding):
        return _periodic(graph, net.encoding, graph.cast(z, np.float64))
    edges = net.encoding.edges.astype(np.float64)
    places = np.repeat(net.encoding.columns.astype(np.int64), net.encoding.bins)
    z = graph.cast(z, np.float64)
    passed = graph.add("Gather", z, graph.constant(places), axis=1)
    passed = graph.add("Sub", passed, graph.constant(edges[:, :-1].ravel()))
    passed = graph.add("Mul", passed, graph.constant(inverse_widths(edges[:, :-1], edges[:, 1:]).ravel()))
    return graph.add("Concat", z, graph.clip(passed, 0.0, 1.0), axis=1)


def _periodic(graph: OnnxGraph, encoding: PeriodicEncoding, z: Value) -> Value:
    """Scaled inputs with sums of cosines of encoded ones behind them, float64."""
    w, p, a, c = (each.astype(np.float64) for each in encoding.trained)
    chosen = graph.add("Gather", z, graph.constant(encoding.columns.astype(np.int64)), axis=1)  # [N, E]
    chosen = graph.add("Unsqueeze", graph.add("Transpose", chosen, perm=[1, 0]), graph.constant(np.array([2])))
    turns = graph.add("Mul", chosen, graph.constant(2 * np.pi * w[:, None]))  # [E, N, F]
    waves = graph.add("Cos", graph.add("Add", turns, graph.constant(p[:, None])))
    parts = graph.add("MatMul", waves, graph.constant(a.swapaxes(1, 2)))  # [E, N, O]
    parts = graph.add("Transpose", graph.add("Add", parts, graph.constant(c[:, None])), perm=[1, 0, 2])
    parts = graph.add("Reshape", parts, graph.constant(np.array([-1, c.size])))
    return graph.add("Concat", z, parts, axis=1)


def bent(graph: OnnxGraph, z: Value, bend: Any) -> Value:
    """z / sqrt(1 + (z * bend)^2) in float64."""
    squares = graph.add("Mul", *[graph.add("Mul", z, graph.constant(bend))] * 2)
    return graph.add("Div", z, graph.add("Sqrt", graph.add("Add", squares, graph.constant(1.0))))


def _layers(graph: OnnxGraph, net: TrainedNet, h: Value, precision: Any) -> Value:
    """The outputs of the last layer."""
    for layer, (weight, bias) in enumerate(zip(net.weights, net.biases, strict=True)):
        constants = (graph.constant(array.astype(precision)) for array in (weight, bias))
        h = graph.add("Gemm", h, *constants, transB=1)
        if layer < len(net.activations):
            name, slope, z = net.activations[layer], net.slopes[layer], h
            h = _prelu(graph, h, precision, slope) if slope is not None else ACTIVATIONS[name](graph, h, precision)
            if net.mixtures:
                share = net.mixtures[layer].astype(precision)
                parts = ((h, share), (z, 1 - share))
                h = graph.add("Add", *(graph.add("Mul", part, graph.constant(each)) for part, each in parts))
    return h


def _prelu(graph: OnnxGraph, z: Value, precision: Any, slope: float) -> Value:
    positive = graph.add("Greater", z, graph.constant(precision(0)))
    return graph.add("Where", positive, z, graph.add("Mul", z, graph.constant(precision(slope))))


def _softplus(graph: OnnxGraph, z: Value, precision: Any) -> Value:
    """max(z, 0) + log(1 + exp(-|z|)): ONNX Runtime has Softplus in float32 alone."""
    powers = graph.add("Exp", graph.add("Neg", graph.add("Abs", z)))
    logs = graph.add("Log", graph.add("Add", powers, graph.constant(precision(1))))
    return graph.add("Add", graph.add("Relu", z), logs)


def _elu(graph: OnnxGraph, z: Value, precision: Any, alpha: float = 1.0) -> Value:
    positive = graph.add("Greater", z, graph.constant(precision(0)))
    powers = graph.add("Exp", graph.add("Min", z, graph.constant(precision(0))))
    below = graph.add("Sub", powers, graph.constant(precision(1)))
    if alpha != 1:
        below = graph.add("Mul", below, graph.constant(precision(alpha)))
    return graph.add("Where", positive, z, below)


def _selu(graph: OnnxGraph, z: Value, precision: Any) -> Value:
    return graph.add("Mul", _elu(graph, z, precision, SELU_ALPHA), graph.constant(precision(SELU_SCALE)))


def _gelu(graph: OnnxGraph, z: Value, precision: Any) -> Value:
    """z (1 + erf(z / sqrt 2)) / 2; erf is computed in float32, in which alone ONNX Runtime has it."""
    small = graph.cast(graph.add("Mul", z, graph.constant(precision(np.sqrt(0.5)))), np.float32)
    erf = graph.cast(graph.add("Erf", small), precision)
    half = graph.add("Mul", z, graph.constant(precision(0.5)))
    return graph.add("Mul", half, graph.add("Add", erf, graph.constant(precision(1))))


def _times(gate: Callable[[OnnxGraph, Value, Any], Value]) -> Callable[[OnnxGraph, Value, Any], Value]:
    return lambda graph, z, precision: graph.add("Mul", z, gate(graph, z, precision))


def _one(operator: str, **attributes: Any) -> Callable[[OnnxGraph, Value, Any], Value]:
    return lambda graph, z, _: graph.add(operator, z, **attributes)


ACTIVATIONS: dict[str, Callable[[OnnxGraph, Value, Any], Value]] = {
    "identity": lambda _graph, z, _precision: z,
    "relu": _one("Relu"),
    "sigmoid": _one("Sigmoid"),
    "tanh": _one("Tanh"),
    "leaky-relu": _one("LeakyRelu", alpha=LEAK),
    "elu": _elu,
    "selu": _selu,
    "gelu": _gelu,
    "silu": _times(_one("Sigmoid")),
    "softplus": _softplus,
    "mish": _times(lambda graph, z, precision: graph.add("Tanh", _softplus(graph, z, precision))),
}


def _finished(graph: OnnxGraph, net: TrainedNet, z: Value) -> Value:
    """Probabilities, or numbers in the targets' own unit, float64 [N, C], of a net's outputs."""
    z = graph.cast(z, np.float64)
    if net.task == "classification":
        return graph.add("Softmax", z, axis=1)
    if net.task == "multilabel":
        return graph.add("Sigmoid", z)
    if net.link == "exp":
        return graph.add("Exp", z)
    if (net.target_scale != 1).any():
        z = graph.add("Div", z, graph.constant(net.target_scale.astype(np.float64)))
    if net.target_shift.any():
        z = graph.add("Add", z, graph.constant(net.target_shift.astype(np.float64)))
    return z if net.transform is None else _inverse(graph, net.transform, z)


def _inverse(graph: OnnxGraph, transform: TargetTransform, t: Value) -> Value:
    """Targets in their own unit of transformed ones, float64 [N, C] both; see `goodfit.data.target_transform`."""
    columns = []
    for place, kind in enumerate(transform.kinds):
        shape, unit, least, largest = transform.numbers[place].astype(np.float64)
        own = graph.clip(graph.add("Gather", t, graph.constant([place]), axis=1), least, largest)  # [N, 1]
        if kind == "log":
            own = graph.add("Exp", own)
        elif kind == "log1p":
            own = graph.expm1(own)
        elif kind == "yeo-johnson":
            own = _from_power(graph, own, float(shape), float(unit))
        elif kind == "quantile" and transform.knots is not None:
            own = _interpolated(graph, own, *transform.knots[:, place].astype(np.float64))
        columns.append(own)
    return columns[0] if len(columns) == 1 else graph.add("Concat", *columns, axis=1)


def _from_power(graph: OnnxGraph, t: Value, shape: float, unit: float) -> Value:
    """The inverse of Yeo and Johnson's transform."""
    size = graph.add("Abs", t)

    def grown(power: float) -> Value:
        logs = size
        if power != 0:
            inner = graph.add("Mul", size, graph.constant(power))
            inner = graph.add("Max", inner, graph.constant(2.0**-23 - 1))
            logs = graph.add("Div", graph.log1p(inner), graph.constant(power))
        return graph.add("Mul", graph.expm1(logs), graph.constant(unit))

    positive = graph.add("GreaterOrEqual", t, graph.constant(0.0))
    return graph.add("Where", positive, grown(shape), graph.add("Neg", grown(2 - shape)))


def _interpolated(graph: OnnxGraph, t: Value, places: Any, values: Any) -> Value:
    """Linear interpolation of [N, 1] between knots, as `np.interp`: each piece gives what t passes of it."""
    if len(places) == 1:
        return graph.add("Add", graph.add("Mul", t, graph.constant(0.0)), graph.constant(values[0]))
    widths, rises = np.diff(places), np.diff(values)
    slopes = np.divide(rises, widths, out=np.zeros_like(rises), where=widths > 0)
    passed = graph.clip(graph.add("Sub", t, graph.constant(places[:-1])), np.zeros_like(widths), widths)
    risen = graph.add("MatMul", passed, graph.constant(slopes[:, None]))
    return graph.add("Add", risen, graph.constant(values[0]))
