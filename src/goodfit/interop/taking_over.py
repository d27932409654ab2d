"""Layers of a net from elsewhere, one after another, and the goodfit model that they make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from goodfit.data.dataset import Task
from goodfit.errors import InputError, Problems, problem
from goodfit.models.model_file import DESCRIBED, Model
from goodfit.models.trained_net import Link, TrainedNet
from goodfit.training.recipe import Recipe

Ending = Literal["linear", "sigmoid", "softmax"]
HOMOGENEOUS = ("identity", "relu", "leaky-relu", "prelu")  # f(c z) = c f(z), c > 0: dropout may come before or after
TASKS = "classification, multilabel or regression"


@dataclass
class Layer:
    """A linear layer and what follows it. weight: [out, in]; bias: [out]; name: where it was, for people."""

    name: str
    weight: NDArray[Any]
    bias: NDArray[Any] | None
    activation: str | None = None
    slope: float | None = None
    dropout: float = 0.0
    followed_by: str = ""


@dataclass
class Layers:
    """What was taken over so far. input_dropout: before the first layer; softmax: the last of all, as it was named."""

    problems: Problems
    found: list[Layer] = field(default_factory=list)
    input_dropout: float = 0.0
    softmax: str = ""

    def refuse(self, name: str, rule: str, fix: str = "") -> None:
        """Note that a layer cannot be taken over."""
        self.problems.add(f"Layer {name}", rule, fix=fix)

    def linear(self, name: str, weight: NDArray[Any], bias: NDArray[Any] | None) -> None:
        """A linear layer."""
        if self.found and weight.shape[1] != len(self.found[-1].weight):
            rule = f"takes {weight.shape[1]} inputs, but the layer before it has {len(self.found[-1].weight)} outputs"
            self.refuse(name, rule)
        self.found.append(Layer(name, weight, bias))

    def activation(self, name: str, kind: str, slope: float | None = None) -> None:
        """An activation, which belongs to the linear layer before it."""
        if not self.found:
            self.refuse(name, "comes before the first linear layer", "Apply it to the data before they come in.")
        elif self.found[-1].activation is not None:
            self.refuse(
                name, f"follows another activation, {self.found[-1].followed_by}", "Put a linear layer between."
            )
        else:
            last = self.found[-1]
            if last.dropout and kind not in HOMOGENEOUS:
                self.refuse(name, f"follows the dropout of layer {last.name}", "Put the dropout behind the activation.")
            last.activation, last.slope, last.followed_by = kind, slope, name

    def dropout(self, name: str, rate: float) -> None:
        """Dropout; two in a row drop what either drops."""
        if not 0 <= rate < 1:
            self.refuse(name, f"has the rate {rate:g}, which must be >= 0 and < 1", "Leave it out.")
        elif not self.found:
            self.input_dropout = _either(self.input_dropout, rate)
        else:
            self.found[-1].dropout = _either(self.found[-1].dropout, rate)

    def ending(self) -> Ending:
        """How it ends; what stands behind the last linear layer and is no part of a net is refused."""
        last = self.found[-1]
        if last.dropout:
            self.refuse(last.name, "is the last one, and must not have dropout behind it", "Leave the dropout out.")
        if last.activation == "sigmoid" and not self.softmax:
            return "sigmoid"
        if last.activation is not None:
            fix = (
                "End with a linear layer: leave it out if predictions do not need it, or add a linear layer behind it."
            )
            self.refuse(last.followed_by, "comes after the last linear layer", fix)
        return "softmax" if self.softmax else "linear"


def _either(one: float, other: float) -> float:
    """The rate of two dropouts in a row."""
    return 1 - (1 - one) * (1 - other) if one and other else one or other


def model_from(
    layers: Layers,
    where: str,
    *,
    task: str | None,
    classes: Sequence[Any] | None,
    link: Link = "identity",
    fields: dict[str, Any] | None = None,
    described: dict[str, Any] | None = None,
) -> Model:
    """The model that layers make; one InputError names all that cannot be taken over.

    where: what they came from, for people and for the model's `about`
    task, classes: None where the layers are to tell them
    fields: of the TrainedNet, such as shift and scale
    described: fields of the recipe beside its layers
    """
    problems = layers.problems
    if not layers.found:
        if not problems.found:
            problems.add(where, "must have at least one linear layer")
        problems.raise_if_any()
    ending = layers.ending()
    found = _task(ending, len(layers.found[-1].weight), task, where, problems)
    problems.raise_if_any()
    if found == "classification" and len(layers.found[-1].weight) == 1:
        _as_two_classes(layers.found[-1])
    weights = [layer.weight for layer in layers.found]
    names = _classes(found, len(weights[-1]), classes, where, problems)
    problems.raise_if_any()
    hidden = layers.found[:-1]
    net = TrainedNet(
        tuple(weights),
        tuple(np.zeros(len(each.weight), np.float32) if each.bias is None else each.bias for each in layers.found),
        tuple(each.activation or "identity" for each in hidden),
        found,
        classes=names,
        slopes=tuple(each.slope for each in hidden),
        link=link,
        **(fields or {}),
    )
    recipe = _recipe(layers, net, described or {})
    return Model((net,), {"from": where, DESCRIBED: recipe.to_dict()})


def _task(ending: Ending, outputs: int, task: str | None, where: str, problems: Problems) -> Task:
    """What a net is for, by its last layer and by what was said."""
    own: Task | None = None
    if ending == "softmax":
        own = "classification"
        if outputs == 1:
            problems.add(where, "softmax over a single output is always 1", fix="Use a sigmoid, or two outputs.")
    elif ending == "sigmoid":
        own = "classification" if outputs == 1 and task != "multilabel" else "multilabel"
    if task not in (None, "classification", "multilabel", "regression"):
        problems.add(where, f"'task' must be {TASKS}", got=task)
    elif task is None and own is None:
        fix = "With cross-entropy or a logistic loss: task='classification'. With squared error: task='regression'."
        problems.add(where, f"ends in a linear layer, so 'task' must be given: {TASKS}", fix=fix)
    elif own is not None and task not in (None, own):
        fix = f"Give task={own!r}, or leave out the {ending} at the end."
        problems.add(where, f"'task' must fit the {ending} over {outputs} outputs at the end", got=task, fix=fix)
    chosen: Any = task or own or "regression"
    return chosen  # type: ignore[no-any-return]


def _as_two_classes(last: Layer) -> None:
    """One logit s as the two of a softmax, -s/2 and s/2: of equal probability s/2 - (-s/2) = s.

    Halving is exact in floating point, so that the difference of the two has the bits of s; and the two stay opposite
    in a training that goes on.
    """
    half = last.weight / 2
    last.weight = np.concatenate([-half, half])
    if last.bias is not None:
        last.bias = np.concatenate([-last.bias / 2, last.bias / 2])


def _classes(task: str, outputs: int, given: Sequence[Any] | None, where: str, problems: Problems) -> tuple[str, ...]:
    if task == "regression":
        if given is not None:
            problems.add(where, "'classes' must be left out for regression", got=given)
        return ()
    names = tuple(map(str, range(outputs) if given is None else given))
    if len(names) != outputs or len(set(names)) < len(names):
        rule = f"'classes' must be {outputs} different names, in the order of the outputs"
        problems.add(where, rule, got=list(names))
    return names


def _recipe(layers: Layers, net: TrainedNet, more: dict[str, Any]) -> Recipe:
    """A recipe with the layers of a net: what it would be trained by from anew, or further."""
    hidden = layers.found[:-1]
    activations, rates = net.activations, tuple(each.dropout for each in hidden)
    one = len(set(activations)) == 1
    return Recipe(
        **{
            "hidden": net.sizes[1:-1],
            "activation": activations[0] if one else activations or "relu",
            "dropout": rates[0] if len(set(rates)) == 1 else rates or 0.0,
            "input_dropout": layers.input_dropout,
            "bias": any(each.bias is not None for each in layers.found),
            **more,
        }
    )


def checked_scale(shift: Any, scale: Any, inputs: int, where: str) -> dict[str, NDArray[np.float32]]:
    """(x - shift) * scale as fields of a net; InputError where they are not one number, or one for each input."""
    found, problems = dict[str, NDArray[np.float32]](), Problems()
    for name, given in (("shift", shift), ("scale", scale)):
        try:
            array = np.asarray(given, np.float64)
        except (TypeError, ValueError):
            array = np.full(0, np.nan)
        if array.shape not in ((), (1,), (inputs,)) or not np.isfinite(array).all() or (name == "scale" and 0 in array):
            rule = (
                f"{name!r} must be a finite number{', not 0,' * (name == 'scale')} or one for each of {inputs} inputs"
            )
            problems.add(where, rule, got=given)
        found[name] = array.astype(np.float32)
    problems.raise_if_any()
    return found


def no_such(where: str, rule: str, got: Any, fix: str = "") -> InputError:
    """The error for what is no net at all."""
    return InputError(problem(where, rule, got=got, fix=fix))
