"""Fits a cubic with enough, too few and too many terms (4.3.4)."""

import math
from typing import Any

import numpy as np

from goodfit.data import load
from goodfit.data.synthetic import POLYNOMIAL
from goodfit.studies.declaring import Columns, Measured, Tell
from goodfit.studies.estimates import exactly, mean_of, ratio_of, share_of
from goodfit.studies.parameters import Given
from goodfit.studies.polynomial.study import EDGE, FITS, NOTED
from goodfit.studies.populations import TrainedRecipes, train
from goodfit.studies.tabulating import band, by_epoch, columns, table_of
from goodfit.training import Examples, Recipe

NOTED_X = (-0.03716067, -1.1468065)  # the two rows that the notes print: x, its features, its label
NOTED_FEATURES = (
    (
        *(1.0, -3.7160669e-02, 6.9045764e-04, -8.5526226e-06, 7.9455290e-08, -5.9052235e-10, 3.6573678e-12),
        *(-1.9415747e-14, 9.0187767e-17, -3.7238198e-19, 1.3837963e-21, -4.6747996e-24, 1.4476556e-26),
        *(-4.1381425e-29, 1.0984010e-31, -2.7211542e-34, 6.3199942e-37, -1.3815009e-39, 2.8516424e-42),
        -5.6051939e-45,
    ),
    (
        *(1.0, -1.1468065, 6.5758252e-01, -2.5137332e-01, 7.2069131e-02, -1.6529869e-02, 3.1594271e-03),
        *(-5.1760738e-04, 7.4199430e-05, -9.4547095e-06, 1.0842723e-06, -1.1304095e-07, 1.0803007e-08),
        *(-9.5299690e-10, 7.8064499e-11, -5.9683248e-12, 4.2778208e-13, -2.8857840e-14, 1.8385754e-15),
        -1.1097317e-16,
    ),
)
NOTED_LABELS = (5.1432443, -0.06415121)
NOTED_NOISE = 0.1
BASE = Recipe(
    hidden=(), bias=False, init="uniform", init_scale=0.07, optimizer="sgd", schedule="constant", batch_size=10, valid=0
)
SCORED = 10  # epochs from one scoring of the test rows to the next


def measure(given: Given, tell: Tell) -> Measured:
    """Train the three fits with every seed, each on data of its own."""
    base = BASE.replace(learning_rate=given.learning_rate)
    rows = {"train": np.arange(given.rows), "test": np.arange(given.rows, given.rows + 100)}
    curves = []
    last, weights = {}, {}
    for fit, features in FITS.items():
        tell(f"{given.seeds} nets with {features} features")
        sets = [
            load("polynomial", seed=seed, n_features=features, n_train=given.rows, noise=given.noise)
            for seed in given.all_seeds
        ]
        epochs = given.long_epochs if fit == "many" else given.epochs
        found = train([base.replace(epochs=epochs)], Examples.stacked(sets, rows), given.all_seeds, score_every=SCORED)
        last[fit] = {part: found.last(f"{part}_loss")[0] for part in ("train", "test")}
        weights[fit] = found.weights(0)[:, 0]
        curves += _curves(fit, found)
    true = (*POLYNOMIAL, *[0.0] * (FITS["many"] - len(POLYNOMIAL)))
    return Measured(
        tables={"curves": table_of(curves), "weights": _weights(weights, true), "losses": _losses(last)},
        claims=_claims(given, last, weights),
        printed={f"{fit}-{at}": mean_of(weights[fit][:, at]) for fit in FITS for at in range(FITS[fit])},
    )


def _curves(fit: str, found: TrainedRecipes) -> list[dict[str, Any]]:
    """Losses of the epochs that were scored."""
    train, test = (found[f"{part}_loss"][0] for part in ("train", "test"))
    epochs = np.flatnonzero(np.isfinite(test).any(0))
    return by_epoch(epochs + 1, {"fit": fit}, train=train[:, epochs], test=test[:, epochs])


def _losses(last: dict[str, dict[str, np.ndarray]]) -> Columns:
    return table_of(
        [
            {"fit": fit, "features": FITS[fit], **band("train", each["train"]), **band("test", each["test"])}
            for fit, each in last.items()
        ]
    )


def _weights(weights: dict[str, np.ndarray], true: tuple[float, ...]) -> Columns:
    rows = []
    for fit, features in FITS.items():
        for at in range(features):
            values = weights[fit][:, at]
            low, high = np.quantile(values, (0.025, 0.975)).tolist()
            rows.append((fit, at, true[at], NOTED[fit][at], float(values.mean()), low, high))
    return columns(("fit", "power", "true", "notes", "mean", "low", "high"), rows)


def _claims(given: Given, last: dict[str, dict[str, np.ndarray]], weights: dict[str, np.ndarray]) -> dict[str, Any]:
    floor = max(given.noise**2 / 2, 1e-12)
    inside = [
        low <= NOTED[fit][at] <= high
        for fit in FITS
        for at, (low, high) in enumerate(np.quantile(weights[fit], (0.025, 0.975), axis=0).T)
    ]
    beyond = np.abs(weights["many"][:, 6:]).max(1)
    features = powers(np.array(NOTED_X), FITS["many"])
    off = np.array(NOTED_LABELS) - features[:, :4] @ np.array(POLYNOMIAL)
    return {
        "notes-features": exactly(float(np.abs(np.array(NOTED_FEATURES) / features.astype(np.float32) - 1).max())),
        "notes-labels": exactly(float(np.abs(off).max()) / NOTED_NOISE),
        "right-fits": ratio_of(last["right"]["test"], floor),
        "few-underfits": ratio_of(last["few"]["train"], floor),
        "few-both-high": ratio_of(last["few"]["test"], last["few"]["train"]),
        "many-overfits": ratio_of(last["many"]["test"], last["many"]["train"]),
        "many-worse": ratio_of(last["many"]["test"], last["right"]["test"]),
        "high-powers": share_of(beyond > EDGE),
        "notes-inside": exactly(float(np.mean(inside))),
    }


def powers(x: np.ndarray, count: int) -> np.ndarray:
    """x^i / i! for i below count, [N, count]."""
    factorials = np.array([math.factorial(i) for i in range(count)], float)
    found: np.ndarray = x[:, None] ** np.arange(count) / factorials
    return found
