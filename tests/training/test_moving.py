"""Nets that are moved in the middle of their training end as those that were not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from goodfit.data import load, split
from goodfit.training import Cohort, Examples, Fitted, Job, Recipe, cohort_of, fit
from goodfit.training.moving import NetState, lay_states, take_states
from goodfit.training.settings import schedule_of

EPOCHS, MOVED = 6, 2
EXAMPLES = Examples.of_split(split(load("moons", n_train=120, n_test=4)))


def jobs(optimizer: str) -> list[Job]:
    """Nets of several depths, so that every cohort below is padded otherwise, with two seeds each."""
    made: dict[str, Any] = {"activation": "prelu", "optimizer": optimizer, "epochs": EPOCHS, "keep_best": False}
    if optimizer != "lbfgs":
        made |= {"batch_size": 32, "schedule": "cosine", "warmup": 3.0, "dropout": 0.2}
    own: list[dict[str, Any]] = [{"hidden": (8,)}, {"hidden": (3, 5)}, {"hidden": (16, 4, 4)}]
    if optimizer == "adamw":
        made |= {"weight_decay": 0.3, "decay_schedule": "flat-cosine", "dropout_schedule": "flat-cosine"}
    if optimizer == "sgd":
        own = [own[0] | {"momentum": 0.9}, own[1] | {"clip_norm": 1.0}, own[2] | {"l1": 1e-3, "momentum": 0.5}]
    if optimizer == "lbfgs":
        own = own[:2]  # a line search at every depth takes long to compile
    recipes = [Recipe(**made, **each, patience=0) for each in own]
    return [Job(recipe.replace(seed=seed)) for recipe in recipes for seed in (0, 1)]


def until(job: Job, epoch: int) -> Job:
    return replace(job, recipe=job.recipe.replace(epochs=epoch, warmup=0.0), schedule=schedule_of(job), length=EPOCHS)


def moved(all_jobs: Sequence[Job], keep: Sequence[int], devices: int) -> Fitted:
    """Train all, then go on with some of them in a cohort of their own."""
    first = cohort_of([until(job, MOVED) for job in all_jobs], EXAMPLES, 2)
    states: list[NetState] = take_states(fit(first).state, first)
    then: Cohort = cohort_of([all_jobs[net] for net in keep], EXAMPLES, devices)
    return fit(then, start=(MOVED, lay_states([states[net] for net in keep], then)))


@pytest.mark.parametrize("optimizer", ["sgd", "adamw", "rmsprop", "lbfgs"])
def test_a_net_goes_on_in_a_smaller_cohort_as_in_its_first(optimizer: str) -> None:
    """The momentum, the clipping and the padding that only nets without a place need are gone from the program."""
    nets = jobs(optimizer)
    whole = fit(cohort_of(nets, EXAMPLES, 2))
    places = {"sgd": [([2, 5, 4], 1), ([0, 1, 2], 2), ([3], 1)], "lbfgs": [([3], 1)]}  # each is a program to compile
    for keep, devices in places.get(optimizer, [([2, 5, 4], 1)]):
        found = moved(nets, keep, devices)
        assert found.stopped_epoch.tolist() == [EPOCHS] * len(keep)
        for place, net in enumerate(keep):
            alone = whole.nets[net]
            for one, other in zip(found.nets[place].weights, alone.weights, strict=True):
                np.testing.assert_allclose(one, other, atol=1e-5)
            for one, other in zip(found.nets[place].biases, alone.biases, strict=True):
                np.testing.assert_allclose(one, other, atol=1e-5)
            assert found.nets[place].slopes == pytest.approx(alone.slopes, abs=1e-5)


def test_in_a_cohort_of_the_same_shape_the_bits_are_the_same() -> None:
    nets = jobs("sgd")
    whole, found = fit(cohort_of(nets, EXAMPLES, 2)), moved(nets, range(len(nets)), 2)
    for one, other in zip(found.nets, whole.nets, strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(one.weights, other.weights, strict=True))


def test_a_net_that_was_frozen_stays_where_it_was() -> None:
    nets = jobs("adam")
    first = cohort_of([until(job, MOVED) for job in nets], EXAMPLES, 2)
    states = take_states(fit(first).state, first)
    frozen = {**states[0], "frozen": np.asarray(True)}
    then = cohort_of([nets[0], nets[1]], EXAMPLES, 1)
    found = fit(then, start=(MOVED, lay_states([frozen, states[1]], then)))
    assert found.frozen.tolist() == [True, False]
    assert found.stopped_epoch.tolist() == [MOVED, EPOCHS]
    np.testing.assert_array_equal(found.nets[0].weights[0], states[0]["parameters.weights.0"])
