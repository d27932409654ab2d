"""How far one step of a recipe's optimiser moves the weights."""

import math
from dataclasses import replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from goodfit.inspection.passes import Passes, parameters_of
from goodfit.inspection.precision import exact
from goodfit.models.trained_net import TrainedNet
from goodfit.nets.forms import Forms, factors_of
from goodfit.nets.forward import Architecture, Parameters
from goodfit.training import optimisers
from goodfit.training.recipe import Recipe
from goodfit.training.state import Program, Rates


def update_ratios(net: TrainedNet, passes: Passes, recipe: Recipe) -> tuple[float, ...]:
    """|update| / |weights| of every layer (Frobenius norms) for the optimiser's first step at the full learning rate.

    The gradient is that of the rows of the passes together, with the recipe's L2 penalty; weight decay and L1 take
    part, momentum has not gathered yet; a trained scaling of the inputs counts as 1. inf where weights are all zero
    and move, nan for L-BFGS, whose steps have no length of their own.
    """
    if recipe.optimizer == "lbfgs":
        return (math.nan,) * len(net.weights)
    factors = factors_of(recipe.parametrization, (net.first_inputs, *net.sizes[1:]))
    with exact():
        gradients = passes.weight_gradients, passes.bias_gradients
        new, old = _first_step(program_of(recipe, net), _rates(recipe, factors), factors, parameters_of(net), gradients)
        moved = [np.linalg.norm(np.asarray(n) - np.asarray(o)) for n, o in zip(new, old, strict=True)]
        sizes = [np.linalg.norm(np.asarray(o)) for o in old]
    return tuple(
        float(move / size) if size > 0 else (math.inf if move > 0 else 0.0)
        for move, size in zip(moved, sizes, strict=True)
    )


@partial(jax.jit, static_argnums=0)  # as one program: step by step, each of a hundred operations would be compiled
def _first_step(program: Program, rates: Rates, factors: list[Array], net: Parameters, gradients: Any) -> Any:
    """Weights of every layer after the optimiser's first step, and before it, as the optimiser sees them.

    gradients: of the weights and of the biases, without penalties.
    """
    plain = [g[None, None] + rates.l2[..., None, None] * w for g, w in zip(gradients[0], net.weights, strict=True)]
    old = replace(net, weights=tuple(w / f for w, f in zip(net.weights, factors, strict=True)))
    gradient = Parameters(
        tuple(g * f for g, f in zip(plain, factors, strict=True)),
        tuple(g[None, None] for g in gradients[1]),
        jax.tree.map(jnp.zeros_like, old.slopes),
        mixtures=jax.tree.map(jnp.zeros_like, old.mixtures),
    )
    state = optimisers.initial_state(program, rates, old)
    new, _ = optimisers.step(program, rates, old, gradient, state, jnp.ones((1, 1)))
    return new.weights, old.weights


def program_of(recipe: Recipe, net: TrainedNet) -> Program:
    """The parts of a program that the optimiser reads."""
    architecture = Architecture(net.first_inputs, net.sizes[1:-1], net.n_outputs, net.activations)
    return Program(
        architecture=architecture,
        loss=recipe.loss,
        task=net.task,
        optimizer=recipe.optimizer,
        nesterov=recipe.nesterov,
        uses_momentum=recipe.momentum > 0,
        uses_l1=recipe.l1 > 0,
        uses_clipping=recipe.clip_norm is not None,
        uses_class_weights=False,
        uses_row_weights=False,
        may_be_weightless=False,
        parts=(),
        weighted_parts=(),
        monitor="train",
        keep_best=False,
        batch=1,
        steps=1,
        chunk=1,
    )


def _rates(recipe: Recipe, factors: list[float]) -> Rates:
    def one(value: float) -> Any:
        return jnp.full((1, 1), value)

    return Rates(
        learning_rate=one(recipe.learning_rate),
        momentum=one(recipe.momentum),
        beta1=one(recipe.betas[0]),
        beta2=one(recipe.betas[1]),
        epsilon=one(recipe.epsilon),
        weight_decay=one(recipe.weight_decay),
        l1=one(recipe.l1),
        l2=one(recipe.l2),
        penalize_biases=one(float(recipe.penalize_biases)),
        clip_norm=one(recipe.clip_norm or math.inf),
        factors={"biases": one(recipe.bias_rate)},
        forms=Forms(tuple(map(one, factors))) if recipe.parametrization != "standard" else Forms(),
    )
