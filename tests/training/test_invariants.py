"""What holds whatever the population: a net's result is its own, not its neighbours', its place's or its padding's."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from engine_reference import PLAIN, check_same, fit32, fit64, make_examples, train
from hypothesis import given, settings
from hypothesis import strategies as st

from goodfit.training.batches import RowOrder
from goodfit.training.cohort import cohort_of
from goodfit.training.devices import doubles, prepare
from goodfit.training.examples import Examples
from goodfit.training.fitting import Fitted, fit
from goodfit.training.population import Job
from goodfit.training.recipe import Recipe

LAST = PLAIN.replace(keep_best=False)

# Two nets that are always there, so that every drawn population has one and the same program.
WIDE = LAST.replace(
    hidden=(6, 5),
    momentum=0.5,
    l1=0.01,
    penalize_biases=True,
    clip_norm=2.0,
    label_smoothing=0.1,
    class_weight=(1.0, 2.0, 0.5),
    dropout=0.1,
    input_dropout=0.1,
)
SHALLOW = LAST.replace(hidden=(3,))
SEEDS = [0, 0, 1, 1, 2, 2]  # three groups of two nets
WEIGHTS = np.random.default_rng(8).uniform(0.1, 2.0, (3, 32))
WEIGHTS[1, ::3] = 0.0

rates = st.floats(0.0, 0.8)
drawn_recipes = st.builds(
    lambda hidden, fields: LAST.replace(hidden=tuple(hidden), **fields),
    st.tuples(st.integers(1, 5)) | st.tuples(st.integers(1, 6), st.integers(1, 5)),
    st.fixed_dictionaries(
        {
            "learning_rate": st.floats(1e-3, 0.3),
            "momentum": rates,
            "l1": st.floats(0.0, 0.1),
            "l2": st.floats(0.0, 0.5),
            "penalize_biases": st.booleans(),
            "label_smoothing": rates,
            "dropout": rates,
            "input_dropout": rates,
            "clip_norm": st.none() | st.floats(0.05, 5.0),
            "class_weight": st.none() | st.just("balanced") | st.tuples(*[st.floats(0.1, 3.0)] * 3),
            "init": st.sampled_from(["torch", "orthogonal", "he-uniform"]),
            "epochs": st.integers(1, 3),
        }
    ),
)


def same_bits(a: Any, b: Any) -> bool:
    """Two nets, weight for weight."""
    return all(np.array_equal(x, y) for x, y in zip([*a.weights, *a.biases], [*b.weights, *b.biases], strict=True))


def check_same_results(a: Fitted, b: Fitted, places: Any = None, **near: float) -> None:
    """Metrics and weights are equal; net i of a is net places[i] of b."""
    places = np.arange(len(a.nets)) if places is None else places
    np.testing.assert_allclose(a.metrics, b.metrics[:, :, places], **near)
    for i, j in enumerate(places):
        for x, y in zip([*a.nets[i].weights, *a.nets[i].biases], [*b.nets[j].weights, *b.nets[j].biases], strict=True):
            np.testing.assert_allclose(x, y, **near)


def population(recipes: list[Recipe], seeds: list[int]) -> list[Job]:
    each = [WIDE, SHALLOW, *recipes]
    return [
        Job(recipe.replace(seed=seed), number % 3)
        for number, (recipe, seed) in enumerate(zip(each, seeds, strict=True))
    ]


@settings(max_examples=12)
@given(st.lists(drawn_recipes, min_size=4, max_size=4), st.permutations(SEEDS))
def test_a_net_of_a_population_is_the_net_alone(recipes: list[Recipe], seeds: list[int]) -> None:
    """Widths, depths, rates, penalties, dropout, row weights: against a net in NumPy that is alone."""
    examples = make_examples(weights=WEIGHTS)
    jobs = population(recipes, seeds)
    fitted = fit64(jobs, examples)
    for number, job in enumerate(jobs):
        check_same(fitted, number, train(job.recipe, examples, job.rows), tolerance=1e-8)


@settings(max_examples=6)
@given(st.lists(drawn_recipes, min_size=4, max_size=4), st.permutations(range(6)))
def test_the_order_of_a_population_permutes_its_results(recipes: list[Recipe], order: list[int]) -> None:
    jobs = population(recipes, SEEDS)
    examples = make_examples(weights=WEIGHTS)
    before, after = fit64(jobs, examples), fit64([jobs[number] for number in order], examples)
    check_same_results(after, before, np.asarray(order), rtol=1e-9, atol=1e-12)


MIXED = [
    LAST.replace(
        hidden=(6, 5), dropout=0.3, activation="relu", label_smoothing=0.1, l2=0.01, penalize_biases=True, patience=50
    ),
    LAST.replace(hidden=(3,), learning_rate=0.3, activation="relu"),
    LAST.replace(hidden=(2, 4), momentum=0.9, seed=1, activation="relu"),
]


@pytest.fixture(scope="module")
def plain() -> Fitted:
    return fit32([Job(recipe.replace(epochs=20)) for recipe in MIXED], make_examples())


def test_alone_by_its_own_program(plain: Fitted) -> None:
    """Of its own sizes, without the features that only the others need; a few epochs, before rounding has grown."""
    alone = fit32([Job(MIXED[2].replace(epochs=20))], make_examples())
    np.testing.assert_allclose(alone.metrics[:5, :, 0], plain.metrics[:5, :, 2], rtol=1e-5)
    assert (alone.best_epoch[0], alone.stopped_epoch[0]) == (plain.best_epoch[2], plain.stopped_epoch[2]) == (20, 20)


def test_the_same_seed_gives_the_same_bits_twice(plain: Fitted) -> None:
    again = fit32([Job(recipe.replace(epochs=20)) for recipe in MIXED], make_examples())
    np.testing.assert_array_equal(plain.metrics, again.metrics)
    assert all(map(same_bits, plain.nets, again.nets))


@pytest.mark.parametrize("seconds", [0.0, 1e-3, 1e9])
def test_results_do_not_depend_on_where_chunks_end(plain: Fitted, seconds: float) -> None:
    ends: list[int] = []
    jobs = [Job(recipe.replace(epochs=20)) for recipe in MIXED]
    again = fit32(jobs, make_examples(), chunk_seconds=seconds, report=lambda report: ends.append(report.epoch))
    np.testing.assert_array_equal(plain.metrics, again.metrics)
    assert all(map(same_bits, plain.nets, again.nets))
    assert ends == {0.0: list(range(1, 21)), 1e9: [1, 20]}.get(seconds, ends)
    assert ends[-1] == 20


def test_a_training_goes_on_from_any_chunk_with_the_same_bits(plain: Fitted) -> None:
    jobs, examples = [Job(recipe.replace(epochs=20)) for recipe in MIXED], make_examples()
    kept: dict[int, Any] = {}
    fit32(jobs, examples, chunk_seconds=0.0, report=lambda report: kept.update({report.epoch: report.snapshot()}))
    for done in (1, 7, 19):
        again = fit32(jobs, examples, start=(done, kept[done]))
        np.testing.assert_array_equal(again.metrics, plain.metrics[done:])
        assert all(map(same_bits, plain.nets, again.nets))


def test_a_row_of_weight_zero_is_a_row_left_out() -> None:
    """All rows in one batch, so that what differs is the weight alone."""
    whole = make_examples()
    left_out = whole.train[::4]
    weights = np.ones((1, 32))
    weights[0, left_out] = 0.0
    recipe = LAST.replace(batch_size=64, class_weight="balanced", l2=0.1)
    fitted = fit64([Job(recipe)], replace(whole, weights=weights))
    fewer = replace(whole, train=np.setdiff1d(whole.train, left_out).astype(np.int32))
    check_same(fitted, 0, train(recipe, fewer))


def test_a_row_of_weight_zero_may_hold_anything() -> None:
    whole = make_examples()
    weights = np.ones((1, 32))
    weights[0, whole.train[3]] = 0.0
    x = whole.x.copy()
    x[whole.train[3]] = 1e30
    jobs = [Job(LAST.replace(activation="relu"))]
    fitted = fit32(jobs, replace(whole, weights=weights))
    check_same_results(fit32(jobs, replace(whole, x=x, weights=weights)), fitted, rtol=0.0, atol=0.0)


def folded() -> tuple[Examples, np.ndarray[Any, Any]]:
    """24 rows in 4 folds, and the fold of every row."""
    folds = np.random.default_rng(4).permutation(np.arange(24, dtype=np.int32) % 4)
    return replace(make_examples(), train=np.arange(24, dtype=np.int32), parts={}).with_folds(folds), folds


def test_a_fold_of_weight_zero_is_a_training_on_the_other_folds() -> None:
    """With the shared batches cut down to the other folds' rows."""
    examples, folds = folded()  # a job's `rows` is the fold that it leaves out, and is scored on
    recipe = LAST.replace(batch_size=6, momentum=0.5)
    jobs = [Job(recipe.replace(learning_rate=rate), rows) for rate in (0.1, 0.3) for rows in range(4)]
    fitted = fit64(jobs, examples)
    for number, job in enumerate(jobs):
        check_same(fitted, number, train(job.recipe, examples, job.rows))

    def without(fold: int) -> Any:
        """A loop over the other folds' rows alone, of unit weight, in the shared batches."""
        rest = replace(examples, weights=None, parts={}, part_weights={})
        order = np.where(folds[np.maximum(shared, 0)] == fold, -1, shared)
        assert ((order >= 0).sum(2) == 6).all()  # every net learns from the batch that it asked for
        return train(recipe, rest, order=order)

    shared = RowOrder(examples.train, 6, recipe.seed, folds[:24]).epochs(0, recipe.epochs)
    for fold in range(4):
        check_same(fitted, fold, without(fold), valid=False)


def test_a_batch_without_a_row_of_weight_is_no_step() -> None:
    """One fold is larger: in the last batch of an epoch only its rows are left, which its own net does not train on."""
    folds = np.array([0] * 7 + [1] * 6 + [2] * 6 + [3] * 6, np.int32)
    examples = replace(make_examples(), train=np.arange(25, dtype=np.int32), parts={}).with_folds(folds)
    recipe = LAST.replace(batch_size=6, momentum=0.5, l2=0.1)
    jobs = [Job(recipe, rows) for rows in range(4)]
    cohort = cohort_of(jobs, examples, 1)
    last = cohort.chunk(0, 1).order[0, 0, -1]  # [groups, rows]: the nets of a fold are a group
    assert (last[cohort.grid.place[0, 1]] == -1).all()
    for job in (1, 2, 3):
        rows = last[cohort.grid.place[job, 1]]
        assert folds[rows[rows >= 0]].tolist() == [0]
    assert cohort.program.may_be_weightless
    fitted = fit64(jobs, examples)
    for number, job in enumerate(jobs):
        check_same(fitted, number, train(job.recipe, examples, job.rows))


def test_rows_that_a_net_leaves_out_are_not_in_its_batches() -> None:
    examples, folds = folded()
    cohort = cohort_of(
        [Job(LAST.replace(batch_size=6, seed=seed), rows) for seed in (0, 1) for rows in (2, 0)], examples, 1
    )
    order = cohort.chunk(0, 1).order[0, 0]  # [steps, groups, rows]
    assert (cohort.program.batch, cohort.program.uses_row_weights, order.shape) == (6, False, (3, 4, 6))
    for job, place in zip(cohort.jobs, cohort.grid.place, strict=True):
        np.testing.assert_array_equal(np.sort(order[:, place[1]].ravel()), np.flatnonzero(folds != job.rows))
    assert cohort.seeds[0].tolist() == [0, 0, 1, 1]


def test_rows_that_count_in_part_stay_in_the_batches() -> None:
    examples, _ = folded()
    assert examples.weights is not None
    examples = replace(examples, weights=examples.weights * WEIGHTS[0])
    jobs = [Job(LAST.replace(batch_size=6), rows) for rows in range(4)]
    assert cohort_of(jobs, examples, 1).program.uses_row_weights
    fitted = fit64(jobs, examples)
    for number, job in enumerate(jobs):
        check_same(fitted, number, train(job.recipe, examples, job.rows))


def test_groups_in_turn_or_step_by_step_give_the_same() -> None:
    examples = make_examples()
    jobs = [
        Job(LAST.replace(dropout=0.2, seed=seed, l2=l2, epochs=2 + seed)) for seed in (0, 1, 2) for l2 in (0.0, 0.1)
    ]
    cohort = cohort_of(jobs, examples, 1, np.float64)
    assert (cohort.grid.shape, cohort.program.in_turn) == ((1, 3, 2), False)
    with doubles(True):
        found = [fit(replace(cohort, program=replace(cohort.program, in_turn=turn))) for turn in (False, True)]
    check_same_results(*found, rtol=1e-12, atol=1e-12)


def test_nets_of_one_seed_share_rows_and_start_and_others_do_not() -> None:
    jobs = [Job(LAST.replace(seed=seed, l2=l2)) for seed in (0, 1) for l2 in (0.0, 0.1)]
    cohort = cohort_of(jobs, make_examples(), 1)
    assert cohort.grid.shape == (1, 2, 2)
    first = cohort.grid.take(cohort.initial_parameters().weights[0])
    np.testing.assert_array_equal(first[0], first[1])
    np.testing.assert_array_equal(first[2], first[3])
    assert (first[0] != first[2]).all()
    order = cohort.chunk(0, 2).order[0]  # [epochs, steps, groups, rows]
    assert (order[:2, :, 0] != order[:2, :, 1]).any()


@pytest.mark.skipif(prepare() < 2, reason="needs two devices")
@pytest.mark.parametrize("seeds", [[0] * 6, [0, 1, 2, 3, 4]], ids=["nets", "groups"])
def test_over_two_devices(seeds: list[int]) -> None:
    """Nets of a group, or whole groups with a place that no net takes, are shared by the devices."""
    examples = make_examples()
    recipes = [LAST.replace(seed=seed, learning_rate=0.02 * (i + 1), l2=0.1) for i, seed in enumerate(seeds)]
    jobs = [Job(recipe) for recipe in recipes]
    assert cohort_of(jobs, examples, 2).program.devices == 2
    fitted = fit64(jobs, examples, devices=2)
    for number, recipe in enumerate(recipes):
        check_same(fitted, number, train(recipe, examples))
