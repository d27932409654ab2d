"""The net as its training began, drawn again."""

from dataclasses import replace

import numpy as np

from goodfit.data import Split
from goodfit.data.periodic import PeriodicEncoding
from goodfit.models.quantile_head import split_head
from goodfit.models.quantiles import levels_in
from goodfit.models.trained_net import TrainedNet
from goodfit.nets.activations import ACTIVATIONS
from goodfit.nets.embedding import embedded_inputs
from goodfit.nets.forms import folded
from goodfit.training.embeddings import blocks_of, categories_of, embedded, initial_vectors
from goodfit.training.examples import row_weights
from goodfit.training.initialise import initial_layers, initial_waves, rows_to_fit
from goodfit.training.recipe import Recipe
from goodfit.training.recipe_rules import last_width, levels_of


def initial_net(recipe: Recipe, net: TrainedNet, parts: Split | None) -> TrainedNet | None:
    """The net as its training began, drawn again from recipe and seed; None where the recipe is of another shape.

    parts: the rows that it learned from, to which its weights may have been fitted; None where they are unknown.
    """
    own = net.sizes[1:-1], net.activations, levels_in(net)
    if (recipe.hidden, recipe.activations, levels_of(recipe)) != own:
        return None
    recipe, x = recipe.replace(seed=net.seed), None
    begun = _begun(recipe, net)
    if recipe.init_data != "none":
        if parts is None:
            return None
        weights = row_weights(parts.data)
        rows = parts.train if weights is None else parts.train[weights[parts.train] > 0]
        x = begun.entered(parts.data.x[rows_to_fit(recipe, rows)], np.float64)
    blocks = blocks_of(recipe, categories_of(net.preprocessing))
    x = None if x is None else embedded(x, recipe, blocks)
    inputs = embedded_inputs(net.first_inputs, blocks)
    layers = initial_layers(recipe, inputs, last_width(recipe, net.n_outputs), x)
    made = folded([w for w, _ in layers], [1.0] * len(layers), None, initial_vectors(recipe, blocks), blocks)
    drawn = split_head(made, [b for _, b in layers], levels_of(recipe))
    slopes = tuple(ACTIVATIONS[name].slope for name in net.activations)
    shares = tuple(map(np.ones_like, net.mixtures))
    return replace(begun, weights=drawn[0], biases=drawn[1], head=drawn[2], slopes=slopes, mixtures=shares)


def _begun(recipe: Recipe, net: TrainedNet) -> TrainedNet:
    """The net with the periodic encoding that it began with, where it has one."""
    if not isinstance(net.encoding, PeriodicEncoding):
        return net
    bare = net.encoding.bare
    return replace(net, encoding=bare.of(initial_waves(recipe, bare)))
