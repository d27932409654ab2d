"""What the host may change between chunks: stop nets, and lower rates; and what a plateau does inside the program."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from engine_reference import PLAIN, make_examples
from numpy.typing import NDArray

from goodfit.training import Job, cohort_of, fit
from goodfit.training.fitting import Report, nets_of
from goodfit.training.population import Plateau


@pytest.mark.parametrize("overlaps", [False, True])
def test_a_net_that_the_host_stops_trains_no_more_and_the_others_do(overlaps: bool) -> None:
    """With `overlaps`, too, where the next chunk is on its way before the host has changed anything."""
    examples = make_examples()
    jobs = [Job(PLAIN.replace(seed=seed, epochs=6)) for seed in range(3)]
    seen: list[NDArray[np.bool_]] = []

    def stop_net_1(report: Report) -> dict[str, NDArray[Any]] | None:
        seen.append(report.active)
        return {"active": report.active & (np.arange(3) != 1)} if report.epoch == 2 else None

    stopped = fit(cohort_of(jobs, examples, 2), report=stop_net_1, chunk_seconds=0, overlaps=overlaps)
    usual = fit(cohort_of(jobs, examples, 2))
    np.testing.assert_array_equal(stopped.stopped_epoch, [6, 2, 6])
    assert len(seen) == 6  # an epoch a chunk
    np.testing.assert_array_equal(seen[2], [True, False, True])
    for net in (0, 2):
        for a, b in zip(stopped.nets[net].weights, usual.nets[net].weights, strict=True):
            np.testing.assert_array_equal(a, b)
    two = fit(cohort_of([Job(PLAIN.replace(seed=1, epochs=2))], examples, 1))
    for a, b in zip(stopped.nets[1].weights, two.nets[0].weights, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6)
    assert np.isnan(stopped.metrics[2:, :, 1]).all()


@pytest.mark.parametrize("overlaps", [False, True])
def test_the_nets_of_a_report_are_those_of_a_shorter_training(overlaps: bool) -> None:
    examples = make_examples()
    found: list[Any] = []

    def keep(report: Report) -> None:
        found.append(report.nets())

    fit(cohort_of([Job(PLAIN.replace(epochs=3))], examples, 1), report=keep, chunk_seconds=0, overlaps=overlaps)
    for epochs in (1, 2, 3):
        cohort = cohort_of([Job(PLAIN.replace(epochs=epochs))], examples, 1)
        last = nets_of(cohort, fit(cohort).state.parameters)[0]
        for a, b in zip(found[epochs - 1][0].weights, last.weights, strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("seeds", [[0], [0, 1, 2]])
def test_a_plateau_lowers_the_rate_and_stops_below_its_floor(seeds: list[int]) -> None:
    """With min_change out of reach every epoch but the first is without improvement, so that the rate falls by a half
    each time patience is over: 1, 1/2, 1/4, and at 1/4, which is not above the floor, the net stops.
    """
    examples = make_examples()
    recipe = PLAIN.replace(epochs=50, patience=2, min_change=1e6)
    jobs = [Job(recipe.replace(seed=seed), plateau=Plateau(0.5, 0.25)) for seed in seeds]
    fitted = fit(cohort_of(jobs, examples, 2))
    np.testing.assert_array_equal(fitted.stopped_epoch, 1 + 2 + 2 + 2)
    cohort = cohort_of(jobs, examples, 2)
    np.testing.assert_allclose(cohort.grid.take(fitted.state.rate), 0.25)


def test_the_rate_that_is_left_is_the_rate_of_the_steps() -> None:
    """After the rate has fallen to nearly nothing, weights stand still; before, they move."""
    examples = make_examples()
    recipe = PLAIN.replace(epochs=6, patience=2, min_change=1e6, momentum=0.0)
    jobs = [Job(recipe, plateau=Plateau(1e-30, 1e-35))]
    found: list[Any] = []

    def keep(report: Report) -> None:
        found.append(report.nets()[0].weights[0])

    fit(cohort_of(jobs, examples, 1), report=keep, chunk_seconds=0)
    assert np.abs(found[2] - found[1]).max() > 0
    np.testing.assert_array_equal(found[4], found[3])


def test_a_cohort_without_plateaus_has_no_rate() -> None:
    examples = make_examples()
    fitted = fit(cohort_of([Job(PLAIN)], examples, 1))
    assert fitted.state.rate is None


def test_a_job_may_bring_its_own_weights() -> None:
    examples = make_examples()
    given = fit(cohort_of([Job(PLAIN.replace(epochs=1))], examples, 1)).nets[0]
    other = Job(PLAIN.replace(epochs=1, seed=77), initial=given)
    cohort = cohort_of([other], examples, 1)
    start = cohort.initial_parameters()
    for laid, weight in zip(start.weights, given.weights, strict=True):
        np.testing.assert_array_equal(laid[0, 0, 0], weight)
    assert replace(other, initial=None) != other
