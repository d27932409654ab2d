"""Trains one hidden layer of many widths on several functions (4.1.1.2), beside deeper nets and nets built by hand."""

from typing import Any

import numpy as np

from goodfit.studies.declaring import Columns, Measured, Tell
from goodfit.studies.estimates import exactly, ratio_of, unmeasured
from goodfit.studies.parameters import Given
from goodfit.studies.populations import train
from goodfit.studies.tabulating import cells, columns, table_of
from goodfit.studies.universal_approximation.nets import as_large, built, parameters_of, values_of
from goodfit.studies.universal_approximation.study import DEEP_FROM, NOT_DEEP
from goodfit.studies.universal_approximation.targets import BEYOND, GRID, NAMES, TARGETS, Numbers, TargetFunction
from goodfit.training import Examples, Recipe

CONTINUOUS = slice(0, 4)  # of the targets; the step, and the formula that was given, come after
STEP, FORMULA = 4, 5
POINTS = 256  # that nets learn from
BASE = Recipe(init="torch", init_bias="torch", dropout=0.0, optimizer="adam", batch_size=32, valid=0)


def measure(given: Given, tell: Tell) -> Measured:
    """Train one hidden layer of every width, and deeper nets as large, on every target; build others by hand."""
    targets = [TargetFunction(text) for text in (*TARGETS.values(), given.formula)]
    widths = sorted(given.widths)
    deep = [(units, as_large(units, layers)) for layers in (2, 3) for units in widths if units >= DEEP_FROM]
    shapes = [(units, (units,)) for units in widths] + deep
    base = BASE.replace(activation=given.activation, learning_rate=given.learning_rate, epochs=given.epochs)
    recipes = [base.replace(hidden=hidden) for _, hidden in shapes]
    sets = [target.examples(POINTS) for target in targets for _ in given.all_seeds]
    tell(f"{len(recipes) * len(sets)} nets of {widths[0]} to {widths[-1]} units")
    examples = Examples.stacked(sets, {"train": np.arange(POINTS, dtype=np.int32)})
    found = train(recipes, examples, [*given.all_seeds] * len(targets), score_every=given.epochs)
    errors, beyond = np.zeros((len(shapes), len(targets), given.seeds, 2)), np.zeros((len(targets), given.seeds))
    for shape, nets in enumerate(found.nets):
        for place, net in enumerate(nets):
            target, seed = divmod(place, given.seeds)
            errors[shape, target, seed] = targets[target].errors(values_of(net, given.activation, GRID))
            if shape == len(widths) - 1:
                beyond[target, seed] = targets[target].errors(values_of(net, given.activation, BEYOND), BEYOND)[0]
    by_hand = np.array(
        [[each.errors(values_of(built(each, units), "relu", GRID)) for each in targets] for units in widths]
    )
    shown = sorted({0, len(widths) // 3, len(widths) - 1})
    fits = {
        (at, widths[shape]): values_of(found.nets[shape][at * given.seeds], given.activation, GRID)
        for at in range(len(targets))
        for shape in shown
    }
    return Measured(
        tables={"errors": _errors(shapes, errors, by_hand), "fits": _fits(targets, fits)},
        claims=_claims(len(widths), errors, beyond, by_hand),
        arrays={"formula": given.formula},
    )


def _errors(shapes: list[tuple[int, tuple[int, ...]]], errors: Numbers, by_hand: Numbers) -> Columns:
    """errors: [shapes, targets, S, 2]; by_hand: [widths, targets, 2]."""
    return table_of(
        [
            {
                "target": name,
                "hidden": "-".join(map(str, hidden)),
                "layers": len(hidden),
                "units": units,
                "parameters": parameters_of(hidden),
                **cells("rms", ratio_of(errors[shape, at, :, 0])),
                **cells("largest", ratio_of(errors[shape, at, :, 1])),
                "hand_rms": by_hand[shape, at, 0] if len(hidden) == 1 else None,
                "hand_largest": by_hand[shape, at, 1] if len(hidden) == 1 else None,
            }
            for at, name in enumerate(NAMES)
            for shape, (units, hidden) in enumerate(shapes)
        ]
    )


def _fits(targets: list[TargetFunction], fits: dict[tuple[int, int], Numbers]) -> Columns:
    drawn = np.linspace(0, len(GRID) - 1, 251).round().astype(int)
    lines = {**{(at, 0): each(GRID) for at, each in enumerate(targets)}, **fits}
    rows = [
        (NAMES[at], units, *point)
        for (at, units), values in sorted(lines.items(), key=lambda each: each[0])
        for point in zip(GRID[drawn].tolist(), targets[at].unscaled(values)[drawn].tolist(), strict=True)
    ]
    return columns(("target", "units", "x", "value"), rows)


def _claims(widths: int, errors: Numbers, beyond: Numbers, by_hand: Numbers) -> dict[str, Any]:
    """widths: how many of the shapes have one layer, the widest of which is the last."""
    rms, largest = errors[..., 0], errors[..., 1]
    smooth = np.log(rms[:, CONTINUOUS]).mean(1)  # of the geometric mean over continuous targets, [shapes, S]
    wide, worst = widths - 1, rms[widths - 1, CONTINUOUS].max(0)
    deep = list(range(widths, len(rms)))
    two = deep[len(deep) // 2 - 1] if deep else None
    return {
        "approximates": ratio_of(worst),
        "exists": exactly(by_hand[-1, CONTINUOUS, 1].max()),
        "any-function": ratio_of(largest[wide, STEP]),
        "learned": ratio_of(worst, by_hand[-1, CONTINUOUS, 0].max()),
        "deeper": unmeasured(NOT_DEEP) if two is None else ratio_of(np.exp(smooth[two] - smooth[wide])),
        "wider": ratio_of(np.exp(smooth[wide] - smooth[0])),
        "step-in-the-mean": exactly(by_hand[-1, STEP, 0]),
        "bounded": ratio_of(np.exp(np.log(beyond[CONTINUOUS]).mean(0) - smooth[wide])),
        "formula": ratio_of(rms[wide, FORMULA]),
    }
