"""Early stopping, best weights and freezing: one epoch by hand, whole trainings against rules in plain Python."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from engine_reference import PLAIN, evaluate, fit32, fit64, forward, make_examples, scaled
from scipy.optimize import minimize_scalar

from goodfit.training import stopping
from goodfit.training.cohort import cohort_of
from goodfit.training.compile import fresh_state
from goodfit.training.devices import doubles
from goodfit.training.fitting import Fitted, fit
from goodfit.training.part_scores import tempered_loss
from goodfit.training.population import Job
from goodfit.training.recipe import Recipe

OVERFIT = PLAIN.replace(hidden=(12,), learning_rate=0.6, epochs=60)

WATCHED: list[dict[str, Any]] = [
    {},
    {"patience": 1},
    {"patience": 3},
    {"patience": 6},
    {"patience": 3, "min_change": 0.02},
    {"patience": 2, "min_change": 10.0},
    {"patience": 3, "monitor": "score"},
    {"patience": 5, "monitor": "score", "min_change": 0.12},
    {"monitor": "score"},
    {"epochs": 4},
    {"epochs": 9, "patience": 30},
    {"monitor": "score", "ties": "last"},
    {"monitor": "score", "ties": "last", "patience": 8},
    {"monitor": "tempered-loss"},
    {"monitor": "tempered-loss", "patience": 3, "ties": "last"},
]


def rule(values: list[float], recipe: Recipe) -> tuple[int, int]:
    """(best epoch, last epoch) from the watched value of every epoch; lower is better."""
    best, best_epoch, waited = math.inf, 0, 0
    for epoch, value in enumerate(values[: recipe.epochs], 1):
        waited = 0 if value < best - recipe.min_change else waited + 1
        if value < best or (value == best and recipe.ties == "last"):
            best, best_epoch = value, epoch
        if waited == recipe.patience > 0:
            return best_epoch, epoch
    return best_epoch, recipe.epochs


@pytest.fixture(scope="module")
def watched() -> Fitted:
    return fit64([Job(OVERFIT.replace(**changes)) for changes in WATCHED], make_examples())


def tempered(task: str, z: Any, target: Any, weight: Any) -> float:
    """The least log loss of rows at any temperature from 0.05 to 20, by SciPy."""

    def loss(at: float) -> float:
        cooled = z / np.exp(at)
        if task == "multilabel":
            return float(weight @ np.logaddexp(0, np.where(target > 0.5, -cooled, cooled)).sum(1) / weight.sum())
        return float(weight @ (np.logaddexp.reduce(cooled, axis=1) - cooled[range(len(z)), target]) / weight.sum())

    ends = np.log([0.05, 20])
    inside = minimize_scalar(loss, bounds=ends, method="bounded", options={"xatol": 1e-7})
    return min(loss(at) for at in (*ends, inside.x))


@pytest.fixture(scope="module")
def after_temperature() -> list[float]:
    """Of every epoch of the training that is watched, on validation rows."""
    nets: list[Any] = []
    examples = make_examples()
    fit64([Job(OVERFIT)], examples, report=lambda report: nets.append(report.nets()[0]), chunk_epochs=1)
    inputs, targets = scaled(examples)
    rows = examples.parts["valid"]
    outputs = [forward(OVERFIT, net, inputs[rows])[0] for net in nets]
    return [tempered("classification", z, targets[rows], np.ones(len(rows))) for z in outputs]


@pytest.mark.parametrize("net", range(len(WATCHED)))
def test_patience_best_epoch_and_end(watched: Fitted, after_temperature: list[float], net: int) -> None:
    recipe = OVERFIT.replace(**WATCHED[net])
    of_epochs = {"loss": watched.metrics[:, 2, 0], "score": -watched.metrics[:, 3, 0]}
    values = {**of_epochs, "tempered-loss": after_temperature}[recipe.monitor]
    assert len(values) == 60  # net 0 never stops, and the nets differ in when they stop alone
    best, last = rule(list(values), recipe)
    assert (watched.best_epoch[net], watched.stopped_epoch[net]) == (best, last)
    np.testing.assert_allclose(watched.metrics[:last, :, net], watched.metrics[:last, :, 0], rtol=1e-9)
    assert np.isnan(watched.metrics[last:, :, net]).all()
    # the weights that are given back are those of the best epoch
    loss, score = evaluate(recipe, make_examples(), watched.nets[net])
    assert loss == pytest.approx(watched.metrics[best - 1, 2, net], rel=1e-9)
    assert score == watched.metrics[best - 1, 3, net]


def test_the_rules_differ_on_these_curves(watched: Fitted) -> None:
    assert len(set(watched.stopped_epoch)) >= 6
    assert 1 < watched.best_epoch[0] < 60
    by_name = {str(changes): int(best) for changes, best in zip(WATCHED, watched.best_epoch, strict=True)}
    by_score, last_of_equals = ({"monitor": "score", **ties} for ties in ({}, {"ties": "last"}))
    assert by_name[str(by_score)] < by_name[str(last_of_equals)]


@pytest.mark.parametrize("task", ["classification", "multilabel"])
def test_the_loss_after_temperature_is_as_by_scipy(task: str) -> None:
    """In blocks, the last not full, with row weights of each net; overconfident nets, shy ones, and a constant one."""
    rng = np.random.default_rng(1)
    z = rng.normal(size=(3, 2, 2, 4, 5)) * np.array([[0.1, 3.0], [60.0, 0.0]])[:, :, None, None]  # [J, S, M, C, R]
    weight = rng.uniform(0, 2, (3, 2, 2, 5)) * (rng.random((3, 2, 2, 5)) < 0.8)
    weight[2, :, :, 3:] = 0
    codes = rng.integers(0, 4, (3, 1, 1, 5))
    labels = (rng.random((3, 1, 1, 4, 5)) < 0.5).astype(float)
    target = codes if task == "classification" else labels
    with doubles(True):
        found = tempered_loss(task, *map(jnp.asarray, (z, target, weight)))
    for s, m in np.ndindex(2, 2):
        rows = np.moveaxis(z[:, s, m], -1, 1).reshape(15, 4)
        own = codes.ravel() if task == "classification" else np.moveaxis(labels[:, 0, 0], -1, 1).reshape(15, 4)
        assert float(found[s, m]) == pytest.approx(tempered(task, rows, own, weight[:, s, m].ravel()), rel=1e-6)


def test_temperatures_of_folds_are_of_their_own_rows() -> None:
    examples = make_examples(parts={})
    folds = np.arange(len(examples.train), dtype=np.int32) % 3
    examples = examples.with_folds(folds)
    recipe = OVERFIT.replace(monitor="tempered-loss", epochs=12)
    nets: list[Any] = []
    jobs = [Job(recipe.replace(seed=seed), rows) for seed in range(4) for rows in range(3)]
    fitted = fit64(jobs, examples, report=lambda report: nets.append(report.nets()), chunk_epochs=1)
    inputs, targets = scaled(examples)
    for net, job in enumerate(jobs):
        rows = examples.train[folds == job.rows]
        outputs = [forward(recipe, each[net], inputs[rows])[0] for each in nets]
        values = [tempered("classification", z, targets[rows], np.ones(len(rows))) for z in outputs]
        assert fitted.best_epoch[net] == 1 + int(np.argmin(values))
    assert (fitted.best_epoch != 1 + fitted.metrics[:, 2].argmin(0)).any()


def test_numbers_have_no_temperature_and_without_validation_rows_the_loss_is_watched() -> None:
    for examples in (make_examples("regression"), make_examples(parts={})):
        cohort = cohort_of([Job(LINEAR.replace(monitor="tempered-loss", patience=2))], examples, 1)
        assert not cohort.program.tempers
        assert fit(cohort).best_epoch[0] > 0


def test_a_net_that_has_stopped_changes_no_more(watched: Fitted) -> None:
    """Its state is the one of a training that ended there."""
    ended = [
        Job(OVERFIT.replace(**{**changes, "epochs": int(stop)}))
        for changes, stop in zip(WATCHED, watched.stopped_epoch, strict=True)
    ]
    again = fit64(ended, make_examples())
    for ours, theirs in zip(jax.tree.leaves(watched.state), jax.tree.leaves(again.state), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_without_validation_rows_the_training_loss_is_watched_and_the_last_weights_stay() -> None:
    recipe = OVERFIT.replace(patience=2, min_change=0.05)
    fitted = fit64([Job(recipe), Job(recipe.replace(patience=0))], make_examples(parts={}))
    _, last = rule(list(fitted.metrics[:, 0, 1]), recipe)
    assert 2 < last < 60
    assert fitted.stopped_epoch.tolist() == [last, 60]
    assert fitted.best_epoch.tolist() == [last, 60]
    assert fitted.state.best is None
    np.testing.assert_array_equal(fitted.nets[0].biases[0], fitted.state.parameters.biases[0][0, 0, 0])


def test_what_is_watched_does_not_depend_on_the_order_of_the_parts() -> None:
    jobs = [Job(OVERFIT.replace(patience=3, monitor=monitor)) for monitor in ("loss", "score")]
    rows = make_examples().parts["valid"]
    one, other = (
        fit64(jobs, make_examples(parts=parts))
        for parts in ({"valid": rows, "test": rows[:2]}, {"test": rows[:2], "valid": rows})
    )
    assert one.stopped_epoch.max() < 60
    np.testing.assert_array_equal(one.stopped_epoch, other.stopped_epoch)
    np.testing.assert_array_equal(one.best_epoch, other.best_epoch)
    np.testing.assert_array_equal(one.metrics[:, [0, 1, 4, 5, 2, 3]], other.metrics)


def test_scoring_now_and_then_watches_what_was_scored() -> None:
    recipe = OVERFIT.replace(epochs=23)
    jobs = [Job(recipe.replace(patience=2)), *[Job(recipe)] * 10]  # as many as above, in whose program they run
    often, seldom = fit64(jobs, make_examples()), fit64(jobs, make_examples(), score_every=4)
    scored = np.array([4, 8, 12, 16, 20, 23])
    found = seldom.metrics[:, 2:, 1]
    assert np.isfinite(found[scored - 1]).all()
    assert np.isfinite(found).all(1).sum() == 6
    np.testing.assert_array_equal(found[scored - 1], often.metrics[scored - 1, 2:, 1])
    best, last = rule(list(found[scored - 1, 0]), recipe.replace(patience=2))
    assert seldom.best_epoch[0] == scored[best - 1]
    assert seldom.stopped_epoch[0] == scored[min(last, len(scored)) - 1]


def test_a_net_is_scored_after_its_own_last_epoch_whatever_the_others_do() -> None:
    short, longer = OVERFIT.replace(epochs=3), OVERFIT.replace(epochs=10, seed=OVERFIT.seed + 1)
    together = fit64([Job(short), Job(longer)], make_examples(), score_every=4)
    alone = fit64([Job(short), Job(short.replace(seed=9))], make_examples(), score_every=4)
    assert together.best_epoch.tolist()[0] == alone.best_epoch.tolist()[0] == 3
    measured = np.isfinite(together.metrics[:, 2, :])
    assert (np.flatnonzero(measured[:, 0]) + 1).tolist() == [3]
    assert (np.flatnonzero(measured[:, 1]) + 1).tolist() == [4, 8, 10]
    np.testing.assert_allclose(together.metrics[:3, :, 0], alone.metrics[:3, :, 0], rtol=1e-9)
    np.testing.assert_allclose(together.nets[0].weights[0], alone.nets[0].weights[0], rtol=1e-9)


LINEAR = PLAIN.replace(hidden=(), learning_rate=0.01, epochs=12)


def diverging(rate: float, epochs: int = 12, **options: Any) -> Fitted:
    """Three linear regressions, the one in the middle with this learning rate."""
    recipes = [LINEAR, LINEAR.replace(learning_rate=rate, epochs=epochs), LINEAR.replace(seed=1)]
    return fit32([Job(recipe) for recipe in recipes], make_examples("regression", parts={}), **options)


@pytest.fixture(scope="module")
def sound() -> Fitted:
    return diverging(0.02)


@pytest.mark.parametrize("rate", [40.0, 1e4, 1e30])
def test_a_net_that_diverges_is_frozen_and_the_others_go_on(sound: Fitted, rate: float) -> None:
    fitted = diverging(rate)
    assert fitted.frozen.tolist() == [False, True, False]
    assert not sound.frozen.any()
    last = int(fitted.stopped_epoch[1])
    assert 0 <= last < 12
    for net in (0, 2):
        np.testing.assert_array_equal(fitted.metrics[..., net], sound.metrics[..., net])
        np.testing.assert_array_equal(fitted.nets[net].weights[0], sound.nets[net].weights[0])
    assert np.isnan(fitted.metrics[last + 1 :, :, 1]).all()
    # it is put back to the last epoch at which all was finite
    before = diverging(rate, epochs=last) if last else None
    expected = cohort_of([Job(LINEAR)], make_examples("regression"), 1).initial_parameters().weights[0][0, 0, 0]
    np.testing.assert_array_equal(fitted.nets[1].weights[0], before.nets[1].weights[0] if before else expected)
    assert np.isfinite(fitted.nets[1].weights[0]).all()


def test_nets_diverge_early_and_late() -> None:
    assert diverging(1e30).stopped_epoch[1] == 0
    assert diverging(40.0).stopped_epoch[1] > 1


def test_a_population_that_diverges_ends() -> None:
    jobs = [Job(LINEAR.replace(learning_rate=1e30, seed=seed)) for seed in (0, 0, 1)]
    ends: list[int] = []
    fitted = fit32(jobs, make_examples("regression", parts={}), report=lambda report: ends.append(report.epoch))
    assert fitted.frozen.all()
    assert fitted.stopped_epoch.tolist() == [0, 0, 0]
    assert fitted.best_epoch.tolist() == [0, 0, 0]
    assert fitted.metrics.shape == (1, 2, 3)
    assert ends == [1]
    assert all(np.isfinite(net.weights[0]).all() for net in fitted.nets)


def one_epoch(before: dict[str, float], loss: float, score: float, **changes: Any) -> dict[str, Any]:
    """`end_epoch` for a single net of one weight, which the epoch moved from 1 to 2 (or to `weight`)."""
    options = {"task": "regression", "scored": True, "number": 5, "weight": 2.0, "keep_best": True, **changes}
    fields = {key: changes[key] for key in ("patience", "min_change", "monitor") if key in changes}
    examples = make_examples("regression")
    cohort = cohort_of([Job(LINEAR.replace(**fields))], examples, 1)
    program = replace(cohort.program, task=options["task"], keep_best=options["keep_best"])
    settings = cohort.settings()
    state = fresh_state(program, settings, jax.tree.map(np.ones_like, cohort.initial_parameters()))
    settings, state = jax.tree.map(lambda leaf: jnp.asarray(leaf[0]), (settings, state))
    state = replace(state, **{key: jnp.full((1, 1), value, getattr(state, key).dtype) for key, value in before.items()})
    moved = jax.tree.map(lambda leaf: jnp.full_like(leaf, options["weight"]), state.parameters)
    number, scored = jnp.int32(options["number"]), jnp.asarray(options["scored"])
    values = jnp.full((1, 1), loss, jnp.float32), jnp.full((1, 1), score, jnp.float32)
    after = stopping.end_epoch(program, settings, state, moved, state.optimizer, *values, scored, number)
    names = ("best_value", "best_epoch", "since_best", "active", "frozen", "stopped_epoch")
    found = {name: getattr(after, name).item() for name in names}
    best = None if after.best is None else after.best.weights[0].ravel()[0].item()
    return found | {"weight": after.parameters.weights[0].ravel()[0].item(), "best": best}


def test_one_epoch_by_hand() -> None:
    before = {"best_value": 0.5, "best_epoch": 3, "since_best": 1, "stopped_epoch": 4}
    better = {
        "best_value": 0.25,
        "best_epoch": 5,
        "since_best": 0,
        "active": True,
        "frozen": False,
        "stopped_epoch": 5,
        "weight": 2.0,
        "best": 2.0,
    }
    assert one_epoch(before, 0.25, 9.0, patience=2) == better
    same = better | {"best_value": 0.5, "best_epoch": 3, "since_best": 2, "best": 1.0}
    assert one_epoch(before, 0.5, 0.0, patience=3) == same
    assert one_epoch(before, 0.5, 0.0, patience=2) == same | {"active": False}
    # better, but by too little to wait on: the weights are kept all the same
    assert one_epoch(before, 0.25, 0.0, patience=3, min_change=0.3) == better | {"since_best": 2}
    # every score is better high, and one that is not defined leaves the loss to be watched
    for task in ("regression", "classification"):
        higher = one_epoch(before | {"best_value": -0.5}, 9.0, 0.75, monitor="score", patience=2, task=task)
        assert higher == better | {"best_value": -0.75}
    assert one_epoch(before, 0.25, math.nan, monitor="score", patience=2) == better
    assert one_epoch(before, math.nan, math.nan, scored=False, patience=2) == same | {"since_best": 1}
    assert one_epoch(before, 0.25, 0.0, patience=2, number=12)["active"] is False  # it has had its epochs
    assert one_epoch(before, 0.9, 0.0, patience=9, keep_best=False) == same | {"best_epoch": 5, "best": None}
    # without patience, and where no best is kept, none is looked for
    assert one_epoch(before, 0.25, 0.0, keep_best=False) == before | {
        "best_epoch": 5,
        "active": True,
        "frozen": False,
        "stopped_epoch": 5,
        "weight": 2.0,
        "best": None,
    }
    assert one_epoch(before, 0.25, 0.0, keep_best=False, number=12)["active"] is False


@pytest.mark.parametrize(("loss", "weight"), [(math.nan, 2.0), (math.inf, 2.0), (0.1, math.nan), (0.1, -math.inf)])
def test_one_epoch_that_is_not_finite(loss: float, weight: float) -> None:
    before = {"best_value": 0.5, "best_epoch": 3, "since_best": 1, "stopped_epoch": 4}
    kept = before | {"active": False, "frozen": True, "weight": 1.0, "best": 1.0}
    assert one_epoch(before, loss, 0.0, weight=weight, patience=9) == kept
    assert one_epoch(before, loss, 0.0, weight=weight, keep_best=False) == kept | {"best": None}
    assert one_epoch(before | {"active": False, "frozen": False}, loss, 0.0, weight=weight) == kept | {"frozen": False}
