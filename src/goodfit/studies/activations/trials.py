"""Deep nets of three activations on the digits: epochs until they have learned, fading gradients, dead units."""

from typing import Any

import numpy as np

from goodfit.data import load
from goodfit.inspection import subject_of
from goodfit.inspection.measuring import row_norm
from goodfit.inspection.passes import run_passes
from goodfit.studies.common.subsets import subsets
from goodfit.studies.common.trained import as_net, hidden_values
from goodfit.studies.declaring import Tell
from goodfit.studies.parameters import Given
from goodfit.studies.populations import train
from goodfit.training import Examples, Recipe
from goodfit.training.initialise import initial_layers
from goodfit.training.population import NetArrays

TRAINED = ("relu", "sigmoid", "tanh")
REACHED = 0.1  # training loss in nats that counts as learned: chance is 2.30
ROWS = 1000  # of the digits that train; the other 797 test
ORDER = 0x41C7  # of the random stream that divides the digits, beside the seed
BASE = Recipe(init="xavier-normal", dropout=0.0, optimizer="sgd", schedule="constant", batch_size=32, valid=0)


def trials(given: Given, tell: Tell) -> tuple[dict[str, Any], dict[str, Any], tuple[Any, Any], dict[str, Any]]:
    """By activation: epochs until learned [R, S], training losses [R, S, E], first gradients over last ones [S];
    of ReLU's units [R, S]: (the share that is dead, the share of inputs that are exactly 0).
    """
    data = load("digits")
    orders = [np.random.default_rng([seed, ORDER]).permutation(len(data)) for seed in given.all_seeds]
    rows = np.arange(len(data), dtype=np.int32)
    examples = subsets(data, orders, {"train": rows[:ROWS], "test": rows[ROWS:]}, "standard")
    base = BASE.replace(hidden=(given.width,) * given.layers, epochs=given.epochs)
    epochs, losses, gradients = {}, {}, {}
    for name in TRAINED:
        tell(f"{len(given.rates) * given.seeds} nets with {name}")
        recipes = [base.replace(activation=name, learning_rate=rate) for rate in sorted(given.rates)]
        found = train(recipes, examples, given.all_seeds, score_every=given.epochs)
        losses[name] = np.where(np.isfinite(found["train_loss"]), found["train_loss"], np.inf)
        reached = losses[name] <= REACHED
        epochs[name] = np.where(reached.any(-1), reached.argmax(-1) + 1.0, given.epochs + 1.0)
        gradients[name] = np.array(
            [_fading(recipes[0].replace(seed=seed), examples, at) for at, seed in enumerate(given.all_seeds)]
        )
        if name == "relu":
            units = np.array([[_units(net, examples, at) for at, net in enumerate(nets)] for nets in found.nets])
    return epochs, losses, (units[..., 0], units[..., 1]), gradients


def _fading(recipe: Recipe, examples: Examples, place: int) -> float:
    """The first hidden layer's gradient over the output layer's, before training, on 128 rows."""
    weights, biases = zip(*initial_layers(recipe, examples.x.shape[1], examples.outputs), strict=True)
    net = as_net(NetArrays(weights, biases, (None,) * len(recipe.hidden)), examples, place, recipe.activations)
    rows = examples.train[:128] + place * examples.set_rows
    passes = run_passes(subject_of(net, examples.x[rows], examples.y[rows]))
    return row_norm(passes.z_gradients[0]) / row_norm(passes.z_gradients[-1])


def _units(net: NetArrays, examples: Examples, place: int) -> tuple[float, float]:
    """Of a ReLU net's units: the share that is 0 on every training row; the share of inputs that are exactly 0."""
    whole = as_net(net, examples, place, ("relu",) * (len(net.weights) - 1))
    values = [*hidden_values(whole, examples.x[examples.train + place * examples.set_rows])]
    dead = np.concatenate([(each == 0).all(0) for each in values[1:]])
    layers = zip(values, whole.weights[:-1], whole.biases[:-1], strict=False)
    return float(dead.mean()), float(np.mean([(h @ w.T.astype(float) + b == 0).mean() for h, w, b in layers]))
