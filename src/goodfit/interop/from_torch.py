"""A PyTorch module as a goodfit model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from goodfit.arguments import public
from goodfit.errors import InputError, Problems, problem
from goodfit.interop.taking_over import Layers, checked_scale, model_from, no_such
from goodfit.models.model_file import Model
from goodfit.nets.activations import LEAKY_SLOPE
from goodfit.notices import warn

if TYPE_CHECKING:
    from torch import nn

WHERE = "from_torch"
PLAIN = {"ReLU": "relu", "Tanh": "tanh", "Sigmoid": "sigmoid", "SELU": "selu", "SiLU": "silu", "Mish": "mish"}
LONGEST_SOFTPLUS = 15.0  # from where on log(1 + exp(z)) may be taken as z: the difference is below 1e-6
WHAT_TO_DO = {  # the beginning of a layer's class -> the fix
    "Conv": "Keep it in PyTorch: give goodfit what comes out of it as data, and take over the layers behind it.",
    "BatchNorm": "Fold it into the Linear before it: torch.nn.utils.fusion.fuse_linear_bn_eval(linear, norm).",
    "Lazy": "Run the module once on a batch, so that it has weights.",
}
KNOWN = "Linear, Dropout, Flatten, Identity and the activations of goodfit can be taken over."


@public
def from_torch(
    module: Any,
    *,
    task: str | None = None,
    classes: Sequence[Any] | None = None,
    shift: Any = 0.0,
    scale: Any = 1.0,
) -> Model:
    """A `torch.nn.Sequential` of linear layers, activations, Dropout and Flatten, nested or not, as a goodfit model.

    The model predicts what the module does in evaluation mode, up to rounding in float32. It can be saved, inspected,
    compared, scored on a sealed test set, and trained further: `goodfit.train(model.recipe, data, start=model)`.
    module: a `torch.nn.Sequential`
    task: "classification", "multilabel" or "regression"; may be left out where the module ends in Softmax, LogSoftmax
    or Sigmoid. These are left off: the model's `predict_proba` has them.
    classes: names of the classes or labels in the order of the outputs, 0, 1, ... if None; one output of a classifier
    is the logit of the second of two classes
    shift, scale: of the inputs, a number or one for each: the module was trained on (x - shift) * scale
    InputError names every layer that cannot be taken over, and what to do about it.
    """
    try:
        from torch import nn
    except ImportError as error:
        raise InputError(problem(WHERE, "needs PyTorch", fix="Install it: pip install 'goodfit[torch]'.")) from error
    if not isinstance(module, nn.Module):
        raise no_such(WHERE, "'module' must be a torch.nn.Sequential", type(module).__name__)
    layers = Layers(Problems())
    for name, layer in _flat(module, "", layers):
        _take(name, layer, layers)
    inputs = layers.found[0].weight.shape[1] if layers.found else 1
    fields = checked_scale(shift, scale, inputs, WHERE)
    plain = np.all(fields["shift"] == 0) and np.all(fields["scale"] == 1)
    described = {"init": "torch", "scaling": "none" if plain else "auto"}
    if any(layer.bias is not None for layer in layers.found):
        described["init_bias"] = "torch"
    kind = f"torch.nn.{type(module).__name__}"
    made = model_from(layers, kind, task=task, classes=classes, fields=fields, described=described)
    _tell(layers)
    return made


def _flat(module: nn.Module, path: str, layers: Layers) -> Iterator[tuple[str, nn.Module]]:
    """(name, layer) of all layers in the order in which they are called."""
    from torch import nn

    name = f"{path!r} ({type(module).__name__})" if path else type(module).__name__
    lazy = type(module).__name__.startswith("Lazy")  # which has hooks of its own until it has seen a batch
    if not lazy and (module._forward_hooks or module._forward_pre_hooks):
        layers.refuse(name, "has hooks, which may change what it computes", "Remove them first.")
    elif "forward" in vars(module):
        layers.refuse(name, "has a forward method of its own, which cannot be read", "Delete it: del module.forward.")
    elif isinstance(module, nn.Sequential) and type(module).forward is nn.Sequential.forward:
        for key, child in module._modules.items():  # `named_children` leaves out a layer that stands there twice
            if child is not None:
                yield from _flat(child, f"{path}.{key}" if path else key, layers)
    elif next(module.children(), None) is not None and not isinstance(module, nn.Linear):
        fix = "Give an nn.Sequential of its layers in the order in which it calls them."
        layers.refuse(name, "has a forward method of its own, which cannot be read", fix)
    else:
        yield name, module


def _take(name: str, layer: nn.Module, layers: Layers) -> None:
    """Take one layer over, or say why it cannot be."""
    from torch import nn

    if layers.softmax:
        layers.refuse(layers.softmax, "must be the last layer", "Leave it out.")
        layers.softmax = ""
    kind = next((each for each in type(layer).__mro__ if each.__module__.startswith("torch.nn.modules")), nn.Module)
    if type(layer).forward is not getattr(kind, "forward", None):
        layers.refuse(name, "has a forward method of its own, which cannot be read", KNOWN)
    elif kind.__name__ in PLAIN:
        layers.activation(name, PLAIN[kind.__name__])
    elif kind.__name__ in TAKEN:
        TAKEN[kind.__name__](name, layer, layers)
    else:
        fix = next((fix for start, fix in WHAT_TO_DO.items() if kind.__name__.startswith(start)), KNOWN)
        layers.refuse(name, "cannot be taken over", fix)


def _linear(name: str, layer: Any, layers: Layers) -> None:
    tensors = [each for each in (layer.weight, layer.bias) if each is not None]
    if any(each.is_meta or each.is_complex() or each.is_quantized for each in tensors):
        layers.refuse(name, "must have weights of real numbers in memory")
        return
    layers.linear(name, _numbers(layer.weight), None if layer.bias is None else _numbers(layer.bias))


def _numbers(tensor: Any) -> NDArray[np.float32]:
    import torch

    found: NDArray[np.float32] = tensor.detach().to("cpu", torch.float32).to_dense().numpy().copy()
    return found


def _dropout(name: str, layer: Any, layers: Layers) -> None:
    layers.dropout(name, float(layer.p))


def _flatten(name: str, layer: Any, layers: Layers) -> None:
    if layer.start_dim != 1 or layer.end_dim not in (-1, 1):
        layers.refuse(name, "must flatten everything but the rows", "Use nn.Flatten().")


def _prelu(name: str, layer: Any, layers: Layers) -> None:
    slopes = _numbers(layer.weight)
    if not np.all(slopes == slopes[0]):
        layers.refuse(name, "must have one slope for all units", "Use nn.PReLU().")
    else:
        layers.activation(name, "prelu", float(slopes[0]))


def _leaky(name: str, layer: Any, layers: Layers) -> None:
    slope = float(layer.negative_slope)
    if slope == LEAKY_SLOPE:
        layers.activation(name, "leaky-relu")
    else:
        layers.activation(name, "prelu", slope)


def _only(kind: str, *, fits: Callable[[Any], bool], rule: str) -> Callable[[str, Any, Layers], None]:
    """An activation that is goodfit's with some of its settings only."""

    def take(name: str, layer: Any, layers: Layers) -> None:
        if fits(layer):
            layers.activation(name, kind)
        else:
            layers.refuse(name, f"can only be taken over with {rule}", "Train it with that.")

    return take


def _softmax(name: str, layer: Any, layers: Layers) -> None:
    if layer.dim not in (1, -1, None):
        layers.refuse(name, "must be over the outputs of a row, dim=1", "Use dim=1.")
    layers.softmax = name


def _nothing(name: str, layer: Any, layers: Layers) -> None:
    """A layer that gives what it is given."""


TAKEN: dict[str, Callable[[str, Any, Layers], None]] = {
    "Linear": _linear,
    "NonDynamicallyQuantizableLinear": _linear,
    "Dropout": _dropout,
    "Flatten": _flatten,
    "Identity": _nothing,
    "PReLU": _prelu,
    "LeakyReLU": _leaky,
    "ELU": _only("elu", fits=lambda layer: layer.alpha == 1, rule="alpha=1"),
    "CELU": _only("elu", fits=lambda layer: layer.alpha == 1, rule="alpha=1"),
    "GELU": _only("gelu", fits=lambda layer: layer.approximate == "none", rule="approximate='none'"),
    "Softplus": _only(
        "softplus",
        fits=lambda layer: layer.beta == 1 and layer.threshold >= LONGEST_SOFTPLUS,
        rule="beta=1 and the usual threshold",
    ),
    "Softmax": _softmax,
    "LogSoftmax": _softmax,
}


def _tell(layers: Layers) -> None:
    """Say what a training that goes on would do otherwise than in PyTorch; predictions are the same."""
    hidden = layers.found[:-1]
    leaky = [each.followed_by for each in hidden if each.activation == "prelu" and "LeakyReLU" in each.followed_by]
    if leaky:
        text = f"{', '.join(leaky)} became prelu with its slope, which a further training changes"
        warn(problem(WHERE, text))
    biases = [each.bias is None for each in layers.found]
    if any(biases) and not all(biases):
        without = ", ".join(each.name for each in layers.found if each.bias is None)
        warn(problem(WHERE, f"{without} has no bias: it got one of 0, which a further training changes"))
