"""Data sets one above the other: a net that has its own is the net that is trained on that set alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from engine_reference import PLAIN, check_same, fit64, train

from goodfit.data import Dataset
from goodfit.data.synthetic import linear, moons
from goodfit.errors import InputError
from goodfit.training.compile import compilations
from goodfit.training.examples import Examples
from goodfit.training.population import Job

RECIPE = PLAIN.replace(keep_best=False, hidden=(4,), momentum=0.3, epochs=3)
CLOSE = 1e-6  # scalings are kept in float32, and that of a set is put on top of that of all
PARTS = {"train": np.arange(20), "valid": np.arange(20, 26), "test": np.arange(26, 36)}


def drawn(seed: int, **changes: Any) -> Dataset:
    return moons(**{"seed": seed, "n_train": 26, "n_test": 10, **changes})


@pytest.mark.parametrize("devices", [1, 2])
@pytest.mark.parametrize("weight", [None, "balanced"])
def test_a_net_of_a_stack_is_the_net_of_its_own_set(devices: int, weight: str | None) -> None:
    """Scaling, batches, scores of parts, class weights: all come from the net's own set."""
    sets = [drawn(seed) for seed in (3, 4, 5)]
    recipe = RECIPE.replace(class_weight=weight)
    jobs = [Job(recipe.replace(seed=seed, l2=l2), rows) for rows, seed in ((2, 0), (0, 1), (1, 1)) for l2 in (0, 0.1)]
    found = fit64(jobs, Examples.stacked(sets, PARTS), devices)
    for place, job in enumerate(jobs):
        alone = fit64([Job(job.recipe)], Examples.stacked(sets[job.rows : job.rows + 1], PARTS))
        np.testing.assert_allclose(found.metrics[:, :, place], alone.metrics[:, :, 0], rtol=CLOSE)
        for ours, theirs in zip(found.nets[place].weights, alone.nets[0].weights, strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=CLOSE, atol=CLOSE)


def test_a_stack_of_one_is_plain_training_by_hand() -> None:
    """The reference in NumPy knows nothing of stacks: it gets the second set alone."""
    sets = [linear(seed=seed, n_train=23, n_test=9, n_inputs=3) for seed in (0, 1)]
    stack = Examples.stacked(sets, {"train": np.arange(23), "valid": np.arange(23, 32)})
    second = Examples.stacked(sets[1:], {"train": np.arange(23), "valid": np.arange(23, 32)})
    found = fit64([Job(RECIPE, 1)], stack)
    check_same(found, 0, train(RECIPE, second))


def test_more_data_sets_of_the_same_shape_compile_no_program_anew() -> None:
    parts = {"train": np.arange(20), "valid": np.arange(20, 36)}
    jobs = [Job(RECIPE.replace(seed=seed), seed) for seed in range(3)]
    fit64(jobs, Examples.stacked([drawn(seed) for seed in (0, 1, 2)], parts))
    before = compilations()
    fit64(jobs, Examples.stacked([drawn(seed) for seed in (7, 8, 9)], parts))
    assert compilations() == before


def test_sets_that_do_not_stack() -> None:
    with pytest.raises(InputError, match=r"stacked data sets must all have shape \(36, 2\) .*\(set 1\)"):
        Examples.stacked([drawn(0), drawn(0, n_train=27)], PARTS)
