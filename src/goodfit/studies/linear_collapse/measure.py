"""Folds linear nets, and trains nets with and without activations (4.1.1.1)."""

from typing import Any

import numpy as np

from goodfit.data import load
from goodfit.studies.common.trained import as_net
from goodfit.studies.declaring import Columns, Measured, Tell
from goodfit.studies.estimates import exactly, mean_gap, mean_of, mean_share
from goodfit.studies.linear_collapse.regions import region
from goodfit.studies.linear_collapse.straightness import (
    Numbers,
    best_line,
    fold_errors,
    least_bend,
    pair_bends,
    pair_table,
)
from goodfit.studies.parameters import Given
from goodfit.studies.populations import train
from goodfit.studies.tabulating import columns
from goodfit.training import Examples, Recipe

SETS = ("xor", "circles", "spirals")
EASY = slice(0, 2)  # xor and circles; spirals ask for more layers
PAIRED = ("identity", "relu", "tanh", "sigmoid")  # for sigma_1 and sigma_2 of the table of pairs
BASE = Recipe(dropout=0.0, optimizer="adam", schedule="constant", batch_size=50, valid=0)
FOLDED = (1, 8, 64)  # widths of the nets that are folded
DEEPEST_FOLDED = 8
SMALL = 0.01  # standard deviation of weights that keep z near 0, where smooth activations are straight
TURNS = 1.5  # of the spirals
FIRST_DEPTH = {"none": 0, "linear": 1, "relu": 1, "mixed": 2, "line": 0}
KINDS = {
    "none": "no hidden layer",
    "linear": "layers without activation",
    "relu": "layers with ReLU",
    "mixed": "two layers, two activations",
    "line": "best straight line",
}


def measure(given: Given, tell: Tell) -> Measured:
    """Fold linear nets; train nets with and without activations; look how much each layer bends."""
    tell("linear nets of every depth and width, folded")
    collapse = fold_errors(given.all_seeds[:5], range(1, DEEPEST_FOLDED + 1), FOLDED)
    scores, arrays, layer_bends = _train(given, tell)
    tell("pairs of activations")
    bends = pair_bends(PAIRED, given.all_seeds, SMALL)
    return Measured(
        tables={"accuracy": _accuracies(scores), "collapse": collapse, "pairs": pair_table(bends)},
        claims=_claims(collapse, scores, layer_bends, bends),
        arrays=arrays,
    )


def _train(given: Given, tell: Tell) -> tuple[dict[str, Numbers], dict[str, Any], Numbers]:
    """Test accuracies, kind -> [depths, sets, S]; what pictures need; how much mixed layers bend, [S]."""
    sizes = {"n_train": given.rows, "n_test": given.rows}
    more: dict[str, dict[str, Any]] = {"xor": {}, "circles": {}, "spirals": {"n_classes": 2, "turns": TURNS}}
    sets = [load(name, seed=seed, **sizes, **more[name]) for name in SETS for seed in given.all_seeds]
    rows = np.arange(2 * given.rows)
    examples = Examples.stacked(sets, {"train": rows[: given.rows], "test": rows[given.rows :]})
    base = BASE.replace(learning_rate=given.learning_rate, epochs=given.epochs)
    deep = [(given.width,) * layers for layers in range(1, given.layers + 1)]
    kinds: dict[str, tuple[Any, list[tuple[int, ...]]]] = {
        "none": ("identity", [()]),
        "linear": ("identity", deep),
        "relu": ("relu", deep),
        "mixed": ((given.first, given.second), [(given.width,) * 2]),
    }
    found = {}
    for kind, (activation, shapes) in kinds.items():
        tell(f"{len(shapes) * len(sets)} nets: {KINDS[kind]}")
        recipes = [base.replace(hidden=hidden, activation=activation) for hidden in shapes]
        found[kind] = train(recipes, examples, [*given.all_seeds] * len(SETS), score_every=given.epochs)
    scores = {
        kind: each.last("test_score").reshape(len(kinds[kind][1]), len(SETS), given.seeds)
        for kind, each in found.items()
    }
    tests = [(each.x[given.rows :].astype(float), each.y[given.rows :]) for each in sets]
    scores["line"] = np.reshape([best_line(x, y) for x, y in tests], (1, len(SETS), given.seeds))
    mixed = [as_net(net, examples, place, kinds["mixed"][0]) for place, net in enumerate(found["mixed"].nets[0])]
    bends = [least_bend(net, x) for net, (x, _) in zip(mixed, tests[: 2 * given.seeds], strict=False)]
    shown = {"linear": ("linear", -1), "one": ("relu", 0), "deep": ("relu", -1)}
    firsts = {name: at * given.seeds for at, name in enumerate(SETS)}
    regions = {
        (title, name): region(as_net(found[kind].nets[depth][at], examples, at, kinds[kind][0]), tests[at][0])
        for title, (kind, depth) in shown.items()
        for name, at in firsts.items()
    }
    arrays = {"regions": regions, "points": {name: tests[at] for name, at in firsts.items()}, "layers": given.layers}
    return scores, arrays, np.reshape(bends, (2, given.seeds)).min(0)


def _accuracies(scores: dict[str, Numbers]) -> Columns:
    rows = [
        (name, kind, depth, found.value, found.low, found.high)
        for at, name in enumerate(SETS)
        for kind, each in scores.items()
        for depth, found in enumerate(map(mean_share, each[:, at]), start=FIRST_DEPTH[kind])
    ]
    return columns(("set", "net", "layers", "mean", "low", "high"), rows)


def _claims(
    collapse: Columns, scores: dict[str, Numbers], layers: Numbers, bends: dict[tuple[str, str], Numbers]
) -> dict[str, Any]:
    none, linear, relu = (scores[kind] for kind in ("none", "linear", "relu"))
    return {
        "folds": exactly(max(collapse["folded"])),
        "simple-fails": mean_share(none[0, EASY].mean(0)),
        "no-gain": mean_gap((linear - none)[:, EASY].mean((0, 1))),
        "hidden-solves": mean_share(relu[0, EASY].min(0)),
        "more-layers": mean_gap(relu[-1, 2] - relu[0, 2]),
        "mixed-bends": mean_of(layers),
        "float32": exactly(max(collapse["single"])),
        "small-straight": mean_of(bends["tanh", "tanh"][1]),
    }
