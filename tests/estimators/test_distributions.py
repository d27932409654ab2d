"""With other seeds on either side, so that no draw is shared, goodfit's nets score as scikit-learn's do.

Twenty seeds of each library train on the same rows of a data set and are scored on its other rows. The mean scores are
compared by Welch's interval for the difference of two means whose variances may differ. There are ten comparisons, five
data sets with two solvers each; every interval has the level 1 - 0.01 / 10, so that by Bonferroni's inequality equal
libraries would pass all of them together for at least 99 % of choices of the seeds. Two things keep this from being
true of anything: the intervals are narrow, and a training with another momentum does not pass.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest
import sklearn.neural_network
from estimators_help import UNCONVERGED, forward, relu
from scipy.stats import t
from sklearn import datasets
from sklearn.metrics import r2_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

import goodfit as gf

pytestmark = UNCONVERGED

SEEDS = 20
THEIR_SEEDS, OUR_FIRST = range(SEEDS), 1000
NAMES = ("iris", "wine", "breast cancer", "digits", "diabetes")
SOLVERS = {"adam": {"learning_rate_init": 0.01}, "sgd": {"learning_rate_init": 0.05}}
LEVEL = 1 - 0.01 / (len(NAMES) * len(SOLVERS))
WIDEST = 0.05  # half an interval, in accuracy or R²: a difference of this size would be seen
SETTINGS = {"hidden_layer_sizes": (20,), "batch_size": 32, "max_iter": 25, "tol": 0.0, "n_iter_no_change": 100}


@functools.cache
def data(name: str) -> tuple[Any, ...]:
    """Rows to train on and rows to score, of at most 600."""
    x, y = getattr(datasets, f"load_{name.replace(' ', '_')}")(return_X_y=True)
    x, y = StandardScaler().fit_transform(x[:600]), y[:600]
    y = (y - y.mean()) / y.std() if name == "diabetes" else y
    train_x, test_x, train_y, test_y = train_test_split(x, y, test_size=0.4, random_state=0)
    return train_x, train_y, test_x, test_y


def kind(name: str) -> str:
    return "MLPRegressor" if name == "diabetes" else "MLPClassifier"


def score(name: str, output: Any, y: Any) -> float:
    """Accuracy of linear outputs [n, 1 or classes], or R²."""
    if name == "diabetes":
        return float(r2_score(y, output[:, 0]))
    found = output.argmax(axis=1) if output.shape[1] > 1 else output[:, 0] > 0
    return float((found == y).mean())


@functools.cache
def their_scores(name: str, solver: str) -> list[float]:
    train_x, train_y, test_x, test_y = data(name)
    make = getattr(sklearn.neural_network, kind(name))
    given = {**SETTINGS, **SOLVERS[solver], "solver": solver}
    return [make(**given, random_state=seed).fit(train_x, train_y).score(test_x, test_y) for seed in THEIR_SEEDS]


def our_scores(name: str, solver: str, **more: Any) -> list[float]:
    """Of each net of one population. Without early stopping, net i is the net that its seed alone would give."""
    train_x, train_y, test_x, test_y = data(name)
    given = {**SETTINGS, **SOLVERS[solver], "solver": solver, **more}
    fitted = getattr(gf, kind(name))(**given, random_state=OUR_FIRST, n_nets=SEEDS).fit(train_x, train_y)
    return [score(name, forward(test_x, (net.coefs, net.intercepts), [relu]), test_y) for net in fitted.nets_]


def welch(one: list[float], other: list[float]) -> tuple[float, float]:
    """(the difference of the means, half its interval at LEVEL)."""
    shares = [np.var(sample, ddof=1) / len(sample) for sample in (one, other)]
    freedom = sum(shares) ** 2 / sum(share**2 / (SEEDS - 1) for share in shares)
    return float(np.mean(one) - np.mean(other)), float(t.ppf((1 + LEVEL) / 2, freedom) * np.sqrt(sum(shares)))


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("name", NAMES)
def test_scores_are_drawn_from_the_same_distribution(name: str, solver: str) -> None:
    found, expected = our_scores(name, solver), their_scores(name, solver)
    assert np.std(found, ddof=1) > 0
    difference, half = welch(found, expected)
    assert half < WIDEST
    assert abs(difference) < half, f"{np.mean(found):.4f} here, {np.mean(expected):.4f} there, +- {half:.4f}"


def test_another_training_is_told_apart() -> None:
    """Plain gradient descent in the place of momentum 0.9: the rule above does notice."""
    difference, half = welch(our_scores("digits", "sgd", momentum=0.0), their_scores("digits", "sgd"))
    assert abs(difference) > half
