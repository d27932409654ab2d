"""Measures activations (4.1.2): their derivatives, what they cost, and how fast nets learn with them."""

from typing import Any

import numpy as np

from goodfit.studies.activations.facts import costs, mean_output, saturated, with_derivative
from goodfit.studies.activations.timing import nanoseconds, ratio
from goodfit.studies.activations.trials import TRAINED, trials
from goodfit.studies.declaring import Columns, Measured, Tell
from goodfit.studies.estimates import exactly, mean_share, median_of, ratio_of
from goodfit.studies.parameters import Given
from goodfit.studies.tabulating import QUANTILES, cells, columns, table_of

NAMES = (
    *("relu", "sigmoid", "tanh", "leaky-relu", "prelu", "elu"),
    *("selu", "gelu", "silu", "softplus", "mish", "identity"),
)
Z = np.linspace(-8, 8, 161)  # the notes' torch.arange(-8.0, 8.0, 0.1), and its end
WAYS = ("forward", "both")
WIDTHS = (1, 4)  # standard deviations for which saturation is told
FAR = 10.0  # where a sigmoid is all but flat


def measure(given: Given, tell: Tell) -> Measured:
    """Draw every activation, time it, train with three of them."""
    tell(f"every activation timed in {given.rounds} rounds")
    seconds = costs(NAMES, given.rounds)
    curves = {name: with_derivative(name, Z) for name in NAMES}
    far = {name: np.abs(with_derivative(name, [-FAR, FAR])[1]).max() for name in ("sigmoid", "tanh")}
    epochs, losses, units, gradients = trials(given, tell)
    best = {name: int(np.lexsort((losses[name][:, :, -1].mean(1), np.median(epochs[name], 1)))[0]) for name in TRAINED}
    first = {name: epochs[name][best[name]] for name in TRAINED}
    return Measured(
        tables={
            "facts": table_of([_facts(name, seconds) for name in NAMES]),
            "curves": _curves(curves),
            "training": _training(given, epochs, losses, units),
            "losses": _losses(losses, best),
        },
        claims={
            "passes-or-blocks": exactly(float(np.isin(curves["relu"][1], (0.0, 1.0)).mean())),
            "kink": exactly(float(np.subtract(*with_derivative("relu", [1e-9, -1e-9])[1]))),
            "kink-matters": mean_share(units[1][best["relu"]]),
            "relu-eases": ratio_of(gradients["relu"], gradients["sigmoid"]),
            "relu-cheap": ratio(
                np.minimum(seconds["sigmoid", "forward"], seconds["tanh", "forward"]), seconds["relu", "forward"]
            ),
            "exponential": ratio(seconds["exp", "one"], seconds["multiply", "one"]),
            "sigmoid-flat": exactly(far["sigmoid"]),
            "tanh-flat": exactly(far["tanh"]),
            "sigmoid-mean": exactly(mean_output("sigmoid")),
            "tanh-mean": exactly(mean_output("tanh")),
            "tanh-faster": median_of(first["tanh"] / first["sigmoid"]),
            "relu-faster": median_of(first["relu"] / first["sigmoid"]),
            "dead": mean_share(units[0][-1]),
        },
    )


def _facts(name: str, seconds: dict[tuple[str, str], Any]) -> dict[str, Any]:
    facts: dict[str, Any] = {"name": name, "mean": mean_output(name)}
    facts |= {f"saturated_{width}": saturated(name, width) for width in WIDTHS}
    for way in WAYS:
        against = ratio(seconds[name, way], seconds["relu", way])
        facts |= {way: nanoseconds(seconds[name, way]), **cells(f"{way}_ratio", against)}
    return facts


def _curves(curves: dict[str, Any]) -> Columns:
    return {
        "name": [name for name in curves for _ in Z],
        "z": [*Z] * len(curves),
        "value": np.concatenate([value for value, _ in curves.values()]).tolist(),
        "derivative": np.concatenate([slope for _, slope in curves.values()]).tolist(),
    }


def _training(given: Given, epochs: dict[str, Any], losses: dict[str, Any], units: tuple[Any, Any]) -> Columns:
    rows = []
    for name in TRAINED:
        for at, rate in enumerate(sorted(given.rates)):
            found, last = median_of(epochs[name][at]), np.median(losses[name][at, :, -1])
            learned = float((epochs[name][at] <= given.epochs).mean())
            dead = float(units[0][at].mean()) if name == "relu" else None
            rows.append((name, rate, found.value, found.low, found.high, learned, last, dead))
    return columns(("name", "rate", "epochs", "low", "high", "learned", "loss", "dead"), rows)


def _losses(losses: dict[str, Any], best: dict[str, int]) -> Columns:
    rows = [
        (name, epoch, *band)
        for name in TRAINED
        for epoch, band in enumerate(
            np.quantile(losses[name][best[name]], QUANTILES, axis=0, method="nearest").T.tolist(), start=1
        )
    ]
    return columns(("name", "epoch", "low", "median", "high"), rows)
