"""Whole trainings, epoch by epoch, against the NumPy loops of `engine_reference`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from engine_reference import PLAIN, check_same, fit64, make_examples, train

from goodfit.training.cohort import cohort_of
from goodfit.training.fitting import metric_names
from goodfit.training.population import Job

LAST = PLAIN.replace(keep_best=False)  # so that the weights compared are those of the last epoch

SGD = {  # all of them one population of one program
    "plain": {},
    "momentum": {"momentum": 0.9, "learning_rate": 0.05},
    "l2": {"l2": 0.3},
    "l2 on biases": {"l2": 0.3, "penalize_biases": True},
    "l1": {"l1": 0.2},
    "strong l1": {"l1": 1.0},
    "l1 on biases": {"l1": 0.2, "penalize_biases": True},
    "l1 and l2 and momentum": {"l1": 0.05, "l2": 0.1, "momentum": 0.5},
    "clipping": {"clip_norm": 0.2},
    "clipping that is never needed": {"clip_norm": 1e3},
    "smoothing": {"label_smoothing": 0.2},
    "class weights": {"class_weight": (0.5, 2.0, 1.0)},
    "a class without weight": {"class_weight": (0.0, 2.0, 1.0), "label_smoothing": 0.1},
    "balanced": {"class_weight": "balanced"},
    "step": {"schedule": "step", "schedule_rate": 0.5, "schedule_epochs": 0.8},
    "exponential": {"schedule": "exponential", "schedule_rate": 0.5, "schedule_epochs": 2.0},
    "cosine": {"schedule": "cosine", "final_rate": 0.1},
    "flat cosine": {"schedule": "flat-cosine", "final_rate": 0.2, "warmup": 0.5},
    "four waves": {"schedule": "coslog4"},
    "one-cycle": {"schedule": "one-cycle", "final_rate": 0.01},
    "warmup": {"warmup": 1.3},
    "warmup and cosine": {"warmup": 0.5, "schedule": "cosine"},
    "another seed": {"seed": 7},
    "more epochs": {"epochs": 5},
    "fewer epochs": {"epochs": 1},
    "cosine of fewer epochs": {"epochs": 2, "schedule": "cosine"},
    "dropout": {"dropout": 0.4, "seed": 3},
    "input dropout": {"input_dropout": 0.3, "seed": 4},
    "both dropouts": {"input_dropout": 0.2, "dropout": 0.7},
    "dropouts that fall": {"input_dropout": 0.2, "dropout": 0.7, "dropout_schedule": "flat-cosine", "epochs": 5},
}


@pytest.fixture(scope="module")
def mixed() -> Any:
    return fit64([Job(LAST.replace(**changes)) for changes in SGD.values()], make_examples())


@pytest.mark.parametrize("case", SGD)
def test_sgd_in_one_population(mixed: Any, case: str) -> None:
    recipe = LAST.replace(**SGD[case])
    net = list(SGD).index(case)
    check_same(mixed, net, train(recipe, make_examples()))
    assert np.isnan(mixed.metrics[recipe.epochs :, :, net]).all()
    assert mixed.stopped_epoch[net] == recipe.epochs


def test_l1_gives_exact_zeros_and_l2_does_not(mixed: Any) -> None:
    def zeros(case: str) -> float:
        return np.mean([(w == 0).mean() for w in mixed.nets[list(SGD).index(case)].weights])

    assert zeros("strong l1") > 0.5
    assert zeros("l1") > 0
    assert zeros("l2") == 0


ALONE = {  # programs without the features that the population above always has
    "no hidden layer": ("classification", {"hidden": ()}),
    "nesterov, two layers": (
        "classification",
        {"hidden": (5, 4), "activation": ("relu", "sigmoid"), "momentum": 0.8, "nesterov": True},
    ),
    "batch of all": ("classification", {"batch_size": 23, "l2": 0.1}),
    "batch beyond all": ("classification", {"batch_size": 64}),
    "lion": ("classification", {"optimizer": "lion", "learning_rate": 0.01, "weight_decay": 0.5, "l1": 0.1}),
    "squared": ("regression", {}),
    "absolute": ("regression", {"loss": "absolute-error"}),
    "several labels": ("multilabel", {"label_smoothing": 0.1, "clip_norm": 0.3}),
    "dropout of units alone": ("classification", {"dropout": 0.4}),
    "dropout of inputs alone": ("classification", {"input_dropout": 0.3}),
}


@pytest.mark.parametrize("case", ALONE)
def test_alone(case: str) -> None:
    task, changes = ALONE[case]
    recipe, examples = LAST.replace(**changes), make_examples(task)
    check_same(fit64([Job(recipe)], examples), 0, train(recipe, examples))


def test_names_of_the_metrics() -> None:
    cohort = cohort_of([Job(LAST)], make_examples(), 1)
    assert metric_names(cohort.program.parts) == ("train_loss", "train_score", "valid_loss", "valid_score")


def test_without_biases() -> None:
    recipe, examples = LAST.replace(bias=False, init_bias="zeros", l2=0.1), make_examples("regression", parts={})
    alone = fit64([Job(recipe)], examples)
    x = ((examples.x - 1.0) * 0.5)[examples.train].astype(float)
    y = ((examples.y - 0.25) * 0.5)[examples.train].astype(float)
    assert all((b == 0).all() for b in alone.nets[0].biases)
    assert alone.metrics.shape == (3, 2, 1)
    hidden = np.tanh(x @ alone.nets[0].weights[0].T) @ alone.nets[0].weights[1].T
    assert np.mean((hidden - y) ** 2) < np.mean(y**2)


HUBER = [{"huber_delta": 0.1}, {"huber_delta": 0.5, "momentum": 0.5}, {"huber_delta": 100.0}]


def test_huber_with_a_delta_for_each_net() -> None:
    recipes = [LAST.replace(loss="huber", **changes) for changes in HUBER]
    examples = make_examples("regression")
    fitted = fit64([Job(recipe) for recipe in recipes], examples)
    for net, recipe in enumerate(recipes):
        check_same(fitted, net, train(recipe, examples))


def test_row_weights_of_training_and_of_scoring() -> None:
    rng = np.random.default_rng(0)
    weights = rng.uniform(0, 3, (3, 32))
    weights[1, ::2] = 0.0
    examples = make_examples(weights=weights, part_weights={"valid": weights[::-1] + 0.1})
    recipes = [LAST, LAST.replace(class_weight=(1.0, 3.0, 2.0)), LAST.replace(seed=1)]
    jobs = [Job(recipe, rows) for recipe in recipes for rows in range(3)]
    fitted = fit64(jobs, examples)
    for net, job in enumerate(jobs):
        check_same(fitted, net, train(job.recipe, examples, job.rows))


ADAPTIVE = [
    {"optimizer": "adamw", "learning_rate": 0.02, "weight_decay": 0.5},
    {"optimizer": "adamw", "learning_rate": 0.02, "weight_decay": 0.5, "penalize_biases": True, "beta1": 0.5},
    {"optimizer": "adamw", "learning_rate": 0.02, "l1": 0.3, "beta2": 0.9, "epsilon": 0.1, "schedule": "cosine"},
    {"optimizer": "adamw", "learning_rate": 0.02, "weight_decay": 0.9, "decay_schedule": "flat-cosine"}
    | {"penalize_biases": True, "schedule": "coslog4"},
    {"optimizer": "rmsprop", "learning_rate": 0.01},
    {"optimizer": "rmsprop", "learning_rate": 0.01, "beta2": 0.5, "epsilon": 0.1, "clip_norm": 0.1},
]


@pytest.mark.parametrize("optimizer", ["adamw", "rmsprop"])
def test_adaptive_optimisers_in_one_population(optimizer: str) -> None:
    recipes = [LAST.replace(**changes) for changes in ADAPTIVE if changes["optimizer"] == optimizer]
    examples = make_examples()
    fitted = fit64([Job(recipe) for recipe in recipes], examples)
    for net, recipe in enumerate(recipes):
        check_same(fitted, net, train(recipe, examples))
