"""All that is measured of a net: forward, backward, updates, Jacobians, curvature, variance; one table a net."""

import math
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from jaxtyping import Float

from goodfit.arguments import public
from goodfit.inspection.curvature import largest_eigenvalue
from goodfit.inspection.jacobians import Jacobians, jacobians
from goodfit.inspection.passes import Passes, run_passes
from goodfit.inspection.precision import SMALLEST, overflows, underflows
from goodfit.inspection.subject import Subject
from goodfit.inspection.symmetry import TwinUnits, find_twins
from goodfit.inspection.updates import update_ratios
from goodfit.inspection.variances import LayerVariance, predicted_of
from goodfit.models.trained_net import TrainedNet
from goodfit.nets.activations import ACTIVATIONS, SATURATED_DERIVATIVE
from goodfit.training.recipe import Recipe

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)  # of the bands in figures
RANK_TOLERANCE = 1e-6  # of the largest singular value: what float32 can tell from 0


@dataclass(frozen=True)
class LayerMeasure:
    """What was measured of one layer. nan: does not apply, or is not known. Shares are fractions of 1.

    mean, variance: of the activations (of the outputs, for the last layer) over rows and units; signal: mean square of
    z; saturated: share of values where |f'| < 0.01; dead: share of units whose f' is 0 in float32 on every row; rank,
    effective_rank: of the centred activations over the rows. weight_gradient: norm of the mean loss's gradient;
    z_gradient, activation_gradient: root mean square over rows of the norm of the row's own; ratio: z_gradient to that
    of the next layer; zeros: share of the z gradients that are exactly 0; underflow, overflow: share of them that
    float32 would lose, or could not hold. update: |step| / |weights| of the recipe's optimiser. jacobian_largest,
    jacobian_median: singular values of the layer's Jacobian, mean over rows. weight_variance: of the entries about 0.
    twins: share of units with an equal or sign-flipped one.
    """

    layer: int
    name: str
    activation: str
    inputs: int
    units: int
    mean: float
    variance: float
    signal: float
    saturated: float
    dead: float
    rank: int
    effective_rank: float
    weight_gradient: float
    z_gradient: float
    activation_gradient: float
    ratio: float
    zeros: float
    underflow: float
    overflow: float
    update: float
    jacobian_largest: float
    jacobian_median: float
    weight_variance: float
    twins: float


@dataclass(frozen=True, eq=False, repr=False)
class Measurement:
    """A net, measured.

    subject: the net with the rows
    epoch: whose weights these are, 0 for the initial ones, None where it is not known.
    layers: one a layer, the outputs last
    passes: the raw values
    twins: of every hidden layer
    jacobians: singular values of each layer and of the net, at some rows
    expected: what the recipe's initialiser predicts, a layer each, or None
    sharpness: the Hessian's largest eigenvalue, nan where it was not asked for
    stable: 2 / learning rate, which it must not exceed for gradient descent, nan for other optimisers.
    """

    subject: Subject
    epoch: int | None
    layers: tuple[LayerMeasure, ...]
    passes: Passes
    twins: tuple[TwinUnits, ...]
    jacobians: Jacobians
    expected: tuple[LayerVariance, ...] | None
    sharpness: float
    stable: float

    @property
    def loss(self) -> float:
        """The mean loss of the rows, without penalties."""
        return self.passes.loss

    @property
    def hidden(self) -> tuple[LayerMeasure, ...]:
        """The hidden layers."""
        return self.layers[:-1]

    @property
    def gradient_norm(self) -> float:
        """The norm of the gradient over all weights."""
        return math.sqrt(sum(layer.weight_gradient**2 for layer in self.layers))

    def to_json(self) -> dict[str, Any]:
        """Everything but the raw values, as JSON has it."""
        return {
            "epoch": self.epoch,
            "loss": self.loss,
            "gradient_norm": self.gradient_norm,
            "sharpness": self.sharpness,
            "stable_below": self.stable,
            "growth": self.jacobians.growth,
            "net_log_singular_values": self.jacobians.net.mean(0).tolist(),
            "layers": [
                {each.name: getattr(layer, each.name) for each in fields(LayerMeasure)} for layer in self.layers
            ],
            "expected": None if self.expected is None else [vars(each) for each in self.expected],
        }


@public
def measure(
    subject: Subject, recipe: Recipe | None = None, *, epoch: int | None = None, curvature: bool = True
) -> Measurement:
    """Measure a net.

    subject: a net with rows, as `subject_of` gives it
    recipe: what it is, or was, trained by; without one, updates and predictions are not known.
    epoch: whose weights these are, 0 for the initial ones, None where it is not known
    curvature: whether the Hessian's largest eigenvalue is looked for, which takes longer than all else.
    """
    net, passes = subject.net, run_passes(subject)
    found = jacobians(net, passes)
    updates = (math.nan,) * len(net.weights) if recipe is None else update_ratios(net, passes, recipe)
    twins = tuple(
        find_twins(w, b, g, c)
        for w, b, g, c in zip(
            net.weights[:-1], net.biases[:-1], passes.weight_gradients, passes.bias_gradients, strict=False
        )
    )
    expected = None
    if recipe is not None and recipe.hidden == net.sizes[1:-1]:
        expected = tuple(predicted_of(recipe, net, subject.x))
    layers = tuple(_layer(subject, passes, found, updates, twins, layer) for layer in range(len(net.weights)))
    sgd = recipe is not None and recipe.optimizer == "sgd" and recipe.momentum == 0
    return Measurement(
        subject=subject,
        epoch=epoch,
        layers=layers,
        passes=passes,
        twins=twins,
        jacobians=found,
        expected=expected,
        sharpness=largest_eigenvalue(subject) if curvature else math.nan,
        stable=2.0 / recipe.learning_rate if recipe is not None and sgd else math.nan,
    )


def _layer(
    subject: Subject,
    passes: Passes,
    found: Jacobians,
    updates: tuple[float, ...],
    twins: tuple[TwinUnits, ...],
    layer: int,
) -> LayerMeasure:
    net = subject.net
    last = layer == len(net.activations)
    values = passes.z[layer] if last else passes.a[layer]
    gradient = passes.z_gradients[layer]
    after = math.nan if last else row_norm(passes.z_gradients[layer + 1])
    singular = found.layers[layer]
    with np.errstate(over="ignore", invalid="ignore"):
        return LayerMeasure(
            layer=layer,
            name="output" if last else f"hidden {layer + 1}",
            activation="" if last else net.activations[layer],
            inputs=net.weights[layer].shape[1],
            units=net.weights[layer].shape[0],
            mean=float(values.mean()),
            variance=float(values.var()),
            signal=float((passes.z[layer] ** 2).mean()),
            saturated=math.nan if last else saturated_in(net, layer, passes),
            dead=math.nan if last else float((np.abs(passes.slopes_z[layer]) < SMALLEST).all(axis=1).mean()),
            rank=_rank(values),
            effective_rank=effective_rank(values),
            weight_gradient=float(np.linalg.norm(passes.weight_gradients[layer])),
            z_gradient=row_norm(gradient),
            activation_gradient=math.nan if last else row_norm(passes.a_gradients[layer]),
            ratio=row_norm(gradient) / after if after > 0 else math.nan,
            zeros=float((gradient == 0).mean()),
            underflow=underflows(gradient),
            overflow=overflows(gradient),
            update=updates[layer],
            jacobian_largest=float(singular[:, 0].mean()),
            jacobian_median=float(np.median(singular, axis=1).mean()),
            weight_variance=float((net.weights[layer].astype(np.float64) ** 2).mean()),
            twins=math.nan if last else float(twins[layer].exact.mean()),
        )


def row_norm(gradient: Float[np.ndarray, "H B"]) -> float:
    """Root mean square over the rows of the norm of each row's gradient."""
    return float(np.sqrt((gradient**2).sum(0).mean()))


def saturated_in(net: TrainedNet, layer: int, passes: Passes) -> float:
    """`saturated_share` of a hidden layer; of mixtures, whose limits are not the activation's, by their derivatives."""
    if net.mixtures:
        return float((np.abs(passes.slopes_z[layer]) < SATURATED_DERIVATIVE).mean())
    return saturated_share(net.activations[layer], passes.z[layer])


def saturated_share(name: str, z: Float[np.ndarray, "H B"]) -> float:
    """The share of values beyond the activation's own limits, where it passes on less than 0.01 of a gradient."""
    below, above = ACTIVATIONS[name].saturation
    outside = np.zeros(z.shape, bool)
    if below is not None:
        outside |= z < below
    if above is not None:
        outside |= z > above
    return float(outside.mean())


def _rank(values: Float[np.ndarray, "H B"]) -> int:
    singular = _centred_singular_values(values)
    return int((singular > RANK_TOLERANCE * singular[0]).sum()) if singular[0] > 0 else 0


def effective_rank(values: Float[np.ndarray, "H B"]) -> float:
    """The exponential of the entropy of the singular values as shares of their sum: Roy & Vetterli (2007).

    Of the activations less their mean over the rows; 0 where they do not depend on the row.
    """
    singular = _centred_singular_values(values)
    if not singular[0] > 0:
        return 0.0
    shares = singular / singular.sum()
    shares = shares[shares > 0]
    return float(np.exp(-(shares * np.log(shares)).sum()))


def _centred_singular_values(values: Float[np.ndarray, "H B"]) -> np.ndarray:
    """Largest first, up to a common factor; zeros where nothing varies beyond rounding, or values are not finite."""
    centred = values - values.mean(1, keepdims=True)
    size = float(np.abs(values).max())
    if not np.isfinite(size) or float(np.abs(centred).max()) <= 1e-13 * size:
        return np.zeros(1)
    shape = centred.shape
    unit = centred / np.abs(centred).max()
    gram = unit @ unit.T if shape[0] <= shape[1] else unit.T @ unit
    return np.asarray(np.sqrt(np.maximum(np.linalg.eigvalsh(gram), 0.0))[::-1])
